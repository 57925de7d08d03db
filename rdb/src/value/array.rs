//! Arrays: sparse, indexed by 64 bits, with elements of three kinds.

use super::walk::{self, Walk};
use crate::error::Result;
use crate::event::Part;
use crate::record::Record;
use crate::text::Scratch;

/// One element of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArrayItem<'s> {
    /// Its index.
    pub index: u64,
    /// What is there.
    pub value: ArrayElement<'s>,
}

/// What an array holds at an index.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArrayElement<'s> {
    /// A string.
    Bytes(&'s [u8]),
    /// An integer.
    Int(i64),
    /// A number.
    Float(f64),
}

/// The elements of an array (type 28) in the file's order, which servers write
/// ascending. A repeated index replaces what was there, as servers take it;
/// it is given as it stands here.
#[derive(Clone, Debug)]
pub struct ArrayItems<'a> {
    count: u64,
    insert_at: Option<u64>,
    index: u64,
    walk: Walk<'a>,
    scratch: Scratch,
    digits: [u8; 20],
}

impl<'a> ArrayItems<'a> {
    pub(super) fn new(record: &Record<'a>, mut walk: Walk<'a>) -> Result<ArrayItems<'a>> {
        let Some(Part::Array { count, insert_at }) = walk.next()? else {
            return Err(walk.bad("array without a head"));
        };
        Ok(ArrayItems {
            count,
            insert_at,
            index: 0,
            walk,
            scratch: Scratch::with_limit(record.max_decompressed),
            digits: [0; 20],
        })
    }

    /// How many elements there are, as the file says.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Where the next insertion goes, if the file says so.
    #[must_use]
    pub fn insert_at(&self) -> Option<u64> {
        self.insert_at
    }

    /// The next element, or `None` at the end or after an error.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the element.
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<ArrayItem<'_>>> {
        let (text, offset) = loop {
            let value = match self.walk.next()? {
                None => return Ok(None),
                Some(Part::ArrayIndex(index)) => {
                    self.index = index;
                    continue;
                }
                Some(Part::ArrayInt(n)) => ArrayElement::Int(n),
                Some(Part::ArrayFloat(x)) => ArrayElement::Float(x),
                Some(Part::Item { text, .. }) => break (text, self.walk.token_offset()),
                Some(_) => continue,
            };
            let index = self.index;
            return Ok(Some(ArrayItem { index, value }));
        };
        match walk::element(text, &mut self.scratch, offset) {
            Ok(element) => Ok(Some(ArrayItem {
                index: self.index,
                value: ArrayElement::Bytes(element.text(&mut self.digits)),
            })),
            Err(error) => {
                self.walk.end();
                Err(error)
            }
        }
    }
}
