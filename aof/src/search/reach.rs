//! Which databases a command works on besides the selected one.

use crate::command::Command;
use crate::commands::Spec;

/// What a command works on beyond keys of the selected database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Keys it names in the selected database, or nothing.
    Selected,
    /// All of the selected database: `FLUSHDB`, `CLUSTER FLUSHSLOT`.
    Whole,
    /// All databases: `FLUSHALL`.
    All,
    /// Two databases, which change places: `SWAPDB`.
    Swap(u64, u64),
    /// `MOVE` takes its key to this database.
    Move(u64),
    /// `COPY` has its second key in this database.
    Copy(u64),
}

impl Reach {
    /// Whether a command given in database `selected` works on `db`.
    #[must_use]
    pub fn includes(self, selected: u64, db: u64) -> bool {
        match self {
            Reach::Selected | Reach::Whole => selected == db,
            Reach::All => true,
            Reach::Swap(a, b) => a == db || b == db,
            Reach::Move(other) | Reach::Copy(other) => selected == db || other == db,
        }
    }
}

/// What `command` reaches.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, search::{Reach, reach}};
///
/// let raw = b"*3\r\n$4\r\nmove\r\n$1\r\nk\r\n$1\r\n3\r\n";
/// assert_eq!(reach(&Command::parse(raw)?), Reach::Move(3));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[inline]
#[must_use]
pub fn reach(command: &Command<'_>) -> Reach {
    let name = command.name();
    // By length first: nearly every command is another one.
    match name.len() {
        4 if name.eq_ignore_ascii_case(b"MOVE") => match number(command, 2) {
            Some(db) => Reach::Move(db),
            None => Reach::Selected,
        },
        4 if name.eq_ignore_ascii_case(b"COPY") => match copy_db(command) {
            Some(db) => Reach::Copy(db),
            None => Reach::Selected,
        },
        6 if name.eq_ignore_ascii_case(b"SWAPDB") => match (number(command, 1), number(command, 2))
        {
            (Some(a), Some(b)) => Reach::Swap(a, b),
            _ => Reach::Selected,
        },
        7 if name.eq_ignore_ascii_case(b"FLUSHDB") => Reach::Whole,
        7 if name.eq_ignore_ascii_case(b"CLUSTER")
            && command
                .arg(1)
                .is_some_and(|w| w.eq_ignore_ascii_case(b"FLUSHSLOT")) =>
        {
            Reach::Whole
        }
        8 if name.eq_ignore_ascii_case(b"FLUSHALL") => Reach::All,
        _ => Reach::Selected,
    }
}

/// The keys of `command`: the index of the argument, and the database the key
/// is in. The key of a MOVE is in two.
pub(crate) fn keys<'c>(
    spec: &'static Spec,
    command: &Command<'c>,
    selected: u64,
) -> impl Iterator<Item = (usize, u64)> + use<'c> {
    let reach = if spec.keys(command).next().is_some() {
        reach(command)
    } else {
        Reach::Selected
    };
    spec.keys(command).flat_map(move |at| {
        let (db, other) = match reach {
            Reach::Copy(other) if at == 2 => (other, None),
            Reach::Move(other) => (selected, Some((at, other))),
            _ => (selected, None),
        };
        std::iter::once((at, db)).chain(other)
    })
}

/// Whether the command runs a script, which may do anything to keys it does not name.
pub(super) fn runs_script(spec: &Spec) -> bool {
    matches!(spec.name(), b"eval" | b"evalsha" | b"fcall")
}

fn number(command: &Command<'_>, at: usize) -> Option<u64> {
    let text = std::str::from_utf8(command.arg(at)?).ok()?;
    text.parse::<u32>().ok().map(u64::from)
}

/// The database after the last DB of a COPY.
fn copy_db(command: &Command<'_>) -> Option<u64> {
    let mut options = command.args().enumerate().skip(3);
    let mut found = None;
    while let Some((at, word)) = options.next() {
        if word.eq_ignore_ascii_case(b"DB") {
            found = number(command, at + 1);
            options.next();
        }
    }
    found
}

#[cfg(test)]
mod tests;
