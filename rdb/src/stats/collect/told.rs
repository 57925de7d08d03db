//! What was counted.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{DATABASES, Database, Kind, Stats, Usage};
use crate::filter::Filter;
use crate::stats::file::FileFacts;
use crate::stats::top::BigKey;
use crate::stats::{Encoding, Lifetime, Model, Options, Prefixes, Tally};
use crate::wire::{Dialect, ObjectKind, ValueType};

impl Stats {
    /// All keys.
    #[must_use]
    pub fn total(&self) -> Tally {
        let mut sum = Tally::default();
        for (tally, _) in self.types.iter() {
            sum.add(tally);
        }
        sum
    }

    /// What is said beside the keys.
    #[must_use]
    pub fn file(&self) -> &FileFacts {
        &self.file
    }

    /// Bytes of the file, once its end was read.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.end
    }

    /// The databases, by number; at most 65536 are told apart. They are copied
    /// where the end of the file has not been read.
    #[must_use]
    pub fn databases(&self) -> Cow<'_, BTreeMap<u64, Database>> {
        let known = self.databases.len() < DATABASES || self.databases.contains_key(&self.db);
        if self.counts.tally.keys == 0 || !known {
            return Cow::Borrowed(&self.databases);
        }
        let mut databases = self.databases.clone();
        databases.entry(self.db).or_default().add(&self.counts);
        Cow::Owned(databases)
    }

    /// The sum of the databases that are not told apart.
    #[must_use]
    pub fn other_databases(&self) -> Database {
        let mut other = self.other_databases.clone();
        if self.databases.len() >= DATABASES && !self.databases.contains_key(&self.db) {
            other.add(&self.counts);
        }
        other
    }

    /// The types and encodings of the file that there are.
    pub fn types(&self) -> impl Iterator<Item = (ValueType, Dialect, &Tally)> {
        let types = (0u8..).zip(self.types.iter());
        types
            .filter(|(_, (tally, _))| tally.keys > 0)
            .map(|(n, (tally, dialect))| (ValueType(n), *dialect, tally))
    }

    /// Keys of one kind: sums over its types.
    #[must_use]
    pub fn kind(&self, kind: ObjectKind) -> Tally {
        let mut sum = Tally::default();
        for (_, _, tally) in self.types().filter(|(n, d, _)| n.object(*d) == Some(kind)) {
            sum.add(tally);
        }
        sum
    }

    /// How keys of one kind are spread.
    #[must_use]
    pub fn spread(&self, kind: ObjectKind) -> &Kind {
        &self.kinds[kind as usize]
    }

    /// How a server would keep the keys: the encodings that there are.
    pub fn encodings(&self) -> impl Iterator<Item = (Encoding, u64)> {
        let all = Encoding::ALL.into_iter().zip(self.encodings);
        all.filter(|(_, keys)| *keys > 0)
    }

    /// Keys of types that memory is not estimated of: their bytes in the file
    /// stand for it.
    #[must_use]
    pub fn unmodelled(&self) -> u64 {
        self.unmodelled
    }

    /// Keys by what is left of their time.
    #[must_use]
    pub fn lifetime(&self, class: Lifetime) -> &Tally {
        &self.lifetimes[class as usize]
    }

    /// How keys were used.
    #[must_use]
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Prefixes of names.
    #[must_use]
    pub fn prefixes(&self) -> &Prefixes {
        &self.prefixes
    }

    /// The keys with the most bytes in the file.
    pub fn biggest_by_bytes(&self) -> impl Iterator<Item = &BigKey> {
        self.by_bytes.keys()
    }

    /// The keys with the most elements.
    pub fn biggest_by_elements(&self) -> impl Iterator<Item = &BigKey> {
        self.by_elements.keys()
    }

    /// The keys that take most memory, as estimated.
    pub fn biggest_by_memory(&self) -> impl Iterator<Item = &BigKey> {
        self.by_memory.keys()
    }

    /// What memory is estimated for.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.meter.model
    }

    /// What the tables of all databases take beside their keys, as estimated.
    #[must_use]
    pub fn tables(&self) -> u64 {
        let of = |db: &Database| self.model().database(db.tally.keys, db.tally.expires);
        let tables: u64 = self.databases().values().map(of).sum();
        tables + of(&self.other_databases())
    }

    /// The filter, for what it met.
    #[must_use]
    pub fn filter(&self) -> Option<&Filter> {
        self.filter.as_ref()
    }

    /// How things were to be counted.
    #[must_use]
    pub fn options(&self) -> &Options {
        &self.options
    }
}
