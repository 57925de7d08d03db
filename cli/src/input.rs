//! Opening what was named on the command line, and unpacking what is compressed.

mod format;
mod frames;
mod gzip;
mod lz4;
mod packed;
mod unpack;
mod zstd;

use std::fs::{self, File};
use std::io::{self, Chain, Cursor, Read, Seek, SeekFrom, Stdin};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rdbkit_aof::fs::shown;
use thiserror::Error;

use crate::progress::{self, Counted};

pub use format::{Format, HEAD, packed_otherwise};
pub use unpack::{Damage, Fault, Totals};

use unpack::Unpacker;

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
    #[error("{} is a folder, not a file; rdbkit check and rdbkit aof take folders", shown(.0))]
    Folder(PathBuf),
}

/// An open input. Compressed data are unpacked while they are read, whatever their
/// name is: gzip, zstd and lz4, told by how they begin.
///
/// Reading compressed data to their end is the reader's part, as only there it shows
/// whether they were whole; see [`finish`](Self::finish).
#[derive(Debug)]
pub struct Input {
    bytes: Bytes,
    compression: Option<Compression>,
}

#[derive(Debug)]
enum Bytes {
    /// A regular file as it is.
    File(File),
    /// What can be read once, behind the bytes that told what it is.
    Passing(Chain<Cursor<Vec<u8>>, Passing>),
    Unpacked(Unpacker),
}

#[derive(Debug)]
enum Passing {
    File(File),
    Stdin(Stdin),
}

/// That an input is compressed, with what, and when its end was read how much of it
/// there was. Clones tell the same.
#[derive(Clone, Debug)]
pub struct Compression {
    /// With what.
    pub format: Format,
    totals: Arc<OnceLock<Totals>>,
}

impl Compression {
    /// How much there was; `None` before the end was read, or where there is damage.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        self.totals.get().copied()
    }

    /// What there is to say of it though it was read well.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let garbage = self.totals()?.garbage;
        let format = self.format;
        (garbage > 0).then(|| {
            format!("trailing garbage: {garbage} bytes behind the {format} data are ignored")
        })
    }
}

impl Input {
    /// Opens a path for reading only; `-` is standard input.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: not there, no permission, a folder.
    pub fn open(path: &Path) -> Result<Input, OpenError> {
        let failed = |source| OpenError::Io {
            path: path.to_owned(),
            source,
        };
        if path == Path::new("-") {
            progress::begin(path, stdin_len());
            return Input::passing(Passing::Stdin(io::stdin())).map_err(failed);
        }
        let mut file = File::open(path).map_err(failed)?;
        let about = file.metadata().map_err(failed)?;
        if about.is_dir() {
            return Err(OpenError::Folder(path.to_owned()));
        }
        progress::begin(path, about.is_file().then_some(about.len()));
        if !about.is_file() {
            return Input::passing(Passing::File(file)).map_err(failed);
        }
        let head = head(&mut file).map_err(failed)?;
        file.rewind().map_err(failed)?;
        match Format::of(&head) {
            None => Ok(Input {
                bytes: Bytes::File(file),
                compression: None,
            }),
            Some(format) => Input::unpacked(format, Counted(file)).map_err(failed),
        }
    }

    fn passing(mut source: Passing) -> io::Result<Input> {
        let head = head(&mut source)?;
        let format = Format::of(&head);
        let whole = Cursor::new(head).chain(source);
        match format {
            None => Ok(Input {
                bytes: Bytes::Passing(whole),
                compression: None,
            }),
            Some(format) => Input::unpacked(format, whole),
        }
    }

    fn unpacked(format: Format, source: impl Read + Send + 'static) -> io::Result<Input> {
        let totals = Arc::new(OnceLock::new());
        Ok(Input {
            bytes: Bytes::Unpacked(Unpacker::start(format, source, Arc::clone(&totals))?),
            compression: Some(Compression { format, totals }),
        })
    }

    /// What a regular file is compressed with; nothing is read of what is none.
    ///
    /// # Errors
    ///
    /// Of the operating system.
    pub fn format_of(path: &Path) -> io::Result<Option<Format>> {
        match fs::metadata(path)?.is_file() {
            true => Ok(Format::of(&head(&mut File::open(path)?)?)),
            false => Ok(None),
        }
    }

    /// Whether and how it is compressed.
    #[must_use]
    pub fn compression(&self) -> Option<&Compression> {
        self.compression.as_ref()
    }

    /// Reads compressed data to their end, to see whether they were whole: what is in
    /// them may end, or be found wrong, before. Of all else nothing is read.
    ///
    /// # Errors
    ///
    /// [`Damage`] inside of an [`io::Error`].
    pub fn finish(&mut self) -> io::Result<()> {
        match &mut self.bytes {
            Bytes::Unpacked(data) => io::copy(data, &mut io::sink()).map(drop),
            Bytes::File(_) | Bytes::Passing(_) => Ok(()),
        }
    }

    /// Whether it is a regular file, which can be read again as it is.
    #[must_use]
    pub fn is_file(&self) -> bool {
        matches!(self.bytes, Bytes::File(_))
    }

    /// Bytes of a regular file.
    #[must_use]
    pub fn file_len(&self) -> Option<u64> {
        match &self.bytes {
            Bytes::File(file) => Some(file.metadata().ok()?.len()),
            Bytes::Passing(_) | Bytes::Unpacked(_) => None,
        }
    }

    /// The regular file that it is.
    ///
    /// # Errors
    ///
    /// Gives back what is none.
    pub fn into_file(self) -> Result<File, Box<Input>> {
        match self.bytes {
            Bytes::File(file) => Ok(file),
            bytes => Err(Box::new(Input { bytes, ..self })),
        }
    }

    /// Reads bytes that may have been read before, as many as there are.
    ///
    /// # Errors
    ///
    /// Of the operating system; only files that are not compressed can do this.
    pub fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let Bytes::File(file) = &self.bytes else {
            return Err(io::ErrorKind::NotSeekable.into());
        };
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
}

/// Bytes of standard input, where it is a regular file.
fn stdin_len() -> Option<u64> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd;
        let stdin = io::stdin().as_fd().try_clone_to_owned().map(File::from);
        let about = stdin.and_then(|file| file.metadata()).ok()?;
        about.is_file().then_some(about.len())
    }
    #[cfg(not(unix))]
    None
}

/// The bytes that tell how an input is compressed.
fn head(source: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(Format::MAGIC);
    source.take(Format::MAGIC as u64).read_to_end(&mut head)?;
    Ok(head)
}

impl Read for Input {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match &mut self.bytes {
            Bytes::File(file) => Counted(file).read(buf),
            Bytes::Passing(bytes) => bytes.read(buf),
            Bytes::Unpacked(bytes) => bytes.read(buf),
        }
    }
}

impl Read for Passing {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Passing::File(file) => Counted(file).read(buf),
            Passing::Stdin(stdin) => Counted(stdin).read(buf),
        }
    }
}

#[cfg(test)]
mod tests;
