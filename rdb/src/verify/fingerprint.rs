//! Finding duplicates in sets too large to keep: fingerprints instead of bytes.
//!
//! A key is hashed to 128 bits with a seed drawn anew in every run, so that no
//! file can be made to collide. Eight bits choose one of 256 tables and 64 are
//! stored: 72 bits tell two keys apart. Among 100 million keys the chance that
//! any two different ones look the same is 1 in a million.

use std::hash::{BuildHasher, RandomState};

use xxhash_rust::xxh3::xxh3_128_with_seed;

/// What is kept of a key or element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Chooses the table, or the log.
    pub table: u8,
    /// What is stored; never 0, which marks a free slot.
    pub stored: u64,
}

/// Makes fingerprints with a seed of its own.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    seed: u64,
}

impl Hasher {
    pub fn new() -> Hasher {
        Hasher {
            seed: RandomState::new().hash_one(0u8),
        }
    }

    /// The fingerprint of `bytes` within `space` (a database number).
    #[inline]
    pub fn fingerprint(&self, space: u64, bytes: &[u8]) -> Fingerprint {
        let seed = self.seed ^ space.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = xxh3_128_with_seed(bytes, seed);
        Fingerprint {
            table: (hash >> 64) as u8,
            stored: (hash as u64).max(1),
        }
    }
}

const TABLES: usize = 256;

/// A set of fingerprints.
///
/// # Limits
///
/// 8 bytes a slot; tables grow by a quarter and are between 70 and 88 % full:
/// 9.1 to 11.4 bytes an element, and an eighth more where memory is in pieces
/// that fit no table (measured).
#[derive(Clone, Debug)]
pub(crate) struct FingerprintSet {
    tables: Vec<Table>,
}

/// Open addressing with linear probing. A fingerprint's home is its value
/// scaled to the number of slots, so the slots stay nearly sorted, and growing
/// reads and writes memory in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    slots: Vec<u64>,
    len: usize,
}

impl FingerprintSet {
    pub fn new() -> FingerprintSet {
        FingerprintSet {
            tables: vec![Table::default(); TABLES],
        }
    }

    /// Bytes of memory the slots take.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.tables
            .iter()
            .map(|t| t.slots.capacity() * size_of::<u64>())
            .sum()
    }

    /// Adds a fingerprint; `false` if it was there.
    #[inline]
    pub fn insert(&mut self, print: Fingerprint) -> bool {
        let table = &mut self.tables[usize::from(print.table)];
        table.reserve_one();
        table.insert(print.stored)
    }
}

#[inline]
fn home(stored: u64, slots: usize) -> usize {
    ((u128::from(stored) * slots as u128) >> 64) as usize
}

impl Table {
    /// Empties the table and makes room for `len` elements.
    pub fn clear(&mut self, len: usize) {
        self.len = 0;
        self.slots.clear();
        self.slots.resize((len * 2).max(16), 0);
    }

    /// Makes room for one more.
    #[inline]
    pub fn reserve_one(&mut self) {
        if self.len * 8 >= self.slots.len() * 7 {
            self.grow();
        }
    }

    /// Adds a fingerprint; `false` if it was there. There must be room.
    #[inline]
    pub fn insert(&mut self, stored: u64) -> bool {
        let slots = self.slots.len();
        let mut at = home(stored, slots);
        loop {
            match self.slots[at] {
                0 => {
                    self.slots[at] = stored;
                    self.len += 1;
                    return true;
                }
                there if there == stored => return false,
                _ => {
                    at += 1;
                    if at == slots {
                        at = 0;
                    }
                }
            }
        }
    }

    #[cold]
    fn grow(&mut self) {
        let larger = (self.slots.len() + self.slots.len() / 4).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; larger]);
        self.len = 0;
        for stored in old {
            if stored != 0 {
                self.insert(stored);
            }
        }
    }
}

/// Duplicates within one value: small, cleared for every value, and only then
/// large when the value is.
#[derive(Clone, Debug)]
pub(crate) struct ElementSet {
    hasher: Hasher,
    /// 64 bits of the fingerprint: for so few elements they are plenty.
    slots: Vec<u64>,
    /// The other eight, kept for the day the set becomes a large one.
    tables: Vec<u8>,
    len: usize,
    large: Option<FingerprintSet>,
}

/// Elements up to which one table does; above, tables that grow one by one.
const SMALL: usize = 1 << 14;

impl ElementSet {
    pub fn new(hasher: Hasher) -> ElementSet {
        ElementSet {
            hasher,
            slots: Vec::new(),
            tables: Vec::new(),
            len: 0,
            large: None,
        }
    }

    /// Empties the set and makes room for about `expected` elements. The
    /// number may come from the file: what it makes us allocate is bounded.
    #[inline]
    pub fn clear(&mut self, expected: u64) {
        let want = (expected.min(1 << 10) as usize * 2)
            .next_power_of_two()
            .max(8);
        self.large = None;
        self.reset(want);
    }

    fn reset(&mut self, slots: usize) {
        self.len = 0;
        self.slots.clear();
        self.slots.resize(slots, 0);
        self.tables.resize(slots, 0);
    }

    /// Adds a string; `false` if it was there.
    #[inline]
    pub fn insert(&mut self, bytes: &[u8]) -> bool {
        let print = self.hasher.fingerprint(0, bytes);
        match &mut self.large {
            Some(large) => large.insert(print),
            None if self.len * 2 < self.slots.len() => self.insert_small(print),
            None => self.insert_grown(print),
        }
    }

    #[inline]
    fn insert_small(&mut self, print: Fingerprint) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = print.stored as usize & mask;
        loop {
            match self.slots[at] {
                0 => {
                    self.slots[at] = print.stored;
                    self.tables[at] = print.table;
                    self.len += 1;
                    return true;
                }
                there if there == print.stored => return false,
                _ => at = (at + 1) & mask,
            }
        }
    }

    #[cold]
    fn insert_grown(&mut self, print: Fingerprint) -> bool {
        let slots = std::mem::take(&mut self.slots);
        let tables = std::mem::take(&mut self.tables);
        let present = slots
            .into_iter()
            .zip(tables)
            .filter(|(stored, _)| *stored != 0)
            .map(|(stored, table)| Fingerprint { table, stored });
        if self.len >= SMALL {
            let mut large = FingerprintSet::new();
            for old in present {
                large.insert(old);
            }
            let new = large.insert(print);
            self.large = Some(large);
            return new;
        }
        self.reset((self.len * 4).next_power_of_two().max(8));
        for old in present {
            self.insert_small(old);
        }
        self.insert_small(print)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_million_keys_without_a_false_alarm() {
        let hasher = Hasher::new();
        let mut set = FingerprintSet::new();
        for i in 0..1_000_000u32 {
            assert!(set.insert(hasher.fingerprint(0, &i.to_le_bytes())), "{i}");
        }
        for i in (0..1_000_000u32).step_by(997) {
            assert!(!set.insert(hasher.fingerprint(0, &i.to_le_bytes())), "{i}");
            assert!(
                set.insert(hasher.fingerprint(1, &i.to_le_bytes())),
                "other database {i}"
            );
        }
        let per_key = set.memory() as f64 / 1_000_000.0;
        assert!((8.0..=11.5).contains(&per_key), "{per_key} bytes a key");
    }

    #[test]
    fn a_large_value_still_finds_its_duplicates() {
        let mut set = ElementSet::new(Hasher::new());
        set.clear(u64::MAX);
        for i in 0..300_000u32 {
            assert!(set.insert(&i.to_le_bytes()), "{i}");
        }
        for i in (0..300_000u32).step_by(101) {
            assert!(!set.insert(&i.to_le_bytes()), "{i}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(items: Vec<Vec<u8>>, expected: u64) {
            let mut set = ElementSet::new(Hasher::new());
            set.clear(expected);
            let mut plain = HashSet::new();
            for item in &items {
                prop_assert_eq!(set.insert(item), plain.insert(item.clone()));
            }
        }
    }
}
