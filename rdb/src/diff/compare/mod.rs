//! Two values of one type: in which parts they differ, whatever they are
//! packed in and in which order.

mod delta;
mod edits;
mod fill;
mod layout;
mod table;

pub use delta::{
    ConsumerState, Delta, EntryFields, FieldState, GroupState, PendingState, Sequence, Splice,
    StreamNumber,
};

use super::difference::Change;
use super::error::Side;
use crate::error::{Error, Stage};
use crate::record::Record;
use crate::wire::{ModuleId, ObjectKind};
use edits::Edit;
use table::Tables;

/// How values are compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Milliseconds by which expiries may differ.
    pub tolerance_ms: u64,
    /// Bytes that may be held of each value.
    pub limit: u64,
}

impl Rules {
    /// Whether two expiries are the same to these rules.
    pub fn same_expiry(&self, old: Option<i64>, new: Option<i64>) -> bool {
        match (old, new) {
            (Some(a), Some(b)) => a.abs_diff(b) <= self.tolerance_ms,
            (a, b) => a == b,
        }
    }
}

/// In which parts two values of one type differ.
///
/// # Limits
///
/// Holds both values, decompressed, with some 24 bytes an element; values that
/// would take more than a quarter of
/// [`max_memory`](super::Diff::max_memory) each are not compared.
#[derive(Debug)]
pub struct ValueChange {
    object: ObjectKind,
    tables: Tables,
    /// Of lists and modules.
    edits: Vec<Edit>,
    /// Of modules.
    modules: Option<(ModuleId, ModuleId)>,
    rules: Rules,
}

/// How many parts are added, removed, changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Only in the new value.
    pub added: u64,
    /// Only in the old one.
    pub removed: u64,
    /// In both, with another content.
    pub changed: u64,
}

impl ValueChange {
    /// What both values are.
    #[must_use]
    pub fn object(&self) -> ObjectKind {
        self.object
    }

    /// The parts that differ: by name in the order of bytes, in lists by
    /// position, in streams by ID. Computed as they are asked for.
    pub fn deltas(&self) -> Box<dyn Iterator<Item = Delta<'_>> + '_> {
        delta::of(self)
    }

    /// How many parts differ. Replaced elements of a list are both added and
    /// removed.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for delta in self.deltas() {
            if let Delta::Splice(splice) = &delta {
                counts.added += splice.new_len as u64;
                counts.removed += splice.old_len as u64;
                continue;
            }
            match delta.change() {
                Change::Added => counts.added += 1,
                Change::Removed => counts.removed += 1,
                Change::Changed => counts.changed += 1,
            }
        }
        counts
    }
}

/// Compares two values of one type; `None` if they are the same.
///
/// # Errors
///
/// In which file a value is that cannot be compared, and why.
pub(super) fn compare(
    old: &Record<'_>,
    new: &Record<'_>,
    rules: Rules,
) -> Result<Option<ValueChange>, (Side, Error)> {
    let mut tables = Tables::new(rules.limit);
    let modules = (
        fill::fill(old, &mut tables.old).map_err(|e| (Side::Old, e))?,
        fill::fill(new, &mut tables.new).map_err(|e| (Side::New, e))?,
    );
    let Some(object) = new.object() else {
        let kind = crate::ErrorKind::UnknownType(new.kind.0);
        return Err((Side::New, at_value(kind, new)));
    };
    let edits = match object {
        ObjectKind::List | ObjectKind::Module => {
            edits::edits(tables.old.len(), tables.new.len(), |a, b| {
                tables.old.content(a) == tables.new.content(b)
            })
        }
        _ => {
            tables.old.sort();
            tables.new.sort();
            Vec::new()
        }
    };
    let change = ValueChange {
        object,
        tables,
        edits,
        modules: modules.0.zip(modules.1),
        rules,
    };
    let differs = change.deltas().next().is_some();
    Ok(differs.then_some(change))
}

fn at_value(kind: crate::ErrorKind, record: &Record<'_>) -> Error {
    Error::new(kind, record.value_offset, record.offset, Stage::Value)
}
