//! CRC-64 of RDB files: the "Jones" polynomial, initial value 0.
//!
//! ```text
//! width 64, polynomial 0xad93d23594c935a9, reflected in and out, init 0, xorout 0
//! check("123456789") = 0xe9c6d914c4b8d9ca
//! ```
//!
//! Hash long runs: the SIMD folding costs about 20 ns to start, so the readers
//! collect what they consumed and hash it by the window.

use crc_fast::{CrcAlgorithm, Digest};

/// A running CRC-64.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::Checksum;
///
/// let mut crc = Checksum::new();
/// crc.update(b"1234");
/// crc.update(b"56789");
/// assert_eq!(crc.value(), 0xe9c6_d914_c4b8_d9ca);
/// ```
#[derive(Clone, Debug)]
pub struct Checksum(Digest);

impl Checksum {
    /// The checksum of nothing, which is 0.
    #[must_use]
    pub fn new() -> Checksum {
        Checksum(Digest::new(CrcAlgorithm::Crc64Redis))
    }

    /// The checksum of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> u64 {
        crc_fast::checksum(CrcAlgorithm::Crc64Redis, bytes)
    }

    /// Takes `bytes` in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Takes in what `later` has seen, as if its bytes came after ours.
    pub fn combine(&mut self, later: &Checksum) {
        self.0.combine(&later.0);
    }

    /// The checksum of all bytes so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Checksum {
    fn default() -> Checksum {
        Checksum::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One bit at a time, straight from the definition.
    fn naive(bytes: &[u8]) -> u64 {
        bytes.iter().fold(0, |crc, b| {
            (0..8).fold(crc ^ u64::from(*b), |c, _| {
                if c & 1 == 1 {
                    c >> 1 ^ 0x95ac_9329_ac4b_c9b5
                } else {
                    c >> 1
                }
            })
        })
    }

    #[test]
    fn known_values() {
        assert_eq!(Checksum::of(b""), 0);
        assert_eq!(Checksum::of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(naive(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces(bytes: Vec<u8>, cut: prop::sample::Index) {
            let at = if bytes.is_empty() { 0 } else { cut.index(bytes.len()) };
            let (mut whole, mut later) = (Checksum::new(), Checksum::new());
            whole.update(&bytes[..at]);
            later.update(&bytes[at..]);
            whole.combine(&later);
            prop_assert_eq!(whole.value(), naive(&bytes));
            prop_assert_eq!(Checksum::of(&bytes), naive(&bytes));
        }
    }
}
