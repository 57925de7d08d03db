//! Whole files as NDJSON, JSON and CSV, written as the keys come by.
//!
//! Nothing here is held in trees or formatted through traits: bytes go into one
//! buffer, and from there out.

pub mod csv;
pub mod escape;
pub mod json;

use std::io;

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
    /// The consumer groups of the stream at this offset contradict themselves.
    #[error("{1} at offset {0} (read-object-value)")]
    Groups(u64, ErrorKind),
}
