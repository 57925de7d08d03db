//! Judging a packed blob: its integrity, pairs and triples, duplicates, expiries.

use std::cmp::Ordering;

use crate::event::Packing;
use crate::lzf::Inflate;
use crate::packed::flow::{self, ListpackFlow, Piece, Sequence, ZiplistFlow, ZipmapFlow};
use crate::packed::{Element, Intset, Listpack, PackedError, Ziplist, Zipmap};
use crate::score;
use crate::verify::finding::Code;
use crate::verify::fingerprint::ElementSet;
use crate::verify::long::{LongString, Text, order};
use crate::verify::value::excerpt;

/// What a sound blob holds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen {
    /// Elements, not pairs.
    pub elements: u64,
    /// The first element, where it is an integer.
    pub first: Option<i64>,
    /// Whether a field has an expiry.
    pub expires: bool,
}

/// Why a server refuses a blob.
#[derive(Debug)]
pub(super) struct Refusal {
    pub code: Code,
    pub what: String,
}

impl From<PackedError> for Refusal {
    fn from(e: PackedError) -> Refusal {
        Refusal {
            code: Code::BadPacked,
            what: e.to_string(),
        }
    }
}

fn refuse<T>(code: Code, what: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        code,
        what: what.into(),
    })
}

/// Greatest expiry in a listpack of triples: 48 bits.
const MAX_EXPIRY: i64 = (1 << 48) - 1;

/// A packed blob to be judged.
pub(super) enum Blob<'a> {
    Held(&'a [u8]),
    /// One that is large once it is decompressed.
    Flowing(Inflate<'a>),
}

/// Checks a blob as a server does that sanitises what it loads. `strict` adds
/// what Valkey 9.1 demands.
pub(super) fn check(
    packing: Packing,
    blob: Blob<'_>,
    set: &mut ElementSet,
    strict: bool,
) -> Result<Seen, Refusal> {
    let count = match (packing, blob) {
        (Packing::ListListpack, Blob::Held(blob)) => Listpack::new(blob)?.check()? as u64,
        (Packing::ListListpack, Blob::Flowing(blob)) => ListpackFlow::new(blob, ())?.check()?,
        (Packing::ListZiplist, Blob::Held(blob)) => Ziplist::new(blob)?.check()? as u64,
        (Packing::ListZiplist, Blob::Flowing(blob)) => ZiplistFlow::new(blob, ())?.check()?,
        (Packing::SetIntset, Blob::Held(blob)) => {
            let intset = Intset::new(blob)?;
            let count = intset.stated_len().into();
            intset.check()?;
            count
        }
        (Packing::SetIntset, Blob::Flowing(blob)) => flow::check_intset(blob)?,
        (Packing::ZsetZiplist | Packing::HashZiplist, blob) => {
            let scores = strict && packing == Packing::ZsetZiplist;
            return match blob {
                Blob::Held(blob) => ziplist(Ziplist::new(blob)?, set, scores),
                Blob::Flowing(blob) => ziplist(ZiplistFlow::new(blob, seen_by(set))?, set, scores),
            };
        }
        (Packing::HashZipmap, Blob::Held(blob)) => return zipmap(blob, set),
        (Packing::HashZipmap, Blob::Flowing(blob)) => {
            return flowing_zipmap(ZipmapFlow::new(blob, seen_by(set))?, set);
        }
        // Judged with the rest of its stream.
        (Packing::StreamNode, _) => 0,
        (
            Packing::SetListpack
            | Packing::ZsetListpack
            | Packing::HashListpack
            | Packing::HashListpackEx
            | Packing::TemplateNames
            | Packing::TemplateValues,
            blob,
        ) => {
            let shape = Shape::of(packing, strict);
            return match blob {
                Blob::Held(blob) => listpack(Listpack::new(blob)?, set, shape),
                Blob::Flowing(blob) => listpack(ListpackFlow::new(blob, seen_by(set))?, set, shape),
            };
        }
    };
    Ok(Seen {
        elements: count,
        ..Seen::default()
    })
}

fn seen_by<'a>(set: &ElementSet) -> LongString<'a> {
    LongString::new(set.pieces())
}

/// What the elements of a listpack are.
#[derive(Clone, Copy)]
struct Shape {
    /// Members alone, pairs, or triples with an expiry.
    tuple: u64,
    /// The first of each is there once only.
    unique: bool,
    /// The second of a pair is a score that must be a number.
    scores: bool,
    /// Names in strict order of length and bytes.
    names: bool,
}

impl Shape {
    #[inline]
    fn of(packing: Packing, strict: bool) -> Shape {
        Shape {
            tuple: match packing {
                Packing::ZsetListpack | Packing::HashListpack => 2,
                Packing::HashListpackEx => 3,
                _ => 1,
            },
            unique: packing != Packing::TemplateValues,
            scores: strict && packing == Packing::ZsetListpack,
            names: packing == Packing::TemplateNames,
        }
    }
}

#[inline(always)]
fn listpack<'a>(
    mut list: impl Sequence<LongString<'a>>,
    set: &mut ElementSet,
    shape: Shape,
) -> Result<Seen, Refusal> {
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    if !shape.unique {
        while let Some(element) = list.next()? {
            if seen.elements == 0
                && let Piece::Whole(element) = element
            {
                seen.first = element.as_integer();
            }
            seen.elements += 1;
        }
        return Ok(seen);
    }
    set.clear(list.stated_or_most() / shape.tuple);
    if shape.tuple == 2 && !shape.scores {
        while let Some(element) = list.next()? {
            unique(&element, set, &mut buf)?;
            if !list.skip()? {
                return refuse(Code::BadPacked, "an element is missing at the end");
            }
            seen.elements += 2;
        }
        return Ok(seen);
    }
    let mut names = NameOrder::default();
    let mut expiry_order = ExpiryOrder::default();
    let mut place = 0;
    while let Some(element) = list.next()? {
        match place {
            0 => {
                unique(&element, set, &mut buf)?;
                if shape.names && !names.next(&element) {
                    return refuse(Code::BadTemplate, "names out of order");
                }
            }
            1 if shape.scores => number(&element, &mut buf)?,
            2 => seen.expires |= expiry_order.next(&element)?,
            _ => {}
        }
        seen.elements += 1;
        place += 1;
        if place == shape.tuple {
            place = 0;
        }
    }
    if place != 0 {
        return refuse(Code::BadPacked, "an element is missing at the end");
    }
    Ok(seen)
}

#[inline(always)]
fn ziplist<'a>(
    mut list: impl Sequence<LongString<'a>>,
    set: &mut ElementSet,
    scores: bool,
) -> Result<Seen, Refusal> {
    set.clear(list.stated_or_most() / 2);
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    while let Some(element) = list.next()? {
        if seen.elements % 2 == 0 {
            unique(&element, set, &mut buf)?;
        } else if scores {
            number(&element, &mut buf)?;
        }
        seen.elements += 1;
    }
    match seen.elements % 2 {
        0 => Ok(seen),
        _ => refuse(Code::BadPacked, "an element is missing at the end"),
    }
}

fn zipmap(blob: &[u8], set: &mut ElementSet) -> Result<Seen, Refusal> {
    let mut map = Zipmap::new(blob)?;
    set.clear(map.stated_len().map_or(blob.len() as u64 / 4, u64::from));
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    while let Some((field, _)) = map.next()? {
        unique(&Piece::Whole(Element::Bytes(field)), set, &mut buf)?;
        seen.elements += 2;
    }
    Ok(seen)
}

fn flowing_zipmap<'a>(
    mut map: ZipmapFlow<'a, LongString<'a>>,
    set: &mut ElementSet,
) -> Result<Seen, Refusal> {
    set.clear(map.stated_or_most());
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    while let Some(field) = map.next_field()? {
        unique(&field, set, &mut buf)?;
        seen.elements += 2;
    }
    Ok(seen)
}

#[inline(always)]
fn unique(
    element: &Piece<'_, LongString<'_>>,
    set: &mut ElementSet,
    buf: &mut [u8; 20],
) -> Result<(), Refusal> {
    let (fresh, bytes) = match element {
        Piece::Whole(element) => {
            let bytes = element.text(buf);
            (set.insert(bytes), bytes)
        }
        Piece::Long(long) => (set.insert_print(long.pieces().print()), long.front()),
    };
    match fresh {
        true => Ok(()),
        false => refuse(
            Code::DuplicateElement,
            format!("duplicate member or field \"{}\"", excerpt(bytes)),
        ),
    }
}

fn number(score: &Piece<'_, LongString<'_>>, buf: &mut [u8; 20]) -> Result<(), Refusal> {
    let text = match score {
        Piece::Whole(Element::Int(_)) => return Ok(()),
        Piece::Whole(text) => text.text(buf),
        Piece::Long(long) => long.front(),
    };
    // Valkey looks at no number behind blanks, and no further than this.
    let seen = match text.first() {
        Some(b' ' | 9..=13) => None,
        _ => score::scan(text.get(..score::PACKED).unwrap_or(text)),
    };
    match seen {
        Some(x) if x.is_nan() => refuse(Code::NanScore, "score is not a number"),
        _ => Ok(()),
    }
}

/// Names in strict order of length and bytes.
#[derive(Default)]
struct NameOrder<'a> {
    last: Option<Name<'a>>,
}

enum Name<'a> {
    Held(Vec<u8>),
    Long(LongString<'a>),
}

impl Name<'_> {
    fn text(&self) -> Text<'_> {
        match self {
            Name::Held(name) => Text::Held(name),
            Name::Long(name) => name.text(),
        }
    }
}

impl<'a> NameOrder<'a> {
    /// Whether this name is behind the one before.
    fn next(&mut self, name: &Piece<'_, LongString<'a>>) -> bool {
        let name = match name {
            Piece::Whole(name) => Name::Held(name.text(&mut [0; 20]).to_vec()),
            Piece::Long(long) => Name::Long((*long).clone()),
        };
        let last = self.last.replace(name);
        match (&last, &self.last) {
            (Some(last), Some(this)) => order(last.text(), this.text()) == Ordering::Less,
            _ => true,
        }
    }
}

/// Expiries of triples: ascending, and those without one at the end.
#[derive(Default)]
struct ExpiryOrder {
    last: i64,
    ended: bool,
}

impl ExpiryOrder {
    /// Whether this field expires.
    fn next(&mut self, element: &Piece<'_, LongString<'_>>) -> Result<bool, Refusal> {
        let at = match *element {
            Piece::Whole(Element::Int(at)) => at,
            _ => return refuse(Code::BadExpiry, "field expiry is not an integer"),
        };
        if !(0..=MAX_EXPIRY).contains(&at) {
            return refuse(Code::BadExpiry, format!("field expiry is {at}"));
        }
        if at == 0 {
            self.ended = true;
            return Ok(false);
        }
        if self.ended || at < self.last {
            return refuse(Code::BadExpiry, "field expiries are not in order");
        }
        self.last = at;
        Ok(true)
    }
}

#[cfg(test)]
mod tests;
