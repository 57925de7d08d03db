//! `rdbkit digest`: what `DEBUG DIGEST` says of the data in these files.

mod log;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::digest::{self, Dataset, Outcome, Rules, Writer};
use rdbkit_rdb::{Error, ErrorKind, Part, Record, RecordBuf, StreamReader};

use crate::Streams;
use crate::args::DigestArgs;
use crate::cmd::check::log::is_set;
use crate::exit::Exit;
use crate::input::{Compression, HEAD, Input, packed_otherwise};
use crate::render::digest as render;
use crate::source::empty;

/// Digests each file in turn; the worst outcome is the exit code.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &DigestArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let mut worst = Exit::Ok;
    for path in &args.files {
        let exit = match digest(args, path, streams) {
            Ok(exit) => exit,
            // Nobody reads on: what was found so far counts.
            Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(worst);
            }
            Err(Failure::Output(error)) => return Err(error),
            Err(Failure::Input(exit, why)) => {
                writeln!(streams.err, "rdbkit: {why}")?;
                if args.json {
                    render::failure(streams.out, path, &why)?;
                }
                exit
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

/// Why a file has no digest.
enum Failure {
    /// Our output cannot be written.
    Output(io::Error),
    /// The input is not what it should be.
    Input(Exit, String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

fn trouble(why: String) -> Failure {
    Failure::Input(Exit::Trouble, why)
}

/// An error of the decoder: damage is a problem of the file, the rest is
/// trouble of ours.
fn failed(path: &Path, error: &Error) -> Failure {
    let exit = match error.kind() {
        ErrorKind::Io(_) | ErrorKind::Limit { .. } | ErrorKind::Unsupported(_) => Exit::Trouble,
        _ => Exit::Problems,
    };
    let why = match error.kind() {
        ErrorKind::BadMagic(_) => format!("{}: {}", shown(path), error.kind()),
        _ => format!("{}: {error}; no digest of a part", shown(path)),
    };
    Failure::Input(exit, why)
}

fn digest(args: &DigestArgs, path: &Path, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    if is_set(path).map_err(trouble)? {
        return log::digest(args, path, streams);
    }
    let mut input = Input::open(path).map_err(|e| trouble(e.to_string()))?;
    let compression = input.compression().cloned();
    let again = match compression {
        Some(_) => "decompress it to a file",
        None => "name the file, not a pipe",
    };
    let mut head = Vec::with_capacity(HEAD);
    (&mut input)
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|e| trouble(format!("cannot read {}: {e}", shown(path))))?;
    match sniff(&head) {
        Layout::Commands if input.is_file() => return log::digest(args, path, streams),
        Layout::Commands => {
            let rest = head.as_slice().chain(input);
            let exit = log::piped(args, path, rest, again, streams)?;
            note_garbage(path, compression.as_ref(), streams)?;
            return Ok(exit);
        }
        Layout::Manifest => {
            let why = "the manifest of a log; name it or its folder, not a pipe";
            return Err(trouble(format!("{} is {why}", shown(path))));
        }
        // Of no byte a log may be, an RDB file not.
        Layout::Empty if path.extension().is_some_and(|ext| ext == "aof") => {
            return log::digest(args, path, streams);
        }
        Layout::Empty => return Err(Failure::Input(Exit::Problems, empty(path))),
        _ => {}
    }
    if let Some(what) = packed_otherwise(&head, "digest") {
        return Err(trouble(format!("{} is {what}", shown(path))));
    }

    let mut reader = StreamReader::new(head.as_slice().chain(&mut input));
    let (mut writer, mut buf) = (Writer::default(), RecordBuf::new());
    let mut dataset = None;
    let mut unknown = BTreeMap::<String, u64>::new();
    let mut migrations = 0_u64;
    let failed = |error: Error| failed(path, &error);
    while reader
        .read_record_with(&mut buf, |event| {
            writer.event(event);
            migrations += u64::from(matches!(event, Part::SlotImport { .. }));
        })
        .map_err(failed)?
    {
        let record = buf.as_record();
        let dataset = dataset.get_or_insert_with(|| self::dataset(args, writer, streams.now_ms));
        if let Outcome::Unknown(why) = dataset.add(&record).map_err(failed)? {
            *unknown.entry(why.to_string()).or_default() += 1;
        }
        if args.per_key {
            per_key(args, path, &record, dataset.rules(), streams)?;
        }
    }
    if !args.base_only && has_commands_behind(path, reader)? {
        if args.per_key {
            let why = "an append-only file: commands follow the RDB part, whose keys these are";
            return Err(trouble(format!("{} is {why}", shown(path))));
        }
        if !input.is_file() {
            let why = "an append-only file: commands follow the RDB part. It has to be read twice";
            return Err(trouble(format!("{} is {why}; {again}", shown(path))));
        }
        return log::digest(args, path, streams);
    }

    // The checksum of compressed data stands behind them.
    input
        .finish()
        .map_err(|e| trouble(format!("cannot read {}: {e}", shown(path))))?;
    note_garbage(path, compression.as_ref(), streams)?;

    let dataset = dataset.unwrap_or_else(|| self::dataset(args, writer, streams.now_ms));
    let why = (!unknown.is_empty()).then(|| no_digest(&unknown));
    if let Some(why) = &why {
        writeln!(streams.err, "rdbkit: {}: {why}", shown(path))?;
    }
    if migrations > 0 {
        writeln!(
            streams.err,
            "rdbkit: {}: note: {migrations} slot migrations were under way; a server that loads the \
             file drops the keys of their slots, which count here",
            shown(path)
        )?;
    }
    if args.json {
        render::file_json(streams.out, path, &dataset, why.as_deref(), None)?;
    } else {
        render::file(streams.out, path, &dataset, args.per_db)?;
        note_expired(args, path, &dataset, "the file drops them", streams)?;
    }
    Ok(match why {
        None => Exit::Ok,
        Some(_) => Exit::Problems,
    })
}

fn note_garbage(
    path: &Path,
    compression: Option<&Compression>,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    match compression.and_then(Compression::note) {
        Some(note) => writeln!(streams.err, "rdbkit: {}: note: {note}", shown(path)),
        None => Ok(()),
    }
}

/// Begun at the first key: by then the file has said who wrote it.
fn dataset(args: &DigestArgs, writer: Writer, now_ms: i64) -> Dataset {
    let rules = Rules::of(args.server.unwrap_or_else(|| writer.server())).at(now_ms);
    Dataset::new(match args.skip_expired {
        true => rules.without_expired(),
        false => rules,
    })
}

fn per_key(
    args: &DigestArgs,
    path: &Path,
    record: &Record<'_>,
    rules: &Rules,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let failed = |error| failed(path, &error);
    let digest = match digest::of_value(record, rules).map_err(failed)? {
        Outcome::Known(digest) => Some(digest),
        Outcome::Unknown(_) => None,
        Outcome::Empty | Outcome::Expired => return Ok(()),
    };
    // It could be read a moment ago, when the data set took it.
    let key = record.key.to_vec().unwrap_or_default();
    match args.json {
        true => render::key_json(streams.out, path, record, &key, digest)?,
        false => render::key(streams.out, path, record.db, &key, digest)?,
    }
    Ok(())
}

/// An append-only file may begin as an RDB file. The digest of that would be
/// taken for one of the whole.
fn has_commands_behind<R: Read>(path: &Path, reader: StreamReader<R>) -> Result<bool, Failure> {
    let (rest, source) = reader.into_rest();
    let mut next = Vec::with_capacity(1);
    rest.as_slice()
        .chain(source)
        .take(1)
        .read_to_end(&mut next)
        .map_err(|e| trouble(format!("cannot read {}: {e}", shown(path))))?;
    // Of anything else servers stop reading at the end too.
    Ok(matches!(next.first(), Some(b'*' | b'#')))
}

fn no_digest(unknown: &BTreeMap<String, u64>) -> String {
    let keys: u64 = unknown.values().sum();
    let list: Vec<_> = unknown
        .iter()
        .map(|(why, n)| format!("{why} ({n})"))
        .collect();
    let of = match keys {
        1 => "1 key has".to_owned(),
        _ => format!("{keys} keys have"),
    };
    format!(
        "no digest: {of} one that cannot be computed: {}",
        list.join(", ")
    )
}

/// Somebody will compare this with a server that has loaded the file.
fn note_expired(
    args: &DigestArgs,
    path: &Path,
    dataset: &Dataset,
    what_servers_do: &str,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let tally = dataset.tally();
    if args.skip_expired || tally.expired + tally.expired_fields == 0 {
        return Ok(());
    }
    writeln!(
        streams.err,
        "rdbkit: {}: note: {} keys and {} hash fields have expired; a server that loads \
         {what_servers_do}, and so does --skip-expired",
        shown(path),
        tally.expired,
        tally.expired_fields
    )
}
