//! What is told of two files.

use super::compare::ValueChange;
use super::error::Side;
use super::runs::Places;
use crate::error::Error;
use crate::record::Record;
use crate::wire::{Dialect, ObjectKind, ValueType};

/// One thing in which two files differ.
#[derive(Debug)]
#[non_exhaustive]
pub enum Difference<'a> {
    /// A key.
    Key(KeyDifference<'a>),
    /// A key that a file has more than once. No server loads such a file, and
    /// which of its values counts nobody can say: it is not compared.
    Duplicate(&'a DuplicateKey),
    /// A function library.
    Library(&'a LibraryDifference),
    /// What modules keep beside the keys.
    ModuleData,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// Only the new file has it.
    Added,
    /// Only the old file has it.
    Removed,
    /// Both have it, and it is not the same.
    Changed,
}

impl Change {
    /// From what there is of it in the old file and in the new.
    #[must_use]
    pub fn of<T>(old: &Option<T>, new: &Option<T>) -> Change {
        match (old.is_some(), new.is_some()) {
            (false, _) => Change::Added,
            (true, false) => Change::Removed,
            (true, true) => Change::Changed,
        }
    }

    /// In one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Change::Added => "added",
            Change::Removed => "removed",
            Change::Changed => "changed",
        }
    }
}

/// A key that is not the same in both files.
#[derive(Debug)]
pub struct KeyDifference<'a> {
    /// Database.
    pub db: u64,
    /// The key.
    pub key: &'a [u8],
    /// What the old file says of it, if it has it.
    pub old: Option<KeyState>,
    /// What the new file says of it, if it has it.
    pub new: Option<KeyState>,
    /// Of a key in both files: whether the expiry differs by more than is
    /// tolerated.
    pub ttl: bool,
    /// Of a key in both files: whether what modules attach to it (KEY_META)
    /// differs.
    pub metadata: bool,
    /// Of a key in both files: how the value differs.
    pub value: ValueDifference<'a>,
}

/// How a value differs.
#[derive(Debug)]
pub enum ValueDifference<'a> {
    /// It does not, or the key is in one file only.
    Same,
    /// It is of another type.
    Type,
    /// In these parts.
    Parts(&'a ValueChange),
    /// The bytes differ, but what they mean cannot be compared: the value is
    /// damaged, or larger than memory allows. It may be the same.
    Unknown {
        /// In which file.
        side: Side,
        /// Why.
        error: &'a Error,
    },
}

impl KeyDifference<'_> {
    /// What became of the key.
    #[must_use]
    pub fn change(&self) -> Change {
        Change::of(&self.old, &self.new)
    }

    /// Whether nothing but the expiry differs.
    #[must_use]
    pub fn only_ttl(&self) -> bool {
        self.ttl && !self.metadata && matches!(self.value, ValueDifference::Same)
    }

    /// What the value is, in the new file if it is there.
    #[must_use]
    pub fn object(&self) -> Option<ObjectKind> {
        self.new.or(self.old)?.object
    }
}

/// What a file says of a key beside its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// What the value is to a client.
    pub object: Option<ObjectKind>,
    /// Type and encoding.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// When it expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
    /// Bytes of type, name and value, as [`Record::size`](crate::Record::size).
    pub size: u64,
    /// Offset of the type byte in the file.
    pub offset: u64,
}

impl KeyState {
    pub(super) fn of(record: &Record<'_>) -> KeyState {
        KeyState {
            object: record.object(),
            kind: record.kind,
            dialect: record.dialect,
            expire_ms: record.meta.expire_ms,
            size: record.size(),
            offset: record.offset,
        }
    }
}

/// A key that one file, or both, have more than once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuplicateKey {
    /// Database.
    pub db: u64,
    /// The key.
    pub key: Vec<u8>,
    /// How often the old file has it.
    pub old: u64,
    /// How often the new file has it.
    pub new: u64,
    /// Whether both files have the same copies, so that at least they do not
    /// differ.
    pub alike: bool,
    pub(super) places: Places,
}

/// A function library that is not the same in both files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryDifference {
    /// Its name.
    pub name: Vec<u8>,
    /// Bytes of its source in the old file, if it has it.
    pub old_bytes: Option<u64>,
    /// Bytes of its source in the new file, if it has it.
    pub new_bytes: Option<u64>,
}

impl LibraryDifference {
    /// What became of it.
    #[must_use]
    pub fn change(&self) -> Change {
        Change::of(&self.old_bytes, &self.new_bytes)
    }
}
