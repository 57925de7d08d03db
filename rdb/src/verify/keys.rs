//! The same key twice in one database: what servers panic on.

use crate::verify::fingerprint::{Hasher, Table};

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
/// 100 million keys. The check at the end needs 4 bytes for a 256th of the
/// keys, and 28 for those of them that look suspicious: one in twelve.
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
    /// Keys in the full chunks.
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
        let print = self.hasher.fingerprint(db, name);
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

    /// Bytes of memory the logs take.
    pub fn memory(&self) -> usize {
        self.logs.iter().map(Log::memory).sum()
    }

    /// Tells the offset of every key that was there before.
    pub fn duplicates(&self, mut found: impl FnMut(u64)) {
        let mut marks = Marks::default();
        let mut table = Table::default();
        for log in &self.logs {
            let chunks = || log.full.iter().chain([&log.last]);
            marks.clear(chunks().map(|chunk| chunk.keys.len()).sum());
            for chunk in chunks() {
                for key in &chunk.keys {
                    marks.mark(key.print());
                }
            }
            let mut suspects = Vec::new();
            for chunk in chunks() {
                for key in &chunk.keys {
                    if marks.is_twice(key.print()) {
                        suspects.push((key.print(), chunk.base + u64::from(key.ahead)));
                    }
                }
            }
            table.clear(suspects.len());
            for (print, offset) in suspects {
                if !table.insert(print) {
                    found(offset);
                }
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn duplicates(log: &mut KeyLog) -> Vec<u64> {
        let mut found = Vec::new();
        log.duplicates(|offset| found.push(offset));
        found.sort_unstable();
        found
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
        let expected: Vec<u64> = (0..200_000).map(|i| (1 << 33) + i).collect();
        assert_eq!(duplicates(&mut log), expected);
        let per_key = log.memory() as f64 / 400_000.0;
        assert!((12.0..25.0).contains(&per_key), "{per_key} bytes a key");
    }
}
