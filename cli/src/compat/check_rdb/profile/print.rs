//! The rows of `--stats`.

use std::io::{self, Write};

use super::{Column, KINDS, Profile};

/// How the rows look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Format {
    /// Columns under each other.
    #[default]
    Table,
    /// One `[info]` line for each number.
    Info,
    /// Values separated by commas.
    Csv,
}

impl Format {
    /// By the word after `--format`.
    pub fn named(name: &[u8]) -> Option<Format> {
        match name {
            b"table" => Some(Format::Table),
            b"info" => Some(Format::Info),
            b"csv" => Some(Format::Csv),
            _ => None,
        }
    }
}

/// Databases are printed without a gap, but no further than this: a number in
/// a damaged file must not decide how much is written. Those with keys are
/// printed in any case.
const GAPLESS: u64 = 1 << 16;

type Row = (&'static str, fn(&Column) -> String);

/// What is printed of a column, after its name.
const ROWS: [Row; 17] = [
    ("keys.total", |c| c.keys.to_string()),
    ("expire_keys.total", |c| c.expires.to_string()),
    ("already_expired.total", |c| c.already_expired.to_string()),
    ("keys.size", |c| c.key_bytes.to_string()),
    ("keys.value_size", |c| c.element_bytes.to_string()),
    ("elements.total", |c| c.elements.to_string()),
    ("elements.size", |c| c.element_bytes.to_string()),
    ("elements.num.max", |c| c.most_elements.to_string()),
    ("elements.num.avg", |c| average(c.elements, c.keys)),
    ("elements.num.p99", |c| decimals(c.counts.percentile(99.0))),
    ("elements.num.p90", |c| decimals(c.counts.percentile(90.0))),
    ("elements.num.p50", |c| decimals(c.counts.percentile(50.0))),
    ("elements.size.max", |c| c.longest_element.to_string()),
    ("elements.size.avg", |c| {
        average(c.element_bytes, c.elements)
    }),
    ("elements.size.p99", |c| decimals(c.sizes.percentile(99.0))),
    ("elements.size.p90", |c| decimals(c.sizes.percentile(90.0))),
    ("elements.size.p50", |c| decimals(c.sizes.percentile(50.0))),
];

/// In single precision, as the tool computes.
fn average(sum: u64, n: u64) -> String {
    match n {
        0 => "0.00".to_owned(),
        n => format!("{:.2}", f64::from(sum as f32 / n as f32)),
    }
}

fn decimals(value: u64) -> String {
    format!("{:.2}", f64::from(value as f32))
}

impl Profile {
    /// Writes the rows of all databases.
    pub fn print(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let gapless = if self.highest < GAPLESS {
            self.highest
        } else {
            0
        };
        for database in 0..=gapless {
            self.database(database, format, out)?;
        }
        let mut last = gapless;
        for (database, _) in self.columns.keys() {
            if *database > last {
                last = *database;
                self.database(last, format, out)?;
            }
        }
        Ok(())
    }

    fn database(&self, database: u64, format: Format, out: &mut dyn Write) -> io::Result<()> {
        let none = Column::new();
        let columns = KINDS.map(|kind| kind.name());
        if format != Format::Info {
            row(
                database,
                "type.name",
                columns.map(str::to_owned),
                format,
                out,
            )?;
        }
        for (name, value) in ROWS {
            let mut index = 0;
            let values = columns.map(|_| {
                let column = self.columns.get(&(database, index)).unwrap_or(&none);
                index += 1;
                value(column)
            });
            if format == Format::Info {
                for (kind, value) in columns.iter().zip(values) {
                    writeln!(out, "[info] db.{database}.type.{kind}.{name}:{value}")?;
                }
            } else {
                row(database, name, values, format, out)?;
            }
        }
        Ok(())
    }
}

fn row(
    database: u64,
    name: &str,
    values: [String; KINDS.len()],
    format: Format,
    out: &mut dyn Write,
) -> io::Result<()> {
    let title = format!("db.{database}.{name}");
    if format == Format::Table {
        write!(out, "{title:<30}")?;
    } else {
        write!(out, "{title}")?;
    }
    for value in values {
        if format == Format::Table {
            write!(out, "\t{value:<5}")?;
        } else {
            write!(out, ",{value}")?;
        }
    }
    writeln!(out)
}
