//! The same key twice in one database: what servers panic on.

mod check;
mod room;

use crate::verify::fingerprint::{Fingerprint, Hasher, Pieces};
pub(crate) use check::Duplicates;
use room::Room;

/// Keys seen so far, by fingerprint and offset.
///
/// While the file is read, fingerprints are only appended to one of 256 logs:
/// memory is written in order and nothing waits for it. At the end each log is
/// checked by itself, in bitmaps that fit the processor's cache. A table that
/// is asked key by key costs a cache miss and a page walk for each, and with
/// them five to ten times as much (measured on 22 million keys).
///
/// All logs have the same share of a slab of memory, and the next slab is begun when
/// one of them is full. They fill evenly, as fingerprints do, so that little is left
/// empty; for that, to find a log's end takes one number of 16 bits. Where they do not,
/// as one name comes over and over, what has no room in a slab that is not half full is
/// kept apart.
///
/// # Limits
///
/// 12 bytes a key, a fifth of that for what is empty, and 2 MiB: 1.4 GB for 100 million
/// keys. A name that comes very often takes 16 to 32 bytes each time. The check at the
/// end needs, in each thread, 4 bytes for a 256th of the keys, and 32 for those of them
/// that look suspicious: one in twelve, and those that are there twice.
#[derive(Debug)]
pub(crate) struct KeyLog {
    hasher: Hasher,
    /// The one that is being filled.
    open: Slab,
    full: Vec<Slab>,
    /// Keys in the full ones, of ours and of others that joined.
    len: usize,
    spilled: Spilled,
}

/// Keys that have no room in their slab, of each log: fingerprints and offsets.
#[derive(Debug)]
struct Spilled {
    logs: Vec<Vec<(u64, u64)>>,
    /// How many since the slab that is being filled was begun.
    of_slab: usize,
}

/// Memory for all logs.
#[derive(Debug)]
struct Slab {
    /// Offset of the first key in it.
    base: u64,
    /// The logs, one behind the other.
    room: Room,
    /// Keys there is room for in each.
    share: usize,
    /// Keys there are in each.
    filled: [u16; LOGS],
}

/// Twelve bytes without padding, in one cache line more often than not: the fingerprint,
/// and how far behind the slab's first key the key is.
type Key = [u8; 12];

/// As many as a byte can choose. More of them would be touched too seldom for
/// their last cache lines to stay in the first-level cache.
const LOGS: usize = 256;
/// Shares have so many keys and a multiple of 64. Their ends are then an odd number of
/// cache lines apart, and in different sets of the first-level cache.
const LEAST: usize = 16;
/// Slabs have room for this part of the keys there are already, which bounds what of
/// them is empty.
const PART: usize = 16;
/// From so many keys on slabs are made of huge pages; before that they have room for
/// half of the keys there are.
const MANY: usize = 1 << 18;
/// Huge pages of the largest slab, of which the fullest log is 2 % fuller than others.
const MOST_PAGES: usize = 24;

impl KeyLog {
    pub fn new(hasher: Hasher) -> KeyLog {
        KeyLog {
            hasher,
            open: Slab::new(0, 0, Room::default()),
            full: Vec::new(),
            len: 0,
            spilled: Spilled {
                logs: vec![Vec::new(); LOGS],
                of_slab: 0,
            },
        }
    }

    /// Logs a key of database `db` that begins at `offset`.
    #[inline(always)]
    pub fn push(&mut self, db: u64, name: &[u8], offset: u64) {
        self.push_print(self.hasher.fingerprint(db, name), offset);
    }

    /// For the name of a key of database `db` that comes in pieces.
    pub fn pieces(&self, db: u64) -> Pieces {
        self.hasher.pieces(db)
    }

    /// Logs a key whose name is known by its fingerprint.
    #[inline(always)]
    pub fn push_print(&mut self, print: Fingerprint, offset: u64) {
        if !self.open.push(print, offset) {
            self.make_room(print, offset);
        }
    }

    /// Logs a key that has no room in the open slab.
    #[inline(never)]
    fn make_room(&mut self, print: Fingerprint, offset: u64) {
        // To count the keys of a slab takes a while: it is not done for each key where
        // all have the same name.
        let look = self.spilled.of_slab.is_multiple_of(self.open.share.max(1));
        let far = offset - self.open.base > u64::from(u32::MAX);
        let renew = far || (look && self.open.is_half_full());
        if !renew {
            self.spilled.of_slab += 1;
            return self.spilled.logs[usize::from(print.table)].push((print.stored, offset));
        }
        let next = Slab::behind(self.len(), offset);
        let full = std::mem::replace(&mut self.open, next);
        self.spilled.of_slab = 0;
        self.put(full);
        let pushed = self.open.push(print, offset);
        debug_assert!(pushed, "an empty slab has room");
    }

    fn put(&mut self, slab: Slab) {
        let len = slab.len();
        if len > 0 {
            self.len += len;
            self.full.push(slab);
        }
    }

    /// A log for keys of the same file that others come to.
    pub fn sibling(&self) -> KeyLog {
        KeyLog::new(self.hasher.clone())
    }

    /// Adds the keys of a [`sibling`](Self::sibling).
    pub fn join(&mut self, other: KeyLog) {
        for slab in other.full.into_iter().chain([other.open]) {
            self.put(slab);
        }
        for (log, theirs) in self.spilled.logs.iter_mut().zip(other.spilled.logs) {
            log.extend(theirs);
        }
    }

    /// Bytes of memory the logs take.
    pub fn memory(&self) -> usize {
        let slabs = self.full.iter().chain([&self.open]);
        let spilled: usize = self.spilled.logs.iter().map(Vec::capacity).sum();
        slabs.map(|slab| slab.room.len()).sum::<usize>() + spilled * size_of::<(u64, u64)>()
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        let spilled: usize = self.spilled.logs.iter().map(Vec::len).sum();
        self.len + self.open.len() + spilled
    }

    /// Finds the keys that were there before; of too many, the first `keep` in
    /// the file are told. As many `threads` look for them. The logs are empty then.
    pub fn duplicates(&mut self, threads: usize, keep: usize) -> Duplicates {
        let all = std::mem::replace(self, self.sibling());
        let slabs: Vec<Slab> = all.full.into_iter().chain([all.open]).collect();
        check::all(&slabs, &all.spilled.logs, threads, keep)
    }
}

impl Slab {
    fn new(base: u64, share: usize, room: Room) -> Slab {
        Slab {
            base,
            room,
            share,
            filled: [0; LOGS],
        }
    }

    /// One to follow so many keys, the first key of which is at `base`.
    fn behind(keys: usize, base: u64) -> Slab {
        if keys < MANY {
            let share = ((keys / 2 / LOGS) & !63) + LEAST;
            return Slab::new(base, share, Room::small(share * LOGS * size_of::<Key>()));
        }
        let pages = (keys / PART * size_of::<Key>() / Room::PAGE).clamp(1, MOST_PAGES);
        let most = pages * Room::PAGE / size_of::<Key>() / LOGS;
        let share = ((most - LEAST) & !63) + LEAST;
        Slab::new(base, share, Room::pages(pages))
    }

    /// Logs a key; `false` if there is no room for it here.
    #[inline(always)]
    fn push(&mut self, print: Fingerprint, offset: u64) -> bool {
        let log = usize::from(print.table);
        let filled = &mut self.filled[log];
        let at = usize::from(*filled);
        if at < self.share
            && let Ok(ahead) = u32::try_from(offset - self.base)
            && let Some(slot) = self.room.key_mut(log * self.share + at)
        {
            *slot = key(print.stored, ahead);
            *filled += 1;
            return true;
        }
        false
    }

    /// Whether it is, or has no room at all.
    fn is_half_full(&self) -> bool {
        self.len() * 2 >= self.share * LOGS
    }

    fn len(&self) -> usize {
        self.filled.iter().map(|filled| usize::from(*filled)).sum()
    }

    /// The keys of a log: their fingerprints and offsets.
    fn log(&self, log: usize) -> &[Key] {
        let begin = log * self.share;
        let end = begin + usize::from(self.filled[log]);
        self.room.keys().get(begin..end).unwrap_or_default()
    }
}

#[inline]
fn key(print: u64, ahead: u32) -> Key {
    let (mut key, print) = (Key::default(), print.to_le_bytes());
    key[..8].copy_from_slice(&print);
    key[8..].copy_from_slice(&ahead.to_le_bytes());
    key
}

/// The fingerprint of a key.
#[inline]
fn print_of(&[a, b, c, d, e, f, g, h, ..]: &Key) -> u64 {
    u64::from_le_bytes([a, b, c, d, e, f, g, h])
}

/// How far behind its slab's first key a key is.
#[inline]
fn ahead_of(&[.., a, b, c, d]: &Key) -> u32 {
    u32::from_le_bytes([a, b, c, d])
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
    fn names_that_come_over_and_over_take_little() {
        for (names, most) in [(1, 40.0), (100, 40.0), (1000, 40.0)] {
            let mut log = KeyLog::new(Hasher::new());
            for i in 0..1_000_000u64 {
                log.push(0, &(i % names).to_le_bytes(), i);
            }
            assert_eq!(log.len(), 1_000_000);
            let per_key = log.memory() as f64 / 1_000_000.0;
            assert!(per_key < most, "{per_key} bytes a key of {names} names");
            let found = log.duplicates(2, 3);
            assert_eq!(found.count, 1_000_000 - names);
            assert_eq!(found.first, [names, names + 1, names + 2]);
        }
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
        assert!((12.0..18.0).contains(&per_key), "{per_key} bytes a key");
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
