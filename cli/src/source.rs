//! An RDB file named on the command line, open behind its header.

use std::io::{self, Chain, Cursor, Read};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::write::Format;
use rdbkit_rdb::{Error, ErrorKind, Part, StreamReader};
use thiserror::Error;

use crate::exit::Exit;
use crate::input::{Input, compressed};

/// What is read.
pub type Bytes = Chain<Cursor<Vec<u8>>, Input>;

/// An open RDB file.
#[derive(Debug)]
pub struct Source {
    /// Behind the header.
    pub reader: StreamReader<Bytes>,
    /// What the header says.
    pub format: Format,
}

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
        let exit = match error.kind() {
            ErrorKind::Io(_) | ErrorKind::Limit { .. } | ErrorKind::Unsupported(_) => Exit::Trouble,
            _ => Exit::Problems,
        };
        Failure::Job(exit, format!("{}: {error}", shown(path)))
    }
}

impl Source {
    /// Opens a path, or standard input for `-`, and reads the header.
    ///
    /// # Errors
    ///
    /// Where that cannot be, or the file is clearly of another kind.
    pub fn open(path: &Path, subcommand: &str) -> Result<Source, Failure> {
        let mut input = Input::open(path).map_err(|e| Failure::trouble(e.to_string()))?;
        let mut head = Vec::with_capacity(16);
        (&mut input)
            .take(16)
            .read_to_end(&mut head)
            .map_err(|e| Failure::trouble(format!("cannot read {}: {e}", shown(path))))?;
        let other = match sniff(&head) {
            Layout::Commands => Some("an append-only file of commands, no RDB file".to_owned()),
            Layout::Manifest => Some("the manifest of an append-only log, no RDB file".to_owned()),
            _ => compressed(&head, subcommand),
        };
        if let Some(other) = other {
            return Err(Failure::trouble(format!("{} is {other}", shown(path))));
        }
        let mut reader = StreamReader::new(Cursor::new(head).chain(input));
        let header = reader.next_event();
        let Some(Part::Header {
            dialect, version, ..
        }) = header.map_err(|e| Failure::of_file(path, &e))?
        else {
            return Err(Failure::trouble(format!("{} is empty", shown(path))));
        };
        let format = Format::of_source(dialect, version);
        Ok(Source { reader, format })
    }

    /// Makes sure that no commands follow the file, of which the end was read:
    /// then it is half of an append-only log, and its keys are old.
    ///
    /// # Errors
    ///
    /// If some do.
    pub fn no_commands_behind(self, path: &Path) -> Result<(), Failure> {
        let (rest, source) = self.reader.into_rest();
        let mut next = Vec::with_capacity(1);
        rest.as_slice()
            .chain(source)
            .take(1)
            .read_to_end(&mut next)
            .map_err(|e| Failure::trouble(format!("cannot read {}: {e}", shown(path))))?;
        match next.first() {
            Some(b'*' | b'#') => Err(Failure::trouble(format!(
                "{} is an append-only file: commands that change its keys follow the RDB part",
                shown(path)
            ))),
            // Servers stop reading at the end too.
            _ => Ok(()),
        }
    }
}
