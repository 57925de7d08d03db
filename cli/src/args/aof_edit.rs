//! What can be typed to edit a log.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;

use clap::{ArgGroup, Args, value_parser};
use rdbkit_aof::Pattern;
use rdbkit_rdb::verify::Server;

use crate::time::Time;

const CUT_EXAMPLES: &str = "\
Examples:
  rdbkit aof cut appendonlydir --before FLUSHALL --dry-run
  rdbkit aof cut appendonlydir --before FLUSHALL -o restored
  rdbkit aof cut appendonlydir --before 'DEL user:*' --last --db 0 -o restored
  rdbkit aof cut appendonlydir --until 2026-11-21T14:02:59Z -o restored
  rdbkit aof cut appendonlydir --at 7411 --file appendonly.aof.3.incr.aof -o restored
  rdbkit aof cut appendonly.aof --before FLUSHALL --in-place

`rdbkit aof log` finds commands and their offsets, `rdbkit aof points` times.

Exit code: 0 done, 1 nothing matched, damage is in the way, or the server refuses commands that the
old log has, too (the report says so); 2 it could not be done.";

/// `rdbkit aof cut`.
#[derive(Args, Debug)]
#[command(after_help = CUT_EXAMPLES)]
#[command(group = ArgGroup::new("point").required(true).args(["before", "at", "until"]))]
pub struct CutArgs {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub to: Destination,

    /// Before a command that matches, such as FLUSHALL or 'DEL user:*': globs
    /// for the name and the arguments; the first one unless told otherwise
    #[arg(long, value_name = "PATTERN")]
    pub before: Option<Pattern>,

    /// Before the Nth command that matches, counted over all files
    #[arg(long, value_name = "N", requires = "before")]
    pub nth: Option<NonZeroU64>,

    /// Before the last command that matches
    #[arg(long, requires = "before", conflicts_with = "nth")]
    pub last: bool,

    /// At this offset of a file: what begins there goes
    #[arg(long, value_name = "OFFSET")]
    pub at: Option<u64>,

    /// The file that --at is in, by its name in the manifest; may be left out
    /// where only one file holds commands
    #[arg(long, value_name = "NAME", requires = "at")]
    pub file: Option<OsString>,

    /// Up to this second, which stays: RFC 3339 with a zone, or Unix seconds.
    /// Needs a log that was written with aof-timestamp-enabled
    #[arg(long, value_name = "TIME", allow_negative_numbers = true)]
    pub until: Option<Time>,

    /// Only commands that work on this database match
    #[arg(short = 'n', long, value_name = "N", requires = "before")]
    pub db: Option<u64>,
}

const DROP_EXAMPLES: &str = "\
Examples:
  rdbkit aof drop appendonlydir FLUSHALL --dry-run
  rdbkit aof drop appendonlydir FLUSHALL -o restored
  rdbkit aof drop appendonlydir 'DEL critical-key' --key critical-key -o restored
  rdbkit aof drop appendonlydir 'SET config:*' --last --db 3 -o restored
  rdbkit aof drop appendonlydir --at 7411 --file appendonly.aof.3.incr.aof -o restored

With --key, a DEL, UNLINK or MSET of several keys loses only these and stays for the others.

Exit code: 0 done, 1 nothing or more than one command matched, damage is in the way, or the server
refuses commands that the old log has, too (the report says so); 2 it could not be done.";

/// `rdbkit aof drop`.
#[derive(Args, Debug)]
#[command(after_help = DROP_EXAMPLES)]
#[command(group = ArgGroup::new("what").required(true).args(["pattern", "at"]))]
pub struct DropArgs {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub to: Destination,

    /// The command to take out, such as FLUSHALL or 'DEL user:*': globs for the
    /// name and the arguments; if several match, say which
    #[arg(value_name = "PATTERN")]
    pub pattern: Option<Pattern>,

    /// The Nth command that matches, counted over all files
    #[arg(long, value_name = "N", requires = "pattern")]
    pub nth: Option<NonZeroU64>,

    /// The last command that matches
    #[arg(long, requires = "pattern", conflicts_with = "nth")]
    pub last: bool,

    /// All commands that match
    #[arg(long, requires = "pattern", conflicts_with_all = ["nth", "last"])]
    pub all: bool,

    /// The command at this offset of a file; at a MULTI, the whole transaction
    #[arg(long, value_name = "OFFSET")]
    pub at: Option<u64>,

    /// The file that --at is in, by its name in the manifest; may be left out
    /// where only one file holds commands
    #[arg(long, value_name = "NAME", requires = "at")]
    pub file: Option<OsString>,

    /// Only commands with this key, which lose it alone and go when no key is
    /// left; may be given more than once
    #[arg(short, long = "key", value_name = "KEY")]
    pub keys: Vec<OsString>,

    /// Only commands that work on this database match
    #[arg(short = 'n', long, value_name = "N", requires = "pattern")]
    pub db: Option<u64>,
}

const REPAIR_EXAMPLES: &str = "\
Examples:
  rdbkit aof repair appendonlydir --dry-run
  rdbkit aof repair appendonlydir -o repaired
  rdbkit aof repair appendonlydir --skip-damage -o repaired
  rdbkit aof repair appendonly.aof --in-place
  rdbkit aof repair /data/appendonlydir --in-place --torn-only --if-present

Exit code: 0 done, or there is nothing to repair; 1 it cannot be repaired so, or the server refuses
commands that are left in it (the report says so); 2 it could not be done.";

/// `rdbkit aof repair`.
#[derive(Args, Debug)]
#[command(after_help = REPAIR_EXAMPLES)]
pub struct RepairArgs {
    #[allow(missing_docs)]
    #[command(flatten)]
    pub to: Destination,

    /// Leave out only what is damaged, and what servers refuse to run, and go on
    /// behind it; otherwise a file ends at its first damage
    #[arg(long)]
    pub skip_damage: bool,

    /// Leave files that are not there out of the manifest; the base must be there
    #[arg(long)]
    pub allow_missing: bool,

    /// Make an empty log of what holds no command that can be read
    #[arg(long)]
    pub allow_empty: bool,

    /// Only if nothing but the torn end of the last file goes, which a server
    /// would cut off as well, or zero bytes there; all else is left as it is
    #[arg(long, conflicts_with_all = ["skip_damage", "allow_missing", "allow_empty"])]
    pub torn_only: bool,

    /// Where nothing has this path, there is nothing to repair: for what runs
    /// before every start of a server, the first one as well
    #[arg(long, conflicts_with = "json")]
    pub if_present: bool,
}

/// The log to edit, and where the result goes.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("destination").required(true).multiple(true).args(["output", "in_place", "dry_run"]))]
pub struct Destination {
    /// Folder with a manifest, manifest, or single file that no manifest lists
    #[arg(value_name = "PATH")]
    pub path: PathBuf,

    /// Write a new log here: a folder if the log has a manifest, else a file;
    /// nothing may be there yet
    #[arg(short, long, value_name = "NEW", conflicts_with = "in_place")]
    pub output: Option<PathBuf>,

    /// Put the new log in the place of the old one, which is kept beside it as
    /// NAME.bak-TIME; the server must be stopped
    #[arg(long)]
    pub in_place: bool,

    /// Only tell what would be done; goes with -o and --in-place, too
    #[arg(long)]
    pub dry_run: bool,

    /// Server that is to load the result, such as redis:7.2 or valkey:9.1
    /// [default: of the product that takes it, the release the rules were
    /// compared with]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Commands of modules that the server knows, such as json.*,ft.*; others
    /// that it does not know make it refuse a log
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub module_commands: Vec<String>,

    /// Threads to read a large log with, 1 to 16; the plan is the same for any
    /// number [default: one for each processor; files below 32 MiB take one]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=16))]
    pub threads: Option<u8>,

    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

impl Destination {
    /// As plans take it: 0 for as many as there are processors.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.map_or(0, usize::from)
    }
}
