//! `rdbkit check`: would the server load these files?

mod folder;
pub(super) mod log;
mod names;
mod one;

use std::io;
use std::path::Path;

use rdbkit_rdb::verify::{Options, Server};

use crate::Streams;
use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::metrics::{self, Sample};
use crate::policy::Policy;

pub(crate) use folder::{Row, Skipped, Why};

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
    let policy = match Policy::new(&args.policy, streams.now_ms) {
        Ok(policy) => policy,
        Err(why) => {
            writeln!(streams.err, "rdbkit: policy: {why}")?;
            return Ok(Exit::Trouble);
        }
    };
    let mut worst = Exit::Ok;
    let mut samples: Vec<(&Path, Sample)> = Vec::new();
    let mut unwritten = None;
    for path in &args.files {
        let told = match folder::is_folder(path) {
            true => folder::check(path, args, &options, &policy, streams),
            false => file(path, args, &options, &policy, streams),
        };
        match told {
            Ok((exit, sample)) => {
                worst = worst.max(exit);
                samples.push((path, sample));
            }
            Err(error) => {
                unwritten = Some(error);
                break;
            }
        }
    }
    if let Some(path) = &args.prometheus
        && let Err(why) = metrics::write(path, &samples, streams.now_ms)
    {
        writeln!(streams.err, "rdbkit: {why}")?;
        worst = Exit::Trouble;
    }
    match unwritten {
        // Nobody reads on: what was found so far counts, but not for who wants to know
        // of every path.
        Some(error) if error.kind() == io::ErrorKind::BrokenPipe => match args.prometheus {
            None => Ok(worst),
            Some(_) => Ok(Exit::Trouble),
        },
        Some(error) => Err(error),
        None => Ok(worst),
    }
}

/// Judges and tells one file or log.
fn file(
    path: &Path,
    args: &CheckArgs,
    options: &Options,
    policy: &Policy,
    streams: &mut Streams<'_>,
) -> io::Result<(Exit, Sample)> {
    match one::judge(path, args, options) {
        Ok(judged) => {
            let judged = judged.held_to(policy, path);
            judged.tell(path, args, streams)?;
            Ok((judged.exit(), judged.sample()))
        }
        Err(why) => {
            one::tell_failure(path, &why, args, streams)?;
            Ok((Exit::Trouble, Sample::default()))
        }
    }
}
