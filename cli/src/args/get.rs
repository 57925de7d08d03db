//! `rdbkit get`: what can be typed.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  rdbkit get dump.rdb user:17
  rdbkit get dump.rdb session:9 --db 3 --json | jq .value
  rdbkit get dump.rdb avatar:17 --raw > avatar.png
  rdbkit get dump.rdb '\"a b\\xff\"'        # as rdbkit keys quotes it

Exit code: 0 found, 1 not found, or the file is damaged, 2 the file could not be
read.";

/// `rdbkit get`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct GetArgs {
    /// RDB file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The key; one that begins and ends with a double quote is read with the
    /// escapes of redis-cli
    #[arg(value_name = "KEY")]
    pub key: OsString,

    /// Only in this database [default: in all of them]
    #[arg(short = 'n', long, value_name = "N")]
    pub db: Option<u64>,

    /// One JSON object on one line
    #[arg(long)]
    pub json: bool,

    /// The bytes of a string and nothing else; of other types each element on a
    /// line of its own
    #[arg(long, conflicts_with = "json")]
    pub raw: bool,
}
