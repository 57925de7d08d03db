//! What can be typed behind `rdbkit aof`.

use clap::Subcommand;

use crate::args::{HistoryArgs, LogArgs, PointsArgs, StatsArgs};

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
}
