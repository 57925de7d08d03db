//! Reading one file: what is kept of each key, and what stands beside the keys.

mod outside;

use std::io::Read;

use xxhash_rust::xxh3::Xxh3;

use super::budget::Shared;
use super::error::{DiffError, Side};
use super::functions::Libraries;
use super::log::{Entry, FARTHEST, Logs};
use super::prints::Prints;
use super::source::{ReadAt, Sequential};
use super::span::Span;
use crate::decoder::{KeySink, PlainString, Sink, Whole};
use crate::error::{Error, ErrorKind, Stage};
use crate::event::{Part, Token};
use crate::filter::{Candidate, Filter};
use crate::limits::Limits;
use crate::record::{Attributes, Collector, KeyMeta};
use crate::slice::compare;
use crate::stream::StreamReader;
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ValueType};

/// Times a file may go to another database: a server does once for each.
const MAX_CHANGES: usize = 1 << 20;

/// Bytes of a scan's window.
const WINDOW: usize = 256 << 10;

/// A file that has been read.
pub(super) struct Scanned<'s> {
    pub reader: StreamReader<Sequential<'s>>,
    pub logs: Logs,
    pub libraries: Libraries,
    /// Fingerprint of what modules keep beside the keys.
    pub module_data: u64,
    /// From which place on keys are in which database.
    pub dbs: Vec<(u64, u64)>,
    pub keys: u64,
    pub taken: u64,
    pub dialect: Dialect,
    pub version: u32,
    /// Offset behind the end of the file's RDB part.
    pub end: u64,
}

/// Reads a file from its first byte to its end.
pub(super) fn scan<'s>(
    side: Side,
    source: &'s dyn ReadAt,
    prints: &Prints,
    filter: &mut Filter,
    budget: &Shared<'_>,
) -> Result<Scanned<'s>, DiffError> {
    let limits = limits(budget);
    let mut reader = StreamReader::with_limits(Sequential::new(source), WINDOW, limits);
    let mut scanner = Scanner::new(side, prints, filter, budget);
    let any: &mut StreamReader<dyn Read + '_> = &mut reader;
    loop {
        let more = any.drive(&mut scanner);
        if let Some(error) = scanner.error.take() {
            return Err(error);
        }
        if !more.map_err(DiffError::of(side))? {
            break;
        }
    }
    if let (Some(stored), Some(computed)) = (scanner.stored, reader.computed_checksum()) {
        compare(stored, computed, reader.offset()).map_err(DiffError::of(side))?;
    }
    let Scanner {
        logs,
        libraries,
        module_data,
        dbs,
        keys,
        taken,
        collector,
        ..
    } = scanner;
    reader.set_collector(collector);
    let decoder = reader.decoder();
    Ok(Scanned {
        dialect: decoder.dialect(),
        version: decoder.version(),
        end: decoder.offset(),
        reader,
        logs,
        libraries,
        module_data: module_data.digest(),
        dbs,
        keys,
        taken,
    })
}

/// A string that has to be whole may take half of the memory.
fn limits(budget: &Shared<'_>) -> Limits {
    let limits = Limits::default();
    Limits {
        max_piece: limits.max_piece.min((budget.limit / 2).max(1 << 16)),
        ..limits
    }
}

/// Where the tokens of a file go.
struct Scanner<'e, 't> {
    side: Side,
    prints: &'e Prints,
    filter: &'e mut Filter,
    /// Whether the filter can be asked before it is known what the other file has.
    skips: bool,
    no_filter: bool,
    budget: &'e Shared<'t>,
    logs: Logs,
    dialect: Dialect,
    db: u64,
    dbs: Vec<(u64, u64)>,
    attributes: Attributes,
    /// Where the attributes of the next key begin.
    before: Option<u64>,
    key_meta: Vec<u8>,
    state: State,
    span: Span,
    name: Vec<u8>,
    /// Bytes that a name may be decompressed to.
    max_name: u64,
    scratch: Scratch,
    collector: Collector,
    libraries: Libraries,
    module_data: Xxh3,
    stored: Option<u64>,
    keys: u64,
    taken: u64,
    error: Option<DiffError>,
}

/// What the next token belongs to.
#[derive(Clone, Copy)]
enum State {
    Outside,
    Key(Open),
    Module,
}

/// A key that comes in pieces.
#[derive(Clone, Copy)]
struct Open {
    kind: ValueType,
    meta: KeyMeta,
    /// Of its type byte.
    at: u64,
    /// Of its first attribute.
    start: u64,
    /// Whether the filter takes it as far as could be told at its beginning.
    asked: bool,
}

type Outcome = Result<(), DiffError>;

impl<'e, 't> Scanner<'e, 't> {
    fn new(
        side: Side,
        prints: &'e Prints,
        filter: &'e mut Filter,
        budget: &'e Shared<'t>,
    ) -> Scanner<'e, 't> {
        let max_name = limits(budget).max_name();
        Scanner {
            side,
            prints,
            skips: filter.is_of_names(),
            no_filter: filter.is_empty(),
            libraries: Libraries::new(budget.limit / 8),
            filter,
            budget,
            logs: Logs::new(),
            dialect: Dialect::Redis,
            db: 0,
            dbs: vec![(0, 0)],
            attributes: Attributes::default(),
            before: None,
            key_meta: Vec::new(),
            state: State::Outside,
            span: Span::default(),
            name: Vec::new(),
            max_name,
            scratch: Scratch::with_limit(max_name),
            collector: Collector::default(),
            module_data: prints.pieces(),
            stored: None,
            keys: 0,
            taken: 0,
            error: None,
        }
    }

    fn failed(&self, kind: ErrorKind, at: u64, stage: Stage) -> DiffError {
        DiffError::of(self.side)(Error::new(kind, at, at, stage))
    }

    /// A key that is in the window whole; `raw` is all of it from its type on.
    #[inline(always)]
    fn whole_key(&mut self, kind: ValueType, key: Str<'_>, raw: &[u8], at: u64) -> Outcome {
        let meta = self.attributes.take();
        let start = self.before.take().unwrap_or(at);
        self.keys += 1;
        let taken = self.no_filter
            || (self.asks(kind, key, &meta, at)? && self.filter.takes_size(raw.len() as u64));
        if taken || !self.skips {
            let print = self.prints.span(raw);
            let content = self.content(print, kind, &meta);
            let key = match key {
                Str::Raw(name) => self.prints.key(self.db, name),
                _ => self.long_way(key, at)?,
            };
            self.keep(key, content, start, taken)?;
        }
        self.key_meta.clear();
        Ok(())
    }

    /// The fingerprint of a key that is not written as it is.
    fn long_way(&mut self, key: Str<'_>, at: u64) -> Result<(u8, u64), DiffError> {
        match key.bytes(&mut self.scratch) {
            Ok(name) => Ok(self.prints.key(self.db, name)),
            Err(kind) => Err(self.failed(kind, at, Stage::Key)),
        }
    }

    /// Whether the filter takes the key, as far as it can tell before the value.
    #[inline(always)]
    fn asks(
        &mut self,
        kind: ValueType,
        key: Str<'_>,
        meta: &KeyMeta,
        at: u64,
    ) -> Result<bool, DiffError> {
        if matches!(key, Str::Lzf { len, .. } if len > self.max_name) {
            // The filter has a bound of its own.
            self.long_way(key, at)?;
        }
        let candidate = Candidate {
            db: self.db,
            object: kind.object(self.dialect),
            key,
            expire_ms: meta.expire_ms,
        };
        let takes = self.filter.takes_key(&candidate);
        takes.map_err(|kind| self.failed(kind, at, Stage::Key))
    }

    /// Makes the fingerprint of a span one of all that belongs to the key.
    #[inline(always)]
    fn content(&self, span: u64, kind: ValueType, meta: &KeyMeta) -> u64 {
        let mut print = span;
        if let Some(ms) = meta.expire_ms {
            print ^= self.prints.extra(0, &ms.to_le_bytes());
        }
        if kind.0 > ValueType::STREAM_LISTPACKS_3.0 || !self.key_meta.is_empty() {
            print ^= self.rare(kind);
        }
        print
    }

    /// What the same bytes mean may depend on the file: the newest types have
    /// two meanings, and those that refer to a template one in each file.
    #[cold]
    fn rare(&self, kind: ValueType) -> u64 {
        let refers = self.dialect == Dialect::Redis && matches!(kind.0, 30 | 32);
        let reading = [
            u8::from(self.dialect == Dialect::Valkey),
            u8::from(refers && self.side == Side::New),
        ];
        self.prints.extra(1, &reading) ^ self.prints.extra(2, &self.key_meta)
    }

    #[inline(always)]
    fn keep(&mut self, (log, print): (u8, u64), content: u64, at: u64, taken: bool) -> Outcome {
        if at >= FARTHEST {
            return Err(self.too_far(at));
        }
        self.taken += u64::from(taken);
        let entry = Entry::new(print, content, at, taken);
        self.logs.push(log, entry, self.budget)
    }

    #[cold]
    fn too_far(&self, at: u64) -> DiffError {
        let (what, limit) = ("file", FARTHEST);
        let kind = ErrorKind::Limit {
            what,
            asked: at,
            limit,
        };
        self.failed(kind, at, Stage::Key)
    }

    #[inline(always)]
    fn take(&mut self, window: &[u8], at: u64, used: usize, token: Token) -> Outcome {
        let bytes = window.get(..used).unwrap_or_default();
        match self.state {
            State::Outside => return self.outside(window, bytes, at, token),
            State::Key(open) => match token {
                Part::KeyEnd => return self.end(open, at),
                _ => self.span.add(bytes, self.prints),
            },
            State::Module => {
                self.module_data.update(bytes);
                if matches!(token, Part::ModuleEnd) {
                    self.state = State::Outside;
                }
            }
        }
        Ok(())
    }

    fn end(&mut self, open: Open, end: u64) -> Outcome {
        self.state = State::Outside;
        let taken = self.no_filter || (open.asked && self.filter.takes_size(end - open.at));
        let print = self.span.end(self.prints);
        if taken || !self.skips {
            let content = self.content(print, open.kind, &open.meta);
            let key = self.prints.key(self.db, &self.name);
            self.keep(key, content, open.start, taken)?;
        }
        self.key_meta.clear();
        Ok(())
    }
}

impl Sink for Scanner<'_, '_> {
    #[inline(always)]
    fn token(&mut self, window: &[u8], at: u64, used: usize, token: Token) {
        if self.error.is_none() {
            self.error = self.take(window, at, used, token).err();
        }
    }
}

impl KeySink for Scanner<'_, '_> {
    #[inline(always)]
    fn plain_string(&mut self, plain: PlainString<'_>) {
        if self.error.is_none() {
            let (kind, key) = (ValueType::STRING, Str::Raw(plain.key));
            self.error = self.whole_key(kind, key, plain.raw, plain.at).err();
        }
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        if self.error.is_none() {
            self.error = self.whole_key(key.kind, key.key, key.raw, key.at).err();
        }
    }
}
