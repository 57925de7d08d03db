//! The same key twice in one database: what servers panic on.

use crate::verify::fingerprint::{Fingerprint, FingerprintSet, Hasher};

/// Keys seen so far, by fingerprint.
///
/// Keys go through a short queue: the slots a whole batch will go to are read
/// first, so that the memory latency of one overlaps with that of the others.
///
/// # Limits
///
/// About 13 bytes a key (10.7 to 16), and the names of one batch.
#[derive(Clone, Debug)]
pub(crate) struct KeyIndex {
    hasher: Hasher,
    set: FingerprintSet,
    queue: Vec<Queued>,
    /// The names of the queued keys, and of the one being read, end to end.
    names: Vec<u8>,
    /// Where the name of the one being read begins.
    current: usize,
}

#[derive(Clone, Copy, Debug)]
struct Queued {
    print: Fingerprint,
    db: u64,
    offset: u64,
    start: usize,
    end: usize,
}

/// A key that was there before.
#[derive(Debug)]
pub(crate) struct Duplicate<'a> {
    pub db: u64,
    pub offset: u64,
    pub key: &'a [u8],
}

const BATCH: usize = 64;
const MAX_NAMES: usize = 64 << 10;

impl KeyIndex {
    pub fn new(hasher: Hasher) -> KeyIndex {
        KeyIndex {
            hasher,
            set: FingerprintSet::new(),
            queue: Vec::with_capacity(BATCH),
            names: Vec::new(),
            current: 0,
        }
    }

    /// Remembers the name of the key that is being read.
    #[inline]
    pub fn begin(&mut self, key: &[u8]) {
        self.names.truncate(self.current);
        self.names.extend_from_slice(key);
    }

    /// The name of the key that is being read.
    #[inline]
    pub fn current(&self) -> &[u8] {
        self.names.get(self.current..).unwrap_or_default()
    }

    /// Puts the key that was read in the queue. `true`: flush it now.
    #[inline]
    pub fn push(&mut self, db: u64, offset: u64) -> bool {
        let (start, end) = (self.current, self.names.len());
        let print = self.hasher.fingerprint(db, &self.names[start..end]);
        self.queue.push(Queued {
            print,
            db,
            offset,
            start,
            end,
        });
        self.current = end;
        self.queue.len() >= BATCH || end >= MAX_NAMES
    }

    /// Looks the queued keys up and adds them; tells of those that were there.
    #[inline(never)]
    pub fn flush(&mut self, mut found: impl FnMut(Duplicate<'_>)) {
        let touched = self
            .queue
            .iter()
            .fold(0, |sum, q| sum ^ self.set.touch(q.print));
        std::hint::black_box(touched);
        for q in &self.queue {
            if !self.set.insert(q.print) {
                let key = self.names.get(q.start..q.end).unwrap_or_default();
                found(Duplicate {
                    db: q.db,
                    offset: q.offset,
                    key,
                });
            }
        }
        self.queue.clear();
        // One huge name must not be kept for ever.
        self.names.drain(..self.current);
        self.names.shrink_to(MAX_NAMES * 4);
        self.current = 0;
    }

    /// Bytes of memory the index takes.
    pub fn memory(&self) -> usize {
        self.set.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_which_key_and_where() {
        let mut index = KeyIndex::new(Hasher::new());
        for (db, key, at) in [(0, "a", 10), (0, "b", 20), (1, "a", 30), (0, "a", 40)] {
            index.begin(key.as_bytes());
            assert_eq!(index.current(), key.as_bytes());
            index.push(db, at);
        }
        let mut found = Vec::new();
        index.flush(|d| found.push((d.db, d.key.to_vec(), d.offset)));
        assert_eq!(found, [(0, b"a".to_vec(), 40)]);
        index.flush(|_| panic!("the queue is empty"));
    }

    #[test]
    fn a_key_that_does_not_count_leaves_no_name() {
        let mut index = KeyIndex::new(Hasher::new());
        index.begin(b"skipped");
        index.begin(b"kept");
        index.push(0, 0);
        assert_eq!(index.current(), b"");
        index.begin(b"next");
        assert_eq!(index.current(), b"next");
    }
}
