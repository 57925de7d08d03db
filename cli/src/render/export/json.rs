//! Keys with their values as JSON; the schema stands in `docs/export.schema.json`.

mod items;
mod stream;

use std::io::{self, Write};

use rdbkit_rdb::pieces::{End, Key, Page, Piece, VisitError, Visitor, Want};
use rdbkit_rdb::{Event, Field, ObjectKind, Part, Scratch, StreamGroups};

use self::stream::StreamState;
use super::beside::Beside;
use super::escape::{self, BASE64_BEGIN, BASE64_END, PART, integer, number, optional, text};
use crate::render::json::SCHEMA;
use crate::render::keys::{encoding, time};

/// Bytes that names of one stream's groups may take in memory.
const NAMES: u64 = 1 << 30;

/// What is written around and beside the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// One object a line.
    Lines,
    /// One document: an object with the keys in a list.
    Document,
}

/// Writes keys as JSON while they come by.
pub struct JsonKeys<'w> {
    page: Page<&'w mut dyn Write>,
    shape: Shape,
    meta: bool,
    functions: bool,
    /// What stands before the name of a key of this database.
    head: Vec<u8>,
    db: Option<u64>,
    /// Whether the list of keys has begun, in a document.
    keys_open: bool,
    object: ObjectKind,
    offset: u64,
    /// Pieces of the key in hand, within the list that is open.
    pieces: u64,
    stream: StreamState,
    groups: StreamGroups,
    keys: u64,
    /// Function libraries that came behind the place where they could be written.
    functions_left_out: u64,
    functions_written: u64,
    beside: Beside,
}

impl<'w> JsonKeys<'w> {
    /// Writes to `out`; `meta` is encoding, size and use of each key.
    pub fn new(out: &'w mut dyn Write, shape: Shape, meta: bool) -> JsonKeys<'w> {
        JsonKeys {
            page: Page::new(out),
            shape,
            meta,
            functions: true,
            head: Vec::new(),
            db: None,
            keys_open: false,
            object: ObjectKind::String,
            offset: 0,
            pieces: 0,
            stream: StreamState::Entries,
            groups: StreamGroups::new(NAMES),
            keys: 0,
            functions_left_out: 0,
            functions_written: 0,
            beside: Beside::default(),
        }
    }

    /// Leaves function libraries out of a document.
    #[must_use]
    pub fn without_functions(mut self) -> JsonKeys<'w> {
        self.functions = false;
        self
    }

    /// Begins a document about a file of this magic and version.
    pub fn begin(&mut self, magic: &str, version: u32) {
        if self.shape == Shape::Document {
            let head = format!(
                r#"{{"schema":{SCHEMA},"magic":"{magic}","version":{version},"functions":["#
            );
            self.page.buffer().extend_from_slice(head.as_bytes());
        }
    }

    /// Ends a document, with what was wrong with the file, if anything, and
    /// writes what is left.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn finish(&mut self, error: Option<&str>) -> io::Result<()> {
        if self.shape == Shape::Document {
            self.open_keys();
            let out = self.page.buffer();
            out.extend_from_slice(b"\n],\"error\":");
            match error {
                Some(error) => text(out, error.as_bytes()),
                None => out.extend_from_slice(b"null"),
            }
            out.extend_from_slice(b"}\n");
        }
        self.page.flush()
    }

    /// The output, to take back a damaged key, and to be flushed.
    pub fn page(&mut self) -> &mut Page<&'w mut dyn Write> {
        &mut self.page
    }

    /// Function libraries that were left out.
    pub fn functions_left_out(&self) -> u64 {
        self.functions_left_out
    }

    /// What there are no words for.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    fn open_keys(&mut self) {
        if !self.keys_open {
            self.page.buffer().extend_from_slice(b"],\"keys\":[");
            self.keys_open = true;
        }
    }

    /// What stands before the name of the next key.
    #[cold]
    fn change_db(&mut self, db: u64) {
        self.db = Some(db);
        let schema = match self.shape {
            Shape::Lines => format!("\"schema\":{SCHEMA},"),
            Shape::Document => String::new(),
        };
        self.head = format!("{{{schema}\"db\":{db},\"key\":").into_bytes();
    }

    /// Appends a text of any length.
    #[inline]
    fn text(&mut self, bytes: &[u8]) -> io::Result<()> {
        match bytes.len() {
            ..=PART => {
                text(self.page.buffer(), bytes);
                Ok(())
            }
            _ => self.long_text(bytes),
        }
    }

    fn long_text(&mut self, bytes: &[u8]) -> io::Result<()> {
        type Append = fn(&mut Vec<u8>, &[u8]);
        let (begin, append, end): (&[u8], Append, &[u8]) = match std::str::from_utf8(bytes) {
            Ok(_) => (b"\"", escape::escaped, b"\""),
            Err(_) => (BASE64_BEGIN, escape::base64, BASE64_END),
        };
        self.page.buffer().extend_from_slice(begin);
        for part in bytes.chunks(PART) {
            append(self.page.buffer(), part);
            self.page.relieve()?;
        }
        self.page.buffer().extend_from_slice(end);
        Ok(())
    }

    /// The comma before every piece but the first.
    #[inline(always)]
    fn next(&mut self) {
        if self.pieces > 0 {
            self.page.buffer().push(b',');
        }
        self.pieces += 1;
    }

    fn field(&mut self, field: &Field<&[u8]>) -> io::Result<()> {
        self.next();
        let begin: &[u8] = match field.path {
            None => b"{\"field\":",
            Some(path) => {
                self.page.buffer().extend_from_slice(b"{\"path\":");
                self.text(path)?;
                b",\"field\":"
            }
        };
        self.page.buffer().extend_from_slice(begin);
        self.text(field.field)?;
        self.page.buffer().extend_from_slice(b",\"value\":");
        self.text(field.value)?;
        let out = self.page.buffer();
        out.extend_from_slice(b",\"expire_ms\":");
        optional(out, field.expire_ms);
        out.push(b'}');
        Ok(())
    }
}

/// The type of a key, and what its value begins with.
const fn words(object: ObjectKind) -> (&'static [u8], &'static [u8], &'static [u8]) {
    match object {
        ObjectKind::String => (b",\"type\":\"string\"", b"", b""),
        ObjectKind::List => (b",\"type\":\"list\"", b"[", b"]"),
        ObjectKind::Set => (b",\"type\":\"set\"", b"[", b"]"),
        ObjectKind::Zset => (b",\"type\":\"zset\"", b"[", b"]"),
        ObjectKind::Hash => (b",\"type\":\"hash\"", b"[", b"]"),
        ObjectKind::Stream => (b",\"type\":\"stream\"", b"{\"entries\":[", b"}"),
        ObjectKind::Module => (b",\"type\":\"module\"", b"{", b"]}"),
        ObjectKind::Array => (b",\"type\":\"array\"", b"{", b"]}"),
        ObjectKind::Gcra => (b",\"type\":\"gcra\"", b"", b""),
    }
}

impl Visitor for JsonKeys<'_> {
    type Error = VisitError;

    #[inline(always)]
    fn key(&mut self, key: &Key<'_>) -> Result<Want, VisitError> {
        if self.shape == Shape::Document {
            self.open_keys();
        }
        self.page.begin_key()?;
        self.beside.key(key);
        if self.db != Some(key.db) {
            self.change_db(key.db);
        }
        self.object = key.object;
        self.offset = key.offset;
        self.pieces = 0;
        self.stream = StreamState::Entries;
        let _ = self.groups.finish();
        let (kind, begin, _) = words(key.object);
        let out = self.page.buffer();
        if self.shape == Shape::Document {
            out.extend_from_slice(if self.keys > 0 { b",\n" } else { b"\n" });
        }
        out.extend_from_slice(&self.head);
        self.text(key.name)?;
        let out = self.page.buffer();
        out.extend_from_slice(kind);
        match key.meta.expire_ms {
            None => out.extend_from_slice(b",\"expire_ms\":null"),
            Some(t) => {
                out.extend_from_slice(b",\"expire_ms\":");
                integer(out, t);
            }
        }
        if self.meta {
            meta(out, key);
        }
        out.extend_from_slice(b",\"value\":");
        out.extend_from_slice(begin);
        Ok(Want::Pieces)
    }

    #[inline(always)]
    fn piece(&mut self, piece: Piece<'_>) -> Result<(), VisitError> {
        match piece {
            Piece::String(bytes) => {
                self.pieces = 1;
                self.text(bytes)?;
            }
            Piece::Element(bytes) | Piece::Member(bytes) => {
                self.next();
                self.text(bytes)?;
            }
            Piece::Scored(member, score) => {
                self.next();
                self.page.buffer().extend_from_slice(b"{\"member\":");
                self.text(member)?;
                let out = self.page.buffer();
                out.extend_from_slice(b",\"score\":");
                number(out, score);
                out.push(b'}');
            }
            Piece::Field(field) => self.field(&field)?,
            Piece::Stream(item) => self.stream(item)?,
            Piece::Module(id) => {
                let (name, version) = (id.name(), id.encoding_version());
                let head = format!(r#""module":"{name}","encoding_version":{version},"items":["#);
                self.page.buffer().extend_from_slice(head.as_bytes());
            }
            Piece::ModuleItem(item) => self.module_item(&item)?,
            Piece::Array { insert_at } => {
                let out = self.page.buffer();
                out.extend_from_slice(b"\"insert_at\":");
                optional(out, insert_at);
                out.extend_from_slice(b",\"items\":[");
            }
            Piece::ArrayItem(item) => self.array_item(item.index, &item.value)?,
            Piece::Gcra(time) => integer(self.page.buffer(), time),
            _ => {}
        }
        Ok(self.page.relieve()?)
    }

    #[inline(always)]
    fn end(&mut self, end: End) -> Result<(), VisitError> {
        if self.object == ObjectKind::Stream {
            self.close_groups()?;
        }
        // A hash of which all had expired is none any more.
        if self.pieces == 0 && end.expired_fields > 0 && self.page.take_back() {
            return Ok(());
        }
        self.keys += 1;
        let (.., close) = words(self.object);
        let out = self.page.buffer();
        out.extend_from_slice(close);
        if self.meta {
            out.extend_from_slice(b",\"bytes\":");
            integer(out, end.size);
        }
        out.extend_from_slice(match self.shape {
            Shape::Lines => b"}\n",
            Shape::Document => b"}",
        });
        self.page.end_key();
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), VisitError> {
        let (Part::Function(source) | Part::FunctionPreGa { code: source, .. }) = event else {
            self.beside.event(event);
            return Ok(());
        };
        if !self.functions {
            return Ok(());
        }
        if self.shape == Shape::Lines || self.keys_open {
            self.functions_left_out += 1;
            return Ok(());
        }
        let mut scratch = Scratch::default();
        let source = source.bytes(&mut scratch);
        let source = source.map_err(|kind| VisitError::Inside {
            offset: self.offset,
            kind,
        })?;
        if self.functions_written > 0 {
            self.page.buffer().push(b',');
        }
        self.functions_written += 1;
        self.text(source)?;
        Ok(self.page.relieve()?)
    }
}

/// What is known of a key beside its expiry.
fn meta(out: &mut Vec<u8>, key: &Key<'_>) {
    out.extend_from_slice(b",\"expires\":");
    match key.meta.expire_ms {
        Some(ms) => text(out, time(ms).as_bytes()),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"idle\":");
    optional(out, key.meta.idle);
    out.extend_from_slice(b",\"freq\":");
    optional(out, key.meta.freq);
    out.extend_from_slice(b",\"encoding\":");
    text(out, encoding(key.kind, key.dialect).as_bytes());
}
