//! Zero-copy streaming decoder and verifier for Redis and Valkey RDB files.
#![forbid(unsafe_code)]

mod checksum;
mod decoder;
mod error;
mod event;
mod grammar;
mod limits;
pub mod lzf;
pub mod packed;
pub mod score;
mod slice;
mod stream;
mod text;
pub mod verify;
mod wire;

pub use checksum::Checksum;
pub use decoder::{Checkpoint, Decoder, Step};
pub use error::{Error, ErrorKind, Result, Stage};
pub use event::{Event, Packing, Part, Role, StreamId, StreamMeta, Token};
pub use limits::Limits;
pub use slice::SliceReader;
pub use stream::StreamReader;
pub use text::{Decimal, Scratch, Str, StrToken};
pub use wire::{Dialect, MetaClass, ModuleId, ObjectKind, Opcode, ValueType};
