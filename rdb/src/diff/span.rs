//! The fingerprint of a key whose bytes come in pieces.

use xxhash_rust::xxh3::Xxh3;

use super::prints::Prints;

/// Bytes of a key that does not come whole which are gathered before they are
/// hashed.
const GATHERED: usize = 16 << 10;

/// The bytes of a key that comes in pieces.
#[derive(Default)]
pub(super) struct Span {
    gathered: Vec<u8>,
    pieces: Option<Box<Xxh3>>,
}

impl Span {
    /// Adds bytes.
    #[inline]
    pub fn add(&mut self, bytes: &[u8], prints: &Prints) {
        if self.gathered.len() + bytes.len() <= GATHERED {
            self.gathered.extend_from_slice(bytes);
            return;
        }
        let pieces = self.pieces.get_or_insert_with(|| Box::new(prints.pieces()));
        pieces.update(&self.gathered);
        self.gathered.clear();
        if bytes.len() > GATHERED {
            pieces.update(bytes);
        } else {
            self.gathered.extend_from_slice(bytes);
        }
    }

    /// The fingerprint of what was added, and starts anew.
    pub fn end(&mut self, prints: &Prints) -> u64 {
        let print = match self.pieces.take() {
            None => prints.span(&self.gathered),
            Some(mut pieces) => {
                pieces.update(&self.gathered);
                pieces.digest()
            }
        };
        self.gathered.clear();
        print
    }
}
