//! Aligned columns.

use std::io::{self, Write};

/// Rows of cells; the widths are those of the widest.
#[derive(Debug, Default)]
pub struct Table {
    /// One letter a column: `l` to the left, `r` to the right.
    align: &'static str,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With a letter for each column: `l` to the left, `r` to the right.
    pub fn new(align: &'static str) -> Table {
        Table {
            align,
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Writes all rows, indented by two blanks.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns: Vec<(char, usize)> = self
            .align
            .chars()
            .enumerate()
            .map(|(at, align)| (align, width(at)))
            .collect();
        for row in &self.rows {
            let mut line = String::new();
            for (cell, &(align, width)) in row.iter().zip(&columns) {
                line.push_str("  ");
                match align {
                    'r' => line.push_str(&format!("{cell:>width$}")),
                    _ => line.push_str(&format!("{cell:<width$}")),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new("lr");
        table.row(["name", "n"]);
        table.row(["é", "100"]);
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "  name    n\n  é     100\n"
        );
    }
}
