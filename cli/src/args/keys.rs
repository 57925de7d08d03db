//! `rdbkit keys`: what can be typed.

use std::path::PathBuf;

use clap::Args;

use super::FilterArgs;

const EXAMPLES: &str = "\
Examples:
  rdbkit keys dump.rdb
  rdbkit keys dump.rdb --long --type hash --min-size 1M
  rdbkit keys dump.rdb --expiry past --json | jq -r .key
  rdbkit keys dump.rdb -l | sort -k4,4n | tail        # the largest ones

Names that are not plain text are quoted as redis-cli quotes them: \"a b\\xff\".

Exit code: 0 done, 1 no key matched, or the file is damaged (keys before the
damage are listed), 2 the file could not be read, or the conditions exclude each
other.";

/// `rdbkit keys`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct KeysArgs {
    /// RDB file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Also database, type, encoding, bytes in the file, elements, expiry, and
    /// idle seconds (i) or use counter (f)
    #[arg(short, long)]
    pub long: bool,

    /// All that --long tells, as one JSON object a key on one line
    #[arg(long, conflicts_with = "long")]
    pub json: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: FilterArgs,
}
