//! Lists and sets: elements, whatever they are packed in.

use super::blob::Blob;
use super::walk::{self, Piece, Walk};
use crate::error::Result;
use crate::event::Role;
use crate::packed::Element;
use crate::record::Record;
use crate::text::Scratch;

/// The elements of a list from head to tail, or of a set in the file's order.
///
/// | type | stored as |
/// |---|---|
/// | 1, 2 | strings, one by one |
/// | 10, 20 | one ziplist or listpack |
/// | 11 | one intset |
/// | 14, 18 | nodes: ziplists, or listpacks and single large elements |
///
/// An element borrows from the walker until the next call. At most one node
/// is decompressed at a time, into memory that the next node reuses.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{SliceReader, Value};
///
/// // A set of 1 and 2, as an intset.
/// let file = b"REDIS0004\x0b\x01s\x0c\x02\0\0\0\x02\0\0\0\x01\0\x02\0\xff";
/// let record = SliceReader::new(file).records().next_record()?.unwrap();
/// if let Value::Set(mut set) = record.value()? {
///     while let Some(member) = set.next()? {
///         println!("{}", member.escape_ascii());
///     }
/// }
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Elements<'a> {
    inner: Inner<'a>,
    digits: [u8; 20],
    failed: bool,
}

#[derive(Clone, Debug)]
struct Inner<'a> {
    walk: Walk<'a>,
    blob: Blob<'a>,
    scratch: Scratch,
}

impl<'a> Elements<'a> {
    pub(super) fn new(record: &Record<'a>, walk: Walk<'a>) -> Elements<'a> {
        Elements {
            inner: Inner {
                walk,
                blob: Blob::new(record.max_decompressed),
                scratch: Scratch::with_limit(record.max_decompressed),
            },
            digits: [0; 20],
            failed: false,
        }
    }

    /// The next element as a client sees it, or `None` at the end or after an
    /// error.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the value from here to the element, with the
    /// offset of the blob's entry where the blob is not compressed.
    #[inline]
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<&[u8]>> {
        if self.failed {
            return Ok(None);
        }
        match self.inner.next() {
            Ok(element) => Ok(element.map(|element| element.text(&mut self.digits))),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// As [`next`](Self::next), with integers as integers where the file has
    /// them so.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn next_element(&mut self) -> Result<Option<Element<'_>>> {
        if self.failed {
            return Ok(None);
        }
        let element = self.inner.next();
        self.failed = element.is_err();
        element
    }
}

impl Inner<'_> {
    #[inline]
    fn next(&mut self) -> Result<Option<Element<'_>>> {
        loop {
            if self.blob.more()? {
                return self.blob.next();
            }
            match self.walk.piece()? {
                Some(Piece::Item(Role::Packed(packing), text)) => {
                    self.blob.open(packing, text, &self.walk)?;
                }
                Some(Piece::Item(_, text)) => {
                    let offset = self.walk.token_offset();
                    return walk::element(text, &mut self.scratch, offset).map(Some);
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}
