//! From the events of a key to what there is to count of it.

use super::count;
use super::encoding::Encoding;
use super::memory::{Memory, Model, Pieces, Rax};
use crate::event::{Event, Packing, Part, Role, StreamId};
use crate::lzf::max_output;
use crate::packed::Element;
use crate::record::KeyMeta;
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ObjectKind, ValueType};

/// Largest blob that is decompressed, where its header does not say how many
/// elements it has.
const WALKED: u64 = 64 << 20;

/// One key, measured.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct KeyStats<'k> {
    /// Database.
    pub db: u64,
    /// The key.
    pub key: &'k [u8],
    /// Type and encoding in the file.
    pub kind: ValueType,
    /// Whose numbers the file uses.
    pub dialect: Dialect,
    /// Expiry and use.
    pub meta: KeyMeta,
    /// Offset of the type byte from the start of the file.
    pub offset: u64,
    /// Bytes of type, name and value in the file.
    pub size: u64,
    /// Elements, members, fields or live entries; of a string its bytes. `None`
    /// where that is not to be known.
    pub elements: Option<u64>,
    /// How a server keeps it; `None` where there is no model of that type.
    pub encoding: Option<Encoding>,
    /// What it takes there. Without a model: its bytes in the file.
    pub memory: Memory,
    /// Bytes that compression saves in the file.
    pub saved: u64,
    /// Bytes of compressed strings as the file has them.
    pub compressed: u64,
    /// Fields with an expiry.
    pub expiring_fields: u64,
    /// Of those, the fields whose time is over.
    pub expired_fields: u64,
}

impl KeyStats<'_> {
    /// What the value is to a client, or `None` for a type nobody knows.
    #[must_use]
    pub fn object(&self) -> Option<ObjectKind> {
        self.kind.object(self.dialect)
    }
}

/// Measures one value after the other.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub model: Model,
    now_ms: i64,
    kind: ValueType,
    dialect: Dialect,
    pieces: Pieces,
    saved: u64,
    compressed: u64,
    expired_fields: u64,
    field: Field,
    /// The tree of pending entries that is being read.
    tree: Option<Rax>,
    scratch: Scratch,
}

/// A hash's field whose parts come one by one.
#[derive(Clone, Copy, Debug, Default)]
struct Field {
    name: u64,
    value: Option<u64>,
    expires: bool,
}

/// What a value comes to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measured {
    pub elements: Option<u64>,
    pub encoding: Option<Encoding>,
    pub memory: Memory,
    pub saved: u64,
    pub compressed: u64,
    pub expiring_fields: u64,
    pub expired_fields: u64,
}

impl Meter {
    pub fn new(model: Model, now_ms: i64) -> Meter {
        Meter {
            model,
            now_ms,
            kind: ValueType::STRING,
            dialect: Dialect::Redis,
            pieces: Pieces::NONE,
            saved: 0,
            compressed: 0,
            expired_fields: 0,
            field: Field::default(),
            tree: None,
            scratch: Scratch::with_limit(WALKED),
        }
    }

    /// A value begins.
    pub fn begin(&mut self, kind: ValueType, dialect: Dialect) {
        (self.kind, self.dialect) = (kind, dialect);
        self.pieces = Pieces {
            object: kind.object(dialect),
            ..Pieces::NONE
        };
        (self.saved, self.compressed, self.expired_fields) = (0, 0, 0);
        self.field = Field::default();
        self.tree = None;
    }

    /// A piece of the value.
    #[inline]
    pub fn piece(&mut self, piece: &Event<'_>) {
        match *piece {
            Part::Count(n) => self.count(n),
            Part::Item { role, text } => {
                if let Str::Lzf { data, .. } = text {
                    self.compress(data.len() as u64, length(text));
                }
                self.item(role, text);
            }
            Part::ItemBegin { role, stored, full } => {
                let full = full.map(|full| full.min(max_output(stored)));
                if let Some(full) = full {
                    self.compress(stored, full);
                }
                self.text(role, full.unwrap_or(stored), None);
            }
            Part::Score(score) => self.score(score),
            Part::FieldExpiry(at) => self.expiry(at),
            ref other => self.rare(other),
        }
    }

    fn compress(&mut self, stored: u64, full: u64) {
        self.compressed = self.compressed.saturating_add(stored);
        let saved = full.saturating_sub(stored);
        self.saved = self.saved.saturating_add(saved);
    }

    fn count(&mut self, n: u64) {
        let quicklist = matches!(
            self.kind,
            ValueType::LIST_QUICKLIST | ValueType::LIST_QUICKLIST_2
        );
        self.pieces.elements = match self.pieces.object {
            // Of nodes, of paths and of names it is not the number that counts.
            Some(ObjectKind::List) if quicklist => Some(0),
            Some(ObjectKind::Hash) if self.is_path_hash() || self.has_template_array() => Some(0),
            Some(ObjectKind::Stream) => return,
            _ => Some(n),
        };
    }

    fn is_path_hash(&self) -> bool {
        self.kind == ValueType::PATH_HASH && self.dialect == Dialect::Valkey
    }

    fn has_template_array(&self) -> bool {
        let kinds = [ValueType::HASH_TMPL_ARRAY, ValueType::HASH_TMPL_ARRAY_REF];
        self.dialect == Dialect::Redis && kinds.contains(&self.kind)
    }

    #[inline]
    fn item(&mut self, role: Role, text: Str<'_>) {
        match role {
            Role::Packed(packing) => self.blob(packing, text),
            Role::NodeKey => {
                if let Str::Raw(key) = text
                    && let Ok(key) = key.try_into()
                {
                    self.pieces.stream.nodes.add(key, self.model.allocator());
                }
            }
            role => {
                let integer = match text {
                    Str::Int(n) => Some(n.into()),
                    Str::Raw(bytes) => integer(bytes),
                    Str::Lzf { .. } => None,
                };
                self.text(role, length(text), integer);
            }
        }
    }

    fn blob(&mut self, packing: Packing, text: Str<'_>) {
        let (len, p) = (length(text), &mut self.pieces);
        p.blobs += 1;
        p.blob_bytes = p.blob_bytes.saturating_add(len);
        let allocated = self.model.allocator().size(len);
        p.blobs_allocated = p.blobs_allocated.saturating_add(allocated);
        p.intset = packing == Packing::SetIntset;
        if packing == Packing::HashListpackEx {
            let fields = count::expiries(text, self.now_ms, &mut self.scratch);
            p.elements = fields.map(|fields| fields.all);
            let fields = fields.unwrap_or_default();
            // At least one: else it would be a plain listpack.
            p.expiring = fields.expiring.max(1);
            self.expired_fields = fields.expired;
            return;
        }
        if matches!(packing, Packing::StreamNode | Packing::TemplateNames) {
            return;
        }
        let more = count::elements(packing, text, &mut self.scratch);
        p.elements = match p.object {
            Some(ObjectKind::List) if p.blobs > 1 => p.elements.zip(more).map(|(a, b)| a + b),
            Some(ObjectKind::List) => more.map(|n| n + p.elements.unwrap_or(0)),
            _ => more,
        };
    }

    /// A string that stands by itself.
    fn text(&mut self, role: Role, len: u64, integer: Option<i64>) {
        match role {
            Role::Value => {
                (self.pieces.text, self.pieces.integer) = (len, integer.is_some());
                self.pieces.elements = Some(len);
            }
            Role::Element => self.element(len, integer),
            Role::Member => {
                let bytes = match self.pieces.object {
                    Some(ObjectKind::Zset) => self.model.scored(len),
                    _ => self.model.member(len),
                };
                self.loose(bytes, len, integer);
            }
            Role::Field => {
                self.end_field();
                self.field.name = len;
                if self.is_path_hash() {
                    self.pieces.elements = self.pieces.elements.map(|n| n + 1);
                }
                self.entry(len, integer);
            }
            Role::FieldValue => {
                if self.has_template_array() {
                    // The names, and how many there are, stand elsewhere.
                    let n = self.pieces.elements.unwrap_or(0);
                    self.pieces.elements = Some(n + 1);
                }
                self.field.value = Some(len);
                self.entry(len, integer);
                self.pieces.expiring += u64::from(self.field.expires);
            }
            _ => {}
        }
    }

    /// An element of a list: of one that is a node by itself, or pushed anew.
    fn element(&mut self, len: u64, integer: Option<i64>) {
        if self.kind == ValueType::LIST_QUICKLIST_2 {
            let p = &mut self.pieces;
            p.elements = p.elements.map(|n| n + 1);
            p.blobs += 1;
            p.blob_bytes = p.blob_bytes.saturating_add(len);
            let allocated = self.model.allocator().size(len);
            p.blobs_allocated = p.blobs_allocated.saturating_add(allocated);
        } else {
            self.entry(len, integer);
        }
    }

    fn loose(&mut self, bytes: u64, len: u64, integer: Option<i64>) {
        self.pieces.loose = self.pieces.loose.saturating_add(bytes);
        self.entry(len, integer);
    }

    /// What a string would be in a listpack.
    fn entry(&mut self, len: u64, integer: Option<i64>) {
        let p = &mut self.pieces;
        p.longest = p.longest.max(len);
        match integer {
            Some(n) => p.widest = p.widest.max(width(n)),
            None => p.all_integers = false,
        }
        p.packed = p.packed.saturating_add(listpack_entry(len, integer));
    }

    /// A score is kept as an integer where it is one, else as its digits.
    fn score(&mut self, score: f64) {
        let integer = score as i64;
        let exact = integer as f64 == score && score.abs() < 1e18;
        let bytes = match exact {
            true => listpack_entry(0, Some(integer)),
            false => listpack_entry(self.model.score_digits(score), None),
        };
        self.pieces.packed = self.pieces.packed.saturating_add(bytes);
    }

    /// Redis has it before the field, Valkey behind the value.
    fn expiry(&mut self, at: Option<i64>) {
        let behind = self.kind == ValueType::HASH_2 && self.dialect == Dialect::Valkey;
        if !behind {
            self.end_field();
            let bytes = listpack_entry(0, Some(at.unwrap_or(0)));
            self.pieces.packed = self.pieces.packed.saturating_add(bytes);
        }
        self.field.expires = at.is_some();
        self.expired_fields += u64::from(at.is_some_and(|at| at < self.now_ms));
        if behind {
            self.pieces.expiring += u64::from(at.is_some());
            self.end_field();
        }
    }

    fn end_field(&mut self) {
        let Field {
            name,
            value,
            expires,
        } = self.field;
        // A field whose value is yet to come may have its expiry already.
        let Some(value) = value else { return };
        let bytes = self.model.field(name, value, expires);
        self.pieces.loose = self.pieces.loose.saturating_add(bytes);
        self.field = Field::default();
    }

    #[cold]
    fn rare(&mut self, piece: &Event<'_>) {
        match *piece {
            Part::StreamMeta(meta) => self.pieces.elements = Some(meta.length),
            Part::Group { .. } => {
                self.end_tree();
                self.pieces.stream.groups += 1;
                self.tree = Some(Rax::EMPTY);
            }
            Part::Pending { id, .. } => {
                self.pieces.stream.pending += 1;
                self.in_tree(id);
            }
            Part::Consumer { name, .. } => {
                self.end_tree();
                self.pieces.stream.consumers += 1;
                self.pieces.stream.names += length(name);
                self.tree = Some(Rax::EMPTY);
            }
            Part::Owned(id) => self.in_tree(id),
            Part::Array { count, .. } => self.pieces.elements = Some(count),
            _ => {}
        }
    }

    fn in_tree(&mut self, id: StreamId) {
        let key = (u128::from(id.ms) << 64 | u128::from(id.seq)).to_be_bytes();
        if let Some(tree) = &mut self.tree {
            tree.add(key, self.model.allocator());
        }
    }

    fn end_tree(&mut self) {
        if let Some(tree) = self.tree.take() {
            let size = tree.finish(self.model.allocator());
            let stream = &mut self.pieces.stream;
            stream.trees += 1;
            stream.tree_sizes.keys += size.keys;
            stream.tree_sizes.nodes += size.nodes;
            stream.tree_sizes.bytes += size.bytes;
        }
    }

    /// The value is complete; `key` bytes are its name, `size` all of it.
    pub fn end(&mut self, key: u64, size: u64, expires: bool) -> Measured {
        self.end_field();
        self.end_tree();
        self.pieces.stored = size;
        let (encoding, memory) = self.model.value(key, expires, &self.pieces);
        Measured {
            elements: self.pieces.elements,
            encoding,
            memory,
            saved: self.saved,
            compressed: self.compressed,
            expiring_fields: self.pieces.expiring,
            expired_fields: self.expired_fields,
        }
    }
}

/// The number of which this is the text, as a server would write it.
#[inline]
pub(super) fn integer(bytes: &[u8]) -> Option<i64> {
    let first = *bytes.first()?;
    match (first.is_ascii_digit() || first == b'-') && bytes.len() <= 20 {
        true => Element::Bytes(bytes).as_integer(),
        false => None,
    }
}

/// The length of a string; of one that is said to become more than it can, what it
/// can become. Nothing is decompressed here, so a damaged string may say anything,
/// and what strings have is added up.
pub(super) fn length(text: Str<'_>) -> u64 {
    match text {
        Str::Lzf { data, len } => len.min(max_output(data.len() as u64)),
        other => other.len(),
    }
}

/// Bytes of an entry of a listpack, with the one or more for walking back.
fn listpack_entry(len: u64, integer: Option<i64>) -> u64 {
    match (integer, len) {
        (Some(0..=127), _) => 2,
        (Some(-4096..=4095), _) => 3,
        (Some(-0x8000..=0x7fff), _) => 4,
        (Some(-0x80_0000..=0x7f_ffff), _) => 5,
        (Some(-0x8000_0000..=0x7fff_ffff), _) => 6,
        (Some(_), _) => 10,
        (None, ..64) => len + 2,
        (None, ..4096) => len + 3 + (len > 125) as u64,
        (None, _) => len.saturating_add(8),
    }
}

/// Bytes of an integer in an intset.
const fn width(n: i64) -> u64 {
    match n {
        -0x8000..=0x7fff => 2,
        -0x8000_0000..=0x7fff_ffff => 4,
        _ => 8,
    }
}
