//! Files that are read at any place, and a temporary one.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::shown;
use rdbkit_rdb::diff::{ReadAt, TempSpace};

use crate::input::{Compression, Input};
use crate::progress;

/// A regular file, read where it is asked for. Not mapped: a map of a file that
/// is cut short meanwhile ends the program, and is no faster here.
#[derive(Debug)]
pub struct Positioned(pub File);

impl ReadAt for Positioned {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = read_at(&self.0, buf, offset)?;
        progress::count(read);
        Ok(read)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

/// A file without a name, made when the first byte is written to it.
#[derive(Debug)]
pub struct Temporary {
    folder: PathBuf,
    file: Option<File>,
}

impl Temporary {
    /// In this folder, or in that of the system.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Temporary {
        Temporary {
            folder: folder.unwrap_or_else(std::env::temp_dir),
            file: None,
        }
    }
}

impl ReadAt for Temporary {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.file {
            Some(file) => read_at(file, buf, offset),
            None => Ok(0),
        }
    }
}

impl TempSpace for Temporary {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(temporary(Some(&self.folder))?),
        };
        file.write_all(bytes).map_err(|e| within(&self.folder, e))
    }
}

/// What is in a compressed file or a pipe, as a file without a name in this folder or in
/// that of the system, and what there is to note of it.
///
/// # Errors
///
/// Of the operating system, and damage of the compressed data.
pub fn unpacked(mut input: Input, folder: Option<&Path>) -> io::Result<(File, Option<String>)> {
    let mut file = temporary(folder)?;
    io::copy(&mut input, &mut file)?;
    file.rewind()?;
    let note = input.compression().and_then(Compression::note);
    Ok((file, note))
}

/// A file without a name in this folder, or in that of the system.
///
/// # Errors
///
/// Of the operating system, with the folder.
pub fn temporary(folder: Option<&Path>) -> io::Result<File> {
    let system = std::env::temp_dir();
    let folder = folder.unwrap_or(&system);
    tempfile::tempfile_in(folder).map_err(|e| within(folder, e))
}

fn within(folder: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("in {}: {error}", shown(folder)))
}
