//! `rdbkit aof drop`: all but some commands.

use std::io;

use rdbkit_aof::edit::{self, At, Matching, Removal, What, Which};

use crate::Streams;
use crate::args::DropArgs;
use crate::cmd::aof::edit::{Edit, pick};
use crate::exit::Exit;

/// Takes them out.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &DropArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let what = match &args.pattern {
        Some(pattern) => What::Matching {
            matching: Matching {
                pattern: pattern.clone(),
                db: args.db,
            },
            which: match pick(args.nth, args.last) {
                Some(pick) => Which::One(pick),
                None if args.all => Which::All,
                None => Which::Only,
            },
        },
        // There is a pattern or an offset: the parser of arguments sees to it.
        None => What::At(At {
            file: args.file.as_ref().map(|n| n.as_encoded_bytes().to_vec()),
            offset: args.at.unwrap_or_default(),
        }),
    };
    let removal = Removal {
        what,
        keys: args
            .keys
            .iter()
            .map(|k| k.as_encoded_bytes().to_vec())
            .collect(),
    };
    Edit::new("drop", &args.to).run(streams, |set, source, options| {
        edit::drop(set, source, &removal, options)
    })
}
