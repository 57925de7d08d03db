//! Finding duplicates in sets too large to keep: fingerprints instead of bytes.
//!
//! A key is hashed to 128 bits with a seed drawn anew in every run, so that no
//! file can be made to collide. Eight bits choose one of 256 tables and 64 are
//! stored: 72 bits tell two keys apart. Among 100 million keys the chance that
//! any two different ones look the same is 1 in a million.

use std::hash::{BuildHasher, RandomState};

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed, xxh3_128_with_seed};

/// What is kept of a key or element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Chooses the table, or the log.
    pub table: u8,
    /// What is stored; never 0, which marks a free slot.
    pub stored: u64,
}

impl Fingerprint {
    #[inline]
    fn of_wide(hash: u128) -> Fingerprint {
        Fingerprint {
            table: (hash >> 64) as u8,
            stored: (hash as u64).max(1),
        }
    }

    /// With no more bits than a narrow one has.
    fn of_narrow(print: u64) -> Fingerprint {
        Fingerprint {
            // The low bits: the high ones are the home in the table.
            table: print as u8,
            stored: print,
        }
    }
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
        Fingerprint::of_wide(xxh3_128_with_seed(bytes, self.seed_of(space)))
    }

    /// For a string within `space` that comes in pieces.
    pub fn pieces(&self, space: u64) -> Pieces {
        Pieces {
            hash: Box::new(Xxh3::with_seed(self.seed_of(space))),
        }
    }

    /// All of a hash, for a string that may be one of many.
    pub fn wide(&self, bytes: &[u8]) -> u128 {
        xxh3_128_with_seed(bytes, self.seed)
    }

    #[inline]
    fn seed_of(&self, space: u64) -> u64 {
        self.seed ^ space.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// 64 bits for what is one of few; never 0.
    #[inline]
    fn narrow(&self, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.seed).max(1)
    }
}

/// The hash of a string of which no more than a piece is at hand: what a [`Hasher`]
/// says of it once it has gone by.
#[derive(Clone)]
pub(crate) struct Pieces {
    hash: Box<Xxh3>,
}

impl Pieces {
    /// Forgets all it has seen.
    pub fn clear(&mut self) {
        self.hash.reset();
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
    }

    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of_wide(self.wide())
    }

    pub fn wide(&self) -> u128 {
        self.hash.digest128()
    }

    /// For an [`ElementSet`].
    pub fn print(&self) -> Print {
        Print {
            wide: self.fingerprint(),
            narrow: self.hash.digest().max(1),
        }
    }
}

/// What an [`ElementSet`] has to know of a string, few or many as its elements are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Print {
    wide: Fingerprint,
    narrow: u64,
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Pieces").finish_non_exhaustive()
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
#[derive(Clone, Debug, Default)]
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

/// Duplicates within one value: cleared for every value, most of which are
/// small.
///
/// Up to [`SMALL`] elements, 64 bits tell them apart: in a billion values of
/// ten elements the chance that any two look the same is 1 in 400 million.
#[derive(Clone, Debug)]
pub(crate) struct ElementSet {
    hasher: Hasher,
    how: How,
    /// Elements in `few` or `slots`.
    len: usize,
    few: [u64; FEW],
    /// One bit for each of `few`, by six bits of it. Nine in ten elements of
    /// small values find theirs unset and are compared with nothing.
    filter: u64,
    /// A power of two of them, or none; 0 is free.
    slots: Vec<u64>,
    large: FingerprintSet,
}

/// How the elements of the current value are kept.
#[derive(Clone, Copy, Debug, PartialEq)]
enum How {
    /// In a list.
    Few,
    /// In one table.
    Slots,
    /// In tables that grow one by one.
    Large,
    /// The same, with 64 bits: the value said it was small.
    LargeAfterAll,
}

/// Elements up to which a list does.
const FEW: usize = 16;

/// Elements up to which one table does.
const SMALL: usize = 1 << 14;

impl ElementSet {
    pub fn new(hasher: Hasher) -> ElementSet {
        ElementSet {
            hasher,
            how: How::Few,
            len: 0,
            few: [0; FEW],
            filter: 0,
            slots: Vec::new(),
            large: FingerprintSet::default(),
        }
    }

    /// Empties the set for about `expected` elements. The number may come from
    /// the file: what it makes us allocate is bounded.
    #[inline]
    pub fn clear(&mut self, expected: u64) {
        if self.how != How::Few {
            self.large = FingerprintSet::default();
        }
        self.how = How::Few;
        self.len = 0;
        self.filter = 0;
        if expected > FEW as u64 {
            self.expect(expected);
        }
    }

    #[inline(never)]
    fn expect(&mut self, expected: u64) {
        if expected > SMALL as u64 {
            self.how = How::Large;
            self.large = FingerprintSet::new();
        } else {
            self.how = How::Slots;
            self.reset((expected.min(1 << 10) as usize * 2).next_power_of_two());
        }
    }

    fn reset(&mut self, slots: usize) {
        self.len = 0;
        self.slots.clear();
        self.slots.resize(slots, 0);
    }

    /// Adds a string; `false` if it was there.
    #[inline]
    pub fn insert(&mut self, bytes: &[u8]) -> bool {
        match self.how {
            How::Large => self.large.insert(self.hasher.fingerprint(0, bytes)),
            _ => self.insert_narrow(self.hasher.narrow(bytes)),
        }
    }

    /// What [`insert_print`](Self::insert_print) needs to know of a string.
    pub fn print(&self, bytes: &[u8]) -> Print {
        Print {
            wide: self.hasher.fingerprint(0, bytes),
            narrow: self.hasher.narrow(bytes),
        }
    }

    /// As [`insert`](Self::insert), for a string that is not at hand.
    pub fn insert_print(&mut self, print: Print) -> bool {
        match self.how {
            How::Large => self.large.insert(print.wide),
            _ => self.insert_narrow(print.narrow),
        }
    }

    /// All of a hash of a string that goes into another set.
    pub fn wide(&self, bytes: &[u8]) -> u128 {
        self.hasher.wide(bytes)
    }

    /// For a string that comes in pieces, of this set or another.
    pub fn pieces(&self) -> Pieces {
        self.hasher.pieces(0)
    }

    #[inline]
    fn insert_narrow(&mut self, print: u64) -> bool {
        if self.how == How::Few {
            let bit = 1 << (print >> 58);
            if self.filter & bit != 0 && self.few.iter().take(self.len).any(|p| *p == print) {
                return false;
            }
            if let Some(slot) = self.few.get_mut(self.len) {
                *slot = print;
                self.len += 1;
                self.filter |= bit;
                return true;
            }
        }
        self.insert_slot(print)
    }

    #[inline(never)]
    fn insert_slot(&mut self, print: u64) -> bool {
        if self.how == How::Few || (self.how == How::Slots && self.len * 2 >= self.slots.len()) {
            self.grow();
        }
        match self.how {
            How::LargeAfterAll => self.large.insert(Fingerprint::of_narrow(print)),
            _ => self.put(print),
        }
    }

    fn put(&mut self, print: u64) -> bool {
        let mask = self.slots.len() - 1;
        let mut at = print as usize & mask;
        loop {
            match self.slots[at] {
                0 => {
                    self.slots[at] = print;
                    self.len += 1;
                    return true;
                }
                there if there == print => return false,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Moves what is there to where there is more room.
    #[cold]
    fn grow(&mut self) {
        let there = match self.how {
            How::Few => self.few.to_vec(),
            _ => std::mem::take(&mut self.slots),
        };
        let prints = there.into_iter().filter(|print| *print != 0);
        if self.len >= SMALL {
            self.how = How::LargeAfterAll;
            self.large = FingerprintSet::new();
            for print in prints {
                self.large.insert(Fingerprint::of_narrow(print));
            }
        } else {
            self.how = How::Slots;
            self.reset((self.len * 4).next_power_of_two());
            for print in prints {
                self.put(print);
            }
        }
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

    #[test]
    fn a_value_larger_than_it_said_does_too() {
        let mut set = ElementSet::new(Hasher::new());
        for (expected, len) in [(0, 100), (3, 100_000), (0, 16), (100, 300)] {
            set.clear(expected);
            for i in 0..len {
                assert!(set.insert(format!("{i}").as_bytes()), "{i}");
            }
            for i in 0..len {
                assert!(!set.insert(format!("{i}").as_bytes()), "{i}");
            }
        }
    }

    #[test]
    fn pieces_are_what_they_make_together() {
        let mut set = ElementSet::new(Hasher::new());
        for expected in [0, 100, u64::MAX] {
            for len in [0, 1, 16, 200, 240, 241, 5_000, 100_000] {
                set.clear(expected);
                let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
                let mut pieces = set.pieces();
                for piece in bytes.chunks(77) {
                    pieces.add(piece);
                }
                assert!(set.insert(&bytes));
                assert!(!set.insert_print(pieces.print()), "{len}");
                assert_eq!(set.hasher.wide(&bytes), pieces.wide());
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_set(
            items in prop::collection::vec(prop::collection::vec(0..4u8, 0..4), 0..100),
            expected in prop_oneof![0..200u64, any::<u64>()],
        ) {
            let mut set = ElementSet::new(Hasher::new());
            set.clear(expected);
            let mut plain = HashSet::new();
            for item in &items {
                prop_assert_eq!(set.insert(item), plain.insert(item.clone()));
            }
        }
    }
}
