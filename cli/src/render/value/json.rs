//! Values as JSON; the schema stands in `docs/keys.schema.json`.

use std::io::Write;

use rdbkit_rdb::Record;
use rdbkit_rdb::pieces::of_record;

use super::{Shown, ValueError};
use crate::render::export::ExportError;
use crate::render::export::json::{JsonKeys, Shape};

/// Writes a key with its value as one line, as `rdbkit export --meta` does.
///
/// # Errors
///
/// Of writing, and where the value is damaged; then nothing is written unless it
/// is a large one.
pub fn key(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    let mut json = JsonKeys::new(out, Shape::Lines, true);
    match of_record(record, &mut json) {
        Ok(()) => Ok(json.flush()?),
        Err(ExportError::Output(error)) => Err(error.into()),
        Err(error) => {
            if !json.take_back() {
                json.flush()?;
            }
            Err(match error {
                ExportError::File(error) => error.into(),
                ExportError::Inside(_, kind) => ValueError::Value(kind),
                ExportError::Output(error) => error.into(),
            })
        }
    }
}
