//! One command as people want to see it: where it stands, and its text in short.

use std::fmt::{self, Write as _};

use crate::command::Command;
use crate::walk::{Item, Unit};
use crate::words;

/// Characters of a text at most, or a few more.
const TEXT: usize = 160;

/// Bytes shown of one argument.
const ARGUMENT: usize = 40;

/// A command or annotation, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The name of its file.
    pub file: Vec<u8>,
    /// Offset of its first byte.
    pub offset: u64,
    /// Offset behind its last byte.
    pub end: u64,
    /// The database it works on.
    pub db: u64,
    /// The last `#TS` time before it: Unix seconds.
    pub time: Option<i64>,
    /// Whether it stands in a transaction, `MULTI` and `EXEC` among it.
    pub in_transaction: bool,
    /// Its arguments, quoted where they hold blanks or bytes, and cut short
    /// with "..." where they are long. Never longer than 250 characters.
    pub text: String,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.escape_ascii();
        write!(f, "{file}:{} db {}: {}", self.offset, self.db, self.text)
    }
}

impl Excerpt {
    /// Of `unit`, as [`walk`](crate::walk::walk) gives it, in the file of that name.
    #[must_use]
    pub fn of(unit: &Unit<'_>, file: &[u8]) -> Excerpt {
        Excerpt {
            file: file.to_vec(),
            offset: unit.begin,
            end: unit.end,
            db: unit.db,
            time: unit.time,
            in_transaction: unit.transaction.is_some(),
            text: text(&unit.item),
        }
    }
}

/// The text of a unit, in short.
pub(super) fn text(item: &Item<'_>) -> String {
    let mut out = String::new();
    match item {
        Item::Command(command) | Item::Abridged(command) => push_command(command, &mut out),
        Item::Annotation(line) => {
            out.push('#');
            push(line.text(), &mut out);
        }
    }
    out
}

fn push_command(command: &Command<'_>, out: &mut String) {
    for (index, arg) in command.args().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        if out.len() > TEXT {
            // Writing to a String does not fail.
            _ = write!(out, "... ({} arguments)", command.len());
            return;
        }
        push(arg, out);
    }
}

fn push(arg: &[u8], out: &mut String) {
    let shown = arg.get(..ARGUMENT).unwrap_or(arg);
    if words::needs_quotes(shown) {
        // Each byte takes up to four characters.
        let shown = arg.get(..ARGUMENT / 2).unwrap_or(arg);
        out.push_str(&words::quote(shown));
        if shown.len() < arg.len() {
            out.push_str("...");
        }
        return;
    }
    out.push_str(&String::from_utf8_lossy(shown));
    if shown.len() < arg.len() {
        out.push_str("...");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(args: &[&[u8]]) -> String {
        let mut raw = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            raw.extend(format!("${}\r\n", arg.len()).bytes());
            raw.extend_from_slice(arg);
            raw.extend_from_slice(b"\r\n");
        }
        text(&Item::Command(Command::parse(&raw).unwrap()))
    }

    #[test]
    fn texts_are_short_and_readable() {
        assert_eq!(text_of(&[b"SET", b"user:1", b"a b"]), r#"SET user:1 "a b""#);
        assert_eq!(text_of(&[b"SET", b"k", b"\xff\r\n"]), r#"SET k "\xff\r\n""#);
        let long = text_of(&[b"SET", b"k", &[b'v'; 1000]]);
        assert_eq!(long, format!("SET k {}...", "v".repeat(40)));
        let many = text_of(&[&b"RPUSH"[..]; 100]);
        assert!(many.ends_with("... (100 arguments)") && many.len() <= 250);
        let binary = text_of(&[&[0xffu8; 1000][..]; 9]);
        assert!(binary.len() <= 300, "{}", binary.len());
    }
}
