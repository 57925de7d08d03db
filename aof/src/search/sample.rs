//! Logs written as lines, for tests.

use crate::limits::Limits;
use crate::manifest::{Entry, FileKind, Manifest};
use crate::set::Set;
use crate::source::Memory;
use crate::walk::{FileEnd, Unit, Visitor, walk_with};

/// Words as a command of a log.
pub(super) fn command(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let mut raw = format!("*{}\r\n", words.len());
    for word in words {
        raw += &format!("${}\r\n{word}\r\n", word.len());
    }
    raw
}

/// `#` lines as they are, all else as commands.
pub(super) fn log<S: AsRef<str>>(lines: &[S]) -> String {
    let unit = |line: &S| match line.as_ref() {
        line if line.starts_with('#') => format!("{line}\r\n"),
        line => command(line),
    };
    lines.iter().map(unit).collect()
}

/// Lets a visitor see files of a log, in that order.
pub(super) fn visit<V: Visitor>(files: &[Vec<u8>], visitor: &mut V) -> Vec<FileEnd> {
    let mut source = Memory::default();
    let mut manifest = Manifest::default();
    for (index, bytes) in files.iter().enumerate() {
        let name = format!("{index}.aof");
        source.insert(name.as_bytes(), bytes.as_slice());
        let entry = Entry::new(name.as_bytes(), index as i64 + 1, FileKind::Increment);
        manifest.entries.push(entry);
    }
    walk_with(
        &Set::new(b"m", manifest),
        &source,
        Limits::default(),
        visitor,
    )
}

/// Lets a visitor see lines, one file after the other.
pub(super) fn see<V: Visitor>(files: &[&[&str]], visitor: &mut V) -> Vec<FileEnd> {
    let files: Vec<Vec<u8>> = files.iter().map(|lines| log(lines).into_bytes()).collect();
    visit(&files, visitor)
}

/// Asks something of every unit.
pub(super) struct Each<F>(pub F);

impl<F: FnMut(&Unit<'_>)> Visitor for Each<F> {
    fn unit(&mut self, unit: &Unit<'_>) {
        (self.0)(unit);
    }
}
