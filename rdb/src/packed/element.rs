//! One element of a packed blob.

/// An element of a listpack, ziplist, intset or zipmap, borrowed from its blob.
///
/// The encodings keep canonical decimal text as integers; to a client both are
/// the same bytes. Equality of two `Element`s is equality of the encoding; use
/// [`text`](Self::text) or [`eq_bytes`](Self::eq_bytes) for what a client sees.
///
/// ```
/// use rdbkit_rdb::packed::Element;
///
/// let mut buf = [0; 20];
/// assert_eq!(Element::Int(-7).text(&mut buf), b"-7");
/// assert_eq!(Element::Bytes(b"-7").as_integer(), Some(-7));
/// assert!(Element::Int(-7).eq_bytes(b"-7"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// Bytes as they stand in the blob.
    Bytes(&'a [u8]),
    /// An integer, which a client sees as its shortest decimal text.
    Int(i64),
}

impl<'a> Element<'a> {
    /// The value as an integer, if it is one: an integer encoding, or bytes that
    /// are the canonical decimal text of an `i64` (`lpGetIntegerIfValid`).
    #[inline]
    pub fn as_integer(&self) -> Option<i64> {
        match *self {
            Element::Int(n) => Some(n),
            Element::Bytes(text) => canonical_integer(text),
        }
    }

    /// The bytes a client sees. Integers are written into `buf`; bytes are
    /// passed through and leave `buf` alone.
    #[inline]
    pub fn text<'b>(&self, buf: &'b mut [u8; 20]) -> &'b [u8]
    where
        'a: 'b,
    {
        match *self {
            Element::Bytes(bytes) => bytes,
            Element::Int(n) => decimal(n, buf),
        }
    }

    /// Whether a client would see exactly `bytes`.
    #[inline]
    pub fn eq_bytes(&self, bytes: &[u8]) -> bool {
        self.text(&mut [0; 20]) == bytes
    }

    /// Appends the bytes a client sees to `out`.
    ///
    /// # Limits
    ///
    /// Grows `out` by at most the element's own size in the blob, or 20 bytes.
    #[inline]
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.text(&mut [0; 20]));
    }
}

/// Reads decimal text that is the shortest form of an `i64` (`string2ll`): no
/// sign but `-`, no leading zero, no `-0`, no blanks.
fn canonical_integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    match digits {
        [b'0'] if !negative => return Some(0),
        [b'1'..=b'9', ..] if digits.len() <= 19 => {}
        _ => return None,
    }
    // 19 digits are below 10^19, which fits a u64.
    let mut magnitude = 0u64;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        magnitude = magnitude * 10 + u64::from(digit - b'0');
    }
    if negative {
        0i64.checked_sub_unsigned(magnitude)
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Writes the shortest decimal text of `n` to the end of `buf`.
fn decimal(n: i64, buf: &mut [u8; 20]) -> &[u8] {
    let mut rest = n.unsigned_abs();
    let mut start = buf.len();
    // At most 19 digits and a sign: `start` stays within the 20 bytes.
    for slot in buf.iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        start -= 1;
        if rest == 0 {
            break;
        }
    }
    if n < 0 {
        start -= 1;
        if let Some(slot) = buf.get_mut(start) {
            *slot = b'-';
        }
    }
    buf.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_shortest_decimal() {
        for n in [0, 7, -7, 10, 99, 100, i64::MAX, i64::MIN, i64::MIN + 1] {
            let mut buf = [0xAA; 20];
            assert_eq!(Element::Int(n).text(&mut buf), n.to_string().as_bytes());
        }
        let mut out = b"x".to_vec();
        Element::Bytes(b"ab").write_to(&mut out);
        Element::Int(-1).write_to(&mut out);
        assert_eq!(out, b"xab-1");
    }

    #[test]
    fn only_canonical_text_is_an_integer() {
        for (text, value) in [
            ("0", Some(0)),
            ("7", Some(7)),
            ("-7", Some(-7)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("-9223372036854775809", None),
            ("18446744073709551617", None), // 2^64 + 1: must not wrap
            ("", None),
            ("-", None),
            ("-0", None),
            ("01", None),
            ("+1", None),
            (" 1", None),
            ("1 ", None),
            ("1a", None),
        ] {
            assert_eq!(
                Element::Bytes(text.as_bytes()).as_integer(),
                value,
                "{text:?}"
            );
        }
    }

    #[test]
    fn bytes_and_integers_compare_by_text() {
        assert!(Element::Int(12).eq_bytes(b"12"));
        assert!(!Element::Int(12).eq_bytes(b"012"));
        assert!(Element::Bytes(b"012").eq_bytes(b"012"));
        assert_eq!(size_of::<Element<'_>>(), 16, "it travels in two registers");
    }

    proptest! {
        #[test]
        fn text_and_integer_are_inverse(n: i64) {
            let mut buf = [0; 20];
            let text = Element::Int(n).text(&mut buf).to_vec();
            prop_assert_eq!(Element::Bytes(&text).as_integer(), Some(n));
        }

        #[test]
        fn integer_text_is_what_std_prints(text in "-?[0-9]{0,21}") {
            let std = text.parse::<i64>().ok().filter(|n| n.to_string() == text);
            prop_assert_eq!(Element::Bytes(text.as_bytes()).as_integer(), std);
        }
    }
}
