//! What can be typed behind `rdbkit aof`.

use clap::Subcommand;

use crate::args::{CutArgs, DropArgs, HistoryArgs, LogArgs, PointsArgs, RepairArgs, StatsArgs};

/// The subcommands on append-only files.
#[derive(Debug, Subcommand)]
pub enum AofCommand {
    /// Show the commands that match, with place, time and database
    Log(LogArgs),
    /// Tell the points in time the log can go back to
    Points(PointsArgs),
    /// Tell every command that touched a key
    History(HistoryArgs),
    /// Count what the log is made of
    Stats(StatsArgs),
    /// Go back in time: keep what came before a command, an offset or a time
    ///
    /// The result is a new log, on which a server starts with the data of that
    /// moment. Transactions are kept or lost as a whole, databases stay what
    /// they were, and nothing is written before the whole log was read.
    Cut(CutArgs),
    /// Take out single commands and keep what came after them
    ///
    /// An accidental FLUSHALL, DEL or SET goes, and everything else stays as it
    /// is. Commands that came after it and depend on what it did may do
    /// something else now: the report names the keys.
    Drop(DropArgs),
    /// Make a log that servers refuse load again
    ///
    /// Every file ends where it is whole: what is torn or half a transaction
    /// goes. With --skip-damage, damage in the middle of a file goes alone, and
    /// so do commands that servers refuse to run.
    Repair(RepairArgs),
}
