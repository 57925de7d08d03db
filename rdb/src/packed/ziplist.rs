//! Ziplist: the packed sequence of files before RDB 10.
//!
//! ```text
//! +-----------------+-----------------+-----------------+---------+-   -+------+
//! | total: u32 LE   | tail: u32 LE    | count: u16 LE   | entry   | ... |  FF  |
//! +-----------------+-----------------+-----------------+---------+-   -+------+
//!   of the blob       last entry        65535 = unknown
//!
//! entry = prevlen  encoding  [data]
//!
//! prevlen: size of the whole entry before this one, 0 for the first
//! 00 ..= FD            itself
//! FE nn nn nn nn       u32 LE; also for sizes that fit one byte
//!
//! encoding and data
//! 00nnnnnn             n bytes                                  1 + n
//! 01nnnnnn nn          n bytes, 14 bits, high bits first        2 + n
//! 10______ nn nn nn nn n bytes, u32 BE; low 6 bits ignored      5 + n
//! C0 / D0 / E0         i16 / i32 / i64 LE                       3 / 5 / 9
//! F0 / FE              i24 LE / i8                              4 / 2
//! F1 ..= FD            integer 0 ..= 12                         1
//! others               mean nothing
//! ```

use super::{Element, Mark, PackedError, PackedFault};

/// `total`, `tail` and `count`.
pub(super) const HEADER: usize = 10;

/// Offset of `tail`, to blame when it is wrong.
pub(super) const TAIL_AT: usize = 4;

/// Offset of `count`, to blame when it is wrong.
const COUNT_AT: usize = 8;

/// `count` of a ziplist that has more entries than fit into it.
pub(super) const UNKNOWN: u16 = u16::MAX;

/// First byte of a `prevlen` of five bytes.
const LONG_PREVLEN: u8 = 0xFE;

/// Size of encoding and data by the encoding's first byte, where that byte alone
/// tells it; 0 for the others.
const SHORT: [u8; 256] = {
    let mut sizes = [0; 256];
    let mut first = 0;
    while first < 256 {
        sizes[first] = match first {
            0x00..=0x3F => 1 + first as u8,
            0xC0 => 3,
            0xD0 => 5,
            0xE0 => 9,
            0xF0 => 4,
            0xF1..=0xFD => 1,
            0xFE => 2,
            _ => 0,
        };
        first += 1;
    }
    sizes
};

/// A cursor over the elements of a ziplist, and the server's full check of it
/// (`ziplistValidateIntegrity`, deep).
///
/// Fused: after an error or the end there is nothing more.
///
/// ```
/// use rdbkit_rdb::packed::{Element, Ziplist};
///
/// let blob = [
///     0x0F, 0, 0, 0, // 15 bytes
///     0x0C, 0, 0, 0, // the last entry is at 12
///     0x02, 0, // 2 elements
///     0x00, 0xF3, // nothing before; 2
///     0x02, 0xF6, // two bytes before; 5
///     0xFF,
/// ];
/// let mut ziplist = Ziplist::new(&blob)?;
/// assert_eq!(ziplist.next()?, Some(Element::Int(2)));
/// assert_eq!(ziplist.next()?, Some(Element::Int(5)));
/// assert_eq!(ziplist.next()?, None);
/// # Ok::<(), rdbkit_rdb::packed::PackedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ziplist<'a> {
    blob: &'a [u8],
    /// What is not walked yet, without the end marker.
    rest: &'a [u8],
    /// Size of the entry before, which the next `prevlen` has to be; 0 before
    /// the first.
    previous: usize,
    found: usize,
    stated: u16,
}

impl<'a> Ziplist<'a> {
    /// Checks the header and stands before the first element.
    ///
    /// # Errors
    ///
    /// [`TooShort`](PackedFault::TooShort),
    /// [`SizeMismatch`](PackedFault::SizeMismatch),
    /// [`NoEnd`](PackedFault::NoEnd), and [`BadTail`](PackedFault::BadTail) for a
    /// tail beyond the blob.
    #[inline]
    pub fn new(blob: &'a [u8]) -> Result<Self, PackedError> {
        let Some((header, [rest @ .., last])) = blob.split_first_chunk::<HEADER>() else {
            return Err(PackedFault::TooShort.at(0));
        };
        let &[t0, t1, t2, t3, _, _, _, _, c0, c1] = header;
        let total = u32::from_le_bytes([t0, t1, t2, t3]);
        if u64::from(total) != blob.len() as u64 {
            return Err(PackedFault::SizeMismatch(total.into()).at(0));
        }
        if *last != 0xFF {
            return Err(PackedFault::NoEnd.at(blob.len() - 1));
        }
        if tail(blob) > blob.len() as u64 - 1 {
            return Err(PackedFault::BadTail.at(TAIL_AT));
        }
        Ok(Ziplist {
            blob,
            rest,
            previous: 0,
            found: 0,
            stated: u16::from_le_bytes([c0, c1]),
        })
    }

    /// The number of elements in the header; `None` if the header does not know.
    #[inline]
    pub fn stated_len(&self) -> Option<u16> {
        let count = self.blob.get(COUNT_AT..)?.first_chunk()?;
        Some(u16::from_le_bytes(*count)).filter(|&count| count != UNKNOWN)
    }

    /// Offset of the next element in the blob, or of the last byte at the end.
    #[inline]
    pub fn position(&self) -> usize {
        // The end marker is the one byte that is never part of `rest`.
        self.blob.len() - 1 - self.rest.len()
    }

    /// The next element, or `None` at the end of a ziplist that adds up.
    ///
    /// # Errors
    ///
    /// [`BadEncoding`](PackedFault::BadEncoding),
    /// [`Overrun`](PackedFault::Overrun),
    /// [`BadBacklen`](PackedFault::BadBacklen) and
    /// [`EarlyEnd`](PackedFault::EarlyEnd) at the entry,
    /// [`BadTail`](PackedFault::BadTail) and
    /// [`CountMismatch`](PackedFault::CountMismatch) at the end.
    #[inline]
    #[allow(clippy::should_implement_trait)] // `Iterator::position` would hide ours
    pub fn next(&mut self) -> Result<Option<Element<'a>>, PackedError> {
        Ok(self.step()?.map(decode))
    }

    /// What is left as an iterator. It ends after an error.
    #[inline]
    pub fn elements(mut self) -> impl Iterator<Item = Result<Element<'a>, PackedError>> + use<'a> {
        std::iter::from_fn(move || self.next().transpose())
    }

    /// Walks what is left without decoding, and returns how many elements the
    /// whole ziplist has.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn check(mut self) -> Result<usize, PackedError> {
        while self.step()?.is_some() {}
        Ok(self.found)
    }

    /// Bytes of the blob.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.blob.len()
    }

    /// Where the cursor stands.
    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            at: self.position(),
            found: self.found,
            previous: self.previous as i64,
        }
    }

    /// The cursor that stood at `mark` in the same blob.
    #[inline]
    pub(crate) fn resume(blob: &'a [u8], mark: Mark) -> Self {
        let inside = blob.split_last().map_or(&[][..], |(_, inside)| inside);
        let stated = match blob.get(COUNT_AT..).and_then(|rest| rest.first_chunk()) {
            Some(count) => u16::from_le_bytes(*count),
            None => UNKNOWN,
        };
        Ziplist {
            blob,
            rest: inside.get(mark.at..).unwrap_or_default(),
            previous: mark.previous as usize,
            found: mark.found,
            stated,
        }
    }

    /// Checks the next entry and returns its encoding and data.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Result<Option<&'a [u8]>, PackedError> {
        if let [prevlen, entry @ ..] = self.rest
            && *prevlen < LONG_PREVLEN
            && usize::from(*prevlen) == self.previous
            && let Some(&first) = entry.first()
            && let size @ 1.. = usize::from(SHORT[usize::from(first)])
            && let Some((entry, rest)) = entry.split_at_checked(size)
        {
            self.rest = rest;
            self.previous = 1 + size;
            self.found += 1;
            return Ok(Some(entry));
        }
        self.step_carefully()
    }

    /// Long strings, five-byte prevlens, the end and damage.
    #[inline(never)]
    fn step_carefully(&mut self) -> Result<Option<&'a [u8]>, PackedError> {
        let at = self.position();
        let Some(&first) = self.rest.first() else {
            return match self.summed_up() {
                Ok(()) => Ok(None),
                Err(error) => {
                    self.stop();
                    Err(error)
                }
            };
        };
        match self.measure(first) {
            Ok((entry, rest)) => {
                self.previous = self.rest.len() - rest.len();
                self.rest = rest;
                self.found += 1;
                Ok(Some(entry))
            }
            Err(fault) => {
                self.stop();
                Err(fault.at(at))
            }
        }
    }

    /// Splits the next entry from what is behind it (`zipEntrySafe`).
    fn measure(&self, first: u8) -> Result<(&'a [u8], &'a [u8]), PackedFault> {
        let EntryHead {
            prevlen,
            size,
            entry,
        } = EntryHead::read(first, self.rest)?;
        let parts = usize::try_from(size)
            .ok()
            .and_then(|size| entry.split_at_checked(size))
            .ok_or(PackedFault::Overrun)?;
        if u64::from(prevlen) != self.previous as u64 {
            return Err(PackedFault::BadBacklen);
        }
        Ok(parts)
    }

    /// What can only be judged at the end: tail and count.
    fn summed_up(&self) -> Result<(), PackedError> {
        let tail = tail(self.blob);
        let last_at = (self.position() - self.previous) as u64;
        summed_up(tail, last_at, self.stated, self.found as u64)
    }

    /// From here on there is nothing more, and nothing to complain about.
    fn stop(&mut self) {
        self.rest = &[];
        self.found = 0;
        self.stated = UNKNOWN;
    }
}

/// The front of an entry: what it says of sizes.
pub(super) struct EntryHead<'e> {
    /// Size of the entry before.
    pub prevlen: u32,
    /// Bytes of encoding and data.
    pub size: u64,
    /// From the encoding on, as far as there is something.
    pub entry: &'e [u8],
}

impl<'e> EntryHead<'e> {
    /// Of the entry that begins with the byte `first` of `rest`.
    pub fn read(first: u8, rest: &'e [u8]) -> Result<EntryHead<'e>, PackedFault> {
        let (prevlen, entry) = match (first, rest) {
            (0xFF, _) => return Err(PackedFault::EarlyEnd),
            (LONG_PREVLEN, [_, a, b, c, d, entry @ ..]) => {
                (u32::from_le_bytes([*a, *b, *c, *d]), entry)
            }
            (LONG_PREVLEN, _) => return Err(PackedFault::Overrun),
            (_, [_, entry @ ..]) => (u32::from(first), entry),
            (_, []) => return Err(PackedFault::Overrun),
        };
        let size = match *entry {
            [high @ 0x40..=0x7F, low, ..] => 2 + u64::from(u16::from_be_bytes([high & 0x3F, low])),
            [0x80..=0xBF, a, b, c, d, ..] => 5 + u64::from(u32::from_be_bytes([a, b, c, d])),
            [] | [0x40..=0xBF, ..] => return Err(PackedFault::Overrun),
            [encoding, ..] => match SHORT[usize::from(encoding)] {
                0 => return Err(PackedFault::BadEncoding(encoding)),
                size => u64::from(size),
            },
        };
        Ok(EntryHead {
            prevlen,
            size,
            entry,
        })
    }
}

/// Judges the header at the end, when it is known where the last entry is and how
/// many there are.
pub(super) fn summed_up(
    tail: u64,
    last_at: u64,
    stated: u16,
    found: u64,
) -> Result<(), PackedError> {
    // The tail of an empty ziplist is not looked at.
    if found > 0 && tail != last_at {
        return Err(PackedFault::BadTail.at(TAIL_AT));
    }
    if stated != UNKNOWN && u64::from(stated) != found {
        let stated = stated.into();
        return Err(PackedFault::CountMismatch { stated, found }.at(COUNT_AT));
    }
    Ok(())
}

/// Offset of the last entry, as the header has it.
fn tail(blob: &[u8]) -> u64 {
    // A blob that short was refused before.
    let tail = blob.get(TAIL_AT..).and_then(|rest| rest.first_chunk());
    tail.map_or(u64::MAX, |tail| u32::from_le_bytes(*tail).into())
}

/// Decodes an entry whose size has been checked against its encoding.
#[inline]
pub(super) fn decode(entry: &[u8]) -> Element<'_> {
    match *entry {
        [0x00..=0x3F, ref data @ ..] => Element::Bytes(data),
        [n @ 0xF1..=0xFD] => Element::Int(i64::from(n & 0xF) - 1),
        [0xFE, a] => Element::Int(i8::from_le_bytes([a]).into()),
        [0xC0, a, b] => Element::Int(i16::from_le_bytes([a, b]).into()),
        [0xF0, a, b, c] => Element::Int((i32::from_le_bytes([0, a, b, c]) >> 8).into()),
        [0xD0, a, b, c, d] => Element::Int(i32::from_le_bytes([a, b, c, d]).into()),
        [0xE0, a, b, c, d, e, f, g, h] => {
            Element::Int(i64::from_le_bytes([a, b, c, d, e, f, g, h]))
        }
        [0x40..=0x7F, _, ref data @ ..] => Element::Bytes(data),
        [0x80..=0xBF, _, _, _, _, ref data @ ..] => Element::Bytes(data),
        // `step` lets no other entry pass.
        _ => Element::Bytes(&[]),
    }
}

#[cfg(test)]
mod tests;
