//! `RESTORE`: values as they stand in the file.

use std::io::Write;

use super::words::{bulk, head, long, option, time};
use super::{Commands, LARGEST_PAYLOAD, Loss};
use crate::pieces::{End, Key, VisitError, Want};
use crate::record::Record;
use crate::value::Value;
use crate::wire::{Dialect, ObjectKind, Opcode, ValueType};

/// Bytes of the value of an empty collection, at most: a list of one empty
/// ziplist has 14.
const EMPTY: usize = 32;

impl<W: Write> Commands<W> {
    /// How a key is to be had.
    #[inline]
    pub(super) fn restores(&mut self, key: &Key<'_>) -> Result<Want, VisitError> {
        if self.options.restore {
            let format = self.target.format();
            let meta =
                !key.has_key_meta || format.takes_opcode(Opcode::KEY_META, key.dialect).is_ok();
            if meta && format.takes_type(key.kind, key.dialect).is_ok() {
                return Ok(Want::Record {
                    at_most: LARGEST_PAYLOAD,
                });
            }
        }
        if key.has_key_meta {
            self.lose(Loss::KeyMeta);
        }
        let lost = match key.object {
            ObjectKind::Module => Some(Loss::Module),
            ObjectKind::Array => Some(Loss::Array),
            ObjectKind::Gcra => Some(Loss::Gcra),
            ObjectKind::Stream if !self.target.has_streams() => Some(Loss::Stream),
            ObjectKind::Hash
                if (key.kind, key.dialect) == (ValueType::PATH_HASH, Dialect::Valkey) =>
            {
                Some(Loss::PathHash)
            }
            _ => None,
        };
        Ok(match lost {
            Some(loss) => {
                self.lose(loss);
                Want::Nothing
            }
            None => Want::Pieces,
        })
    }

    pub(super) fn restore(&mut self, record: &Record<'_>) -> Result<(), VisitError> {
        if record.raw.len() <= EMPTY && is_empty(record)? {
            self.empty += 1;
            return Ok(());
        }
        if let Some(now_ms) = self.options.without_expired
            && has_expired(record, now_ms)?
        {
            return self.without_expired(record, now_ms);
        }
        let modern = self.target.has_absolute_restore();
        let replaces = self.options.replace && self.target.has_replace();
        self.begin(replaces);
        let expire_ms = record.meta.expire_ms.filter(|_| modern);
        // Before 5.0 neither can be said, nor kept by the server in another way.
        let idle = record
            .meta
            .idle
            .filter(|n| modern && i64::try_from(*n).is_ok());
        let freq = record.meta.freq.filter(|_| modern && idle.is_none());
        let words = 4
            + usize::from(replaces)
            + usize::from(expire_ms.is_some())
            + 2 * usize::from(idle.is_some() || freq.is_some());

        // A footer has 16 bits for the version; no version of servers needs more.
        let version = u16::try_from(self.target.format().version()).unwrap_or(u16::MAX);
        self.args.clear();
        record.write_dump_payload(Some(version), &mut self.args)?;
        let out = self.page.buffer();
        head(out, words, b"RESTORE");
        bulk(out, &self.key.name);
        match expire_ms {
            Some(ms) => time(out, ms),
            None => bulk(out, b"0"),
        }
        long(&mut self.page, &self.args)?;
        self.args.clear();
        let out = self.page.buffer();
        if replaces {
            bulk(out, b"REPLACE");
        }
        if expire_ms.is_some() {
            bulk(out, b"ABSTTL");
        }
        if let Some(idle) = idle {
            option(out, b"IDLETIME", idle);
        } else if let Some(freq) = freq {
            option(out, b"FREQ", freq.into());
        }
        if !modern {
            self.expire();
        }
        self.page.end_key();
        Ok(self.page.relieve()?)
    }

    /// A hash in plain commands, but for the fields whose time is over.
    fn without_expired(&mut self, record: &Record<'_>, now_ms: i64) -> Result<(), VisitError> {
        let mut expired_fields = 0;
        if let Value::Hash(mut fields) = record.value()? {
            while let Some(field) = fields.next()? {
                if field.expire_ms.is_some_and(|t| t <= now_ms) {
                    expired_fields += 1;
                    continue;
                }
                self.field(&field);
                self.page.relieve()?;
            }
        }
        self.expired_fields += expired_fields;
        self.emptied += u64::from(!self.key.pieces);
        self.end_collection(End {
            size: record.size(),
            expired_fields,
        })
    }
}

/// Whether fields of a hash had expired, of those that plain commands can make. Types
/// before have no fields that expire.
fn has_expired(record: &Record<'_>, now_ms: i64) -> Result<bool, VisitError> {
    let path_hash = (record.kind, record.dialect) == (ValueType::PATH_HASH, Dialect::Valkey);
    if record.kind < ValueType::HASH_METADATA_PRE_GA || path_hash || !record.key_meta.is_empty() {
        return Ok(false);
    }
    let Value::Hash(mut fields) = record.value()? else {
        return Ok(false);
    };
    while let Some(field) = fields.next()? {
        if field.expire_ms.is_some_and(|t| t <= now_ms) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a value has no elements; servers refuse such payloads.
fn is_empty(record: &Record<'_>) -> Result<bool, VisitError> {
    Ok(match record.value()? {
        Value::List(mut list) => list.next_element()?.is_none(),
        Value::Set(mut set) => set.next_element()?.is_none(),
        Value::Zset(mut zset) => zset.next_element()?.is_none(),
        Value::Hash(mut hash) => hash.next_element()?.is_none(),
        _ => false,
    })
}
