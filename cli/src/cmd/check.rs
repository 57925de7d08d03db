//! `rdbkit check`: would the server load these files?

use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::verify::{self, Code, Finding, Options, Report, Verdict};

use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::input::{Input, compressed};
use crate::{Streams, render};

/// Checks each file in turn; the worst outcome is the exit code.
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
        ..Options::default()
    };
    let mut worst = Exit::Ok;
    for path in &args.files {
        let exit = match check(path, &options) {
            Ok(report) => show(args, path, &report, streams)?,
            Err(why) => {
                writeln!(streams.err, "rdbkit: {why}")?;
                if args.json {
                    render::json::failure(streams.out, path, &why)?;
                }
                Exit::Trouble
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn check(path: &Path, options: &Options) -> Result<Report, String> {
    let mut input = Input::open(path).map_err(|e| e.to_string())?;
    let mut head = Vec::with_capacity(16);
    (&mut input)
        .take(16)
        .read_to_end(&mut head)
        .map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    if let Some(what) = not_an_rdb(&head) {
        return Err(format!("{} is {what}", path.display()));
    }
    let mut report = verify::stream(head.as_slice().chain(&mut input), options);
    name_duplicates(&mut report, &input);
    Ok(report)
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

/// What a file is that is clearly meant to be something else than an RDB file.
fn not_an_rdb(head: &[u8]) -> Option<String> {
    match sniff(head) {
        Layout::Commands => {
            Some("an append-only file of commands; this release checks RDB files".to_owned())
        }
        Layout::Manifest => {
            Some("an append-only manifest; this release checks RDB files".to_owned())
        }
        _ => compressed(head, "check"),
    }
}

fn show(
    args: &CheckArgs,
    path: &Path,
    report: &Report,
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    if let Some(failure) = &report.failure {
        writeln!(streams.err, "rdbkit: {}: {failure}", path.display())?;
    }
    if args.json {
        render::json::report(streams.out, path, report)?;
    } else if !args.quiet {
        render::text::report(streams.out, path, report)?;
    }
    Ok(match report.verdict() {
        _ if report.failure.is_some() => Exit::Trouble,
        Verdict::Loads => Exit::Ok,
        Verdict::LoadsTruncated | Verdict::Refused | Verdict::Undecided => Exit::Problems,
    })
}
