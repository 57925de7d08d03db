//! Values as JSON; the schema stands in `docs/export.schema.json`.

use std::io::Write;

use rdbkit_rdb::Record;
use rdbkit_rdb::pieces::{VisitError, of_record};

use super::{Shown, ValueError};
use crate::render::export::json::{JsonKeys, Shape};

/// Writes a key with its value as one line, as `rdbkit export --meta` does.
///
/// # Errors
///
/// Of writing, and where the value is damaged; then nothing is written unless it
/// is a large one.
pub fn key(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    let mut json = JsonKeys::new(out, Shape::Lines, true);
    let error = match of_record(record, &mut json) {
        Ok(()) => return Ok(json.page().flush()?),
        Err(VisitError::Output(error)) => return Err(error.into()),
        Err(VisitError::Inside { kind, .. }) => ValueError::Value(kind),
        Err(VisitError::File(error)) => error.into(),
        Err(other) => return Err(std::io::Error::other(other).into()),
    };
    if !json.page().take_back() {
        json.page().flush()?;
    }
    Err(error)
}
