//! A folder as the source of a log's files.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rdbkit_rdb::redact;

use crate::source::{Listed, Source};

/// A folder of the file system; nothing is ever written through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
    /// The file that was asked for by name, and not found in a manifest.
    named: Option<Vec<u8>>,
}

impl Folder {
    /// The folder at `path`, which is not looked at yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder {
            path: path.into(),
            named: None,
        }
    }

    /// The same for a log that is the one file `name`, which may be a pipe. Other
    /// files have to be regular ones: a manifest may name anything, and opening a
    /// pipe that nobody writes to, or reading `/dev/zero`, never ends.
    pub(super) fn with_named(path: impl Into<PathBuf>, name: Vec<u8>) -> Folder {
        Folder {
            path: path.into(),
            named: Some(name),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of file `name` in it.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidInput`] for what is no plain name.
    pub fn file(&self, name: &[u8]) -> io::Result<PathBuf> {
        let plain = !name.is_empty()
            && name != b"."
            && name != b".."
            && !name.iter().any(|b| matches!(b, b'/' | b'\\' | 0));
        if !plain {
            let message = format!("\"{}\" is no plain file name", redact::plain(name));
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
        Ok(self.path.join(os_name(name)?))
    }

    /// Opens file `name` in it for reading.
    ///
    /// # Errors
    ///
    /// Those of the file system; [`io::ErrorKind::InvalidInput`] for what is no plain
    /// name, [`io::ErrorKind::IsADirectory`] for a folder, and
    /// [`io::ErrorKind::Unsupported`] for a pipe, a socket or a device, which are not
    /// opened.
    pub fn open_file(&self, name: &[u8]) -> io::Result<File> {
        let path = self.file(name)?;
        let about = fs::metadata(&path)?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !about.is_file() && self.named.as_deref() != Some(name) {
            let message = "it is a pipe, a socket or a device, no regular file";
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
        File::open(path)
    }
}

/// A name as the platform has it.
fn os_name(name: &[u8]) -> io::Result<OsString> {
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        Ok(std::ffi::OsStr::from_bytes(name).to_owned())
    }
    #[cfg(not(unix))]
    std::str::from_utf8(name)
        .map(OsString::from)
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))
}

/// The bytes of a name.
pub(super) fn name_bytes(name: &std::ffi::OsStr) -> Vec<u8> {
    name.as_encoded_bytes().to_vec()
}

impl Source for Folder {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(self.open_file(name)?))
    }

    fn open_at(&self, name: &[u8], offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut file = self.open_file(name)?;
        if file.metadata()?.is_file() {
            file.seek(SeekFrom::Start(offset))?;
        } else {
            io::copy(&mut (&mut file).take(offset), &mut io::sink())?;
        }
        Ok(Box::new(file))
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // A link is what it points at; one that points nowhere is no file.
            let about = fs::metadata(entry.path()).ok();
            let file = about.filter(fs::Metadata::is_file);
            listed.push(Listed {
                name: name_bytes(&entry.file_name()),
                bytes: file.as_ref().map_or(0, fs::Metadata::len),
                is_file: file.is_some(),
            });
        }
        Ok(Some(listed))
    }

    fn size(&self, name: &[u8]) -> Option<u64> {
        let about = fs::metadata(self.file(name).ok()?).ok()?;
        about.is_file().then_some(about.len())
    }

    fn modified_ms(&self, name: &[u8]) -> Option<i64> {
        let about = fs::metadata(self.file(name).ok()?).ok()?;
        let since = about.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_millis()).ok()
    }
}
