//! A record of the source, by position.

use super::habits::Look;
use crate::verify::Code;
use crate::wire::{Dialect, ValueType};

/// A record that was read to its end and that a server would take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// Offset of its first byte: of a key, that of what stands before it.
    pub begin: u64,
    /// Offset behind its last byte.
    pub end: u64,
    pub what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    /// A header in the middle: of a file put behind another.
    Header(Dialect, u32),
    Key(KeyPiece),
    SelectDb(u64),
    ResizeDb {
        keys: u64,
        expires: u64,
    },
    Aux(AuxName),
    /// A function library.
    Function,
    ModuleAux,
    Template {
        id: u64,
        fields: u64,
    },
    /// What no server needs: hints, and migrations under way.
    Hint,
    Import,
}

/// AUX fields that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuxName {
    /// It tells which product wrote the file.
    Valkey,
    /// Of the whole data set, such as a replication position: wrong of a part.
    OfTheWhole,
    /// The file is the base of a log.
    Base,
    /// One that servers write.
    Known,
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct KeyPiece {
    /// Offset of the type byte.
    pub at: u64,
    pub kind: ValueType,
    /// Hash of the name.
    pub print: u64,
    pub expires: bool,
    /// Whether its expiry is one that servers write these days, if it has one.
    pub odd_expiry: bool,
    pub look: Look,
    /// What the value says for itself, see `habits`.
    pub value: u32,
    /// Whether it has no elements, so that servers skip it.
    pub empty: bool,
    /// What stands before it, a bit each.
    pub attributes: u16,
}

/// Why there is no record.
#[derive(Clone, Debug)]
pub(super) struct Bad {
    pub code: Code,
    /// Offset of the fault.
    pub at: u64,
    pub message: String,
    /// Where the record ends, if its lengths led to an end.
    pub end: Option<u64>,
    /// Offset of the type byte, if it is a key whose name could be read.
    pub key: Option<u64>,
}

/// What is at an offset.
#[derive(Debug)]
pub(super) enum Found {
    Piece(Piece),
    /// The end mark with its checksum.
    End {
        begin: u64,
        end: u64,
        checksum: Option<u64>,
    },
    Bad(Bad),
}
