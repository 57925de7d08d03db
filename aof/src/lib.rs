//! Append-only files of Redis and Valkey.
//!
//! | to | use |
//! |---|---|
//! | read commands of a log in memory | [`SliceReader`] |
//! | read commands of a pipe or a file | [`StreamReader`] |
//! | feed windows of bytes yourself | [`Decoder`] |
//! | tell what a command does to which keys | [`commands`] |
//! | know where a log may be cut | [`Transactions`] |
//! | pass over all files of a log | [`walk`] |
//! | find commands | [`Pattern`], [`search::Filter`] |
//! | tell restore points, a key's history, what a log is made of | [`search`] |
//! | know whether a server would load a log | [`verify`] |
//! | know what `DEBUG DIGEST` says of a log that was loaded | [`digest`](mod@digest) |
//! | find a log on disk | [`fs::Log`] |
//! | know which files a log consists of | [`Manifest`], [`Set`] |
//!
//! The crate prints nothing, and opens no file but in [`fs`]. What servers load is read, with
//! its oddities named; what they refuse is an error.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod ahead;
mod brief;
mod command;
pub mod commands;
mod database;
pub mod digest;
pub mod edit;
mod error;
mod event;
pub mod fs;
mod limits;
pub mod manifest;
mod name;
mod pattern;
mod reader;
mod resp;
mod scan;
pub mod search;
mod set;
mod sniff;
mod source;
mod transaction;
pub mod verify;
pub mod walk;
mod words;

pub use brief::{brief, brief_name, brief_word};
pub use command::{Args, Command};
pub use database::{Selected, selects};
pub use error::{Error, ErrorKind, Result};
pub use event::{Annotation, Event};
pub use limits::Limits;
pub use manifest::{FileKind, Manifest, ManifestError};
pub use pattern::{BadPattern, Pattern};
pub use reader::{SliceReader, StreamReader, is_preamble};
pub use resp::{Decoder, Progress, Sink, Step, Token};
pub use scan::Quirks;
pub use set::{Set, SetError};
pub use sniff::{Layout, sniff};
pub use source::{Listed, Memory, Source};
pub use transaction::{Place, Transactions};
pub use words::{quoted, quoted_as_is, strtoll, unquoted};
