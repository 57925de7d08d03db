//! Bytes as JSON, at the speed of looking at them once.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rdbkit_rdb::score;

/// Bytes looked at in one go; the compiler makes vectors of it.
const LANE: usize = 16;

/// Long texts are written in parts, so that what there is can be flushed. A
/// multiple of three, so that parts in base64 fit together.
pub const PART: usize = 48 << 10;

/// Whether a byte stands in JSON as it is: ASCII, no control, neither quote nor
/// backslash.
#[inline(always)]
const fn is_plain(b: u8) -> bool {
    b >= 0x20 && b < 0x80 && b != b'"' && b != b'\\'
}

/// The same for eight bytes at once. A borrow may run into the byte above, but
/// only from one that is not plain itself.
#[inline(always)]
const fn eight_plain(eight: u64) -> bool {
    const fn each(b: u8) -> u64 {
        u64::from_ne_bytes([b; 8])
    }
    const fn zero(eight: u64) -> u64 {
        eight.wrapping_sub(each(1)) & !eight
    }
    let control = eight.wrapping_sub(each(0x20)) & !eight;
    let odd = eight | control | zero(eight ^ each(b'"')) | zero(eight ^ each(b'\\'));
    odd & each(0x80) == 0
}

/// Most texts are short: those up to 16 bytes are looked at in two loads, which
/// overlap.
#[inline(always)]
fn all_plain(bytes: &[u8]) -> bool {
    match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) if bytes.len() <= LANE => {
            eight_plain(u64::from_ne_bytes(*first)) & eight_plain(u64::from_ne_bytes(*last))
        }
        (Some(_), Some(_)) => {
            let (lanes, _) = bytes.as_chunks::<LANE>();
            let plain = |lane: &[u8; LANE]| {
                // No early exit within a lane.
                lane.iter().fold(true, |plain, b| plain & is_plain(*b))
            };
            lanes.iter().all(plain) && bytes.last_chunk().is_some_and(plain)
        }
        _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (Some(first), Some(last)) => {
                let first = u64::from(u32::from_ne_bytes(*first));
                let last = u64::from(u32::from_ne_bytes(*last));
                eight_plain(first | last << 32)
            }
            _ => bytes.iter().fold(true, |plain, b| plain & is_plain(*b)),
        },
    }
}

/// Appends bytes as a string, or as `{"base64": "..."}` if they are not UTF-8.
#[inline]
pub fn text(out: &mut Vec<u8>, bytes: &[u8]) {
    if all_plain(bytes) {
        out.push(b'"');
        out.extend_from_slice(bytes);
        out.push(b'"');
    } else {
        rare(out, bytes);
    }
}

#[inline(never)]
fn rare(out: &mut Vec<u8>, bytes: &[u8]) {
    if std::str::from_utf8(bytes).is_ok() {
        out.push(b'"');
        escaped(out, bytes);
        out.push(b'"');
    } else {
        out.extend_from_slice(BASE64_BEGIN);
        base64(out, bytes);
        out.extend_from_slice(BASE64_END);
    }
}

/// What stands around bytes that are no text.
pub const BASE64_BEGIN: &[u8] = br#"{"base64":""#;
/// See [`BASE64_BEGIN`].
pub const BASE64_END: &[u8] = br#""}"#;

/// Appends bytes in base64, padded.
pub fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let begin = out.len();
    out.resize(begin + bytes.len().div_ceil(3) * 4, 0);
    let room = out.get_mut(begin..).unwrap_or_default();
    // There is room for all of it: that is the only way in which this can fail.
    let written = BASE64_STANDARD.encode_slice(bytes, room).unwrap_or(0);
    out.truncate(begin + written);
}

/// Appends the inside of a string. `bytes` must be part of UTF-8 text; where it is
/// cut does not matter.
pub fn escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let stands = |b: u8| b >= 0x20 && b != b'"' && b != b'\\';
    let mut rest = bytes;
    while !rest.is_empty() {
        let (lanes, _) = rest.as_chunks::<LANE>();
        let clean = lanes
            .iter()
            .take_while(|lane| lane.iter().fold(true, |all, b| all & stands(*b)))
            .count();
        let tail = rest.get(clean * LANE..).unwrap_or_default();
        let more = tail.iter().take_while(|b| stands(**b)).count();
        let (clean, odd) = rest.split_at(clean * LANE + more);
        out.extend_from_slice(clean);
        let Some((&b, behind)) = odd.split_first() else {
            return;
        };
        match b {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(b >> 4)]);
                out.push(HEX[usize::from(b & 15)]);
            }
        }
        rest = behind;
    }
}

/// Appends an integer.
#[inline]
pub fn integer(out: &mut Vec<u8>, n: impl itoa::Integer) {
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
}

/// Appends an integer, or `null`.
#[inline]
pub fn optional(out: &mut Vec<u8>, n: Option<impl itoa::Integer>) {
    match n {
        Some(n) => integer(out, n),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends a double so that reading it gives the same bits; JSON has no words for
/// what is infinite, so that is text.
pub fn number(out: &mut Vec<u8>, x: f64) {
    if x.is_finite() {
        double(out, x);
    } else {
        out.push(b'"');
        double(out, x);
        out.push(b'"');
    }
}

/// Appends a double as the shortest text that reads back the same, integers as
/// integers; `inf`, `-inf`, `NaN`.
pub fn double(out: &mut Vec<u8>, x: f64) {
    const FRACTIONS: [&[u8]; 8] = [
        b"", b".125", b".25", b".375", b".5", b".625", b".75", b".875",
    ];
    // Most scores are integers or have halves, quarters or eighths, which are
    // exact in both notations; a product with eight is exact, too.
    let eighths = (x * 8.0) as i64;
    let exact = eighths as f64 == x * 8.0 && (eighths != 0 || x.is_sign_positive());
    if exact && eighths.unsigned_abs() < 1 << 40 {
        if eighths < 0 {
            out.push(b'-');
        }
        let eighths = eighths.unsigned_abs();
        integer(out, eighths >> 3);
        out.extend_from_slice(FRACTIONS[(eighths & 7) as usize]);
    } else if x == 0.0 {
        // As an integer it would lose its sign with most readers.
        out.extend_from_slice(b"-0.0");
    } else if x.is_nan() {
        out.extend_from_slice(b"NaN");
    } else {
        out.extend_from_slice(score::shortest(x).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(bytes: &[u8]) -> String {
        let mut out = Vec::new();
        text(&mut out, bytes);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn texts_as_another_writer_has_them() {
        let long = "ü\u{2028}\"x\\\u{1}\u{7f}".repeat(99);
        for text in [
            "",
            "a",
            "a\"b",
            "\\",
            "\n\r\t\u{8}\u{c}\0\u{1f}",
            "héé",
            &long,
        ] {
            let read: String = serde_json::from_str(&text_of(text.as_bytes())).unwrap();
            assert_eq!(read, text);
        }
        // At every place of a lane.
        for at in 0..40 {
            let mut bytes = vec![b'x'; 40];
            bytes[at] = b'"';
            let read: String = serde_json::from_str(&text_of(&bytes)).unwrap();
            assert_eq!(read.as_bytes(), bytes);
            bytes[at] = 0xff;
            let read: serde_json::Value = serde_json::from_str(&text_of(&bytes)).unwrap();
            let read = BASE64_STANDARD.decode(read["base64"].as_str().unwrap());
            assert_eq!(read.unwrap(), bytes);
        }
        assert_eq!(text_of(b"\x00\xff"), r#"{"base64":"AP8="}"#);
    }

    #[test]
    fn what_is_plain_wherever_it_stands() {
        for b in 0..=255u8 {
            for n in 1..36 {
                for at in [0, n / 2, n - 1] {
                    let mut bytes = vec![b'x'; n];
                    bytes[at] = b;
                    assert_eq!(all_plain(&bytes), is_plain(b), "{b} at {at} of {n}");
                }
            }
        }
    }

    #[test]
    fn numbers_read_back_the_same() {
        for x in [
            0.0,
            -0.0,
            1.0,
            -17.0,
            -0.125,
            12.5,
            -1000000.875,
            137438953471.875,
            137438953472.0,
            0.0625,
            0.1,
            1e15,
            1e16,
            9007199254740993.0,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            3.0000000000000004,
            -1.5e300,
        ] {
            let mut out = Vec::new();
            number(&mut out, x);
            let read: f64 = serde_json::from_slice(&out).unwrap();
            assert_eq!(read.to_bits(), x.to_bits(), "{x:?}");
        }
        let mut out = Vec::new();
        number(&mut out, f64::NEG_INFINITY);
        number(&mut out, f64::NAN);
        assert_eq!(out, br#""-inf""NaN""#);
    }
}
