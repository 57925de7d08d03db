//! Values packed into one string: looked at when the string was read.

use rdbkit_rdb::packed::{Backlen, Element, Intset, Listpack, PackedError, Ziplist, Zipmap};
use rdbkit_rdb::score;

use super::Persona;
use super::lines::Reason;
use super::profile::{Sizes, ZsetSizes};
use super::stop::{Result, Stop};
use super::unique::Unique;
use super::value::MAX_FIELD_EXPIRY;
use super::walk::Walk;

/// What a string packs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blob {
    HashZipmap,
    ListZiplist,
    SetIntset,
    SetListpack,
    ZsetZiplist,
    ZsetListpack,
    HashZiplist,
    HashListpack,
    /// Triples of field, value, expiry.
    HashListpackEx,
}

impl Blob {
    /// By value type; of those that are no blob, the last one.
    pub fn of(kind: u8) -> Blob {
        match kind {
            9 => Blob::HashZipmap,
            10 => Blob::ListZiplist,
            11 => Blob::SetIntset,
            12 => Blob::ZsetZiplist,
            13 => Blob::HashZiplist,
            16 => Blob::HashListpack,
            17 => Blob::ZsetListpack,
            20 => Blob::SetListpack,
            _ => Blob::HashListpackEx,
        }
    }

    fn damaged(self) -> Reason {
        match self {
            Blob::HashZipmap => Reason::Zipmap,
            Blob::ListZiplist => Reason::ListZiplist,
            Blob::SetIntset => Reason::Intset,
            Blob::SetListpack => Reason::SetListpack,
            Blob::ZsetZiplist => Reason::ZsetZiplist,
            Blob::ZsetListpack => Reason::ZsetListpack,
            Blob::HashZiplist => Reason::HashZiplist,
            Blob::HashListpack | Blob::HashListpackEx => Reason::HashListpack,
        }
    }

    /// How many elements belong together; the first of them must be unique.
    fn group(self) -> usize {
        match self {
            Blob::ListZiplist | Blob::SetListpack | Blob::SetIntset => 1,
            Blob::HashListpackEx => 3,
            _ => 2,
        }
    }
}

/// Why a blob does not pass.
enum Refusal {
    /// It is damaged, or a member is there twice.
    Damaged,
    /// A score is not a number (Valkey).
    Nan,
    /// The damage has a name of its own.
    Named(Reason),
}

impl From<PackedError> for Refusal {
    fn from(_: PackedError) -> Refusal {
        Refusal::Damaged
    }
}

/// What was found in a blob that passes.
#[derive(Default)]
struct Found {
    elements: u64,
    /// Whether a hash field expires.
    expires: bool,
    nan: bool,
}

/// How wide the servers of this persona write the backlen of border sizes.
pub(super) fn backlen(persona: Persona) -> Backlen {
    match persona {
        Persona::Redis => Backlen::Long,
        Persona::Valkey => Backlen::Short,
    }
}

impl Walk<'_> {
    /// Reads a packed value and checks it. Whether a hash field expires in it.
    pub fn blob(&mut self, blob: Blob) -> Result<bool> {
        self.input.string(&mut self.text)?;
        let persona = self.report.persona;
        let found = check(blob, &self.text, persona, &mut self.sizes);
        let refused = |refusal| {
            Stop::corrupt(match (refusal, blob) {
                (Refusal::Named(reason), _) => reason,
                (Refusal::Nan, Blob::ZsetZiplist) => Reason::ZsetZiplistNan,
                (Refusal::Nan, _) => Reason::ZsetListpackNan,
                (Refusal::Damaged, blob) => blob.damaged(),
            })
        };
        let found = found.map_err(refused)?;
        if found.nan && persona == Persona::Valkey {
            return Err(refused(Refusal::Nan));
        }
        // An empty key, of which the tools say that the file ends.
        if found.elements == 0 {
            return Err(Stop::Short);
        }
        Ok(found.expires)
    }

    /// One packed node of a list; whether there is anything in it.
    pub fn quicklist_node(&mut self, listpack: bool) -> Result<bool> {
        self.input.string(&mut self.text)?;
        if self.text.is_empty() {
            return Err(Stop::Short);
        }
        let sizes = &mut self.sizes;
        let (walked, damaged) = if listpack {
            let backlen = backlen(self.report.persona);
            let walked = walk_listpack(&self.text, backlen, |e| sizes.add(element_size(e)));
            (walked, Reason::QuicklistListpack)
        } else {
            let walked = walk_ziplist(&self.text, |e| sizes.add(element_size(e)));
            (walked, Reason::QuicklistZiplist)
        };
        match walked {
            Ok(elements) => Ok(elements > 0),
            Err(_) => Err(Stop::corrupt(damaged)),
        }
    }
}

/// Bytes a client sees of an element.
pub(super) fn element_size(element: Element<'_>) -> u64 {
    element.text(&mut [0; 20]).len() as u64
}

fn walk_listpack<'a>(
    blob: &'a [u8],
    backlen: Backlen,
    mut each: impl FnMut(Element<'a>),
) -> std::result::Result<u64, PackedError> {
    let mut listpack = Listpack::new(blob)?.backlen(backlen);
    let mut n = 0;
    while let Some(element) = listpack.next()? {
        each(element);
        n += 1;
    }
    Ok(n)
}

fn walk_ziplist<'a>(
    blob: &'a [u8],
    mut each: impl FnMut(Element<'a>),
) -> std::result::Result<u64, PackedError> {
    let mut ziplist = Ziplist::new(blob)?;
    let mut n = 0;
    while let Some(element) = ziplist.next()? {
        each(element);
        n += 1;
    }
    Ok(n)
}

fn check(
    blob: Blob,
    bytes: &[u8],
    persona: Persona,
    sizes: &mut Sizes,
) -> std::result::Result<Found, Refusal> {
    match blob {
        Blob::SetIntset => {
            let mut intset = Intset::new(bytes)?;
            let mut elements = 0;
            while let Some(n) = intset.next()? {
                sizes.add(element_size(n));
                elements += 1;
            }
            Ok(Found {
                elements,
                ..Found::default()
            })
        }
        Blob::HashZipmap => zipmap(bytes, sizes),
        _ => {
            let mut groups = Groups::new(blob, sizes);
            let elements = if matches!(
                blob,
                Blob::ListZiplist | Blob::ZsetZiplist | Blob::HashZiplist
            ) {
                walk_ziplist(bytes, |e| groups.element(e))?
            } else {
                walk_listpack(bytes, backlen(persona), |e| groups.element(e))?
            };
            groups.finish(elements)
        }
    }
}

/// The whole map is walked before its fields are compared.
fn zipmap(bytes: &[u8], sizes: &mut Sizes) -> std::result::Result<Found, Refusal> {
    let mut zipmap = Zipmap::new(bytes)?;
    let mut found = Found::default();
    while zipmap.next()?.is_some() {
        found.elements += 1;
    }
    let mut zipmap = Zipmap::new(bytes)?;
    let mut unique = Unique::new();
    while let Some((field, value)) = zipmap.next()? {
        if !unique.insert(field) {
            let reason = Reason::ZipmapDuplicate(field.len() as u64);
            return Err(Refusal::Named(reason));
        }
        sizes.add(field.len() as u64 + value.len() as u64);
    }
    Ok(found)
}

/// Looks at the elements of a listpack or ziplist, a group at a time.
struct Groups<'a> {
    blob: Blob,
    sizes: &'a mut Sizes,
    unique: Unique,
    /// Elements of the current group seen.
    at: usize,
    size: u64,
    last_expiry: u64,
    damaged: bool,
    expires: bool,
    endless: bool,
    nan: bool,
    member: Vec<u8>,
    zset: ZsetSizes,
}

impl<'a> Groups<'a> {
    fn new(blob: Blob, sizes: &'a mut Sizes) -> Groups<'a> {
        Groups {
            blob,
            sizes,
            unique: Unique::new(),
            at: 0,
            size: 0,
            last_expiry: 0,
            damaged: false,
            expires: false,
            endless: false,
            nan: false,
            member: Vec::new(),
            zset: ZsetSizes::new(true),
        }
    }

    fn element(&mut self, element: Element<'_>) {
        let mut digits = [0; 20];
        let text = element.text(&mut digits);
        let zset = matches!(self.blob, Blob::ZsetZiplist | Blob::ZsetListpack);
        if self.at == 0 && self.blob != Blob::ListZiplist {
            self.damaged |= !self.unique.insert(text);
        }
        match (self.at, zset) {
            (0, true) => {
                self.member.clear();
                self.member.extend_from_slice(text);
            }
            (1, true) => {
                // What is no number at all is 0 to the servers.
                let score = score::scan(text).unwrap_or(0.0);
                self.nan |= score.is_nan();
                self.zset.add(&self.member, score, self.sizes);
            }
            (2, _) => self.expiry(element),
            _ => self.size += text.len() as u64,
        }
        self.at += 1;
        if self.at == self.blob.group() {
            if !zset {
                self.sizes.add(self.size);
            }
            self.at = 0;
            self.size = 0;
        }
    }

    /// Expiries ascend; fields without one come last.
    fn expiry(&mut self, element: Element<'_>) {
        let at = match element {
            Element::Int(at) => u64::try_from(at).ok(),
            Element::Bytes(_) => None,
        };
        match at {
            Some(0) => self.endless = true,
            Some(at) if at <= MAX_FIELD_EXPIRY && at >= self.last_expiry && !self.endless => {
                self.last_expiry = at;
                self.expires = true;
            }
            _ => self.damaged = true,
        }
    }

    fn finish(mut self, elements: u64) -> std::result::Result<Found, Refusal> {
        if matches!(self.blob, Blob::ZsetZiplist | Blob::ZsetListpack) {
            self.zset.finish(self.sizes);
        }
        if self.damaged || self.at != 0 {
            return Err(Refusal::Damaged);
        }
        Ok(Found {
            elements,
            expires: self.expires,
            nan: self.nan,
        })
    }
}
