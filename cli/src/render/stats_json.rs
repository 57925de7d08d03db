//! Statistics of an RDB file, for machines.
use std::io::{self, Write};
use std::path::Path;
use rdbkit_rdb::stats::Stats;
/// Writes one object.
///
/// # Errors
///
/// Of writing.
pub fn json(out: &mut dyn Write, _path: &Path, stats: &Stats, _damage: Option<&str>) -> io::Result<()> {
    let total = stats.total();
    writeln!(out, "{{\"kind\":\"stats\",\"keys\":{},\"memory\":{{\"keys\":{},\"tables\":{}}}}}", total.keys, total.memory.allocated, stats.tables())
}
