//! A listpack that flows by.

use super::{At, Piece, Sequence, Sink, header, last_byte, offset};
use crate::lzf::Inflate;
use crate::packed::listpack::{UNKNOWN, backlen_widths, decode, entry_size, read_backlen};
use crate::packed::{Listpack, Mark, PackedError, PackedFault};

/// Bytes of the header.
const HEADER: usize = 6;

/// What [`Listpack`] is, for a blob that is not held.
#[derive(Debug)]
pub(crate) struct ListpackFlow<'a, S> {
    source: Inflate<'a>,
    sink: S,
    /// Bytes of the entry that was handed out: they stay until it is done with.
    used: usize,
    found: u64,
    stated: u16,
}

impl<'a, S: Sink<'a>> ListpackFlow<'a, S> {
    /// Checks the header and stands before the first element.
    ///
    /// # Errors
    ///
    /// As [`Listpack::new`].
    pub fn new(mut source: Inflate<'a>, sink: S) -> Result<Self, PackedError> {
        let [t0, t1, t2, t3, c0, c1, _] = header::<{ HEADER + 1 }>(&source)?;
        let total = u32::from_le_bytes([t0, t1, t2, t3]);
        if u64::from(total) != source.len() {
            return Err(PackedFault::SizeMismatch(total.into()).at(0));
        }
        if last_byte(&source) != Some(0xFF) {
            return Err(PackedFault::NoEnd.at(offset(source.len() - 1)));
        }
        source.pass(HEADER as u64, 1);
        Ok(ListpackFlow {
            source,
            sink,
            used: 0,
            found: 0,
            stated: u16::from_le_bytes([c0, c1]),
        })
    }

    /// As [`Listpack::stated_len`].
    pub fn stated_len(&self) -> Option<u16> {
        Some(self.stated).filter(|&count| count != UNKNOWN)
    }

    /// As [`Listpack::position`].
    pub fn position(&self) -> usize {
        offset(self.source.position() + self.used as u64)
    }

    /// How many elements came out.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// Forgets the count of the header, for a caller that judges it itself.
    pub fn uncounted(self) -> Self {
        ListpackFlow {
            stated: UNKNOWN,
            ..self
        }
    }

    /// What is not walked yet, without the end marker: how much it is, and its first
    /// byte.
    pub fn rest(&mut self) -> (usize, Option<u8>) {
        self.go_on();
        let left = offset(self.source.len() - 1) - self.position();
        let first = self.source.bytes().first();
        (left, first.copied().filter(|_| left > 0))
    }

    /// As [`Listpack::check`].
    ///
    /// # Errors
    ///
    /// As of the cursor.
    pub fn check(mut self) -> Result<u64, PackedError> {
        loop {
            self.go_on();
            // All that lies in the window at once, then what it ends in.
            let (mut list, before) = self.cursor();
            let mut at = before;
            let mut found = 0;
            while let Ok(true) = list.skip() {
                at = list.position();
                found += 1;
            }
            self.used = at - before;
            self.found += found;
            if !Sequence::skip(&mut self)? {
                return Ok(self.found);
            }
        }
    }

    /// Passes over what was handed out.
    fn go_on(&mut self) {
        let used = std::mem::take(&mut self.used);
        self.source.pass(used as u64, 2);
    }

    /// A cursor on what is in the window but for its last byte, which may be the end
    /// marker, and the bytes of the window before it.
    fn cursor(&self) -> (Listpack<'_>, usize) {
        let (bytes, before) = self.source.bytes_and_some_before();
        let mark = Mark {
            at: before,
            ..Mark::default()
        };
        (Listpack::resume(bytes, mark).uncounted(), before)
    }

    fn settle(&mut self) -> Result<At, PackedError> {
        let mut filled = false;
        loop {
            let last = self.source.sees_end();
            let (mut list, before) = self.cursor();
            match list.step() {
                Ok(Some(entry)) => {
                    let (entry, used) = (entry.len(), list.position() - before);
                    return Ok(At::Whole { entry, used });
                }
                Ok(None) if last => return Ok(At::End),
                Err(error) if last || error.fault != PackedFault::Overrun => {
                    return Err(error.fault.at(self.position()));
                }
                _ if filled => return Ok(At::Long),
                _ => {}
            }
            self.source.fill();
            filled = true;
        }
    }

    /// An entry that no window holds: it goes to the sink, if somebody looks.
    fn long(&mut self, looks: bool) -> Result<(), PackedError> {
        let at = offset(self.source.position());
        let end = self.source.len() - 1;
        let fail = |fault: PackedFault| Err(fault.at(at));
        let size = match self.source.bytes() {
            [first, ..] => entry_size(*first, self.source.bytes()),
            [] => Err(PackedFault::Overrun),
        };
        let size = match size {
            Ok(size) => size,
            Err(fault) => return fail(fault),
        };
        let [long, short] = backlen_widths(size);
        if self.source.position() + size + short as u64 > end {
            return fail(PackedFault::Overrun);
        }
        let head = match self.source.bytes() {
            [0xF0, ..] => 5,
            _ => 2,
        };
        self.source.pass(head, 1);
        if looks {
            self.sink.begin(&self.source, size - head);
            let sink = &mut self.sink;
            self.source.hand_out(size - head, |bytes| sink.piece(bytes));
        } else {
            self.source.pass(size - head, 1);
        }
        self.source.pass(0, 8);
        let left = end - self.source.position();
        let (bytes, before) = self.source.bytes_and_some_before();
        let fit = |width: usize| {
            if width as u64 > left {
                return Err(PackedFault::Overrun);
            }
            match read_backlen(bytes.get(..before + width).unwrap_or_default()) {
                Some(backlen) if backlen == size => Ok(width),
                _ => Err(PackedFault::BadBacklen),
            }
        };
        let width = fit(short).or_else(|fault| if long == short { Err(fault) } else { fit(long) });
        match width {
            Ok(width) => self.used = width,
            Err(fault) => return fail(fault),
        }
        self.found += 1;
        Ok(())
    }

    /// The end marker: does it all add up?
    fn end(&self) -> Result<(), PackedError> {
        if self.stated != UNKNOWN && u64::from(self.stated) != self.found {
            let (stated, found) = (self.stated.into(), self.found);
            return Err(PackedFault::CountMismatch { stated, found }.at(4));
        }
        Ok(())
    }
}

impl<'a, S: Sink<'a>> Sequence<S> for ListpackFlow<'a, S> {
    fn next(&mut self) -> Result<Option<Piece<'_, S>>, PackedError> {
        self.go_on();
        match self.settle()? {
            At::Whole { entry, used } => {
                self.used = used;
                self.found += 1;
                let entry = self.source.bytes().get(..entry).unwrap_or_default();
                Ok(Some(Piece::Whole(decode(entry))))
            }
            At::Long => {
                self.long(true)?;
                Ok(Some(Piece::Long(&self.sink)))
            }
            At::End => self.end().map(|()| None),
        }
    }

    fn skip(&mut self) -> Result<bool, PackedError> {
        self.go_on();
        match self.settle()? {
            At::Whole { used, .. } => {
                self.used = used;
                self.found += 1;
                Ok(true)
            }
            At::Long => self.long(false).map(|()| true),
            At::End => self.end().map(|()| false),
        }
    }

    fn stated_or_most(&self) -> u64 {
        self.stated_len().map_or(self.source.len() / 2, u64::from)
    }
}
