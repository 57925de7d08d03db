//! Module values: typed items that only the module understands.

use super::walk::{self, Walk};
use crate::error::Result;
use crate::event::{Event, Part};
use crate::record::Record;
use crate::text::Scratch;
use crate::wire::ModuleId;

/// One item of a module value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ModuleItem<'s> {
    /// A signed integer.
    Signed(i64),
    /// An unsigned integer.
    Unsigned(u64),
    /// A single-precision number.
    Float(f32),
    /// A double.
    Double(f64),
    /// A string.
    String(&'s [u8]),
}

/// The value of a module type: who wrote it, and its items in order.
#[derive(Clone, Debug)]
pub struct ModuleValue<'a> {
    id: ModuleId,
    walk: Walk<'a>,
    scratch: Scratch,
    digits: [u8; 20],
}

impl<'a> ModuleValue<'a> {
    pub(super) fn new(record: &Record<'a>, mut walk: Walk<'a>) -> Result<ModuleValue<'a>> {
        let Some(Part::Module(id)) = walk.next()? else {
            return Err(walk.bad("module value without a module"));
        };
        Ok(ModuleValue {
            id,
            walk,
            scratch: Scratch::with_limit(record.max_decompressed),
            digits: [0; 20],
        })
    }

    /// The module type and the version of its encoding.
    #[must_use]
    pub fn id(&self) -> ModuleId {
        self.id
    }

    /// The next item, or `None` at the end or after an error.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the item.
    #[allow(clippy::should_implement_trait)] // lends
    pub fn next(&mut self) -> Result<Option<ModuleItem<'_>>> {
        let Some(event) = self.walk.next()? else {
            return Ok(None);
        };
        self.item(event)
    }

    fn item(&mut self, event: Event<'a>) -> Result<Option<ModuleItem<'_>>> {
        Ok(Some(match event {
            Part::ModuleSigned(n) => ModuleItem::Signed(n),
            Part::ModuleUnsigned(n) => ModuleItem::Unsigned(n),
            Part::ModuleFloat(x) => ModuleItem::Float(x),
            Part::ModuleDouble(x) => ModuleItem::Double(x),
            Part::ModuleString(text) => {
                let offset = self.walk.token_offset();
                let element = match walk::element(text, &mut self.scratch, offset) {
                    Ok(element) => element,
                    Err(error) => {
                        self.walk.end();
                        return Err(error);
                    }
                };
                ModuleItem::String(element.text(&mut self.digits))
            }
            // The end mark, which is the last event.
            _ => return Ok(None),
        }))
    }
}
