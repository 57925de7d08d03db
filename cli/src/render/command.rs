//! One command as one line for people: `SET user:1 "a b\xff" PXAT 1763718000000`.

use rdbkit_aof::{Command, quoted};

/// Characters of a line, about; it may be one word longer.
const LINE: usize = 160;

/// Characters of a word, about.
const WORD: usize = 48;

/// The arguments, quoted as redis-cli quotes them, on one line that stays short
/// whatever the command holds: long arguments are cut and say how long they
/// are, and of too many arguments it says how many follow.
#[must_use]
pub fn line(command: &Command<'_>) -> String {
    let mut out = String::new();
    let mut args = command.args();
    while let Some(arg) = args.next() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&word(arg));
        if out.len() > LINE && args.len() > 0 {
            out.push_str(&format!(" ... ({} arguments more)", args.len()));
            break;
        }
    }
    out
}

/// One argument or key, quoted where it has to be and cut where it is long:
/// `"a b"`, `vvvv...(1000 bytes)`.
#[must_use]
pub fn word(bytes: &[u8]) -> String {
    let mut shown = bytes.get(..WORD).unwrap_or(bytes);
    let mut text = quoted(shown);
    if text.len() > 2 * WORD {
        // Mostly escapes, four characters a byte.
        shown = bytes.get(..WORD / 4).unwrap_or(bytes);
        text = quoted(shown);
    }
    if shown.len() == bytes.len() {
        text.into_owned()
    } else {
        format!("{text}...({} bytes)", bytes.len())
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
        line(&Command::parse(&raw).unwrap())
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
        assert!(worst.len() < 2 * LINE, "{worst}");
    }
}
