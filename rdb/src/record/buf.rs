//! One key of a stream, copied out of the window.

use std::io::Read;

use super::{Attribute, Attributes, KeyMeta, Record, Templates};
use crate::error::{COMMAND_AMONG_KEYS, Error, ErrorKind, Result, Stage};
use crate::event::{Event, Part};
use crate::stream::StreamReader;
use crate::text::StrToken;
use crate::wire::{Dialect, ValueType};

/// A whole key, owned. Reused from one key to the next, it stops allocating
/// once it has seen the largest.
///
/// # Limits
///
/// Holds at most [`Limits::max_record`](crate::Limits::max_record) bytes of the
/// file, and grows as they arrive, to twice what it holds at most.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{RecordBuf, StreamReader};
///
/// let file: &[u8] = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\x00\x01b\x00\xff";
/// let mut reader = StreamReader::new(file);
/// let mut buf = RecordBuf::default();
/// let mut keys = Vec::new();
/// while reader.read_record(&mut buf)? {
///     keys.push(buf.as_record().key.to_vec().unwrap());
/// }
/// assert_eq!(keys, [b"a", b"b"]);
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct RecordBuf {
    /// KEY_META, type byte, key, value.
    bytes: Vec<u8>,
    /// Where the type byte stands in `bytes`.
    key_at: usize,
    /// Where the value begins in `bytes`.
    value_at: usize,
    /// The key, counted from the type byte.
    key: StrToken,
    db: u64,
    meta: KeyMeta,
    kind: ValueType,
    dialect: Dialect,
    version: u32,
    offset: u64,
    max_decompressed: u64,
    templates: Option<Templates>,
}

impl Default for RecordBuf {
    fn default() -> RecordBuf {
        RecordBuf {
            bytes: Vec::new(),
            key_at: 0,
            value_at: 0,
            key: StrToken::Raw { start: 0, len: 0 },
            db: 0,
            meta: KeyMeta::default(),
            kind: ValueType::STRING,
            dialect: Dialect::Redis,
            version: 0,
            offset: 0,
            max_decompressed: 0,
            templates: None,
        }
    }
}

impl RecordBuf {
    /// An empty buffer, whose record is an empty string under an empty key.
    #[must_use]
    pub fn new() -> RecordBuf {
        RecordBuf::default()
    }

    /// The key that was read last.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        let from = |at: usize| self.bytes.get(at..).unwrap_or_default();
        Record {
            db: self.db,
            meta: self.meta,
            key_meta: self.bytes.get(..self.key_at).unwrap_or_default(),
            kind: self.kind,
            dialect: self.dialect,
            version: self.version,
            key: self.key.resolve(from(self.key_at)),
            raw: from(self.value_at),
            offset: self.offset,
            value_offset: self.offset + (self.value_at - self.key_at) as u64,
            max_decompressed: self.max_decompressed,
            templates: self.templates.clone(),
        }
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

impl<R: Read> StreamReader<R> {
    /// Copies the next key into `record`, or says `false` at the end of the
    /// file. Events that are not part of a key are passed over.
    ///
    /// After an error `record` holds nothing of use. After one that
    /// [is a limit](crate::Error::is_limit) of the record as a whole, the next
    /// call goes on with the key behind the one that was too large.
    ///
    /// # Errors
    ///
    /// As [`StreamReader::next_event`], [`ErrorKind::Limit`] for a key above
    /// [`Limits::max_record`](crate::Limits::max_record), and
    /// [`ErrorKind::Unsupported`] for a command among the keys, as replication
    /// streams have them: it may change what came before.
    pub fn read_record(&mut self, record: &mut RecordBuf) -> Result<bool> {
        self.read_record_with(record, |_| ())
    }

    /// As [`read_record`](Self::read_record), and shows `other` every event that
    /// is passed over on the way: header, AUX fields, functions, databases.
    /// Attributes of keys are not among them; they are in the record.
    ///
    /// # Errors
    ///
    /// Those of [`read_record`](Self::read_record).
    pub fn read_record_with(
        &mut self,
        record: &mut RecordBuf,
        mut other: impl FnMut(&Event<'_>),
    ) -> Result<bool> {
        record.bytes.clear();
        let limit = self.decoder().limits().max_record;
        record.max_decompressed = self.decoder().limits().max_decompressed;
        let mut attributes = Attributes::default();
        let mut inside = false;
        let mut refused: Option<Error> = None;
        while let Some((at, token)) = self.next_token()? {
            let attribute = match inside {
                true => Attribute::None,
                false => attributes.token(&token),
            };
            let keep = match (attribute, token) {
                (Attribute::MetaFirst, _) => {
                    record.bytes.clear();
                    true
                }
                (Attribute::Meta, _) => true,
                (Attribute::Whole, _) => false,
                (Attribute::None, Part::Key { kind, key }) => {
                    record.key_at = record.bytes.len();
                    record.kind = kind;
                    record.key = key;
                    record.meta = attributes.take();
                    record.offset = self.token_offset();
                    inside = true;
                    true
                }
                (Attribute::None, Part::KeyEnd) if inside => {
                    self.complete(record);
                    return refused.map_or(Ok(true), Err);
                }
                (Attribute::None, Part::Update(_)) if !inside => {
                    let at = self.token_offset();
                    return Err(Error::new(COMMAND_AMONG_KEYS, at, at, Stage::Type));
                }
                (Attribute::None, _) => inside,
            };
            if keep && refused.is_none() {
                let bytes = self.token_bytes(at);
                let asked = record.bytes.len() as u64 + bytes.len() as u64;
                if asked > limit {
                    let what = "record";
                    let kind = ErrorKind::Limit { what, asked, limit };
                    // The rest is read all the same: the next call must find a
                    // key, and a file that ends here is damaged, not large.
                    refused = Some(self.decoder().error_here(kind));
                    continue;
                }
                record.bytes.extend_from_slice(bytes);
                if matches!(token, Part::Key { .. }) {
                    record.value_at = record.bytes.len();
                }
            } else if !inside {
                self.collect(at, &token)?;
                if attribute == Attribute::None {
                    other(&token.resolve(self.token_bytes(at)));
                }
            }
        }
        Ok(false)
    }

    fn complete(&mut self, record: &mut RecordBuf) {
        record.templates = self.collector().templates();
        let decoder = self.decoder();
        record.db = decoder.db();
        record.dialect = decoder.dialect();
        record.version = decoder.version();
    }

    fn collect<S>(&mut self, at: usize, token: &Part<S>) -> Result<()> {
        let limit = self.decoder().limits().max_record;
        let (collector, bytes) = self.collector_and_bytes(at);
        collector
            .token(token, bytes, limit)
            .map_err(|kind| self.decoder().error_here(kind))
    }
}
