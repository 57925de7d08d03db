//! Planning: repair.

use crate::edit::{Error, Plan, Repair};
use crate::set::Set;
use crate::source::Source;

/// Plans it. `now_ms` is the time that expiries are compared with: Unix milliseconds.
///
/// # Errors
///
/// [`Error`].
pub fn repair(
    set: &Set,
    source: &dyn Source,
    allowed: &Repair,
    now_ms: i64,
) -> Result<Plan, Error> {
    let _ = (source, allowed, now_ms);
    Err(Error::Unreadable {
        file: set
            .files()
            .first()
            .map(|file| file.name.clone())
            .unwrap_or_default(),
        what: "not planned yet".to_owned(),
    })
}
