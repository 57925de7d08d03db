//! Stream node: a listpack that holds a run of stream entries.
//!
//! ```text
//! master entry:  count  deleted  num_fields  field * num_fields  0
//! each entry:    flags  ms_delta  seq_delta
//!                SAMEFIELDS set:    value * num_fields of the master entry
//!                SAMEFIELDS clear:  num_fields  (field value) * num_fields
//!                length
//! ```
//!
//! Everything but fields and values is an integer, or its canonical text.
//! `count` entries live, `deleted` are tombstones that keep their content; there
//! are `count + deleted` in all. `flags` has bit 0 for DELETED and bit 1 for
//! SAMEFIELDS. An ID is the node's key plus the deltas, modulo 2^64. `length` is
//! the number of listpack elements of the entry before `length` itself.
//!
//! # Servers differ
//!
//! The node passes here if any server loads it. What only some of them refuse
//! is reported in [`NodeSummary`], for the caller to judge:
//!
//! | seen | Redis to 8.0, Valkey to 8.1 | Valkey 9.1 |
//! |---|---|---|
//! | wrong element count in the listpack's header | loads | refuses |
//! | bytes between the node's end and the last byte | loads | refuses |
//! | flags disagree with `deleted` | loads | refuses |
//! | negative `count`, `deleted` or `num_fields` | loads | refuses |

mod parts;

use super::{Backlen, Element, Listpack, Mark, PackedError};

pub(super) use parts::{Elements, Entry, Master, sum_up};

/// `flags`: a tombstone.
const DELETED: i64 = 1;
/// `flags`: the fields are those of the master entry.
const SAMEFIELDS: i64 = 2;

/// What a whole stream node adds up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeSummary {
    /// Live entries, as the master entry has it.
    pub count: i64,
    /// Tombstones, as the master entry has it.
    pub deleted: i64,
    /// Entries found without the DELETED flag.
    pub live_flags: u64,
    /// Entries found with the DELETED flag.
    pub deleted_flags: u64,
    /// Elements of the listpack found.
    pub elements: u64,
    /// Elements as the listpack's header has it; `None` if it does not know.
    pub stated_elements: Option<u16>,
    /// Bytes between the end of the node and the last byte of the blob.
    pub trailing_bytes: usize,
    /// Whether a number of fields is negative. Servers that let this pass crash
    /// when they read the entries.
    pub negative_fields: bool,
}

impl NodeSummary {
    /// Whether the node passes the rules of Valkey 9.1 too.
    pub fn is_strict(&self) -> bool {
        let counted = match self.stated_elements {
            Some(stated) => u64::from(stated) == self.elements,
            None => true,
        };
        let flagged = u64::try_from(self.deleted) == Ok(self.deleted_flags);
        counted && flagged && self.count >= 0 && self.trailing_bytes == 0 && !self.negative_fields
    }
}

/// A cursor over the entries of a stream node, and the server's full check of it
/// (`streamValidateListpackIntegrity`, deep).
///
/// Fused: after an error or the end there is nothing more.
///
/// ```
/// use rdbkit_rdb::packed::{Element, StreamNode};
///
/// let blob = [
///     0x1D, 0, 0, 0, // 29 bytes
///     0x0A, 0, // 10 elements
///     1, 1, 0, 1, 1, 1, // 1 live, 0 deleted, 1 field
///     0x81, b'f', 2, // "f"
///     0, 1, // end of the master entry
///     2, 1, 0, 1, 0, 1, // SAMEFIELDS, the ID is the node's key
///     0x81, b'v', 2, // "v"
///     4, 1, // four elements
///     0xFF,
/// ];
/// let mut node = StreamNode::new(&blob)?;
/// let entry = node.next()?.expect("one entry");
/// assert_eq!((entry.ms_delta, entry.seq_delta, entry.deleted), (0, 0, false));
/// let pairs: Vec<_> = entry.pairs.collect();
/// assert_eq!(pairs, [(Element::Bytes(b"f"), Element::Bytes(b"v"))]);
/// assert_eq!(node.next()?, None);
/// # Ok::<(), rdbkit_rdb::packed::PackedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamNode<'a> {
    elements: Listpack<'a>,
    /// Stands before the first field of the master entry.
    fields: Listpack<'a>,
    num_fields: i64,
    /// Entries still to come.
    left: u64,
    summary: NodeSummary,
}

/// One entry of a stream node, checked.
#[derive(Clone, Debug)]
pub struct StreamEntry<'a> {
    /// Added to the milliseconds of the node's key, modulo 2^64.
    pub ms_delta: i64,
    /// Added to the sequence number of the node's key, modulo 2^64.
    pub seq_delta: i64,
    /// A tombstone: the entry was deleted, its content is still there.
    pub deleted: bool,
    /// Offset of the entry's first element in the blob.
    pub at: usize,
    /// Fields and values.
    pub pairs: Pairs<'a>,
}

/// Two entries are equal if they say the same, wherever they stand.
impl PartialEq for StreamEntry<'_> {
    fn eq(&self, other: &Self) -> bool {
        let head = |entry: &Self| (entry.ms_delta, entry.seq_delta, entry.deleted);
        head(self) == head(other) && self.pairs == other.pairs
    }
}

/// Fields and values of one stream entry, in order.
///
/// Decodes again what [`StreamNode::next`] has checked; it cannot fail.
#[derive(Clone, Debug)]
pub struct Pairs<'a> {
    /// `Some`: the fields of the master entry. `None`: they stand before their
    /// values.
    fields: Option<Listpack<'a>>,
    values: Listpack<'a>,
    left: u64,
}

/// A [`StreamNode`] without its blob and what it summed up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeMark {
    elements: Mark,
    fields: Mark,
    num_fields: i64,
    left: u64,
}

/// A [`Pairs`] without its blob.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PairsMark {
    fields: Option<Mark>,
    values: Mark,
    left: u64,
}

impl<'a> StreamNode<'a> {
    /// Where the cursor stands.
    pub(crate) fn mark(&self) -> NodeMark {
        NodeMark {
            elements: self.elements.mark(),
            fields: self.fields.mark(),
            num_fields: self.num_fields,
            left: self.left,
        }
    }

    /// The cursor that stood at `mark` in the same blob; its summary is lost.
    pub(crate) fn resume(blob: &'a [u8], mark: NodeMark) -> Self {
        StreamNode {
            elements: Listpack::resume(blob, mark.elements).uncounted(),
            fields: Listpack::resume(blob, mark.fields).uncounted(),
            num_fields: mark.num_fields,
            left: mark.left,
            summary: NodeSummary::default(),
        }
    }

    /// Checks the master entry and stands before the first entry.
    ///
    /// # Errors
    ///
    /// Those of [`Listpack`] but for the element count and the early end, which
    /// only some servers look at, [`NotInteger`](super::PackedFault::NotInteger),
    /// [`BadMasterEnd`](super::PackedFault::BadMasterEnd) and
    /// [`Incomplete`](super::PackedFault::Incomplete).
    #[inline]
    pub fn new(blob: &'a [u8]) -> Result<Self, PackedError> {
        Self::with_backlen(blob, Backlen::Either)
    }

    /// [`new`](Self::new) with the backlens one family of servers demands.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new).
    pub fn with_backlen(blob: &'a [u8], backlen: Backlen) -> Result<Self, PackedError> {
        let elements = Listpack::new(blob)?.backlen(backlen);
        let stated_elements = elements.stated_len();
        let mut elements = elements.uncounted();
        let master = Master::begin(&mut elements)?;
        let fields = elements.clone();
        master.finish(&mut elements)?;
        Ok(StreamNode {
            elements,
            fields,
            num_fields: master.num_fields,
            left: master.entries(),
            summary: master.summary(stated_elements),
        })
    }

    /// Checks a whole node.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new) and [`next`](Self::next).
    pub fn check(blob: &'a [u8]) -> Result<NodeSummary, PackedError> {
        Self::new(blob)?.finish()
    }

    /// Checks what is left, without handing it out.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    pub fn finish(mut self) -> Result<NodeSummary, PackedError> {
        while self.step()?.is_some() {}
        Ok(self.summary)
    }

    /// What is known so far: all of it once [`next`](Self::next) came to the end.
    #[inline]
    pub fn summary(&self) -> &NodeSummary {
        &self.summary
    }

    /// The field names of the master entry.
    #[inline]
    pub fn fields(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut fields = self.fields.clone();
        // They were walked by `new`, so none is missing.
        (0..self.num_fields).map_while(move |_| fields.next().ok().flatten())
    }

    /// Offset of the next entry in the blob.
    #[inline]
    pub fn position(&self) -> usize {
        self.elements.position()
    }

    /// The next entry, all of it checked, or `None` at the end of a node that
    /// adds up.
    ///
    /// # Errors
    ///
    /// Those of [`Listpack`] but for the element count,
    /// [`NotInteger`](super::PackedFault::NotInteger),
    /// [`BadEntryLength`](super::PackedFault::BadEntryLength),
    /// [`Incomplete`](super::PackedFault::Incomplete) and
    /// [`Trailing`](super::PackedFault::Trailing).
    #[inline]
    #[allow(clippy::should_implement_trait)] // `Iterator::position` would hide ours
    pub fn next(&mut self) -> Result<Option<StreamEntry<'a>>, PackedError> {
        self.step()
    }

    /// What is left as an iterator. It ends after an error.
    #[inline]
    pub fn entries(
        mut self,
    ) -> impl Iterator<Item = Result<StreamEntry<'a>, PackedError>> + use<'a> {
        std::iter::from_fn(move || self.next().transpose())
    }

    #[inline]
    fn step(&mut self) -> Result<Option<StreamEntry<'a>>, PackedError> {
        let result = if self.left > 0 {
            self.entry().map(Some)
        } else {
            self.end().map(|()| None)
        };
        match result {
            Ok(Some(_)) => self.left -= 1,
            Ok(None) => {}
            Err(_) => self.stop(),
        }
        result
    }

    #[inline]
    fn entry(&mut self) -> Result<StreamEntry<'a>, PackedError> {
        let elements = &mut self.elements;
        let at = elements.position();
        let entry = Entry::begin(elements, self.num_fields)?;
        let pairs = Pairs {
            fields: entry.same_fields().then(|| self.fields.clone()),
            values: elements.clone(),
            left: u64::try_from(entry.num_fields).unwrap_or(0),
        };
        entry.finish(elements, &mut self.summary)?;
        Ok(StreamEntry {
            ms_delta: entry.ms_delta,
            seq_delta: entry.seq_delta,
            deleted: entry.deleted(),
            at,
            pairs,
        })
    }

    fn end(&mut self) -> Result<(), PackedError> {
        let rest = self.elements.rest();
        let (left, first) = (rest.len(), rest.first().copied());
        let found = self.elements.found() as u64;
        sum_up(
            &mut self.summary,
            found,
            left,
            first,
            self.elements.position(),
        )
    }

    /// From here on there is nothing more, and nothing to complain about.
    fn stop(&mut self) {
        self.left = 0;
        self.elements.stop();
    }
}

impl<'a> Pairs<'a> {
    /// Where the pairs stand.
    pub(crate) fn mark(&self) -> PairsMark {
        PairsMark {
            fields: self.fields.as_ref().map(Listpack::mark),
            values: self.values.mark(),
            left: self.left,
        }
    }

    /// The pairs that stood at `mark` in the same blob.
    pub(crate) fn resume(blob: &'a [u8], mark: PairsMark) -> Self {
        let at = |mark| Listpack::resume(blob, mark).uncounted();
        Pairs {
            fields: mark.fields.map(at),
            values: at(mark.values),
            left: mark.left,
        }
    }
}

impl<'a> Iterator for Pairs<'a> {
    type Item = (Element<'a>, Element<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let fields = self.fields.as_mut().unwrap_or(&mut self.values);
        // Both were walked before, so none is missing.
        let field = fields.next().ok().flatten()?;
        let value = self.values.next().ok().flatten()?;
        Some((field, value))
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        (left, Some(left))
    }
}

impl std::iter::FusedIterator for Pairs<'_> {}

/// Two runs of pairs are equal if they say the same, wherever they stand.
impl PartialEq for Pairs<'_> {
    fn eq(&self, other: &Self) -> bool {
        Iterator::eq(self.clone(), other.clone())
    }
}

#[cfg(test)]
mod tests;
