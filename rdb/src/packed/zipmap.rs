//! Zipmap: the packed hash of files before RDB 4.
//!
//! ```text
//! +-----------+--------+-------+--------+------+-------+---------+-   -+------+
//! | count: u8 | length | field | length | free | value | free *  | ... |  FF  |
//! +-----------+--------+-------+--------+------+-------+---------+-   -+------+
//!   254 = unknown                         u8             slack bytes
//!
//! length
//! 00 ..= FD            itself
//! FE nn nn nn nn       u32 LE, at least 254
//! FF                   of a field: the end.  Of a value: as FE
//! ```
//!
//! Two oddities that every server accepts: the map ends at the first `FF` where
//! a field would begin, whatever bytes follow up to the last, which has to be
//! another `FF`; and a value's length may begin with `FF` instead of `FE`.

use super::{Mark, PackedError, PackedFault};

/// `count` of a map with more pairs than fit into it.
pub(super) const UNKNOWN: u8 = 254;

/// Lengths from here take five bytes.
const LONG: u8 = 254;

/// A cursor over the pairs of a zipmap, and the server's full check of it
/// (`zipmapValidateIntegrity`, deep). Fields that appear twice are refused by
/// the servers as well, but not seen by a cursor.
///
/// Fused: after an error or the end there is nothing more.
///
/// ```
/// use rdbkit_rdb::packed::Zipmap;
///
/// let blob = b"\x01\x03foo\x03\x00bar\xFF";
/// let mut zipmap = Zipmap::new(blob)?;
/// assert_eq!(zipmap.next()?, Some((&b"foo"[..], &b"bar"[..])));
/// assert_eq!(zipmap.next()?, None);
/// # Ok::<(), rdbkit_rdb::packed::PackedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Zipmap<'a> {
    blob: &'a [u8],
    /// What is not walked yet, without the last byte.
    rest: &'a [u8],
    found: u64,
    ended: bool,
}

impl<'a> Zipmap<'a> {
    /// Checks size and last byte and stands before the first pair.
    ///
    /// # Errors
    ///
    /// [`TooShort`](PackedFault::TooShort), [`NoEnd`](PackedFault::NoEnd).
    #[inline]
    pub fn new(blob: &'a [u8]) -> Result<Self, PackedError> {
        match blob {
            [] | [_] => Err(PackedFault::TooShort.at(0)),
            [_, rest @ .., 0xFF] => Ok(Zipmap {
                blob,
                rest,
                found: 0,
                ended: false,
            }),
            _ => Err(PackedFault::NoEnd.at(blob.len() - 1)),
        }
    }

    /// The number of pairs in the header; `None` if the header does not know.
    #[inline]
    pub fn stated_len(&self) -> Option<u8> {
        self.blob.first().copied().filter(|&count| count != UNKNOWN)
    }

    /// Offset of the next pair, or of the `FF` that ends the map.
    #[inline]
    pub fn position(&self) -> usize {
        self.blob.len() - 1 - self.rest.len()
    }

    /// The next field and value, or `None` at the end of a map that adds up.
    ///
    /// # Errors
    ///
    /// [`Overrun`](PackedFault::Overrun) and
    /// [`LongForm`](PackedFault::LongForm) at the pair,
    /// [`Empty`](PackedFault::Empty) and
    /// [`CountMismatch`](PackedFault::CountMismatch) at the end.
    #[inline]
    #[allow(clippy::should_implement_trait)] // `Iterator::position` would hide ours
    #[allow(clippy::type_complexity)] // a name would say less
    pub fn next(&mut self) -> Result<Option<(&'a [u8], &'a [u8])>, PackedError> {
        if self.ended {
            return Ok(None);
        }
        if let [] | [0xFF, ..] = self.rest {
            self.ended = true;
            return self.summed_up().map(|()| None);
        }
        match split_pair(self.rest) {
            Ok((field, value, rest)) => {
                self.rest = rest;
                self.found += 1;
                Ok(Some((field, value)))
            }
            Err(fault) => {
                self.ended = true;
                Err(fault.at(self.position()))
            }
        }
    }

    /// What is left as an iterator. It ends after an error.
    #[inline]
    pub fn pairs(
        mut self,
    ) -> impl Iterator<Item = Result<(&'a [u8], &'a [u8]), PackedError>> + use<'a> {
        std::iter::from_fn(move || self.next().transpose())
    }

    /// Walks what is left, and returns how many pairs the whole map has.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn check(mut self) -> Result<u64, PackedError> {
        while self.next()?.is_some() {}
        Ok(self.found)
    }

    /// Where the cursor stands; it must not have come to the end.
    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            at: self.position(),
            found: usize::try_from(self.found).unwrap_or(usize::MAX),
            previous: 0,
        }
    }

    /// The cursor that stood at `mark` in the same blob.
    #[inline]
    pub(crate) fn resume(blob: &'a [u8], mark: Mark) -> Self {
        let inside = blob.split_last().map_or(&[][..], |(_, inside)| inside);
        Zipmap {
            blob,
            rest: inside.get(mark.at..).unwrap_or_default(),
            found: mark.found as u64,
            ended: false,
        }
    }

    fn summed_up(&self) -> Result<(), PackedError> {
        let stated = self.blob.first().copied().unwrap_or(UNKNOWN);
        summed_up(stated, self.found, self.position())
    }
}

/// Judges the count in the header against what was `found` up to the end at `at`.
pub(super) fn summed_up(stated: u8, found: u64, at: usize) -> Result<(), PackedError> {
    if found == 0 {
        return Err(PackedFault::Empty.at(at));
    }
    if stated != UNKNOWN && u64::from(stated) != found {
        let stated = stated.into();
        return Err(PackedFault::CountMismatch { stated, found }.at(0));
    }
    Ok(())
}

/// Field, value and what is behind the pair.
type Pair<'a> = (&'a [u8], &'a [u8], &'a [u8]);

pub(super) fn split_pair(rest: &[u8]) -> Result<Pair<'_>, PackedFault> {
    let (len, rest) = split_length(rest)?;
    let (field, rest) = split(rest, len)?;
    let (len, rest) = split_length(rest)?;
    let (&free, rest) = rest.split_first().ok_or(PackedFault::Overrun)?;
    let (value, rest) = split(rest, len)?;
    let (_slack, rest) = split(rest, free.into())?;
    Ok((field, value, rest))
}

pub(super) fn split_length(rest: &[u8]) -> Result<(u32, &[u8]), PackedFault> {
    match rest {
        [len @ 0..LONG, rest @ ..] => Ok((u32::from(*len), rest)),
        [LONG..=0xFF, a, b, c, d, rest @ ..] => {
            let len = u32::from_le_bytes([*a, *b, *c, *d]);
            if len < LONG.into() {
                return Err(PackedFault::LongForm);
            }
            Ok((len, rest))
        }
        _ => Err(PackedFault::Overrun),
    }
}

fn split(rest: &[u8], len: u32) -> Result<(&[u8], &[u8]), PackedFault> {
    usize::try_from(len)
        .ok()
        .and_then(|len| rest.split_at_checked(len))
        .ok_or(PackedFault::Overrun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn walk(blob: &[u8]) -> Result<Pairs, PackedError> {
        Zipmap::new(blob)?
            .pairs()
            .map(|pair| pair.map(|(field, value)| (field.to_vec(), value.to_vec())))
            .collect()
    }

    fn pairs(pairs: &[(&[u8], &[u8])]) -> Result<Pairs, PackedError> {
        let owned = pairs.iter().map(|&(f, v)| (f.to_vec(), v.to_vec()));
        Ok(owned.collect())
    }

    /// One pair "foo" and a value, with the value's length written in five bytes.
    fn long_value(mark: u8, len: u32) -> Vec<u8> {
        let mut blob = b"\x01\x03foo".to_vec();
        blob.push(mark);
        blob.extend(len.to_le_bytes());
        blob.push(0); // free
        blob.resize(blob.len() + len as usize, b'x');
        blob.push(0xFF);
        blob
    }

    #[test]
    fn good() {
        assert_eq!(
            walk(b"\x02\x03foo\x03\x00bar\x05hello\x05\x00world\xFF"),
            pairs(&[(b"foo", b"bar"), (b"hello", b"world")])
        );
        // count unknown
        assert_eq!(walk(b"\xFE\x01f\x01\x00v\xFF"), pairs(&[(b"f", b"v")]));
        // two bytes of slack behind the value
        assert_eq!(walk(b"\x01\x01f\x01\x02vzz\xFF"), pairs(&[(b"f", b"v")]));
        // empty field, empty value
        assert_eq!(walk(b"\x01\x00\x00\x00\xFF"), pairs(&[(b"", b"")]));
    }

    #[test]
    fn long_lengths_need_254_bytes() {
        let x = [b'x'; 254];
        assert_eq!(walk(&long_value(0xFE, 254)), pairs(&[(b"foo", &x)]));
        assert_eq!(walk(&long_value(0xFF, 254)), pairs(&[(b"foo", &x)]));
        let fault = PackedFault::LongForm.at(1);
        assert_eq!(walk(&long_value(0xFE, 253)), Err(fault));
        assert_eq!(walk(&long_value(0xFF, 3)), Err(fault));
        // the same for a field
        assert_eq!(walk(b"\x01\xFE\x01\0\0\0f\x01\x00v\xFF"), Err(fault));
    }

    #[test]
    fn the_first_end_counts() {
        let blob = b"\x01\x01f\x01\x00v\xFF\x01\x02\xFF";
        let mut zipmap = Zipmap::new(blob).unwrap();
        assert!(matches!(zipmap.next(), Ok(Some(_))));
        assert_eq!(zipmap.next(), Ok(None));
        assert_eq!(zipmap.position(), 6);
        assert_eq!(zipmap.next(), Ok(None));
    }

    #[test]
    fn faults() {
        use PackedFault::*;
        let refused = |bytes: &[u8], fault: PackedFault, at| {
            assert_eq!(walk(bytes), Err(fault.at(at)), "{bytes:02x?}");
        };
        refused(b"\xFF", TooShort, 0);
        refused(b"\x01\x01f\x01\x00v", NoEnd, 5);
        refused(b"\x00\xFF", Empty, 1);
        refused(b"\x00\xFF\x01\xFF", Empty, 1);
        refused(
            b"\x02\x01f\x01\x00v\xFF",
            CountMismatch {
                stated: 2,
                found: 1,
            },
            0,
        );
        refused(
            b"\xFF\x01f\x01\x00v\xFF",
            CountMismatch {
                stated: 255,
                found: 1,
            },
            0,
        );
        refused(b"\x01\x03f\xFF", Overrun, 1); // field beyond the end
        refused(b"\x01\x01f\xFF", Overrun, 1); // no value
        refused(b"\x01\x01f\x00\xFF", Overrun, 1); // no free byte
        refused(b"\x01\x01f\x02\x00v\xFF", Overrun, 1); // value beyond the end
        refused(b"\x01\x01f\x01\x01v\xFF", Overrun, 1); // slack beyond the end
        refused(b"\x01\xFE\x00\xFF", Overrun, 1); // half a length
        // value and slack add up to 0 in 32 bits
        refused(b"\x01\x01f\xFE\xFF\xFF\xFF\xFF\x01v\xFF", Overrun, 1);
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(raw: Vec<u8>, inner in prop::collection::vec(0u8..6, 0..40)) {
            let _ = walk(&raw);
            let _ = walk(&[&[254], &inner[..], &[0xFF]].concat());
        }

        #[test]
        fn round_trip(
            map in prop::collection::vec((any::<Vec<u8>>(), any::<Vec<u8>>(), 0u8..5), 1..5)
        ) {
            let mut blob = vec![map.len() as u8];
            let length = |out: &mut Vec<u8>, len: usize| match len {
                0..254 => out.push(len as u8),
                _ => {
                    out.push(0xFE);
                    out.extend((len as u32).to_le_bytes());
                }
            };
            for (field, value, free) in &map {
                length(&mut blob, field.len());
                blob.extend(field);
                length(&mut blob, value.len());
                blob.push(*free);
                blob.extend(value);
                blob.resize(blob.len() + usize::from(*free), 0xEE);
            }
            blob.push(0xFF);
            let expected: Pairs = map.into_iter().map(|(f, v, _)| (f, v)).collect();
            prop_assert_eq!(walk(&blob), Ok(expected));
        }
    }
}
