//! `rdbkit stats`: what can be typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rdbkit_rdb::stats::Allocator;
use rdbkit_rdb::verify::Server;

use super::FilterArgs;

const EXAMPLES: &str = "\
Examples:
  rdbkit stats dump.rdb
  rdbkit stats dump.rdb --html report.html
  rdbkit stats dump.rdb --for valkey:9.1 --json | jq .memory
  rdbkit stats dump.rdb --separator ':' --separator '.' --depth 2 --key 'user:*'
  rdbkit stats dump.rdb --per-key | sort -k1,1n | tail     # what takes most memory

Sizes in memory are estimates, for a server with default settings that has just
loaded the file; docs/stats.md says how good they are. The report says where
prefixes are approximate.

Exit code: 0 done, 1 no key matched, or the file is damaged (what is before the
damage is counted), 2 the file could not be read, the report not written, or the
conditions exclude each other.";

/// `rdbkit stats`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct RdbStatsArgs {
    /// RDB file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// One JSON object on one line
    #[arg(long)]
    pub json: bool,

    /// Also write a report with charts, as one HTML file that needs no other;
    /// "-" is standard output, instead of the tables
    #[arg(long, value_name = "NEW")]
    pub html: Option<PathBuf>,

    /// Replace the HTML file if it is there already; never the source
    #[arg(short, long, requires = "html")]
    pub force: bool,

    /// Largest keys to tell, by each measure
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub top: u32,

    /// What ends a prefix, one byte; may be given several times [default: :]
    #[arg(long, value_name = "CHAR", value_parser = separator)]
    pub separator: Vec<u8>,

    /// Separators of a name that count, from its front
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=16))]
    pub depth: u32,

    /// Server to estimate memory for, such as redis:7.0 or valkey:9.1
    /// [default: the one that wrote the file]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Allocator that server was built with; INFO calls it mem_allocator
    #[arg(long, value_name = "WHICH", default_value = "bundled")]
    pub allocator: AllocatorArg,

    /// Before the statistics, each key: its size in memory, in the file, type,
    /// encoding in memory, elements
    #[arg(long)]
    pub per_key: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: FilterArgs,
}

/// How a server was built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AllocatorArg {
    /// With the jemalloc of its sources, as official images are
    Bundled,
    /// With that of the system, as packages of Debian and Ubuntu are
    System,
    /// With that of the system, jemalloc 5.3.1 or later
    #[value(name = "system-5.3.1")]
    SystemPages,
}

impl From<AllocatorArg> for Allocator {
    fn from(arg: AllocatorArg) -> Allocator {
        match arg {
            AllocatorArg::Bundled => Allocator::Bundled,
            AllocatorArg::System => Allocator::System,
            AllocatorArg::SystemPages => Allocator::SystemPages,
        }
    }
}

fn separator(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] => Ok(*byte),
        _ => Err("a separator is one byte".to_owned()),
    }
}
