//! `rdbkit check`: would the server load these files?

pub(super) mod log;
mod one;

use std::io;

use rdbkit_rdb::verify::{Options, Server};

use crate::Streams;
use crate::args::CheckArgs;
use crate::exit::Exit;

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
        let (exit, told) = match one::judge(path, args, &options) {
            Ok(judged) => (judged.exit(), judged.tell(path, args, streams)),
            Err(why) => (Exit::Trouble, one::tell_failure(path, &why, args, streams)),
        };
        worst = worst.max(exit);
        match told {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(worst),
            told => told?,
        }
    }
    Ok(worst)
}
