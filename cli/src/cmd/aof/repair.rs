//! `rdbkit aof repair`: what servers load.

use std::io;

use rdbkit_aof::edit::{self, Repair};
use rdbkit_aof::fs::shown;

use crate::Streams;
use crate::args::RepairArgs;
use crate::cmd::aof::edit::Edit;
use crate::exit::Exit;

/// Repairs.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &RepairArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    // What is there and cannot be reached is not absent.
    if args.if_present
        && let Err(error) = args.to.path.symlink_metadata()
        && error.kind() == io::ErrorKind::NotFound
    {
        let path = shown(&args.to.path);
        writeln!(streams.out, "{path}: not there, nothing to repair")?;
        return Ok(Exit::Ok);
    }
    let allowed = Repair {
        skip_damage: args.skip_damage,
        allow_missing: args.allow_missing,
        allow_empty: args.allow_empty,
        module_commands: args.to.module_commands.clone(),
    };
    Edit::new("repair", &args.to).run(streams, |set, source, options| {
        let plan = edit::repair(set, source, &allowed, options)?;
        match plan.more_than_torn().filter(|_| args.torn_only) {
            None => Ok(plan),
            Some(damage) => Err(edit::Error::MoreThanTorn {
                file: damage.file.clone(),
                offset: damage.range.start,
                what: damage.harm.to_string(),
                bytes: damage.range.end - damage.range.start,
            }),
        }
    })
}
