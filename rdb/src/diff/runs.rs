//! Places of keys that differ, in the order of the files, however many.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::budget::Budget;
use super::error::DiffError;

/// Places in the old and the new file; [`NOWHERE`] where there is none. Their
/// order is that of the old file, and behind it that of the new one.
pub(super) type Places = (u64, u64);

/// Not in this file.
pub(super) const NOWHERE: u64 = u64::MAX;

const BYTES: usize = 16;

/// Bytes of a run that are read at once.
const BLOCK: usize = BYTES << 10;

/// Gathers places. What does not fit is sorted and written out.
pub(super) struct Runs {
    held: Vec<Places>,
    most: usize,
    /// Where runs are, and how many bytes they have.
    runs: Vec<(u64, u64)>,
}

impl Runs {
    /// Holds so many bytes of them.
    pub fn new(bytes: u64) -> Runs {
        Runs {
            held: Vec::new(),
            most: usize::try_from(bytes).unwrap_or(usize::MAX).max(BLOCK) / BYTES,
            runs: Vec::new(),
        }
    }

    pub fn push(&mut self, places: Places, budget: &mut Budget<'_>) -> Result<(), DiffError> {
        if self.held.len() >= self.most {
            self.spill(budget)?;
        }
        self.held.push(places);
        Ok(())
    }

    #[cold]
    fn spill(&mut self, budget: &mut Budget<'_>) -> Result<(), DiffError> {
        self.held.sort_unstable();
        let begin = budget.spilled();
        let mut block = Vec::with_capacity(BLOCK);
        for places in self.held.chunks(BLOCK / BYTES) {
            block.clear();
            for (old, new) in places {
                block.extend_from_slice(&old.to_le_bytes());
                block.extend_from_slice(&new.to_le_bytes());
            }
            budget.spill(&block)?;
        }
        self.runs.push((begin, budget.spilled() - begin));
        self.held.clear();
        Ok(())
    }

    /// All of them, in order.
    pub fn merge(mut self) -> Merge {
        self.held.sort_unstable();
        let mut runs: Vec<Run> = self
            .runs
            .iter()
            .map(|(at, left)| Run::new(*at, *left))
            .collect();
        runs.push(Run {
            read: self.held.into(),
            at: 0,
            left: 0,
        });
        Merge { runs, next: None }
    }
}

/// One sorted run: what was read of it, and where the rest is.
struct Run {
    read: VecDeque<Places>,
    at: u64,
    left: u64,
}

impl Run {
    fn new(at: u64, left: u64) -> Run {
        let read = VecDeque::new();
        Run { read, at, left }
    }

    fn next(&mut self, budget: &Budget<'_>) -> Result<Option<Places>, DiffError> {
        if self.read.is_empty() && self.left > 0 {
            let mut block = vec![0; self.left.min(BLOCK as u64) as usize];
            budget.load(&mut block, self.at)?;
            self.at += block.len() as u64;
            self.left -= block.len() as u64;
            let number = |bytes: &[u8; 8]| u64::from_le_bytes(*bytes);
            for pair in block.as_chunks::<8>().0.chunks(2) {
                if let [old, new] = pair {
                    self.read.push_back((number(old), number(new)));
                }
            }
        }
        Ok(self.read.pop_front())
    }
}

/// Runs as one.
pub(super) struct Merge {
    runs: Vec<Run>,
    /// The first of each run.
    next: Option<BinaryHeap<Reverse<(Places, usize)>>>,
}

impl Merge {
    pub fn next(&mut self, budget: &Budget<'_>) -> Result<Option<Places>, DiffError> {
        let next = match &mut self.next {
            Some(next) => next,
            None => {
                let mut firsts = BinaryHeap::new();
                for (n, run) in self.runs.iter_mut().enumerate() {
                    firsts.extend(run.next(budget)?.map(|places| Reverse((places, n))));
                }
                self.next.insert(firsts)
            }
        };
        let Some(Reverse((places, n))) = next.pop() else {
            return Ok(None);
        };
        if let Some(run) = self.runs.get_mut(n) {
            next.extend(run.next(budget)?.map(|places| Reverse((places, n))));
        }
        Ok(Some(places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_come_back_as_one() {
        let mut room = Vec::new();
        let mut budget = Budget::new(0, Some(&mut room));
        for count in [0u64, 1, 1024, 5000] {
            let mut runs = Runs::new(0);
            for n in 0..count {
                let n = n.wrapping_mul(2_654_435_761) % 5003;
                let old = if n % 5 == 0 { NOWHERE } else { n };
                runs.push((old, n), &mut budget).unwrap();
            }
            assert_eq!(runs.runs.len() as u64, count.saturating_sub(1) / 1024);
            let mut merge = runs.merge();
            let mut all = Vec::new();
            while let Some(places) = merge.next(&budget).unwrap() {
                all.push(places);
            }
            assert_eq!(all.len() as u64, count);
            assert!(all.is_sorted());
        }
    }
}
