//! Runs of plain string keys, found in several places of a window at once.
//!
//! ```text
//! window   | lane 0        | lane 1        | lane 2        | lane 3        | next four
//!          ^ a key begins  ^ ............. a key seems to begin .......... ^
//! ```
//!
//! Where a key ends is said by lengths in it, so one is found after the other, and
//! each is a wait: for memory, and for a guess of the processor that was wrong
//! about a kind of length. Lanes that go side by side wait at the same time.
//! Measured on 8 million keys of 100 bytes: 6 ns a key with four lanes, all that
//! is to be known of it written down; 22 with one, and 13 with one that guesses.
//!
//! Where the later lanes begin is a guess too, but nobody has to trust it: what a
//! run says is that *if* a key begins where the run does, then those are it and
//! the ones behind it. Whoever decodes the window takes a run only where it stands
//! at its beginning, see [`decode`](crate::region::decode).

use std::ops::Range;

use crate::decoder::Decoder;
use crate::decoder::whole::LONGEST_SHORT;
use crate::wire::{Opcode, ValueType};

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
/// Keys of a lane before they are put away.
const ROUND: usize = 256;

/// A string key with a raw name and a value that is raw or an integer, both short,
/// maybe with an expiry in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlainKey(u64);

/// What is in a [`PlainKey`]: the type byte's place in 32 bits, the bytes from there to
/// the name's end in 16, and those of the head in front of the name, and the expiry.
const NAME_END: u32 = 32;
const NAME: u32 = 48;
const EXPIRES: u32 = 56;

impl PlainKey {
    /// Where the type byte is in the window.
    #[inline(always)]
    pub fn at(self) -> usize {
        self.0 as u32 as usize
    }

    /// Where the name is in the window.
    #[inline(always)]
    pub fn name(self) -> Range<usize> {
        let end = (self.0 >> NAME_END) as u16;
        let begin = (self.0 >> NAME) as u8;
        self.at() + usize::from(begin)..self.at() + usize::from(end)
    }

    /// Whether the eight bytes in front of the type byte are an expiry.
    #[inline(always)]
    pub fn expires(self) -> bool {
        self.0 >> EXPIRES != 0
    }
}

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
/// 8 bytes a key and 24 a run, and a quarter of that for a time.
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
    /// does not begin with keys that are whole and simple, none is looked for.
    pub fn find(&mut self, decoder: &Decoder, window: &[u8]) {
        self.clear();
        // Places have 32 bits.
        let window = window.get(..1 << 30).unwrap_or(window);
        let mut begin = 0;
        if decoder.limits.chunk < LONGEST_SHORT
            || !decoder.at_record_boundary()
            || !decoder.is_likely_key(window, begin)
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
                found.add_keys(keys[n].get(..steps));
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

/// One of the places where keys are looked for.
#[derive(Clone, Copy, Debug)]
struct Lane {
    /// Where its last run begins.
    begin: usize,
    /// Where it stands, and where to go.
    at: usize,
    limit: usize,
    goes: bool,
}

impl Lane {
    fn new(begin: usize, limit: usize) -> Lane {
        Lane {
            begin,
            at: begin,
            limit,
            goes: true,
        }
    }

    /// The plain key it stands at, and where that ends.
    #[inline(always)]
    fn step(&self, window: &[u8]) -> Option<(PlainKey, usize)> {
        if self.at < self.limit {
            plain_key(window, self.at)
        } else {
            None
        }
    }

    fn may_step(&self, window: &[u8]) -> bool {
        self.step(window).is_some()
    }

    /// Ends a run, and goes behind what is in its way.
    fn turn(&mut self, decoder: &Decoder, window: &[u8], found: &mut Found) {
        found.end_run(self.begin, self.at);
        let other = match self.at < self.limit {
            true => decoder.simple_key(window, self.at),
            false => None,
        };
        match other {
            Some(end) => (self.begin, self.at) = (end, end),
            None => self.goes = false,
        }
    }
}

/// Takes the same number of plain keys in all lanes: as many as there are in each, up
/// to [`ROUND`]. Gives the number.
#[inline(never)]
fn side_by_side(
    window: &[u8],
    lanes: &mut [Lane; LANES],
    keys: &mut [[PlainKey; ROUND]; LANES],
) -> usize {
    let [mut a, mut b, mut c, mut d] = *lanes;
    let [a_keys, b_keys, c_keys, d_keys] = keys;
    let slots = a_keys.iter_mut().zip(b_keys).zip(c_keys).zip(d_keys);
    let mut steps = 0;
    for (((a_key, b_key), c_key), d_key) in slots {
        let (Some(to_a), Some(to_b)) = (a.step(window), b.step(window)) else {
            break;
        };
        let (Some(to_c), Some(to_d)) = (c.step(window), d.step(window)) else {
            break;
        };
        (*a_key, a.at) = to_a;
        (*b_key, b.at) = to_b;
        (*c_key, c.at) = to_c;
        (*d_key, d.at) = to_d;
        steps += 1;
    }
    *lanes = [a, b, c, d];
    steps
}

impl Found {
    fn clear(&mut self) {
        self.keys.clear();
        self.runs.clear();
    }

    fn add_keys(&mut self, keys: Option<&[PlainKey]>) {
        self.keys.extend_from_slice(keys.unwrap_or_default());
    }

    /// The keys that have no run yet are one.
    fn end_run(&mut self, begin: usize, end: usize) {
        if begin < end {
            let keys_end = self.keys.len();
            self.runs.push(Place { begin, end, keys_end });
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
        // It may be one with an expiry.
        let before = at.saturating_sub(EXPIRY);
        match is_key(&before) && before >= from {
            true => before,
            false => at,
        }
    }

    /// Whether some keys in a row begin there, as it seems.
    fn is_likely_key(&self, window: &[u8], at: usize) -> bool {
        let mut at = at;
        (0..CONVINCING).all(|_| {
            let end = match plain_key(window, at) {
                Some((_, end)) => Some(end),
                None => self.simple_key(window, at),
            };
            at = end.unwrap_or_default();
            end.is_some()
        })
    }
}

/// Bytes of an expiry in milliseconds.
const EXPIRY: usize = 9;

/// The plain key that begins at `begin`, and where it ends; nothing if it is none, or
/// is not in the window whole.
///
/// With selections on purpose, not branches: a processor guesses nothing that may turn
/// out wrong.
#[inline(always)]
fn plain_key(window: &[u8], begin: usize) -> Option<(PlainKey, usize)> {
    let expires = usize::from(Opcode(*window.get(begin)?) == Opcode::EXPIRETIME_MS);
    let at = begin + EXPIRY * expires;
    let &[kind, first, second] = window.get(at..)?.first_chunk()?;
    let name = Head::of(first);
    let name_end = 1 + name.end(second);
    let &[first, second] = window.get(at + name_end..)?.first_chunk()?;
    let value = Head::of(first);
    let end = at + name_end + value.end(second);
    let plain = ValueType(kind) == ValueType::STRING && name.is_raw() && value.is_short();
    let key = at | name_end << NAME_END | (1 + name.len()) << NAME | expires << EXPIRES;
    (plain && end <= window.len()).then_some((PlainKey(key as u64), end))
}

/// What a string's first byte says of it.
#[derive(Clone, Copy)]
struct Head(u32);

impl Head {
    /// What a head has in its bits: where the string ends by its first byte, what of its
    /// second one is added to that, and how long it is.
    const SECOND: u32 = 16;
    const LEN: u32 = 24;
    const INT: u32 = 1 << 30;
    const OTHER: u32 = 1 << 31;

    #[inline(always)]
    fn of(first: u8) -> Head {
        Head(HEADS[usize::from(first)])
    }

    const fn new(first: u8) -> Head {
        let low = first as u32 & 0x3f;
        Head(match first {
            0x00..0x40 => 1 + low | 1 << Head::LEN,
            0x40..0x80 => 2 + (low << 8) | 0xff << Head::SECOND | 2 << Head::LEN,
            // Integers of 8, 16 and 32 bits.
            0xc0..=0xc2 => 1 + (1 << low) | Head::INT,
            _ => Head::OTHER,
        })
    }

    /// Bytes up to the end of the string.
    #[inline(always)]
    fn end(self, second: u8) -> usize {
        ((self.0 & 0xffff) + (u32::from(second) & self.0 >> Head::SECOND)) as usize
    }

    /// Bytes in front of a string that is raw.
    #[inline(always)]
    fn len(self) -> usize {
        (self.0 >> Head::LEN & 3) as usize
    }

    #[inline(always)]
    fn is_raw(self) -> bool {
        self.0 < Head::INT
    }

    #[inline(always)]
    fn is_short(self) -> bool {
        self.0 < Head::OTHER
    }
}

static HEADS: [u32; 256] = {
    let mut heads = [0; 256];
    let mut first = 0;
    while first < 256 {
        heads[first] = Head::new(first as u8).0;
        first += 1;
    }
    heads
};
