//! A ziplist that flows by.

use super::{At, Piece, Sequence, Sink, header, last_byte, offset};
use crate::lzf::Inflate;
use crate::packed::ziplist::{EntryHead, HEADER, TAIL_AT, UNKNOWN, decode, summed_up};
use crate::packed::{Mark, PackedError, PackedFault, Ziplist};

/// What [`Ziplist`] is, for a blob that is not held.
#[derive(Debug)]
pub(crate) struct ZiplistFlow<'a, S> {
    source: Inflate<'a>,
    sink: S,
    /// Bytes of the entry that was handed out: they stay until it is done with.
    used: usize,
    /// Bytes of the entry before.
    previous: u64,
    found: u64,
    stated: u16,
    tail: u32,
}

impl<'a, S: Sink<'a>> ZiplistFlow<'a, S> {
    /// Checks the header and stands before the first element.
    ///
    /// # Errors
    ///
    /// As [`Ziplist::new`].
    pub fn new(mut source: Inflate<'a>, sink: S) -> Result<Self, PackedError> {
        let [t0, t1, t2, t3, l0, l1, l2, l3, c0, c1, _] = header::<{ HEADER + 1 }>(&source)?;
        let total = u32::from_le_bytes([t0, t1, t2, t3]);
        if u64::from(total) != source.len() {
            return Err(PackedFault::SizeMismatch(total.into()).at(0));
        }
        if last_byte(&source) != Some(0xFF) {
            return Err(PackedFault::NoEnd.at(offset(source.len() - 1)));
        }
        let tail = u32::from_le_bytes([l0, l1, l2, l3]);
        if u64::from(tail) > source.len() - 1 {
            return Err(PackedFault::BadTail.at(TAIL_AT));
        }
        source.pass(HEADER as u64, 2);
        Ok(ZiplistFlow {
            source,
            sink,
            used: 0,
            previous: 0,
            found: 0,
            stated: u16::from_le_bytes([c0, c1]),
            tail,
        })
    }

    /// As [`Ziplist::check`].
    ///
    /// # Errors
    ///
    /// As of the cursor.
    pub fn check(mut self) -> Result<u64, PackedError> {
        while self.skip()? {}
        Ok(self.found)
    }

    /// Passes over what was handed out.
    fn go_on(&mut self) {
        let used = std::mem::take(&mut self.used);
        self.source.pass(used as u64, 2);
    }

    fn settle(&mut self) -> Result<At, PackedError> {
        let mut filled = false;
        loop {
            let last = self.source.sees_end();
            let bytes = self.source.bytes();
            if bytes.len() < 2 && last {
                return Ok(At::End);
            }
            // The last byte may be the end marker. Nothing left is no end here.
            if bytes.len() >= 2 {
                let mark = Mark {
                    at: 0,
                    found: 0,
                    previous: self.previous as i64,
                };
                let mut list = Ziplist::resume(bytes, mark);
                match list.step() {
                    Ok(Some(entry)) => {
                        let (entry, used) = (entry.len(), list.position());
                        return Ok(At::Whole { entry, used });
                    }
                    Err(error) if last || error.fault != PackedFault::Overrun => {
                        return Err(error.fault.at(offset(self.source.position())));
                    }
                    _ if filled => return Ok(At::Long),
                    _ => {}
                }
            }
            self.source.fill();
            filled = true;
        }
    }

    /// An entry that is in the window: gives the bytes it takes.
    fn whole(&mut self, used: usize) {
        self.used = used;
        self.previous = used as u64;
        self.found += 1;
    }

    /// An entry that no window holds: it goes to the sink, if somebody looks.
    fn long(&mut self, looks: bool) -> Result<(), PackedError> {
        let begin = self.source.position();
        let fail = |fault: PackedFault| Err(fault.at(offset(begin)));
        let bytes = self.source.bytes();
        let first = bytes.first().copied().unwrap_or(0xFF);
        let head = match EntryHead::read(first, bytes) {
            Ok(head) => head,
            Err(fault) => return fail(fault),
        };
        let before = (bytes.len() - head.entry.len()) as u64;
        let encoding = match head.entry {
            [0x80..=0xBF, ..] => 5,
            _ => 2,
        };
        let used = before + head.size;
        if begin + used > self.source.len() - 1 {
            return fail(PackedFault::Overrun);
        }
        if u64::from(head.prevlen) != self.previous {
            return fail(PackedFault::BadBacklen);
        }
        let data = head.size - encoding;
        self.source.pass(before + encoding, 1);
        if looks {
            self.sink.begin(&self.source, data);
            let sink = &mut self.sink;
            self.source.hand_out(data, |bytes| sink.piece(bytes));
        } else {
            self.source.pass(data, 1);
        }
        self.previous = used;
        self.found += 1;
        Ok(())
    }

    /// The end marker: does it all add up?
    fn end(&self) -> Result<(), PackedError> {
        let last_at = self.source.position() - self.previous;
        summed_up(self.tail.into(), last_at, self.stated, self.found)
    }
}

impl<'a, S: Sink<'a>> Sequence<S> for ZiplistFlow<'a, S> {
    fn next(&mut self) -> Result<Option<Piece<'_, S>>, PackedError> {
        self.go_on();
        match self.settle()? {
            At::Whole { entry, used } => {
                self.whole(used);
                // The entry ends what it uses.
                let bytes = self.source.bytes().get(used - entry..used);
                Ok(Some(Piece::Whole(decode(bytes.unwrap_or_default()))))
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
                self.whole(used);
                Ok(true)
            }
            At::Long => self.long(false).map(|()| true),
            At::End => self.end().map(|()| false),
        }
    }

    fn stated_or_most(&self) -> u64 {
        match self.stated {
            UNKNOWN => self.source.len() / 2,
            stated => stated.into(),
        }
    }
}
