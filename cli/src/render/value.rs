//! Values: for people, as JSON, and as bare bytes.

pub mod json;
pub mod raw;
pub mod text;

use std::io;

use rdbkit_rdb::ErrorKind;
use thiserror::Error;

/// Why a value was not shown, or not to its end.
#[derive(Debug, Error)]
pub enum ValueError {
    /// Writing failed.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The value is damaged.
    #[error(transparent)]
    Value(#[from] ErrorKind),
}

impl From<rdbkit_rdb::Error> for ValueError {
    fn from(error: rdbkit_rdb::Error) -> ValueError {
        ValueError::Value(error.into_kind())
    }
}

/// The result of showing a value.
pub type Shown = Result<(), ValueError>;
