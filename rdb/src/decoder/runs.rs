//! Runs of plain string keys, found in several places of a window at once.
//!
//! ```text
//! window   | lane 0        | lane 1        | lane 2        | lane 3        | next four
//!          ^ a key begins  ^ ............. a key seems to begin .......... ^
//! ```
//!
//! Where a key ends is said by lengths in it, so one is found after the other, and
//! each is a wait: for memory, or for a guess of the processor that was wrong about a
//! kind of length. Lanes that go side by side wait at the same time. Measured on 8
//! million keys of 100 bytes: 5 to 6 ns a key with four lanes, 22 with one, and 12
//! with one that guesses.
//!
//! Where the later lanes begin is a guess too, but nobody has to trust it: what a
//! run says is that *if* a key begins where the run does, then those are it and
//! the ones behind it. Whoever decodes the window takes a run only where it stands
//! at its beginning, see [`decode`](crate::region::decode).

mod lane;
mod plain;

use crate::decoder::Decoder;
use crate::decoder::whole::LONGEST_SHORT;
use lane::{Lane, side_by_side};
use plain::{EXPIRY, plain_end};
pub(crate) use plain::{PlainFront, PlainKey};

/// More lanes have too little to say on top of what they hold.
const LANES: usize = 4;
/// Bytes of a lane: four of them fit the second-level cache.
const SPAN: usize = 64 << 10;
/// Shorter ones are not worth a guess.
const SHORTEST_SPAN: usize = match cfg!(any(test, fuzzing)) {
    false => 4 << 10,
    // Small enough for test data.
    true => 64,
};
/// Bytes looked at for the beginning of a key.
const SEARCH: usize = 1 << 10;
/// Keys that have to follow what seems to be one.
const CONVINCING: usize = 4;
/// Keys looked at to see whether it is worth it, and how many have to be plain.
const SAMPLE: usize = 16;
const MOSTLY: usize = match cfg!(any(test, fuzzing)) {
    false => 12,
    true => 1,
};
/// Bytes of a window that are looked at: one that has grown with a long string may hold
/// very many keys behind it.
const MOST: usize = 1 << 20;
/// Keys of a lane before they are put away.
const ROUND: usize = 256;

/// Plain string keys that follow each other without a gap.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run<'r> {
    /// They are, in the order of the file.
    pub keys: &'r [PlainKey],
    /// Where the first one begins, with its expiry, and the last one ends.
    pub begin: usize,
    pub end: usize,
}

/// The runs of a window. Its memory is used again for the next one.
///
/// # Limits
///
/// 8 bytes a key and 48 a run, of no more than 1 MiB of a window: half of it is what the
/// lanes have found of their part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Runs {
    found: Found,
    lanes: [Found; LANES],
}

/// Runs, and the keys of all of them.
#[derive(Clone, Debug, Default)]
struct Found {
    keys: Vec<PlainKey>,
    runs: Vec<Place>,
}

/// A run; its keys begin where those of the one in front of it end.
#[derive(Clone, Copy, Debug)]
struct Place {
    begin: usize,
    end: usize,
    keys_end: usize,
}

impl Runs {
    /// The runs found, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = Run<'_>> {
        let mut keys_begin = 0;
        self.found.runs.iter().map(move |place| {
            let keys = keys_begin..place.keys_end;
            keys_begin = place.keys_end;
            Run {
                keys: self.found.keys.get(keys).unwrap_or_default(),
                begin: place.begin,
                end: place.end,
            }
        })
    }

    /// Forgets what was found.
    pub fn clear(&mut self) {
        self.found.clear();
    }

    /// Looks for the runs of `window`, whose first byte `decoder` stands at. Where it
    /// does not begin with keys most of which are plain, none is looked for.
    pub fn find(&mut self, decoder: &Decoder, window: &[u8]) {
        self.clear();
        let window = window.get(..MOST).unwrap_or(window);
        let mut begin = 0;
        if decoder.limits.chunk < LONGEST_SHORT
            || !decoder.at_record_boundary()
            || !decoder.are_mostly_plain(window)
        {
            return;
        }
        loop {
            let span = ((window.len() - begin) / LANES).min(SPAN);
            if span < SHORTEST_SPAN {
                return;
            }
            let end = begin + LANES * span;
            let [b, c, d] = [1, 2, 3].map(|n| decoder.likely_key(window, begin + n * span));
            let lanes = [(begin, b), (b, c), (c, d), (d, end)];
            let lanes = lanes.map(|(begin, limit)| Lane::new(begin, limit));
            let reached = self.walk(decoder, window, lanes);
            begin = match reached >= end {
                true => reached,
                false => decoder.likely_key(window, end),
            };
        }
    }

    /// Walks four lanes to their ends. Gives where the last one came to.
    fn walk(&mut self, decoder: &Decoder, window: &[u8], mut lanes: [Lane; LANES]) -> usize {
        let mut keys = [[PlainKey::default(); ROUND]; LANES];
        while let Some(one) = lanes.iter().find(|lane| lane.goes).copied() {
            // In place of a lane that is at its end goes another one twice: that takes
            // no time, since all of them wait.
            let mut side = lanes.map(|lane| if lane.goes { lane } else { one });
            let steps = side_by_side(window, &mut side, &mut keys);
            for (n, lane) in lanes.iter_mut().enumerate().filter(|(_, lane)| lane.goes) {
                lane.at = side[n].at;
                let found = &mut self.lanes[n];
                found.keys.extend(keys[n].iter().take(steps));
                if steps < ROUND && !lane.may_step(window) {
                    lane.turn(decoder, window, found);
                }
            }
        }
        for lane in &mut self.lanes {
            self.found.append(lane);
        }
        lanes[LANES - 1].at
    }
}

impl Found {
    fn clear(&mut self) {
        self.keys.clear();
        self.runs.clear();
    }

    /// The keys that have no run yet are one.
    fn end_run(&mut self, begin: usize, end: usize) {
        if begin < end {
            let keys_end = self.keys.len();
            self.runs.push(Place {
                begin,
                end,
                keys_end,
            });
        }
    }

    /// Takes all that another has found.
    fn append(&mut self, other: &mut Found) {
        let before = self.keys.len();
        self.keys.append(&mut other.keys);
        self.runs.extend(other.runs.drain(..).map(|place| Place {
            keys_end: before + place.keys_end,
            ..place
        }));
    }
}

impl Decoder {
    /// Where a key begins that is not far behind `from`, as it seems; `from` if none does.
    fn likely_key(&self, window: &[u8], from: usize) -> usize {
        let end = window.len().min(from + SEARCH);
        let is_key = |at: &usize| self.is_likely_key(window, *at);
        let Some(at) = (from..end).find(is_key) else {
            return from;
        };
        // Its expiry may be in front of that, and of where it was looked for.
        let before = at.saturating_sub(EXPIRY);
        if is_key(&before) { before } else { at }
    }

    /// Whether of the first keys most are plain. To pass over others here and decode
    /// them too takes longer than to decode them (measured on compressed values: a
    /// fifth).
    fn are_mostly_plain(&self, window: &[u8]) -> bool {
        let (mut at, mut plain) = (0, 0);
        for _ in 0..SAMPLE {
            let end = plain_end(window, at).inspect(|_| plain += 1);
            let Some(end) = end.or_else(|| self.simple_key(window, at)) else {
                break;
            };
            at = end;
        }
        plain >= MOSTLY
    }

    /// Whether some keys in a row begin there, as it seems.
    fn is_likely_key(&self, window: &[u8], at: usize) -> bool {
        let mut at = at;
        (0..CONVINCING).all(|_| {
            let end = plain_end(window, at).or_else(|| self.simple_key(window, at));
            at = end.unwrap_or_default();
            end.is_some()
        })
    }
}
