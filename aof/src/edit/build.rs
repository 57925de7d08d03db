//! The files of an [`Output`] in memory: for tests and for small logs.

use std::io::{self, Read};

use crate::edit::output::{Output, OutputFile, Piece};
use crate::set::Set;
use crate::source::{Listed, Memory, Source};

impl Output {
    /// All files of the new log and its manifest, in memory.
    ///
    /// # Errors
    ///
    /// Those of `old`; [`io::ErrorKind::UnexpectedEof`] where a file is shorter
    /// than it was when the edit was planned.
    ///
    /// # Limits
    ///
    /// Holds the whole new log.
    pub fn build(&self, old: &dyn Source) -> io::Result<Memory> {
        let mut files = Memory::default();
        for file in &self.files {
            let mut bytes = Vec::new();
            let length = file.reader(old).read_to_end(&mut bytes)?;
            if length as u64 != file.len() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            files.insert(file.name.clone(), bytes);
        }
        if let Some((name, manifest)) = &self.manifest {
            files.insert(name.clone(), manifest.to_string());
        }
        Ok(files)
    }

    /// The new log as a set of files.
    ///
    /// # Examples
    ///
    /// ```
    /// use rdbkit_aof::edit::{Output, OutputFile, Piece};
    ///
    /// let bytes = Piece::Bytes(b"*1\r\n$8\r\nFLUSHALL\r\n".to_vec());
    /// let file = OutputFile { name: b"a.aof".to_vec(), pieces: vec![bytes] };
    /// let output = Output { files: vec![file], manifest: None };
    /// assert_eq!(output.set().files()[0].name, b"a.aof");
    /// ```
    #[must_use]
    pub fn set(&self) -> Set {
        match (&self.manifest, self.files.first()) {
            (Some((name, manifest)), _) => Set::new(name.clone(), manifest.clone()),
            (None, Some(file)) => Set::single(file.name.clone()),
            (None, None) => Set::single(Vec::new()),
        }
    }
}

impl OutputFile {
    /// Its bytes, read from the old log as they are asked for.
    pub(super) fn reader<'a>(&'a self, old: &'a dyn Source) -> impl Read + Send + 'a {
        PieceReader {
            left: &self.pieces,
            now: Box::new(io::empty()),
            old,
        }
    }
}

struct PieceReader<'a> {
    left: &'a [Piece],
    now: Box<dyn Read + Send + 'a>,
    old: &'a dyn Source,
}

impl Read for PieceReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.now.read(out)?;
            if read > 0 || out.is_empty() {
                return Ok(read);
            }
            let Some((piece, rest)) = self.left.split_first() else {
                return Ok(0);
            };
            self.left = rest;
            self.now = match piece {
                Piece::Bytes(bytes) => Box::new(bytes.as_slice()),
                Piece::Copy { from, range } => {
                    let length = range.end.saturating_sub(range.start);
                    Box::new(self.old.open_at(from, range.start)?.take(length))
                }
            };
        }
    }
}

/// The new log as a source, on top of the old one: nothing is held.
pub(super) struct Edited<'a> {
    pub output: &'a Output,
    pub old: &'a dyn Source,
}

impl Source for Edited<'_> {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        let file = self.output.files.iter().find(|file| file.name == name);
        let file = file.ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(file.reader(self.old)))
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        let listed = |file: &OutputFile| Listed {
            name: file.name.clone(),
            bytes: file.len(),
            is_file: true,
        };
        Ok(Some(self.output.files.iter().map(listed).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_become_files() {
        let mut old = Memory::default();
        old.insert(b"a", b"0123456789");
        let copy = |range| Piece::Copy {
            from: b"a".to_vec(),
            range,
        };
        let mut file = OutputFile {
            name: b"a".to_vec(),
            pieces: vec![copy(0..2), Piece::Bytes(b"xy".to_vec()), copy(8..10)],
        };
        let build = |file: &OutputFile| {
            let output = Output {
                files: vec![file.clone()],
                manifest: None,
            };
            output
                .build(&old)
                .map(|new| new.get(b"a").unwrap().to_vec())
        };
        assert_eq!(build(&file).unwrap(), b"01xy89");
        // What is not there any more is an error, not a shorter file.
        file.pieces.push(copy(9..12));
        assert_eq!(
            build(&file).unwrap_err().kind(),
            io::ErrorKind::UnexpectedEof
        );
        file.pieces.clear();
        assert_eq!(build(&file).unwrap(), b"");
    }
}
