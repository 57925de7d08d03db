//! A zipmap that flows by.

use super::{At, Piece, Sink, last_byte, offset};
use crate::lzf::Inflate;
use crate::packed::zipmap::{UNKNOWN, split_length, split_pair, summed_up};
use crate::packed::{Element, PackedError, PackedFault};

/// What [`Zipmap`](crate::packed::Zipmap) is, for a blob that is not held.
#[derive(Debug)]
pub(crate) struct ZipmapFlow<'a, S> {
    source: Inflate<'a>,
    sink: S,
    /// Bytes of the pair that was handed out: they stay until it is done with.
    used: usize,
    found: u64,
    stated: u8,
}

impl<'a, S: Sink<'a>> ZipmapFlow<'a, S> {
    /// Checks size and last byte and stands before the first pair.
    ///
    /// # Errors
    ///
    /// As [`Zipmap::new`](crate::packed::Zipmap::new).
    pub fn new(mut source: Inflate<'a>, sink: S) -> Result<Self, PackedError> {
        let stated = match source.bytes() {
            [stated, _, ..] => *stated,
            _ => return Err(PackedFault::TooShort.at(0)),
        };
        if last_byte(&source) != Some(0xFF) {
            return Err(PackedFault::NoEnd.at(offset(source.len() - 1)));
        }
        source.pass(1, 2);
        Ok(ZipmapFlow {
            source,
            sink,
            used: 0,
            found: 0,
            stated,
        })
    }

    /// Pairs as the header has it, or as many as there can be.
    pub fn stated_or_most(&self) -> u64 {
        match self.stated {
            UNKNOWN => self.source.len() / 4,
            stated => stated.into(),
        }
    }

    /// The next field, whose value is passed over; `None` at the end of a map that
    /// adds up.
    ///
    /// # Errors
    ///
    /// As [`Zipmap::next`](crate::packed::Zipmap::next).
    pub fn next_field(&mut self) -> Result<Option<Piece<'_, S>>, PackedError> {
        let used = std::mem::take(&mut self.used);
        self.source.pass(used as u64, 2);
        match self.settle()? {
            At::Whole { entry, used } => {
                self.used = used;
                self.found += 1;
                // Behind the field are a length, a free byte, value and slack.
                let field = self.source.bytes();
                let start = match field.first() {
                    Some(0..=253) => 1,
                    _ => 5,
                };
                let field = field.get(start..start + entry).unwrap_or_default();
                Ok(Some(Piece::Whole(Element::Bytes(field))))
            }
            At::Long => {
                self.long()?;
                Ok(Some(Piece::Long(&self.sink)))
            }
            At::End => {
                let at = offset(self.source.position());
                summed_up(self.stated, self.found, at).map(|()| None)
            }
        }
    }

    /// Where it stands; of a whole pair, `entry` is the field.
    fn settle(&mut self) -> Result<At, PackedError> {
        let mut filled = false;
        loop {
            let last = self.source.sees_end();
            match self.source.bytes().split_last() {
                None | Some((_, [])) if last => return Ok(At::End),
                Some((_, [0xFF, ..])) => return Ok(At::End),
                None | Some((_, [])) => {}
                Some((_, bytes)) => match split_pair(bytes) {
                    Ok((field, _, rest)) => {
                        let (entry, used) = (field.len(), bytes.len() - rest.len());
                        return Ok(At::Whole { entry, used });
                    }
                    Err(fault) if last || fault != PackedFault::Overrun => {
                        return Err(fault.at(offset(self.source.position())));
                    }
                    Err(_) if filled => return Ok(At::Long),
                    Err(_) => {}
                },
            }
            self.source.fill();
            filled = true;
        }
    }

    /// A pair that no window holds: its field goes to the sink.
    fn long(&mut self) -> Result<(), PackedError> {
        let at = offset(self.source.position());
        let fail = |fault: PackedFault| fault.at(at);
        let field = self.length().map_err(fail)?;
        if field > self.left() {
            return Err(fail(PackedFault::Overrun));
        }
        self.sink.begin(&self.source, field);
        let sink = &mut self.sink;
        self.source.hand_out(field, |bytes| sink.piece(bytes));
        let value = self.length().map_err(fail)?;
        if self.left() == 0 {
            return Err(fail(PackedFault::Overrun));
        }
        let free = self.source.bytes().first().copied().unwrap_or(0);
        let behind = 1 + value + u64::from(free);
        if behind > self.left() {
            return Err(fail(PackedFault::Overrun));
        }
        self.source.pass(behind, 2);
        self.found += 1;
        Ok(())
    }

    /// Reads a length and passes over it.
    fn length(&mut self) -> Result<u64, PackedFault> {
        self.source.pass(0, 8);
        let inside = usize::try_from(self.left()).unwrap_or(usize::MAX);
        let bytes = self.source.bytes();
        let bytes = bytes.get(..inside).unwrap_or(bytes);
        let (len, rest) = split_length(bytes)?;
        let used = bytes.len() - rest.len();
        self.source.pass(used as u64, 2);
        Ok(len.into())
    }

    /// Bytes up to the last one.
    fn left(&self) -> u64 {
        self.source.len() - 1 - self.source.position()
    }
}
