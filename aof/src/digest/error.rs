//! Why a log has no digest at all.

use std::io;

use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::Server;

use crate::verify::Finding;

/// Why there is no digest of a log, apart from what only a server could tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A server does not start on it, or without it, or nobody knows.
    #[error("{}{server}: {} ({finding}) [{}]", named(file), finding.effect.summary(), finding.code)]
    Refused {
        /// The file; empty for the log as a whole.
        file: Vec<u8>,
        /// Why.
        finding: Box<Finding>,
        /// Which server that is.
        server: Server,
    },
    /// A server does not load the RDB file at the front of a file.
    #[error("{}{server}: refuses the RDB file at the front: {finding} [{}]", named(file), finding.code)]
    RdbRefused {
        /// The file.
        file: Vec<u8>,
        /// Why.
        finding: Box<rdbkit_rdb::verify::Finding>,
        /// Which server that is.
        server: Server,
    },
    /// A file, the manifest or the folder cannot be read, or a limit was hit.
    #[error("{0}")]
    Unread(String),
    /// The RDB file at the front of a file cannot be read.
    #[error("{}{error}", named(file))]
    Rdb {
        /// The file.
        file: Vec<u8>,
        /// Why.
        error: rdbkit_rdb::Error,
    },
    /// The commands of a file cannot be read.
    #[error("{}{error}", named(file))]
    Log {
        /// The file.
        file: Vec<u8>,
        /// Why.
        error: crate::Error,
    },
    /// A file is shorter than it was a moment ago.
    #[error("{}it was changed while it was read", named(.0))]
    Changed(Vec<u8>),
    /// The keys that commands come to take more memory than they may.
    #[error(
        "{}the keys that commands change need more than {limit} bytes of memory at offset {offset}",
        named(file)
    )]
    Memory {
        /// The file.
        file: Vec<u8>,
        /// The command that was too much.
        offset: u64,
        /// [`Options::max_memory`](super::Options::max_memory).
        limit: u64,
    },
    /// The base is wanted, and there is none.
    #[error("the log has no base")]
    NoBase,
}

impl Error {
    pub(super) fn unread(file: &[u8], error: io::Error) -> Error {
        Error::Unread(format!("{}{error}", named(file)))
    }

    /// Whether the log itself is at fault, rather than the disk or a limit.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Error::Refused { .. } | Error::RdbRefused { .. } => true,
            Error::Rdb { error, .. } => !error.is_io() && !error.is_limit(),
            Error::Log { error, .. } => !error.is_io(),
            Error::Unread(_) | Error::Changed(_) | Error::Memory { .. } | Error::NoBase => false,
        }
    }
}

fn named(file: &[u8]) -> String {
    match file {
        [] => String::new(),
        _ => format!("{}: ", plain(file)),
    }
}
