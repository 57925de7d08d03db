//! Digests of append-only logs.

use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::digest::{self, Error, Options, Report};
use rdbkit_aof::fs::{Log, shown};
use rdbkit_aof::{Memory, Set, Source};

use super::{Failure, no_digest, note_expired, trouble};
use crate::Streams;
use crate::args::DigestArgs;
use crate::exit::Exit;
use crate::progress::{self, Files};
use crate::render::digest as render;

/// Digests a folder, a manifest or a single file of commands.
pub fn digest(args: &DigestArgs, path: &Path, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let log = Log::find(path).map_err(|e| trouble(e.to_string()))?;
    let set = log
        .set()
        .map_err(|e| trouble(format!("{}: {e}", shown(path))))?;
    let _job = progress::read_log(path, &set, log.folder());
    whole(args, path, &set, &Files(log.folder()), streams)
}

/// Digests commands from a pipe, which are held: they are read three times. `again`
/// says what to do if they are too many.
pub fn piped(
    args: &DigestArgs,
    path: &Path,
    input: impl Read,
    again: &str,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let most = args.max_memory.0;
    let mut bytes = Vec::new();
    let read = input.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|e| trouble(format!("cannot read {}: {e}", shown(path))))?;
    if bytes.len() as u64 > most {
        let why = format!("more than the {most} bytes of --max-memory; {again}");
        return Err(trouble(format!("{} has {why}", shown(path))));
    }
    let mut files = Memory::default();
    files.insert(b"-", bytes);
    whole(args, path, &Set::single(b"-"), &files, streams)
}

fn whole(
    args: &DigestArgs,
    path: &Path,
    set: &Set,
    source: &dyn Source,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    if args.per_key {
        let why = "an append-only log: --per-key is for RDB files";
        return Err(trouble(format!("{} is {why}", shown(path))));
    }
    let options = Options {
        server: args.server,
        now_ms: Some(streams.now_ms),
        skip_expired: args.skip_expired,
        databases: args.databases,
        base_only: args.base_only,
        max_memory: args.max_memory.0,
    };
    let report = digest::digest(set, source, &options).map_err(|error| failed(path, &error))?;
    tell(args, path, set, &report, streams)
}

fn failed(path: &Path, error: &Error) -> Failure {
    let exit = match error.is_damage() {
        true => Exit::Problems,
        false => Exit::Trouble,
    };
    let hint = match error {
        Error::Memory { .. } => "; see --max-memory",
        _ => "; no digest of a part",
    };
    Failure::Input(exit, format!("{}: {error}{hint}", shown(path)))
}

fn tell(
    args: &DigestArgs,
    path: &Path,
    set: &Set,
    report: &Report,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let log = render::Log { set, report };
    let why = match &report.obstacles {
        Some(obstacles) => Some(log.replay_needed(obstacles)),
        None => (!report.unknown.is_empty()).then(|| no_digest(&report.unknown)),
    };
    if let Some(why) = &why {
        writeln!(streams.err, "rdbkit: {}: {why}", shown(path))?;
    }
    if args.json {
        render::file_json(
            streams.out,
            path,
            &report.dataset,
            why.as_deref(),
            Some(&log),
        )?;
    } else {
        if report.obstacles.is_none() {
            render::file(streams.out, path, &report.dataset, args.per_db)?;
        }
        notes(args, path, &log, streams)?;
    }
    Ok(match why {
        None => Exit::Ok,
        Some(_) => Exit::Problems,
    })
}

fn notes(
    args: &DigestArgs,
    path: &Path,
    log: &render::Log<'_>,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    for note in log.notes() {
        writeln!(streams.err, "rdbkit: {}: note: {note}", shown(path))?;
    }
    let what = "the log drops them when it finds them";
    match log.report.obstacles {
        None => note_expired(args, path, &log.report.dataset, what, streams),
        Some(_) => Ok(()),
    }
}
