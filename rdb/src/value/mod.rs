//! Values as clients see them: one walker for each kind of object, whatever
//! the encoding.
//!
//! A walker drives the same decoder that reads files, over the bytes of one
//! value, and the cursors of [`packed`](crate::packed) over the blobs in it. So
//! there is one grammar, and a walker looks at everything a cursor looks at.
//!
//! Walkers lend: what `next` returns is borrowed until the next call. That is
//! why they are no iterators, and why a value of any size is walked in the
//! memory of its largest piece.

mod array;
mod blob;
mod element;
mod hash;
mod module;
mod stream;
mod template;
mod walk;
mod zset;

#[cfg(test)]
mod tests;

pub use array::{ArrayElement, ArrayItem, ArrayItems};
pub use element::Elements;
pub use hash::{Field, Fields};
pub use module::{ModuleItem, ModuleValue};
pub(crate) use stream::StreamParts;
pub use stream::{
    StreamConsumer, StreamGroup, StreamGroups, StreamItem, StreamNumbers, StreamPending,
    StreamValue,
};
pub use zset::Scored;
pub(crate) use zset::packed_score;

use crate::error::{ErrorKind, Result};
use crate::event::{Part, Role};
use crate::record::Record;
use crate::text::Str;
use crate::wire::ObjectKind;
pub(crate) use walk::Walk;

/// The value of a key, by what it is to a client.
///
/// # Limits
///
/// Walkers hold at most one decompressed blob and a few decompressed strings,
/// each within [`Limits::max_decompressed`](crate::Limits::max_decompressed).
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Scratch, SliceReader, Value};
///
/// let file = b"REDIS0004\x00\x01s\xc0\x2a\x04\x01h\x01\x01f\x01v\xff";
/// let mut scratch = Scratch::default();
/// for record in SliceReader::new(file).records() {
///     match record?.value()? {
///         Value::String(text) => assert_eq!(text.bytes(&mut scratch).unwrap(), b"42"),
///         Value::Hash(mut hash) => {
///             while let Some(field) = hash.next()? {
///                 println!("{} = {}", field.field.escape_ascii(), field.value.escape_ascii());
///             }
///         }
///         _ => {}
///     }
/// }
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant)] // walked where it is made; a box would cost more
pub enum Value<'a> {
    /// The string, still as the file has it.
    String(Str<'a>),
    /// Elements from head to tail.
    List(Elements<'a>),
    /// Members in the file's order.
    Set(Elements<'a>),
    /// Members with scores.
    Zset(Scored<'a>),
    /// Fields with values and expiries.
    Hash(Fields<'a>),
    /// Entries, groups and numbers.
    Stream(StreamValue<'a>),
    /// Items of a module.
    Module(ModuleValue<'a>),
    /// Elements with their indexes.
    Array(ArrayItems<'a>),
    /// A rate limiter's theoretical arrival time.
    Gcra(u64),
}

impl<'a> Record<'a> {
    /// The value, ready to be walked. Nothing is decompressed yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UnknownType`]; what is wrong with a value's first few
    /// bytes. The rest is found while walking.
    pub fn value(&self) -> Result<Value<'a>> {
        let mut walk = Walk::new(self)?;
        let Some(object) = self.object() else {
            return Err(walk.error(ErrorKind::UnknownType(self.kind.0)));
        };
        Ok(match object {
            ObjectKind::String => match walk.next()? {
                Some(Part::Item {
                    role: Role::Value,
                    text,
                }) => Value::String(text),
                _ => return Err(walk.bad("string without a value")),
            },
            ObjectKind::List => Value::List(Elements::new(self, walk)),
            ObjectKind::Set => Value::Set(Elements::new(self, walk)),
            ObjectKind::Zset => Value::Zset(Scored::new(self, walk)),
            ObjectKind::Hash => Value::Hash(Fields::new(self, walk)?),
            ObjectKind::Stream => Value::Stream(StreamValue::new(self, walk)),
            ObjectKind::Module => Value::Module(ModuleValue::new(self, walk)?),
            ObjectKind::Array => Value::Array(ArrayItems::new(self, walk)?),
            ObjectKind::Gcra => match walk.next()? {
                Some(Part::Gcra(time)) => Value::Gcra(time),
                _ => return Err(walk.bad("rate limiter without a time")),
            },
        })
    }
}
