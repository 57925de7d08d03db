//! The first line of a library: its engine and its name.

use super::Refusal;

/// Habits in which versions differ.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    /// A closing quote need not end its word.
    pub(super) joined_quotes: bool,
    /// A NUL byte ends the code and the name of the engine.
    pub(super) c_strings: bool,
}

impl Reading {
    /// Redis, and Valkey up to 8.0.
    pub(super) const REDIS: Reading = Reading {
        joined_quotes: false,
        c_strings: false,
    };
    pub(super) const VALKEY_8_1: Reading = Reading {
        joined_quotes: false,
        c_strings: true,
    };
    pub(super) const VALKEY_9: Reading = Reading {
        joined_quotes: true,
        c_strings: true,
    };
}

/// Whether servers take this as the name of a library or of a function.
pub(in crate::verify) fn is_name(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// The name on the first line, once the line is known to be right.
pub(super) fn library_name(line: &[u8], reading: Reading) -> Result<Vec<u8>, Refusal> {
    let mut words = split_words(line, reading.joined_quotes)
        .ok_or(Refusal::InvalidMetadata)?
        .into_iter();
    // The line starts with `#!` outside quotes, so there is a first word and it starts so too.
    let first = words.next().ok_or(Refusal::InvalidMetadata)?;
    let mut library = None;
    for word in words {
        match word.split_at_checked(5) {
            Some((key, name)) if key.eq_ignore_ascii_case(b"name=") => {
                if library.replace(name.to_vec()).is_some() {
                    return Err(Refusal::RepeatedName);
                }
            }
            _ => return Err(Refusal::Argument(word)),
        }
    }
    let library = library.ok_or(Refusal::MissingName)?;
    if !is_name(&library) {
        return Err(Refusal::LibraryName(library));
    }
    let engine = first.get(2..).unwrap_or_default();
    let engine = if reading.c_strings {
        until_nul(engine)
    } else {
        engine
    };
    if !engine.eq_ignore_ascii_case(b"lua") {
        return Err(Refusal::Engine(engine.to_vec()));
    }
    Ok(library)
}

pub(super) fn until_nul(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

/// Splits a line into words like `sdssplitargs`; `None` when quotes are not balanced.
///
/// With `joined_quotes` a word goes on behind a closing quote, as since Valkey 9.0. (That version reads on behind
/// the end of the line for a missing quote; as the newline is then part of a word, it refuses the line as well.)
fn split_words(line: &[u8], joined_quotes: bool) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut rest = line;
    loop {
        while let [byte, tail @ ..] = rest {
            if !is_space(*byte) {
                break;
            }
            rest = tail;
        }
        if rest.is_empty() {
            return Some(words);
        }
        let mut word = Vec::new();
        while let [byte, tail @ ..] = rest {
            rest = tail;
            match byte {
                b' ' | b'\t' | b'\r' => break,
                b'"' | b'\'' => {
                    rest = take_quoted(*byte, rest, &mut word)?;
                    let ends = rest.first().is_none_or(|&next| is_space(next));
                    if !joined_quotes {
                        if ends {
                            break;
                        }
                        return None;
                    }
                }
                // Vertical tab and form feed separate words only where a word has not begun.
                other => word.push(*other),
            }
        }
        words.push(word);
    }
}

/// `isspace` in the C locale, without the newline, which a line does not hold.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)
}

/// Reads up to the closing quote into `word`; the answer is what follows it.
fn take_quoted<'a>(quote: u8, mut rest: &'a [u8], word: &mut Vec<u8>) -> Option<&'a [u8]> {
    loop {
        let (byte, tail) = match rest {
            [b'\\', b'x', high, low, tail @ ..]
                if quote == b'"' && high.is_ascii_hexdigit() && low.is_ascii_hexdigit() =>
            {
                (hex_digit(*high) << 4 | hex_digit(*low), tail)
            }
            [b'\\', escaped, tail @ ..] if quote == b'"' => (
                match escaped {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => *other,
                },
                tail,
            ),
            [b'\\', b'\'', tail @ ..] if quote == b'\'' => (b'\'', tail),
            [byte, tail @ ..] if *byte == quote => return Some(tail),
            [byte, tail @ ..] => (*byte, tail),
            [] => return None,
        };
        word.push(byte);
        rest = tail;
    }
}

fn hex_digit(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a') + 10,
    }
}
