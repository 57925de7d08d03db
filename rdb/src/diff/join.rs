//! Which keys differ: the logs of both files, one pair at a time.

use std::collections::BTreeMap;
use std::thread;

use super::budget::Budget;
use super::difference::DuplicateKey;
use super::error::{DiffError, Side};
use super::fetch::Fetcher;
use super::log::{Entry, LOGS, Logs};
use super::runs::{NOWHERE, Places, Runs};

/// Entries that take longer to sort than a thread takes to start.
const WORTH_A_THREAD: usize = if cfg!(test) { 8 } else { 4096 };

/// Duplicates that are told of; more are only counted.
const TOLD: usize = 10_000;

/// What came of it.
pub(super) struct Joined {
    /// Places of keys that differ, or seem to.
    pub places: Runs,
    /// Keys that are taken, and are the same in both files.
    pub same: u64,
    /// Keys that a file has more than once.
    pub duplicates: Vec<DuplicateKey>,
    /// How many there are of them, told or not.
    pub duplicate_keys: u64,
    /// Of these, those of which both files do not have the same copies.
    pub ambiguous: u64,
}

/// Joins logs.
pub(super) struct Join<'j, 's> {
    pub old: &'j mut Fetcher<'s>,
    pub new: &'j mut Fetcher<'s>,
    /// The logs of both files are sorted at the same time.
    at_once: bool,
    out: Joined,
}

impl<'j, 's> Join<'j, 's> {
    pub fn new(
        old: &'j mut Fetcher<'s>,
        new: &'j mut Fetcher<'s>,
        at_once: bool,
        budget: &Budget<'_>,
    ) -> Join<'j, 's> {
        let out = Joined {
            places: Runs::new(budget.limit / 8),
            same: 0,
            duplicates: Vec::new(),
            duplicate_keys: 0,
            ambiguous: 0,
        };
        Join {
            old,
            new,
            at_once,
            out,
        }
    }

    pub fn run(
        mut self,
        old: &mut Logs,
        new: &mut Logs,
        budget: &mut Budget<'_>,
    ) -> Result<Joined, DiffError> {
        for log in 0..LOGS {
            // An even share is far below; a file of one key over and over is not.
            if (old.bytes(log) + new.bytes(log)) * 2 > budget.limit.max(64 << 20) {
                let limit = budget.limit;
                return Err(DiffError::Memory { limit });
            }
            let (mut old, mut new) = (old.take(log, budget)?, new.take(log, budget)?);
            thread::scope(|scope| {
                let sort =
                    |entries: &mut [Entry]| entries.sort_unstable_by_key(|entry| entry.print);
                if self.at_once && new.len() >= WORTH_A_THREAD {
                    let new = &mut new;
                    scope.spawn(move || sort(new));
                } else {
                    sort(&mut new);
                }
                sort(&mut old);
            });
            self.sorted(&old, &new, budget)?;
        }
        self.out.duplicates.sort_by_key(|dup| dup.places);
        Ok(self.out)
    }

    fn sorted(
        &mut self,
        mut old: &[Entry],
        mut new: &[Entry],
        budget: &mut Budget<'_>,
    ) -> Result<(), DiffError> {
        loop {
            let print = match (old.first(), new.first()) {
                (None, None) => return Ok(()),
                (Some(a), Some(b)) => a.print.min(b.print),
                (Some(one), None) | (None, Some(one)) => one.print,
            };
            let (olds, news) = (run_of(&mut old, print), run_of(&mut new, print));
            match (olds, news) {
                ([a], [b]) => self.pair(Some(a), Some(b), budget)?,
                ([a], []) => self.pair(Some(a), None, budget)?,
                ([], [b]) => self.pair(None, Some(b), budget)?,
                _ => self.several(olds, news, budget)?,
            }
        }
    }

    /// One key at most in each file.
    #[inline]
    fn pair(
        &mut self,
        old: Option<&Entry>,
        new: Option<&Entry>,
        budget: &mut Budget<'_>,
    ) -> Result<(), DiffError> {
        let taken = |entry: Option<&Entry>| entry.is_some_and(Entry::taken);
        if !taken(old) && !taken(new) {
            return Ok(());
        }
        if let (Some(a), Some(b)) = (old, new)
            && a.content == b.content
        {
            self.out.same += 1;
            return Ok(());
        }
        let at = |entry: Option<&Entry>| entry.map_or(NOWHERE, Entry::at);
        self.out.places.push((at(old), at(new)), budget)
    }

    /// Several keys of a file have the same fingerprint: most likely the same
    /// key is there more than once, which no server loads.
    #[cold]
    fn several(
        &mut self,
        old: &[Entry],
        new: &[Entry],
        budget: &mut Budget<'_>,
    ) -> Result<(), DiffError> {
        let mut named: BTreeMap<(u64, Vec<u8>), [Vec<Entry>; 2]> = BTreeMap::new();
        for (side, entries) in [(Side::Old, old), (Side::New, new)] {
            for entry in entries {
                let fetcher = match side {
                    Side::Old => &mut *self.old,
                    Side::New => &mut *self.new,
                };
                let key = fetcher.head(entry.at())?;
                named.entry((key.db, key.key.to_vec())).or_default()[side as usize].push(*entry);
            }
        }
        for ((db, key), [old, new]) in named {
            if let ([] | [_], [] | [_]) = (&old[..], &new[..]) {
                self.pair(old.first(), new.first(), budget)?;
                continue;
            }
            if old.iter().chain(&new).any(Entry::taken) {
                self.duplicate(db, key, old, new);
            }
        }
        Ok(())
    }

    fn duplicate(&mut self, db: u64, key: Vec<u8>, mut old: Vec<Entry>, mut new: Vec<Entry>) {
        let first = |entries: &[Entry]| entries.iter().map(Entry::at).min().unwrap_or(NOWHERE);
        let places: Places = (first(&old), first(&new));
        old.sort_unstable_by_key(|entry| entry.content);
        new.sort_unstable_by_key(|entry| entry.content);
        let contents =
            |entries: &[Entry]| -> Vec<u64> { entries.iter().map(|entry| entry.content).collect() };
        let alike = contents(&old) == contents(&new);
        self.out.duplicate_keys += 1;
        self.out.ambiguous += u64::from(!alike);
        if self.out.duplicates.len() < TOLD {
            self.out.duplicates.push(DuplicateKey {
                db,
                key,
                old: old.len() as u64,
                new: new.len() as u64,
                alike,
                places,
            });
        }
    }
}

/// Cuts the entries with this fingerprint off the front.
#[inline(always)]
fn run_of<'e>(entries: &mut &'e [Entry], print: u64) -> &'e [Entry] {
    let all = *entries;
    let mut len = 0;
    while all.get(len).is_some_and(|entry| entry.print == print) {
        len += 1;
    }
    let (run, rest) = all.split_at(len);
    *entries = rest;
    run
}
