//! What a file came in, where it is compressed.

use std::io::{self, Write};

use serde::Serialize;

use crate::input::Compression;
use crate::render::text::{grouped, row};

/// How a file that was judged is compressed, and what is wrong with that.
#[derive(Clone, Debug, Default)]
pub struct Wrapping {
    /// `None` of a file that is none.
    pub compression: Option<Compression>,
    /// Why it is not known whether all of it was there, where the report does not say so.
    pub damage: Option<String>,
}

/// The same for machines.
#[derive(Serialize)]
pub struct WrappingJson {
    format: &'static str,
    bytes: Option<u64>,
    unpacked: Option<u64>,
    garbage: Option<u64>,
}

impl Wrapping {
    /// Writes the line of a report, if there is something to say.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn row(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(compression) = &self.compression else {
            return Ok(());
        };
        let mut text = compression.format.to_string();
        if let Some(totals) = compression.totals() {
            let (packed, unpacked) = (grouped(totals.packed), grouped(totals.unpacked));
            text.push_str(&format!(", {packed} bytes unpacked to {unpacked}"));
        }
        if let Some(note) = compression.note() {
            text.push_str(&format!("; {note}"));
        }
        row(out, "compressed", &text)
    }

    /// The object of a report.
    #[must_use]
    pub fn json(&self) -> Option<WrappingJson> {
        let compression = self.compression.as_ref()?;
        let totals = compression.totals();
        Some(WrappingJson {
            format: compression.format.name(),
            bytes: totals.map(|totals| totals.packed),
            unpacked: totals.map(|totals| totals.unpacked),
            garbage: totals.map(|totals| totals.garbage),
        })
    }
}
