//! Listpack: the packed sequence of every modern collection.
//!
//! ```text
//! +-----------------+-----------------+---------+-     -+------+
//! | total: u32 LE   | count: u16 LE   | entry   |  ...  |  FF  |
//! +-----------------+-----------------+---------+-     -+------+
//!   of the blob       65535 = unknown
//!
//! entry = encoding  [data]  backlen
//!
//! 0xxxxxxx             integer 0..=127                          1 byte
//! 10nnnnnn             n bytes                                  1 + n
//! 110xxxxx yy          13-bit signed integer, high bits first   2
//! 1110nnnn nn          n bytes, 12 bits, high bits first        2 + n
//! F0 nn nn nn nn       n bytes, u32 LE                          5 + n
//! F1 / F2 / F3 / F4    i16 / i24 / i32 / i64 LE                 3 / 4 / 5 / 9
//! F5 ..= FE            means nothing
//! FF                   end
//! ```
//!
//! `backlen` is the size of encoding and data, for walking backwards: 7 bits a
//! byte, most significant group first, and every byte but the first with bit 7
//! set. See [`Backlen`] for how many bytes it takes.

use super::{Element, Mark, PackedError, PackedFault};

/// Offset of `count`, to blame when it is wrong.
const COUNT_AT: usize = 4;

/// `count` of a listpack that has more entries than fit into it.
pub(super) const UNKNOWN: u16 = u16::MAX;

/// Sizes from which a backlen takes one byte more.
const BACKLEN_STEPS: [u64; 4] = [127, 16383, 2_097_151, 268_435_455];

/// Size of encoding and data by first byte, where that byte alone tells it.
///
/// All of them are at most 64, so their backlen is one byte, equal to the size.
/// 0 marks the other first bytes. Those are never 0 themselves, so comparing the
/// byte at that distance (the first byte) with the size sends them to the
/// careful path without a test of its own.
const SHORT: [u8; 256] = {
    let mut sizes = [0; 256];
    let mut first = 0;
    while first < 256 {
        sizes[first] = match first {
            0x00..=0x7F => 1,
            0x80..=0xBF => 1 + (first as u8 & 0x3F),
            0xC0..=0xDF => 2,
            0xF1 => 3,
            0xF2 => 4,
            0xF3 => 5,
            0xF4 => 9,
            _ => 0,
        };
        first += 1;
    }
    sizes
};

/// How many bytes the backlen of an entry of exactly 16383, 2097151 or
/// 268435455 bytes takes. The servers disagree, and refuse or misread each
/// other's entries of these three sizes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backlen {
    /// Whatever fits: right for reading a file of unknown origin.
    #[default]
    Either,
    /// One byte more than the size needs: Redis, and Valkey before 9.
    Long,
    /// As many bytes as the size needs: Valkey 9.
    Short,
}

/// A cursor over the elements of a listpack, and the server's full check of it
/// (`lpValidateIntegrity`, deep).
///
/// Fused: after an error or the end there is nothing more.
///
/// ```
/// use rdbkit_rdb::packed::{Element, Listpack};
///
/// let blob = [
///     0x0B, 0, 0, 0, // 11 bytes
///     0x02, 0, // 2 elements
///     0x01, 0x01, // 1, one byte
///     0xFF, // the blob is cut short here
/// ];
/// assert!(Listpack::new(&blob).is_err());
///
/// let blob = [
///     0x0C, 0, 0, 0, // 12 bytes
///     0x02, 0, // 2 elements
///     0x01, 0x01, // 1, one byte
///     0x81, b'a', 0x02, // "a", two bytes
///     0xFF,
/// ];
/// let mut listpack = Listpack::new(&blob)?;
/// assert_eq!(listpack.next()?, Some(Element::Int(1)));
/// assert_eq!(listpack.next()?, Some(Element::Bytes(b"a")));
/// assert_eq!(listpack.next()?, None);
/// # Ok::<(), rdbkit_rdb::packed::PackedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listpack<'a> {
    blob: &'a [u8],
    /// What is not walked yet, without the end marker.
    rest: &'a [u8],
    found: usize,
    stated: u16,
    backlen: Backlen,
}

impl<'a> Listpack<'a> {
    /// Checks the header and stands before the first element.
    ///
    /// # Errors
    ///
    /// [`TooShort`](PackedFault::TooShort),
    /// [`SizeMismatch`](PackedFault::SizeMismatch),
    /// [`NoEnd`](PackedFault::NoEnd).
    #[inline]
    pub fn new(blob: &'a [u8]) -> Result<Self, PackedError> {
        let Some((&[t0, t1, t2, t3, c0, c1], [rest @ .., last])) = blob.split_first_chunk() else {
            return Err(PackedFault::TooShort.at(0));
        };
        let total = u32::from_le_bytes([t0, t1, t2, t3]);
        if u64::from(total) != blob.len() as u64 {
            return Err(PackedFault::SizeMismatch(total.into()).at(0));
        }
        if *last != 0xFF {
            return Err(PackedFault::NoEnd.at(blob.len() - 1));
        }
        Ok(Listpack {
            blob,
            rest,
            found: 0,
            stated: u16::from_le_bytes([c0, c1]),
            backlen: Backlen::Either,
        })
    }

    /// The same cursor, with the backlens one family of servers demands.
    #[inline]
    #[must_use]
    pub fn backlen(self, backlen: Backlen) -> Self {
        Listpack { backlen, ..self }
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

    /// The next element, or `None` at the end of a listpack that adds up.
    ///
    /// # Errors
    ///
    /// [`BadEncoding`](PackedFault::BadEncoding),
    /// [`Overrun`](PackedFault::Overrun),
    /// [`BadBacklen`](PackedFault::BadBacklen) and
    /// [`EarlyEnd`](PackedFault::EarlyEnd) at the entry,
    /// [`CountMismatch`](PackedFault::CountMismatch) at the end.
    #[inline]
    #[allow(clippy::should_implement_trait)] // `Iterator::position` would hide ours
    pub fn next(&mut self) -> Result<Option<Element<'a>>, PackedError> {
        Ok(self.step()?.map(decode))
    }

    /// As [`next`](Self::next) for an element that nobody looks at: whether there
    /// was one.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline(always)]
    pub(crate) fn skip(&mut self) -> Result<bool, PackedError> {
        Ok(self.step()?.is_some())
    }

    /// What is left as an iterator. It ends after an error.
    #[inline]
    pub fn elements(mut self) -> impl Iterator<Item = Result<Element<'a>, PackedError>> + use<'a> {
        std::iter::from_fn(move || self.next().transpose())
    }

    /// Walks what is left without decoding, and returns how many elements the
    /// whole listpack has.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn check(mut self) -> Result<usize, PackedError> {
        while self.step()?.is_some() {}
        Ok(self.found)
    }

    /// Where the cursor stands.
    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            at: self.position(),
            found: self.found,
            previous: 0,
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
        Listpack {
            blob,
            rest: inside.get(mark.at..).unwrap_or_default(),
            found: mark.found,
            stated,
            backlen: Backlen::Either,
        }
    }

    /// Bytes of the blob.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.blob.len()
    }

    /// How many elements have come out so far.
    #[inline]
    pub(super) fn found(&self) -> usize {
        self.found
    }

    /// Forgets the count of the header, for a caller that judges it itself.
    #[inline]
    pub(super) fn uncounted(self) -> Self {
        Listpack {
            stated: UNKNOWN,
            ..self
        }
    }

    /// What is not walked yet, without the end marker.
    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Checks the next entry and returns its encoding and data.
    #[inline(always)]
    pub(super) fn step(&mut self) -> Result<Option<&'a [u8]>, PackedError> {
        let Some(&first) = self.rest.first() else {
            return self.end();
        };
        let size = usize::from(SHORT[usize::from(first)]);
        // The backlen of a short entry is its size, and where it stands is also
        // the proof that the entry ends before the end marker.
        match self.rest.split_at_checked(size) {
            Some((entry, [backlen, rest @ ..])) if usize::from(*backlen) == size => {
                self.rest = rest;
                self.found += 1;
                Ok(Some(entry))
            }
            _ => self.step_carefully(first).map(Some),
        }
    }

    /// The next element, if it is one of the two shortest integers, as most numbers of a
    /// stream are: of these a fast check fits where they are asked for.
    #[inline(always)]
    pub(super) fn short_integer(&mut self) -> Option<i64> {
        let (n, rest) = match self.rest {
            [n @ 0x00..=0x7F, 1, rest @ ..] => (i64::from(*n), rest),
            [high @ 0xC0..=0xDF, low, 2, rest @ ..] => (thirteen_bits(*high, *low), rest),
            _ => return None,
        };
        self.rest = rest;
        self.found += 1;
        Some(n)
    }

    /// Long strings, unusual backlens and damage.
    #[inline(never)]
    fn step_carefully(&mut self, first: u8) -> Result<&'a [u8], PackedError> {
        match self.measure(first) {
            Ok((entry, rest)) => {
                self.rest = rest;
                self.found += 1;
                Ok(entry)
            }
            Err(fault) => {
                let at = self.position();
                self.stop();
                Err(fault.at(at))
            }
        }
    }

    /// Splits the next entry from what is behind it (`lpValidateNext`).
    fn measure(&self, first: u8) -> Result<(&'a [u8], &'a [u8]), PackedFault> {
        let rest = self.rest;
        let size = entry_size(first, rest)?;
        let fit = |width: usize| {
            let end = usize::try_from(size)
                .ok()
                .and_then(|size| size.checked_add(width))
                .filter(|&end| end <= rest.len())
                .ok_or(PackedFault::Overrun)?;
            // `position() + end` is within the blob, because `end` is within `rest`.
            let before = self.blob.get(..self.position() + end).unwrap_or_default();
            if read_backlen(before) != Some(size) {
                return Err(PackedFault::BadBacklen);
            }
            let (entry, behind) = rest.split_at(end);
            Ok((entry.get(..end - width).unwrap_or_default(), behind))
        };
        let [long, short] = backlen_widths(size);
        match self.backlen {
            Backlen::Long => fit(long),
            Backlen::Short => fit(short),
            Backlen::Either => {
                fit(short).or_else(|fault| if long == short { Err(fault) } else { fit(long) })
            }
        }
    }

    #[inline]
    fn end(&mut self) -> Result<Option<&'a [u8]>, PackedError> {
        if self.stated != UNKNOWN && usize::from(self.stated) != self.found {
            return Err(self.miscounted());
        }
        Ok(None)
    }

    #[cold]
    fn miscounted(&mut self) -> PackedError {
        let fault = PackedFault::CountMismatch {
            stated: self.stated.into(),
            found: self.found as u64,
        };
        self.stop();
        fault.at(COUNT_AT)
    }

    /// From here on there is nothing more, and nothing to complain about.
    pub(super) fn stop(&mut self) {
        self.rest = &[];
        self.stated = UNKNOWN;
    }
}

/// Size of the encoding and data of the entry at the front of `rest`, by its `first`
/// byte and the length behind it.
pub(super) fn entry_size(first: u8, rest: &[u8]) -> Result<u64, PackedFault> {
    match (first, rest) {
        (0xE0..=0xEF, &[high, low, ..]) => Ok(2 + u64::from(u16::from_be_bytes([high & 0xF, low]))),
        // The server computes this size in 32 bits. A length that wraps to a
        // size of 0..=4 would put the backlen onto F0 or the length bytes,
        // none of which can then be that size: refused either way.
        (0xF0, &[_, a, b, c, d, ..]) => Ok(5 + u64::from(u32::from_le_bytes([a, b, c, d]))),
        (0xE0..=0xF0, _) => Err(PackedFault::Overrun),
        (0xF5..=0xFE, _) => Err(PackedFault::BadEncoding(first)),
        (0xFF, _) => Err(PackedFault::EarlyEnd),
        _ => Ok(u64::from(SHORT[usize::from(first)])),
    }
}

/// Bytes a backlen takes: by the rule of [`Backlen::Long`], then of
/// [`Backlen::Short`].
pub(super) fn backlen_widths(size: u64) -> [usize; 2] {
    let mut widths = [1, 1];
    for (index, step) in BACKLEN_STEPS.into_iter().enumerate() {
        // `lpEncodeBacklen` compares the first step with <=, the others with <.
        let reached = size > step || (index > 0 && size == step);
        widths[0] += usize::from(reached);
        widths[1] += usize::from(size > step);
    }
    widths
}

/// Reads the backlen that ends `before`, backwards (`lpDecodeBacklen`).
///
/// As in the server it goes on while bit 7 is set, whatever the number of bytes
/// the size calls for: into the entry, or before it. That only ever adds zero
/// bits if the result is to match, so it accepts a few odd blobs as the server
/// does.
pub(super) fn read_backlen(before: &[u8]) -> Option<u64> {
    let mut value = 0;
    for (index, &byte) in before.iter().rev().take(5).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Decodes an entry whose size has been checked against its first byte.
#[inline(always)]
pub(super) fn decode(entry: &[u8]) -> Element<'_> {
    match *entry {
        [n @ 0x00..=0x7F, ..] => Element::Int(n.into()),
        [0x80..=0xBF, ref data @ ..] => Element::Bytes(data),
        [high @ 0xC0..=0xDF, low, ..] => Element::Int(thirteen_bits(high, low)),
        _ => decode_wide(entry),
    }
}

/// The integer in the low bits of two bytes.
#[inline(always)]
fn thirteen_bits(high: u8, low: u8) -> i64 {
    // They go to the top and come back with the sign.
    let top = u16::from_be_bytes([high, low]) << 3;
    (top as i16 >> 3).into()
}

/// [`decode`] for the encodings from `E0`.
#[inline]
fn decode_wide(entry: &[u8]) -> Element<'_> {
    match *entry {
        [0xF1, a, b] => Element::Int(i16::from_le_bytes([a, b]).into()),
        [0xF2, a, b, c] => Element::Int((i32::from_le_bytes([0, a, b, c]) >> 8).into()),
        [0xF3, a, b, c, d] => Element::Int(i32::from_le_bytes([a, b, c, d]).into()),
        [0xF4, a, b, c, d, e, f, g, h] => {
            Element::Int(i64::from_le_bytes([a, b, c, d, e, f, g, h]))
        }
        [0xE0..=0xEF, _, ref data @ ..] => Element::Bytes(data),
        [0xF0, _, _, _, _, ref data @ ..] => Element::Bytes(data),
        // `step` lets no other entry pass.
        _ => Element::Bytes(&[]),
    }
}

#[cfg(test)]
mod tests;
