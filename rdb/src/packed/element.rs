//! One element of a packed blob.

/// An element of a listpack, ziplist, intset or zipmap, borrowed from its blob.
///
/// The encodings keep canonical decimal text as integers; to a client both are
/// the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element<'a> {
    /// Bytes as they stand in the blob.
    Bytes(&'a [u8]),
    /// An integer, which a client sees as its shortest decimal text.
    Int(i64),
}
