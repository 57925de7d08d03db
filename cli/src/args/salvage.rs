//! `rdbkit salvage`: what can be typed.

use std::path::PathBuf;

use clap::Args;
use rdbkit_rdb::verify::Server;
use rdbkit_rdb::write::Format;

const EXAMPLES: &str = "\
Examples:
  rdbkit salvage broken.rdb --dry-run
  rdbkit salvage broken.rdb -o new.rdb
  rdbkit salvage broken.rdb -o new.rdb --json | jq '.gaps[].reason'
  ssh host cat broken.rdb | rdbkit salvage - -o new.rdb

The damaged file is only read. The new file is verified before it gets its name,
and no file is ever overwritten. A pipe, or what is compressed, is first copied to a temporary file.

Exit code: 0 the file was whole, 1 something was lost or is in doubt, 2 nothing
could be done: nothing can be read of it, or the new file not be written.";

/// `rdbkit salvage`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct SalvageArgs {
    /// Damaged RDB file; "-" is standard input
    #[arg(value_name = "BROKEN")]
    pub file: PathBuf,

    /// The new file
    #[arg(
        short,
        long,
        value_name = "NEW",
        required_unless_present = "dry_run",
        conflicts_with = "dry_run"
    )]
    pub output: Option<PathBuf>,

    /// Write nothing; tell what would be lost
    #[arg(short = 'n', long)]
    pub dry_run: bool,

    /// One JSON object on one line
    #[arg(long)]
    pub json: bool,

    /// RDB version to read the file as, such as 11; from 80 on it is Valkey's
    /// [default: that of the header, or what the file lets guess]
    #[arg(long, value_name = "N")]
    pub assume_version: Option<Format>,

    /// Server that shall load the new file, such as redis:7.2 or valkey:9.1
    /// [default: of the file's own product]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Databases that server is configured for
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u64).range(1..))]
    pub databases: u64,

    /// Gaps to tell one by one; more are only counted
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_gaps: usize,
}
