//! Zero-copy streaming decoder and verifier for Redis and Valkey RDB files.
#![forbid(unsafe_code)]

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
