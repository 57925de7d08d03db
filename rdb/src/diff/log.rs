//! What is kept of each key while both files are read: 20 bytes, in one of 256
//! logs that are only ever appended to.
//!
//! ```text
//! fingerprint of the key u48   place and flag u48   fingerprint of all of it u64
//! ```

use super::budget::{Budget, Shared};
use super::error::DiffError;

/// Logs: a byte of the key's fingerprint says which.
pub(super) const LOGS: usize = 256;

/// Bytes of an entry.
const ENTRY: usize = 20;

/// Bytes of a block: with 256 logs of two files 16 MiB are open at most. Small
/// in tests, so that little data makes many.
const BLOCK: usize = ENTRY * if cfg!(test) { 64 } else { 1638 };

/// Bits of a fingerprint that are kept; which log it is in are eight more.
const PRINT: u64 = (1 << 48) - 1;

/// Marks in a place that the filter takes the key.
const TAKEN: u64 = 1 << 47;

/// Offsets from here on cannot be kept: 128 TiB.
pub(super) const FARTHEST: u64 = TAKEN;

/// One key of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// 48 bits of the key's fingerprint.
    pub print: u64,
    /// Fingerprint of name, value, expiry and metadata as they are written.
    pub content: u64,
    place: u64,
}

impl Entry {
    pub fn new(print: u64, content: u64, at: u64, taken: bool) -> Entry {
        Entry {
            print: print & PRINT,
            content,
            place: at | if taken { TAKEN } else { 0 },
        }
    }

    /// Offset of the first byte that belongs to the key, attributes included.
    pub fn at(&self) -> u64 {
        self.place & !TAKEN
    }

    /// Whether the filter takes the key.
    pub fn taken(&self) -> bool {
        self.place & TAKEN != 0
    }

    #[inline(always)]
    fn to_bytes(self) -> [u8; ENTRY] {
        let head = u128::from(self.print) | u128::from(self.place) << 48;
        let mut bytes = [0; ENTRY];
        bytes[..12].copy_from_slice(&head.to_le_bytes()[..12]);
        bytes[12..].copy_from_slice(&self.content.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; ENTRY]) -> Entry {
        let mut head = [0; 16];
        head[..12].copy_from_slice(&bytes[..12]);
        let head = u128::from_le_bytes(head);
        let mut content = [0; 8];
        content.copy_from_slice(&bytes[12..]);
        Entry {
            print: head as u64 & PRINT,
            place: (head >> 48) as u64 & PRINT,
            content: u64::from_le_bytes(content),
        }
    }
}

enum Block {
    Held(Vec<u8>),
    Spilled(u64),
}

#[derive(Default)]
struct Log {
    full: Vec<Block>,
    open: Vec<u8>,
}

/// The logs of one file.
pub(super) struct Logs(Vec<Log>);

impl Logs {
    pub fn new() -> Logs {
        Logs((0..LOGS).map(|_| Log::default()).collect())
    }

    #[inline(always)]
    pub fn push(&mut self, log: u8, entry: Entry, budget: &Shared<'_>) -> Result<(), DiffError> {
        let log = &mut self.0[usize::from(log)];
        log.open.extend_from_slice(&entry.to_bytes());
        match log.open.len() {
            BLOCK.. => log.seal(budget),
            _ => Ok(()),
        }
    }

    /// Bytes of a log, held or not.
    pub fn bytes(&self, log: usize) -> u64 {
        let log = &self.0[log];
        (log.full.len() * BLOCK + log.open.len()) as u64
    }

    /// Takes the entries of a log out.
    pub fn take(&mut self, log: usize, budget: &mut Budget<'_>) -> Result<Vec<Entry>, DiffError> {
        let log = std::mem::take(&mut self.0[log]);
        let mut entries = Vec::with_capacity((log.full.len() * BLOCK + log.open.len()) / ENTRY);
        let mut back = Vec::new();
        for block in log.full {
            match block {
                Block::Held(bytes) => {
                    read(&bytes, &mut entries);
                    budget.free(BLOCK);
                }
                Block::Spilled(at) => {
                    back.resize(BLOCK, 0);
                    budget.load(&mut back, at)?;
                    read(&back, &mut entries);
                }
            }
        }
        read(&log.open, &mut entries);
        Ok(entries)
    }
}

impl Log {
    #[cold]
    fn seal(&mut self, budget: &Shared<'_>) -> Result<(), DiffError> {
        let mut budget = budget.take();
        let block = match budget.hold(BLOCK) {
            true => {
                let mut full = std::mem::replace(&mut self.open, Vec::with_capacity(BLOCK));
                full.shrink_to_fit();
                Block::Held(full)
            }
            false => {
                let at = budget.spill(&self.open)?;
                self.open.clear();
                Block::Spilled(at)
            }
        };
        self.full.push(block);
        Ok(())
    }
}

fn read(bytes: &[u8], entries: &mut Vec<Entry>) {
    entries.extend(bytes.as_chunks::<ENTRY>().0.iter().map(Entry::from_bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_from_memory_and_from_temporary_room() {
        for limit in [0, BLOCK as u64 * 2, 1 << 30] {
            let mut room = Vec::new();
            let budget = Shared::new(Budget::new(limit, Some(&mut room)));
            let mut logs = Logs::new();
            let entry = |n: u64| Entry::new(n << 40 | n, !n, n * 100, n.is_multiple_of(3));
            for n in 0..10_000 {
                logs.push((n % 2) as u8, entry(n), &budget).unwrap();
            }
            let mut budget = budget.into_inner();
            assert_eq!(logs.bytes(1), 5000 * ENTRY as u64);
            let odd = logs.take(1, &mut budget).unwrap();
            assert!(odd.iter().copied().eq((1..10_000).step_by(2).map(entry)));
            assert_eq!((odd[1].at(), odd[1].taken()), (300, true));
            assert_eq!(logs.take(1, &mut budget).unwrap(), []);
            assert_eq!(budget.spilled() > 0, limit < 1 << 30);
        }
    }

    #[test]
    fn without_room_the_limit_is_said() {
        let budget = Shared::new(Budget::new(1000, None));
        let mut logs = Logs::new();
        let entry = Entry::new(1, 2, 3, true);
        let failed = (0..2000).find_map(|_| logs.push(7, entry, &budget).err());
        assert!(matches!(failed, Some(DiffError::Memory { limit: 1000 })));
    }
}
