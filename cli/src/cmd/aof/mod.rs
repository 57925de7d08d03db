//! What can be done with append-only files.

use std::io;

use crate::Streams;
use crate::args::AofCommand;
use crate::exit::Exit;

mod cut;
mod drop;
mod edit;
mod history;
mod log;
mod opened;
mod points;
mod repair;
mod stats;

/// Runs one of them.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(command: &AofCommand, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match command {
        AofCommand::Log(args) => log::run(args, streams),
        AofCommand::Points(args) => points::run(args, streams),
        AofCommand::History(args) => history::run(args, streams),
        AofCommand::Stats(args) => stats::run(args, streams),
        AofCommand::Cut(args) => cut::run(args, streams),
        AofCommand::Drop(args) => drop::run(args, streams),
        AofCommand::Repair(args) => repair::run(args, streams),
    }
}
