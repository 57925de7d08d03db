//! What can be wrong inside a packed blob.

use thiserror::Error;

/// Damage inside a packed blob: what, and where from the blob's first byte.
///
/// Plain data, no allocation: it is made millions of times by fuzzers and
/// by salvage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault} at byte {at} of the blob")]
pub struct PackedError {
    /// Offset of the damaged header or entry from the blob's first byte.
    pub at: usize,
    /// What is wrong there.
    pub fault: PackedFault,
}

/// The kinds of damage a packed blob can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PackedFault {
    /// Fewer bytes than the smallest blob of this encoding has.
    #[error("too short for a header")]
    TooShort,
    /// The size in the header is not the size of the blob.
    #[error("header says {0} bytes")]
    SizeMismatch(u64),
    /// The last byte is not the end marker.
    #[error("no end marker")]
    NoEnd,
    /// The first byte of an entry means nothing.
    #[error("unknown entry encoding {0:#04x}")]
    BadEncoding(u8),
    /// An entry reaches beyond the end marker.
    #[error("entry reaches beyond the end")]
    Overrun,
    /// The end marker stands before the last byte.
    #[error("end marker before the end")]
    EarlyEnd,
    /// The length behind a listpack entry, or before a ziplist entry, is wrong.
    #[error("backward length does not match the entry")]
    BadBacklen,
    /// A ziplist's tail offset does not point at its last entry.
    #[error("tail offset does not point at the last entry")]
    BadTail,
    /// The number of entries in the header is not the number found.
    #[error("header says {stated} entries, found {found}")]
    CountMismatch {
        /// What the header says.
        stated: u64,
        /// How many there are.
        found: u64,
    },
    /// An intset that is not strictly ascending.
    #[error("not in ascending order")]
    Unordered,
    /// No element where at least one is demanded.
    #[error("empty")]
    Empty,
    /// A length that is not written in its shortest form where that is demanded.
    #[error("length not in its shortest form")]
    LongForm,
    /// A stream node's element that has to be an integer is other text.
    #[error("not an integer")]
    NotInteger,
    /// A stream node's master entry does not end in 0.
    #[error("master entry does not end in 0")]
    BadMasterEnd,
    /// The number of elements behind a stream entry is wrong.
    #[error("stream entry says {stated} elements, has {found}")]
    BadEntryLength {
        /// What the entry says.
        stated: i64,
        /// How many it has.
        found: i64,
    },
    /// A stream node ends before all its entries were seen.
    #[error("ends before its last stream entry")]
    Incomplete,
    /// A stream node goes on behind its last entry.
    #[error("goes on after its last stream entry")]
    Trailing,
}

impl PackedFault {
    /// This fault, `at` so many bytes from the blob's first byte.
    #[inline]
    pub(super) const fn at(self, at: usize) -> PackedError {
        PackedError { at, fault: self }
    }
}
