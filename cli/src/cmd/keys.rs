//! `rdbkit keys`: which keys a file holds.

use std::io;

use rdbkit_rdb::KeyHead;

use crate::Streams;
use crate::args::KeysArgs;
use crate::exit::Exit;
use crate::render::keys as render;
use crate::source::{Failure, Source};

/// Lists the keys that match, as they come.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &KeysArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match list(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            Ok(exit)
        }
    }
}

fn list(args: &KeysArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut filter = args
        .filter
        .filter(streams.now_ms)
        .map_err(Failure::trouble)?;
    let mut source = Source::open(&args.file, "keys")?;
    let failed = |e| Failure::of_file(&args.file, &e);
    let mut head = KeyHead::default();
    if args.long {
        render::heading(streams.out)?;
    }
    while source.reader.read_head(&mut head).map_err(failed)? {
        // The key is there as it is: nothing to decompress, so nothing to fail.
        if !filter.takes_key(&head.candidate()).unwrap_or(false) || !filter.takes_size(head.size) {
            continue;
        }
        match (args.json, args.long) {
            (true, _) => render::json(streams.out, &head)?,
            (false, true) => render::long(streams.out, &head)?,
            (false, false) => render::name(streams.out, &head)?,
        }
    }
    if let Some(note) = source.end(&args.file)? {
        writeln!(streams.err, "rdbkit: note: {note}")?;
    }
    for condition in filter.unmet() {
        writeln!(
            streams.err,
            "rdbkit: no key met this condition: {condition}"
        )?;
    }
    Ok(match filter.taken() {
        0 if !filter.is_empty() => {
            let seen = filter.seen();
            writeln!(streams.err, "rdbkit: none of {seen} keys matched")?;
            Exit::Problems
        }
        _ => Exit::Ok,
    })
}
