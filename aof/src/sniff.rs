//! Which persistence layout a file begins with.

/// What the first bytes of a persistence file say it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// An RDB file, or a hybrid AOF that begins with one.
    Rdb,
    /// A command log in the Redis protocol, possibly headed by an annotation.
    Commands,
    /// A manifest of a multi-part append-only folder.
    Manifest,
    /// No byte at all: a legal, empty AOF and an illegal RDB.
    Empty,
    /// None of these.
    Unknown,
}

/// Tells the layout from the first bytes of a file; 16 are always enough.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Layout, sniff};
///
/// assert_eq!(sniff(b"REDIS0011\xfa"), Layout::Rdb);
/// assert_eq!(sniff(b"*2\r\n$6\r\nSELECT"), Layout::Commands);
/// assert_eq!(sniff(b"file a.1.base.rdb seq 1 type b\n"), Layout::Manifest);
/// ```
#[must_use]
pub fn sniff(head: &[u8]) -> Layout {
    if head.is_empty() {
        Layout::Empty
    } else if head.starts_with(b"REDIS") || head.starts_with(b"VALKEY") {
        Layout::Rdb
    } else if head[0] == b'*' || head.starts_with(b"#TS:") {
        Layout::Commands
    } else if head.len() >= 5 && head[..5].eq_ignore_ascii_case(b"file ") {
        Layout::Manifest
    } else {
        Layout::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_by_its_first_bytes() {
        assert_eq!(sniff(b""), Layout::Empty);
        assert_eq!(sniff(b"VALKEY080"), Layout::Rdb);
        assert_eq!(sniff(b"#TS:1700000000\r\n"), Layout::Commands);
        assert_eq!(sniff(b"FILE x seq 1 type i\n"), Layout::Manifest);
        assert_eq!(sniff(b"\x1f\x8b\x08"), Layout::Unknown);
        assert_eq!(sniff(b"*"), Layout::Commands);
    }
}
