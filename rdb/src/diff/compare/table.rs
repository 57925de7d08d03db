//! Names with contents, in order: what sets, hashes and streams come to.

use std::cmp::Ordering;

use crate::error::ErrorKind;

/// Rows of a name and a content, both bytes. Comparing bytes of contents has
/// to compare contents.
///
/// # Limits
///
/// Holds all of it, and 24 bytes a row, up to a bound.
#[derive(Debug)]
pub(super) struct Table {
    bytes: Vec<u8>,
    rows: Vec<Row>,
    limit: u64,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    name: usize,
    content: usize,
    end: usize,
}

/// One name in both tables: its content in the old and in the new one.
pub(super) type Line<'t> = (&'t [u8], Option<&'t [u8]>, Option<&'t [u8]>);

impl Table {
    pub fn new(limit: u64) -> Table {
        Table {
            bytes: Vec::new(),
            rows: Vec::new(),
            limit,
        }
    }

    /// Adds a row; name and content come in pieces.
    pub fn push<const N: usize, const C: usize>(
        &mut self,
        name: [&[u8]; N],
        content: [&[u8]; C],
    ) -> Result<(), ErrorKind> {
        let start = self.bytes.len();
        name.iter()
            .for_each(|piece| self.bytes.extend_from_slice(piece));
        let middle = self.bytes.len();
        content
            .iter()
            .for_each(|piece| self.bytes.extend_from_slice(piece));
        self.row(start, middle)
    }

    fn row(&mut self, name: usize, content: usize) -> Result<(), ErrorKind> {
        let end = self.bytes.len();
        self.rows.push(Row { name, content, end });
        let asked = (end + self.rows.len() * size_of::<Row>()) as u64;
        match asked > self.limit {
            true => Err(ErrorKind::Limit {
                what: "value to compare",
                asked,
                limit: self.limit,
            }),
            false => Ok(()),
        }
    }

    /// Adds to the content of the last row.
    pub fn extend(&mut self, piece: &[u8]) -> Result<(), ErrorKind> {
        self.bytes.extend_from_slice(piece);
        let Some(last) = self.rows.pop() else {
            return Ok(());
        };
        self.row(last.name, last.content)
    }

    /// Bytes it may take.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// By name, then by content.
    pub fn sort(&mut self) {
        let bytes = &self.bytes;
        let row = |row: &Row| bytes.get(row.name..row.content).unwrap_or_default();
        let all = |row: &Row| bytes.get(row.content..row.end).unwrap_or_default();
        let order = |a: &Row, b: &Row| row(a).cmp(row(b)).then_with(|| all(a).cmp(all(b)));
        if !self
            .rows
            .is_sorted_by(|a, b| order(a, b) != Ordering::Greater)
        {
            self.rows.sort_unstable_by(order);
        }
    }

    fn name(&self, at: usize) -> Option<&[u8]> {
        let row = self.rows.get(at)?;
        self.bytes.get(row.name..row.content)
    }

    /// The content of a row.
    pub fn content(&self, at: usize) -> Option<&[u8]> {
        let row = self.rows.get(at)?;
        self.bytes.get(row.content..row.end)
    }
}

/// Two sorted tables.
#[derive(Debug)]
pub(super) struct Tables {
    pub old: Table,
    pub new: Table,
}

impl Tables {
    pub fn new(limit: u64) -> Tables {
        Tables {
            old: Table::new(limit),
            new: Table::new(limit),
        }
    }

    /// The lines that differ, in the order of their names.
    pub fn lines<'t>(
        &'t self,
        same: impl Fn(&[u8], &[u8]) -> bool + 't,
    ) -> impl Iterator<Item = Line<'t>> + 't {
        let (mut a, mut b) = (0, 0);
        std::iter::from_fn(move || {
            loop {
                let (old, new) = (self.old.name(a), self.new.name(b));
                let order = match (old, new) {
                    (None, None) => return None,
                    (Some(_), None) => Ordering::Less,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(old), Some(new)) => old.cmp(new),
                };
                let before = order != Ordering::Greater;
                let after = order != Ordering::Less;
                let name = if before { old } else { new };
                let contents = (
                    self.old.content(a).filter(|_| before),
                    self.new.content(b).filter(|_| after),
                );
                a += usize::from(before);
                b += usize::from(after);
                if let (Some(old), Some(new)) = contents
                    && same(old, new)
                {
                    continue;
                }
                return Some((name.unwrap_or_default(), contents.0, contents.1));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact;

    fn lines(old: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
        let mut tables = Tables::new(1 << 20);
        for (rows, table) in [(old, &mut tables.old), (new, &mut tables.new)] {
            for (name, content) in rows {
                table.push([name.as_bytes()], [content.as_bytes()]).unwrap();
            }
            table.sort();
        }
        let text =
            |bytes: Option<&[u8]>| bytes.map_or("-".into(), |b| redact::plain(b).to_string());
        tables
            .lines(|a, b| a == b)
            .map(|(name, a, b)| format!("{}:{}>{}", text(Some(name)), text(a), text(b)))
            .collect()
    }

    #[test]
    fn order_does_not_matter() {
        let old = [("b", "1"), ("a", "1"), ("c", "1")];
        assert_eq!(lines(&old, &[("c", "1"), ("b", "1"), ("a", "1")]), [""; 0]);
        assert_eq!(
            lines(&old, &[("d", ""), ("b", "2"), ("a", "1")]),
            ["b:1>2", "c:1>-", "d:->"]
        );
        assert_eq!(lines(&[], &old), ["a:->1", "b:->1", "c:->1"]);
    }

    #[test]
    fn what_is_there_twice_is_not_lost() {
        assert_eq!(lines(&[("a", "1"), ("a", "2")], &[("a", "1")]), ["a:2>-"]);
        assert_eq!(lines(&[("a", "1"), ("a", "1")], &[("a", "1")]), ["a:1>-"]);
    }

    #[test]
    fn there_is_a_bound() {
        let mut table = Table::new(60);
        table.push([b"name"], [b"content"]).unwrap();
        assert!(table.push([b"name"], [b"content"]).is_err());
        let mut table = Table::new(60);
        table.push([b"name"], []).unwrap();
        assert!(table.extend(&[0; 100]).is_err());
    }
}
