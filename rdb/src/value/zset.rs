//! Sorted sets: members and scores.

use super::blob::Blob;
use super::walk::{self, Piece, Walk};
use crate::error::Result;
use crate::event::Role;
use crate::packed::Element;
use crate::record::Record;
use crate::score;
use crate::text::{Scratch, Str};

/// The members of a sorted set with their scores, in the file's order:
/// ascending where the set is packed, descending where it is not.
///
/// | type | stored as | score |
/// |---|---|---|
/// | 3 | strings | text |
/// | 5 | strings | binary |
/// | 12, 17 | one ziplist or listpack of pairs | text or integer |
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{SliceReader, Value};
///
/// let file = b"REDIS0004\x03\x01z\x01\x01m\x031.5\xff";
/// let record = SliceReader::new(file).records().next_record()?.unwrap();
/// let Value::Zset(mut zset) = record.value()? else { panic!() };
/// assert_eq!(zset.next()?, Some((&b"m"[..], 1.5)));
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scored<'a> {
    inner: Inner<'a>,
    digits: [u8; 20],
    failed: bool,
}

#[derive(Clone, Debug)]
struct Inner<'a> {
    walk: Walk<'a>,
    blob: Blob<'a>,
    scratch: Scratch,
    /// A member whose score has not come yet, and its offset.
    member: (Str<'a>, u64),
    plain: bool,
}

impl<'a> Scored<'a> {
    pub(super) fn new(record: &Record<'a>, walk: Walk<'a>) -> Scored<'a> {
        Scored {
            inner: Inner {
                walk,
                blob: Blob::new(record.max_decompressed),
                scratch: Scratch::with_limit(record.max_decompressed),
                member: (Str::Raw(&[]), 0),
                plain: true,
            },
            digits: [0; 20],
            failed: false,
        }
    }

    /// The next member as a client sees it and its score, or `None` at the end
    /// or after an error.
    ///
    /// A packed score that is no number is 0, as servers read it; one with
    /// rubbish behind the number is the number.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the value from here to the score.
    #[inline]
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<(&[u8], f64)>> {
        if self.failed {
            return Ok(None);
        }
        match self.inner.next() {
            Ok(Some((member, score))) => Ok(Some((member.text(&mut self.digits), score))),
            Ok(None) => Ok(None),
            Err(error) => {
                self.failed = true;
                Err(error)
            }
        }
    }

    /// Whether all servers read the packed scores that came up to now alike. Not
    /// so those with blanks in front, hexadecimal ones, and those of more than 127
    /// bytes, which no server writes: to Redis from 8.0 on and Valkey from 9.1 on, and to
    /// some builds of Valkey 8.1 and 9.0, they are other numbers, mostly 0. Here they are
    /// what the others read.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.inner.plain
    }

    /// As [`next`](Self::next), with members that are integers in the file as
    /// integers.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn next_element(&mut self) -> Result<Option<(Element<'_>, f64)>> {
        if self.failed {
            return Ok(None);
        }
        let pair = self.inner.next();
        self.failed = pair.is_err();
        pair
    }
}

impl Inner<'_> {
    #[inline]
    fn next(&mut self) -> Result<Option<(Element<'_>, f64)>> {
        loop {
            if self.blob.more()? {
                let (member, score) = self.blob.pair()?;
                if let Element::Bytes(text) = score {
                    self.plain &= score::is_plain(text);
                }
                return Ok(Some((member, packed_score(score))));
            }
            match self.walk.piece()? {
                Some(Piece::Item(Role::Packed(packing), text)) => {
                    self.blob.open(packing, text, &self.walk)?;
                }
                Some(Piece::Item(_, text)) => self.member = (text, self.walk.token_offset()),
                Some(Piece::Score(score)) => {
                    let (text, offset) = self.member;
                    let member = walk::element(text, &mut self.scratch, offset)?;
                    return Ok(Some((member, score)));
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }
}

/// A score in a packed blob (`zzlGetScore`).
#[inline]
pub(crate) fn packed_score(score: Element<'_>) -> f64 {
    match score {
        Element::Int(n) => n as f64,
        Element::Bytes(text) => {
            let seen = text.get(..score::PACKED).unwrap_or(text);
            score::scan(seen).unwrap_or(0.0)
        }
    }
}
