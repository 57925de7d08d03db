//! Differences counted by database, type and prefix.

use std::collections::BTreeMap;

use super::difference::{Change, KeyDifference, ValueDifference};

/// Prefixes that are told apart; keys with others are counted together.
const MOST: usize = 10_000;

/// Bytes of a prefix that are kept.
const LONGEST: usize = 128;

/// Keys of one kind that differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Only in the new file.
    pub added: u64,
    /// Only in the old file.
    pub removed: u64,
    /// With another value, metadata or type.
    pub changed: u64,
    /// With another expiry alone.
    pub ttl_changed: u64,
    /// With values that could not be compared.
    pub unknown: u64,
}

impl Count {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.added + self.removed + self.changed + self.ttl_changed + self.unknown
    }

    fn add(&mut self, key: &KeyDifference<'_>) {
        *match key.change() {
            Change::Added => &mut self.added,
            Change::Removed => &mut self.removed,
            Change::Changed if key.only_ttl() => &mut self.ttl_changed,
            Change::Changed => match key.value {
                ValueDifference::Unknown { .. } => &mut self.unknown,
                _ => &mut self.changed,
            },
        } += 1;
    }
}

/// Counts differences. A key's type is the one it has in the new file, if it
/// is there; its prefix ends behind the first `:`, `/`, `|` or `.` of its name.
///
/// # Limits
///
/// Of prefixes, the first 10,000 are told apart; keys with others, and those
/// without, are counted under `None`.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By database.
    pub databases: BTreeMap<u64, Count>,
    /// By type.
    pub types: BTreeMap<&'static str, Count>,
    /// By prefix.
    pub prefixes: BTreeMap<Option<Vec<u8>>, Count>,
    /// Whether there were more prefixes than are told apart.
    pub more_prefixes: bool,
}

impl Tally {
    /// With nothing counted.
    #[must_use]
    pub fn new() -> Tally {
        Tally::default()
    }

    /// Counts a difference.
    pub fn add(&mut self, key: &KeyDifference<'_>) {
        self.databases.entry(key.db).or_default().add(key);
        let object = key.object().map_or("?", |object| object.name());
        self.types.entry(object).or_default().add(key);
        let mut prefix = prefix(key.key).map(<[u8]>::to_vec);
        if self.prefixes.len() > MOST && !self.prefixes.contains_key(&prefix) {
            self.more_prefixes |= prefix.is_some();
            prefix = None;
        }
        self.prefixes.entry(prefix).or_default().add(key);
    }
}

/// What a name begins with, up to its first separator.
fn prefix(key: &[u8]) -> Option<&[u8]> {
    let near = key.get(..LONGEST).unwrap_or(key);
    let end = near.iter().position(|b| b":/|.".contains(b))?;
    key.get(..=end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(db: u64, key: &[u8]) -> KeyDifference<'_> {
        KeyDifference {
            db,
            key,
            old: None,
            new: None,
            ttl: false,
            metadata: false,
            value: ValueDifference::Same,
        }
    }

    #[test]
    fn prefixes_are_bounded() {
        let mut tally = Tally::new();
        for n in 0..20_000 {
            tally.add(&key(n % 3, format!("{n}:x").as_bytes()));
        }
        tally.add(&key(0, b"plain"));
        assert_eq!(tally.prefixes.len(), MOST + 2);
        assert_eq!(tally.prefixes[&None].total(), 20_001 - MOST as u64 - 1);
        assert!(tally.more_prefixes);
        assert_eq!(tally.databases.len(), 3);
        assert_eq!(prefix(b"user:1:x"), Some(&b"user:"[..]));
    }
}
