//! Where a cursor stands, apart from the blob it walks.

/// A cursor without its blob, for a caller who owns the blob's bytes and so
/// cannot keep the cursor beside them.
///
/// It belongs to one blob, which was accepted by the cursor's `new`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mark {
    /// Offset of the next element in the blob.
    pub(crate) at: usize,
    /// Elements that came out so far.
    pub(super) found: usize,
    /// What the next element is compared with: the size of the entry before it
    /// in a ziplist, the member before it in an intset.
    pub(super) previous: i64,
}
