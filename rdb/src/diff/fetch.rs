//! Single keys of a file that was read before, by their place.

use super::difference::KeyState;
use super::error::{DiffError, Side};
use super::scan::Scanned;
use super::source::Sequential;
use crate::error::Error;
use crate::record::{KeyHead, Record, RecordBuf};
use crate::stream::StreamReader;

/// Bytes that are read at once for a key; more follow if it is larger.
const WINDOW: usize = 16 << 10;

/// Buffers above this are given back when the next key is asked for.
const KEPT: usize = 4 << 20;

/// A key without its value.
pub(super) struct Named<'f> {
    pub db: u64,
    pub key: &'f [u8],
    pub state: KeyState,
}

/// A key with all of it, or why that may not be held.
pub(super) struct Fetched<'f> {
    pub named: Named<'f>,
    pub record: Result<Record<'f>, Error>,
}

/// Reads keys of one file.
pub(super) struct Fetcher<'s> {
    side: Side,
    reader: StreamReader<Sequential<'s>>,
    source: Sequential<'s>,
    dbs: Vec<(u64, u64)>,
    /// Bytes of a name.
    max_name: u64,
    head: KeyHead,
    buf: RecordBuf,
}

impl<'s> Fetcher<'s> {
    /// For keys of at most `max_record` bytes.
    pub fn new(side: Side, source: Sequential<'s>, scanned: Scanned<'s>, max_record: u64) -> Self {
        let mut reader = scanned.reader;
        reader.set_max_record(max_record);
        let max_name = reader.decoder().limits().max_name();
        Fetcher {
            side,
            reader,
            source,
            dbs: scanned.dbs,
            max_name,
            head: KeyHead::default(),
            buf: RecordBuf::new(),
        }
    }

    fn go_to(&mut self, at: u64) {
        // The last change that is before the key.
        let changes = self.dbs.partition_point(|(from, _)| *from <= at);
        let last = changes.checked_sub(1).and_then(|n| self.dbs.get(n));
        let db = last.map_or(0, |(_, db)| *db);
        self.reader.restart(self.source.from(at), at, db, WINDOW);
    }

    /// The key that begins at `at` with its attributes, without its value.
    pub fn head(&mut self, at: u64) -> Result<Named<'_>, DiffError> {
        self.go_to(at);
        match self.reader.read_head(&mut self.head) {
            Ok(true) => {}
            Ok(false) => return Err(self.changed(at)),
            Err(error) => return Err(self.failed(error, at)),
        }
        let head = &self.head;
        Ok(Named {
            db: head.db,
            key: head.key(),
            state: KeyState {
                object: head.object(),
                kind: head.kind,
                dialect: head.dialect,
                expire_ms: head.meta.expire_ms,
                size: head.size,
                offset: head.offset,
            },
        })
    }

    /// The key that begins at `at` with its attributes.
    pub fn key(&mut self, at: u64) -> Result<Fetched<'_>, DiffError> {
        self.go_to(at);
        if self.buf.capacity() > KEPT {
            self.buf = RecordBuf::new();
        }
        match self.reader.read_record(&mut self.buf) {
            Ok(true) => {}
            Ok(false) => return Err(self.changed(at)),
            Err(error) if error.is_limit() => {
                // It still has a name, a type and an expiry.
                let (named, record) = (self.head(at)?, Err(error));
                return Ok(Fetched { named, record });
            }
            Err(error) => return Err(self.failed(error, at)),
        }
        let record = self.buf.as_record();
        let state = KeyState::of(&record);
        self.head
            .set_key(record.key, self.max_name)
            .map_err(|kind| {
                let at = record.offset;
                let error = Error::new(kind, at, at, crate::Stage::Key);
                DiffError::of(self.side)(error)
            })?;
        let named = Named {
            db: record.db,
            key: self.head.key(),
            state,
        };
        let record = Ok(record);
        Ok(Fetched { named, record })
    }

    fn changed(&self, offset: u64) -> DiffError {
        let side = self.side;
        DiffError::Changed { side, offset }
    }

    /// All of this could be read a moment ago.
    fn failed(&self, error: Error, at: u64) -> DiffError {
        match error.is_io() || error.is_limit() {
            true => DiffError::of(self.side)(error),
            false => self.changed(at),
        }
    }
}
