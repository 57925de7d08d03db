//! `rdbkit get`: the value of one key.

use std::io::{self, IsTerminal, Write};

use rdbkit_aof::fs::shown;
use rdbkit_aof::{quoted_as_is, unquoted};
use rdbkit_rdb::SliceReader;
use rdbkit_rdb::extract::{ExtractError, extract};
use rdbkit_rdb::filter::{Filter, Pattern};
use rdbkit_rdb::write::Writer;

use crate::Streams;
use crate::args::GetArgs;
use crate::exit::Exit;
use crate::progress::Shared;
use crate::render::value as render;
use crate::source::{Failure, KEYS_ALONE, Source};

/// Bytes of a value that are held to be shown.
const LARGEST: usize = 4 << 30;

/// Shows every key of that name.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &GetArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match get(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            Ok(exit)
        }
    }
}

fn get(args: &GetArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let name = key_name(args)?;
    let mut filter = Filter::new().key(Pattern::exact(name.clone()));
    if let Some(db) = args.db {
        filter = filter.db(db);
    }
    let mut source = Source::open(&args.file, "get")?;
    // A file in memory that holds this key alone; it is found at the speed of
    // framing, and what was found before damage can be shown.
    let writer = Writer::new(Held(Vec::new()), source.format);
    let checksum = source.format.has_checksum();
    let mut out = writer.map_err(|e| Failure::trouble(e.to_string()))?;
    let outcome = extract(&mut source.reader, &mut filter, &mut out, KEYS_ALONE);
    let damage = match outcome {
        Ok(_) => {
            if let Some(note) = source.end(&args.file)? {
                writeln!(streams.err, "rdbkit: note: {note}")?;
            }
            None
        }
        Err(ExtractError::Source(error)) => Some(Failure::of_file(&args.file, &error)),
        Err(error) => {
            return Err(Failure::trouble(format!("{}: {error}", shown(&args.file))));
        }
    };
    let mut found = out.finish().map_err(|e| Failure::trouble(e.to_string()))?.0;
    if damage.is_some() {
        // Behind half a key the end of the file would be read as more of it.
        found.truncate(found.len().saturating_sub(if checksum { 9 } else { 1 }));
    }
    let count = show(args, &found, damage.is_some(), streams)?;
    if let Some(damage) = damage {
        return Err(damage);
    }
    if count == 0 {
        let (key, file) = (quoted_as_is(&name), shown(&args.file));
        let within = args
            .db
            .map_or_else(String::new, |db| format!("database {db} of "));
        writeln!(streams.err, "rdbkit: no key {key} in {within}{file}")?;
        return Ok(Exit::Problems);
    }
    Ok(Exit::Ok)
}

fn key_name(args: &GetArgs) -> Result<Vec<u8>, Failure> {
    let bytes = args.key.as_encoded_bytes();
    let quotes = bytes.len() > 1 && bytes.starts_with(b"\"") && bytes.ends_with(b"\"");
    if !quotes {
        return Ok(bytes.to_vec());
    }
    unquoted(bytes).ok_or_else(|| Failure::trouble("the quotes of the key do not match"))
}

/// Shows the keys of a file that holds nothing else; how many.
fn show(
    args: &GetArgs,
    file: &[u8],
    may_end_early: bool,
    streams: &mut Streams<'_>,
) -> Result<u64, Failure> {
    let failed = |e| Failure::of_file(&args.file, &e);
    let mut records = SliceReader::new(file).records();
    let mut count = 0;
    loop {
        let record = match records.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => return Ok(count),
            // The damage is told with its place in the source.
            Err(_) if may_end_early => return Ok(count),
            Err(error) => return Err(failed(error)),
        };
        if args.raw {
            // Not the stream of the others, which may change what it takes for colours.
            let mut out = io::BufWriter::new(Shared::new(io::stdout(), io::stdout().is_terminal()));
            render::raw::value(&mut out, &record).map_err(|e| of_value(args, e))?;
            out.flush()?;
        } else if args.json {
            render::json::key(streams.out, &record).map_err(|e| of_value(args, e))?;
        } else {
            render::text::key(streams.out, &record).map_err(|e| of_value(args, e))?;
        }
        if !record.key_meta.is_empty() {
            let file = shown(&args.file);
            writeln!(
                streams.err,
                "rdbkit: {file}: note: modules have put metadata to the key, which is not shown"
            )?;
        }
        count += 1;
    }
}

/// What is wrong with the value has no place in the source: the record was taken
/// out of it.
fn of_value(args: &GetArgs, error: render::ValueError) -> Failure {
    match error {
        render::ValueError::Output(error) => Failure::Output(error),
        render::ValueError::Value(error) => {
            let why = format!("{}: the value is damaged: {error}", shown(&args.file));
            Failure::Job(Exit::Problems, why)
        }
    }
}

/// What was found, up to a bound.
#[derive(Debug)]
struct Held(Vec<u8>);

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LARGEST {
            let why = "more than 4 GiB would have to be held to be shown; rdbkit extract copies keys of any size";
            return Err(io::Error::new(io::ErrorKind::OutOfMemory, why));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
