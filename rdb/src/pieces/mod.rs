//! Every key of a file with its value, piece by piece, in constant memory.
//!
//! A [`Record`] holds a key whole, to be looked into in any
//! order. Here a value passes by: one element, member, field or stream entry
//! after the other, whatever the encoding, borrowed from the reader's window.
//! A hash of a billion fields takes no more memory than one of ten.
//!
//! [`visit`] walks a file and hands the keys that a
//! [`Filter`] takes to a [`Visitor`]; [`of_record`] does it
//! for one record.

mod driver;
mod page;
mod replay;
mod unpack;

use std::io::{self, Read};

use driver::Driver;
pub use page::Page;
pub use replay::of_record;

use crate::error::{Error, ErrorKind, Stage};
use crate::event::Event;
use crate::filter::Filter;
use crate::record::{KeyMeta, Record};
use crate::stream::StreamReader;
use crate::value::{ArrayItem, Field, ModuleItem, StreamItem};
use crate::wire::{Dialect, ModuleId, ObjectKind, ValueType};

/// A key, before its value.
#[derive(Clone, Copy, Debug)]
pub struct Key<'k> {
    /// Database.
    pub db: u64,
    /// The key as a client sees it.
    pub name: &'k [u8],
    /// Type and encoding of the value.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// What the value is to a client.
    pub object: ObjectKind,
    /// Expiry and use.
    pub meta: KeyMeta,
    /// Whether the key has metadata of modules, which only a [`Record`] holds.
    pub has_key_meta: bool,
    /// Offset of the type byte from the start of the file.
    pub offset: u64,
}

/// A piece of a value. What pieces a value has follows from what it is to a
/// client; they come in the file's order.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Piece<'s> {
    /// The value of a string key, its only piece.
    String(&'s [u8]),
    /// An element of a list, from head to tail.
    Element(&'s [u8]),
    /// A member of a set.
    Member(&'s [u8]),
    /// A member of a sorted set, and its score.
    Scored(&'s [u8], f64),
    /// A field of a hash.
    Field(Field<&'s [u8]>),
    /// A live entry, the numbers, or part of a group of a stream.
    Stream(StreamItem<'s>),
    /// The module whose items follow.
    Module(ModuleId),
    /// An item of a module's value.
    ModuleItem(ModuleItem<'s>),
    /// An array begins.
    Array {
        /// Where the next insertion goes, if the file says so.
        insert_at: Option<u64>,
    },
    /// An element of an array.
    ArrayItem(ArrayItem<'s>),
    /// A rate limiter's theoretical arrival time.
    Gcra(u64),
}

/// How a visitor wants to have a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Not at all.
    Nothing,
    /// Piece by piece.
    Pieces,
    /// As a [`Record`], if it has no more than so many bytes in the file, which
    /// are held; else piece by piece.
    Record {
        /// Bytes of the value.
        at_most: u64,
    },
}

/// The end of a value that came in pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Bytes of type, name and value, as [`Record::size`].
    pub size: u64,
    /// Fields that were left out because they had expired.
    pub expired_fields: u64,
}

/// Why a visitor that writes wants no more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError {
    /// Writing failed.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The file is damaged, or cannot be read.
    #[error(transparent)]
    File(#[from] Error),
    /// Something that a piece tells is damaged.
    #[error("{kind} at offset {offset} ({})", Stage::Value)]
    Inside {
        /// Offset of the key that the piece is of, from the start of the file.
        offset: u64,
        /// What is wrong.
        kind: ErrorKind,
    },
}

/// Takes the keys of a file, see [`visit`].
pub trait Visitor {
    /// Why it wants no more; also made of what is wrong with the file. For those
    /// that write it is [`VisitError`].
    type Error: From<Error>;

    /// A key begins.
    ///
    /// # Errors
    ///
    /// Those of the visitor; nothing more is read then.
    fn key(&mut self, key: &Key<'_>) -> Result<Want, Self::Error>;

    /// A piece of the last key's value.
    ///
    /// # Errors
    ///
    /// As [`key`](Visitor::key).
    fn piece(&mut self, piece: Piece<'_>) -> Result<(), Self::Error>;

    /// The last key's value came in pieces, and this was all of it.
    ///
    /// # Errors
    ///
    /// As [`key`](Visitor::key).
    fn end(&mut self, end: End) -> Result<(), Self::Error>;

    /// The last key, as it was asked for.
    ///
    /// # Errors
    ///
    /// As [`key`](Visitor::key).
    fn record(&mut self, _record: &Record<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Something that is no key: AUX fields, function libraries, data of modules
    /// (only its head), slot migrations.
    ///
    /// # Errors
    ///
    /// As [`key`](Visitor::key).
    fn event(&mut self, _event: &Event<'_>) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// What has expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The present, in Unix milliseconds.
    pub now_ms: i64,
    /// Whether keys and hash fields whose time is over are left out, as a server
    /// does that loads the file. A [`Record`] keeps such fields all the same.
    pub skip: bool,
}

/// What came by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Keys whose time is over, among those that the filter took.
    pub expired: u64,
    /// Hash fields whose time is over, of values that came in pieces.
    pub expired_fields: u64,
    /// Hashes of which no field was left, as all had expired and were left out.
    pub emptied: u64,
    /// Keys that the visitor wanted, but for those.
    pub keys: u64,
}

/// Hands the keys of `source` that `filter` takes to `visitor`, in the file's
/// order. The header of `source` must have been read. It stands behind the end
/// of the file then, where the commands of an append-only log may follow.
///
/// # Errors
///
/// Those of the visitor, and made into them: whatever is wrong with the file,
/// packed values included. What came before has been handed over.
///
/// # Limits
///
/// The reader's window, and the largest single piece: one string, or one packed
/// value or node and what it decompresses to, each within the reader's
/// [`Limits`](crate::Limits). A value is held whole where the visitor asks for a
/// record, where the filter asks for its size (until that decides), and for
/// hashes that refer to a template; always within
/// [`Limits::max_record`](crate::Limits::max_record).
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::filter::Filter;
/// use rdbkit_rdb::pieces::{End, Expired, Key, Piece, Visitor, Want, visit};
/// use rdbkit_rdb::{Error, StreamReader};
///
/// #[derive(Default)]
/// struct Longest(usize);
///
/// impl Visitor for Longest {
///     type Error = Error;
///
///     fn key(&mut self, _: &Key<'_>) -> Result<Want, Error> {
///         Ok(Want::Pieces)
///     }
///
///     fn piece(&mut self, piece: Piece<'_>) -> Result<(), Error> {
///         if let Piece::Element(element) = piece {
///             self.0 = self.0.max(element.len());
///         }
///         Ok(())
///     }
///
///     fn end(&mut self, _: End) -> Result<(), Error> {
///         Ok(())
///     }
/// }
///
/// let file: &[u8] = b"REDIS0004\x01\x01l\x02\x01a\x03bcd\xff";
/// let mut source = StreamReader::new(file);
/// source.next_event()?;
/// let mut longest = Longest::default();
/// let expired = Expired { now_ms: 0, skip: false };
/// let summary = visit(&mut source, &mut Filter::new(), expired, &mut longest)?;
/// assert_eq!((summary.keys, longest.0), (1, 3));
/// # Ok::<(), Error>(())
/// ```
pub fn visit<R: Read, V: Visitor + ?Sized>(
    source: &mut StreamReader<R>,
    filter: &mut Filter,
    expired: Expired,
    visitor: &mut V,
) -> Result<Summary, V::Error> {
    let mut driver = Driver::new(source.decoder(), filter, expired, visitor);
    let reader: &mut StreamReader<dyn Read + '_> = source;
    loop {
        let more = reader.drive(&mut driver);
        // What went wrong here first comes before what went wrong later there.
        if let Some(error) = driver.take_error() {
            return Err(error);
        }
        if !more? {
            break;
        }
    }
    let (summary, stored) = driver.finish();
    if source.checks_checksum() {
        source.compare_checksum(stored)?;
    }
    Ok(summary)
}
