//! When a command makes a key, or fields of it, expire.

use crate::command::Command;

/// An expiry that a command sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// At this Unix time in milliseconds.
    At(i64),
    /// So many milliseconds after the command is run: in a log, after it is loaded.
    In(i64),
}

/// The expiry that `command` sets, of a key or of hash fields.
///
/// Servers from 7.0 on write absolute times alone.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, search::{Expiry, expiry}};
///
/// let raw = b"*3\r\n$9\r\nPEXPIREAT\r\n$1\r\nk\r\n$4\r\n1700\r\n";
/// assert_eq!(expiry(&Command::parse(raw)?), Some(Expiry::At(1700)));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[must_use]
pub fn expiry(command: &Command<'_>) -> Option<Expiry> {
    const SECOND: i64 = 1000;
    let name = command.name();
    let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
    let second = || number(command.arg(2)?);
    match name.len() {
        3 if is(b"SET") && command.len() > 3 => option(command, 3),
        5 if is(b"GETEX") => option(command, 2),
        5 if is(b"SETEX") => second().map(|s| Expiry::In(s.saturating_mul(SECOND))),
        6 if is(b"EXPIRE") => second().map(|s| Expiry::In(s.saturating_mul(SECOND))),
        6 if is(b"PSETEX") => second().map(Expiry::In),
        6 if is(b"HSETEX") || is(b"HGETEX") => option(command, 2),
        6 if is(b"MSETEX") => option(command, 2),
        6 if is(b"INCREX") => option(command, 2),
        7 if is(b"PEXPIRE") => second().map(Expiry::In),
        7 if is(b"HEXPIRE") => second().map(|s| Expiry::In(s.saturating_mul(SECOND))),
        7 if is(b"RESTORE") => restored(command),
        8 if is(b"HPEXPIRE") => second().map(Expiry::In),
        8 if is(b"EXPIREAT") => second().map(|s| Expiry::At(s.saturating_mul(SECOND))),
        9 if is(b"PEXPIREAT") => second().map(Expiry::At),
        9 if is(b"HEXPIREAT") => second().map(|s| Expiry::At(s.saturating_mul(SECOND))),
        10 if is(b"HPEXPIREAT") => second().map(Expiry::At),
        14 if is(b"RESTORE-ASKING") => restored(command),
        _ => None,
    }
}

/// The time behind PXAT and its like, from argument `from` on.
///
/// MSETEX has values before its options, and HSETEX behind: a value that reads
/// `PXAT` in front of a number is taken for the option.
fn option(command: &Command<'_>, from: usize) -> Option<Expiry> {
    let mut args = command.args().skip(from);
    while let Some(word) = args.next() {
        let (at, factor) = match word {
            [b'P' | b'p', b'X' | b'x', b'A' | b'a', b'T' | b't'] => (true, 1),
            [b'E' | b'e', b'X' | b'x', b'A' | b'a', b'T' | b't'] => (true, 1000),
            [b'P' | b'p', b'X' | b'x'] => (false, 1),
            [b'E' | b'e', b'X' | b'x'] => (false, 1000),
            _ => continue,
        };
        let time = number(args.next()?)?.saturating_mul(factor);
        return Some(if at {
            Expiry::At(time)
        } else {
            Expiry::In(time)
        });
    }
    None
}

fn restored(command: &Command<'_>) -> Option<Expiry> {
    let time = number(command.arg(2)?).filter(|&time| time != 0)?;
    let absolute = command
        .args()
        .skip(4)
        .any(|word| word.eq_ignore_ascii_case(b"ABSTTL"));
    Some(if absolute {
        Expiry::At(time)
    } else {
        Expiry::In(time)
    })
}

pub(super) fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
