//! A walk over a large file, for which several threads read.

use crate::ahead::{Ahead, Follow, Passed, WINDOW, hand_on};
use crate::error::{Error, ErrorKind};
use crate::walk::{FileEnd, Follower, Skimmer};

impl<V: Skimmer> Follower<'_, V> {
    /// Whether others may pass over all that comes.
    pub(super) fn may_be_ahead(&self) -> bool {
        self.visitor.until() == u64::MAX
    }

    /// Reads a file from `begin` on, which is behind its RDB file: with others
    /// where they may pass over commands, alone where all are looked at.
    pub(super) fn read_ahead(mut self, ahead: Ahead<'_>, begin: u64) -> FileEnd {
        let mut at = begin;
        loop {
            let (came, stopped) = match self.visitor.until() {
                until if until >= at.saturating_add(ahead.piece) => ahead.read(at, &mut self),
                _ => (at, None),
            };
            if let Some((reader, error)) = stopped {
                return self.end(begin, reader.offset(), Some(error));
            }
            let mut reader = match ahead.open(came, 1, WINDOW) {
                Ok(reader) => reader,
                Err(error) => {
                    let error = Error::new(ErrorKind::Io(error), came, came, 1);
                    return self.end(begin, came, Some(error));
                }
            };
            // Where others came to nothing they are not asked again: what is left
            // is the end of the file.
            self.waiting = came > at || !self.may_be_ahead();
            let mut read = reader.drive(&mut self);
            if read.is_ok() && self.waiting && self.may_be_ahead() && !self.visitor.enough() {
                // In the middle of a long command, perhaps.
                let here = reader.offset();
                read = hand_on(here, &mut reader, &mut self);
                if read.is_ok() {
                    at = reader.offset();
                    continue;
                }
            }
            return self.end(begin, reader.offset(), read.err());
        }
    }
}

impl<V: Skimmer> Follow for Follower<'_, V> {
    type Counter = V::Ahead;

    fn counter(&self) -> Option<V::Ahead> {
        self.visitor.ahead()
    }

    /// Not counted: nobody asks which line it is.
    fn line(&self) -> u64 {
        1
    }

    fn until(&self) -> u64 {
        self.visitor.until()
    }

    fn pass(&mut self, passed: &Passed) {
        self.visitor.passes(passed);
    }

    fn add(&mut self, (): ()) {}
}
