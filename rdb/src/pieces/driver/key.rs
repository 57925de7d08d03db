//! What is known of a key before its value.

use crate::limits::Limits;
use crate::record::{KeyMeta, Record, Templates};
use crate::text::Str;
use crate::wire::{Dialect, ValueType};

/// What goes for all keys that come next.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    pub dialect: Dialect,
    pub version: u32,
    pub db: u64,
    pub limits: Limits,
}

/// What is known of a key before its value.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub name: Vec<u8>,
    pub kind: ValueType,
    pub meta: KeyMeta,
    /// The KEY_META record before it.
    pub key_meta: Vec<u8>,
    pub at: u64,
    pub value_at: u64,
}

impl Current {
    pub fn set(&mut self, kind: ValueType, name: &[u8], meta: KeyMeta, at: u64, value_at: u64) {
        self.name.clear();
        self.name.extend_from_slice(name);
        (self.kind, self.meta) = (kind, meta);
        (self.at, self.value_at) = (at, value_at);
    }

    /// The key with its value.
    pub fn record<'r>(
        &'r self,
        file: File,
        raw: &'r [u8],
        templates: Option<Templates>,
    ) -> Record<'r> {
        Record {
            db: file.db,
            meta: self.meta,
            key_meta: &self.key_meta,
            kind: self.kind,
            dialect: file.dialect,
            version: file.version,
            key: Str::Raw(&self.name),
            raw,
            offset: self.at,
            value_offset: self.value_at,
            max_decompressed: file.limits.max_decompressed,
            templates,
        }
    }
}
