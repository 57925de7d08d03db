//! The digits that the Grisu2 algorithm finds for a number.
//!
//! The servers write scores with it. It is fast because it computes with 64
//! bits, and for that pays with a digit too many once in a thousand numbers.
//! Digests are made of these texts, so that digit must be known.
//!
//! A number `f * 2^e` is scaled by a power of ten so that its exponent comes to
//! lie between -60 and -32. Then digits are taken from the upper end of the
//! interval of all numbers that read back the same, until what is left is
//! smaller than the interval.

use std::sync::OnceLock;

/// `fraction * 2^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Float {
    fraction: u64,
    exponent: i32,
}

/// The powers of ten that numbers are scaled by: 10^-348, 10^-340 .. 10^340.
const FIRST_POWER: i32 = -348;
const STEP: i32 = 8;
const POWERS: usize = 87;

/// A number as `digits * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Digits {
    digits: [u8; 20],
    len: usize,
    /// The power of ten the last digit stands for.
    pub exponent: i32,
}

impl Digits {
    /// The digits as text, without leading zeros.
    pub fn text(&self) -> &[u8] {
        self.digits.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, digit: u64) {
        if (digit > 0 || self.len > 0)
            && let Some(place) = self.digits.get_mut(self.len)
        {
            *place = b'0' + digit as u8;
            self.len += 1;
        }
    }

    /// The digits stand for the upper end of the interval. Takes the last one
    /// down while that brings it nearer to the number, which is `distance` below
    /// that end; what was left out is `rest`, and the last digit counts `unit`.
    fn round(&mut self, mut rest: u64, interval: u64, unit: u64, distance: u64) {
        let Some(last) = self.digits.get_mut(self.len.wrapping_sub(1)) else {
            return;
        };
        while rest < distance && interval - rest >= unit {
            let next = rest.wrapping_add(unit);
            if next >= distance && distance - rest <= next - distance {
                return;
            }
            *last -= 1;
            rest = next;
        }
    }
}

/// The digits of a number that is finite and above zero.
pub(super) fn digits(value: f64) -> Digits {
    let (upper, lower) = boundaries(value);
    let (power, scale) = scale(upper.exponent);
    let high = multiply(upper, scale);
    let (top, shift) = (high.fraction - 1, -high.exponent);
    let bottom = multiply(lower, scale).fraction + 1;
    let mut interval = top - bottom;
    let mut distance = top - multiply(normal(value), scale).fraction;
    let one = 1u64 << shift;
    let (mut whole, mut rest) = (top >> shift, top & (one - 1));
    let mut digits = Digits {
        digits: [b'0'; 20],
        len: 0,
        exponent: 10 - power,
    };
    // The digits before the point, ten at most.
    let mut place = 1_000_000_000;
    while place > 0 {
        digits.push(whole / place);
        whole %= place;
        digits.exponent -= 1;
        let left = (whole << shift) + rest;
        if left <= interval {
            digits.round(left, interval, place << shift, distance);
            return digits;
        }
        place /= 10;
    }
    loop {
        rest *= 10;
        interval *= 10;
        distance = distance.wrapping_mul(10);
        digits.exponent -= 1;
        digits.push(rest >> shift);
        rest &= one - 1;
        if rest < interval {
            digits.round(rest, interval, one, distance);
            return digits;
        }
    }
}

/// The number itself, its highest bit set.
fn normal(value: f64) -> Float {
    let Float { fraction, exponent } = float(value);
    let shift = fraction.leading_zeros();
    Float {
        fraction: fraction << shift,
        exponent: exponent - shift as i32,
    }
}

const HIDDEN: u64 = 1 << 52;

fn float(value: f64) -> Float {
    let bits = value.to_bits();
    let (fraction, exponent) = match (bits >> 52) as i32 & 0x7ff {
        0 => (bits & (HIDDEN - 1), -1074),
        biased => (bits & (HIDDEN - 1) | HIDDEN, biased - 1075),
    };
    Float { fraction, exponent }
}

/// The ends of the interval of numbers that read back as `value`, to one exponent.
fn boundaries(value: f64) -> (Float, Float) {
    let Float { fraction, exponent } = float(value);
    let upper = fraction * 2 + 1;
    let shift = upper.leading_zeros();
    // The neighbour below a power of two is only half as far away.
    let (lower, lower_shift) = match fraction {
        HIDDEN => (fraction * 4 - 1, shift - 1),
        _ => (fraction * 2 - 1, shift),
    };
    let exponent = exponent - 1 - shift as i32;
    let scaled = |fraction| Float { fraction, exponent };
    (scaled(upper << shift), scaled(lower << lower_shift))
}

/// The power of ten that brings `exponent` between -60 and -32 when multiplied.
fn scale(exponent: i32) -> (i32, Float) {
    let table = powers();
    // A guess that is never too high by much, and the next ones that fit.
    let guess = (-f64::from(exponent + POWERS as i32) * std::f64::consts::LOG10_2) as i32;
    let mut index = ((guess - FIRST_POWER) / STEP).clamp(0, POWERS as i32 - 1) as usize;
    loop {
        let power = table.get(index).copied().unwrap_or(Float {
            fraction: 1 << 63,
            exponent: -63,
        });
        let scaled = exponent + power.exponent + 64;
        if scaled < -60 && index + 1 < POWERS {
            index += 1;
        } else if scaled > -32 && index > 0 {
            index -= 1;
        } else {
            return (FIRST_POWER + index as i32 * STEP, power);
        }
    }
}

/// The upper half of the product, rounded.
fn multiply(a: Float, b: Float) -> Float {
    let product = u128::from(a.fraction) * u128::from(b.fraction) + (1 << 63);
    Float {
        fraction: (product >> 64) as u64,
        exponent: a.exponent + b.exponent + 64,
    }
}

fn powers() -> &'static [Float] {
    static TABLE: OnceLock<Vec<Float>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let indexes = 0..POWERS as i32;
        indexes
            .map(|i| power_of_ten(FIRST_POWER + i * STEP))
            .collect()
    })
}

/// 10^n with 64 bits, rounded to the nearest.
fn power_of_ten(n: i32) -> Float {
    // A long number, least significant word first: 10^n, or 2^1344 / 10^-n.
    let mut words = vec![0u64; 22];
    let scale = if n < 0 { 1344 } else { 0 };
    if let Some(word) = words.get_mut(scale / 64) {
        *word = 1;
    }
    for _ in 0..n.unsigned_abs() {
        if n > 0 {
            let mut carry = 0;
            for word in &mut words {
                let product = u128::from(*word) * 10 + carry;
                *word = product as u64;
                carry = product >> 64;
            }
        } else {
            let mut rest = 0;
            for word in words.iter_mut().rev() {
                let dividend = rest << 64 | u128::from(*word);
                *word = (dividend / 10) as u64;
                rest = dividend % 10;
            }
        }
    }
    while words.len() > 2 && words.last() == Some(&0) {
        words.pop();
    }
    let [.., low, high] = words.as_slice() else {
        return Float {
            fraction: 0,
            exponent: 0,
        };
    };
    let top = u128::from(*high) << 64 | u128::from(*low);
    let shift = top.leading_zeros();
    let (fraction, half) = ((top << shift >> 64) as u64, top << shift >> 63 & 1);
    let below = 64 * (words.len() as i32 - 1) - shift as i32;
    Float {
        fraction: fraction + half as u64,
        exponent: below - scale as i32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten() {
        for (n, fraction, exponent) in [
            (0, 1 << 63, -63),
            (1, 0xa << 60, -60),
            (4, 0x9c40 << 48, -50),
            (-4, 0xd1b7_1758_e219_652c, -77),
            (-348, 0xfa8f_d5a0_081c_0288, -1220),
            (340, 0xaf87_023b_9bf0_ee6b, 1066),
        ] {
            assert_eq!(power_of_ten(n), Float { fraction, exponent }, "10^{n}");
        }
    }

    #[test]
    fn digits_and_where_they_end() {
        for (value, text, last) in [
            (1.0, "1", 0),
            (1.5, "15", -1),
            (100.0, "1", 2),
            (0.001, "1", -3),
            (f64::MAX, "17976931348623157", 292),
            (5e-324, "5", -324),
            (f64::MIN_POSITIVE, "22250738585072014", -324),
            // The shortest text is 397164.9166221747.
            (397_164.916_622_174_7, "39716491662217467", -11),
        ] {
            let digits = digits(value);
            let found = std::str::from_utf8(digits.text()).unwrap();
            assert_eq!((found, digits.exponent), (text, last), "{value:e}");
        }
    }

    #[test]
    fn they_read_back_and_are_hardly_ever_longer_than_needed() {
        let (mut value, mut longer) = (1e-300, 0);
        for _ in 0..10_000 {
            value *= 1.1358;
            if value > 1e300 {
                value /= 1e299;
            }
            let found = digits(value);
            let text = std::str::from_utf8(found.text()).unwrap();
            let read: f64 = format!("{text}e{}", found.exponent).parse().unwrap();
            assert_eq!(read.to_bits(), value.to_bits(), "{value:e} as {text}");
            let shortest = format!("{value:e}").split('e').next().unwrap().len() - 1;
            assert!(text.len() >= shortest.max(1), "{value:e}");
            longer += usize::from(text.len() > shortest.max(1));
        }
        assert!(longer < 50, "{longer} of 10000");
    }
}
