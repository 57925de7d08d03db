//! The names of a log's commands: nearly every command is one that was seen
//! before, with a number of arguments that is right. Telling so must cost next
//! to nothing.
//!
//! ```text
//! *3\r\n$3\r\nSET\r\n...   the name stands behind two short lines, and is
//!                          compared as two words of eight bytes
//! ```

use std::collections::BTreeMap;

use crate::command::Command;

/// Places in the table: names seen at first keep theirs, none is ever driven out.
const SIZE: usize = 512;

/// Places looked at for one name.
const PROBES: usize = 8;

/// Longest name that has a place.
const LONGEST: usize = 16;

/// A name as it is compared: its bytes behind zeros, and how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    low: u64,
    high: u64,
    length: u32,
}

/// How much a command of a known name, with a right number of arguments, asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing more.
    #[default]
    Plain,
    Multi,
    Exec,
    Select,
    /// A look at its arguments, or at where it stands.
    Other,
}

/// What was found out about a name, and how often it came.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    key: Key,
    class: Class,
    /// The numbers of arguments that are right.
    least: u32,
    most: u32,
    commands: u64,
    args: u64,
}

/// Longest name that is counted as it is.
const LONGEST_KEPT: usize = 64;

/// Names with their counts.
#[derive(Debug)]
pub(super) struct Names {
    places: Box<[Place]>,
    /// Counts of names without a place.
    others: BTreeMap<Vec<u8>, u64>,
    /// Lines of commands that were not counted in `places`.
    lines: u64,
}

impl Names {
    pub fn new() -> Names {
        Names {
            places: vec![Place::default(); SIZE].into_boxed_slice(),
            others: BTreeMap::new(),
            lines: 0,
        }
    }

    /// Counts a command that is as servers write it, of a known name, with a
    /// right number of arguments; `None` for any other.
    #[inline(always)]
    pub fn see(&mut self, command: &Command<'_>) -> Option<Class> {
        if !command.quirks().is_none() {
            return None;
        }
        let args = command.len() as u32;
        let key = key(command.as_raw(), args)?;
        let first = hash(key);
        for probe in 0..PROBES {
            let place = self.places.get_mut((first + probe) % SIZE)?;
            if place.key == key {
                if args < place.least || place.most < args {
                    return None;
                }
                place.commands += 1;
                place.args += u64::from(args);
                return Some(place.class);
            }
            if place.key.length == 0 {
                return None;
            }
        }
        None
    }

    /// Gives a name a place, from now on to be known with `least..=most` arguments.
    pub fn learn(&mut self, command: &Command<'_>, class: Class, least: u32, most: u32) {
        let Some(key) = key(command.as_raw(), command.len() as u32) else {
            return;
        };
        let first = hash(key);
        for probe in 0..PROBES {
            let Some(place) = self.places.get_mut((first + probe) % SIZE) else {
                return;
            };
            if place.key == key {
                return;
            }
            if place.key.length == 0 {
                *place = Place {
                    key,
                    class,
                    least,
                    most,
                    ..Place::default()
                };
                return;
            }
        }
    }

    /// Counts a command that [`see`](Self::see) did not.
    pub fn count(&mut self, name: &[u8], args: u64) {
        self.lines += 1 + 2 * args;
        let name = name
            .get(..LONGEST_KEPT)
            .unwrap_or(name)
            .to_ascii_lowercase();
        // Names that no server knows are as many as the file likes.
        if self.others.len() < SIZE || self.others.contains_key(&name) {
            *self.others.entry(name).or_default() += 1;
        }
    }

    /// Lines of all commands so far, as redis-check-aof counts them.
    pub fn lines(&self) -> u64 {
        let plain = self.places.iter().map(|p| p.commands + 2 * p.args);
        self.lines + plain.sum::<u64>()
    }

    /// How often each name came, in lower case.
    pub fn counts(&self) -> BTreeMap<Vec<u8>, u64> {
        let mut counts = self.others.clone();
        for place in self.places.iter().filter(|place| place.commands > 0) {
            let mut name = [place.key.low.to_le_bytes(), place.key.high.to_le_bytes()].concat();
            name.truncate(place.key.length as usize);
            name.make_ascii_lowercase();
            *counts.entry(name).or_default() += place.commands;
        }
        counts
    }
}

#[inline(always)]
fn hash(key: Key) -> usize {
    let mixed = (key.low ^ key.high.rotate_left(23)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize
}

/// The name of a command in the form servers write; `None` where it is too long,
/// or empty.
#[inline(always)]
fn key(raw: &[u8], args: u32) -> Option<Key> {
    // "*" digits CRLF
    let line = match args {
        0..10 => 4,
        10..100 => 5,
        100..1000 => 6,
        _ => return None,
    };
    // "$" digits CRLF name CRLF
    let [b'$', first, second, third, ..] = *raw.get(line..)?.first_chunk::<4>()? else {
        return None;
    };
    let (length, at) = if second == b'\r' {
        (usize::from(first.wrapping_sub(b'0')), line + 4)
    } else if first == b'1' && third == b'\r' {
        (10 + usize::from(second.wrapping_sub(b'0')), line + 5)
    } else {
        return None;
    };
    if length == 0 || length > LONGEST {
        return None;
    }
    let name = raw.get(at..)?;
    let (low, high) = match name.first_chunk::<16>() {
        Some(bytes) => {
            let both = u128::from_le_bytes(*bytes);
            (both as u64, (both >> 64) as u64)
        }
        None => short(name, length),
    };
    let (low_mask, high_mask) = if length < 8 {
        ((1 << (8 * length)) - 1, 0)
    } else if length < 16 {
        (u64::MAX, (1 << (8 * (length - 8))) - 1)
    } else {
        (u64::MAX, u64::MAX)
    };
    Some(Key {
        low: low & low_mask,
        high: high & high_mask,
        length: length as u32,
    })
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

    fn raw(args: &[&[u8]]) -> Vec<u8> {
        let mut raw = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            raw.extend(format!("${}\r\n", arg.len()).bytes());
            raw.extend_from_slice(arg);
            raw.extend_from_slice(b"\r\n");
        }
        raw
    }

    #[test]
    fn names_of_every_length_are_told_apart() {
        let mut names = Names::new();
        let name = b"abcdefghijklmnopqrst";
        let words: Vec<Vec<u8>> = (1..=20).map(|n| name[..n].to_vec()).collect();
        for word in &words {
            for more in [0, 1, 9, 99] {
                let mut args = vec![&word[..]];
                args.resize(1 + more, b"x");
                let raw = raw(&args);
                let command = Command::parse(&raw).unwrap();
                let known = word.len() <= LONGEST && more > 0;
                assert_eq!(names.see(&command).is_some(), known, "{word:?} {more}");
                if more == 0 {
                    names.learn(&command, Class::Plain, 2, 200);
                }
            }
        }
        let counts = names.counts();
        assert_eq!(counts.len(), LONGEST);
        assert!(counts.values().all(|&n| n == 3));
        // Three commands of a name: 2, 10 and 100 arguments.
        assert_eq!(names.lines(), 16 * (3 + 2 * 112));
    }

    #[test]
    fn only_what_was_learnt_passes() {
        let mut names = Names::new();
        let set = raw(&[b"SET", b"k", b"v"]);
        let command = Command::parse(&set).unwrap();
        assert_eq!(names.see(&command), None);
        names.learn(&command, Class::Exec, 3, 3);
        assert_eq!(names.see(&command), Some(Class::Exec));
        for other in [
            &raw(&[b"SET", b"k"]),
            &raw(&[b"set", b"k", b"v"]),
            &raw(&[b"SEt", b"k", b"v"]),
            &b"*3\r\n$03\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n".to_vec(),
        ] {
            assert_eq!(names.see(&Command::parse(other).unwrap()), None);
        }
        names.count(b"MULTI", 1);
        assert_eq!(names.lines(), 7 + 3);
        assert_eq!(names.counts().get(&b"multi"[..]), Some(&1));
    }

    #[test]
    fn a_hostile_log_fills_the_table_and_no_more() {
        let mut names = Names::new();
        for n in 0..100_000 {
            let raw = raw(&[format!("c{n}").as_bytes()]);
            let command = Command::parse(&raw).unwrap();
            if names.see(&command).is_none() {
                names.learn(&command, Class::Plain, 1, 1);
                names.count(command.name(), 1);
            }
        }
        assert!(names.counts().len() <= 2 * SIZE);
        assert_eq!(names.lines(), 300_000);
    }
}
