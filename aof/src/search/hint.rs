//! What a command tells about the time it was written, where no `#TS` does.

use crate::command::Command;
use crate::search::expiry::{Expiry, expiry, number};

/// Times that are no accident: from September 2001 to November 2286, in milliseconds.
const PLAUSIBLE: std::ops::Range<i64> = 1_000_000_000_000..10_000_000_000_000;

/// A guess at when a command was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Hint {
    /// Unix milliseconds.
    pub time_ms: i64,
    /// What it was taken from.
    pub kind: HintKind,
}

/// What a [`Hint`] was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum HintKind {
    /// The id of a stream entry: the time it was added, unless a client made ids
    /// of its own.
    StreamId,
    /// The delivery time in an `XCLAIM`.
    Claim,
    /// An expiry: the command was written before it.
    Before,
}

impl HintKind {
    /// A stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            HintKind::StreamId => "stream-id",
            HintKind::Claim => "claim-time",
            HintKind::Before => "before-expiry",
        }
    }
}

/// The hint in `command`, if there is one that could be a time.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, search::{HintKind, hint}};
///
/// let raw = b"*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$15\r\n1700000000000-3\r\n$1\r\nf\r\n$1\r\nv\r\n";
/// let found = hint(&Command::parse(raw)?).expect("an id");
/// assert_eq!((found.time_ms, found.kind), (1_700_000_000_000, HintKind::StreamId));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[must_use]
pub fn hint(command: &Command<'_>) -> Option<Hint> {
    let name = command.name();
    let (time_ms, kind) = match name.len() {
        4 if name.eq_ignore_ascii_case(b"XADD") => (entry_time(command)?, HintKind::StreamId),
        6 if name.eq_ignore_ascii_case(b"XCLAIM") => (claim_time(command)?, HintKind::Claim),
        _ => match expiry(command)? {
            Expiry::At(time) => (time, HintKind::Before),
            Expiry::In(_) => return None,
        },
    };
    PLAUSIBLE
        .contains(&time_ms)
        .then_some(Hint { time_ms, kind })
}

/// The milliseconds of the id that an XADD gives.
fn entry_time(command: &Command<'_>) -> Option<i64> {
    let mut args = command.args().skip(2).peekable();
    loop {
        let word = args.next()?;
        let is = |wanted: &[u8]| word.eq_ignore_ascii_case(wanted);
        if is(b"MAXLEN") || is(b"MINID") {
            args.next_if(|sign| matches!(*sign, b"=" | b"~"));
            args.next()?;
        } else if is(b"LIMIT") || is(b"IDMPAUTO") {
            args.next()?;
        } else if is(b"IDMP") {
            args.nth(1)?;
        } else if let Some(first) = word.first()
            && first.is_ascii_digit()
        {
            let (milliseconds, _) = word.split_at_checked(word.iter().position(|&b| b == b'-')?)?;
            return number(milliseconds);
        }
    }
}

fn claim_time(command: &Command<'_>) -> Option<i64> {
    let mut args = command.args().skip(6);
    args.find(|word| word.eq_ignore_ascii_case(b"TIME"))?;
    number(args.next()?)
}

#[cfg(test)]
mod tests;
