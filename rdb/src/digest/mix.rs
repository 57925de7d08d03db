//! Twenty bytes, and the two operations on them.

use std::fmt;
use std::ops::BitXorAssign;

use sha1::block_api::compress;

/// A SHA-1 sum, or several of them put together. All zeros: of nothing.
///
/// ```
/// use rdbkit_rdb::digest::Digest;
///
/// assert_eq!(Digest::default().to_string(), "0".repeat(40));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 20]);

impl Digest {
    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// Adds something whose place does not matter.
    #[inline]
    pub(super) fn xor(&mut self, bytes: &[u8]) {
        *self ^= Digest::of(bytes);
    }

    /// Adds something whose place matters.
    #[inline]
    pub(super) fn mix(&mut self, bytes: &[u8]) {
        self.mix_sum(Digest::of(bytes));
    }

    /// As [`mix`](Self::mix) of something whose SHA-1 is `sum`.
    #[inline]
    pub(super) fn mix_sum(&mut self, sum: Digest) {
        *self ^= sum;
        *self = Digest::of(&self.0);
    }

    /// SHA-1. Nearly everything here fits one block; the buffer of a hasher would
    /// cost as much as the sum.
    #[inline]
    pub(super) fn of(bytes: &[u8]) -> Digest {
        let mut state = START;
        let (blocks, tail) = bytes.as_chunks::<64>();
        if !blocks.is_empty() {
            compress(&mut state, blocks);
        }
        // The rest, a one bit, zeros, and the length in bits at a block's end.
        let mut room = [[0; 64]; 2];
        let flat = room.as_flattened_mut();
        if let Some((text, [mark, ..])) = flat.split_at_mut_checked(tail.len()) {
            text.copy_from_slice(tail);
            *mark = 0x80;
        }
        let used = match tail.len() {
            0..56 => 1,
            _ => 2,
        };
        let last = room.get_mut(..used).unwrap_or_default();
        if let Some(length) = last.as_flattened_mut().last_chunk_mut() {
            *length = (8 * bytes.len() as u64).to_be_bytes();
        }
        compress(&mut state, last);
        let mut out = [0; 20];
        for (place, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(state) {
            *place = word.to_be_bytes();
        }
        Digest(out)
    }
}

/// Where SHA-1 begins (FIPS 180-4, 5.3.1).
const START: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];

impl BitXorAssign for Digest {
    fn bitxor_assign(&mut self, other: Digest) {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a ^= b;
        }
    }
}

/// Forty hexadecimal digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}
