//! A whole key: what stood before it, its name, and its value's bytes.
//!
//! ```text
//! [EXPIRETIME_MS t] [IDLE n | FREQ n] [KEY_META ...]  type  STR key  value
//!  `- KeyMeta ----------------------'  `- key_meta    `- kind        `- raw
//! ```
//!
//! [`Records`] walks input in memory and copies nothing; [`RecordBuf`] holds
//! one key of a stream. Either way a [`Record`] comes out, which can be looked
//! into ([`Record::value`]) or moved to another server as it stands
//! ([`Record::dump_payload`]).

mod buf;
mod head;
mod slice;
mod template;

#[cfg(test)]
mod tests;

pub use buf::RecordBuf;
pub use head::KeyHead;
pub use slice::{Entry, Records};
pub(crate) use template::{Collector, Template, Templates};

use crate::event::Part;
use crate::text::Str;
use crate::wire::{Dialect, ObjectKind, ValueType};

/// What a file says about a key beside its value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyMeta {
    /// When the key expires, in Unix milliseconds. Times before 1970 are legal
    /// and long past; but -1 means "none" to every server, and is `None` here.
    pub expire_ms: Option<i64>,
    /// Seconds since the key was used, where the server evicts by LRU.
    pub idle: Option<u64>,
    /// Use counter, where the server evicts by LFU.
    pub freq: Option<u8>,
}

/// One key of a file, borrowed from the input or from a [`RecordBuf`].
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{SliceReader, Value};
///
/// let file = b"REDIS0004\xfe\x02\xfc\x10\x27\0\0\0\0\0\0\x01\x01k\x02\x01a\xc0\x07\xff";
/// let mut records = SliceReader::new(file).records();
/// let record = records.next_record()?.expect("one key");
/// assert_eq!(record.db, 2);
/// assert_eq!(record.meta.expire_ms, Some(10_000));
/// assert_eq!(record.key.to_vec().unwrap(), b"k");
/// assert_eq!(record.raw, b"\x02\x01a\xc0\x07");
/// let Value::List(mut list) = record.value()? else { panic!() };
/// assert_eq!(list.next()?, Some(&b"a"[..]));
/// assert_eq!(list.next()?, Some(&b"7"[..]));
/// assert_eq!(list.next()?, None);
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// Database.
    pub db: u64,
    /// Expiry and use.
    pub meta: KeyMeta,
    /// The KEY_META record before the key, from its opcode on; empty if none.
    pub key_meta: &'a [u8],
    /// Type and encoding of the value.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// The file's version.
    pub version: u32,
    /// The key.
    pub key: Str<'a>,
    /// The value's bytes, as they stand in a DUMP payload after the type byte.
    pub raw: &'a [u8],
    /// Offset of the type byte from the start of the file.
    pub offset: u64,
    /// Offset of `raw` from the start of the file, for errors.
    pub(crate) value_offset: u64,
    /// Bound on one decompressed string.
    pub(crate) max_decompressed: u64,
    /// Hash templates of the file so far.
    pub(crate) templates: Option<Templates>,
}

impl Record<'_> {
    /// What the value is to a client, or `None` for a type nobody knows.
    #[must_use]
    pub fn object(&self) -> Option<ObjectKind> {
        self.kind.object(self.dialect)
    }

    /// Bytes the key takes in the file: type, name and value, without what
    /// stands before them (expiry, use, metadata).
    #[must_use]
    pub fn size(&self) -> u64 {
        (self.value_offset - self.offset) + self.raw.len() as u64
    }
}

/// Gathers what stands before a key. Taken when the key starts, so that
/// nothing is left for the next one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes {
    meta: KeyMeta,
    /// Classes of the KEY_META record that are not complete.
    classes: u64,
}

/// What a token is to the key that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// Something else.
    None,
    /// An attribute of its own.
    Whole,
    /// The first token of a KEY_META record.
    MetaFirst,
    /// Another token of a KEY_META record.
    Meta,
}

impl Attributes {
    pub(crate) fn token<S>(&mut self, token: &Part<S>) -> Attribute {
        if self.classes > 0 {
            self.classes -= u64::from(matches!(token, Part::ModuleEnd));
            return Attribute::Meta;
        }
        match *token {
            Part::ExpireSeconds(t) => self.meta.expire_ms = Some(i64::from(t) * 1000),
            Part::ExpireMs(t) => self.meta.expire_ms = (t != -1).then_some(t),
            Part::Idle(n) => self.meta.idle = Some(n),
            Part::Freq(n) => self.meta.freq = Some(n),
            Part::KeyMeta(classes) => {
                self.classes = classes;
                return Attribute::MetaFirst;
            }
            _ => return Attribute::None,
        }
        Attribute::Whole
    }

    pub(crate) fn take(&mut self) -> KeyMeta {
        std::mem::take(self).meta
    }
}
