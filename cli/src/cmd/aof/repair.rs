//! `rdbkit aof repair`: what servers load.

use std::io;

use rdbkit_aof::edit::{self, Repair};

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
    let allowed = Repair {
        skip_damage: args.skip_damage,
        allow_missing: args.allow_missing,
        allow_empty: args.allow_empty,
        module_commands: args.to.module_commands.clone(),
    };
    Edit::new("repair", &args.to).run(streams, |set, source, options| {
        edit::repair(set, source, &allowed, options)
    })
}
