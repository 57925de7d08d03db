//! Elements that stand in the place of others.

use crate::diff::compare::layout::{Parts, tag};
use crate::diff::compare::table::Table;
use crate::value::ModuleItem;

/// What a [`Splice`] is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// The elements of a list.
    List,
    /// The items of a module's value.
    Module,
}

/// Elements that stand in the place of others.
#[derive(Clone, Copy, Debug)]
pub struct Splice<'a> {
    /// What of.
    pub of: Sequence,
    /// Index of the first element that goes.
    pub old_at: usize,
    /// How many go.
    pub old_len: usize,
    /// Index of the first element that comes.
    pub new_at: usize,
    /// How many come.
    pub new_len: usize,
    pub(super) old: &'a Table,
    pub(super) new: &'a Table,
}

impl<'a> Splice<'a> {
    /// The elements of a list that go.
    pub fn old_elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        contents(self.old, self.old_at, self.old_len)
    }

    /// The elements of a list that come.
    pub fn new_elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        contents(self.new, self.new_at, self.new_len)
    }

    /// The items of a module that go.
    pub fn old_items(&self) -> impl Iterator<Item = ModuleItem<'a>> + use<'a> {
        self.old_elements().map(item)
    }

    /// The items of a module that come.
    pub fn new_items(&self) -> impl Iterator<Item = ModuleItem<'a>> + use<'a> {
        self.new_elements().map(item)
    }
}

fn contents(table: &Table, at: usize, len: usize) -> impl Iterator<Item = &[u8]> {
    (at..at + len).filter_map(|n| table.content(n))
}

fn item(content: &[u8]) -> ModuleItem<'_> {
    let mut parts = Parts(content);
    match parts.byte() {
        tag::SIGNED => ModuleItem::Signed(parts.number() as i64),
        tag::UNSIGNED => ModuleItem::Unsigned(parts.number()),
        tag::SINGLE => ModuleItem::Float(f32::from_le_bytes(parts.array())),
        tag::DOUBLE => ModuleItem::Double(f64::from_le_bytes(parts.array())),
        _ => ModuleItem::String(parts.0),
    }
}
