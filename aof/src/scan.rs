//! The lines `*count` and `$length`: fast where they are as servers write them,
//! and as C reads them where they are not.

use std::ops::{BitOr, BitOrAssign};

use crate::words::strtoll;

/// Bytes of a line that servers read at once; what is behind them is the next line.
pub(crate) const MAX_LINE: usize = 1023;

/// Bytes of a line that the check tools read at once.
const MAX_CHECKED_LINE: usize = 127;

/// What servers load although they never write it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quirks(u8);

impl Quirks {
    /// Nothing: the form servers write.
    pub const NONE: Quirks = Quirks(0);
    /// A number with blanks, a sign or zeros in front, or a count of which
    /// servers take the low 32 bits.
    pub const LOOSE_NUMBER: Quirks = Quirks(1);
    /// A number that is not followed by CRLF: LF alone, other text, no digit
    /// at all, or a line of more than 127 bytes.
    pub const LINE_END: Quirks = Quirks(2);
    /// The two bytes after an argument are not CRLF; servers skip any two.
    pub const TERMINATOR: Quirks = Quirks(4);

    /// Whether all of `other` are among them.
    #[must_use]
    pub const fn contains(self, other: Quirks) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether the form is the one servers write.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether `redis-check-aof` and `valkey-check-aof` refuse what servers load.
    #[must_use]
    pub const fn refused_by_check_tool(self) -> bool {
        self.0 & (Quirks::LINE_END.0 | Quirks::TERMINATOR.0) != 0
    }
}

impl BitOr for Quirks {
    type Output = Quirks;
    fn bitor(self, other: Quirks) -> Quirks {
        Quirks(self.0 | other.0)
    }
}

impl BitOrAssign for Quirks {
    fn bitor_assign(&mut self, other: Quirks) {
        *self = *self | other;
    }
}

/// The number of a line as servers write it, and the index behind its CRLF.
///
/// One load of eight bytes covers the sigil, five digits and CRLF; the branch
/// is on the number of digits alone. `None` also where fewer than eight bytes
/// are left: the caller has a slower way.
#[inline(always)]
pub(crate) fn number(data: &[u8], at: usize, sigil: u8) -> Option<(usize, usize)> {
    const CRLF: u16 = 0x0a0d;
    let word = u64::from_le_bytes(*data.get(at..)?.first_chunk::<8>()?);
    if word as u8 != sigil {
        return None;
    }
    let digit = |place: u32| ((word >> (8 * place)) as u8).wrapping_sub(b'0');
    let (first, second, third) = (digit(1), digit(2), digit(3));
    if (word >> 16) as u16 == CRLF && first < 10 {
        return Some((first as usize, at + 4));
    }
    // A zero in front is what no server writes: left to the slower way.
    let two = first < 10 && second < 10 && first != 0;
    if (word >> 24) as u16 == CRLF && two {
        return Some((first as usize * 10 + second as usize, at + 5));
    }
    if (word >> 32) as u16 == CRLF && two && third < 10 {
        let value = first as usize * 100 + second as usize * 10 + third as usize;
        return Some((value, at + 6));
    }
    long_number(data, at + 1)
}

/// Four to eighteen digits and CRLF from `at` on.
fn long_number(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let line = data.get(at..)?;
    let mut value = 0usize;
    for (index, &byte) in line.iter().take(19).enumerate() {
        match byte {
            b'0' if index == 0 => return None,
            b'0'..=b'9' => value = value.checked_mul(10)?.checked_add((byte - b'0') as usize)?,
            b'\r' if index > 3 && line.get(index + 1) == Some(&b'\n') => {
                return Some((value, at + index + 2));
            }
            _ => return None,
        }
    }
    None
}

/// What framing finds out about a command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// How many arguments it has, the name among them.
    pub args: u32,
    /// What differs from the form servers write.
    pub quirks: Quirks,
    /// Found out in passing, or not at all.
    pub name: Span,
}

/// Where the name of a command is; none where that was not found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub at: u8,
    pub length: u8,
}

/// A whole command as servers write it, from the front of `data`: its bytes, its
/// form, and what follows it.
#[inline(always)]
pub(crate) fn strict_command(data: &[u8]) -> Option<(&[u8], Form, &[u8])> {
    let Head { args, name } = head(data)?;
    let mut rest = data.get(usize::from(name.at) + usize::from(name.length)..)?;
    let mut left = args - 1;
    while left > 0 {
        left -= 1;
        let (length, start) = length_behind(rest, 0)?;
        rest = rest.get(start.checked_add(length)?..)?;
    }
    let [b'\r', b'\n', rest @ ..] = rest else {
        return None;
    };
    let quirks = Quirks::NONE;
    let raw = data.get(..data.len() - rest.len())?;
    Some((raw, Form { args, quirks, name }, rest))
}

/// What is in front of the name of a command, as servers write it.
struct Head {
    /// At least one.
    args: u32,
    name: Span,
}

/// The two lines at the front of `data`: of less than ten arguments, and a name of
/// less than ten bytes, unless they are longer.
#[inline(always)]
fn head(data: &[u8]) -> Option<Head> {
    let (args, length) = (line_of_one(data, 0, b'*')?, line_of_one(data, 4, b'$')?);
    if !(1..10).contains(&args) || !(1..10).contains(&length) {
        return long_head(data);
    }
    let name = Span {
        at: 8,
        length: length as u8,
    };
    Some(Head { args, name })
}

/// The digit of a line of four bytes, a sigil, the digit and CRLF; what is no such
/// line is a number above nine.
#[inline(always)]
fn line_of_one(data: &[u8], at: usize, sigil: u8) -> Option<u32> {
    let line = u32::from_le_bytes(*data.get(at..)?.first_chunk::<4>()?);
    // Zero but for the value of the digit, which comes to the front.
    Some((line ^ u32::from_le_bytes([sigil, b'0', b'\r', b'\n'])).rotate_right(8))
}

/// As [`head`], whatever the numbers; but a name of more than 255 bytes is left to
/// the slower way.
#[inline(never)]
fn long_head(data: &[u8]) -> Option<Head> {
    let (count, begin) = number(data, 0, b'*')?;
    let args = i32::try_from(count).ok()?.cast_unsigned();
    let (length, start) = length_behind(data, begin - 2)?;
    let name = Span {
        at: u8::try_from(start).ok()?,
        length: u8::try_from(length).ok()?,
    };
    (args > 0).then_some(Head { args, name })
}

/// The CRLF at `at` with the `$` line behind it, as servers write them: the
/// length, and the index behind the line. One load does for lengths of up to
/// three digits, and a whole command has as many bytes from there on.
///
/// What comes next waits for the length, and only guesses wait for the checks: so
/// the length is taken from the bytes by the shortest way.
#[inline(always)]
pub(crate) fn length_behind(data: &[u8], at: usize) -> Option<(usize, usize)> {
    let word = u64::from_le_bytes(*data.get(at..)?.first_chunk::<8>()?);
    // Zero but for the values of the digits, if they are digits.
    let first = (word as u32 ^ u32::from_le_bytes(*b"\r\n$0")).rotate_left(8);
    let behind = (word >> 32) as u32;
    if behind as u16 == u16::from_le_bytes(*b"\r\n") {
        return (first < 10).then_some((first as usize, at + 6));
    }
    let second = (behind ^ u32::from_le_bytes(*b"0\r\n\0")) & 0xff_ffff;
    // A zero in front is what no server writes: left to the slower way.
    if first.wrapping_sub(1) < 9 && second < 10 {
        return Some((first as usize * 10 + second as usize, at + 7));
    }
    long_behind(data, at, first)
}

/// As [`length_behind`], for lengths of three digits and more, of which `first`
/// is one.
#[inline]
fn long_behind(data: &[u8], at: usize, first: u32) -> Option<(usize, usize)> {
    if first > 9 {
        return None;
    }
    let digits = data.get(at.checked_add(4)?..)?.first_chunk::<4>()?;
    let [second, third, b'\r', b'\n'] = *digits else {
        return long_number(data, at + 3);
    };
    let (second, third) = (second.wrapping_sub(b'0'), third.wrapping_sub(b'0'));
    if first == 0 || second > 9 || third > 9 {
        return None;
    }
    let value = first as usize * 100 + usize::from(second) * 10 + usize::from(third);
    Some((value, at + 8))
}

/// A line as C's `fgets` takes it: its length with the LF, or `None` if more
/// bytes must be seen.
pub(crate) fn line(data: &[u8], eof: bool) -> Option<usize> {
    let held = data.get(..MAX_LINE).unwrap_or(data);
    match held.iter().position(|&b| b == b'\n') {
        Some(lf) => Some(lf + 1),
        None if eof || held.len() == MAX_LINE => Some(held.len()),
        None => None,
    }
}

/// The number behind the sigil of `line` as C's `strtol` reads it, and how it
/// differs from what servers write.
pub(crate) fn loose_number(line: &[u8]) -> (i64, Quirks) {
    let text = line.get(1..).unwrap_or_default();
    let (value, used) = strtoll(text);
    let mut quirks = Quirks::NONE;
    let digits = text.get(..used).unwrap_or_default();
    if digits.first() == Some(&b'0') && used > 1 || !digits.iter().all(u8::is_ascii_digit) {
        quirks |= Quirks::LOOSE_NUMBER;
    }
    if used == 0 || text.get(used..) != Some(b"\r\n") || line.len() > MAX_CHECKED_LINE {
        quirks |= Quirks::LINE_END;
    }
    (value, quirks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length() {
        for digits in 1..=18 {
            for text in ["1".repeat(digits), "9".repeat(digits)] {
                let line = format!("${text}\r\n12345678");
                let wanted = text.parse::<usize>().unwrap();
                let found = number(line.as_bytes(), 0, b'$');
                assert_eq!(found, Some((wanted, digits + 3)), "{text}");
            }
        }
        assert_eq!(number(b"$0\r\n\r\n$1", 0, b'$'), Some((0, 4)));
    }

    #[test]
    fn what_servers_do_not_write_is_left_to_the_slow_way() {
        for line in [
            "$01\r\n", "$+1\r\n", "$ 1\r\n", "$1\n", "$1x\r\n", "$\r\n", "*1\r\n", "$1234\rx",
        ] {
            let line = format!("{line}        ");
            assert_eq!(number(line.as_bytes(), 0, b'$'), None, "{line:?}");
        }
        // Fewer than eight bytes.
        assert_eq!(number(b"$1\r\na\r\n", 0, b'$'), None);
        let nineteen = format!("${}\r\n", "1".repeat(19));
        assert_eq!(number(nineteen.as_bytes(), 0, b'$'), None);
    }

    #[test]
    fn loose_numbers_are_named() {
        let both = Quirks::LOOSE_NUMBER | Quirks::LINE_END;
        assert_eq!(loose_number(b"*12\r\n"), (12, Quirks::NONE));
        assert_eq!(loose_number(b"*0\r\n"), (0, Quirks::NONE));
        assert_eq!(loose_number(b"* 1\r\n"), (1, Quirks::LOOSE_NUMBER));
        assert_eq!(loose_number(b"*01\r\n"), (1, Quirks::LOOSE_NUMBER));
        assert_eq!(loose_number(b"*+1\n"), (1, both));
        assert_eq!(loose_number(b"*1x\r\n"), (1, Quirks::LINE_END));
        assert_eq!(loose_number(b"*\r\n"), (0, Quirks::LINE_END));
        assert!(both.refused_by_check_tool() && !Quirks::LOOSE_NUMBER.refused_by_check_tool());
    }
}
