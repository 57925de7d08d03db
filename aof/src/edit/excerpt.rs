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
    /// with "..." where they are long. Never longer than 320 characters.
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
            let line = line.text();
            push(line, line.len(), &mut out);
        }
    }
    out
}

fn push_command(command: &Command<'_>, out: &mut String) {
    let mut args = command.args();
    let mut shown = 0;
    while out.len() <= TEXT
        && let Some((arg, length)) = args.next_part()
    {
        if shown > 0 {
            out.push(' ');
        }
        push(arg, length, out);
        shown += 1;
    }
    if shown < command.len() {
        // Writing to a String does not fail.
        _ = write!(out, " ... ({} arguments)", command.len());
    }
}

/// `arg` is what is there of an argument of `length` bytes.
fn push(arg: &[u8], length: usize, out: &mut String) {
    let mut shown = arg.get(..ARGUMENT).unwrap_or(arg);
    if words::needs_quotes(shown) {
        // Each byte takes up to four characters.
        shown = arg.get(..ARGUMENT / 2).unwrap_or(arg);
        out.push_str(&words::quote(shown));
    } else {
        out.push_str(&String::from_utf8_lossy(shown));
    }
    if shown.len() < length {
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
        assert!(many.ends_with(" ... (100 arguments)") && many.len() <= 250);
        // Of a command that was not kept whole.
        let part = Command::beginning(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900\r\nvvv", 3);
        assert_eq!(text(&Item::Command(part)), "SET k vvv...");
        let part = Command::beginning(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9", 3);
        assert_eq!(text(&Item::Command(part)), "SET k ... (3 arguments)");
        let binary = text_of(&[&[0xffu8; 1000][..]; 9]);
        assert!(binary.len() <= 320, "{}", binary.len());
    }
}
