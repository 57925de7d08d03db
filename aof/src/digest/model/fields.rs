//! Hashes.

use std::collections::HashMap;

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, Value};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Expiry, Typed};

/// A field's value, and when it expires.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct Field {
    pub value: Box<[u8]>,
    pub expiry: Expiry,
}

/// A hash.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct Fields {
    fields: HashMap<Box<[u8]>, Field>,
    bytes: usize,
}

impl Fields {
    pub fn get(&self, field: &[u8]) -> Option<&Field> {
        self.fields.get(field)
    }

    pub fn set(&mut self, field: &[u8], value: &[u8], expiry: Expiry) {
        let new = Field {
            value: value.into(),
            expiry,
        };
        self.bytes += value.len();
        if let Some(old) = self.fields.get_mut(field) {
            self.bytes -= old.value.len();
            *old = new;
        } else {
            self.bytes += field.len();
            self.fields.insert(field.into(), new);
        }
    }

    /// Sets when a field that is there expires.
    pub fn expire(&mut self, field: &[u8], expiry: Expiry) {
        if let Some(field) = self.fields.get_mut(field) {
            field.expiry = expiry;
        }
    }

    pub fn remove(&mut self, field: &[u8]) {
        if let Some(old) = self.fields.remove(field) {
            self.bytes -= field.len() + old.value.len();
        }
    }
}

impl Typed for Fields {
    const KIND: Kind = Kind::Hash;

    fn new(_: &Rules) -> Fields {
        Fields::default()
    }

    fn read(_: &Record<'_>, value: Value<'_>, _: &Rules) -> Result<Fields, Halt> {
        let mut hash = Fields::default();
        if let Value::Hash(mut fields) = value {
            while let Some(field) = fields.next()? {
                hash.set(field.field, field.value, field.expire_ms.into());
            }
        }
        Ok(hash)
    }

    fn of(content: &mut Content) -> Option<&mut Fields> {
        match content {
            Content::Hash(hash) => Some(hash),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        self.bytes + self.fields.len() * ELEMENT * 2 + size_of::<Fields>()
    }

    fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn build(&self, key: &mut Building<'_>) {
        for (name, field) in &self.fields {
            key.field(name, &field.value, field.expiry.ms());
        }
    }
}
