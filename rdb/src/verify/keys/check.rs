//! Finding the keys that come twice in logs that are complete.

use std::collections::BinaryHeap;
use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread::{Builder, scope};

use super::{LOGS, Slab, ahead_of, print_of};
use crate::verify::fingerprint::Table;

/// Keys that were there before.
#[derive(Debug, Default)]
pub(crate) struct Duplicates {
    /// How many.
    pub count: u64,
    /// Offsets of the first ones in the file.
    pub first: Vec<u64>,
}

/// Checks all logs, each by the next of the `threads` that has time.
pub(super) fn all(
    slabs: &[Slab],
    spilled: &[Vec<(u64, u64)>],
    threads: usize,
    keep: usize,
) -> Duplicates {
    let queue = Mutex::new(0..LOGS);
    let look = || {
        let mut check = Check::new(keep);
        // The guard must not live as long as the body of a `while let` does.
        let next = || queue.lock().ok()?.next();
        while let Some(log) = next() {
            let spilled = spilled.get(log).map_or(&[][..], Vec::as_slice);
            check.duplicates(log, slabs, spilled);
        }
        check.found
    };
    scope(|scope| {
        let hire = |_| Builder::new().spawn_scoped(scope, look);
        let others: Vec<_> = (1..threads).map_while(|n| hire(n).ok()).collect();
        let mut found = look();
        for other in others {
            match other.join() {
                Ok(other) => found.join(other),
                Err(panic) => resume_unwind(panic),
            }
        }
        Duplicates {
            count: found.count,
            first: found.offsets.into_sorted_vec(),
        }
    })
}

/// Keys that were there before, while they are being found. They come in the
/// order of a hash that differs from run to run.
#[derive(Debug, Default)]
struct Found {
    count: u64,
    keep: usize,
    offsets: BinaryHeap<u64>,
}

impl Found {
    fn add(&mut self, offset: u64) {
        self.count += 1;
        self.keep(offset);
    }

    /// Of too many the last are forgotten.
    fn keep(&mut self, offset: u64) {
        self.offsets.push(offset);
        if self.offsets.len() > self.keep {
            self.offsets.pop();
        }
    }

    fn join(&mut self, other: Found) {
        self.count += other.count;
        for offset in other.offsets {
            self.keep(offset);
        }
    }
}

/// What the check of one log after the other works with.
#[derive(Debug, Default)]
struct Check {
    marks: Marks,
    table: Table,
    /// Fingerprints and offsets.
    suspects: Vec<(u64, u64)>,
    found: Found,
}

impl Check {
    fn new(keep: usize) -> Check {
        Check {
            found: Found {
                keep,
                ..Found::default()
            },
            ..Check::default()
        }
    }

    fn duplicates(&mut self, log: usize, slabs: &[Slab], spilled: &[(u64, u64)]) {
        let Check {
            marks,
            table,
            suspects,
            found,
        } = self;
        let in_slabs: usize = slabs.iter().map(|slab| slab.log(log).len()).sum();
        marks.clear(in_slabs + spilled.len());
        for slab in slabs {
            for key in slab.log(log) {
                marks.mark(print_of(key));
            }
        }
        for (print, _) in spilled {
            marks.mark(*print);
        }
        suspects.clear();
        for slab in slabs {
            for key in slab.log(log) {
                if marks.is_twice(print_of(key)) {
                    suspects.push((print_of(key), slab.base + u64::from(ahead_of(key))));
                }
            }
        }
        suspects.extend(spilled.iter().filter(|(print, _)| marks.is_twice(*print)));
        table.clear(suspects.len());
        let prints = suspects.iter().map(|(print, _)| *print);
        let mut twice: Vec<u64> = prints.filter(|print| !table.insert(*print)).collect();
        if twice.is_empty() {
            return;
        }
        // Slabs that were filled by several threads are in no order.
        twice.sort_unstable();
        suspects.retain(|(print, _)| twice.binary_search(print).is_ok());
        suspects.sort_unstable();
        for pair in suspects.windows(2) {
            if let [(before, _), (print, offset)] = pair
                && before == print
            {
                found.add(*offset);
            }
        }
    }
}

/// Tells most fingerprints that are there once from those that may be there
/// twice, without a branch that depends on them: one and a half nanoseconds a
/// key, where a table that holds them all takes ten.
#[derive(Debug, Default)]
struct Marks {
    words: Vec<Word>,
    /// Brings a fingerprint down to the number of its bit.
    shift: u32,
}

/// Bits that were marked, and bits that were marked again.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    once: u64,
    twice: u64,
}

impl Marks {
    /// Empties the bitmaps and makes them large enough for `keys` keys: 8 to
    /// 16 bits for each, so that one in twelve meets another by chance.
    fn clear(&mut self, keys: usize) {
        let bits = keys.saturating_mul(8).next_power_of_two().max(64);
        self.shift = u64::BITS - bits.ilog2();
        self.words.clear();
        self.words.resize(bits / 64, Word::default());
    }

    /// The word of a fingerprint and its bit in there.
    #[inline(always)]
    fn place(&self, print: u64) -> (usize, u64) {
        let bit = print >> self.shift;
        ((bit / 64) as usize, 1 << (bit % 64))
    }

    #[inline(always)]
    fn mark(&mut self, print: u64) {
        let (at, bit) = self.place(print);
        // In range: `shift` leaves no more bits than there are.
        let word = &mut self.words[at];
        word.twice |= word.once & bit;
        word.once |= bit;
    }

    #[inline(always)]
    fn is_twice(&self, print: u64) -> bool {
        let (at, bit) = self.place(print);
        self.words[at].twice & bit != 0
    }
}
