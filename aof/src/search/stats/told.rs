//! What statistics tell when the walk is over.

use std::collections::BTreeMap;

use rdbkit_rdb::redact::plain;

use crate::search::frequent::Frequent;
use crate::search::stats::{Big, Count, FileStats, Stats};
use crate::search::timeline::{Span, Timeline};

impl Stats {
    /// The files that were opened.
    #[must_use]
    pub fn files(&self) -> &[FileStats] {
        &self.files
    }

    /// All commands.
    #[must_use]
    pub fn total(&self) -> Count {
        self.files.iter().fold(Count::default(), |sum, file| Count {
            commands: sum.commands + file.count.commands,
            bytes: sum.bytes + file.count.bytes,
        })
    }

    /// Commands by name in lower case, subcommands as `xgroup|create`, the most
    /// frequent first. Those the table does not know are in [`unknown`](Self::unknown).
    #[must_use]
    pub fn commands(&self) -> Vec<(String, Count)> {
        let name = |name: &[u8]| plain(name).to_string();
        let mut all: Vec<(String, Count)> = self.known.iter().map(|(n, c)| (name(n), *c)).collect();
        all.sort_by(|(a, x), (b, y)| y.commands.cmp(&x.commands).then_with(|| a.cmp(b)));
        all
    }

    /// Commands that no server of the table knows, by name in lower case.
    #[must_use]
    pub fn unknown(&self) -> (&Frequent, Count) {
        (&self.unknown, self.unknown_count)
    }

    /// Keys by what they begin with, up to the first `:` and with it; a key
    /// without one is its own prefix. Every key of a command counts, with the
    /// bytes of the command at its first one.
    #[must_use]
    pub fn prefixes(&self) -> &Frequent {
        &self.prefixes
    }

    /// Commands by the database they were given in.
    #[must_use]
    pub fn databases(&self) -> &BTreeMap<u64, Count> {
        &self.databases
    }

    /// Commands in databases beyond the first 65536 that came.
    #[must_use]
    pub fn other_databases(&self) -> Count {
        self.other_databases
    }

    /// Whole transactions.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.transactions
    }

    /// Files that end inside a transaction.
    #[must_use]
    pub fn open_transactions(&self) -> u64 {
        self.open_transactions
    }

    /// The whole transaction of the most commands.
    #[must_use]
    pub fn longest_transaction(&self) -> Option<&Big> {
        self.longest.as_ref()
    }

    /// The 10 commands of the most bytes, the biggest first.
    #[must_use]
    pub fn biggest(&self) -> &[Big] {
        &self.biggest
    }

    /// Commands that set an expiry: all, those by a relative time, and the
    /// range of the absolute ones in Unix milliseconds.
    #[must_use]
    pub fn expiries(&self) -> (u64, u64, Option<(i64, i64)>) {
        (self.expiries, self.relative_expiries, self.expiry_range)
    }

    /// Commands over the time of `#TS` lines.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The second of the most commands.
    #[must_use]
    pub fn busiest(&self) -> Option<&Span> {
        self.busiest.as_ref()
    }

    /// The lowest and the highest `#TS`.
    #[must_use]
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }

    /// Commands before any `#TS`.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        self.untimed
    }
}
