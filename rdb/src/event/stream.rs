//! IDs and numbers of streams.

/// A stream entry's ID.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// Unix milliseconds, usually.
    pub ms: u64,
    /// Sequence within them.
    pub seq: u64,
}

impl StreamId {
    /// From the 16 bytes, big-endian, that node keys and pending lists have.
    #[must_use]
    pub fn from_bytes(b: [u8; 16]) -> StreamId {
        let n = u128::from_be_bytes(b);
        StreamId {
            ms: (n >> 64) as u64,
            seq: n as u64,
        }
    }
}

impl std::fmt::Display for StreamId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

/// The numbers a stream has beside its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamMeta {
    /// Live entries.
    pub length: u64,
    /// Greatest ID ever added.
    pub last: StreamId,
    /// First live ID, greatest deleted ID, entries ever added: types 19 and later.
    pub extended: Option<(StreamId, StreamId, u64)>,
}
