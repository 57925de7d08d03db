//! Intset: a set of integers, all of one width.
//!
//! ```text
//! +-----------------+-----------------+-----------+-   -+
//! | width: u32 LE   | count: u32 LE   | integer   | ... |   no end marker
//! +-----------------+-----------------+-----------+-   -+
//!   2, 4 or 8                           signed LE, strictly ascending
//! ```

use super::{Element, Mark, PackedError, PackedFault};

/// `width` and `count`.
pub(super) const HEADER: usize = 8;

/// Offset of `count`, to blame when it is wrong.
const COUNT_AT: usize = 4;

/// A cursor over the members of an intset, and the server's full check of it
/// (`intsetValidateIntegrity`, deep, and no empty sets).
///
/// Fused: after an error or the end there is nothing more.
///
/// ```
/// use rdbkit_rdb::packed::{Element, Intset};
///
/// let blob = [
///     0x02, 0, 0, 0, // i16
///     0x02, 0, 0, 0, // 2 members
///     0xFF, 0xFF, // -1
///     0x2C, 0x01, // 300
/// ];
/// let mut intset = Intset::new(&blob)?;
/// assert_eq!(intset.next()?, Some(Element::Int(-1)));
/// assert_eq!(intset.next()?, Some(Element::Int(300)));
/// assert_eq!(intset.next()?, None);
/// # Ok::<(), rdbkit_rdb::packed::PackedError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Intset<'a> {
    blob: &'a [u8],
    /// Members not walked yet.
    rest: &'a [u8],
    width: Width,
    previous: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
enum Width {
    I16,
    I32,
    I64,
}

impl<'a> Intset<'a> {
    /// Checks everything but the order and stands before the first member.
    ///
    /// # Errors
    ///
    /// [`TooShort`](PackedFault::TooShort),
    /// [`BadEncoding`](PackedFault::BadEncoding) for another width (its low
    /// byte), [`CountMismatch`](PackedFault::CountMismatch) if the blob has not
    /// exactly the room for its members, [`Empty`](PackedFault::Empty).
    #[inline]
    pub fn new(blob: &'a [u8]) -> Result<Self, PackedError> {
        let Some((&[w0, w1, w2, w3, c0, c1, c2, c3], rest)) = blob.split_first_chunk::<HEADER>()
        else {
            return Err(PackedFault::TooShort.at(0));
        };
        let header = [w0, w1, w2, w3, c0, c1, c2, c3];
        let (width, _) = judge_header(header, rest.len() as u64)?;
        Ok(Intset {
            blob,
            rest,
            ..Intset::piece(rest, width, None)
        })
    }

    /// The cursor behind `previous`, in a piece of a blob whose integers have `width`
    /// bytes.
    pub(super) fn piece(piece: &'a [u8], width: usize, previous: Option<i64>) -> Self {
        Intset {
            blob: piece,
            rest: piece,
            width: match width {
                2 => Width::I16,
                4 => Width::I32,
                _ => Width::I64,
            },
            previous,
        }
    }

    /// The member that came out last.
    pub(super) fn previous(&self) -> Option<i64> {
        self.previous
    }

    /// The number of members, which the blob has room for.
    #[inline]
    pub fn stated_len(&self) -> u32 {
        let count = self
            .blob
            .get(COUNT_AT..)
            .and_then(|rest| rest.first_chunk());
        count.map_or(0, |count| u32::from_le_bytes(*count))
    }

    /// Offset of the next member in the blob.
    #[inline]
    pub fn position(&self) -> usize {
        self.blob.len() - self.rest.len()
    }

    /// The next member, always an integer and larger than the one before, or
    /// `None` at the end.
    ///
    /// # Errors
    ///
    /// [`Unordered`](PackedFault::Unordered) at the member.
    #[inline]
    #[allow(clippy::should_implement_trait)] // `Iterator::position` would hide ours
    pub fn next(&mut self) -> Result<Option<Element<'a>>, PackedError> {
        let Some((member, rest)) = self.split() else {
            return Ok(None);
        };
        if self.previous.is_some_and(|previous| previous >= member) {
            let at = self.position();
            self.rest = &[];
            return Err(PackedFault::Unordered.at(at));
        }
        self.previous = Some(member);
        self.rest = rest;
        Ok(Some(Element::Int(member)))
    }

    /// What is left as an iterator. It ends after an error.
    #[inline]
    pub fn elements(mut self) -> impl Iterator<Item = Result<Element<'a>, PackedError>> + use<'a> {
        std::iter::from_fn(move || self.next().transpose())
    }

    /// Walks what is left.
    ///
    /// # Errors
    ///
    /// Those of [`next`](Self::next).
    #[inline]
    pub fn check(mut self) -> Result<(), PackedError> {
        while self.next()?.is_some() {}
        Ok(())
    }

    /// Where the cursor stands.
    #[inline]
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            at: self.position(),
            found: usize::from(self.previous.is_some()),
            previous: self.previous.unwrap_or(0),
        }
    }

    /// The cursor that stood at `mark` in the same blob.
    #[inline]
    pub(crate) fn resume(blob: &'a [u8], mark: Mark) -> Self {
        let width = match blob.first() {
            Some(2) => Width::I16,
            Some(4) => Width::I32,
            _ => Width::I64,
        };
        Intset {
            blob,
            rest: blob.get(mark.at..).unwrap_or_default(),
            width,
            previous: (mark.found > 0).then_some(mark.previous),
        }
    }

    #[inline]
    fn split(&self) -> Option<(i64, &'a [u8])> {
        match self.width {
            Width::I16 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                Some((i16::from_le_bytes(*bytes).into(), rest))
            }
            Width::I32 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                Some((i32::from_le_bytes(*bytes).into(), rest))
            }
            Width::I64 => {
                let (bytes, rest) = self.rest.split_first_chunk()?;
                Some((i64::from_le_bytes(*bytes), rest))
            }
        }
    }
}

/// The bytes of an integer and the number of them, if `room` is what they take.
pub(super) fn judge_header(header: [u8; HEADER], room: u64) -> Result<(usize, u32), PackedError> {
    let [w0, w1, w2, w3, c0, c1, c2, c3] = header;
    let width = match u32::from_le_bytes([w0, w1, w2, w3]) {
        width @ (2 | 4 | 8) => u64::from(width),
        _ => return Err(PackedFault::BadEncoding(w0).at(0)),
    };
    let count = u32::from_le_bytes([c0, c1, c2, c3]);
    let stated = u64::from(count);
    // At most 8 * (2^32 - 1): no overflow.
    if stated * width != room {
        let found = room / width;
        return Err(PackedFault::CountMismatch { stated, found }.at(COUNT_AT));
    }
    if stated == 0 {
        return Err(PackedFault::Empty.at(COUNT_AT));
    }
    Ok((width as usize, count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blob(width: u32, count: u32, members: &[u8]) -> Vec<u8> {
        [&width.to_le_bytes(), &count.to_le_bytes(), members].concat()
    }

    fn walk(blob: &[u8]) -> Result<Vec<Element<'_>>, PackedError> {
        Intset::new(blob)?.elements().collect()
    }

    #[test]
    fn every_width_keeps_its_sign() {
        let ints = |ints: &[i64]| Ok(ints.iter().copied().map(Element::Int).collect());
        // i16 -1, 300
        assert_eq!(walk(&blob(2, 2, b"\xFF\xFF\x2C\x01")), ints(&[-1, 300]));
        // i32 -2
        assert_eq!(walk(&blob(4, 1, b"\xFE\xFF\xFF\xFF")), ints(&[-2]));
        // i64 minimum: wider than needed would be accepted too
        assert_eq!(
            walk(&blob(8, 2, b"\0\0\0\0\0\0\0\x80\x05\0\0\0\0\0\0\0")),
            ints(&[i64::MIN, 5])
        );
        assert_eq!(Intset::new(&blob(2, 1, b"\0\0")).unwrap().stated_len(), 1);
    }

    #[test]
    fn faults() {
        use PackedFault::*;
        let refused = |bytes: &[u8], fault: PackedFault, at| {
            assert_eq!(walk(bytes), Err(fault.at(at)), "{bytes:02x?}");
        };
        refused(b"\x02\0\0\0\x01\0\0", TooShort, 0);
        refused(&blob(3, 1, b"\x01\0\0"), BadEncoding(3), 0);
        refused(&blob(0x102, 1, b"\x01\0"), BadEncoding(2), 0);
        refused(&blob(2, 0, b""), Empty, 4);
        let miscount = |stated, found| CountMismatch { stated, found };
        refused(&blob(2, 2, b"\x01\0"), miscount(2, 1), 4);
        refused(&blob(2, 1, b"\x01\0\x02"), miscount(1, 1), 4);
        // 4 * 0x40000001 is 4 in 32 bits
        refused(
            &blob(4, 0x4000_0001, b"\x01\0\0\0"),
            miscount(0x4000_0001, 1),
            4,
        );
        // equal, then descending, members
        refused(&blob(2, 2, b"\x01\0\x01\0"), Unordered, 10);
        refused(&blob(2, 3, b"\x01\0\x02\0\xFF\xFF"), Unordered, 12);
    }

    #[test]
    fn fused_after_an_error() {
        let blob = blob(2, 3, b"\x02\0\x01\0\x03\0");
        let mut intset = Intset::new(&blob).unwrap();
        assert!(intset.next().is_ok());
        assert!(intset.next().is_err());
        assert_eq!(intset.next(), Ok(None));
        assert_eq!(intset.next(), Ok(None));
    }

    proptest! {
        #[test]
        fn round_trip(members: std::collections::BTreeSet<i64>) {
            prop_assume!(!members.is_empty());
            let bytes: Vec<u8> = members.iter().flat_map(|n| n.to_le_bytes()).collect();
            let blob = blob(8, members.len() as u32, &bytes);
            let expected = members.into_iter().map(Element::Int).collect();
            prop_assert_eq!(walk(&blob), Ok(expected));
        }

        #[test]
        fn random_bytes_never_panic(
            width in prop::sample::select(vec![2u32, 4, 8]),
            count in 0u32..9,
            members: Vec<u8>,
            raw: Vec<u8>,
        ) {
            let _ = walk(&blob(width, count, &members));
            let _ = walk(&raw);
        }
    }
}
