//! Lines of words with quotes, as servers read and write them in manifests and
//! configuration files (`sdssplitargs`, `sdscatrepr`), and numbers as C reads them.

use std::borrow::Cow;
use std::fmt::Write as _;

use rdbkit_rdb::redact;
/// C's `isspace` in the C locale.
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A line as servers print it: without blanks, tabs and line ends around it.
pub(crate) fn trim(line: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
    let from = line.iter().take_while(|b| blank(b)).count();
    let to = line
        .iter()
        .rposition(|b| !blank(b))
        .map_or(from, |last| last + 1);
    line.get(from..to).unwrap_or_default()
}

/// The words of a line, and whether quotes stood in the middle of one.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub words: Vec<Vec<u8>>,
    /// A word went on behind a closing quote: Valkey 9 takes it, all older
    /// servers and Redis refuse the line.
    pub glued: bool,
}

/// The words of a line; `None` where quotes do not close.
pub(crate) fn split(line: &[u8]) -> Option<Words> {
    let mut words = Words::default();
    let mut rest = line;
    loop {
        let blanks = rest.iter().take_while(|&&b| is_space(b)).count();
        rest = rest.get(blanks..).unwrap_or_default();
        if rest.is_empty() {
            return Some(words);
        }
        rest = word(rest, &mut words)?;
    }
}

/// Takes the word at the front; gives what follows it.
fn word<'a>(mut rest: &'a [u8], words: &mut Words) -> Option<&'a [u8]> {
    let mut word = Vec::new();
    loop {
        match rest {
            // Vertical tab and form feed separate words but do not end one.
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => break,
            [quote @ (b'"' | b'\''), after @ ..] => {
                rest = match quote {
                    b'"' => double(after, &mut word)?,
                    _ => single(after, &mut word)?,
                };
                if rest.first().is_none_or(|&b| is_space(b)) {
                    break;
                }
                words.glued = true;
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
    words.words.push(word);
    Some(rest)
}

fn double<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, after) = match rest {
            [] => return None,
            [b'"', after @ ..] => return Some(after),
            [b'\\', b'x', h, l, after @ ..] if h.is_ascii_hexdigit() && l.is_ascii_hexdigit() => {
                (hex(*h) << 4 | hex(*l), after)
            }
            [b'\\', escaped, after @ ..] => {
                let byte = match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 0x08,
                    b'a' => 0x07,
                    other => *other,
                };
                (byte, after)
            }
            [byte, after @ ..] => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a').wrapping_add(10),
    }
}

fn single<'a>(mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, after) = match rest {
            [] => return None,
            [b'\'', after @ ..] => return Some(after),
            [b'\\', b'\'', after @ ..] => (b'\'', after),
            [byte, after @ ..] => (*byte, after),
        };
        word.push(byte);
        rest = after;
    }
}

/// Whether a word would not read back as it is.
pub(crate) fn needs_quotes(word: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'\'');
    word.is_empty() || !word.iter().all(plain)
}

/// Data of a file as [`quoted_as_is`] has them, or what stands for them where
/// they are to be [hidden](rdbkit_rdb::redact).
///
/// # Examples
///
/// ```
/// assert_eq!(rdbkit_aof::quoted(b"user:1"), "user:1");
/// assert_eq!(rdbkit_aof::quoted(b"a b\xff"), r#""a b\xff""#);
/// ```
#[must_use]
pub fn quoted(word: &[u8]) -> Cow<'_, str> {
    redact::hidden(word).map_or_else(|| quoted_as_is(word), Cow::Owned)
}

/// The word as it is where that reads back, else in double quotes with the
/// escapes of servers and redis-cli. Servers write a lone `'` and an empty name
/// bare and cannot read them again; those two are quoted here.
#[must_use]
pub fn quoted_as_is(word: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(word) {
        Ok(text) if !needs_quotes(word) => Cow::Borrowed(text),
        _ => Cow::Owned(quote(word)),
    }
}

/// The word that [`quoted_as_is`] shows as `text`; `None` if that is not one word, or
/// its quotes do not close.
///
/// # Examples
///
/// ```
/// assert_eq!(rdbkit_aof::unquoted(br#""a b\xff""#).unwrap(), b"a b\xff");
/// assert_eq!(rdbkit_aof::unquoted(b"a b"), None);
/// ```
#[must_use]
pub fn unquoted(text: &[u8]) -> Option<Vec<u8>> {
    let mut words = split(text)?.words.into_iter();
    let word = words.next()?;
    words.next().is_none().then_some(word)
}

/// The word in double quotes.
pub(crate) fn quote(word: &[u8]) -> String {
    let mut out = String::with_capacity(word.len() + 2);
    out.push('"');
    for &byte in word {
        match byte {
            b'\\' | b'"' => out.extend(['\\', char::from(byte)]),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x07 => out.push_str("\\a"),
            0x08 => out.push_str("\\b"),
            b' '..=b'~' => out.push(char::from(byte)),
            // Writing to a String does not fail.
            _ => _ = write!(out, "\\x{byte:02x}"),
        }
    }
    out.push('"');
    out
}

/// The bytes before the first zero byte.
pub(crate) fn c_string(bytes: &[u8]) -> &[u8] {
    bytes.split(|&b| b == 0).next().unwrap_or_default()
}

/// C's `strtoll` in base 10: the number, and how many bytes it took. Blanks, a
/// sign, digits; 0 bytes and the value 0 if there is no digit; ends of the
/// range where it would not fit.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::strtoll;
///
/// assert_eq!(strtoll(b" +12\r\n"), (12, 4));
/// assert_eq!(strtoll(b"99999999999999999999"), (i64::MAX, 20));
/// ```
#[must_use]
pub fn strtoll(text: &[u8]) -> (i64, usize) {
    let blanks = text.iter().take_while(|&&b| is_space(b)).count();
    let mut at = blanks;
    let negative = match text.get(at) {
        Some(b'-') => {
            at += 1;
            true
        }
        Some(b'+') => {
            at += 1;
            false
        }
        _ => false,
    };
    let first = at;
    let mut value: i64 = 0;
    while let Some(digit) = text.get(at).filter(|b| b.is_ascii_digit()) {
        let digit = i64::from(digit - b'0');
        value = value.saturating_mul(10);
        value = if negative {
            value.saturating_sub(digit)
        } else {
            value.saturating_add(digit)
        };
        at += 1;
    }
    if at == first { (0, 0) } else { (value, at) }
}

/// C's `atoll`.
pub(crate) fn atoll(text: &[u8]) -> i64 {
    strtoll(text).0
}

/// `1 file`, `2 files`.
pub(crate) fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_split_as_servers_split_them() {
        let one = |s: &str| split(s.as_bytes()).map(|w| w.words.concat());
        let count = |s: &[u8]| split(s).map(|w| w.words.len());
        assert_eq!(count(b" a  bc\t"), Some(2));
        assert_eq!(one(r#""a\x41\n\"""#), Some(b"aA\n\"".to_vec()));
        assert_eq!(one(r#""\xg1""#), Some(b"xg1".to_vec()));
        assert_eq!(one(r"'a\'\n'"), Some(b"a'\\n".to_vec()));
        // A quote in the middle opens; behind the closing one the word should end.
        assert_eq!(one(r#"a"b c""#), Some(b"ab c".to_vec()));
        assert_eq!(split(br#"a"b c""#).map(|w| w.glued), Some(false));
        assert_eq!(split(br#""a"b"#).map(|w| w.glued), Some(true));
        assert_eq!(one(r#""a"#), None);
        assert_eq!(count(b"a\x0bb"), Some(1));
    }

    #[test]
    fn quoted_words_read_back() {
        for byte in 0..=255 {
            let word = [b'a', byte];
            let text = quote(&word);
            assert_eq!(split(text.as_bytes()).unwrap().words, [word], "{byte}");
            if !needs_quotes(&word) {
                assert_eq!(split(&word).unwrap().words, [word], "{byte}");
            }
        }
    }

    #[test]
    fn numbers_are_what_c_makes_of_them() {
        assert_eq!(strtoll(b" +12x"), (12, 4));
        assert_eq!(strtoll(b"-"), (0, 0));
        assert_eq!(atoll(b"99999999999999999999"), i64::MAX);
        assert_eq!(atoll(b"-99999999999999999999"), i64::MIN);
        assert_eq!(atoll(b"-9223372036854775808"), i64::MIN);
    }
}
