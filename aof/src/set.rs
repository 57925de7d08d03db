//! The files of one log, in the order servers load them.

use std::io::{self, Read};

use crate::manifest::{Entry, FileKind, Manifest, ManifestError};
use crate::source::Source;

/// Longest manifest that is read: one of a million files.
const MAX_MANIFEST: u64 = 64 << 20;

/// What a log consists of: one file, or a manifest and what it names.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set};
///
/// let mut files = Memory::default();
/// files.insert(b"a.manifest", b"file a.2.incr.aof seq 2 type i\nfile a.1.base.rdb seq 1 type b\n");
/// let set = Set::open(&files, b"a.manifest")?;
/// let names: Vec<&[u8]> = set.files().iter().map(|file| &file.name[..]).collect();
/// assert_eq!(names, [&b"a.1.base.rdb"[..], b"a.2.incr.aof"]);
/// # Ok::<(), rdbkit_aof::SetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Set {
    manifest: Option<(Vec<u8>, Manifest)>,
    files: Vec<Entry>,
}

/// Why the files of a log cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetError {
    /// The manifest cannot be read.
    #[error("cannot read the manifest: {0}")]
    Io(#[from] io::Error),
    /// Servers do not start with the manifest.
    #[error("manifest: {0}")]
    Manifest(#[from] ManifestError),
    /// The manifest is longer than any server's.
    #[error("the manifest has more than {MAX_MANIFEST} bytes")]
    TooLong,
}

impl Set {
    /// A log that is one file, as servers before 7.0 write it.
    #[must_use]
    pub fn single(name: impl Into<Vec<u8>>) -> Set {
        Set {
            manifest: None,
            files: vec![Entry::new(&name.into(), 1, FileKind::Base)],
        }
    }

    /// The log of a manifest that has been read already.
    #[must_use]
    pub fn new(name: impl Into<Vec<u8>>, manifest: Manifest) -> Set {
        Set {
            files: manifest.loaded().cloned().collect(),
            manifest: Some((name.into(), manifest)),
        }
    }

    /// Reads the manifest `name`.
    ///
    /// # Errors
    ///
    /// [`SetError`].
    pub fn open(source: &dyn Source, name: &[u8]) -> Result<Set, SetError> {
        let mut text = Vec::new();
        source
            .open(name)?
            .take(MAX_MANIFEST + 1)
            .read_to_end(&mut text)?;
        if text.len() as u64 > MAX_MANIFEST {
            return Err(SetError::TooLong);
        }
        Ok(Set::new(name, Manifest::parse(&text)?))
    }

    /// The files that are loaded, in that order: the base, then the increments.
    #[must_use]
    pub fn files(&self) -> &[Entry] {
        &self.files
    }

    /// The manifest; a log of one file has none.
    #[must_use]
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref().map(|(_, manifest)| manifest)
    }

    /// The name of the manifest.
    #[must_use]
    pub fn manifest_name(&self) -> Option<&[u8]> {
        self.manifest.as_ref().map(|(name, _)| name.as_slice())
    }
}
