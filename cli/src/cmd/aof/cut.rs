//! `rdbkit aof cut`: back to before something.

use std::io;

use rdbkit_aof::edit::{self, At, Cut, Matching, Pick};

use crate::Streams;
use crate::args::CutArgs;
use crate::cmd::aof::edit::{Edit, pick};
use crate::exit::Exit;

/// Cuts.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &CutArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let cut = match (&args.before, args.at, args.until) {
        (Some(pattern), ..) => Cut::Before {
            matching: Matching {
                pattern: pattern.clone(),
                db: args.db,
            },
            pick: pick(args.nth, args.last).unwrap_or(Pick::FIRST),
        },
        (None, Some(offset), _) => Cut::At(At {
            file: args.file.as_ref().map(|n| n.as_encoded_bytes().to_vec()),
            offset,
        }),
        // One of the three is there: the parser of arguments sees to it.
        (None, None, until) => Cut::Until(until.map_or(i64::MAX, |time| time.0)),
    };
    Edit::new("cut", &args.to).run(streams, |set, source, options| {
        edit::cut(set, source, &cut, options)
    })
}
