//! DUMP payloads: one value on its way from a server to another.
//!
//! ```text
//! [KEY_META record]  type: u8  value   version: u16 LE   crc: u64 LE
//! `- covered by the CRC ------------------------------'
//! ```
//!
//! There is no magic: a version of 80 or more has Valkey's numbers, a lower one
//! those of Redis. There is no key and no expiry either; RESTORE is told them.

use crate::checksum::Checksum;
use crate::decoder::{Checkpoint, Decoder, Step};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::limits::Limits;
use crate::record::{Attribute, Attributes, KeyMeta, Record};
use crate::text::Str;
use crate::wire::{Dialect, ValueType};
use crate::write;

/// Version and checksum.
const FOOTER: usize = 10;

/// The lowest version with Valkey's numbers.
const VALKEY: u16 = 80;

/// What is asked of a payload's checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Footer {
    /// It must be right: Redis to 8.4, every Valkey.
    #[default]
    Checked,
    /// It must be right, or 0 for "not computed": Redis from 8.6.
    ZeroPasses,
    /// It is not looked at.
    Unchecked,
}

/// A DUMP payload, taken apart.
#[derive(Clone, Debug)]
pub struct Dump<'a> {
    /// The RDB version of the server that made it.
    pub version: u16,
    /// The checksum it carries.
    pub checksum: u64,
    /// The value, under an empty key in database 0.
    pub record: Record<'a>,
    /// Bytes between the value and the footer, which servers pass over.
    pub trailing: &'a [u8],
}

/// Takes a payload apart whose checksum must be right.
///
/// # Errors
///
/// As [`parse_with`].
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Scratch, Value, dump};
///
/// let payload = b"\x00\xc0\x64\x0e\x00\xf5\x72\x4d\x4e\x33\x3d\x99\xc2";
/// let dump = dump::parse(payload)?;
/// assert_eq!(dump.version, 14);
/// let Value::String(text) = dump.record.value()? else { panic!() };
/// assert_eq!(text.bytes(&mut Scratch::default()).unwrap(), b"100");
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
pub fn parse(payload: &[u8]) -> Result<Dump<'_>> {
    parse_with(payload, Footer::Checked)
}

/// Takes a payload apart.
///
/// # Errors
///
/// [`ErrorKind::Truncated`] for less than a footer and a type byte,
/// [`ErrorKind::Checksum`], whatever is wrong with the value but for its packed
/// blobs, and [`ErrorKind::BadRecord`] for a hash that refers to a template of
/// a file. Offsets count from the first byte of the payload.
pub fn parse_with(payload: &[u8], footer: Footer) -> Result<Dump<'_>> {
    let end = payload.len() as u64;
    let at_end = |kind| Error::new(kind, end, end.saturating_sub(8), Stage::Checksum);
    let Some((body, &[v0, v1, ref crc @ ..])) = payload.split_last_chunk::<FOOTER>() else {
        return Err(at_end(ErrorKind::Truncated));
    };
    let version = u16::from_le_bytes([v0, v1]);
    let checksum = u64::from_le_bytes(*crc);
    let covered = payload.get(..payload.len() - 8).unwrap_or_default();
    let passes = match footer {
        Footer::Unchecked => true,
        Footer::ZeroPasses if checksum == 0 => true,
        Footer::ZeroPasses | Footer::Checked => Checksum::of(covered) == checksum,
    };
    if !passes {
        return Err(at_end(ErrorKind::Checksum {
            stored: checksum,
            computed: Checksum::of(covered),
        }));
    }
    let dialect = match version {
        VALKEY.. => Dialect::Valkey,
        _ => Dialect::Redis,
    };
    let (record, trailing) = split(body, dialect, version.into())?;
    Ok(Dump {
        version,
        checksum,
        record,
        trailing,
    })
}

/// Finds where key metadata, type and value end in a payload without its footer.
fn split(body: &[u8], dialect: Dialect, version: u32) -> Result<(Record<'_>, &[u8])> {
    let limits = Limits::in_memory();
    let mut at = Checkpoint {
        dialect,
        version,
        offset: 0,
    };
    let from = |at: u64| body.get(at as usize..).unwrap_or_default();
    let mut decoder = Decoder::resume(at, limits);
    let mut attributes = Attributes::default();
    // At most one record of key metadata.
    if from(0).first() == Some(&0xf3) && dialect == Dialect::Redis {
        loop {
            let step = decoder.step(from(decoder.offset()), true)?;
            let Step::Token { token, .. } = step else {
                break;
            };
            if attributes.token(&token) == Attribute::None || decoder.at_record_boundary() {
                break;
            }
        }
    }
    at.offset = decoder.offset();
    let Some((kind, raw)) = from(at.offset).split_first() else {
        return Err(decoder.error_here(ErrorKind::Truncated));
    };
    let kind = ValueType(*kind);
    if dialect == Dialect::Redis && matches!(kind.0, 30 | 32) {
        let why = "template reference outside a file";
        return Err(decoder.error_here(ErrorKind::BadRecord(why)));
    }
    let key_at = at.offset;
    at.offset += 1;
    let mut value = Decoder::for_value(kind, at, limits)?;
    let len = value.skip_value(raw)?;
    let (raw, trailing) = raw.split_at_checked(len).unwrap_or((raw, &[]));
    let record = Record {
        db: 0,
        meta: KeyMeta::default(),
        key_meta: body.get(..key_at as usize).unwrap_or_default(),
        kind,
        dialect,
        version,
        key: Str::Raw(&[]),
        raw,
        offset: key_at,
        value_offset: at.offset,
        max_decompressed: limits.max_decompressed,
        templates: None,
    };
    Ok((record, trailing))
}

impl Record<'_> {
    /// The value as a DUMP payload, which RESTORE takes, made by a server of
    /// `rdb_version`, or of the file's own version.
    ///
    /// The version is only written down: nothing is encoded anew for servers
    /// that do not know the value's type. The one exception are hashes that
    /// refer to a template of the file; they get the names of their fields, as
    /// servers do it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRecord`] for a hash whose template is not there.
    ///
    /// # Examples
    ///
    /// ```
    /// use rdbkit_rdb::SliceReader;
    ///
    /// let file = b"REDIS0004\x00\x01k\xc0\x64\xff";
    /// let record = SliceReader::new(file).records().next_record()?.unwrap();
    /// assert_eq!(
    ///     record.dump_payload(Some(14))?,
    ///     b"\x00\xc0\x64\x0e\x00\xf5\x72\x4d\x4e\x33\x3d\x99\xc2",
    /// );
    /// # Ok::<(), rdbkit_rdb::Error>(())
    /// ```
    pub fn dump_payload(&self, rdb_version: Option<u16>) -> Result<Vec<u8>> {
        let room = self.key_meta.len() + self.raw.len() + 1 + FOOTER;
        let mut payload = Vec::with_capacity(room);
        self.write_dump_payload(rdb_version, &mut payload)?;
        Ok(payload)
    }

    /// Appends what [`dump_payload`](Self::dump_payload) gives to `payload`.
    ///
    /// # Errors
    ///
    /// Those of [`dump_payload`](Self::dump_payload); then nothing of use was
    /// appended.
    pub fn write_dump_payload(
        &self,
        rdb_version: Option<u16>,
        payload: &mut Vec<u8>,
    ) -> Result<()> {
        // The version field has 16 bits; a file's version has four digits.
        let own = u16::try_from(self.version).unwrap_or(u16::MAX);
        let version = rdb_version.unwrap_or(own);
        let begin = payload.len();
        payload.extend_from_slice(self.key_meta);
        let refers = self.dialect == Dialect::Redis && matches!(self.kind.0, 30 | 32);
        match self.unshared() {
            Some((kind, template, values)) => {
                payload.extend_from_slice(&[kind.0, 1]);
                write::len(payload, template.fields);
                payload.extend_from_slice(&template.names);
                payload.extend_from_slice(values);
            }
            None if refers => {
                let why = "hash refers to a template that is not there";
                let kind = ErrorKind::BadRecord(why);
                let at = self.value_offset;
                return Err(Error::new(kind, at, at, Stage::Value));
            }
            None => {
                payload.push(self.kind.0);
                payload.extend_from_slice(self.raw);
            }
        }
        payload.extend_from_slice(&version.to_le_bytes());
        let checksum = Checksum::of(payload.get(begin..).unwrap_or_default());
        payload.extend_from_slice(&checksum.to_le_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
