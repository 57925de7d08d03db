//! The files that are read, and their names.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek};
use std::path::Path;

/// Bytes that the tools want to see before they look for an RDB file.
const MAGIC: u64 = 8;

/// An open file, of which the first bytes were read.
pub(super) struct Source {
    pub file: File,
    /// The first bytes, eight if there are as many.
    pub head: Vec<u8>,
    /// Bytes of the file; of a pipe, 0.
    pub size: u64,
    pub kind: Kind,
}

/// What was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    /// Whatever comes only once: a pipe, a device.
    Pipe,
}

impl Source {
    /// Opens a file, for writing only if it may have to be cut.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    pub fn open(path: &Path, write: bool) -> io::Result<Source> {
        let write = write && !path.metadata().is_ok_and(|m| !m.is_file() && !m.is_dir());
        let file = OpenOptions::new().read(true).write(write).open(path)?;
        Source::of(file)
    }

    fn of(mut file: File) -> io::Result<Source> {
        let metadata = file.metadata()?;
        let (kind, size) = if metadata.is_file() {
            (Kind::File, metadata.len())
        } else if metadata.is_dir() {
            (Kind::Folder, 0)
        } else {
            (Kind::Pipe, 0)
        };
        let mut head = Vec::new();
        if kind != Kind::Folder {
            (&mut file).take(MAGIC).read_to_end(&mut head)?;
        }
        Ok(Source {
            file,
            head,
            size,
            kind,
        })
    }

    /// The file from its first byte on.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    pub fn reader(&self) -> io::Result<Box<dyn Read + '_>> {
        let mut file = &self.file;
        if self.kind == Kind::Pipe {
            return Ok(Box::new(self.head.chain(file)));
        }
        file.rewind()?;
        Ok(Box::new(file))
    }

    /// What the file begins with.
    pub fn begins_with(&self) -> Begin {
        if (self.head.len() as u64) < MAGIC {
            Begin::Log
        } else if self.head.starts_with(b"REDIS") {
            Begin::Redis
        } else if self.head.starts_with(b"VALKEY") {
            Begin::Valkey
        } else {
            Begin::Log
        }
    }
}

/// What a file begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// No RDB file.
    Log,
    /// An RDB file of the first magic.
    Redis,
    /// One with Valkey's own.
    Valkey,
}

/// Whether the user who runs this may write to the file.
#[cfg(unix)]
pub(super) fn is_writable(path: &Path) -> bool {
    rustix::fs::access(path, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Whether the user who runs this may write to the file.
#[cfg(not(unix))]
pub(super) fn is_writable(path: &Path) -> bool {
    path.metadata().is_ok_and(|m| !m.permissions().readonly())
}

/// The words of C's `strerror`.
pub(super) fn reason(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::IsADirectory {
        return "Is a directory".to_owned();
    }
    let text = error.to_string();
    match text.rsplit_once(" (os error ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// The path of a file named by a manifest, which stands beside it.
pub(super) fn beside(manifest: &OsStr, name: &[u8]) -> OsString {
    os_string([folder(manifest.as_encoded_bytes()), b"/", name].concat())
}

/// C's `dirname` of a path to a file.
fn folder(path: &[u8]) -> &[u8] {
    let Some(slash) = path.iter().rposition(|b| *b == b'/') else {
        return b".";
    };
    let folder = path.get(..slash).unwrap_or_default();
    let named = folder.iter().rposition(|b| *b != b'/');
    match named {
        Some(last) => folder.get(..=last).unwrap_or_default(),
        // Two slashes at the very front are kept, three are one.
        None if slash == 1 => b"//",
        None => b"/",
    }
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_those_of_dirname() {
        for (path, wanted) in [
            ("m", "."),
            ("./m", "."),
            ("a/m", "a"),
            ("a//m", "a"),
            ("/a/m", "/a"),
            ("/m", "/"),
            ("//m", "//"),
            ("///m", "/"),
            ("//a//m", "//a"),
        ] {
            assert_eq!(folder(path.as_bytes()), wanted.as_bytes(), "{path}");
        }
    }

    #[test]
    fn reasons_are_those_of_strerror() {
        let error = File::open("/no/such/file").expect_err("it is not there");
        #[cfg(unix)]
        assert_eq!(reason(&error), "No such file or directory");
        assert!(!reason(&error).contains("os error"));
    }
}
