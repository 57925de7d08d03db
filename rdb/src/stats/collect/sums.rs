//! What is summed up apart.

use super::KINDS;
use crate::stats::{Histogram, Tally};
use crate::wire::ObjectKind;

/// One database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// All its keys.
    pub tally: Tally,
    pub(super) by_kind: [u64; KINDS],
}

impl Database {
    /// Keys of one kind.
    #[must_use]
    pub fn of(&self, kind: ObjectKind) -> u64 {
        self.by_kind[kind as usize]
    }

    pub(super) fn add(&mut self, other: &Database) {
        self.tally.add(&other.tally);
        for (sum, n) in self.by_kind.iter_mut().zip(other.by_kind) {
            *sum += n;
        }
    }
}

/// How keys of one kind are spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// Elements; of strings, bytes.
    pub elements: Histogram,
    /// Bytes in memory, as estimated.
    pub memory: Histogram,
    /// Keys of which the number of elements is not known.
    pub uncounted: u64,
}

/// How keys were used, where the server kept account of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Seconds since keys were used (LRU policies).
    pub idle: Histogram,
    /// Use counters, which are logarithms (LFU policies).
    pub freq: Histogram,
}
