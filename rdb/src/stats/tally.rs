//! Sums over keys.

use super::KeyStats;
use super::memory::Memory;
use crate::wire::ObjectKind;

/// What many keys add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Keys.
    pub keys: u64,
    /// Their bytes in the file: types, names and values.
    pub bytes: u64,
    /// Their names.
    pub key_bytes: u64,
    /// Their size in memory, as estimated.
    pub memory: Memory,
    /// Elements, members, fields, entries; strings have none.
    pub elements: u64,
    /// Keys with an expiry.
    pub expires: u64,
    /// Keys whose time is over: a server drops them when it loads the file.
    pub expired: u64,
    /// Fields with an expiry.
    pub expiring_fields: u64,
    /// Fields whose time is over.
    pub expired_fields: u64,
    /// Bytes of compressed strings in the file.
    pub compressed: u64,
    /// Bytes that compression saves.
    pub saved: u64,
}

impl Tally {
    #[inline]
    pub(super) fn count(&mut self, key: &KeyStats<'_>, expired: bool) {
        self.keys += 1;
        self.bytes += key.size;
        self.key_bytes += key.key.len() as u64;
        self.memory += key.memory;
        if key.object() != Some(ObjectKind::String) {
            self.elements = self.elements.saturating_add(key.elements.unwrap_or(0));
        }
        self.expires += u64::from(key.meta.expire_ms.is_some());
        self.expired += u64::from(expired);
        self.expiring_fields += key.expiring_fields;
        self.expired_fields += key.expired_fields;
        self.compressed += key.compressed;
        self.saved = self.saved.saturating_add(key.saved);
    }

    /// Adds another's numbers to these.
    pub fn add(&mut self, other: &Tally) {
        self.keys += other.keys;
        self.bytes += other.bytes;
        self.key_bytes += other.key_bytes;
        self.memory += other.memory;
        self.elements = self.elements.saturating_add(other.elements);
        self.expires += other.expires;
        self.expired += other.expired;
        self.expiring_fields += other.expiring_fields;
        self.expired_fields += other.expired_fields;
        self.compressed += other.compressed;
        self.saved = self.saved.saturating_add(other.saved);
    }
}
