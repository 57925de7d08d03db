//! Function libraries of a file.

use std::collections::BTreeMap;

use super::difference::LibraryDifference;
use crate::error::ErrorKind;

/// A library as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Library {
    /// The first line, which release candidates of 7.0 did not write.
    head: Option<Vec<u8>>,
    code: Vec<u8>,
}

impl Library {
    fn same(&self, other: &Library) -> bool {
        let heads = self.head.is_none() || other.head.is_none() || self.head == other.head;
        heads && self.code == other.code
    }
}

/// The libraries of a file by name.
///
/// # Limits
///
/// Holds all sources, up to a bound.
#[derive(Debug)]
pub(super) struct Libraries {
    known: BTreeMap<Vec<u8>, Library>,
    held: u64,
    limit: u64,
}

impl Libraries {
    pub fn new(limit: u64) -> Libraries {
        Libraries {
            known: BTreeMap::new(),
            held: 0,
            limit,
        }
    }

    /// A library with its first line, which names it.
    pub fn add(&mut self, source: &[u8]) -> Result<(), ErrorKind> {
        let end = source.iter().position(|b| *b == b'\n');
        let (head, code) = source.split_at(end.unwrap_or(source.len()));
        let code = code.strip_prefix(b"\n").unwrap_or(code);
        self.insert(name(head), Some(head), code)
    }

    /// A library without one.
    pub fn add_bare(&mut self, name: &[u8], code: &[u8]) -> Result<(), ErrorKind> {
        self.insert(name, None, code)
    }

    fn insert(&mut self, name: &[u8], head: Option<&[u8]>, code: &[u8]) -> Result<(), ErrorKind> {
        let head_len = head.map_or(0, <[u8]>::len);
        self.held += (name.len() + head_len + code.len()) as u64 + 64;
        if self.held > self.limit {
            let (what, asked, limit) = ("function libraries", self.held, self.limit);
            return Err(ErrorKind::Limit { what, asked, limit });
        }
        let library = Library {
            head: head.map(<[u8]>::to_vec),
            code: code.to_vec(),
        };
        self.known.insert(name.to_vec(), library);
        Ok(())
    }

    /// What differs from `new`, by name.
    pub fn compare(&self, new: &Libraries) -> Vec<LibraryDifference> {
        let mut differences = Vec::new();
        let mut tell = |name: &Vec<u8>, old: Option<&Library>, new: Option<&Library>| {
            let size = |library: &Library| {
                let head = library.head.as_ref().map_or(0, |head| head.len() + 1);
                (head + library.code.len()) as u64
            };
            differences.push(LibraryDifference {
                name: name.clone(),
                old_bytes: old.map(size),
                new_bytes: new.map(size),
            });
        };
        for (name, library) in &self.known {
            match new.known.get(name) {
                Some(other) if library.same(other) => {}
                other => tell(name, Some(library), other),
            }
        }
        for (name, library) in &new.known {
            if !self.known.contains_key(name) {
                tell(name, None, Some(library));
            }
        }
        differences.sort_by(|a, b| a.name.cmp(&b.name));
        differences
    }
}

/// The name that a first line such as `#!lua name=mylib` gives; the line
/// itself where it gives none, as no server takes it.
fn name(head: &[u8]) -> &[u8] {
    let words = head.split(|b| b.is_ascii_whitespace());
    let named = words.rev().find_map(|word| {
        let (key, name) = word.split_at_checked(5)?;
        key.eq_ignore_ascii_case(b"name=").then_some(name)
    });
    let unquoted = |name: &'_ [u8]| -> Option<usize> {
        let quoted = name.len() > 1 && (name[0] == b'"' || name[0] == b'\'');
        (quoted && name.last() == name.first()).then(|| name.len() - 1)
    };
    match named {
        Some(name) => match unquoted(name) {
            Some(end) => name.get(1..end).unwrap_or_default(),
            None => name,
        },
        None => head,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_be_missing_or_quoted() {
        assert_eq!(name(b"#!lua name="), b"");
        assert_eq!(name(b"#!lua name='"), b"'");
        assert_eq!(name(b"#!lua name='a'"), b"a");
        assert_eq!(name(b"#!lua"), b"#!lua");
    }

    #[test]
    fn libraries_are_compared_by_name() {
        let mut old = Libraries::new(1000);
        old.add(b"#!lua name=a\nreturn 1").unwrap();
        old.add(b"#!lua name=\"b\"\nreturn 2").unwrap();
        old.add_bare(b"c", b"return 3").unwrap();
        let mut new = Libraries::new(1000);
        new.add(b"#!LUA NAME=a\nreturn 1").unwrap();
        new.add(b"#!lua name=c\nreturn 3").unwrap();
        new.add(b"#!lua name=d\nreturn 4").unwrap();
        let told: Vec<_> = old
            .compare(&new)
            .into_iter()
            .map(|d| (d.name, d.old_bytes, d.new_bytes))
            .collect();
        assert_eq!(
            told,
            [
                (b"a".to_vec(), Some(21), Some(21)),
                (b"b".to_vec(), Some(23), None),
                (b"d".to_vec(), None, Some(21)),
            ]
        );
    }

    #[test]
    fn there_is_a_bound() {
        let mut libraries = Libraries::new(100);
        let failed = libraries.add(&[b'x'; 200]);
        assert!(matches!(failed, Err(ErrorKind::Limit { limit: 100, .. })));
    }
}
