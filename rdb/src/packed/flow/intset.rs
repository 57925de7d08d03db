//! An intset that flows by.

use super::{header, offset};
use crate::lzf::Inflate;
use crate::packed::intset::{HEADER, judge_header};
use crate::packed::{Intset, PackedError};

/// What [`Intset::check`] does, for a blob that is not held. Gives the number of
/// members.
///
/// # Errors
///
/// As of the cursor.
pub(crate) fn check_intset(mut source: Inflate<'_>) -> Result<u64, PackedError> {
    let room = source.len().saturating_sub(HEADER as u64);
    let (width, count) = judge_header(header(&source)?, room)?;
    source.pass(HEADER as u64, width);
    let mut previous = None;
    while !source.bytes().is_empty() {
        let at = offset(source.position());
        let bytes = source.bytes();
        let whole = bytes.len() - bytes.len() % width;
        let piece = bytes.get(..whole).unwrap_or_default();
        let mut members = Intset::piece(piece, width, previous);
        while members
            .next()
            .map_err(|error| error.fault.at(at + error.at))?
            .is_some()
        {}
        previous = members.previous();
        source.pass(whole as u64, width);
    }
    Ok(count.into())
}
