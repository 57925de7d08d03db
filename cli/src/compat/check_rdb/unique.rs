//! Has this string been there before?

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

/// The strings of one value, kept as 128 bits of hash each.
///
/// # Limits
///
/// Some 20 bytes for each string, however long it is. The hashes are keyed at
/// random, so that a file cannot be made to collide.
pub(super) struct Unique {
    seen: HashSet<u128>,
    keys: [RandomState; 2],
}

impl Unique {
    pub fn new() -> Unique {
        Unique {
            seen: HashSet::new(),
            keys: [RandomState::new(), RandomState::new()],
        }
    }

    /// Whether `text` is new; it is not from here on.
    pub fn insert(&mut self, text: &[u8]) -> bool {
        let [high, low] = self.keys.each_ref().map(|key| key.hash_one(text));
        self.seen.insert(u128::from(high) << 64 | u128::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_is_new() {
        let mut unique = Unique::new();
        assert!(unique.insert(b"a"));
        assert!(unique.insert(b""));
        assert!(!unique.insert(b"a"));
    }
}
