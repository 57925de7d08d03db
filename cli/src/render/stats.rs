//! Statistics of an RDB file: for people, for machines, and as a page.

pub mod html;
pub mod json;
pub mod key;
mod sections;

use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::stats::Stats;

use crate::render::table::Table;
use crate::render::text::row;
use sections::{Section, facts, sections};

/// Rows of a table of prefixes or databases for people.
const ROWS: usize = 20;

/// Writes tables.
///
/// # Errors
///
/// Of writing.
pub fn text(out: &mut dyn Write, path: &Path, stats: &Stats) -> io::Result<()> {
    writeln!(out, "{}", shown(path))?;
    for (name, text) in facts(stats) {
        row(out, name, &text)?;
    }
    for section in sections(stats, ROWS) {
        writeln!(out, "\n{}", section.title)?;
        table(out, &section)?;
        for note in &section.notes {
            writeln!(out, "  {note}")?;
        }
    }
    Ok(())
}

fn table(out: &mut dyn Write, section: &Section) -> io::Result<()> {
    let mut table = Table::new(section.align);
    table.row(section.columns.iter().copied());
    for row in &section.rows {
        table.row(row.cells.iter().map(String::as_str));
    }
    table.write(out)
}
