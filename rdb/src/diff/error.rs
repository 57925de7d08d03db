//! Why two files were not compared.

use std::{fmt, io};

use crate::error::Error;

/// One of the two files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The one things are removed from.
    Old,
    /// The one things are added to.
    New,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Side {
        match self {
            Side::Old => Side::New,
            Side::New => Side::Old,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Old => "old",
            Side::New => "new",
        })
    }
}

/// Why two files were not compared, or not to the end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiffError {
    /// A file cannot be read, or is damaged.
    #[error("the {side} file: {error}")]
    Source {
        /// Which.
        side: Side,
        /// What is wrong with it.
        #[source]
        error: Error,
    },
    /// A file is no snapshot but a replication stream: among its keys there are
    /// commands that change them.
    #[error(
        "the {side} file: a replicated command at offset {offset}: keys before it may not be what they were"
    )]
    Command {
        /// Which.
        side: Side,
        /// Where.
        offset: u64,
    },
    /// A file is not what it was a moment ago.
    #[error("the {side} file changed while it was compared: another key is at offset {offset}")]
    Changed {
        /// Which.
        side: Side,
        /// Where that showed.
        offset: u64,
    },
    /// More memory is needed than allowed, and there is no room to move to.
    #[error("more than the {limit} bytes of memory that are allowed would be needed")]
    Memory {
        /// The bound.
        limit: u64,
    },
    /// A file goes back and forth between databases more often than any server
    /// makes it, and where would have to be held.
    #[error("the {side} file changes databases more than {limit} times")]
    Databases {
        /// Which.
        side: Side,
        /// The bound.
        limit: usize,
    },
    /// Temporary room cannot be written or read.
    #[error("temporary file: {0}")]
    Temp(#[source] io::Error),
    /// Whoever was told of the differences gave up.
    #[error(transparent)]
    Visitor(io::Error),
}

impl DiffError {
    pub(super) fn of(side: Side) -> impl Fn(Error) -> DiffError {
        move |error| DiffError::Source { side, error }
    }
}
