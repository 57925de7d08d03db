//! Numbers in arguments, as far as all servers read them alike.

use rdbkit_rdb::StreamId;

use super::halt::Halt;

/// A 64-bit integer in the form servers write it (`string2ll`). `None`: no
/// server takes it for one.
///
/// # Errors
///
/// [`Halt::Beyond`] for what some take: signs, zeros in front, blanks.
pub(super) fn integer(text: &[u8]) -> Result<Option<i64>, Halt> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let strict = match digits {
        b"0" => text.len() == 1,
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if strict {
        // Beyond the range none takes it.
        let text = std::str::from_utf8(text).unwrap_or_default();
        return Ok(text.parse().ok());
    }
    let blanks = text
        .iter()
        .take_while(|b| matches!(b, b' ' | b'\t'..=b'\r'));
    let rest = text.get(blanks.count()..).unwrap_or_default();
    let digits = match rest {
        [b'+' | b'-', digits @ ..] => digits,
        _ => rest,
    };
    match !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        true => Err(Halt::BEYOND),
        false => Ok(None),
    }
}

/// An argument that has to be an integer.
///
/// # Errors
///
/// [`Halt::Beyond`] for anything else.
pub(super) fn expect(text: Option<&&[u8]>) -> Result<i64, Halt> {
    integer(text.copied().unwrap_or_default())?.ok_or(Halt::BEYOND)
}

/// A score or an increment: what C and Rust read alike.
///
/// # Errors
///
/// [`Halt::Beyond`] for anything else, such as hexadecimal floats and numbers
/// that have no double near them.
pub(super) fn float(text: &[u8]) -> Result<f64, Halt> {
    let text = std::str::from_utf8(text).map_err(|_| Halt::BEYOND)?;
    let value: f64 = text.parse().map_err(|_| Halt::BEYOND)?;
    let digits = text.bytes().any(|b| b.is_ascii_digit());
    let unlike = match value {
        _ if value.is_nan() => true,
        _ if value.is_infinite() => digits,
        // What is too small is an error of range to C.
        0.0 => text.bytes().any(|b| matches!(b, b'1'..=b'9')),
        _ => value.is_subnormal(),
    };
    match unlike {
        true => Err(Halt::BEYOND),
        false => Ok(value),
    }
}

/// `MS-SEQ`, or `MS` alone, which is `MS-0`.
///
/// # Errors
///
/// [`Halt::Beyond`] for anything else, such as `*`.
pub(super) fn stream_id(text: &[u8]) -> Result<StreamId, Halt> {
    let (ms, seq) = match text.iter().position(|b| *b == b'-') {
        Some(at) => (text.get(..at), text.get(at + 1..)),
        None => (Some(text), Some(&b"0"[..])),
    };
    let number = |digits: Option<&[u8]>| -> Option<u64> {
        let digits = digits.filter(|d| !d.is_empty() && d.iter().all(u8::is_ascii_digit))?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    };
    match (number(ms), number(seq)) {
        (Some(ms), Some(seq)) => Ok(StreamId { ms, seq }),
        _ => Err(Halt::BEYOND),
    }
}

/// First and last place of a range as `LTRIM` and `ZREMRANGEBYRANK` count them,
/// negative ones from the end; `None` if it is empty.
pub(super) fn range(start: i64, stop: i64, len: usize) -> Option<(usize, usize)> {
    let len = i64::try_from(len).ok()?;
    let from_end = |at: i64| if at < 0 { at.saturating_add(len) } else { at };
    let (start, stop) = (from_end(start).max(0), from_end(stop).min(len - 1));
    match start <= stop {
        true => Some((usize::try_from(start).ok()?, usize::try_from(stop).ok()?)),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_strict_or_in_doubt() {
        for (text, value) in [("0", 0), ("-1", -1), ("9223372036854775807", i64::MAX)] {
            assert_eq!(integer(text.as_bytes()).unwrap(), Some(value));
        }
        for text in ["", "x", "-", "9223372036854775808", "1x", "0x", "--1", "1 "] {
            assert_eq!(integer(text.as_bytes()).unwrap(), None, "{text}");
        }
        for text in ["01", "+1", " 1", "-0", "-01"] {
            assert!(integer(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn floats_are_those_of_both_languages() {
        for (text, value) in [
            ("1.5", 1.5),
            ("-inf", f64::NEG_INFINITY),
            ("1e3", 1e3),
            ("-0", 0.0),
        ] {
            assert_eq!(float(text.as_bytes()).unwrap(), value);
        }
        for text in [
            "nan", "0x10", "1e400", "1e-400", "5e-324", "", " 1", "1 ", "1_0",
        ] {
            assert!(float(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn ranges_count_from_both_ends() {
        assert_eq!(range(0, -1, 3), Some((0, 2)));
        assert_eq!(range(-2, 9, 3), Some((1, 2)));
        assert_eq!(range(-9, -4, 3), None);
        assert_eq!(range(3, 5, 3), None);
        assert_eq!(range(0, 0, 0), None);
        assert_eq!(range(i64::MIN, i64::MAX, 1), Some((0, 0)));
    }
}
