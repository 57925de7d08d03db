//! A value as it came out of a file.

use rdbkit_rdb::digest::Kind;
use rdbkit_rdb::{Error, ObjectKind, Record, RecordBuf, dump};

/// The record of an RDB file, or the payload of a RESTORE.
#[derive(Clone, Debug)]
pub(in crate::digest) enum Raw {
    File(Box<RecordBuf>),
    Dump(Box<[u8]>),
}

impl Raw {
    /// Lets `look` have the record. Its name, database and expiry are not those
    /// of the key.
    ///
    /// # Errors
    ///
    /// Those of `look`, and what is wrong with a payload.
    pub fn record<R>(&self, look: impl FnOnce(Record<'_>) -> Result<R, Error>) -> Result<R, Error> {
        match self {
            Raw::File(buf) => look(buf.as_record()),
            Raw::Dump(payload) => look(dump::parse(payload)?.record),
        }
    }

    pub fn memory(&self) -> usize {
        match self {
            Raw::File(buf) => size_of::<RecordBuf>() + buf.capacity(),
            Raw::Dump(payload) => payload.len(),
        }
    }

    pub fn kind(&self) -> Option<Kind> {
        match self.record(|record| Ok(record.object())).ok()?? {
            ObjectKind::String => Some(Kind::String),
            ObjectKind::List => Some(Kind::List),
            ObjectKind::Set => Some(Kind::Set),
            ObjectKind::Zset => Some(Kind::Zset),
            ObjectKind::Hash => Some(Kind::Hash),
            ObjectKind::Stream => Some(Kind::Stream),
            ObjectKind::Module | ObjectKind::Array | ObjectKind::Gcra => None,
        }
    }
}
