//! What the files of an edited log consist of.

use std::ops::Range;

use crate::manifest::Manifest;

/// Bytes of a new file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Bytes of a file as it is, by offset.
    Copy {
        /// The name of the file in the old log.
        from: Vec<u8>,
        /// Which of its bytes.
        range: Range<u64>,
    },
    /// Bytes that stood nowhere: a SELECT, a command with fewer keys.
    Bytes(Vec<u8>),
}

impl Piece {
    /// How many bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Piece::Copy { range, .. } => range.end.saturating_sub(range.start),
            Piece::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One file of the new log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputFile {
    /// Its name, without a path.
    pub name: Vec<u8>,
    /// What it consists of, in order; nothing makes an empty file.
    pub pieces: Vec<Piece>,
}

impl OutputFile {
    /// Its length in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.pieces.iter().map(Piece::len).sum()
    }

    /// Whether it holds no byte.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A new log: its files, and the manifest that names them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// The files, in the order they are loaded.
    pub files: Vec<OutputFile>,
    /// The manifest and its name; a log of one file has none.
    pub manifest: Option<(Vec<u8>, Manifest)>,
}
