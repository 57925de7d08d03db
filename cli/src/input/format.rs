//! What a file is compressed with as a whole, told by its first bytes.

use std::fmt;

/// A way of compressing files that is unpacked here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952, of one or several members.
    Gzip,
    /// RFC 8878, of one or several frames.
    Zstd,
    /// The frame format of LZ4, of one or several frames.
    Lz4,
}

impl Format {
    /// Bytes that [`of`](Self::of) wants to see.
    pub const MAGIC: usize = 4;

    /// How the data begin.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Format> {
        match head {
            [0x1f, 0x8b, ..] => Some(Format::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Some(Format::Zstd),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Format::Lz4),
            // A frame to be skipped, which both formats have: pzstd begins with one.
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Format::Zstd),
            _ => None,
        }
    }

    /// The name of the format, and of its tool.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Format::Gzip => "gzip",
            Format::Zstd => "zstd",
            Format::Lz4 => "lz4",
        }
    }

    /// What its parts are called.
    pub(super) const fn part(self) -> &'static str {
        match self {
            Format::Gzip => "member",
            Format::Zstd | Format::Lz4 => "frame",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Bytes that tell what a file is, where it is none of ours: an archive says so late.
pub const HEAD: usize = 512;

/// What to do with a file that is packed in a way that is not unpacked here, or
/// twice. `head` are bytes as they were read, so of what [`Format`] has already been
/// unpacked; 262 tell an archive.
#[must_use]
pub fn packed_otherwise(head: &[u8], subcommand: &str) -> Option<String> {
    if let Some(format) = Format::of(head) {
        let again = format!("{format} -dc FILE | rdbkit {subcommand} -");
        return Some(format!("compressed twice; unpack it once: {again}"));
    }
    if head.get(257..262) == Some(b"ustar") {
        return Some("a tar archive; unpack it first: tar -xf FILE".to_owned());
    }
    let tool = match head {
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => "xz",
        [b'B', b'Z', b'h', b'1'..=b'9', ..] => "bzip2",
        [0x02, 0x21, 0x4c, 0x18, ..] => "lz4",
        [b'P', b'K', 3, 4, ..] => {
            return Some("a zip archive; unpack it first: unzip FILE".to_owned());
        }
        _ => return None,
    };
    let legacy = if tool == "lz4" {
        " in its legacy format"
    } else {
        ""
    };
    let pipe = format!("{tool} -dc FILE | rdbkit {subcommand} -");
    Some(format!("compressed with {tool}{legacy}; pipe it: {pipe}"))
}
