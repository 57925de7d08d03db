//! Which keys a log comes back to, as far as that has to be known: in two bits
//! a place, without their names.

use std::hash::{BuildHasher, RandomState};

use crate::command::Command;
use crate::commands::Spec;

/// How often a log comes to a key. Never less than it does, sometimes more:
/// several keys may share a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Often {
    Never,
    /// Commands on it stand one behind the other, and there are no others.
    Once,
    Again,
}

/// Counts runs of commands on the same key, for all databases together: those
/// change places.
#[derive(Debug)]
pub(super) struct Touched {
    /// Four places a byte.
    places: Vec<u8>,
    hasher: RandomState,
    runs: Runs,
}

/// Places for a log of few bytes, and for one of very many.
const LEAST: u64 = 1 << 16;
const MOST: u64 = 1 << 32;

impl Touched {
    /// For commands of so many bytes, in so many bytes of memory at most.
    pub fn new(log: u64, memory: u64) -> Touched {
        // A command on another key has some forty bytes.
        let places = (log / 8).clamp(LEAST, MOST).min(memory * 4).max(LEAST);
        Touched {
            places: vec![0; places.div_ceil(4) as usize],
            hasher: RandomState::new(),
            runs: Runs::default(),
        }
    }

    /// Bytes it takes.
    pub fn memory(&self) -> u64 {
        self.places.len() as u64
    }

    /// Takes the next command.
    pub fn command(&mut self, spec: &'static Spec, command: &Command<'_>) {
        let keys: Vec<&[u8]> = keys(spec, command).collect();
        if self.runs.goes_on(&keys) {
            return;
        }
        for key in keys {
            let (at, shift) = self.place(key);
            if let Some(byte) = self.places.get_mut(at) {
                let now = *byte >> shift & 3;
                *byte = *byte & !(3 << shift) | (now + 1).min(2) << shift;
            }
        }
    }

    /// How often the log comes to a key.
    pub fn often(&self, key: &[u8]) -> Often {
        let (at, shift) = self.place(key);
        match self.places.get(at).map_or(0, |byte| *byte >> shift & 3) {
            0 => Often::Never,
            1 => Often::Once,
            _ => Often::Again,
        }
    }

    fn place(&self, key: &[u8]) -> (usize, u32) {
        let hash = self.hasher.hash_one(key) as usize;
        let place = hash % (self.places.len() * 4);
        (place / 4, (place % 4 * 2) as u32)
    }
}

/// Tells whether a command goes on with the key of the one before. Both passes
/// over a log have to see the same runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(Option<Vec<u8>>);

impl Runs {
    /// Takes the keys of the next command.
    pub fn goes_on(&mut self, keys: &[&[u8]]) -> bool {
        let [key] = *keys else {
            self.0 = None;
            return false;
        };
        match &mut self.0 {
            Some(last) if last == key => true,
            Some(last) => {
                last.clear();
                last.extend_from_slice(key);
                false
            }
            None => {
                self.0 = Some(key.to_vec());
                false
            }
        }
    }
}

/// The keys of a command. What has none, and only says where others work or
/// belong, is to be left out by the caller.
pub(super) fn keys<'c>(
    spec: &'static Spec,
    command: &Command<'c>,
) -> impl Iterator<Item = &'c [u8]> + use<'c> {
    // Nearly always the first argument: they are passed over once.
    let mut args = command.args();
    let mut next = 0;
    spec.keys(command).filter_map(move |index| {
        let skip = index.checked_sub(next)?;
        next = index + 1;
        args.nth(skip)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands;
    use crate::event::Event;
    use crate::reader::SliceReader;

    fn touched(lines: &[&str]) -> Touched {
        let mut touched = Touched::new(1 << 20, 1 << 20);
        for line in lines {
            let args: Vec<&str> = line.split(' ').collect();
            let mut raw = format!("*{}\r\n", args.len());
            args.iter()
                .for_each(|a| raw += &format!("${}\r\n{a}\r\n", a.len()));
            let Ok(Some(Event::Command(command))) = SliceReader::new(raw.as_bytes()).next_event()
            else {
                panic!("{line}");
            };
            touched.command(commands::spec(&command).unwrap(), &command);
        }
        touched
    }

    #[test]
    fn runs_count_once() {
        let log = [
            "RPUSH a 1",
            "RPUSH a 2",
            "PEXPIREAT a 9",
            "SET b 1",
            "MSET c 1 d 2",
            "DEL b",
        ];
        let touched = touched(&log);
        let often = |key: &str| touched.often(key.as_bytes());
        assert_eq!(often("a"), Often::Once);
        assert_eq!(often("b"), Often::Again);
        assert_eq!((often("c"), often("d")), (Often::Once, Often::Once));
        assert_eq!(often("e"), Often::Never);
    }

    #[test]
    fn what_has_no_key_ends_a_run() {
        let touched = touched(&["SET a 1", "SWAPDB 0 1", "SET a 1"]);
        assert_eq!(touched.often(b"a"), Often::Again);
    }

    #[test]
    fn keys_of_several_commands_come_in_order() {
        let raw = b"*4\r\n$4\r\nMSET\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n";
        let command = Command::parse(raw).unwrap();
        let found: Vec<&[u8]> = keys(commands::spec(&command).unwrap(), &command).collect();
        assert_eq!(found, [b"a", b"b"]);
        // The destination of a ZUNIONSTORE comes first, and so do its sources.
        let raw = b"*4\r\n$11\r\nZUNIONSTORE\r\n$1\r\na\r\n$1\r\n1\r\n$1\r\nb\r\n";
        let command = Command::parse(raw).unwrap();
        let found: Vec<&[u8]> = keys(commands::spec(&command).unwrap(), &command).collect();
        assert_eq!(found, [b"a", b"b"]);
    }
}
