//! How parts of values stand in a table's names and contents.
//!
//! | of | name | content |
//! |---|---|---|
//! | string | - | the bytes |
//! | list | - | an element |
//! | set | member | - |
//! | sorted set | member | score, 8 bytes |
//! | hash | 0 field, or 1 length path field | expiry, value |
//! | array | 0 index | 0 text, or 1 float |
//! | array | 1 | where the next goes |
//! | stream | 0 ID | lengths and bytes of fields and values |
//! | stream | 1 which | a number |
//! | stream | 2 group | last ID, entries read |
//! | stream | 3 length group consumer | last attempt, last success |
//! | stream | 4 length group ID | given back, when, how often, owner |
//! | stream | 5 length producer id | entry |
//! | module | - | kind of item, item |
//! | rate limiter | - | time |
//!
//! What is optional is a byte of 0 or 1 and eight more. IDs, indexes and
//! lengths in names have their first byte first, so that they sort as numbers.

use crate::event::StreamId;

/// The first byte of names that are of several kinds.
pub(super) mod tag {
    pub const PLAIN: u8 = 0;
    pub const PATH: u8 = 1;
    pub const INSERT: u8 = 1;
    pub const ENTRY: u8 = 0;
    pub const NUMBER: u8 = 1;
    pub const GROUP: u8 = 2;
    pub const CONSUMER: u8 = 3;
    pub const PENDING: u8 = 4;
    pub const PRODUCER: u8 = 5;
    pub const TEXT: u8 = 0;
    pub const FLOAT: u8 = 1;
    pub const SIGNED: u8 = 0;
    pub const UNSIGNED: u8 = 1;
    pub const SINGLE: u8 = 2;
    pub const DOUBLE: u8 = 3;
    pub const STRING: u8 = 4;
}

pub(super) fn optional(n: Option<i64>) -> [u8; 9] {
    let mut bytes = [0; 9];
    if let Some(n) = n {
        bytes[0] = 1;
        bytes[1..].copy_from_slice(&n.to_le_bytes());
    }
    bytes
}

pub(super) fn id(id: StreamId) -> [u8; 16] {
    (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes()
}

pub(super) fn length(bytes: &[u8]) -> [u8; 8] {
    (bytes.len() as u64).to_be_bytes()
}

/// Takes parts off the front of a name or content. What is not there reads as
/// zero; it always is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts<'t>(pub &'t [u8]);

impl<'t> Parts<'t> {
    pub fn array<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => [0; N],
        }
    }

    pub fn byte(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    pub fn number(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }

    pub fn optional(&mut self) -> Option<i64> {
        let there = self.byte() == 1;
        let n = self.number() as i64;
        there.then_some(n)
    }

    pub fn id(&mut self) -> StreamId {
        StreamId::from_bytes(self.array())
    }

    /// A string behind its length.
    pub fn string(&mut self) -> &'t [u8] {
        let len = usize::try_from(u64::from_be_bytes(self.array()));
        let cut = len.ok().and_then(|len| self.0.split_at_checked(len));
        let (string, rest) = cut.unwrap_or((self.0, &[]));
        self.0 = rest;
        string
    }
}
