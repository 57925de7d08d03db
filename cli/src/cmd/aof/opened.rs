//! A log that was named on the command line, and what is wrong with it.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rdbkit_aof::fs::{Folder, Log, shown, shown_name};
use rdbkit_aof::walk::{FileEnd, Visitor, walk_with};
use rdbkit_aof::{Limits, Listed, Set, Source};

use crate::exit::Exit;
use crate::input::{Compression, Input, packed_otherwise};
use crate::progress::{self, Counted};

/// A log to be read once.
pub struct Opened {
    path: PathBuf,
    set: Set,
    source: From,
}

enum From {
    Folder(Folder),
    /// A pipe, or what is compressed: read from front to back.
    Passing {
        path: PathBuf,
        compression: OnceLock<Compression>,
    },
}

impl From {
    fn passing(path: &Path) -> From {
        From::Passing {
            path: path.to_owned(),
            compression: OnceLock::new(),
        }
    }
}

impl Source for From {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            From::Folder(folder) => Ok(Box::new(Counted(folder.open(name)?))),
            From::Passing { path, compression } => passing(path, compression),
        }
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        match self {
            From::Folder(folder) => folder.list(),
            From::Passing { .. } => Ok(None),
        }
    }

    fn modified_ms(&self, name: &[u8]) -> Option<i64> {
        match self {
            From::Folder(folder) => folder.modified_ms(name),
            From::Passing { .. } => None,
        }
    }

    fn size(&self, name: &[u8]) -> Option<u64> {
        match self {
            From::Folder(folder) => folder.size(name),
            From::Passing { path, .. } => {
                let about = fs::metadata(path).ok()?;
                about.is_file().then_some(about.len())
            }
        }
    }
}

/// Bytes that tell what is none of ours.
const HEAD: usize = 512;

/// Whether the file at `path` can only be read from front to back.
fn passes(path: &Path) -> Result<bool, String> {
    let failed = |e| format!("cannot open {}: {e}", shown(path));
    let regular = fs::metadata(path).map_err(failed)?.is_file();
    Ok(!regular || Input::format_of(path).map_err(failed)?.is_some())
}

/// Opens it, unless it is packed in a way that is no log.
fn passing<'f>(
    path: &Path,
    compression: &OnceLock<Compression>,
) -> io::Result<Box<dyn Read + Send + 'f>> {
    let mut input = Input::open(path).map_err(|e| io::Error::other(e.to_string()))?;
    let Some(found) = input.compression().cloned() else {
        return Ok(Box::new(input));
    };
    let _ = compression.set(found);
    let mut head = Vec::with_capacity(HEAD);
    (&mut input).take(HEAD as u64).read_to_end(&mut head)?;
    match packed_otherwise(&head, "aof log") {
        None => Ok(Box::new(io::Cursor::new(head).chain(input))),
        Some(what) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is {what}"),
        )),
    }
}

impl Opened {
    /// Finds the log at `path`; `-` is a single file on standard input.
    ///
    /// # Errors
    ///
    /// What to say of a path that leads to no log.
    pub fn find(path: &Path) -> Result<Opened, String> {
        let opened = |set, source| {
            Ok(Opened {
                path: path.to_owned(),
                set,
                source,
            })
        };
        if path == Path::new("-") {
            return opened(Set::single(b"-"), From::passing(path));
        }
        let log = Log::find(path).map_err(|e| e.to_string())?;
        let set = log.set().map_err(|e| format!("{}: {e}", shown(path)))?;
        if !log.has_manifest() && passes(path)? {
            return opened(set, From::passing(path));
        }
        opened(set, From::Folder(log.folder().clone()))
    }

    /// As it was typed.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of its files, as they are shown.
    pub fn names(&self) -> Vec<String> {
        let files = self.set.files().iter();
        files
            .map(|file| shown_name(&file.name).to_string())
            .collect()
    }

    /// The file of that name.
    ///
    /// # Errors
    ///
    /// What files there are instead.
    pub fn file(&self, name: &OsStr) -> Result<usize, String> {
        let found = self
            .set
            .files()
            .iter()
            .position(|file| file.name == name.as_encoded_bytes());
        found.ok_or_else(|| {
            let names = self.names().join(", ");
            format!(
                "no file \"{}\" in this log; it consists of {names}",
                shown(name)
            )
        })
    }

    /// When a file was last written to, in Unix milliseconds.
    pub fn modified_ms(&self, file: usize) -> Option<i64> {
        self.source.modified_ms(&self.set.files().get(file)?.name)
    }

    /// Lets `visitor` see the whole log.
    pub fn walk<V: Visitor>(&self, visitor: &mut V) -> Vec<FileEnd> {
        let _job = progress::read_log(&self.path, &self.set, &self.source);
        walk_with(&self.set, &self.source, Limits::default(), visitor)
    }

    /// Says what is wrong with the files.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn tell_trouble(&self, ends: &[FileEnd], err: &mut dyn io::Write) -> io::Result<Exit> {
        let mut worst = Exit::Ok;
        if let From::Passing { compression, .. } = &self.source
            && let Some(note) = compression.get().and_then(Compression::note)
        {
            writeln!(err, "rdbkit: {}: note: {note}", shown(&self.path))?;
        }
        if let (None, [end]) = (self.set.manifest(), ends)
            && end.preamble > 0
            && end.preamble == end.end
            && end.error.is_none()
        {
            writeln!(
                err,
                "rdbkit: {}: note: an RDB file with no command behind it; rdbkit keys, stats and diff look into those",
                shown(&self.path)
            )?;
        }
        for (name, end) in self.names().iter().zip(ends) {
            let Some(error) = &end.error else {
                if let Some(at) = end.open {
                    writeln!(
                        err,
                        "rdbkit: {name}: ends inside a transaction that begins at offset {at}; \
                         servers do not run it"
                    )?;
                    worst = worst.max(Exit::Problems);
                }
                continue;
            };
            worst = worst.max(if error.is_io() {
                Exit::Trouble
            } else {
                Exit::Problems
            });
            let token = error.token_offset();
            write!(err, "rdbkit: {name}: {error}")?;
            if error.offset() != token {
                write!(err, ", in the command at offset {token}")?;
            }
            writeln!(err, "; nothing behind offset {token} of this file was read")?;
        }
        Ok(worst)
    }
}
