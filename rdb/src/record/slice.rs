//! Records of input in memory: borrowed, nothing is copied.

use super::{Attribute, Attributes, Collector, Record};
use crate::error::{COMMAND_AMONG_KEYS, Error, Result, Stage};
use crate::event::{Event, Part, Role};
use crate::slice::SliceReader;
use crate::text::Str;
use crate::wire::{Dialect, ValueType};

/// A piece of a file that is a key, or is not part of one.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // made and taken apart at once, never kept
pub enum Entry<'a> {
    /// A key with its attributes and its value.
    Record(Record<'a>),
    /// Header, aux fields, functions, databases, module data, the end.
    Event(Event<'a>),
}

/// The keys of a file in memory, in order. See [`SliceReader::records`].
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::SliceReader;
///
/// let file = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\x00\x01b\x00\xff";
/// for record in SliceReader::new(file).records() {
///     let record = record?;
///     println!("{} has {} bytes", record.offset, record.raw.len());
/// }
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Records<'a> {
    reader: SliceReader<'a>,
    attributes: Attributes,
    /// Where the pending KEY_META record begins and ends.
    key_meta: (usize, usize),
    collector: Collector,
}

impl<'a> SliceReader<'a> {
    /// The keys from here on. The reader must not stand inside a key.
    #[must_use]
    pub fn records(self) -> Records<'a> {
        Records {
            reader: self,
            attributes: Attributes::default(),
            key_meta: (0, 0),
            collector: Collector::default(),
        }
    }
}

impl<'a> Records<'a> {
    /// The next key, or `None` after the end of the file or an error.
    ///
    /// # Errors
    ///
    /// As [`SliceReader::next_event`], and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a command
    /// among the keys, as replication streams have them: it may change what came
    /// before. Packed blobs are not looked into; walk [`Record::value`] for that.
    pub fn next_record(&mut self) -> Result<Option<Record<'a>>> {
        loop {
            match self.next_entry()? {
                Some(Entry::Record(record)) => return Ok(Some(record)),
                Some(Entry::Event(Part::Update(_))) => {
                    let at = self.reader.token_offset();
                    return Err(Error::new(COMMAND_AMONG_KEYS, at, at, Stage::Type));
                }
                Some(Entry::Event(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// The next key, or the next event that is not part of one.
    ///
    /// Attributes of keys are no events here; they are in the record.
    ///
    /// # Errors
    ///
    /// As [`SliceReader::next_event`].
    pub fn next_entry(&mut self) -> Result<Option<Entry<'a>>> {
        while let Some(event) = self.reader.next_event()? {
            let end = self.reader.offset() as usize;
            match self.attributes.token(&event) {
                Attribute::None => {}
                Attribute::Whole => continue,
                Attribute::MetaFirst => {
                    self.key_meta = (self.reader.token_offset() as usize, end);
                    continue;
                }
                Attribute::Meta => {
                    self.key_meta.1 = end;
                    continue;
                }
            }
            return Ok(Some(match event {
                Part::Key { kind, key } => Entry::Record(self.record(kind, key)?),
                Part::Template { .. }
                | Part::Item {
                    role: Role::TemplateField,
                    ..
                } => {
                    self.collect(&event)?;
                    Entry::Event(event)
                }
                event => Entry::Event(event),
            }));
        }
        Ok(None)
    }

    fn record(&mut self, kind: ValueType, key: Str<'a>) -> Result<Record<'a>> {
        let offset = self.reader.token_offset();
        let start = self.reader.offset() as usize;
        let meta = self.attributes.take();
        let (meta_start, meta_end) = std::mem::take(&mut self.key_meta);
        self.reader.skip_value()?;
        let (dialect, version) = self.format();
        let data: &'a [u8] = self.reader.data();
        let end = self.reader.offset() as usize;
        Ok(Record {
            db: self.reader.db(),
            meta,
            key_meta: data.get(meta_start..meta_end).unwrap_or_default(),
            kind,
            dialect,
            version,
            key,
            raw: data.get(start..end).unwrap_or_default(),
            offset,
            value_offset: start as u64,
            max_decompressed: self.reader.limits().max_decompressed,
            templates: self.collector.templates(),
        })
    }

    #[cold]
    fn collect(&mut self, event: &Event<'a>) -> Result<()> {
        let (start, end) = (self.reader.token_offset(), self.reader.offset());
        let bytes = self.reader.data().get(start as usize..end as usize);
        let limit = self.reader.limits().max_record;
        self.collector
            .token(event, bytes.unwrap_or_default(), limit)
            .map_err(|kind| self.reader.decoder().error_here(kind))
    }

    fn format(&mut self) -> (Dialect, u32) {
        let decoder = self.reader.decoder();
        (decoder.dialect(), decoder.version())
    }

    /// The reader, for offsets, the checksum, and what is left.
    #[must_use]
    pub fn reader(&self) -> &SliceReader<'a> {
        &self.reader
    }

    /// The reader, which stands behind the last key.
    #[must_use]
    pub fn into_reader(self) -> SliceReader<'a> {
        self.reader
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_record().transpose()
    }
}
