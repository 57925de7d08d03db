//! Plain commands for strings, lists, sets, sorted sets and hashes.

use std::io::{self, Write};

use super::words::{bulk, head, long, time};
use super::{BATCH_BYTES, Commands, Loss};
use crate::pieces::{End, Key, VisitError};
use crate::score;
use crate::value::Field;
use crate::wire::ObjectKind;

/// The key that commands are about.
#[derive(Clone, Debug)]
pub(super) struct KeyInHand {
    pub db: u64,
    pub name: Vec<u8>,
    pub object: ObjectKind,
    pub expire_ms: Option<i64>,
    pub offset: u64,
    /// Whether a command has been written for it.
    pub begun: bool,
    /// Whether there was a piece of it.
    pub pieces: bool,
}

impl Default for KeyInHand {
    fn default() -> KeyInHand {
        KeyInHand {
            db: 0,
            name: Vec::new(),
            object: ObjectKind::String,
            expire_ms: None,
            offset: 0,
            begun: false,
            pieces: false,
        }
    }
}

impl KeyInHand {
    #[inline]
    pub fn set(&mut self, key: &Key<'_>) {
        self.db = key.db;
        self.name.clear();
        self.name.extend_from_slice(key.name);
        self.object = key.object;
        self.expire_ms = key.meta.expire_ms;
        self.offset = key.offset;
        (self.begun, self.pieces) = (false, false);
    }
}

impl<W: Write> Commands<W> {
    /// Before the first command for a key: the right database, and nothing of
    /// that name in it, if that was asked for.
    #[inline]
    pub(super) fn begin(&mut self, overwrites: bool) {
        if self.key.begun {
            return;
        }
        self.key.begun = true;
        self.select(self.key.db);
        if self.options.replace && !overwrites {
            let out = self.page.buffer();
            head(out, 2, b"DEL");
            bulk(out, &self.key.name);
        }
    }

    #[inline]
    pub(super) fn string(&mut self, value: &[u8]) -> io::Result<()> {
        self.begin(true);
        let out = self.page.buffer();
        head(out, 3, b"SET");
        bulk(out, &self.key.name);
        long(&mut self.page, value)
    }

    /// An element of a list or set.
    #[inline]
    pub(super) fn element(&mut self, verb: &[u8], bytes: &[u8]) {
        self.key.pieces = true;
        bulk(&mut self.args, bytes);
        self.count += 1;
        self.complete(verb, 1);
    }

    pub(super) fn scored(&mut self, member: &[u8], score: f64) {
        self.key.pieces = true;
        if score.is_nan() {
            return self.lose(Loss::NotANumber);
        }
        // Reads back to the same bits, as 17 digits would, at a fifth of the cost.
        bulk(&mut self.args, score::shortest(score).as_bytes());
        bulk(&mut self.args, member);
        self.count += 1;
        self.complete(b"ZADD", 2);
    }

    pub(super) fn field(&mut self, field: &Field<&[u8]>) {
        self.key.pieces = true;
        if field.path.is_some() {
            // Said to be lost once, when the value ends.
            return;
        }
        bulk(&mut self.args, field.field);
        bulk(&mut self.args, field.value);
        self.count += 1;
        match field.expire_ms {
            None => {}
            Some(_) if !self.target.has_field_expiry() => self.lose(Loss::FieldExpiry),
            Some(ms) => {
                let out = &mut self.behind;
                head(out, 6, b"HPEXPIREAT");
                bulk(out, &self.key.name);
                time(out, ms);
                bulk(out, b"FIELDS");
                bulk(out, b"1");
                bulk(out, field.field);
            }
        }
        self.complete(self.target.hset(), 2);
    }

    /// Writes the command with the elements so far, of `words` words each, if they
    /// are enough.
    #[inline]
    fn complete(&mut self, verb: &[u8], words: usize) {
        if self.count >= self.options.batch || self.args.len() >= BATCH_BYTES {
            self.write_batch(verb, words);
        }
    }

    fn write_batch(&mut self, verb: &[u8], words: usize) {
        if self.count == 0 {
            return;
        }
        self.begin(false);
        let out = self.page.buffer();
        head(out, 2 + self.count * words, verb);
        bulk(out, &self.key.name);
        out.append(&mut self.args);
        out.append(&mut self.behind);
        self.count = 0;
    }

    /// The expiry of the key, with which it is complete.
    #[inline]
    pub(super) fn expire(&mut self) {
        if let Some(ms) = self.key.expire_ms
            && self.key.begun
        {
            let out = self.page.buffer();
            head(out, 3, b"PEXPIREAT");
            bulk(out, &self.key.name);
            time(out, ms);
        }
        self.page.end_key();
    }

    /// Ends a value that is no string.
    pub(super) fn end_collection(&mut self, end: End) -> Result<(), VisitError> {
        match self.key.object {
            ObjectKind::List => self.write_batch(b"RPUSH", 1),
            ObjectKind::Set => self.write_batch(b"SADD", 1),
            ObjectKind::Zset => self.write_batch(b"ZADD", 2),
            ObjectKind::Hash => self.write_batch(self.target.hset(), 2),
            ObjectKind::Stream => self.end_stream()?,
            ObjectKind::String => {}
            // Were wanted as records, and were too large for it.
            ObjectKind::Module => self.lose(Loss::Module),
            ObjectKind::Array => self.lose(Loss::Array),
            ObjectKind::Gcra => self.lose(Loss::Gcra),
        }
        let collection = matches!(
            self.key.object,
            ObjectKind::List | ObjectKind::Set | ObjectKind::Zset | ObjectKind::Hash
        );
        self.empty += u64::from(collection && !self.key.pieces && end.expired_fields == 0);
        if self.options.restore && self.key.begun {
            self.as_plain += 1;
        }
        self.expire();
        Ok(())
    }
}
