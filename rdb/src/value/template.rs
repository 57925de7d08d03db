//! Field names of hashes that keep them apart from their values.
//!
//! ```text
//! 29 TMPL_LP         names, STR listpack of (id, value*fields)
//! 30 TMPL_LP_REF            STR listpack of (id, value*fields)
//! 31 TMPL_ARRAY      names, STR value*fields
//! 32 TMPL_ARRAY_REF  LEN id, STR value*fields
//!    names           LEN 0, STR listpack of field*fields
//!                  | LEN 1, LEN fields, STR field*fields
//! ```
//!
//! 30 and 32 stand in files and refer to a template record of the file; 29 and
//! 31 stand in DUMP payloads and carry the names.

use std::sync::Arc;

use super::blob::Blob;
use super::walk::{self, Walk};
use crate::decoder::{Decoder, Step};
use crate::error::Result;
use crate::event::{Packing, Part};
use crate::grammar::{self, Rules};
use crate::packed::{Element, Listpack};
use crate::record::{Record, Template};
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ValueType};

/// The names of a template hash, walked beside its values.
#[derive(Clone, Debug)]
pub(super) struct Names<'a> {
    source: Source<'a>,
    scratch: Scratch,
}

#[derive(Clone, Debug)]
enum Source<'a> {
    /// In the value, as strings.
    Input(&'a [u8], NameWalk),
    /// In the value, as a listpack.
    Packed(Blob<'a>),
    /// In a record of the file.
    Template(Arc<Template>, NameWalk),
}

/// A decoder over strings that lie one behind the other.
#[derive(Clone, Debug)]
struct NameWalk {
    decoder: Decoder,
    at: usize,
    left: u64,
}

impl<'a> Names<'a> {
    pub fn of_input(names: &'a [u8], fields: u64, max: u64) -> Names<'a> {
        let source = Source::Input(names, NameWalk::new(fields, max));
        Names::new(source, max)
    }

    pub fn of_template(template: Arc<Template>, max: u64) -> Names<'a> {
        let walk = NameWalk::new(template.fields, max);
        Names::new(Source::Template(template, walk), max)
    }

    pub fn of_blob(text: Str<'a>, walk: &Walk<'_>, max: u64) -> Result<Names<'a>> {
        let mut blob = Blob::new(max);
        blob.open(Packing::TemplateNames, text, walk)?;
        Ok(Names::new(Source::Packed(blob), max))
    }

    fn new(source: Source<'a>, max: u64) -> Names<'a> {
        let scratch = Scratch::with_limit(max);
        Names { source, scratch }
    }

    /// Whether a name is left.
    pub fn more(&mut self) -> Result<bool> {
        match &mut self.source {
            Source::Packed(blob) => blob.more(),
            Source::Input(_, walk) | Source::Template(_, walk) => Ok(walk.left > 0),
        }
    }

    /// The next name, for the value that `values` has just met.
    pub fn expect(&mut self, values: &Walk<'_>) -> Result<Element<'_>> {
        let none = || values.bad("template hash with more values than fields");
        let text = match &mut self.source {
            Source::Packed(blob) => return blob.next()?.ok_or_else(none),
            Source::Input(names, walk) => walk.next(names)?,
            Source::Template(template, walk) => walk.next(&template.names)?,
        };
        let text = text.ok_or_else(none)?;
        walk::element(text, &mut self.scratch, values.token_offset())
    }
}

impl NameWalk {
    fn new(fields: u64, max_decompressed: u64) -> NameWalk {
        NameWalk {
            decoder: Decoder::for_template(fields, walk::limits(max_decompressed)),
            at: 0,
            left: fields,
        }
    }

    /// The next of `names`, which must be the same every time.
    fn next<'n>(&mut self, names: &'n [u8]) -> Result<Option<Str<'n>>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let window = names.get(self.at..).unwrap_or_default();
        match self.decoder.step(window, true)? {
            Step::Token { used, token } => {
                self.at += used;
                match token.resolve(window) {
                    Part::Item { text, .. } => Ok(Some(text)),
                    _ => Ok(None),
                }
            }
            Step::Done | Step::NeedMore { .. } => Ok(None),
        }
    }
}

/// The template that a hash of type 32 refers to, its id, and the bytes of its
/// values.
pub(super) fn of_array(record: &Record<'_>) -> Option<(u64, Arc<Template>)> {
    let (_, id) = array_id(record.raw)?;
    Some((id, record.templates.as_ref()?.get(id)?))
}

/// The id before the values of a hash of type 32, and the values.
fn array_id(raw: &[u8]) -> Option<(&[u8], u64)> {
    let rules = Rules {
        base: raw.len(),
        max_piece: u64::MAX,
        lenient: true,
    };
    grammar::plain_len::<true>(raw, rules).ok()
}

impl<'a> Record<'a> {
    /// For a hash that refers to a template: the type that carries its names,
    /// the template, and the bytes of the values. `None` if it is not one, or
    /// its template is not there.
    pub(crate) fn unshared(&self) -> Option<(ValueType, Arc<Template>, &'a [u8])> {
        if self.dialect != Dialect::Redis {
            return None;
        }
        let templates = self.templates.as_ref()?;
        match self.kind {
            ValueType::HASH_TMPL_ARRAY_REF => {
                let (values, id) = array_id(self.raw)?;
                Some((ValueType::HASH_TMPL_ARRAY, templates.get(id)?, values))
            }
            ValueType::HASH_TMPL_LP_REF => {
                let walk = &mut Walk::new(self).ok()?;
                let Some(Part::Item { text, .. }) = walk.next().ok()? else {
                    return None;
                };
                let mut scratch = Scratch::with_limit(self.max_decompressed);
                let mut blob = Listpack::new(text.bytes(&mut scratch).ok()?).ok()?;
                let id = u64::try_from(blob.next().ok()??.as_integer()?).ok()?;
                Some((ValueType::HASH_TMPL_LP, templates.get(id)?, self.raw))
            }
            _ => None,
        }
    }
}
