//! Keys with their values as CSV (RFC 4180, lines end with a newline): one row
//! for each element. The columns are told in `docs/export.md`.

mod cell;

use std::io::{self, Write};

use rdbkit_rdb::pieces::{End, Key, Page, Piece, VisitError, Visitor, Want};
use rdbkit_rdb::{
    ArrayElement, Event, ModuleItem, ObjectKind, Part, StreamId, StreamItem, StreamNumbers,
};

use super::beside::Beside;
use super::escape::{double, integer};
use cell::{Base64, cell, short_cell};

/// The first line.
pub const HEAD: &[u8] =
    b"db,key,type,expire_ms,position,field,value,score,field_expire_ms,base64\n";

/// Writes keys as rows while they come by.
pub struct CsvKeys<'w> {
    page: Page<&'w mut dyn Write>,
    /// The columns of the key in hand, in front of each of its rows.
    head: Vec<u8>,
    /// Whether its name is in base64.
    key_base64: bool,
    object: ObjectKind,
    rows: u64,
    /// Elements of the key in hand.
    position: u64,
    stream: Stream,
    left_out: LeftOut,
    beside: Beside,
}

/// What is known of the stream in hand.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    /// Whether there are groups or producers.
    has_more: bool,
    entries: u64,
    /// Of the last entry.
    last: StreamId,
    numbers: Option<StreamNumbers>,
}

impl Stream {
    /// Whether all of its numbers follow from the entries.
    fn is_told(&self) -> bool {
        self.numbers.is_none_or(|numbers| {
            numbers.last == self.last
                && numbers.entries_added == self.entries
                && numbers.max_deleted == StreamId::default()
        })
    }
}

/// What has no row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Streams with consumer groups or idempotent producers.
    pub streams: u64,
    /// Streams with numbers that do not follow from their entries: the last ID, the
    /// greatest deleted one, entries ever added.
    pub stream_numbers: u64,
    /// Arrays that say where the next insertion goes.
    pub insert_at: u64,
    /// Function libraries.
    pub functions: u64,
}

/// The columns behind those of the key.
#[derive(Clone, Copy, Debug, Default)]
struct Row<'r> {
    position: Position<'r>,
    field: Option<&'r [u8]>,
    value: Option<Cell<'r>>,
    score: Option<f64>,
    field_expire_ms: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Position<'r> {
    #[default]
    None,
    Index(u64),
    Id(StreamId),
    Path(&'r [u8]),
}

#[derive(Clone, Copy, Debug)]
enum Cell<'r> {
    Bytes(&'r [u8]),
    Signed(i64),
    Unsigned(u64),
    Double(f64),
}

impl<'w> CsvKeys<'w> {
    /// Writes to `out`.
    pub fn new(out: &'w mut dyn Write) -> CsvKeys<'w> {
        let mut page = Page::new(out);
        page.buffer().extend_from_slice(HEAD);
        CsvKeys {
            page,
            head: Vec::new(),
            key_base64: false,
            object: ObjectKind::String,
            rows: 0,
            position: 0,
            stream: Stream::default(),
            left_out: LeftOut::default(),
            beside: Beside::default(),
        }
    }

    /// The output, to take back a damaged key, and to be flushed.
    pub fn page(&mut self) -> &mut Page<&'w mut dyn Write> {
        &mut self.page
    }

    /// What has no row.
    pub fn left_out(&self) -> LeftOut {
        self.left_out
    }

    /// What has none in other formats either.
    pub fn beside(&self) -> &Beside {
        &self.beside
    }

    fn row(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.rows += 1;
        let mut base64 = Base64::default();
        let out = self.page.buffer();
        out.extend_from_slice(&self.head);
        match row.position {
            Position::None => {}
            Position::Index(n) => integer(out, n),
            Position::Id(id) => {
                integer(out, id.ms);
                out.push(b'-');
                integer(out, id.seq);
            }
            Position::Path(path) => base64.position = cell(&mut self.page, path)?,
        }
        self.page.buffer().push(b',');
        if let Some(field) = row.field {
            base64.field = cell(&mut self.page, field)?;
        }
        self.page.buffer().push(b',');
        match row.value {
            None => {}
            Some(Cell::Bytes(bytes)) => base64.value = cell(&mut self.page, bytes)?,
            Some(Cell::Signed(n)) => integer(self.page.buffer(), n),
            Some(Cell::Unsigned(n)) => integer(self.page.buffer(), n),
            Some(Cell::Double(x)) => double(self.page.buffer(), x),
        }
        let out = self.page.buffer();
        out.push(b',');
        if let Some(score) = row.score {
            double(out, score);
        }
        out.push(b',');
        if let Some(t) = row.field_expire_ms {
            integer(out, t);
        }
        out.push(b',');
        base64.write(out, self.key_base64);
        out.push(b'\n');
        self.page.relieve()
    }

    fn value(&mut self, position: Position<'_>, value: Cell<'_>) -> io::Result<()> {
        self.row(&Row {
            position,
            value: Some(value),
            ..Row::default()
        })
    }

    /// The number of the next element.
    fn index(&mut self) -> Position<'static> {
        self.position += 1;
        Position::Index(self.position - 1)
    }

    fn stream(&mut self, item: StreamItem<'_>) -> io::Result<()> {
        match item {
            StreamItem::Entry { id, fields, .. } => {
                self.stream.entries += 1;
                self.stream.last = id;
                let (mut a, mut b) = ([0; 20], [0; 20]);
                for (field, value) in fields {
                    self.row(&Row {
                        position: Position::Id(id),
                        field: Some(field.text(&mut a)),
                        value: Some(Cell::Bytes(value.text(&mut b))),
                        ..Row::default()
                    })?;
                }
            }
            StreamItem::Group { .. } | StreamItem::Idempotence { .. } => {
                self.stream.has_more = true;
            }
            StreamItem::Numbers(numbers) => self.stream.numbers = Some(numbers),
            _ => {}
        }
        Ok(())
    }
}

impl Visitor for CsvKeys<'_> {
    type Error = VisitError;

    fn key(&mut self, key: &Key<'_>) -> Result<Want, VisitError> {
        self.page.begin_key()?;
        self.object = key.object;
        self.beside.key(key);
        (self.rows, self.position) = (0, 0);
        self.stream = Stream::default();
        let head = &mut self.head;
        head.clear();
        integer(head, key.db);
        head.push(b',');
        self.key_base64 = short_cell(head, key.name);
        head.push(b',');
        head.extend_from_slice(key.object.name().as_bytes());
        head.push(b',');
        if let Some(t) = key.meta.expire_ms {
            integer(head, t);
        }
        head.push(b',');
        Ok(Want::Pieces)
    }

    fn piece(&mut self, piece: Piece<'_>) -> Result<(), VisitError> {
        match piece {
            Piece::String(bytes) | Piece::Member(bytes) => {
                self.value(Position::None, Cell::Bytes(bytes))?;
            }
            Piece::Element(bytes) => {
                let at = self.index();
                self.value(at, Cell::Bytes(bytes))?;
            }
            Piece::Scored(member, score) => self.row(&Row {
                value: Some(Cell::Bytes(member)),
                score: Some(score),
                ..Row::default()
            })?,
            Piece::Field(field) => self.row(&Row {
                position: field.path.map_or(Position::None, Position::Path),
                field: Some(field.field),
                value: Some(Cell::Bytes(field.value)),
                score: None,
                field_expire_ms: field.expire_ms,
            })?,
            Piece::Stream(item) => self.stream(item)?,
            Piece::Module(id) => {
                // Whose items they are; they have numbers.
                let name = format!("{} {}", id.name(), id.encoding_version());
                self.row(&Row {
                    field: Some(b"module"),
                    value: Some(Cell::Bytes(name.as_bytes())),
                    ..Row::default()
                })?;
            }
            Piece::ModuleItem(item) => {
                let (kind, value): (&[u8], _) = match item {
                    ModuleItem::Signed(n) => (b"signed", Cell::Signed(n)),
                    ModuleItem::Unsigned(n) => (b"unsigned", Cell::Unsigned(n)),
                    ModuleItem::Float(x) => (b"float", Cell::Double(x.into())),
                    ModuleItem::Double(x) => (b"double", Cell::Double(x)),
                    ModuleItem::String(bytes) => (b"string", Cell::Bytes(bytes)),
                };
                let position = self.index();
                self.row(&Row {
                    position,
                    field: Some(kind),
                    value: Some(value),
                    ..Row::default()
                })?;
            }
            Piece::Array { insert_at } => self.left_out.insert_at += u64::from(insert_at.is_some()),
            Piece::ArrayItem(item) => {
                let (kind, value): (&[u8], _) = match item.value {
                    ArrayElement::Bytes(bytes) => (b"string", Cell::Bytes(bytes)),
                    ArrayElement::Int(n) => (b"integer", Cell::Signed(n)),
                    ArrayElement::Float(x) => (b"float", Cell::Double(x)),
                };
                self.row(&Row {
                    position: Position::Index(item.index),
                    field: Some(kind),
                    value: Some(value),
                    ..Row::default()
                })?;
            }
            Piece::Gcra(time) => self.value(Position::None, Cell::Unsigned(time))?,
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, end: End) -> Result<(), VisitError> {
        self.left_out.streams += u64::from(self.stream.has_more);
        self.left_out.stream_numbers += u64::from(!self.stream.is_told());
        if self.rows == 0 {
            // A hash of which all had expired is none any more; what has no
            // elements has a row without one.
            if end.expired_fields > 0 {
                self.page.take_back();
            } else {
                self.row(&Row::default())?;
            }
        }
        self.page.end_key();
        Ok(())
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), VisitError> {
        if let Part::Function(_) | Part::FunctionPreGa { .. } = event {
            self.left_out.functions += 1;
        }
        self.beside.event(event);
        Ok(())
    }
}
