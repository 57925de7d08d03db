//! Lanes: places of a window where keys are walked over at the same time.

use super::plain::plain_end;
use super::{Found, LANES, PlainKey, ROUND};
use crate::decoder::Decoder;

/// One of the places where keys are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    /// Where its last run begins.
    begin: usize,
    /// Where it stands, and where to go.
    pub at: usize,
    limit: usize,
    pub goes: bool,
}

impl Lane {
    pub fn new(begin: usize, limit: usize) -> Lane {
        Lane {
            begin,
            at: begin,
            limit,
            goes: true,
        }
    }

    /// Where the plain key ends that it stands at.
    #[inline(always)]
    fn step(&self, window: &[u8]) -> Option<usize> {
        if self.at < self.limit {
            plain_end(window, self.at)
        } else {
            None
        }
    }

    pub fn may_step(&self, window: &[u8]) -> bool {
        self.step(window).is_some()
    }

    /// Ends a run, and goes behind what is in its way.
    pub fn turn(&mut self, decoder: &Decoder, window: &[u8], found: &mut Found) {
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
pub(super) fn side_by_side(
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
        *a_key = PlainKey::new(a.at);
        a.at = to_a;
        *b_key = PlainKey::new(b.at);
        b.at = to_b;
        *c_key = PlainKey::new(c.at);
        c.at = to_c;
        *d_key = PlainKey::new(d.at);
        d.at = to_d;
        steps += 1;
    }
    *lanes = [a, b, c, d];
    steps
}
