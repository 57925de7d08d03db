//! `rdbkit diff`: what can be typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, value_parser};

use super::{FilterArgs, Size};

const EXAMPLES: &str = "\
Examples:
  rdbkit diff yesterday.rdb today.rdb
  rdbkit diff --full yesterday.rdb today.rdb --key 'user:*'
  rdbkit diff --summary master.rdb replica.rdb --ttl-tolerance 2s
  rdbkit diff --json a.rdb b.rdb | jq -r 'select(.change == \"removed\").key'
  rdbkit diff dump.rdb appendonlydir         # the base of the log

Of each key a line: + only in NEW, - only in OLD, ~ in both with another value,
t in both with another expiry, ! not compared. Encodings, the order of keys,
fields and members, and who wrote the files make no difference.

Exit code: 0 the data is the same, 1 it is not, 2 trouble: a file could not be
read or is damaged, a value could not be compared, or no key met the conditions.";

/// `rdbkit diff`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DiffArgs {
    /// The file that things were removed from: an RDB file, an append-only file
    /// that begins as one, or a log (folder or manifest) with an RDB base
    #[arg(value_name = "OLD")]
    pub old: PathBuf,

    /// The file that things were added to
    #[arg(value_name = "NEW")]
    pub new: PathBuf,

    /// Also which fields, members, elements and entries differ
    #[arg(short, long)]
    pub full: bool,

    /// Only how many keys differ, by database, type and prefix of the name
    #[arg(short, long, conflicts_with = "full")]
    pub summary: bool,

    /// One JSON object a difference on one line, and one at the end that sums
    /// up; with --summary only that
    #[arg(long, conflicts_with = "full")]
    pub json: bool,

    /// Print no differences; the exit code says it all
    #[arg(short, long, conflicts_with_all = ["full", "summary", "json"])]
    pub quiet: bool,

    /// Expiries of keys and fields that differ by no more than this are the
    /// same: 500ms, 2s, 5m, 1h, 1d
    #[arg(long, value_name = "DURATION", default_value = "0")]
    pub ttl_tolerance: Duration,

    /// Parts of a key to show with --full; more are only counted
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub max_parts: usize,

    /// Memory to use; keys of larger files go to a temporary file, and values
    /// above a quarter of it are not compared
    #[arg(long, value_name = "BYTES", default_value = "512M")]
    pub max_memory: Size,

    /// Threads to read with: with two both files are read at the same time; the
    /// result is the same [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=16))]
    pub threads: Option<u8>,

    /// Folder for the temporary file [default: that of the system]
    #[arg(long, value_name = "FOLDER")]
    pub temp_dir: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: FilterArgs,
}

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duration(pub u64);

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Duration, String> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match text.get(digits.len()..).unwrap_or_default() {
            "ms" => 1,
            "s" | "" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            unit => return Err(format!("{unit:?} is none of the units ms, s, m, h, d")),
        };
        let number: u64 = digits.parse().map_err(|e| format!("{digits:?}: {e}"))?;
        let ms = number.checked_mul(unit);
        ms.map(Duration).ok_or_else(|| "too long".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_with_units() {
        for (text, ms) in [
            ("0", 0),
            ("2", 2000),
            ("500ms", 500),
            ("5m", 300_000),
            ("1d", 86_400_000),
        ] {
            assert_eq!(text.parse(), Ok(Duration(ms)), "{text}");
        }
        for text in ["", "s", "1w", "-1s", "1.5s", "999999999999999999d"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
