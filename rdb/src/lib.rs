//! RDB files of Redis and Valkey: read, judged, compared, cut and written.
//!
//! | to | use |
//! |---|---|
//! | read the keys of a file in memory | [`SliceReader::records`], [`Record`] |
//! | read a pipe or a file, whatever its size | [`StreamReader`], [`RecordBuf`] |
//! | feed windows of bytes yourself, as async code does | [`Decoder`] |
//! | look into a value | [`Record::value`], [`Value`] |
//! | move a key to a server | [`Record::dump_payload`], [`commands`] |
//! | know whether a server would load a file | [`verify`] |
//! | know what changed between two files | [`diff`] |
//! | know what `DEBUG DIGEST` says of the data | [`digest`] |
//! | count by type, encoding, size | [`stats`] |
//! | choose keys | [`filter`] |
//! | write a new file of some keys | [`extract`], [`write`](mod@write) |
//! | save what a damaged file still has | [`salvage`] |
//!
//! # Examples
//!
//! ```
//! use rdbkit_rdb::SliceReader;
//!
//! let file = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\x01\x01l\x01\x01x\xff";
//! let mut records = SliceReader::new(file).records();
//! let mut types = Vec::new();
//! while let Some(record) = records.next_record()? {
//!     types.push(record.object().map_or("unknown", |object| object.name()));
//! }
//! assert_eq!(types, ["string", "list"]);
//! # Ok::<(), rdbkit_rdb::Error>(())
//! ```
//!
//! # Limits
//!
//! Nothing is allocated because a file states a length, and no bytes cause a panic. What a reader
//! may hold is said by [`Limits`]. The crate does no IO but through what it is given, and prints
//! nothing.
#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod checksum;
pub mod commands;
mod decoder;
pub mod diff;
pub mod digest;
pub mod dump;
mod error;
mod event;
pub mod extract;
pub mod filter;
pub mod glob;
mod grammar;
mod limits;
pub mod lzf;
pub mod packed;
pub mod pieces;
mod record;
pub mod redact;
mod region;
pub mod salvage;
pub mod score;
mod slice;
pub mod stats;
mod stream;
mod text;
mod value;
pub mod verify;
mod wire;
pub mod write;

pub use checksum::Checksum;
pub use decoder::{Checkpoint, Decoder, Step};
pub use error::{Error, ErrorKind, Result, Stage};
pub use event::{Event, Packing, Part, Role, StreamId, StreamMeta, Token};
pub use limits::Limits;
pub use record::{Entry, KeyHead, KeyMeta, Record, RecordBuf, Records};
pub use slice::SliceReader;
pub use stream::StreamReader;
pub use text::{Decimal, Scratch, Str, StrToken};
pub use value::{
    ArrayElement, ArrayItem, ArrayItems, Elements, Field, Fields, ModuleItem, ModuleValue, Scored,
    StreamConsumer, StreamGroup, StreamGroups, StreamItem, StreamNumbers, StreamPending,
    StreamValue, Value,
};
pub use wire::{Dialect, MetaClass, ModuleId, ObjectKind, Opcode, ValueType};
