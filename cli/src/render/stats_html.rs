//! Statistics of an RDB file, as a page.
use std::io::{self, Write};
use std::path::Path;
use rdbkit_rdb::stats::Stats;
/// Writes the page.
///
/// # Errors
///
/// Of writing.
pub fn page(_out: &mut dyn Write, _path: &Path, _stats: &Stats, _damage: Option<&str>, _now_ms: i64) -> io::Result<()> {
    Ok(())
}
