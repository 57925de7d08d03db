//! Doubles as servers write them.

use std::io::Write;

use super::grisu;
use crate::text::Decimal;

/// A score as text, on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    bytes: [u8; 32],
    len: usize,
}

impl Text {
    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn new(sign: bool) -> Text {
        let mut text = Text {
            bytes: [0; 32],
            len: 0,
        };
        text.push(if sign { b"-" } else { b"" });
        text
    }

    /// Appends; what has no room is dropped, which nothing here comes near.
    fn push(&mut self, bytes: &[u8]) {
        let end = self.len + bytes.len();
        if let Some(place) = self.bytes.get_mut(self.len..end) {
            place.copy_from_slice(bytes);
            self.len = end;
        }
    }

    fn zeros(&mut self, n: usize) {
        (0..n).for_each(|_| self.push(b"0"));
    }

    /// `e`, the sign, and two digits at least, or one.
    fn exponent(&mut self, power: i32, width: usize) {
        self.push(if power < 0 { b"e-" } else { b"e+" });
        let digits = Decimal::new(power.unsigned_abs().into());
        self.zeros(width.saturating_sub(digits.as_bytes().len()));
        self.push(digits.as_bytes());
    }

    /// What both write alike: zero, the infinities, not a number.
    fn special(score: f64) -> Option<Text> {
        let word: &[u8] = match score {
            0.0 => b"0",
            _ if score.is_nan() => b"nan",
            _ if score.is_infinite() => b"inf",
            _ => return None,
        };
        let mut text = Text::new(score.is_sign_negative());
        text.push(word);
        Some(text)
    }
}

/// A score as Redis from 7.2 on and Valkey write it: nearly always the shortest
/// text that reads back the same; plain where that is not much longer, else
/// with an exponent.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::score::shortest;
///
/// assert_eq!(shortest(0.1).as_bytes(), b"0.1");
/// assert_eq!(shortest(1e16).as_bytes(), b"1e+16");
/// ```
#[must_use]
pub fn shortest(score: f64) -> Text {
    if let Some(text) = Text::special(score) {
        return text;
    }
    let found = grisu::digits(score.abs());
    let (digits, last) = (found.text(), found.exponent);
    let count = digits.len() as i32;
    let first = last + count - 1;
    let negative = score.is_sign_negative();
    let mut text = Text::new(negative);
    if last >= 0 && first < count + 7 {
        text.push(digits);
        text.zeros(last as usize);
    } else if last < 0 && (last > -7 || first.abs() < 4) {
        let whole = (count + last).max(0) as usize;
        let (whole, fraction) = digits.split_at(whole);
        text.push(if whole.is_empty() { b"0" } else { whole });
        text.push(b".");
        text.zeros((-last - count).max(0) as usize);
        text.push(fraction);
    } else {
        // Servers have room for 18 characters before the exponent.
        let room = 18 - usize::from(negative);
        let digits = digits.get(..room).unwrap_or(digits);
        scientific(&mut text, digits);
        text.exponent(first, 1);
    }
    text
}

/// A score as servers before 7.2 write it, with C's `%.17g`: 17 digits, zeros at
/// the end left out.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::score::seventeen;
///
/// assert_eq!(seventeen(0.1).as_bytes(), b"0.10000000000000001");
/// assert_eq!(seventeen(1e16).as_bytes(), b"10000000000000000");
/// ```
#[must_use]
pub fn seventeen(score: f64) -> Text {
    if let Some(text) = Text::special(score) {
        return text;
    }
    let mut text = Text::new(score.is_sign_negative());
    // 17 digits, rounded as C does: half to even.
    let mut room = [0u8; 32];
    let mut left = &mut room[..];
    if write!(left, "{:.16e}", score.abs()).is_err() {
        return text;
    }
    let used = 32 - left.len();
    let written = room.get(..used).unwrap_or_default();
    let mut parts = written.split(|b| *b == b'e');
    let (mantissa, power) = (parts.next(), parts.next());
    let power: i32 = power
        .and_then(|p| std::str::from_utf8(p).ok()?.parse().ok())
        .unwrap_or_default();
    let mut digits = [b'0'; 17];
    let found = mantissa.unwrap_or_default().iter().filter(|b| **b != b'.');
    for (place, digit) in digits.iter_mut().zip(found) {
        *place = *digit;
    }
    let zeros = digits.iter().rev().take_while(|b| **b == b'0').count();
    let digits = digits.get(..17 - zeros).unwrap_or_default();
    match power {
        0..17 => {
            let whole = power as usize + 1;
            let (whole, fraction) = digits.split_at(whole.min(digits.len()));
            text.push(whole);
            text.zeros((power as usize + 1).saturating_sub(whole.len()));
            if !fraction.is_empty() {
                text.push(b".");
                text.push(fraction);
            }
        }
        -4..0 => {
            text.push(b"0.");
            text.zeros(-power as usize - 1);
            text.push(digits);
        }
        _ => {
            scientific(&mut text, digits);
            text.exponent(power, 2);
        }
    }
    text
}

/// The first digit, a point, the others.
fn scientific(text: &mut Text, digits: &[u8]) {
    if let Some((first, others)) = digits.split_first() {
        text.push(&[*first]);
        if !others.is_empty() {
            text.push(b".");
            text.push(others);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::score;

    #[test]
    fn the_shortest_way() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (-2.0, "-2"),
            (100.0, "100"),
            (1e7, "10000000"),
            (1e8, "1e+8"),
            (12e7, "120000000"),
            (0.001, "0.001"),
            (1e-6, "0.000001"),
            (1e-7, "1e-7"),
            (1.25e-9, "1.25e-9"),
            (1.25e100, "1.25e+100"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (3.300_000_000_000_000_3, "3.3000000000000003"),
            (123_456_789_012_345_680.0, "123456789012345680"),
            (-0.000_123_456_789_012_345_67, "-1.2345678901234567e-4"),
            (0.001_234_567_890_123_456_7, "0.0012345678901234567"),
        ] {
            let found = shortest(score);
            assert_eq!(found.as_bytes(), text.as_bytes(), "{score:e}");
        }
    }

    /// The texts are those of C's printf.
    #[test]
    fn seventeen_digits() {
        for (score, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.5, "1.5"),
            (0.1, "0.10000000000000001"),
            (-100.0, "-100"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (12_345_678_901_234_567.0, "12345678901234568"),
            (0.0001, "0.0001"),
            (1e-5, "1.0000000000000001e-05"),
            (5e-324, "4.9406564584124654e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (f64::NEG_INFINITY, "-inf"),
            // Half way between two texts: to the even digit.
            (10_001.0 / 1_048_576.0, "0.0095376968383789062"),
            (10_003.0 / 1_048_576.0, "0.0095396041870117188"),
        ] {
            let found = seventeen(score);
            assert_eq!(found.as_bytes(), text.as_bytes(), "{score:e}");
        }
    }
    proptest! {
        /// Any bits at all: both texts are the number.
        #[test]
        fn both_read_back(bits: u64) {
            let score = f64::from_bits(bits);
            prop_assume!(!score.is_nan());
            for text in [shortest(score), seventeen(score)] {
                let read = score::scan(text.as_bytes());
                prop_assert_eq!(read.map(f64::to_bits), Some(bits), "{:?}", text);
            }
        }
    }
}
