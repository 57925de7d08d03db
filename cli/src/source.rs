//! An RDB file named on the command line, open behind its header.

use std::fs::File;
use std::io::{self, Chain, Cursor, Read};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::extract::Keep;
use rdbkit_rdb::write::Format;
use rdbkit_rdb::{Error, ErrorKind, Part, StreamReader};
use thiserror::Error;

use crate::exit::Exit;
use crate::input::{Compression, HEAD, Input, packed_otherwise};
use crate::progress::Counted;

/// What is read.
pub type Bytes = Chain<Cursor<Vec<u8>>, Input>;

/// An open RDB file.
#[derive(Debug)]
pub struct Source {
    /// Behind the header.
    pub reader: StreamReader<Bytes>,
    /// What the header says.
    pub format: Format,
    compression: Option<Compression>,
}

/// For taking keys out of a file, and nothing else.
pub const KEYS_ALONE: Keep = Keep {
    aux: false,
    functions: false,
    module_aux: false,
    sizes: false,
    server: None,
};

/// Why a job on a file was not done.
#[derive(Debug, Error)]
pub enum Failure {
    /// Our output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// What was asked for, or what it was asked of, is at fault.
    #[error("{1}")]
    Job(Exit, String),
}

impl Failure {
    /// The job could not be done.
    pub fn trouble(why: impl Into<String>) -> Failure {
        Failure::Job(Exit::Trouble, why.into())
    }

    /// An error of the decoder: damage is a problem of the file, the rest is
    /// trouble of ours.
    pub fn of_file(path: &Path, error: &Error) -> Failure {
        let path = shown(path);
        match error.kind() {
            ErrorKind::Io(_) | ErrorKind::Limit { .. } | ErrorKind::Unsupported(_) => {
                Failure::Job(Exit::Trouble, format!("{path}: {error}"))
            }
            // There is no place in it to be named, and nothing to be saved.
            ErrorKind::BadMagic(_) => {
                Failure::Job(Exit::Problems, format!("{path}: {}", error.kind()))
            }
            _ => {
                let why = format!("{path}: {error}; rdbkit salvage reads what is left");
                Failure::Job(Exit::Problems, why)
            }
        }
    }
}

impl Source {
    /// Opens a path, or standard input for `-`, and reads the header.
    ///
    /// A file that does not end as RDB files do is read over once to see whether
    /// it is the front of an append-only log: half of the truth is better not told
    /// at all than taken back at the end.
    ///
    /// # Errors
    ///
    /// Where that cannot be, or the file is clearly of another kind.
    pub fn open(path: &Path, subcommand: &str) -> Result<Source, Failure> {
        let mut input = Input::open(path).map_err(|e| Failure::trouble(e.to_string()))?;
        let mut head = Vec::with_capacity(HEAD);
        (&mut input)
            .take(HEAD as u64)
            .read_to_end(&mut head)
            .map_err(|e| Failure::trouble(format!("cannot read {}: {e}", shown(path))))?;
        if head.is_empty() {
            return Err(Failure::Job(Exit::Problems, empty(path)));
        }
        let other = match sniff(&head) {
            Layout::Commands => Some("an append-only file of commands, no RDB file".to_owned()),
            Layout::Manifest => Some("the manifest of an append-only log, no RDB file".to_owned()),
            _ => packed_otherwise(&head, subcommand),
        };
        if let Some(other) = other {
            return Err(Failure::trouble(format!("{} is {other}", shown(path))));
        }
        let again = !ends_as_rdb(&input, &head);
        let compression = input.compression().cloned();
        let mut reader = StreamReader::new(Cursor::new(head).chain(input));
        let header = reader.next_event();
        let Some(Part::Header {
            dialect, version, ..
        }) = header.map_err(|e| Failure::of_file(path, &e))?
        else {
            return Err(Failure::Job(Exit::Problems, empty(path)));
        };
        if again && let Ok(file) = File::open(path) {
            let mut ahead = StreamReader::new(Counted(file));
            // What is wrong with it shows in its place.
            if ahead.skip_to_end().is_ok() {
                no_commands(&mut ahead, path)?;
            }
        }
        let format = Format::of_source(dialect, version);
        Ok(Source {
            reader,
            format,
            compression,
        })
    }

    /// Makes sure that no commands follow the file, of which the end was read: then
    /// it is half of an append-only log, and its keys are old. What is compressed is
    /// read to the end of that too, where its checksum stands. What there is to note
    /// all the same comes back.
    ///
    /// # Errors
    ///
    /// If commands follow, or compressed data are damaged.
    pub fn end(&mut self, path: &Path) -> Result<Option<String>, Failure> {
        no_commands(&mut self.reader, path)?;
        let Some(compression) = &self.compression else {
            return Ok(None);
        };
        let rest = self.reader.count_rest();
        rest.map_err(|e| Failure::of_file(path, &e))?;
        let note = compression.note();
        Ok(note.map(|note| format!("{}: {note}", shown(path))))
    }
}

/// What to say of a file without a byte in it.
#[must_use]
pub fn empty(path: &Path) -> String {
    format!("{} is empty; was it copied to its end?", shown(path))
}

fn no_commands<R: Read>(reader: &mut StreamReader<R>, path: &Path) -> Result<(), Failure> {
    let next = reader.byte_behind();
    match next.map_err(|e| Failure::of_file(path, &e))? {
        Some(b'*' | b'#') => Err(Failure::trouble(format!(
            "{} is an append-only file: commands that change its keys follow the RDB part",
            shown(path)
        ))),
        // Servers stop reading at the end too.
        _ => Ok(()),
    }
}

/// Whether the last bytes may be those of an RDB file: its end, and from version 5
/// on a checksum behind it.
fn ends_as_rdb(input: &Input, head: &[u8]) -> bool {
    let Some(len) = input.file_len() else {
        return true;
    };
    let mut tail = [0; 9];
    let at = len.saturating_sub(9);
    let read = input.read_at(&mut tail, at).unwrap_or(0);
    let old = matches!(head.get(..9), Some([.., b'0', b'0', b'0', b'1'..=b'4']));
    match old {
        true => tail.get(..read).and_then(<[u8]>::last) == Some(&0xff),
        false => tail.first() == Some(&0xff),
    }
}
