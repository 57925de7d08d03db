//! The steps of a stream node's check, over a listpack that is held or flows by.

use super::{DELETED, NodeSummary, SAMEFIELDS};
use crate::packed::{Listpack, PackedError, PackedFault};

/// What a node is made of: a listpack that is held, or flows by.
pub(in crate::packed) trait Elements {
    /// Offset of the next element.
    fn position(&self) -> usize;

    /// The next element, if it is found to be an integer at first sight.
    fn short_integer(&mut self) -> Option<i64> {
        None
    }

    /// The next element, if there is one: its integer, if it is one.
    fn number(&mut self) -> Result<Option<Option<i64>>, PackedError>;

    /// Passes over the next element; `false` if there is none.
    fn skip(&mut self) -> Result<bool, PackedError>;
}

impl Elements for Listpack<'_> {
    #[inline(always)]
    fn position(&self) -> usize {
        Listpack::position(self)
    }

    #[inline(always)]
    fn short_integer(&mut self) -> Option<i64> {
        Listpack::short_integer(self)
    }

    #[inline(always)]
    fn number(&mut self) -> Result<Option<Option<i64>>, PackedError> {
        Ok(self.next()?.map(|element| element.as_integer()))
    }

    #[inline(always)]
    fn skip(&mut self) -> Result<bool, PackedError> {
        Listpack::skip(self)
    }
}

/// The numbers of a master entry.
#[derive(Clone, Copy, Debug)]
pub(in crate::packed) struct Master {
    count: i64,
    deleted: i64,
    pub num_fields: i64,
}

impl Master {
    /// Reads up to the first field.
    #[inline]
    pub fn begin(elements: &mut impl Elements) -> Result<Master, PackedError> {
        Ok(Master {
            count: integer(elements)?,
            deleted: integer(elements)?,
            num_fields: integer(elements)?,
        })
    }

    /// Walks over the fields and what is behind them.
    #[inline]
    pub fn finish(&self, elements: &mut impl Elements) -> Result<(), PackedError> {
        skip(elements, self.num_fields)?;
        let at = elements.position();
        match integer(elements)? {
            0 => Ok(()),
            _ => Err(PackedFault::BadMasterEnd.at(at)),
        }
    }

    /// How many entries have to follow. As in the server the sum may wrap, and a
    /// negative one asks for more than any blob has.
    pub fn entries(&self) -> u64 {
        self.count.wrapping_add(self.deleted) as u64
    }

    pub fn summary(&self, stated_elements: Option<u16>) -> NodeSummary {
        NodeSummary {
            count: self.count,
            deleted: self.deleted,
            stated_elements,
            negative_fields: self.num_fields < 0,
            ..NodeSummary::default()
        }
    }
}

/// The numbers of an entry.
#[derive(Clone, Copy, Debug)]
pub(in crate::packed) struct Entry {
    flags: i64,
    pub ms_delta: i64,
    pub seq_delta: i64,
    pub num_fields: i64,
}

impl Entry {
    /// Reads up to the first field or value; the master entry has `num_fields`.
    #[inline]
    pub fn begin(elements: &mut impl Elements, num_fields: i64) -> Result<Entry, PackedError> {
        let flags = integer(elements)?;
        let mut entry = Entry {
            flags,
            ms_delta: integer(elements)?,
            seq_delta: integer(elements)?,
            num_fields,
        };
        if !entry.same_fields() {
            entry.num_fields = integer(elements)?;
        }
        Ok(entry)
    }

    pub fn same_fields(&self) -> bool {
        self.flags & SAMEFIELDS != 0
    }

    pub fn deleted(&self) -> bool {
        self.flags & DELETED != 0
    }

    /// Walks over fields and values, checks what is behind them, and adds it up.
    #[inline]
    pub fn finish(
        &self,
        elements: &mut impl Elements,
        summary: &mut NodeSummary,
    ) -> Result<(), PackedError> {
        let mut found = self.num_fields.wrapping_add(3);
        if !self.same_fields() {
            skip(elements, self.num_fields)?;
            found = found.wrapping_add(self.num_fields).wrapping_add(1);
        }
        skip(elements, self.num_fields)?;
        let length_at = elements.position();
        let stated = integer(elements)?;
        if stated != found {
            return Err(PackedFault::BadEntryLength { stated, found }.at(length_at));
        }
        summary.deleted_flags += u64::from(self.deleted());
        summary.live_flags += u64::from(!self.deleted());
        summary.negative_fields |= self.num_fields < 0;
        Ok(())
    }
}

/// Judges what is behind the last entry: `left` bytes up to the last one, the `first`
/// of them at `at`.
pub(in crate::packed) fn sum_up(
    summary: &mut NodeSummary,
    found: u64,
    left: usize,
    first: Option<u8>,
    at: usize,
) -> Result<(), PackedError> {
    summary.elements = found;
    // An end marker before the last byte ends the node, because the older
    // servers do not ask where they found it.
    if !matches!(first, None | Some(0xFF)) {
        return Err(PackedFault::Trailing.at(at));
    }
    summary.trailing_bytes = left;
    Ok(())
}

/// What an element was found to be; there has to be one.
#[inline]
fn present<T>(found: Result<Option<T>, PackedError>, at: usize) -> Result<T, PackedError> {
    match found {
        Ok(Some(found)) => Ok(found),
        Ok(None) => Err(PackedFault::Incomplete.at(at)),
        Err(error) if error.fault == PackedFault::EarlyEnd => Err(PackedFault::Incomplete.at(at)),
        Err(error) => Err(error),
    }
}

/// The next element, which has to be an integer or its canonical text.
#[inline(always)]
fn integer(elements: &mut impl Elements) -> Result<i64, PackedError> {
    match elements.short_integer() {
        Some(n) => Ok(n),
        None => other_integer(elements),
    }
}

#[inline(never)]
fn other_integer(elements: &mut impl Elements) -> Result<i64, PackedError> {
    let at = elements.position();
    present(elements.number(), at)?.ok_or(PackedFault::NotInteger.at(at))
}

/// Walks over `count` elements; none if it is negative.
#[inline]
fn skip(elements: &mut impl Elements, count: i64) -> Result<(), PackedError> {
    // As long as the blob lasts, however large the number.
    for _ in 0..count {
        let at = elements.position();
        present(elements.skip().map(|there| there.then_some(())), at)?;
    }
    Ok(())
}
