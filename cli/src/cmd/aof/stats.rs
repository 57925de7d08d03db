//! `rdbkit aof stats`: what a log is made of.

use std::io;

use rdbkit_aof::search::Stats;

use crate::Streams;
use crate::args::StatsArgs;
use crate::cmd::aof::opened::Opened;
use crate::exit::Exit;
use crate::render;

/// Counts it.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &StatsArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let log = match Opened::find(&args.path) {
        Ok(log) => log,
        Err(why) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            return Ok(Exit::Trouble);
        }
    };
    let mut stats = Stats::new();
    let ends = log.walk(&mut stats);
    if args.json {
        render::aof_stats_json::json(streams.out, log.path(), &log.names(), &stats)?;
    } else {
        render::aof_stats::text(streams.out, log.path(), &log.names(), &stats)?;
    }
    log.tell_trouble(&ends, streams.err)
}
