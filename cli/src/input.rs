//! Opening what was named on the command line.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Stdin};
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::shown;
use thiserror::Error;

/// An input that could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The operating system refused.
    #[error("cannot open {}: {source}", shown(path))]
    Io {
        /// What was named.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder where a file is wanted.
    #[error("{} is a folder, not a file", shown(.0))]
    Folder(PathBuf),
}

/// An open input.
#[derive(Debug)]
pub enum Input {
    /// A file, pipe or device by name.
    File(File),
    /// Standard input.
    Stdin(Stdin),
}

impl Input {
    /// Opens a path for reading only; `-` is standard input.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: not there, no permission, a folder.
    pub fn open(path: &Path) -> Result<Input, OpenError> {
        if path == Path::new("-") {
            return Ok(Input::Stdin(io::stdin()));
        }
        let failed = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(OpenError::Folder(path.to_owned()));
        }
        Ok(Input::File(file))
    }

    /// Whether it is a regular file, which can be read again.
    #[must_use]
    pub fn is_file(&self) -> bool {
        match self {
            Input::File(file) => file.metadata().is_ok_and(|about| about.is_file()),
            Input::Stdin(_) => false,
        }
    }

    /// Bytes of a regular file.
    #[must_use]
    pub fn file_len(&self) -> Option<u64> {
        let about = match self {
            Input::File(file) => file.metadata().ok()?,
            Input::Stdin(_) => return None,
        };
        about.is_file().then_some(about.len())
    }

    /// Reads bytes that may have been read before, as many as there are.
    ///
    /// # Errors
    ///
    /// Of the operating system; pipes and standard input cannot do this.
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Input::File(file) => {
                let mut again = file.try_clone()?;
                let back = again.stream_position()?;
                again.seek(SeekFrom::Start(offset))?;
                let mut read = 0;
                while read < buf.len() {
                    match again.read(&mut buf[read..])? {
                        0 => break,
                        n => read += n,
                    }
                }
                again.seek(SeekFrom::Start(back))?;
                Ok(read)
            }
            Input::Stdin(_) => Err(io::ErrorKind::NotSeekable.into()),
        }
    }
}

/// What to do with a file that is compressed as a whole, if it is, told by its
/// first bytes.
#[must_use]
pub fn compressed(head: &[u8], subcommand: &str) -> Option<String> {
    let tool = compressed_with(head)?;
    let pipe = format!("{tool} -dc FILE | rdbkit {subcommand} -");
    Some(format!("compressed with {tool}; pipe it: {pipe}"))
}

/// What a file is compressed with as a whole, told by its first bytes.
#[must_use]
pub fn compressed_with(head: &[u8]) -> Option<&'static str> {
    match head {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Some("zstd"),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some("lz4"),
        _ => None,
    }
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Input::File(file) => file.read(buf),
            Input::Stdin(stdin) => stdin.read(buf),
        }
    }
}
