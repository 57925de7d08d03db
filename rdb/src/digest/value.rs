//! The digest of one value.

use std::fmt;
use std::io::Write;

use super::mix::Digest;
use super::rules::Rules;
use crate::error::{Error, Result, Stage};
use crate::event::StreamId;
use crate::record::Record;
use crate::text::Scratch;
use crate::value::{Elements, Fields, Scored, StreamItem, StreamValue, Value};
use crate::wire::{Dialect, ModuleId, ValueType};

/// What a key comes to.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub enum Outcome {
    /// It has a digest.
    Known(Digest),
    /// It has no elements: servers leave such keys out.
    Empty,
    /// It has expired, and is left out.
    Expired,
    /// It has a digest that cannot be computed.
    Unknown(Unknown),
}

/// Why a digest cannot be computed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Unknown {
    /// Only the module knows how.
    Module(ModuleId),
    /// A type that came after the servers the rules were compared with.
    Type(ValueType),
    /// The key has metadata of modules, which came after those servers.
    KeyMeta,
    /// A stream whose nodes are not in order: a server would sort them first.
    StreamOrder,
    /// A sorted set with a packed score that servers read in different ways
    /// ([`Scored::is_plain`]).
    Score,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Unknown::Module(id) => write!(f, "module type {}", id.name()),
            Unknown::Type(kind) => write!(f, "value type {}", kind.0),
            Unknown::KeyMeta => f.write_str("key metadata"),
            Unknown::StreamOrder => f.write_str("stream nodes out of order"),
            Unknown::Score => f.write_str("a score that not all servers read alike"),
        }
    }
}

/// The digest of a value, as `DEBUG DIGEST-VALUE` gives it: neither name nor
/// database count.
///
/// # Errors
///
/// Whatever is wrong with the value, which is walked to its end.
///
/// # Limits
///
/// As [`Record::value`]. Members of a set that are there twice, which no server
/// takes, are not noticed.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::SliceReader;
/// use rdbkit_rdb::digest::{self, Outcome, Rules};
/// use rdbkit_rdb::verify::Server;
///
/// let file = b"REDIS0004\x00\x01a\x05hello\xff";
/// let record = SliceReader::new(file).records().next_record()?.expect("a key");
/// let Outcome::Known(digest) = digest::of_value(&record, &Rules::of(Server::REDIS))? else { panic!() };
/// assert_eq!(digest.to_string(), "36b23a1456b2dce2c3ed252c456761301dba8060");
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
pub fn of_value(record: &Record<'_>, rules: &Rules) -> Result<Outcome> {
    let mut work = Work::default();
    work.add(record, rules, Digest::default())
}

/// What is reused from one key to the next, and counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Work {
    pub scratch: Scratch,
    pub expired_fields: u64,
    pub marks: Marks,
}

/// Sums of what comes in every key.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    /// Of the servers' numbers of types.
    pub string: Digest,
    pub list: Digest,
    pub set: Digest,
    pub zset: Digest,
    pub hash: Digest,
    pub stream: Digest,
    pub key_expires: Digest,
    field_expires: Digest,
}

impl Default for Marks {
    fn default() -> Marks {
        let number = |n: u32| Digest::of(&n.to_be_bytes());
        Marks {
            string: number(0),
            list: number(1),
            set: number(2),
            zset: number(3),
            hash: number(4),
            // 5 is a module's.
            stream: number(6),
            key_expires: Digest::of(b"!!expire!!"),
            field_expires: Digest::of(b"!!hexpire!!"),
        }
    }
}

impl Work {
    /// Adds a value to `digest`.
    pub fn add(
        &mut self,
        record: &Record<'_>,
        rules: &Rules,
        mut digest: Digest,
    ) -> Result<Outcome> {
        if rules.skips_expired() && rules.is_past(record.meta.expire_ms) {
            return Ok(Outcome::Expired);
        }
        if !record.key_meta.is_empty() {
            return Ok(Outcome::Unknown(Unknown::KeyMeta));
        }
        if (record.kind, record.dialect) == (ValueType::PATH_HASH, Dialect::Valkey) {
            return Ok(Outcome::Unknown(Unknown::Type(record.kind)));
        }
        let left = match record.value()? {
            Value::String(text) => {
                digest.mix_sum(self.marks.string);
                let scratch = self.scratch.bounded(record.max_decompressed);
                let at = record.value_offset;
                let error = |kind| Error::new(kind, at, at, Stage::Value);
                digest.mix(text.bytes(scratch).map_err(error)?);
                Left::Something
            }
            Value::List(list) => {
                digest.mix_sum(self.marks.list);
                elements(list, |element| digest.mix(element))?
            }
            Value::Set(set) => {
                digest.mix_sum(self.marks.set);
                elements(set, |member| digest.xor(member))?
            }
            Value::Zset(zset) => {
                digest.mix_sum(self.marks.zset);
                match scored(zset, record, rules, &mut digest)? {
                    Some(left) => left,
                    None => return Ok(Outcome::Unknown(Unknown::Score)),
                }
            }
            Value::Hash(hash) => {
                digest.mix_sum(self.marks.hash);
                self.fields(hash, rules, &mut digest)?
            }
            Value::Stream(stream) => {
                digest.mix_sum(self.marks.stream);
                if !entries(stream, &mut digest)? {
                    return Ok(Outcome::Unknown(Unknown::StreamOrder));
                }
                Left::Something
            }
            Value::Module(module) => return Ok(Outcome::Unknown(Unknown::Module(module.id()))),
            _ => return Ok(Outcome::Unknown(Unknown::Type(record.kind))),
        };
        if record.meta.expire_ms.is_some() {
            digest ^= self.marks.key_expires;
        }
        Ok(left.outcome(digest))
    }

    fn fields(&mut self, mut hash: Fields<'_>, rules: &Rules, digest: &mut Digest) -> Result<Left> {
        let mut left = Left::Nothing;
        while let Some(field) = hash.next()? {
            left = left.or(self.field(field.field, field.value, field.expire_ms, rules, digest));
        }
        Ok(left)
    }

    /// Adds a field of a hash, unless it has expired and is left out.
    pub fn field(
        &mut self,
        field: &[u8],
        value: &[u8],
        expire_ms: Option<i64>,
        rules: &Rules,
        digest: &mut Digest,
    ) -> Left {
        if rules.is_past(expire_ms) {
            self.expired_fields += 1;
            if rules.skips_expired() {
                return Left::Expired;
            }
        }
        let mut pair = Digest::default();
        pair.mix(field);
        pair.mix(value);
        if expire_ms.is_some() && rules.marks_fields() {
            pair ^= self.marks.field_expires;
        }
        digest.xor(pair.as_bytes());
        Left::Something
    }
}

/// What is left of a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    Nothing,
    Expired,
    Something,
}

impl Left {
    pub fn or(self, other: Left) -> Left {
        match (self, other) {
            (Left::Something, _) | (Left::Expired, Left::Nothing) => self,
            _ => other,
        }
    }

    pub fn outcome(self, digest: Digest) -> Outcome {
        match self {
            Left::Something => Outcome::Known(digest),
            Left::Nothing => Outcome::Empty,
            Left::Expired => Outcome::Expired,
        }
    }
}

fn elements(mut elements: Elements<'_>, mut add: impl FnMut(&[u8])) -> Result<Left> {
    let mut left = Left::Nothing;
    while let Some(element) = elements.next()? {
        add(element);
        left = Left::Something;
    }
    Ok(left)
}

/// `None` where servers read a score in different ways.
fn scored(
    mut zset: Scored<'_>,
    record: &Record<'_>,
    rules: &Rules,
    digest: &mut Digest,
) -> Result<Option<Left>> {
    let pair = |member: &[u8], score| scored_pair(member, score, rules);
    // What makes 0 of each -0, if it turns out that the server does.
    let mut zeros = Digest::default();
    let packed = matches!(
        record.kind,
        ValueType::ZSET_ZIPLIST | ValueType::ZSET_LISTPACK
    );
    let mut small = !packed && rules.packs_zero();
    let mut count: u64 = 0;
    while let Some((member, score)) = zset.next()? {
        count += 1;
        small &= Rules::is_small(count, member.len());
        let this = pair(member, score);
        *digest ^= this;
        if small && score == 0.0 && score.is_sign_negative() {
            zeros ^= this;
            zeros ^= pair(member, 0.0);
        }
    }
    if small {
        *digest ^= zeros;
    }
    Ok(match count {
        _ if !rules.reads_alike(&zset) => None,
        0 => Some(Left::Nothing),
        _ => Some(Left::Something),
    })
}

/// What a member of a sorted set adds.
pub(super) fn scored_pair(member: &[u8], score: f64, rules: &Rules) -> Digest {
    let mut pair = Digest::default();
    pair.mix(member);
    pair.mix(rules.score(score).as_bytes());
    Digest::of(pair.as_bytes())
}

/// `false` where a server would have the entries in another order.
fn entries(mut stream: StreamValue<'_>, digest: &mut Digest) -> Result<bool> {
    let (mut field_digits, mut value_digits) = ([0; 20], [0; 20]);
    while let Some(item) = stream.next()? {
        if let StreamItem::Entry { id, fields, .. } = item {
            add_id(id, digest);
            for (field, value) in fields {
                digest.mix(field.text(&mut field_digits));
                digest.mix(value.text(&mut value_digits));
            }
        }
    }
    Ok(stream.is_sorted())
}

pub(super) fn add_id(id: StreamId, digest: &mut Digest) {
    // Two numbers of 20 digits at most, and a point: it always fits.
    let mut room = [0u8; 41];
    let mut left = &mut room[..];
    let _ = write!(left, "{}.{}", id.ms, id.seq);
    let used = 41 - left.len();
    digest.mix(room.get(..used).unwrap_or_default());
}
