//! Twenty bytes, and the two operations on them.

use std::fmt;
use std::ops::BitXorAssign;

use sha1::Digest as _;
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
        self.xor(bytes);
        *self = Digest::of(&self.0);
    }

    /// SHA-1.
    #[inline]
    pub(super) fn of(bytes: &[u8]) -> Digest {
        match bytes.len() {
            // Nearly everything fits one block, which needs no buffer.
            0..=55 => Digest::of_short(bytes),
            _ => Digest(sha1::Sha1::digest(bytes).into()),
        }
    }

    /// SHA-1 of at most 55 bytes: they, a one bit, zeros, the length in bits.
    #[inline]
    fn of_short(bytes: &[u8]) -> Digest {
        let mut block = [0; 64];
        for (place, byte) in block.iter_mut().zip(bytes.iter().chain(&[0x80])) {
            *place = *byte;
        }
        if let Some(length) = block.last_chunk_mut() {
            *length = (8 * bytes.len() as u64).to_be_bytes();
        }
        let mut state = START;
        compress(&mut state, &[block]);
        let mut out = [0; 20];
        for (place, word) in out.chunks_exact_mut(4).zip(state) {
            place.copy_from_slice(&word.to_be_bytes());
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
