//! Scores as text: what C's `strtod` and `sscanf("%lg")` take for a double, and
//! the two ways in which servers write one.
//!
//! Blanks before the number and rubbish behind it pass, as do `inf`, `nan`
//! and hexadecimal floats, because servers let them.

mod grisu;
mod text;

pub use text::{Text, seventeen, shortest};

/// The double at the front of `text`, or `None` if there is none: `strtod`,
/// which goes back to the longest front that is a number.
#[must_use]
pub fn scan(text: &[u8]) -> Option<f64> {
    let text = trim_blanks(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let size = magnitude(digits)?;
    Some(if negative { -size } else { size })
}

/// The same for `sscanf`, by which servers read the scores of the oldest sorted
/// sets. It does not go back: `0x` and `infi` begin what never comes, and that
/// is a failure, not a 0 or an infinity.
#[must_use]
pub fn scan_forward(text: &[u8]) -> Option<f64> {
    let unsigned = match trim_blanks(text) {
        [b'-' | b'+', rest @ ..] => rest,
        rest => rest,
    };
    let starts = |word: &[u8]| {
        unsigned
            .get(..word.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(word))
    };
    if starts(b"infi") && !starts(b"infinity") {
        return None;
    }
    if starts(b"0x") {
        hexadecimal(unsigned.get(2..).unwrap_or_default())?;
    }
    scan(text)
}

/// Bytes of a packed score that servers look at.
pub(crate) const PACKED: usize = 127;

/// Whether all servers find the same number at the front of `text`, or none.
///
/// Redis from 8.0 on and Valkey from 9.1 on (8.1 and 9.0 if they were built so)
/// pass over no blanks before a number and read no hexadecimal; Valkey 9.1 reads
/// beyond the 127th byte. No server writes such scores.
#[inline]
#[must_use]
pub fn is_plain(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let begins = !matches!(unsigned, [b'0', b'x' | b'X', ..]);
    begins && !matches!(text, [b' ' | 9..=13, ..]) && text.len() <= PACKED
}

/// What C's `isspace` takes for blank: the vertical tab too, which is none to
/// the standard library.
pub(crate) fn trim_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|b| matches!(b, b' ' | 9..=13));
    text.get(blanks.count()..).unwrap_or_default()
}

fn magnitude(text: &[u8]) -> Option<f64> {
    let starts = |word: &[u8]| {
        text.get(..word.len())
            .is_some_and(|t| t.eq_ignore_ascii_case(word))
    };
    if starts(b"inf") {
        return Some(f64::INFINITY);
    }
    if starts(b"nan") {
        return Some(f64::NAN);
    }
    if starts(b"0x")
        && let Some(x) = hexadecimal(text.get(2..).unwrap_or_default())
    {
        return Some(x);
    }
    decimal(text)
}

/// Digits, a point, an exponent: the longest prefix that is a number.
fn decimal(text: &[u8]) -> Option<f64> {
    let run = |from: usize| {
        text.get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let whole = run(0);
    let mut end = whole;
    let mut digits = whole;
    if text.get(end) == Some(&b'.') {
        let fraction = run(end + 1);
        digits += fraction;
        if digits > 0 {
            end += 1 + fraction;
        }
    }
    if digits == 0 {
        return None;
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let exponent = run(end + 1 + sign);
        if exponent > 0 {
            end += 1 + sign + exponent;
        }
    }
    std::str::from_utf8(text.get(..end)?).ok()?.parse().ok()
}

/// What follows `0x`: hexadecimal digits, a point, a power of two.
fn hexadecimal(text: &[u8]) -> Option<f64> {
    let mut mantissa: u64 = 0;
    let mut exponent: i32 = 0;
    let (mut digits, mut point, mut used) = (0, false, 0);
    for b in text {
        match (char::from(*b).to_digit(16), *b) {
            (Some(d), _) => {
                digits += 1;
                // Beyond 60 bits a digit only moves the exponent.
                if mantissa >> 60 == 0 {
                    mantissa = mantissa << 4 | u64::from(d);
                    exponent -= if point { 4 } else { 0 };
                } else {
                    exponent = exponent.saturating_add(if point { 0 } else { 4 });
                }
            }
            (None, b'.') if !point => point = true,
            _ => break,
        }
        used += 1;
    }
    if digits == 0 {
        return None;
    }
    if let Some([b'p' | b'P', rest @ ..]) = text.get(used..) {
        let (negative, rest) = match rest {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            _ => (false, rest),
        };
        let power = rest
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .fold(0i32, |n, b| {
                n.saturating_mul(10).saturating_add(i32::from(b - b'0'))
            });
        exponent = exponent.saturating_add(if negative { -power } else { power });
    }
    // Two steps: a power of two below the smallest normal would round twice.
    let half = exponent / 2;
    Some(mantissa as f64 * 2f64.powi(half) * 2f64.powi(exponent - half))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_c_reads_them() {
        for (text, value) in [
            ("1.5", 1.5),
            (" -2", -2.0),
            ("\x0b\x0c2", 2.0),
            ("+.5", 0.5),
            ("5.", 5.0),
            ("1e3", 1000.0),
            ("1e", 1.0),
            ("1.5abc", 1.5),
            ("inf", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
            ("0x1p4", 16.0),
            ("0x.8", 0.5),
            ("0x", 0.0),
            ("1.7976931348623157e+308", f64::MAX),
            ("5e-324", 5e-324),
            ("3.3000000000000003", 3.300_000_000_000_000_3),
        ] {
            assert_eq!(scan(text.as_bytes()), Some(value), "{text}");
        }
        assert!(scan(b"nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn what_not_all_servers_read() {
        let long = "1".repeat(128);
        for text in [" 1", "\x0b1", "+0x10", "0x10", "-0X1", &long] {
            assert!(!is_plain(text.as_bytes()), "{text:?}");
        }
        for text in [
            "", "-", "1.5x", "-0.0", "+1", "0", "inf", "-+1", "- 1", "nan", "x",
        ] {
            assert!(is_plain(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["", " ", "-", "abc", ".", "e5", "+-1"] {
            assert_eq!(scan(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn what_does_not_come_is_a_failure_going_forward() {
        for text in ["0x", "-0x", "0xg", "0xp1", "infi", "infinit", "", "x"] {
            assert_eq!(scan_forward(text.as_bytes()), None, "{text:?}");
        }
        for text in ["0x1", "0x.8", "inf", "infx", "Infinity", "-1", " 1.5 x"] {
            let bytes = text.as_bytes();
            assert_eq!(scan_forward(bytes), scan(bytes), "{text:?}");
            assert!(scan(bytes).is_some(), "{text:?}");
        }
    }
}
