//! Counting different keys in bounded memory: all of them while they are few, a
//! sample of them when they are many.
//!
//! A key is kept if the low bits of its hash are zero: none of them at first,
//! one more each time there are too many. The number kept times the share is
//! then a fair estimate, within about one percent, and keys can be taken out.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Keys kept at most.
const KEPT: usize = 1 << 16;

/// A set of keys, each with its database.
#[derive(Debug)]
pub(super) struct Sample {
    seed: u64,
    /// How many low bits are zero.
    bits: u32,
    /// Database by hash.
    kept: HashMap<u64, u64, BuildHasherDefault<AsIs>>,
}

/// Hashes are hashed enough.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, hash: u64) {
        // The low bits are what the sample is taken by.
        self.0 = hash.rotate_left(32);
    }
}

impl Sample {
    /// An empty one, with a seed of its own: no file can choose what collides.
    pub fn new() -> Sample {
        Sample {
            seed: RandomState::new().hash_one(0u8),
            bits: 0,
            kept: HashMap::default(),
        }
    }

    #[inline]
    fn hash(&self, db: u64, key: &[u8]) -> Option<u64> {
        let seed = self.seed ^ db.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = xxh3_64_with_seed(key, seed);
        (hash.trailing_zeros() >= self.bits).then_some(hash)
    }

    /// Puts a key in.
    #[inline]
    pub fn insert(&mut self, db: u64, key: &[u8]) {
        if let Some(hash) = self.hash(db, key) {
            self.kept.insert(hash, db);
            while self.kept.len() > KEPT && self.bits < 63 {
                self.bits += 1;
                let bits = self.bits;
                self.kept.retain(|hash, _| hash.trailing_zeros() >= bits);
            }
        }
    }

    /// Takes a key out; whether it was there, as far as the sample tells.
    #[inline]
    pub fn remove(&mut self, db: u64, key: &[u8]) -> bool {
        !self.kept.is_empty()
            && self
                .hash(db, key)
                .is_some_and(|hash| self.kept.remove(&hash).is_some())
    }

    /// Whether a key is there, as far as the sample tells.
    #[inline]
    pub fn contains(&self, db: u64, key: &[u8]) -> bool {
        let hash = self.hash(db, key);
        hash.is_some_and(|hash| self.kept.contains_key(&hash))
    }

    /// Takes out all keys of a database.
    pub fn remove_database(&mut self, db: u64) {
        self.kept.retain(|_, of| *of != db);
    }

    /// Takes out all keys.
    pub fn clear(&mut self) {
        self.kept.clear();
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        (self.kept.len() as u64) << self.bits
    }

    /// Whether that is no estimate.
    pub fn is_exact(&self) -> bool {
        self.bits == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_counted_and_many_estimated() {
        let mut sample = Sample::new();
        for n in 0..40_000u64 {
            sample.insert(n % 2, &(n / 2).to_le_bytes());
            sample.insert(n % 2, &(n / 2).to_le_bytes());
        }
        assert_eq!((sample.count(), sample.is_exact()), (40_000, true));
        for n in 0..1_000_000u64 {
            sample.insert(7, &n.to_le_bytes());
        }
        let count = sample.count();
        assert!(
            !sample.is_exact() && (1_000_000..1_080_000).contains(&count),
            "{count}"
        );
        for n in 0..500_000u64 {
            sample.remove(7, &n.to_le_bytes());
        }
        let count = sample.count();
        assert!((510_000..570_000).contains(&count), "{count}");
        sample.remove_database(7);
        assert!((36_000..44_000).contains(&sample.count()));
        sample.clear();
        assert_eq!(sample.count(), 0);
        assert!(!sample.remove(0, b"x"));
    }
}
