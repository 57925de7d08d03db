//! The name of a command as a number: told apart and looked up at next to no cost.
//!
//! ```text
//! *3\r\n$3\r\nSET\r\n...   the name stands behind two short lines, and is
//!                          compared as two words of eight bytes
//! ```

use crate::command::Command;
use crate::scan::Span;

mod table;

pub(crate) use table::{SIZE, Table};

/// Longest name that is taken.
pub(crate) const LONGEST: usize = 16;

/// The bytes of a name of each length, in two words.
const MASKS: [[u64; 2]; LONGEST + 1] = {
    let mut masks = [[0; 2]; LONGEST + 1];
    let mut length = 1;
    while length <= LONGEST {
        let [low, high] = masks[length - 1];
        masks[length] = if length <= 8 {
            [low << 8 | 0xff, 0]
        } else {
            [low, high << 8 | 0xff]
        };
        length += 1;
    }
    masks
};

/// Values of [`Name::hash`].
pub(crate) const HASHES: usize = 512;

/// A name in the case it was written in: its bytes, then zeros, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Name {
    low: u64,
    high: u64,
    length: u32,
}

/// The commands that say what is in force for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    Multi,
    Exec,
    Select,
    /// Any other command.
    None,
}

impl Control {
    #[inline]
    pub fn of(name: &[u8]) -> Control {
        // By length first: nearly every command is another one.
        match name.len() {
            4 if name.eq_ignore_ascii_case(b"EXEC") => Control::Exec,
            5 if name.eq_ignore_ascii_case(b"MULTI") => Control::Multi,
            6 if name.eq_ignore_ascii_case(b"SELECT") => Control::Select,
            _ => Control::None,
        }
    }
}

/// Sets the bit that tells lower-case letters from upper-case ones.
const LOWER: u64 = 0x2020_2020_2020_2020;
const EXEC: u64 = u64::from_le_bytes(*b"exec    ");
const MULTI: u64 = u64::from_le_bytes(*b"multi   ");
const SELECT: u64 = u64::from_le_bytes(*b"select  ");

impl Name {
    /// The name of a command in the form servers write; `None` where it is too
    /// long, or empty, or the command is in another form: then the name does not
    /// stand where it is looked for.
    #[inline(always)]
    pub fn of(command: &Command<'_>) -> Option<Name> {
        let Span { at, length } = match command.form().name {
            Span { length: 0, .. } => locate(*command)?,
            found => found,
        };
        let [low_mask, high_mask] = *MASKS.get(usize::from(length))?;
        let name = command.as_raw().get(usize::from(at)..)?;
        let (low, high) = match name.first_chunk::<16>() {
            Some(bytes) => {
                let both = u128::from_le_bytes(*bytes);
                (both as u64, (both >> 64) as u64)
            }
            None => short(name, usize::from(length)),
        };
        Some(Name {
            low: low & low_mask,
            high: high & high_mask,
            length: u32::from(length),
        })
    }

    /// Below [`HASHES`].
    #[inline(always)]
    pub fn hash(self) -> usize {
        let mixed = (self.low ^ self.high.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> 55) as usize
    }

    /// What it says of other commands.
    #[inline(always)]
    pub fn control(self) -> Control {
        match (self.length, self.low | LOWER) {
            (4, EXEC) => Control::Exec,
            (5, MULTI) => Control::Multi,
            (6, SELECT) => Control::Select,
            _ => Control::None,
        }
    }

    /// Its first byte.
    #[inline(always)]
    pub fn first(self) -> u8 {
        self.low as u8
    }

    /// Whether it is no name: the default.
    #[inline]
    pub fn is_none(self) -> bool {
        self.length == 0
    }

    /// Its bytes.
    pub fn to_vec(self) -> Vec<u8> {
        let mut bytes = [self.low.to_le_bytes(), self.high.to_le_bytes()].concat();
        bytes.truncate(self.length as usize);
        bytes
    }
}

/// Where the name of a command is that was not framed in one go.
#[inline(never)]
fn locate(command: Command<'_>) -> Option<Span> {
    if !command.quirks().is_none() {
        return None;
    }
    let raw = command.as_raw();
    // "*" digits CRLF
    let line = match command.len() {
        0..10 => 4,
        10..100 => 5,
        100..1000 => 6,
        _ => return None,
    };
    // "$" digits CRLF name CRLF
    let [b'$', first, second, third, ..] = *raw.get(line..)?.first_chunk::<4>()? else {
        return None;
    };
    let digit = |byte: u8| byte.wrapping_sub(b'0');
    let (length, at) = if second == b'\r' {
        (digit(first), line + 4)
    } else if first == b'1' && third == b'\r' {
        (10 + digit(second), line + 5)
    } else {
        return None;
    };
    let at = u8::try_from(at).ok()?;
    (length > 0).then_some(Span { at, length })
}

/// The bytes of a name near the end of its command.
#[inline(always)]
fn short(name: &[u8], length: usize) -> (u64, u64) {
    let mut bytes = [0; LONGEST];
    for (byte, &found) in bytes.iter_mut().zip(name.iter().take(length)) {
        *byte = found;
    }
    let both = u128::from_le_bytes(bytes);
    (both as u64, (both >> 64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(name: &[u8]) -> Vec<u8> {
        let mut raw = format!("*1\r\n${}\r\n", name.len()).into_bytes();
        raw.extend_from_slice(name);
        raw.extend_from_slice(b"\r\n");
        raw
    }

    #[test]
    fn what_a_name_says_is_what_its_bytes_say() {
        let mut named = 0;
        for name in [
            "multi",
            "Multi",
            "MULTI",
            "exec",
            "EXEC",
            "eXeC",
            "select",
            "SELECT",
            "multi ",
            "mult",
            "EXE",
            "EXECS",
            "\x0dULTI",
            "M\0LTI",
            "sElEcT1",
            "a",
            "XREADGROUPXREADG",
        ] {
            let raw = raw(name.as_bytes());
            let found = Name::of(&Command::parse(&raw).unwrap()).unwrap();
            assert_eq!(found.control(), Control::of(name.as_bytes()), "{name:?}");
            assert_eq!(found.to_vec(), name.as_bytes());
            assert!(found.hash() < HASHES && !found.is_none());
            named += usize::from(found.control() != Control::None);
        }
        assert_eq!(named, 8);
        assert!(Name::default().is_none());
        let long = raw(&[b'a'; 17]);
        assert_eq!(Name::of(&Command::parse(&long).unwrap()), None);
    }
}
