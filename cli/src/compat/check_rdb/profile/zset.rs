//! Sizes in sorted sets: member and score, the score as text.

use super::{Sizes, grisu};

/// `zset-max-listpack-entries`.
const SMALL_ENTRIES: usize = 128;

/// The sizes of a sorted set's elements, until it is known how the server keeps it.
///
/// A listpack the server makes itself keeps the score -0 as the integer 0.
pub(in super::super) struct ZsetSizes {
    /// Sizes in a skip list and in a listpack.
    first: Vec<(u64, u64)>,
    small: bool,
    packed: bool,
}

impl ZsetSizes {
    /// `packed` says that the file has a listpack or a ziplist.
    pub fn new(packed: bool) -> ZsetSizes {
        ZsetSizes {
            first: Vec::new(),
            small: true,
            packed,
        }
    }

    /// A member and its score.
    pub fn add(&mut self, member: &[u8], score: f64, sizes: &mut Sizes) {
        if sizes.off {
            return;
        }
        let member = member.len() as u64;
        let size = member + score_size(score);
        // 0.0 == -0.0
        let packed = if score == 0.0 && !self.packed {
            member + 1
        } else {
            size
        };
        if self.first.len() == SMALL_ENTRIES {
            self.no_listpack();
        }
        if self.small {
            self.first.push((size, packed));
        } else {
            self.finish(sizes);
            sizes.add(size);
        }
    }

    /// The server will not keep it in a listpack.
    pub fn no_listpack(&mut self) {
        self.small = false;
    }

    /// There are no more elements.
    ///
    /// Of a listpack the tool counts members and scores, each as an element.
    pub fn finish(&mut self, sizes: &mut Sizes) {
        if self.small {
            sizes.set_count(2 * self.first.len() as u64);
        }
        for (size, packed) in self.first.drain(..) {
            sizes.add(if self.small { packed } else { size });
        }
    }
}

/// Bytes of a score as the tool writes it: plain where that is not much longer,
/// else with an exponent.
fn score_size(score: f64) -> u64 {
    let negative = u64::from(score.is_sign_negative());
    if score == 0.0 {
        return negative + 1;
    }
    if !score.is_finite() {
        return negative + 3;
    }
    let (count, last) = grisu::digits(score.abs());
    let first = (last + count - 1).abs();
    let size = if last >= 0 && first < count + 7 {
        count + last
    } else if last < 0 && (last > -7 || first < 4) {
        match count + last {
            // "0." and zeros before the digits
            whole if whole <= 0 => count + 2 - whole,
            _ => count + 1,
        }
    } else {
        let exponent = match first {
            0..=9 => 1,
            10..=99 => 2,
            _ => 3,
        };
        // The tool has room for 18 characters before the exponent, or 17.
        let count = count.min(18 - i64::from(score.is_sign_negative()));
        count + i64::from(count > 1) + 2 + exponent
    };
    negative + size as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_as_long_as_their_text() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-2.0, "-2"),
            (100.0, "100"),
            (1e8, "1e+8"),
            (12e7, "120000000"),
            (0.001, "0.001"),
            (1e-7, "1e-7"),
            (1.25e100, "1.25e+100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (3.300_000_000_000_000_3, "3.3000000000000003"),
        ] {
            assert_eq!(score_size(score), text.len() as u64, "{text}");
        }
    }

    #[test]
    fn a_small_set_counts_twice_and_has_no_negative_zero() {
        let (mut sizes, mut zset) = (Sizes::new(true), ZsetSizes::new(false));
        zset.add(b"ab", -0.0, &mut sizes);
        zset.finish(&mut sizes);
        assert_eq!((sizes.count, sizes.total), (Some(2), 3));
        sizes.clear();
        let mut zset = ZsetSizes::new(false);
        for _ in 0..129 {
            zset.add(b"ab", -0.0, &mut sizes);
        }
        zset.finish(&mut sizes);
        assert_eq!((sizes.count, sizes.added), (None, 129));
        assert_eq!(sizes.total, 129 * 4);
    }
}
