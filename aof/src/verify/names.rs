//! The names of a log's commands: nearly every command is one that was seen
//! before, with a number of arguments that is right. Telling so must cost next
//! to nothing.

use std::collections::BTreeMap;

use crate::command::Command;
use crate::name::{Name, SIZE, Table};

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
pub(super) struct Found {
    pub class: Class,
    pub commands: u64,
}

/// Longest name that is counted as it is.
const LONGEST_KEPT: usize = 64;

/// Names with their counts.
#[derive(Debug)]
pub(super) struct Names {
    table: Table<Found>,
    /// Arguments of the commands that are counted there.
    args: u64,
    /// Counts of names without a place.
    others: BTreeMap<Vec<u8>, u64>,
    /// Counts that somebody else made.
    passed: BTreeMap<Vec<u8>, u64>,
    /// Lines of commands that were not counted in `table`.
    lines: u64,
}

impl Names {
    pub fn new() -> Names {
        Names {
            table: Table::new(),
            args: 0,
            others: BTreeMap::new(),
            passed: BTreeMap::new(),
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
        let name = Name::of(command)?;
        let found = self.table.find(name)?;
        if !found.takes(command.len()) {
            return None;
        }
        found.kept.commands += 1;
        self.args += command.len() as u64;
        Some(found.kept.class)
    }

    /// Gives a name a place, from now on to be known with `least..=most` arguments.
    pub fn learn(&mut self, command: &Command<'_>, class: Class, least: u32, most: u32) {
        let found = Found {
            class,
            ..Found::default()
        };
        self.table.learn(command, least, most, found);
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

    /// Counts so many lines of commands that [`add`](Self::add) counts.
    pub fn pass(&mut self, lines: u64) {
        self.lines += lines;
    }

    /// Counts commands of names that a server knows, in lower case: there are
    /// only so many.
    pub fn add(&mut self, counts: &[(Vec<u8>, u64)]) {
        for (name, commands) in counts {
            *self.passed.entry(name.clone()).or_default() += commands;
        }
    }

    /// Lines of all commands so far, as redis-check-aof counts them.
    pub fn lines(&self) -> u64 {
        let found = self.table.iter().map(|entry| entry.kept.commands);
        self.lines + found.sum::<u64>() + 2 * self.args
    }

    /// How often each name came, in lower case.
    pub fn counts(&self) -> BTreeMap<Vec<u8>, u64> {
        let mut counts = self.others.clone();
        for (name, commands) in &self.passed {
            *counts.entry(name.clone()).or_default() += commands;
        }
        for entry in self.table.iter().filter(|entry| entry.kept.commands > 0) {
            let name = entry.name().to_ascii_lowercase();
            *counts.entry(name).or_default() += entry.kept.commands;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::LONGEST;

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
