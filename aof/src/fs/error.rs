//! Why an edited log could not be written.

use std::io;
use std::path::{Path, PathBuf};

use crate::fs::shown::shown;
use crate::fs::writers::Writer;

/// Why an edited log could not be written. Nothing is left behind, and the
/// original is as it was, unless syncing a folder failed at the very end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Something has the name of the new log.
    #[error("{} is there already, and nothing is overwritten: choose another name or move it away", shown(.0))]
    Exists(PathBuf),
    /// The folder in which the new log is to be made is not there.
    #[error("cannot make {}: there is no folder {}", shown(.0), shown(parent_of(.0)))]
    NoParent(PathBuf),
    /// A path that ends in no name.
    #[error("{} is no name for a new log", shown(.0))]
    NoName(PathBuf),
    /// The operating system refused.
    #[error("cannot {doing} {}: {source}", shown(path))]
    Io {
        /// What was to be done, such as "write".
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Too little space.
    #[error(
        "cannot write {}: it takes {needed} bytes, and {free} are free there",
        shown(path)
    )]
    Room {
        /// The new log.
        path: PathBuf,
        /// Bytes to be written that no file can share.
        needed: u64,
        /// Bytes free.
        free: u64,
    },
    /// A file of the old log is not what it was when the edit was planned.
    #[error(
        "{} {what} since it was read: is a server running on it? Stop it, or work on a copy, and try again",
        shown(path)
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What happened to it.
        what: &'static str,
    },
    /// Somebody has files of the log open for writing.
    #[error("{} is open for writing by {}: stop it first, or write a new log", shown(&.0.path), .0)]
    Held(Writer),
    /// The file system cannot exchange two folders.
    #[error(
        "cannot exchange {} with the new folder in one step ({source}): write a new one instead, and move it there",
        shown(path)
    )]
    NoExchange {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl ApplyError {
    /// For `map_err`: `doing` to `path` failed.
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ApplyError {
        let path = path.to_owned();
        move |source| ApplyError::Io {
            doing,
            path,
            source,
        }
    }
}

/// The folder that holds `path`.
pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
