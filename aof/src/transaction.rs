//! MULTI and EXEC: which commands belong together, and where a log may be cut.

use crate::command::Command;
use crate::event::Event;
use crate::name::Control;

/// Where in a transaction an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Outside: an annotation, or a command that is run at once.
    Alone,
    /// A MULTI that opens a transaction.
    Opens,
    /// Between MULTI and EXEC: servers run it at EXEC.
    Queued,
    /// A MULTI inside a transaction: servers queue it and run it in vain, the
    /// check tools refuse the file.
    Nested,
    /// The EXEC that ends a transaction.
    Closes,
    /// An EXEC without MULTI: servers pass over it, the check tools refuse the file.
    Stray,
    /// A piece of a long command but its last: what it is part of is told at its end.
    Piece,
}

/// Follows a log, event by event.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{SliceReader, Transactions};
///
/// let log = b"*1\r\n$4\r\nPING\r\n*1\r\n$5\r\nMULTI\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
/// let mut reader = SliceReader::new(log);
/// let mut transactions = Transactions::new(0);
/// while let Some(event) = reader.next_event()? {
///     transactions.event(&event, reader.token_offset(), reader.offset());
/// }
/// // The log ends inside a transaction that began at byte 14.
/// assert_eq!(transactions.open_at(), Some(14));
/// assert_eq!(transactions.safe_offset(), 14);
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transactions {
    open: Option<u64>,
    safe: u64,
    units: u64,
    long: Option<Long>,
}

/// A long command at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Long {
    begin: u64,
    name: Control,
    /// Arguments begun; above 1 once the name was seen.
    args: u32,
}

impl Transactions {
    /// At the first unit of a log, which stands at `offset`: 0, or the length of
    /// the RDB preamble.
    #[must_use]
    pub fn new(offset: u64) -> Transactions {
        Transactions {
            open: None,
            safe: offset,
            units: 0,
            long: None,
        }
    }

    /// Takes the next event, which covers the bytes from `begin` up to `end`.
    #[inline]
    pub fn event(&mut self, event: &Event<'_>, begin: u64, end: u64) -> Place {
        match event {
            Event::Command(command) => self.command(command, begin, end),
            Event::Annotation(line) => {
                if self.open.is_some() {
                    return Place::Queued;
                }
                // Without its LF the next command would be glued to it.
                if line.is_complete() {
                    self.unit_ends(end);
                }
                Place::Alone
            }
            _ => self.piece(event, begin, end),
        }
    }

    /// As [`event`](Self::event), for a whole command.
    #[inline]
    pub fn command(&mut self, command: &Command<'_>, begin: u64, end: u64) -> Place {
        self.named(Control::of(command.name()), begin, end)
    }

    /// As [`event`](Self::event), for a whole command of which the name is known.
    #[inline(always)]
    pub(crate) fn named(&mut self, name: Control, begin: u64, end: u64) -> Place {
        match (name, self.open) {
            (Control::Multi, None) => {
                self.open = Some(begin);
                Place::Opens
            }
            (Control::Multi, Some(_)) => Place::Nested,
            (Control::Exec, Some(_)) => {
                self.open = None;
                self.unit_ends(end);
                Place::Closes
            }
            (Control::Select | Control::None, Some(_)) => Place::Queued,
            (name, None) => {
                self.unit_ends(end);
                if name == Control::Exec {
                    Place::Stray
                } else {
                    Place::Alone
                }
            }
        }
    }

    /// Takes so many commands at once, of which the last ends at `end` and none
    /// is a MULTI or an EXEC.
    #[inline]
    pub(crate) fn commands(&mut self, commands: u64, end: u64) {
        if self.open.is_none() {
            self.safe = end;
            self.units += commands;
        }
    }

    #[cold]
    fn piece(&mut self, event: &Event<'_>, begin: u64, end: u64) -> Place {
        match (event, &mut self.long) {
            (Event::Begin { .. }, long) => {
                *long = Some(Long {
                    begin,
                    name: Control::None,
                    args: 0,
                });
            }
            (Event::Argument { .. }, Some(long)) => long.args = long.args.saturating_add(1),
            // A chunk has 16 bytes at least: such a name comes in one.
            (Event::Chunk { bytes, last, .. }, Some(long)) if long.args == 1 => {
                if *last {
                    long.name = Control::of(bytes);
                }
                long.args = 2;
            }
            (Event::End, long) => {
                if let Some(long) = long.take() {
                    return self.named(long.name, long.begin, end);
                }
            }
            _ => {}
        }
        Place::Piece
    }

    #[inline]
    fn unit_ends(&mut self, end: u64) {
        self.safe = end;
        self.units += 1;
    }

    /// Where the open transaction began; `None` outside of one.
    #[must_use]
    pub fn open_at(&self) -> Option<u64> {
        self.open
    }

    /// Where the log may be cut so that what is before it loads and nothing is
    /// torn: behind the last command outside of a transaction, EXEC, or
    /// annotation with line end.
    #[must_use]
    pub fn safe_offset(&self) -> u64 {
        self.safe
    }

    /// How many units came to an end before that offset: commands and
    /// annotations outside of transactions, and whole transactions.
    #[must_use]
    pub fn units(&self) -> u64 {
        self.units
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::reader::SliceReader;

    const MULTI: &str = "*1\r\n$5\r\nmulti\r\n";
    const EXEC: &str = "*1\r\n$4\r\nEXEC\r\n";
    const INCR: &str = "*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n";
    const TIME: &str = "#TS:1\r\n";

    /// The places in a log, the safe offset and the open transaction's.
    fn follow(parts: &[&str], limits: Limits) -> (Vec<Place>, u64, Option<u64>) {
        let log = parts.concat();
        let mut reader = SliceReader::at(log.as_bytes(), 0, limits);
        let mut transactions = Transactions::new(0);
        let mut places = Vec::new();
        while let Ok(Some(event)) = reader.next_event() {
            let place = transactions.event(&event, reader.token_offset(), reader.offset());
            if place != Place::Piece {
                places.push(place);
            }
        }
        (places, transactions.safe_offset(), transactions.open_at())
    }

    fn len(parts: &[&str]) -> u64 {
        parts.concat().len() as u64
    }

    #[test]
    fn transactions_hold_together() {
        let whole = Limits::in_memory();
        let log = [TIME, INCR, MULTI, INCR, EXEC, INCR];
        let places = [
            Place::Alone,
            Place::Alone,
            Place::Opens,
            Place::Queued,
            Place::Closes,
            Place::Alone,
        ];
        assert_eq!(follow(&log, whole), (places.to_vec(), len(&log), None));
        // At every earlier end the safe offset is before the MULTI.
        let before = len(&log[..2]);
        for end in [3, 4] {
            let (_, safe, open) = follow(&log[..end], whole);
            assert_eq!((safe, open), (before, Some(before)));
        }
    }

    #[test]
    fn what_the_check_tools_refuse_is_told() {
        let whole = Limits::in_memory();
        let (places, safe, _) = follow(&[MULTI, MULTI, INCR, EXEC, EXEC], whole);
        let wanted = [
            Place::Opens,
            Place::Nested,
            Place::Queued,
            Place::Closes,
            Place::Stray,
        ];
        assert_eq!(places, wanted);
        assert_eq!(safe, len(&[MULTI, MULTI, INCR, EXEC, EXEC]));
    }

    #[test]
    fn a_torn_annotation_is_no_safe_end() {
        let whole = Limits::in_memory();
        let (places, safe, _) = follow(&[INCR, "#TS:17"], whole);
        assert_eq!((places.len(), safe), (2, len(&[INCR])));
        // Inside a transaction an annotation changes nothing.
        let (places, safe, open) = follow(&[MULTI, TIME], whole);
        assert_eq!(places, [Place::Opens, Place::Queued]);
        assert_eq!((safe, open), (0, Some(0)));
    }

    #[test]
    fn long_commands_count_once() {
        let value = "v".repeat(2000);
        let set = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2000\r\n{value}\r\n");
        // A MULTI with an argument too many is a MULTI to Redis.
        let multi = format!("*2\r\n$5\r\nMULTI\r\n$2000\r\n{value}\r\n");
        let log = [&set, MULTI, &set, EXEC, &multi];
        let small = Limits {
            command: 1024,
            chunk: 100,
        };
        let wanted = follow(&log, Limits::in_memory());
        assert_eq!(wanted.0.len(), 5);
        assert_eq!(wanted.2, Some(len(&log[..4])));
        assert_eq!(follow(&log, small), wanted);
    }
}
