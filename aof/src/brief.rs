//! Commands and words in short: `SET user:1 "a b\xff" PXAT 1763718000000`.

use std::fmt::Write as _;

use rdbkit_rdb::redact;

use crate::command::Command;
use crate::commands::lookup;
use crate::words::quoted_as_is;

/// Characters of a line, about; it may be one word longer.
const LINE: usize = 160;

/// Characters of a word, about.
const WORD: usize = 48;

/// The arguments, quoted as redis-cli quotes them, on one line that stays short
/// whatever the command holds: long arguments are cut and say how long they
/// are, and of too many arguments it says how many follow. Never longer than
/// 320 characters.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, brief};
///
/// let command = Command::parse(b"*3\r\n$3\r\nset\r\n$1\r\nk\r\n$3\r\na b\r\n")?;
/// assert_eq!(brief(&command), r#"set k "a b""#);
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[must_use]
pub fn brief(command: &Command<'_>) -> String {
    let mut out = String::new();
    let mut args = command.args();
    let mut left = command.len();
    if let Some((name, length)) = args.next_part() {
        push_name(name, length, &mut out);
        left -= 1;
    }
    while out.len() <= LINE
        && let Some((arg, length)) = args.next_part()
    {
        out.push(' ');
        push(arg, length, &mut out);
        left -= 1;
    }
    if left > 0 {
        // Writing to a String does not fail.
        _ = write!(out, " ... ({left} arguments more)");
    }
    out
}

/// One argument or key, quoted where it has to be and cut where it is long:
/// `"a b"`, `vvvv...(1000 bytes)`.
#[must_use]
pub fn brief_word(bytes: &[u8]) -> String {
    let mut out = String::new();
    push(bytes, bytes.len(), &mut out);
    out
}

/// The name of a command, in the same way. One that servers know is no data, and never
/// hidden.
#[must_use]
pub fn brief_name(name: &[u8]) -> String {
    let mut out = String::new();
    push_name(name, name.len(), &mut out);
    out
}

fn push_name(bytes: &[u8], length: usize, out: &mut String) {
    match lookup(bytes) {
        Some(_) => push_as_is(bytes, length, out),
        None => push(bytes, length, out),
    }
}

/// `bytes` is what is there of a word of `length` bytes.
fn push(bytes: &[u8], length: usize, out: &mut String) {
    match redact::hidden(bytes) {
        Some(hidden) => {
            out.push_str(&hidden);
            if bytes.len() < length {
                out.push_str("...");
            }
        }
        None => push_as_is(bytes, length, out),
    }
}

fn push_as_is(bytes: &[u8], length: usize, out: &mut String) {
    let mut shown = bytes.get(..WORD).unwrap_or(bytes);
    let mut text = quoted_as_is(shown);
    if text.len() > 2 * WORD {
        // Mostly escapes, four characters a byte.
        shown = bytes.get(..WORD / 4).unwrap_or(bytes);
        text = quoted_as_is(shown);
    }
    out.push_str(&text);
    if shown.len() < length {
        // Writing to a String does not fail.
        _ = write!(out, "...({length} bytes)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(args: &[&[u8]]) -> String {
        let mut raw = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            raw.extend(format!("${}\r\n", arg.len()).bytes());
            raw.extend_from_slice(arg);
            raw.extend_from_slice(b"\r\n");
        }
        brief(&Command::parse(&raw).unwrap())
    }

    #[test]
    fn words_are_quoted_where_they_have_to_be() {
        assert_eq!(of(&[b"FLUSHALL"]), "FLUSHALL");
        assert_eq!(
            of(&[b"set", b"a b", b"\xff\r\n\"", b""]),
            r#"set "a b" "\xff\r\n\"" """#
        );
    }

    #[test]
    fn a_line_stays_short() {
        let long = of(&[b"SET", b"k", &[b'v'; 1000]]);
        assert_eq!(long, format!("SET k {}...(1000 bytes)", "v".repeat(48)));
        let binary = of(&[b"SET", b"k", &[0; 1000]]);
        assert!(binary.ends_with(r#"\x00"...(1000 bytes)"#), "{binary}");
        let many = of(&[&b"RPUSH"[..]; 100]);
        assert!(many.ends_with(" arguments more)"), "{many}");
        let worst = of(&[&[0xff; 1000][..]; 100]);
        assert!(worst.len() <= 320, "{worst}");
    }

    #[test]
    fn of_a_command_that_was_not_kept_whole() {
        let part = Command::beginning(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900\r\nvvv", 3);
        assert_eq!(brief(&part), "SET k vvv...(900 bytes)");
        let part = Command::beginning(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9", 3);
        assert_eq!(brief(&part), "SET k ... (1 arguments more)");
    }
}
