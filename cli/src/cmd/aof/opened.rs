//! A log that was named on the command line, and what is wrong with it.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::{Folder, Log, shown, shown_name};
use rdbkit_aof::walk::{FileEnd, Visitor, walk_with};
use rdbkit_aof::{Limits, Listed, Set, Source};

use crate::exit::Exit;

/// A log to be read once.
pub struct Opened {
    path: PathBuf,
    set: Set,
    source: From,
}

enum From {
    Folder(Folder),
    Stdin,
}

impl Source for From {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        match self {
            From::Folder(folder) => folder.open(name),
            From::Stdin => Ok(Box::new(io::stdin())),
        }
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        match self {
            From::Folder(folder) => folder.list(),
            From::Stdin => Ok(None),
        }
    }

    fn modified_ms(&self, name: &[u8]) -> Option<i64> {
        match self {
            From::Folder(folder) => folder.modified_ms(name),
            From::Stdin => None,
        }
    }
}

impl Opened {
    /// Finds the log at `path`; `-` is a single file on standard input.
    ///
    /// # Errors
    ///
    /// What to say of a path that leads to no log.
    pub fn find(path: &Path) -> Result<Opened, String> {
        if path == Path::new("-") {
            return Ok(Opened {
                path: path.to_owned(),
                set: Set::single(b"-"),
                source: From::Stdin,
            });
        }
        let log = Log::find(path).map_err(|e| e.to_string())?;
        let set = log.set().map_err(|e| format!("{}: {e}", shown(path)))?;
        Ok(Opened {
            path: path.to_owned(),
            set,
            source: From::Folder(log.folder().clone()),
        })
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
        walk_with(&self.set, &self.source, Limits::default(), visitor)
    }

    /// Says what is wrong with the files.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn tell_trouble(&self, ends: &[FileEnd], err: &mut dyn io::Write) -> io::Result<Exit> {
        let mut worst = Exit::Ok;
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
