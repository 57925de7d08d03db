//! Demands that are not met.

use std::io::{self, Write};

use crate::policy::Violation;
use crate::render::text::{BAD, row};

/// A line for each; one where all are met.
///
/// # Errors
///
/// Of writing.
pub fn rows(out: &mut dyn Write, violations: &[Violation]) -> io::Result<()> {
    if violations.is_empty() {
        return row(out, "policy", "all demands are met");
    }
    for violation in violations {
        writeln!(out, "  {BAD}violated{BAD:#}   {violation}")?;
    }
    Ok(())
}
