//! Sizes in sorted sets: member and score, the score as text.

use super::Sizes;

/// `zset-max-listpack-entries`.
const SMALL_ENTRIES: usize = 128;

/// The sizes of a sorted set's elements, until it is known how the server keeps it.
///
/// Of a negative integer in a listpack the tool counts the digits of the
/// unsigned number with the same bits.
pub(in super::super) struct ZsetSizes {
    /// Sizes in a skip list and in a listpack.
    first: Vec<(u64, u64)>,
    small: bool,
}

impl ZsetSizes {
    pub fn new() -> ZsetSizes {
        ZsetSizes {
            first: Vec::new(),
            small: true,
        }
    }

    /// A member, the integer it is kept as in a listpack, and its score.
    pub fn add(&mut self, member: &[u8], integer: Option<i64>, score: f64, sizes: &mut Sizes) {
        if sizes.off {
            return;
        }
        let score = score_size(score);
        let size = member.len() as u64 + score;
        let packed = match integer {
            Some(n) if n < 0 => (n as u64).to_string().len() as u64 + score,
            _ => size,
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
    pub fn finish(&mut self, sizes: &mut Sizes) {
        for (size, packed) in self.first.drain(..) {
            sizes.add(if self.small { packed } else { size });
        }
    }
}

/// Bytes of a score as the tool writes it: the shortest digits that read back
/// the same, plain where that is not much longer, else with an exponent.
fn score_size(score: f64) -> u64 {
    let negative = u64::from(score.is_sign_negative());
    if score == 0.0 {
        return negative + 1;
    }
    if !score.is_finite() {
        return negative + 3;
    }
    // "1.25e-7": digits without the dot, and the exponent of the first one.
    let text = format!("{:e}", score.abs());
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let count = digits.bytes().filter(u8::is_ascii_digit).count() as i64;
    let power: i64 = power.parse().unwrap_or(0);
    let trailing = power - (count - 1);
    let size = if trailing >= 0 && power.abs() < count + 7 {
        count + trailing
    } else if trailing < 0 && (trailing > -7 || power.abs() < 4) {
        match count + trailing {
            // "0." and zeros before the digits
            whole if whole <= 0 => count + 2 - whole,
            _ => count + 1,
        }
    } else {
        let count = count.min(18 - negative as i64);
        let exponent = match power.abs() {
            0..=9 => 1,
            10..=99 => 2,
            _ => 3,
        };
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
    fn a_negative_member_is_long_while_the_set_is_small() {
        let (mut sizes, mut zset) = (Sizes::new(true), ZsetSizes::new());
        zset.add(b"-1", Some(-1), 0.0, &mut sizes);
        zset.finish(&mut sizes);
        assert_eq!(sizes.total, 21);
        sizes.clear();
        let mut zset = ZsetSizes::new();
        for _ in 0..129 {
            zset.add(b"-1", Some(-1), 0.0, &mut sizes);
        }
        zset.finish(&mut sizes);
        assert_eq!((sizes.added, sizes.total), (129, 129 * 3));
    }
}
