//! What one decoder may hold in memory.

/// Bounds on memory, asked before anything is allocated.
///
/// A length in a file never allocates by itself: buffers grow as bytes arrive,
/// and never past these numbers.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::Limits;
///
/// let small = Limits { max_piece: 1 << 20, ..Limits::default() };
/// assert!(small.max_piece < Limits::default().max_piece);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes one string may have where it must be whole in a stream's window:
    /// keys, field names, set members, packed blobs, function sources. Longer
    /// ones are refused even where the bytes are at hand, so that the answer does
    /// not depend on how the input is cut.
    ///
    /// Default 1 GiB: servers stop growing a packed blob there, and refuse
    /// keys above 512 MiB unless told otherwise.
    pub max_piece: u64,
    /// Plain values longer than this come in chunks of at most this many bytes,
    /// so that a value of gigabytes costs a window of megabytes.
    ///
    /// Default 1 MiB: large enough that the cost of a chunk vanishes.
    pub chunk: usize,
    /// Bytes one LZF string may decompress to.
    ///
    /// Default 1 GiB, as `max_piece`; LZF's best ratio (88 to 1) is checked first.
    /// [`verify`](crate::verify) holds 1 MiB at most, and judges what is larger than
    /// either number while it is decompressed.
    pub max_decompressed: u64,
    /// Bytes of one owned record ([`RecordBuf`](crate::RecordBuf)).
    ///
    /// Default 4 GiB: a whole key of a well-kept server is far below.
    pub max_record: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            max_piece: 1 << 30,
            chunk: 1 << 20,
            max_decompressed: 1 << 30,
            max_record: 4 << 30,
        }
    }
}

impl Limits {
    /// Bytes the name of a key may have that is held decompressed: as many as one
    /// that stands in the file as it is.
    pub(crate) fn max_name(&self) -> u64 {
        self.max_piece.min(self.max_decompressed)
    }

    /// The defaults for input that is wholly in memory: strings are borrowed,
    /// so nothing comes in chunks.
    #[must_use]
    pub fn in_memory() -> Limits {
        Limits {
            max_piece: u64::MAX,
            chunk: usize::MAX,
            ..Limits::default()
        }
    }
}
