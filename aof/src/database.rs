//! Which database the next command of a log works on.

use crate::command::Command;
use crate::name::Control;
use crate::transaction::Place;

/// Follows SELECT through one file: every file begins at database 0, and a
/// SELECT in a transaction takes effect with its EXEC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    now: u64,
    queued: Option<u64>,
}

impl Selected {
    /// At the beginning of a file.
    #[must_use]
    pub fn new() -> Selected {
        Selected::default()
    }

    /// Where `db` is in force.
    pub(crate) fn at(db: u64) -> Selected {
        Selected {
            now: db,
            queued: None,
        }
    }

    /// Takes the next command; gives the database it works on. For a SELECT that
    /// is the one selected before it.
    #[inline]
    pub fn command(&mut self, command: &Command<'_>, place: Place) -> u64 {
        self.named(Control::of(command.name()), command, place)
    }

    /// As [`command`](Self::command), where the name is known.
    #[inline(always)]
    pub(crate) fn named(&mut self, name: Control, command: &Command<'_>, place: Place) -> u64 {
        let before = self.next();
        match place {
            // What an unfinished transaction selected has been of no effect.
            Place::Opens => self.queued = None,
            Place::Closes => self.now = self.queued.take().unwrap_or(self.now),
            _ => {
                if name == Control::Select
                    && let Some(db) = selects(command)
                {
                    if place == Place::Queued {
                        self.queued = Some(db);
                    } else {
                        self.now = db;
                    }
                }
            }
        }
        before
    }

    /// The database the next command works on.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.queued.unwrap_or(self.now)
    }

    /// The database selected outside of transactions: what a command would work
    /// on if an open transaction were cut off.
    #[must_use]
    pub fn settled(&self) -> u64 {
        self.now
    }
}

/// The database that a command selects; `None` if it is no SELECT, or one that
/// no server obeys. Servers ignore numbers beyond their limit, too.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, selects};
///
/// let command = Command::parse(b"*2\r\n$6\r\nselect\r\n$1\r\n7\r\n")?;
/// assert_eq!(selects(&command), Some(7));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[inline]
#[must_use]
pub fn selects(command: &Command<'_>) -> Option<u64> {
    let mut args = command.args();
    let name = args.next()?;
    if name.len() != 6 || !name.eq_ignore_ascii_case(b"SELECT") {
        return None;
    }
    database(args.next()?)
}

/// The database that servers take the argument of a SELECT for.
pub(crate) fn database(number: &[u8]) -> Option<u64> {
    // A number as servers write it: digits alone, none in vain.
    let plain = number.iter().all(u8::is_ascii_digit)
        && (number.len() == 1 || number.first() != Some(&b'0'));
    let db: i32 = std::str::from_utf8(number)
        .ok()
        .filter(|_| plain)?
        .parse()
        .ok()?;
    u64::try_from(db).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Event;
    use crate::reader::SliceReader;
    use crate::transaction::Transactions;

    fn follow(words: &[&str]) -> (Vec<u64>, u64) {
        let mut log = Vec::new();
        for line in words {
            let args: Vec<&str> = line.split(' ').collect();
            log.extend(format!("*{}\r\n", args.len()).bytes());
            for arg in args {
                log.extend(format!("${}\r\n{arg}\r\n", arg.len()).bytes());
            }
        }
        let mut reader = SliceReader::new(&log);
        let (mut transactions, mut selected) = (Transactions::new(0), Selected::new());
        let mut databases = Vec::new();
        while let Ok(Some(Event::Command(command))) = reader.next_event() {
            let place = transactions.command(&command, reader.token_offset(), reader.offset());
            databases.push(selected.command(&command, place));
        }
        (databases, selected.settled())
    }

    #[test]
    fn selects_count_at_once_or_at_exec() {
        let log = [
            "INCR a", "SELECT 3", "INCR a", "MULTI", "SELECT 5", "INCR a",
        ];
        assert_eq!(follow(&log), (vec![0, 0, 3, 3, 3, 5], 3));
        let done = [&log[..], &["EXEC", "INCR a"]].concat();
        assert_eq!(follow(&done), (vec![0, 0, 3, 3, 3, 5, 5, 5], 5));
    }

    #[test]
    fn what_no_server_obeys_selects_nothing() {
        for number in ["-1", "x", "+1", "01", "99999999999"] {
            let select = format!("SELECT {number}");
            assert_eq!(follow(&["SELECT 2", &select, "INCR a"]).1, 2, "{number}");
        }
        assert_eq!(follow(&["select 0", "SELECT"]).1, 0);
    }
}
