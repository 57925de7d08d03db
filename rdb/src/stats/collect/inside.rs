//! The key in hand.

use crate::record::KeyMeta;
use crate::stats::KeyStats;
use crate::stats::meter::Measured;
use crate::wire::{Dialect, ValueType};

/// The key whose value is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Inside {
    pub kind: ValueType,
    pub dialect: Dialect,
    pub meta: KeyMeta,
    pub offset: u64,
    /// Whether the filter takes it, as far as it can tell before the value.
    pub wanted: bool,
}

impl Inside {
    /// What there is to say of the key, now that its value was read.
    #[inline]
    pub fn stats(self, db: u64, key: &[u8], size: u64, measured: Measured) -> KeyStats<'_> {
        KeyStats {
            db,
            key,
            kind: self.kind,
            dialect: self.dialect,
            meta: self.meta,
            offset: self.offset,
            size,
            elements: measured.elements,
            encoding: measured.encoding,
            memory: measured.memory,
            saved: measured.saved,
            compressed: measured.compressed,
            expiring_fields: measured.expiring_fields,
            expired_fields: measured.expired_fields,
        }
    }
}
