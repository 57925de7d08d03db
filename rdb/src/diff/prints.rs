//! Fingerprints of keys and of what they hold.
//!
//! A key that has the same two fingerprints in both files is taken to be the
//! same: 56 bits of one of database and name, and 64 of one of name, value,
//! expiry and metadata as they are written. Both are seeded anew in every run,
//! so that nobody can make a file whose changes do not show; by chance one
//! change in 10^19 would be missed. Nothing else rests on fingerprints: where
//! the second one differs, names and bytes are looked at.

use std::hash::{BuildHasher, RandomState};

use xxhash_rust::xxh3::{Xxh3, xxh3_64_with_seed, xxh3_128_with_seed};

/// Makes fingerprints; the same for both files.
#[derive(Clone, Debug)]
pub(super) struct Prints {
    key: u64,
    content: u64,
    extra: u64,
}

impl Prints {
    pub fn new() -> Prints {
        let random = RandomState::new();
        Prints {
            key: random.hash_one(0u8),
            content: random.hash_one(1u8),
            extra: random.hash_one(2u8),
        }
    }

    /// Of a key: which log, and what stands there.
    #[inline(always)]
    pub fn key(&self, db: u64, name: &[u8]) -> (u8, u64) {
        let seed = self.key ^ db.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let hash = xxh3_128_with_seed(name, seed);
        ((hash >> 64) as u8, hash as u64)
    }

    /// Of the bytes of a key, from its type on.
    #[inline(always)]
    pub fn span(&self, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.content)
    }

    /// As [`span`](Self::span), in pieces.
    pub fn pieces(&self) -> Xxh3 {
        Xxh3::with_seed(self.content)
    }

    /// Of something beside it.
    #[inline]
    pub fn extra(&self, what: u8, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.extra ^ u64::from(what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let prints = Prints::new();
        let bytes: Vec<u8> = (0..2000u32).map(|n| n as u8).collect();
        for len in [0, 1, 16, 240, 241, 2000] {
            let mut pieces = prints.pieces();
            for piece in bytes[..len].chunks(7) {
                pieces.update(piece);
            }
            assert_eq!(pieces.digest(), prints.span(&bytes[..len]), "{len}");
        }
    }

    #[test]
    fn databases_are_told_apart() {
        let prints = Prints::new();
        assert_ne!(prints.key(0, b"a"), prints.key(1, b"a"));
        assert_ne!(prints.extra(0, b"a"), prints.extra(1, b"a"));
    }
}
