//! The largest keys.

use std::cmp::Reverse;

use super::KeyStats;
use super::memory::Memory;
use crate::wire::{Dialect, ValueType};

/// A key among the largest of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BigKey {
    /// Database.
    pub db: u64,
    /// The first [`MAX_NAME`](Self::MAX_NAME) bytes of its name.
    pub key: Vec<u8>,
    /// Bytes of the whole name.
    pub key_len: u64,
    /// Type and encoding in the file.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// When it expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
    /// Offset of its type byte.
    pub offset: u64,
    /// Bytes in the file.
    pub size: u64,
    /// Elements, or bytes of a string, if known.
    pub elements: Option<u64>,
    /// The estimate of its size in memory.
    pub memory: Memory,
}

impl BigKey {
    /// Bytes of a name that are kept.
    pub const MAX_NAME: usize = 1024;
}

/// The `most` keys with the largest numbers; of equal ones, those that come
/// first.
#[derive(Clone, Debug, Default)]
pub(super) struct Top {
    most: usize,
    /// In descending order of the number.
    keys: Vec<(u64, BigKey)>,
    /// What a number has to exceed.
    least: Option<u64>,
}

impl Top {
    pub fn new(most: usize) -> Top {
        Top {
            most,
            keys: Vec::new(),
            least: None,
        }
    }

    #[inline]
    pub fn add(&mut self, number: u64, key: &KeyStats<'_>) {
        if self.least.is_none_or(|least| number > least) && self.most > 0 {
            let key = BigKey {
                db: key.db,
                key: key.key.get(..BigKey::MAX_NAME).unwrap_or(key.key).to_vec(),
                key_len: key.key.len() as u64,
                kind: key.kind,
                dialect: key.dialect,
                expire_ms: key.meta.expire_ms,
                offset: key.offset,
                size: key.size,
                elements: key.elements,
                memory: key.memory,
            };
            self.insert(number, key);
        }
    }

    #[cold]
    fn insert(&mut self, number: u64, key: BigKey) {
        let at = self.keys.partition_point(|(n, _)| *n >= number);
        self.keys.insert(at, (number, key));
        self.keys.truncate(self.most);
        if self.keys.len() == self.most {
            self.least = self.keys.last().map(|(n, _)| *n);
        }
    }

    pub fn merge(&mut self, other: Top) {
        self.keys.extend(other.keys);
        self.keys.sort_by_key(|(n, _)| Reverse(*n));
        self.keys.truncate(self.most);
        if self.keys.len() == self.most {
            self.least = self.keys.last().map(|(n, _)| *n);
        }
    }

    pub fn keys(&self) -> impl Iterator<Item = &BigKey> {
        self.keys.iter().map(|(_, key)| key)
    }
}
