//! Items of modules and arrays as JSON: objects that name the kind of what they hold.

use std::io;

use rdbkit_rdb::{ArrayElement, ModuleItem};

use super::JsonKeys;
use crate::render::export::escape::{integer, number};

impl JsonKeys<'_> {
    pub(super) fn module_item(&mut self, item: &ModuleItem<'_>) -> io::Result<()> {
        self.next();
        let out = self.page.buffer();
        match *item {
            ModuleItem::Signed(n) => {
                out.extend_from_slice(b"{\"signed\":");
                integer(out, n);
            }
            ModuleItem::Unsigned(n) => {
                out.extend_from_slice(b"{\"unsigned\":");
                integer(out, n);
            }
            ModuleItem::Float(x) => {
                out.extend_from_slice(b"{\"float\":");
                number(out, x.into());
            }
            ModuleItem::Double(x) => {
                out.extend_from_slice(b"{\"double\":");
                number(out, x);
            }
            ModuleItem::String(bytes) => {
                out.extend_from_slice(b"{\"string\":");
                self.text(bytes)?;
            }
        }
        self.page.buffer().push(b'}');
        Ok(())
    }

    pub(super) fn array_item(&mut self, index: u64, value: &ArrayElement<'_>) -> io::Result<()> {
        self.next();
        let out = self.page.buffer();
        out.extend_from_slice(b"{\"index\":");
        integer(out, index);
        match *value {
            ArrayElement::Bytes(bytes) => {
                out.extend_from_slice(b",\"string\":");
                self.text(bytes)?;
            }
            ArrayElement::Int(n) => {
                out.extend_from_slice(b",\"integer\":");
                integer(out, n);
            }
            ArrayElement::Float(x) => {
                out.extend_from_slice(b",\"float\":");
                number(out, x);
            }
        }
        self.page.buffer().push(b'}');
        Ok(())
    }
}
