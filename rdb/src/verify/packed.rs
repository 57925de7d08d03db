//! Judging a packed blob: its integrity, pairs and triples, duplicates, expiries.

use crate::event::Packing;
use crate::packed::{Element, Intset, Listpack, PackedError, Ziplist, Zipmap};
use crate::score;
use crate::verify::finding::Code;
use crate::verify::fingerprint::ElementSet;
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

/// Checks a blob as a server does that sanitises what it loads. `strict` adds
/// what Valkey 9.1 demands.
pub(super) fn check(
    packing: Packing,
    blob: &[u8],
    set: &mut ElementSet,
    strict: bool,
) -> Result<Seen, Refusal> {
    match packing {
        Packing::ListListpack => {
            let elements = Listpack::new(blob)?.check()? as u64;
            Ok(Seen {
                elements,
                ..Seen::default()
            })
        }
        Packing::ListZiplist => {
            let elements = Ziplist::new(blob)?.check()? as u64;
            Ok(Seen {
                elements,
                ..Seen::default()
            })
        }
        Packing::SetIntset => {
            let intset = Intset::new(blob)?;
            let elements = intset.stated_len().into();
            intset.check()?;
            Ok(Seen {
                elements,
                ..Seen::default()
            })
        }
        Packing::SetListpack => listpack(
            blob,
            set,
            Shape {
                tuple: 1,
                scores: false,
                names: false,
            },
        ),
        Packing::ZsetListpack => listpack(
            blob,
            set,
            Shape {
                tuple: 2,
                scores: strict,
                names: false,
            },
        ),
        Packing::HashListpack => listpack(
            blob,
            set,
            Shape {
                tuple: 2,
                scores: false,
                names: false,
            },
        ),
        Packing::HashListpackEx => listpack(
            blob,
            set,
            Shape {
                tuple: 3,
                scores: false,
                names: false,
            },
        ),
        Packing::TemplateNames => listpack(
            blob,
            set,
            Shape {
                tuple: 1,
                scores: false,
                names: true,
            },
        ),
        Packing::ZsetZiplist | Packing::HashZiplist => {
            ziplist(blob, set, strict && packing == Packing::ZsetZiplist)
        }
        Packing::HashZipmap => zipmap(blob, set),
        Packing::TemplateValues => {
            let mut list = Listpack::new(blob)?;
            let mut seen = Seen::default();
            while let Some(element) = list.next()? {
                if seen.elements == 0 {
                    seen.first = element.as_integer();
                }
                seen.elements += 1;
            }
            Ok(seen)
        }
        // Judged with the rest of its stream.
        Packing::StreamNode => Ok(Seen::default()),
    }
}

/// What the elements of a listpack are.
#[derive(Clone, Copy)]
struct Shape {
    /// Members alone, pairs, or triples with an expiry.
    tuple: u64,
    /// The second of a pair is a score that must be a number.
    scores: bool,
    /// Names in strict order of length and bytes.
    names: bool,
}

fn listpack(blob: &[u8], set: &mut ElementSet, shape: Shape) -> Result<Seen, Refusal> {
    let mut list = Listpack::new(blob)?;
    set.clear(list.stated_len().map_or(blob.len() as u64 / 2, u64::from) / shape.tuple);
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    if shape.tuple == 2 && !shape.scores {
        while let Some(element) = list.next()? {
            unique(element.text(&mut buf), set)?;
            if !list.skip()? {
                return refuse(Code::BadPacked, "an element is missing at the end");
            }
            seen.elements += 2;
        }
        return Ok(seen);
    }
    let mut last_name: Option<(usize, Vec<u8>)> = None;
    let mut expiry_order = ExpiryOrder::default();
    let mut place = 0;
    while let Some(element) = list.next()? {
        match place {
            0 => {
                unique(element.text(&mut buf), set)?;
                if shape.names {
                    let name = element.text(&mut buf);
                    let this = Some((name.len(), name.to_vec()));
                    if last_name >= this {
                        return refuse(Code::BadTemplate, "names out of order");
                    }
                    last_name = this;
                }
            }
            1 if shape.scores => number(element, &mut buf)?,
            2 => seen.expires |= expiry_order.next(element)?,
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

fn ziplist(blob: &[u8], set: &mut ElementSet, scores: bool) -> Result<Seen, Refusal> {
    let mut list = Ziplist::new(blob)?;
    set.clear(list.stated_len().map_or(blob.len() as u64 / 2, u64::from) / 2);
    let mut seen = Seen::default();
    let mut buf = [0; 20];
    while let Some(element) = list.next()? {
        if seen.elements % 2 == 0 {
            unique(element.text(&mut buf), set)?;
        } else if scores {
            number(element, &mut buf)?;
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
    while let Some((field, _)) = map.next()? {
        unique(field, set)?;
        seen.elements += 2;
    }
    Ok(seen)
}

#[inline]
fn unique(bytes: &[u8], set: &mut ElementSet) -> Result<(), Refusal> {
    match set.insert(bytes) {
        true => Ok(()),
        false => refuse(
            Code::DuplicateElement,
            format!("duplicate member or field \"{}\"", excerpt(bytes)),
        ),
    }
}

fn number(score: Element<'_>, buf: &mut [u8; 20]) -> Result<(), Refusal> {
    match score {
        Element::Int(_) => Ok(()),
        text => match score::scan(text.text(buf)) {
            Some(x) if x.is_nan() => refuse(Code::NanScore, "score is not a number"),
            _ => Ok(()),
        },
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
    fn next(&mut self, element: Element<'_>) -> Result<bool, Refusal> {
        let at = match element {
            Element::Int(at) => at,
            Element::Bytes(_) => return refuse(Code::BadExpiry, "field expiry is not an integer"),
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
