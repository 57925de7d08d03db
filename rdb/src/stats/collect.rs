//! The collector: keys in, sums out.

mod inside;
mod merge;
mod sums;
mod told;

use std::collections::BTreeMap;

use super::file::FileFacts;
use super::meter::{Measured, Meter};
use super::top::Top;
use super::{Encoding, KeyStats, Lifetime, Model, Options, Prefixes, Tally};
use crate::error::{COMMAND_AMONG_KEYS, Error, Stage};
use crate::event::{Event, Part};
use crate::filter::{Candidate, Filter};
use crate::record::{Attribute, Attributes, KeyMeta, Record};
use crate::text::{Scratch, Str};
use crate::value::Walk;
use crate::wire::{Dialect, ObjectKind, ValueType};
use inside::Inside;
pub use sums::{Database, Kind, Usage};

/// Databases told apart; no server is configured for more.
const DATABASES: usize = 1 << 16;

/// Value types; the decoder knows none above.
const TYPES: usize = 64;

const KINDS: usize = ObjectKind::ALL.len();
const LIFETIMES: usize = Lifetime::ALL.len();
const ENCODINGS: usize = Encoding::ALL.len();

/// Counts what a file is made of.
///
/// # Limits
///
/// About 3 MB whatever the file's size: the [`Prefixes`] and histograms; 350
/// bytes a database, of which 65536 are told apart; [`Options::top`] keys by
/// each of three measures, with up to 1 KiB of their names.
#[derive(Clone, Debug)]
pub struct Stats {
    options: Options,
    filter: Option<Filter>,
    file: FileFacts,
    databases: BTreeMap<u64, Database>,
    other_databases: Database,
    /// The database being counted; put to the others when it changes.
    counts: Database,
    pub(super) db: u64,
    types: Box<[(Tally, Dialect); TYPES]>,
    encodings: [u64; ENCODINGS],
    /// Keys of which there is no model.
    unmodelled: u64,
    lifetimes: [Tally; LIFETIMES],
    kinds: Box<[Kind; KINDS]>,
    usage: Usage,
    prefixes: Prefixes,
    by_bytes: Top,
    by_elements: Top,
    by_memory: Top,
    pub(super) meter: Meter,
    pub(super) attributes: Attributes,
    inside: Option<Inside>,
    name: Vec<u8>,
    scratch: Scratch,
    started: bool,
    end: u64,
}

impl Stats {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(options: Options) -> Stats {
        let file = FileFacts::default();
        let server = options.server.unwrap_or_else(|| file.server());
        let model = Model::new(server, options.allocator);
        Stats {
            filter: None,
            file,
            databases: BTreeMap::new(),
            other_databases: Database::default(),
            counts: Database::default(),
            db: 0,
            types: Box::new([(Tally::default(), Dialect::Redis); TYPES]),
            encodings: [0; ENCODINGS],
            unmodelled: 0,
            lifetimes: [Tally::default(); LIFETIMES],
            kinds: Box::default(),
            usage: Usage::default(),
            prefixes: Prefixes::new(&options.separators, options.depth, options.prefixes),
            by_bytes: Top::new(options.top),
            by_elements: Top::new(options.top),
            by_memory: Top::new(options.top),
            meter: Meter::new(model, options.now_ms),
            attributes: Attributes::default(),
            inside: None,
            name: Vec::new(),
            scratch: Scratch::default(),
            started: false,
            end: 0,
            options,
        }
    }

    /// The header of a file whose other events are to come.
    pub fn begin(&mut self, dialect: Dialect, version: u32) {
        let raw = [0; 9];
        self.other(
            0,
            &Part::Header {
                dialect,
                version,
                raw,
            },
        );
    }

    /// Counts only keys that pass.
    #[must_use]
    pub fn filtered(mut self, filter: Filter) -> Stats {
        self.filter = (!filter.is_empty()).then_some(filter);
        self
    }

    /// Takes the event that begins at offset `at` of the file. What a key came
    /// to is said when it ends; `None` for all else, and for keys that do not
    /// pass the filter.
    ///
    /// # Errors
    ///
    /// Where a key's name is compressed and damaged, and
    /// [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) for a command
    /// among the keys, as replication streams have them: it may change what was
    /// counted.
    pub fn event(&mut self, at: u64, event: &Event<'_>) -> Result<Option<KeyStats<'_>>, Error> {
        match *event {
            Part::KeyEnd if self.inside.is_some() => return Ok(self.end_key(at)),
            _ if self.inside.is_some() => self.piece(event),
            Part::Key { kind, key } => {
                let dialect = self.dialect();
                let meta = self.attributes.take();
                self.begin_key(kind, dialect, key, meta, at)?;
            }
            Part::Update(_) => {
                return Err(Error::new(COMMAND_AMONG_KEYS, at, at, Stage::Type));
            }
            _ => self.other(at, event),
        }
        Ok(None)
    }

    /// Takes a whole key. Its file may be any: set [`Options::server`], or let
    /// the header and the AUX fields pass by first.
    ///
    /// # Errors
    ///
    /// Where the value is damaged.
    pub fn record(&mut self, record: &Record<'_>) -> Result<Option<KeyStats<'_>>, Error> {
        self.select(record.db);
        let mut events = Walk::new(record)?;
        self.begin_key(
            record.kind,
            record.dialect,
            record.key,
            record.meta,
            record.offset,
        )?;
        while let Some(event) = events.next()? {
            self.piece(&event);
        }
        Ok(self.end_key(record.offset + record.size()))
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.file
            .format
            .map_or(Dialect::Redis, |(dialect, _)| dialect)
    }

    /// What is no key nor part of one.
    pub(super) fn other(&mut self, at: u64, event: &Event<'_>) {
        if self.attributes.token(event) != Attribute::None {
            return;
        }
        match *event {
            Part::SelectDb(db) => self.select(db),
            Part::Eof { checksum } => {
                self.put_counts();
                self.end = at + 1 + 8 * u64::from(checksum.is_some());
            }
            ref other => self.file.event(other),
        }
    }

    fn select(&mut self, db: u64) {
        if db != self.db {
            self.put_counts();
            self.db = db;
        }
    }

    fn put_counts(&mut self) {
        let counts = std::mem::take(&mut self.counts);
        if counts.tally.keys == 0 {
            return;
        }
        let known = self.databases.len() < DATABASES || self.databases.contains_key(&self.db);
        match known {
            true => self.databases.entry(self.db).or_default().add(&counts),
            false => self.other_databases.add(&counts),
        }
    }

    /// By the first key, the file has said who wrote it.
    #[cold]
    fn start(&mut self) {
        self.started = true;
        let server = self.options.server.unwrap_or_else(|| self.file.server());
        self.meter.model = Model::new(server, self.options.allocator);
    }

    #[inline]
    pub(super) fn begin_key(
        &mut self,
        kind: ValueType,
        dialect: Dialect,
        key: Str<'_>,
        meta: KeyMeta,
        offset: u64,
    ) -> Result<(), Error> {
        if !self.started {
            self.start();
        }
        let failed = |kind| Error::new(kind, offset, offset, Stage::Key);
        let name = key.bytes(&mut self.scratch).map_err(failed)?;
        let wanted = match &mut self.filter {
            None => true,
            Some(filter) => {
                let candidate = Candidate {
                    db: self.db,
                    object: kind.object(dialect),
                    key: Str::Raw(name),
                    expire_ms: meta.expire_ms,
                };
                filter.takes_key(&candidate).map_err(failed)?
            }
        };
        self.name.clear();
        self.name.extend_from_slice(name);
        self.inside = Some(Inside {
            kind,
            dialect,
            meta,
            offset,
            wanted,
        });
        self.meter.begin(kind, dialect);
        Ok(())
    }

    #[inline]
    pub(super) fn piece(&mut self, event: &Event<'_>) {
        if self.inside.is_some_and(|key| key.wanted) {
            self.meter.piece(event);
        }
    }

    pub(super) fn is_inside(&self) -> bool {
        self.inside.is_some()
    }

    pub(super) fn end_key(&mut self, at: u64) -> Option<KeyStats<'_>> {
        let key = self.inside.take()?;
        let size = at.saturating_sub(key.offset);
        if !key.wanted
            || self
                .filter
                .as_mut()
                .is_some_and(|filter| !filter.takes_size(size))
        {
            return None;
        }
        let expires = key.meta.expire_ms.is_some();
        let measured = self.meter.end(self.name.len() as u64, size, expires);
        let name = std::mem::take(&mut self.name);
        self.add(&key.stats(self.db, &name, size, measured));
        self.name = name;
        Some(key.stats(self.db, &self.name, size, measured))
    }

    /// A string key with an uncompressed value of `text` bytes.
    #[inline]
    pub(super) fn plain_string(&mut self, key: &[u8], text: &[u8], size: u64, offset: u64) {
        if !self.started {
            self.start();
        }
        let meta = self.attributes.take();
        if let Some(filter) = &mut self.filter {
            let candidate = Candidate {
                db: self.db,
                object: Some(ObjectKind::String),
                key: Str::Raw(key),
                expire_ms: meta.expire_ms,
            };
            // Nothing is decompressed, so nothing can fail.
            if !filter.takes_key(&candidate).unwrap_or(false) || !filter.takes_size(size) {
                return;
            }
        }
        let (len, integer) = (text.len() as u64, super::meter::integer(text).is_some());
        let expires = meta.expire_ms.is_some();
        let (encoding, memory) = self
            .meter
            .model
            .string(key.len() as u64, len, integer, expires);
        let measured = Measured {
            elements: Some(len),
            encoding: Some(encoding),
            memory,
            ..Measured::default()
        };
        let inside = Inside {
            kind: ValueType::STRING,
            dialect: self.dialect(),
            meta,
            offset,
            wanted: true,
        };
        self.add(&inside.stats(self.db, key, size, measured));
    }

    /// Counts a key.
    #[inline]
    pub fn add(&mut self, key: &KeyStats<'_>) {
        self.select(key.db);
        let lifetime = Lifetime::of(key.meta.expire_ms, self.options.now_ms);
        let expired = lifetime == Lifetime::Expired;
        self.counts.tally.count(key, expired);
        let of_type = &mut self.types[usize::from(key.kind.0) & (TYPES - 1)];
        if of_type.0.keys == 0 {
            of_type.1 = key.dialect;
            self.file.uses_type(key.kind, key.dialect);
        }
        of_type.0.count(key, expired);
        self.lifetimes[lifetime as usize].count(key, expired);
        if let Some(object) = key.object() {
            self.counts.by_kind[object as usize] += 1;
            let kind = &mut self.kinds[object as usize];
            kind.memory.record(key.memory.allocated);
            match key.elements {
                Some(n) => kind.elements.record(n),
                None => kind.uncounted += 1,
            }
            if let Some(n) = key.elements.filter(|_| object != ObjectKind::String) {
                self.by_elements.add(n, key);
            }
        }
        match key.encoding {
            Some(encoding) => self.encodings[encoding as usize] += 1,
            None => self.unmodelled += 1,
        }
        if let Some(idle) = key.meta.idle {
            self.usage.idle.record(idle);
        }
        if let Some(freq) = key.meta.freq {
            self.usage.freq.record(freq.into());
        }
        self.by_bytes.add(key.size, key);
        self.by_memory.add(key.memory.allocated, key);
        self.prefixes.add(key);
    }
}
