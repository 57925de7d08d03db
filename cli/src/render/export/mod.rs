//! Whole files as NDJSON, JSON and CSV, written as the keys come by.
//!
//! Nothing here is held in trees or formatted through traits: bytes go into one
//! buffer, and from there out.

pub mod csv;
pub mod escape;
pub mod json;
pub mod loss;

use std::io;

use rdbkit_rdb::commands::CommandError;
use rdbkit_rdb::{Error, ErrorKind};
use thiserror::Error;

/// Why an export ended early.
#[derive(Debug, Error)]
pub enum ExportError {
    /// Our output cannot be written.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The file is damaged, or cannot be read.
    #[error(transparent)]
    File(#[from] Error),
    /// Something inside the key or record at this offset is damaged.
    #[error("{1} at offset {0} (read-object-value)")]
    Inside(u64, ErrorKind),
}

impl From<CommandError> for ExportError {
    fn from(error: CommandError) -> ExportError {
        match error {
            CommandError::Output(error) => ExportError::Output(error),
            CommandError::File(error) => ExportError::File(error),
            CommandError::Inside(offset, kind) => ExportError::Inside(offset, kind),
            other => ExportError::Output(io::Error::other(other)),
        }
    }
}
