//! The same key twice in one database: what servers panic on.

use crate::verify::fingerprint::{Hasher, Table};

/// Keys seen so far, by fingerprint and offset.
///
/// While the file is read, fingerprints are only appended to one of 1024 logs:
/// memory is written in order and nothing waits for it. At the end each log is
/// checked by itself, in a table that fits the processor's cache. A table that
/// is asked key by key costs a cache miss and a page walk for each, and with
/// them five to ten times as much (measured on 22 million keys).
///
/// # Limits
///
/// 12 bytes a key, and a chunk of 776 bytes for each log in use: 1.2 GB for
/// 100 million keys. The check at the end needs 24 bytes for a thousandth of
/// the keys.
#[derive(Debug)]
pub(crate) struct KeyLog {
    hasher: Hasher,
    /// Keys on their way to the logs.
    queue: Vec<Queued>,
    logs: Vec<Log>,
    /// The name of the key that is being read.
    current: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Queued {
    print: u64,
    offset: u64,
    log: u16,
}

/// Boxed, so that a log that grows moves pointers and not the chunks.
type Log = Vec<Box<Chunk>>;

/// Keys of one log that came one after the other.
#[derive(Debug)]
struct Chunk {
    /// Offset of the first one.
    base: u64,
    prints: [u64; CHUNK],
    /// How far behind the first one they are.
    ahead: [u32; CHUNK],
    len: usize,
}

/// Keys in a chunk: few enough that 1024 half-empty ones are no burden.
const CHUNK: usize = 64;
const LOGS: usize = 1024;
/// Keys put into their logs at once: one after the other would wait for the
/// second-level cache four times a key, in a loop those waits overlap.
const QUEUE: usize = 512;

impl KeyLog {
    pub fn new(hasher: Hasher) -> KeyLog {
        KeyLog {
            hasher,
            queue: Vec::with_capacity(QUEUE),
            logs: (0..LOGS).map(|_| Vec::new()).collect(),
            current: Vec::new(),
        }
    }

    /// Remembers the name of the key that is being read.
    #[inline]
    pub fn begin(&mut self, key: &[u8]) {
        self.current.clear();
        self.current.extend_from_slice(key);
    }

    /// The name of the key that is being read.
    #[inline]
    pub fn current(&self) -> &[u8] {
        &self.current
    }

    /// Logs the key that was read.
    #[inline]
    pub fn push(&mut self, db: u64, offset: u64) {
        let (log, print) = self.hasher.wide(db, &self.current);
        self.queue.push(Queued { print, offset, log });
        if self.queue.len() == QUEUE {
            self.distribute();
        }
    }

    #[inline(never)]
    fn distribute(&mut self) {
        for Queued { print, offset, log } in self.queue.drain(..) {
            let chunks = &mut self.logs[usize::from(log) % LOGS];
            if let Some(chunk) = chunks.last_mut()
                && let Some(slot) = chunk.prints.get_mut(chunk.len)
                && let Some(ahead) = chunk.ahead.get_mut(chunk.len)
                && let Ok(distance) = u32::try_from(offset - chunk.base)
            {
                *slot = print;
                *ahead = distance;
                chunk.len += 1;
            } else {
                let mut chunk = Chunk {
                    base: offset,
                    prints: [0; CHUNK],
                    ahead: [0; CHUNK],
                    len: 1,
                };
                chunk.prints[0] = print;
                chunks.push(Box::new(chunk));
            }
        }
    }

    /// Bytes of memory the logs take.
    pub fn memory(&self) -> usize {
        self.logs
            .iter()
            .map(|chunks| chunks.capacity() * size_of::<Chunk>())
            .sum()
    }

    /// Tells the offset of every key that was there before.
    pub fn duplicates(&mut self, mut found: impl FnMut(u64)) {
        self.distribute();
        let mut table = Table::default();
        for chunks in &self.logs {
            table.clear(chunks.len() * CHUNK);
            for chunk in chunks {
                let keys = chunk.prints.iter().zip(&chunk.ahead).take(chunk.len);
                for (print, ahead) in keys {
                    if !table.insert(*print) {
                        found(chunk.base + u64::from(*ahead));
                    }
                }
            }
        }
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
            log.begin(key.as_bytes());
            assert_eq!(log.current(), key.as_bytes());
            log.push(db, at);
        }
        assert_eq!(duplicates(&mut log), [1 << 40]);
    }

    #[test]
    fn all_among_many_are_found() {
        let mut log = KeyLog::new(Hasher::new());
        for round in 0..2u64 {
            for i in 0..200_000u64 {
                log.begin(format!("key:{i}").as_bytes());
                // A gap that does not fit 32 bits between the rounds.
                log.push(0, (round << 33) + i);
            }
        }
        let expected: Vec<u64> = (0..200_000).map(|i| (1 << 33) + i).collect();
        assert_eq!(duplicates(&mut log), expected);
        let per_key = log.memory() as f64 / 400_000.0;
        assert!((12.0..25.0).contains(&per_key), "{per_key} bytes a key");
    }
}
