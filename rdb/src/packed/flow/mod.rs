//! Packed blobs that are too large to be held: checked window by window.
//!
//! A flow does what the cursor of its encoding does, on a blob that is decompressed
//! while it is walked. It runs the cursor itself on what lies in the window whole, so
//! both say the same of the same blob. An element that no window holds goes to a
//! [`Sink`] in pieces.
//!
//! Unlike a cursor a flow is not fused: after an error it is of no more use.

mod intset;
mod listpack;
mod stream_node;
mod ziplist;
mod zipmap;

#[cfg(test)]
mod tests;

use super::{Element, Listpack, PackedError, PackedFault, Ziplist};
use crate::lzf::Inflate;

pub(crate) use intset::check_intset;
pub(crate) use listpack::ListpackFlow;
pub(crate) use stream_node::check_stream_node;
pub(crate) use ziplist::ZiplistFlow;
pub(crate) use zipmap::ZipmapFlow;

/// What becomes of an element that no window holds.
pub(crate) trait Sink<'a> {
    /// An element of `len` bytes begins, `from` here on.
    fn begin(&mut self, from: &Inflate<'a>, len: u64);

    /// The next bytes of it.
    fn piece(&mut self, bytes: &[u8]);
}

/// Elements nobody looks into.
impl Sink<'_> for () {
    fn begin(&mut self, _: &Inflate<'_>, _: u64) {}

    fn piece(&mut self, _: &[u8]) {}
}

/// An element, or what a sink kept of one.
#[derive(Debug)]
pub(crate) enum Piece<'e, S> {
    /// As a cursor has it.
    Whole(Element<'e>),
    /// Bytes that went to the sink.
    Long(&'e S),
}

/// A sequence of elements, in memory or flowing by.
pub(crate) trait Sequence<S> {
    /// The next element; `None` at the end of a blob that adds up.
    ///
    /// # Errors
    ///
    /// As of the cursor.
    fn next(&mut self) -> Result<Option<Piece<'_, S>>, PackedError>;

    /// As [`next`](Self::next) for an element that nobody looks at: whether there was
    /// one.
    ///
    /// # Errors
    ///
    /// As of the cursor.
    fn skip(&mut self) -> Result<bool, PackedError>;

    /// Elements as the header has it, or as many as there can be.
    fn stated_or_most(&self) -> u64;
}

impl<S> Sequence<S> for Listpack<'_> {
    #[inline(always)]
    fn next(&mut self) -> Result<Option<Piece<'_, S>>, PackedError> {
        Ok(Listpack::next(self)?.map(Piece::Whole))
    }

    #[inline(always)]
    fn skip(&mut self) -> Result<bool, PackedError> {
        Listpack::skip(self)
    }

    #[inline(always)]
    fn stated_or_most(&self) -> u64 {
        self.stated_len().map_or(self.len() as u64 / 2, u64::from)
    }
}

impl<S> Sequence<S> for Ziplist<'_> {
    #[inline(always)]
    fn next(&mut self) -> Result<Option<Piece<'_, S>>, PackedError> {
        Ok(Ziplist::next(self)?.map(Piece::Whole))
    }

    #[inline(always)]
    fn skip(&mut self) -> Result<bool, PackedError> {
        Ok(Ziplist::next(self)?.is_some())
    }

    #[inline(always)]
    fn stated_or_most(&self) -> u64 {
        self.stated_len().map_or(self.len() as u64 / 2, u64::from)
    }
}

/// What stands where a flow does.
#[derive(Clone, Copy, Debug)]
enum At {
    /// An entry that is in the window: bytes of it that say what it is, and all of
    /// its bytes.
    Whole { entry: usize, used: usize },
    /// An entry that is not.
    Long,
    /// The end marker.
    End,
}

/// The last byte of a blob, for which all of it goes by.
fn last_byte(source: &Inflate<'_>) -> Option<u8> {
    let mut ahead = source.clone();
    ahead.pass(source.len().saturating_sub(source.position() + 1), 1);
    ahead.bytes().last().copied()
}

/// As many bytes from the front of a blob.
fn header<const N: usize>(source: &Inflate<'_>) -> Result<[u8; N], PackedError> {
    let header = source.bytes().first_chunk::<N>();
    header.copied().ok_or(PackedFault::TooShort.at(0))
}

/// An offset in a blob. None of more than 4 GiB passes the check of its header.
fn offset(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}
