//! What can be typed to look into a log.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use rdbkit_aof::Pattern;

use crate::time::Time;

const LOG_EXAMPLES: &str = "\
Columns: file:offset, the time of the last #TS annotation before the command (- where the log
has none), database, place in a transaction: ( MULTI, | queued, ) EXEC, ! out of place; command.

Examples:
  rdbkit aof log appendonlydir FLUSHALL FLUSHDB          who emptied the database, and where
  rdbkit aof log appendonlydir 'DEL user:*' --context 2  with the commands around
  rdbkit aof log appendonlydir --key 'cart:*' --since 2026-11-21T14:00:00Z --writes-only
  rdbkit aof log appendonlydir --tail 20                 the last commands
  rdbkit aof log --json appendonly.aof 'SET *' | jq -r '.args[1]'
  rdbkit aof log appendonly.aof.gz FLUSHALL

Exit code: 0 something matched, 1 nothing did or the log is damaged (what is before the damage is
searched), 2 a file could not be read.";

/// `rdbkit aof log`.
#[derive(Args, Debug)]
#[command(after_help = LOG_EXAMPLES)]
pub struct LogArgs {
    /// Folder with a manifest, manifest, or single file; "-" is standard input
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Commands to show, such as FLUSHALL or "DEL user:*": globs for the name
    /// and for arguments; of several patterns one must match
    #[arg(value_name = "PATTERN")]
    pub patterns: Vec<Pattern>,

    /// Glob that one of the command's keys must match; may be given more than once
    #[arg(short, long = "key", value_name = "GLOB")]
    pub keys: Vec<OsString>,

    /// Commands that work on this database
    #[arg(short = 'n', long, value_name = "N")]
    pub db: Option<u64>,

    /// From this second on: RFC 3339 with a zone, or Unix seconds
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub since: Option<Time>,

    /// Up to this second, which is included
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub until: Option<Time>,

    /// Commands that begin at this offset of the file or behind it
    #[arg(long, value_name = "OFFSET")]
    pub from: Option<u64>,

    /// Commands that begin before this offset of the file
    #[arg(long, value_name = "OFFSET")]
    pub to: Option<u64>,

    /// Only this file of the log, by its name in the manifest
    #[arg(long, value_name = "NAME")]
    pub file: Option<OsString>,

    /// Only commands that may change data: no SELECT, MULTI, EXEC
    #[arg(long)]
    pub writes_only: bool,

    /// Show so many commands around each match, too
    #[arg(short = 'C', long, value_name = "N", default_value_t = 0, conflicts_with_all = ["tail", "count"])]
    pub context: usize,

    /// Only the last N matches
    #[arg(long, value_name = "N", conflicts_with_all = ["limit", "count"])]
    pub tail: Option<usize>,

    /// Stop after N matches
    #[arg(long, value_name = "N", conflicts_with = "count")]
    pub limit: Option<u64>,

    /// Only say how many match
    #[arg(short, long)]
    pub count: bool,

    /// One JSON object per command on one line, with all its arguments
    #[arg(long)]
    pub json: bool,

    /// Commands in full, however long, up to 64 KiB an argument beyond 1 MiB
    #[arg(long, conflicts_with = "json")]
    pub full: bool,
}

const POINTS_EXAMPLES: &str = "\
A log written with aof-timestamp-enabled has a #TS line for every second in which something was
written, and can go back to any of them. Without these lines there are only estimates, named so.

Examples:
  rdbkit aof points appendonlydir            a summary that fits a screen
  rdbkit aof points appendonlydir --all      every second, with the offset before which to cut
  rdbkit aof points --json appendonlydir | jq 'select(.danger_count > 0)'

Then: rdbkit aof cut PATH --until TIME, or --at OFFSET --file NAME.

Exit code: 0 points were found, 1 there are none or the log is damaged, 2 a file could not be read.";

/// `rdbkit aof points`.
#[derive(Args, Debug)]
#[command(after_help = POINTS_EXAMPLES)]
pub struct PointsArgs {
    /// Folder with a manifest, manifest, or single file; "-" is standard input
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Every second instead of a summary
    #[arg(short, long)]
    pub all: bool,

    /// One JSON object per second, file or estimate on one line
    #[arg(long)]
    pub json: bool,
}

const HISTORY_EXAMPLES: &str = "\
Examples:
  rdbkit aof history appendonlydir user:17
  rdbkit aof history appendonlydir user:17 --db 0 --follow
  rdbkit aof history --json appendonlydir user:17 | jq -r .touch

FLUSHALL, FLUSHDB and SWAPDB are told whether the key was there or not. With --db a key goes on
being looked for in the other database after a SWAPDB; with --follow also under its new name
after a RENAME and in its new database after a MOVE: such lines are marked with >.

Exit code: 0 the key was found, 1 it was not or the log is damaged, 2 a file could not be read.";

/// `rdbkit aof history`.
#[derive(Args, Debug)]
#[command(after_help = HISTORY_EXAMPLES)]
pub struct HistoryArgs {
    /// Folder with a manifest, manifest, or single file; "-" is standard input
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// The key, as it is: no pattern
    #[arg(value_name = "KEY")]
    pub key: OsString,

    /// The database it is in [default: any]
    #[arg(short = 'n', long, value_name = "N")]
    pub db: Option<u64>,

    /// Go on with the new name after RENAME, and in the new database after MOVE
    #[arg(short, long)]
    pub follow: bool,

    /// One JSON object per command on one line
    #[arg(long)]
    pub json: bool,
}

const STATS_EXAMPLES: &str = "\
Examples:
  rdbkit aof stats appendonlydir
  rdbkit aof stats --json appendonlydir | jq '.prefixes.top[0]'
  zstd -dc appendonly.aof.zst | rdbkit aof stats -

Exit code: 0 the whole log was read, 1 it is damaged (what is before the damage is counted),
2 a file could not be read.";

/// `rdbkit aof stats`.
#[derive(Args, Debug)]
#[command(after_help = STATS_EXAMPLES)]
pub struct StatsArgs {
    /// Folder with a manifest, manifest, or single file; "-" is standard input
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// One JSON object
    #[arg(long)]
    pub json: bool,
}
