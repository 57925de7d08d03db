//! Tokens of one value in, pieces out.

use super::Piece;
use crate::error::{Error, ErrorKind, Stage};
use crate::event::{Event, Packing, Part, Role, StreamId};
use crate::packed::{Element, Intset, Listpack, PackedError, StreamNode, Ziplist, Zipmap};
use crate::text::{Scratch, Str};
use crate::value::{
    ArrayElement, ArrayItem, Field, ModuleItem, StreamItem, StreamParts, packed_score,
};
use crate::wire::{Dialect, ObjectKind, ValueType};

/// Where a token stands in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub at: u64,
    pub end: u64,
}

/// Puts the pieces of a value together, whatever it is encoded as. Reused from
/// one value to the next.
#[derive(Debug)]
pub(super) struct Unpack {
    object: ObjectKind,
    /// Whether the expiry of a field comes after its value.
    expiry_last: bool,
    /// A field or member of which the rest has not come yet.
    name: Vec<u8>,
    /// The value of `name`, where the expiry comes last.
    value: Vec<u8>,
    /// That of the fields that follow, in a path hash.
    path: Option<Vec<u8>>,
    expire_ms: Option<i64>,
    /// Of the array element that follows.
    index: u64,
    /// A long string that comes in chunks: what it is, and what it decompresses to.
    long: Option<(Role, Option<u64>)>,
    chunks: Vec<u8>,
    node_id: StreamId,
    stream: StreamParts,
    scratch: Scratch,
    max_piece: u64,
}

impl Unpack {
    pub fn new(max_piece: u64, max_decompressed: u64) -> Unpack {
        Unpack {
            object: ObjectKind::String,
            expiry_last: false,
            name: Vec::new(),
            value: Vec::new(),
            path: None,
            expire_ms: None,
            index: 0,
            long: None,
            chunks: Vec::new(),
            node_id: StreamId::default(),
            stream: StreamParts::new(ValueType::STRING),
            scratch: Scratch::with_limit(max_decompressed),
            max_piece,
        }
    }

    /// Forgets the last value; the next one is of this type.
    pub fn begin(&mut self, kind: ValueType, dialect: Dialect, object: ObjectKind) {
        self.object = object;
        self.expiry_last = kind == ValueType::HASH_2 && dialect == Dialect::Valkey;
        self.path = None;
        self.expire_ms = None;
        self.long = None;
        if object == ObjectKind::Stream {
            self.stream = StreamParts::new(kind);
        }
    }

    /// Takes the next token, and gives the pieces it completes.
    #[inline]
    pub fn token<E: From<Error>>(
        &mut self,
        event: &Event<'_>,
        span: Span,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match *event {
            Part::Item { role, text } => self.item(role, text, span, give),
            Part::Score(score) => self.score(score, give),
            Part::FieldExpiry(expire_ms) => {
                self.expire_ms = expire_ms;
                match self.expiry_last {
                    true => give(Piece::Field(Field {
                        path: None,
                        field: &self.name,
                        value: &self.value,
                        expire_ms,
                    })),
                    false => Ok(()),
                }
            }
            _ => self.rare(event, span, give),
        }
    }

    /// The score of the member before it.
    #[inline]
    pub fn score<E: From<Error>>(
        &mut self,
        score: f64,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        give(Piece::Scored(&self.name, score))
    }

    /// A string of the value.
    pub fn item<E: From<Error>>(
        &mut self,
        role: Role,
        text: Str<'_>,
        span: Span,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Compressed blobs have no place of their own in the file.
        let inside = match text {
            Str::Raw(bytes) => Some(span.end - bytes.len() as u64),
            Str::Int(_) | Str::Lzf { .. } => None,
        };
        let mut digits = [0; 20];
        let text = match text {
            Str::Raw(bytes) => bytes,
            Str::Int(n) => Element::Int(n.into()).text(&mut digits),
            Str::Lzf { .. } => bytes(text, &mut self.scratch, span.at)?,
        };
        let place = Place {
            inside,
            at: span.at,
        };
        match role {
            Role::Value => give(Piece::String(text)),
            Role::Element if self.object == ObjectKind::Array => {
                give(Piece::ArrayItem(ArrayItem {
                    index: self.index,
                    value: ArrayElement::Bytes(text),
                }))
            }
            Role::Element => give(Piece::Element(text)),
            Role::Member if self.object == ObjectKind::Set => give(Piece::Member(text)),
            Role::Member | Role::Field => {
                hold(&mut self.name, text);
                Ok(())
            }
            Role::FieldValue if self.expiry_last => {
                hold(&mut self.value, text);
                Ok(())
            }
            Role::FieldValue => give(Piece::Field(Field {
                path: self.path.as_deref(),
                field: &self.name,
                value: text,
                expire_ms: self.expire_ms,
            })),
            Role::Packed(Packing::StreamNode) => {
                let (id, stream) = (self.node_id, &mut self.stream);
                node(id, stream, text, place, give)
            }
            Role::Packed(packing) => packed(packing, text, place, give),
            Role::NodeKey => {
                // The decoder has made sure of the 16 bytes.
                let id = text.first_chunk::<16>().copied().unwrap_or_default();
                self.node_id = StreamId::from_bytes(id);
                Ok(())
            }
            Role::Path => {
                hold(self.path.get_or_insert_default(), text);
                Ok(())
            }
            Role::ModuleString => give(Piece::ModuleItem(ModuleItem::String(text))),
            Role::TemplateField | Role::Argument => Ok(()),
        }
    }

    /// What comes seldom, or in few values.
    fn rare<E: From<Error>>(
        &mut self,
        event: &Event<'_>,
        span: Span,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let item = |value, index| Piece::ArrayItem(ArrayItem { index, value });
        match *event {
            Part::Count(_) | Part::Container(_) | Part::MinExpiry(_) => Ok(()),
            Part::ItemBegin { role, full, .. } => {
                self.long = Some((role, full));
                self.chunks.clear();
                Ok(())
            }
            Part::Chunk { bytes, last } => self.chunk(bytes, last, span, give),
            Part::Module(id) => give(Piece::Module(id)),
            Part::ModuleSigned(n) => give(Piece::ModuleItem(ModuleItem::Signed(n))),
            Part::ModuleUnsigned(n) => give(Piece::ModuleItem(ModuleItem::Unsigned(n))),
            Part::ModuleFloat(x) => give(Piece::ModuleItem(ModuleItem::Float(x))),
            Part::ModuleDouble(x) => give(Piece::ModuleItem(ModuleItem::Double(x))),
            Part::ModuleString(text) => self.item(Role::ModuleString, text, span, give),
            Part::Array { insert_at, .. } => give(Piece::Array { insert_at }),
            Part::ArrayIndex(index) => {
                self.index = index;
                Ok(())
            }
            Part::ArrayInt(n) => give(item(ArrayElement::Int(n), self.index)),
            Part::ArrayFloat(x) => give(item(ArrayElement::Float(x), self.index)),
            Part::Gcra(time) => give(Piece::Gcra(time)),
            _ => {
                let text = bytes(StreamParts::text(event), &mut self.scratch, span.at)?;
                match self.stream.item(event, text) {
                    Some(item) => give(Piece::Stream(item)),
                    None => Ok(()),
                }
            }
        }
    }

    fn chunk<E: From<Error>>(
        &mut self,
        bytes: Str<'_>,
        last: bool,
        span: Span,
        give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // Chunks are bytes as they stand, compressed or not.
        if let Str::Raw(bytes) = bytes {
            let (what, limit) = ("string", self.max_piece);
            let asked = (self.chunks.len() + bytes.len()) as u64;
            if asked > limit {
                let kind = ErrorKind::Limit { what, asked, limit };
                return Err(Error::new(kind, span.at, span.at, Stage::Value).into());
            }
            self.chunks.extend_from_slice(bytes);
        }
        let (true, Some((role, full))) = (last, self.long.take_if(|_| last)) else {
            return Ok(());
        };
        let chunks = std::mem::take(&mut self.chunks);
        let text = match full {
            None => Str::Raw(&chunks),
            Some(len) => Str::Lzf { data: &chunks, len },
        };
        let end = span.end.max(chunks.len() as u64);
        let given = self.item(role, text, Span { end, ..span }, give);
        self.chunks = chunks;
        given
    }
}

fn hold(place: &mut Vec<u8>, bytes: &[u8]) {
    place.clear();
    place.extend_from_slice(bytes);
}

#[inline]
fn bytes<'s>(text: Str<'s>, scratch: &'s mut Scratch, at: u64) -> Result<&'s [u8], Error> {
    text.bytes(scratch)
        .map_err(|kind| Error::new(kind, at, at, Stage::Value))
}

/// Where a blob stands, to blame.
#[derive(Clone, Copy)]
struct Place {
    /// Offset of its first byte, if its bytes are those of the file.
    inside: Option<u64>,
    /// Offset of the token.
    at: u64,
}

impl Place {
    #[cold]
    fn packed(self, error: PackedError) -> Error {
        let offset = self.inside.map_or(self.at, |begin| begin + error.at as u64);
        Error::new(ErrorKind::Packed(error), offset, offset, Stage::Value)
    }

    /// What is wrong with a blob that is sound by itself.
    #[cold]
    fn bad(self, why: &'static str) -> Error {
        let offset = self.inside.unwrap_or(self.at);
        Error::new(ErrorKind::BadRecord(why), offset, offset, Stage::Value)
    }
}

/// What a cursor over a blob does.
type Next<'b> = Result<Option<Element<'b>>, PackedError>;

fn packed<E: From<Error>>(
    packing: Packing,
    blob: &[u8],
    place: Place,
    give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let (mut a, mut b) = ([0; 20], [0; 20]);
    let fail = |error| place.packed(error);
    let listpack = || Listpack::new(blob).map_err(fail);
    let ziplist = || Ziplist::new(blob).map_err(fail);
    match packing {
        Packing::ListListpack => {
            let mut list = listpack()?;
            single(
                || list.next(),
                place,
                |x| give(Piece::Element(x.text(&mut a))),
            )
        }
        Packing::ListZiplist => {
            let mut list = ziplist()?;
            single(
                || list.next(),
                place,
                |x| give(Piece::Element(x.text(&mut a))),
            )
        }
        Packing::SetListpack => {
            let mut set = listpack()?;
            single(
                || set.next(),
                place,
                |x| give(Piece::Member(x.text(&mut a))),
            )
        }
        Packing::SetIntset => {
            let mut set = Intset::new(blob).map_err(fail)?;
            single(
                || set.next(),
                place,
                |x| give(Piece::Member(x.text(&mut a))),
            )
        }
        Packing::ZsetListpack => {
            let mut zset = listpack()?;
            let scored = |m: Element<'_>, s| give(Piece::Scored(m.text(&mut a), packed_score(s)));
            double(|| zset.next(), place, scored)
        }
        Packing::ZsetZiplist => {
            let mut zset = ziplist()?;
            let scored = |m: Element<'_>, s| give(Piece::Scored(m.text(&mut a), packed_score(s)));
            double(|| zset.next(), place, scored)
        }
        Packing::HashListpack => {
            let mut hash = listpack()?;
            double(
                || hash.next(),
                place,
                |f, v| give(field(f.text(&mut a), v.text(&mut b), None)),
            )
        }
        Packing::HashZiplist => {
            let mut hash = ziplist()?;
            double(
                || hash.next(),
                place,
                |f, v| give(field(f.text(&mut a), v.text(&mut b), None)),
            )
        }
        Packing::HashZipmap => {
            let mut hash = Zipmap::new(blob).map_err(fail)?;
            while let Some((f, v)) = hash.next().map_err(fail)? {
                give(field(f, v, None))?;
            }
            Ok(())
        }
        Packing::HashListpackEx => {
            let mut hash = listpack()?;
            while let Some(f) = hash.next().map_err(fail)? {
                let rest = (hash.next().map_err(fail)?, hash.next().map_err(fail)?);
                let (Some(v), Some(expiry)) = rest else {
                    let why = "elements of a packed hash are not in threes";
                    return Err(place.bad(why).into());
                };
                let Some(expiry) = expiry.as_integer() else {
                    let why = "expiry of a hash field is no integer";
                    return Err(place.bad(why).into());
                };
                let expire_ms = (expiry != 0).then_some(expiry);
                give(field(f.text(&mut a), v.text(&mut b), expire_ms))?;
            }
            Ok(())
        }
        // Stream nodes and hashes with templates do not come here.
        Packing::StreamNode | Packing::TemplateValues | Packing::TemplateNames => Ok(()),
    }
}

fn field<'s>(field: &'s [u8], value: &'s [u8], expire_ms: Option<i64>) -> Piece<'s> {
    Piece::Field(Field {
        path: None,
        field,
        value,
        expire_ms,
    })
}

#[inline]
fn single<'b, E: From<Error>>(
    mut next: impl FnMut() -> Next<'b>,
    place: Place,
    mut give: impl FnMut(Element<'b>) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |error| place.packed(error);
    while let Some(element) = next().map_err(fail)? {
        give(element)?;
    }
    Ok(())
}

#[inline]
fn double<'b, E: From<Error>>(
    mut next: impl FnMut() -> Next<'b>,
    place: Place,
    mut give: impl FnMut(Element<'b>, Element<'b>) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |error| place.packed(error);
    while let Some(first) = next().map_err(fail)? {
        let Some(second) = next().map_err(fail)? else {
            return Err(place.bad("odd number of elements in a packed value").into());
        };
        give(first, second)?;
    }
    Ok(())
}

/// The live entries of a stream node.
fn node<E: From<Error>>(
    key: StreamId,
    stream: &mut StreamParts,
    blob: &[u8],
    place: Place,
    give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let fail = |error| place.packed(error);
    let mut node = StreamNode::new(blob).map_err(fail)?;
    while let Some(entry) = node.next().map_err(fail)? {
        if entry.deleted {
            continue;
        }
        let id = StreamId {
            ms: key.ms.wrapping_add(entry.ms_delta as u64),
            seq: key.seq.wrapping_add(entry.seq_delta as u64),
        };
        stream.saw(id);
        give(Piece::Stream(StreamItem::Entry {
            id,
            deleted: false,
            fields: entry.pairs,
        }))?;
    }
    Ok(())
}
