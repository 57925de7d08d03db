//! Patterns as servers match them in `KEYS` and `SCAN` (`stringmatchlen`).
//!
//! ```text
//! *        any bytes, none too       [a-c^x]  one byte of these and ranges
//! ?        one byte                  [^...]   one byte of none of these
//! \x       the byte x                anything else stands for itself
//! ```
//!
//! The dialect has its corners, all of them the servers': a class that is not
//! closed ends with the pattern, ranges may be written backwards, bytes from
//! 0x80 on are below zero in ranges, and an empty text is matched by the empty
//! pattern alone.

/// Whether the whole of `text` matches `pattern`. As in `KEYS`, a lone `*`
/// matches everything, the empty text too.
///
/// # Limits
///
/// Takes no memory, and at worst a time proportional to the product of both lengths.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::glob;
///
/// assert!(glob::matches(b"user:[0-9]*", b"user:17"));
/// assert!(!glob::matches(b"user:?", b"user:17"));
/// ```
#[must_use]
pub fn matches(pattern: &[u8], text: &[u8]) -> bool {
    pattern == b"*" || run(pattern, text, false)
}

/// As [`matches()`], with ASCII letters equal in either case.
#[must_use]
pub fn matches_ignore_case(pattern: &[u8], text: &[u8]) -> bool {
    pattern == b"*" || run(pattern, text, true)
}

fn run(mut pattern: &[u8], mut text: &[u8], fold: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    // What follows the last star, and where in the text that was tried last.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = pattern {
            (star, pattern) = (Some((rest, text)), rest);
            continue;
        }
        match text {
            [] if pattern.is_empty() => return true,
            [byte, after @ ..] => {
                if let Some(rest) = one(pattern, *byte, fold) {
                    (pattern, text) = (rest, after);
                    continue;
                }
            }
            [] => {}
        }
        // All but a star takes one byte, so only the last star can be wrong.
        let Some((rest, [_, later @ ..])) = star else {
            return false;
        };
        star = Some((rest, later));
        (pattern, text) = (rest, later);
    }
}

/// Matches the first element of a pattern, no star, against one byte; gives the
/// rest of the pattern.
fn one(pattern: &[u8], byte: u8, fold: bool) -> Option<&[u8]> {
    let folded = |b: u8| if fold { b.to_ascii_lowercase() } else { b };
    let (wanted, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => return Some(rest),
        [b'[', rest @ ..] => return class(rest, folded(byte), fold),
        [b'\\', escaped, rest @ ..] => (*escaped, rest),
        [literal, rest @ ..] => (*literal, rest),
    };
    (folded(wanted) == folded(byte)).then_some(rest)
}

/// Matches a class, of which `[` is gone.
fn class(pattern: &[u8], byte: u8, fold: bool) -> Option<&[u8]> {
    let folded = |b: u8| if fold { b.to_ascii_lowercase() } else { b };
    let (mut rest, negated) = match pattern {
        [b'^', rest @ ..] => (rest, true),
        _ => (pattern, false),
    };
    let mut found = false;
    loop {
        rest = match rest {
            [] => break,
            [b'\\', escaped, rest @ ..] => {
                // Servers fold no case here.
                found |= *escaped == byte;
                rest
            }
            [b']', after @ ..] => {
                rest = after;
                break;
            }
            [from, b'-', to, rest @ ..] => {
                // Bytes are C's signed characters here.
                let (from, to) = (folded(*from) as i8, folded(*to) as i8);
                found |= (from.min(to)..=from.max(to)).contains(&(byte as i8));
                rest
            }
            [literal, rest @ ..] => {
                found |= folded(*literal) == byte;
                rest
            }
        };
    }
    (found != negated).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements() {
        for (pattern, yes, no) in [
            ("h?llo", &["hello", "h\nllo"][..], &["hllo", "heello"][..]),
            ("h*o", &["ho", "hello", "hoo"], &["h", "hel", "oho"]),
            ("h[ae]*", &["ha", "hex"], &["hi", "h"]),
            ("h[^e]", &["ha", "h^"], &["he", "h"]),
            ("[c-a]", &["a", "b", "c"], &["d", "-"]),
            (r"a\*b", &["a*b"], &["aab", r"a\*b"]),
            ("*a*b*c*", &["abc", "xaxbxcx"], &["acb", "ab"]),
        ] {
            for text in yes {
                assert!(
                    matches(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} {text}"
                );
            }
            for text in no {
                assert!(
                    !matches(pattern.as_bytes(), text.as_bytes()),
                    "{pattern} {text}"
                );
            }
        }
    }

    #[test]
    fn corners() {
        // Not closed, empty, and at the very end.
        assert!(matches(b"[a", b"a") && matches(b"x[^", b"xy"));
        assert!(!matches(b"[]", b"]") && !matches(b"[", b"["));
        assert!(matches(b"a\\", b"a\\"));
        // The empty text.
        assert!(matches(b"", b"") && matches(b"*", b"") && !matches(b"**", b""));
        assert!(matches(b"a**", b"a"));
        // 0xff is -1: between 'a' and it lie the bytes from 0 to 'a'.
        assert!(matches(b"[a-\xff]", b"A") && !matches(b"[a-\xff]", b"b"));
        assert!(matches_ignore_case(b"FLUSH[A-D]*", b"flushall"));
    }

    #[test]
    fn many_stars_take_no_time() {
        let pattern = b"*a".repeat(200);
        assert!(!matches(&pattern, &[b'a'; 100]));
        assert!(matches(&pattern, &[b'a'; 200]));
    }
}
