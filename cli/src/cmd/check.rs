//! `rdbkit check`: would the server load these files?

pub(super) mod log;

use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::verify::{Effect, SetReport};
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::verify::{self, Code, Finding, Options, Report, Server, Verdict};

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::input::{Input, compressed};
use crate::{Streams, render};

/// What was found out about one path.
enum Found {
    Rdb(Box<Report>),
    Log(Box<SetReport>),
}

/// Checks each path in turn; the worst outcome is the exit code.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &CheckArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let options = Options {
        server: args.server,
        databases: args.databases,
        modules: args.modules.clone(),
        duplicates: !args.no_duplicates,
        now_ms: Some(streams.now_ms),
        base: args.base,
        max_findings: args.max_findings,
        threads: args.threads(),
        ..Options::default()
    };
    if let Some(server) = args.server
        && server > Server::newest(server.product)
    {
        writeln!(
            streams.err,
            "rdbkit: {server} is newer than the rules, which end at {}: what it does differently is not known",
            Server::newest(server.product)
        )?;
    }
    let mut worst = Exit::Ok;
    for path in &args.files {
        let (exit, told) = match check(path, args, &options) {
            Ok(Found::Rdb(report)) => (exit_of(&report), show(args, path, &report, streams)),
            Ok(Found::Log(report)) => {
                (exit_of_log(&report), show_log(args, path, &report, streams))
            }
            Err(why) => (Exit::Trouble, show_failure(args, path, &why, streams)),
        };
        worst = worst.max(exit);
        match told {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(worst),
            told => told?,
        }
    }
    Ok(worst)
}

/// Bytes of a file that tell what it is: its AUX fields stand among them.
const HEAD: u64 = 4 << 10;

fn check(path: &Path, args: &CheckArgs, options: &Options) -> Result<Found, String> {
    if log::is_set(path)? {
        return log::check(path, args).map(|report| Found::Log(Box::new(report)));
    }
    let mut input = Input::open(path).map_err(|e| e.to_string())?;
    let mut head = Vec::with_capacity(HEAD as usize);
    (&mut input)
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|e| format!("cannot read {}: {e}", shown(path)))?;
    if let Some(what) = unreadable(&head) {
        return Err(format!("{} is {what}", shown(path)));
    }
    if is_log(path, args, &head) {
        let mut report = if input.is_file() {
            log::file(path, args)
        } else {
            // A pipe is gone behind that; the report tells what it should be judged for.
            log::single(path, head.as_slice().chain(&mut input), args)
        };
        for rdb in report.files.iter_mut().filter_map(|f| f.rdb.as_mut()) {
            name_duplicates(rdb, &input);
        }
        return Ok(Found::Log(Box::new(report)));
    }
    let mut report = verify::stream(head.as_slice().chain(&mut input), options);
    name_duplicates(&mut report, &input);
    Ok(Found::Rdb(Box::new(report)))
}

/// Whether a file is a log: by its content, or its name. An RDB file may be one
/// with nothing behind it yet; its AUX fields say so.
fn is_log(path: &Path, args: &CheckArgs, head: &[u8]) -> bool {
    if path.extension().is_some_and(|extension| extension == "aof") {
        return true;
    }
    match sniff(head) {
        Layout::Commands => true,
        Layout::Rdb if args.base.is_none() => {
            let front = verify::slice(head, &Options::default());
            let says = |name| front.aux(name).is_some_and(|value| value == b"1");
            says("aof-base") || says("aof-preamble")
        }
        _ => false,
    }
}

/// Bytes read to find the name of a key: names are shorter, or cut anyway.
const NAME_WINDOW: usize = 16 << 10;

/// Duplicates are found when the input has gone by. A file can be looked at
/// again; of a pipe the offsets have to do.
fn name_duplicates(report: &mut Report, input: &Input) {
    let unnamed = |f: &&mut Finding| f.code == Code::DuplicateKey && f.key.is_none();
    let mut window = vec![0; NAME_WINDOW];
    for finding in report.findings.iter_mut().filter(unnamed) {
        let Ok(read) = input.read_at(&mut window, finding.offset) else {
            return;
        };
        finding.key = window
            .get(..read)
            .and_then(verify::name_key)
            .map(|mut key| {
                key.truncate(Finding::MAX_KEY);
                key
            });
    }
}

/// What a file is that is clearly meant to be something else.
fn unreadable(head: &[u8]) -> Option<String> {
    match sniff(head) {
        Layout::Manifest => {
            Some("a manifest; its files cannot be found from a pipe: name its path".to_owned())
        }
        _ => compressed(head, "check"),
    }
}

fn show(
    args: &CheckArgs,
    path: &Path,
    report: &Report,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    if let Some(failure) = &report.failure {
        writeln!(streams.err, "rdbkit: {}: {failure}", shown(path))?;
    }
    if args.json {
        render::json::report(streams.out, path, report)
    } else if !args.quiet {
        render::text::report(streams.out, path, report)
    } else {
        Ok(())
    }
}

fn exit_of(report: &Report) -> Exit {
    match report.verdict() {
        _ if report.failure.is_some() => Exit::Trouble,
        Verdict::Loads => Exit::Ok,
        Verdict::LoadsTruncated | Verdict::Refused | Verdict::Undecided => Exit::Problems,
    }
}

fn show_failure(
    args: &CheckArgs,
    path: &Path,
    why: &str,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    writeln!(streams.err, "rdbkit: {why}")?;
    if args.json {
        render::json::failure(streams.out, path, why)?;
    }
    Ok(())
}

fn show_log(
    args: &CheckArgs,
    path: &Path,
    report: &SetReport,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    for failure in report.failures() {
        writeln!(streams.err, "rdbkit: {}: {failure}", shown(path))?;
    }
    if args.json {
        render::json::log::report(streams.out, path, report)
    } else if !args.quiet {
        render::text::log::report(streams.out, path, report)
    } else {
        Ok(())
    }
}

fn exit_of_log(report: &SetReport) -> Exit {
    let worst = report.worst_of_all();
    if report.has_failed() {
        Exit::Trouble
    } else if worst.is_none_or(|worst| worst == Effect::Loads) {
        Exit::Ok
    } else {
        Exit::Problems
    }
}
