//! The same key twice in one database: what servers panic on.

mod check;

use crate::verify::fingerprint::{Fingerprint, Hasher, Pieces};
pub(crate) use check::Duplicates;

/// Keys seen so far, by fingerprint and offset.
///
/// While the file is read, fingerprints are only appended to one of 256 logs:
/// memory is written in order and nothing waits for it. At the end each log is
/// checked by itself, in bitmaps that fit the processor's cache. A table that
/// is asked key by key costs a cache miss and a page walk for each, and with
/// them five to ten times as much (measured on 22 million keys).
///
/// # Limits
///
/// 12 bytes a key, and a chunk of 3 KiB for each log in use: 1.2 GB for
/// 100 million keys. The check at the end needs, in each thread, 4 bytes for a
/// 256th of the keys, and 32 for those of them that look suspicious: one in
/// twelve, and those that are there twice.
#[derive(Debug)]
pub(crate) struct KeyLog {
    hasher: Hasher,
    logs: Vec<Log>,
}

#[derive(Debug, Default)]
struct Log {
    /// The chunk that is being filled; its capacity is never exceeded.
    last: Chunk,
    full: Vec<Chunk>,
    /// Keys in the full chunks, of ours and of others that joined.
    len: usize,
}

/// Keys of one log that came one after the other.
#[derive(Debug, Default)]
struct Chunk {
    /// Offset of the first one.
    base: u64,
    keys: Vec<Key>,
}

/// Twelve bytes without padding, in one cache line more often than not.
#[derive(Clone, Copy, Debug)]
struct Key {
    /// The fingerprint, in halves so that it needs no alignment.
    print: [u32; 2],
    /// How far behind the chunk's first key it is.
    ahead: u32,
}

/// Keys in the first chunk of a log: few enough that 256 of them are no burden.
const CHUNK: usize = 256;
/// Later ones hold a 32nd of what their log has, up to so many: long runs are
/// read faster at the end (3 % of all time), and a chunk that is half empty is
/// no more than a 64th of the memory.
const LARGEST_CHUNK: usize = 1 << 14;
/// As many as a byte can choose. More of them would be touched too seldom for
/// their last cache lines to stay in the first-level cache.
const LOGS: usize = 256;

impl KeyLog {
    pub fn new(hasher: Hasher) -> KeyLog {
        KeyLog {
            hasher,
            logs: (0..LOGS).map(|_| Log::default()).collect(),
        }
    }

    /// Logs a key of database `db` that begins at `offset`.
    #[inline]
    pub fn push(&mut self, db: u64, name: &[u8], offset: u64) {
        self.push_print(self.hasher.fingerprint(db, name), offset);
    }

    /// For the name of a key of database `db` that comes in pieces.
    pub fn pieces(&self, db: u64) -> Pieces {
        self.hasher.pieces(db)
    }

    /// Logs a key whose name is known by its fingerprint.
    #[inline]
    pub fn push_print(&mut self, print: Fingerprint, offset: u64) {
        let log = &mut self.logs[usize::from(print.table)];
        let Chunk { base, keys } = &mut log.last;
        // A first chunk has no capacity, so it is never asked for its base.
        if keys.len() < keys.capacity()
            && let Ok(ahead) = u32::try_from(offset - *base)
        {
            keys.push(Key::new(print.stored, ahead));
        } else {
            log.begin_chunk(print.stored, offset);
        }
    }

    /// A log for keys of the same file that others come to.
    pub fn sibling(&self) -> KeyLog {
        KeyLog::new(self.hasher.clone())
    }

    /// Adds the keys of a [`sibling`](Self::sibling).
    pub fn join(&mut self, other: KeyLog) {
        for (log, other) in self.logs.iter_mut().zip(other.logs) {
            log.len += other.len + other.last.keys.len();
            let chunks = other.full.into_iter().chain([other.last]);
            log.full
                .extend(chunks.filter(|chunk| !chunk.keys.is_empty()));
        }
    }

    /// Bytes of memory the logs take.
    pub fn memory(&self) -> usize {
        self.logs.iter().map(Log::memory).sum()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.logs
            .iter()
            .map(|log| log.len + log.last.keys.len())
            .sum()
    }

    /// Finds the keys that were there before; of too many, the first `keep` in
    /// the file are told. As many `threads` look for them, and the logs are let
    /// go on the way.
    pub fn duplicates(&mut self, threads: usize, keep: usize) -> Duplicates {
        check::all(std::mem::take(&mut self.logs), threads, keep)
    }
}

impl Log {
    #[inline(never)]
    fn begin_chunk(&mut self, print: u64, offset: u64) {
        self.len += self.last.keys.len();
        let mut keys = Vec::with_capacity((self.len / 32).clamp(CHUNK, LARGEST_CHUNK));
        keys.push(Key::new(print, 0));
        let full = std::mem::replace(&mut self.last, Chunk { base: offset, keys });
        if !full.keys.is_empty() {
            self.full.push(full);
        }
    }

    fn memory(&self) -> usize {
        let chunks = self.full.iter().chain([&self.last]);
        let keys: usize = chunks.map(|chunk| chunk.keys.capacity()).sum();
        keys * size_of::<Key>() + self.full.capacity() * size_of::<Chunk>()
    }
}

impl Key {
    #[inline]
    fn new(print: u64, ahead: u32) -> Key {
        let print = [print as u32, (print >> 32) as u32];
        Key { print, ahead }
    }

    #[inline]
    fn print(self) -> u64 {
        let [low, high] = self.print;
        u64::from(high) << 32 | u64::from(low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicates(log: &mut KeyLog) -> Vec<u64> {
        let found = log.duplicates(3, usize::MAX);
        assert_eq!(found.count, found.first.len() as u64);
        found.first
    }

    #[test]
    fn tells_where() {
        let mut log = KeyLog::new(Hasher::new());
        for (db, key, at) in [(0, "a", 10), (0, "b", 20), (1, "a", 30), (0, "a", 1 << 40)] {
            log.push(db, key.as_bytes(), at);
        }
        assert_eq!(duplicates(&mut log), [1 << 40]);
    }

    #[test]
    fn all_among_many_are_found() {
        let mut log = KeyLog::new(Hasher::new());
        for round in 0..2u64 {
            for i in 0..200_000u64 {
                // A gap that does not fit 32 bits between the rounds.
                log.push(0, format!("key:{i}").as_bytes(), (round << 33) + i);
            }
        }
        assert_eq!(log.len(), 400_000);
        let per_key = log.memory() as f64 / 400_000.0;
        assert!((12.0..25.0).contains(&per_key), "{per_key} bytes a key");
        let expected: Vec<u64> = (0..200_000).map(|i| (1 << 33) + i).collect();
        assert_eq!(duplicates(&mut log), expected);
    }

    #[test]
    fn of_too_many_the_first_are_told() {
        let mut log = KeyLog::new(Hasher::new());
        for i in 0..100_000u64 {
            log.push(0, format!("key:{}", i % 50_000).as_bytes(), i);
        }
        let found = log.duplicates(2, 3);
        assert_eq!(
            (found.count, found.first),
            (50_000, vec![50_000, 50_001, 50_002])
        );
    }

    #[test]
    fn of_several_logs_the_later_keys_are_told() {
        let mut logs = vec![KeyLog::new(Hasher::new())];
        logs.push(logs[0].sibling());
        logs.push(logs[0].sibling());
        // Runs of keys go to one log or another, as regions do; each key of the
        // second half was there in the first.
        for at in 0..10_000u64 {
            let log = &mut logs[[2, 0, 1, 0, 2][(at / 37) as usize % 5]];
            log.push(7, &(at % 5_000).to_le_bytes(), at);
        }
        let mut all = logs.remove(0);
        logs.into_iter().for_each(|log| all.join(log));
        assert_eq!(all.len(), 10_000);
        assert_eq!(duplicates(&mut all), (5_000..10_000).collect::<Vec<u64>>());
    }
}
