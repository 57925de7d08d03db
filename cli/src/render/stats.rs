//! Statistics of an RDB file, for people.
use std::io::{self, Write};
use std::path::Path;
use rdbkit_rdb::stats::Stats;
/// Writes tables.
///
/// # Errors
///
/// Of writing.
pub fn text(out: &mut dyn Write, path: &Path, stats: &Stats) -> io::Result<()> {
    writeln!(out, "{}: {:?} {} {:?}", path.display(), stats.total(), stats.tables(), stats.prefixes().top(5))
}
