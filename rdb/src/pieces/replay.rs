//! Pieces of a value that lies in memory.

use super::unpack::{Span, Unpack};
use super::{End, Key, Piece, Visitor, Want};
use crate::decoder::{Checkpoint, Decoder, Step};
use crate::error::{Error, ErrorKind, Stage};
use crate::limits::Limits;
use crate::record::Record;
use crate::value::Value;
use crate::wire::{Dialect, ValueType};

/// Whether a value of this type can only be read together with a template of
/// the file, or carries one: what [`Value`] is for.
pub(super) fn has_template(kind: ValueType, dialect: Dialect) -> bool {
    dialect == Dialect::Redis && matches!(kind.0, 29..=32)
}

/// Hands one record to a visitor, in pieces unless it wants it whole.
///
/// # Errors
///
/// Those of the visitor, and whatever is wrong with the value.
pub fn of_record<V: Visitor + ?Sized>(
    record: &Record<'_>,
    visitor: &mut V,
) -> Result<(), V::Error> {
    let at = record.offset;
    let error = |kind| Error::new(kind, at, at, Stage::Key);
    let name = record.key.to_vec().map_err(error)?;
    let object = record.object();
    let key = Key {
        db: record.db,
        name: &name,
        kind: record.kind,
        dialect: record.dialect,
        object: object.ok_or_else(|| error(ErrorKind::UnknownType(record.kind.0)))?,
        meta: record.meta,
        has_key_meta: !record.key_meta.is_empty(),
        offset: record.offset,
    };
    match visitor.key(&key)? {
        Want::Nothing => return Ok(()),
        Want::Record { at_most } if record.raw.len() as u64 <= at_most => {
            return visitor.record(record);
        }
        Want::Record { .. } | Want::Pieces => {}
    }
    let mut unpack = Unpack::new(u64::MAX, record.max_decompressed);
    pieces(record, &mut unpack, &mut |piece| visitor.piece(piece))?;
    visitor.end(End {
        size: record.size(),
        expired_fields: 0,
    })
}

/// Gives the pieces of a value that lies in memory whole.
pub(super) fn pieces<E: From<Error>>(
    record: &Record<'_>,
    unpack: &mut Unpack,
    give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    if has_template(record.kind, record.dialect)
        && let Value::Hash(mut fields) = record.value()?
    {
        while let Some(field) = fields.next()? {
            give(Piece::Field(field))?;
        }
        return Ok(());
    }
    let limits = Limits {
        max_decompressed: record.max_decompressed,
        ..Limits::in_memory()
    };
    replay(record, limits, true, unpack, give)
}

/// Gives the pieces of the tokens that `record.raw` holds, which is a whole value
/// if it `ends` there. Tokens without bytes at its end are those of the value's
/// end.
pub(super) fn replay<E: From<Error>>(
    record: &Record<'_>,
    limits: Limits,
    ends: bool,
    unpack: &mut Unpack,
    give: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let Some(object) = record.object() else {
        return Ok(());
    };
    let at = Checkpoint {
        dialect: record.dialect,
        version: record.version,
        offset: record.value_offset,
    };
    let mut decoder = Decoder::for_value(record.kind, at, limits)?;
    unpack.begin(record.kind, record.dialect, object);
    let mut window = record.raw;
    while !window.is_empty() {
        let at = decoder.offset();
        let Step::Token { used, token } = decoder.step(window, ends)? else {
            break;
        };
        let end = decoder.offset();
        unpack.token(&token.resolve(window), Span { at, end }, give)?;
        window = window.get(used..).unwrap_or_default();
    }
    Ok(())
}
