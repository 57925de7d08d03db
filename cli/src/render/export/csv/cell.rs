//! Cells: quoted where they have to be, in base64 where they are no text.

use std::io::{self, Write};

use rdbkit_rdb::pieces::Page;

use crate::render::export::escape::{self, PART};

/// Which columns of a row are in base64, because their bytes are not UTF-8.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Base64 {
    pub position: bool,
    pub field: bool,
    pub value: bool,
}

impl Base64 {
    pub fn write(self, out: &mut Vec<u8>, key: bool) {
        let mut first = true;
        for (is, name) in [
            (key, "key"),
            (self.position, "position"),
            (self.field, "field"),
            (self.value, "value"),
        ] {
            if is {
                if !std::mem::take(&mut first) {
                    out.push(b' ');
                }
                out.extend_from_slice(name.as_bytes());
            }
        }
    }
}

/// Appends a cell; whether it is in base64.
pub(super) fn cell(page: &mut Page<&mut dyn Write>, bytes: &[u8]) -> io::Result<bool> {
    if bytes.len() <= PART {
        return Ok(short_cell(page.buffer(), bytes));
    }
    if std::str::from_utf8(bytes).is_err() {
        for part in bytes.chunks(PART) {
            escape::base64(page.buffer(), part);
            page.relieve()?;
        }
        return Ok(true);
    }
    page.buffer().push(b'"');
    for part in bytes.chunks(PART) {
        doubled(page.buffer(), part);
        page.relieve()?;
    }
    page.buffer().push(b'"');
    Ok(false)
}

/// Appends a short cell; whether it is in base64. What is empty is told from what
/// is not there by quotes.
#[inline]
pub(super) fn short_cell(out: &mut Vec<u8>, bytes: &[u8]) -> bool {
    let ascii = bytes.iter().fold(true, |ascii, b| ascii & b.is_ascii());
    if !ascii && std::str::from_utf8(bytes).is_err() {
        escape::base64(out, bytes);
        return true;
    }
    let plain = bytes.iter().fold(true, |plain, b| {
        plain & !matches!(b, b',' | b'"' | b'\n' | b'\r')
    });
    let bare =
        plain && !bytes.is_empty() && bytes.first() != Some(&b' ') && bytes.last() != Some(&b' ');
    if bare {
        out.extend_from_slice(bytes);
    } else {
        out.push(b'"');
        doubled(out, bytes);
        out.push(b'"');
    }
    false
}

/// Appends bytes with their quotes doubled.
fn doubled(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut parts = bytes.split(|b| *b == b'"');
    out.extend_from_slice(parts.next().unwrap_or_default());
    for part in parts {
        out.extend_from_slice(b"\"\"");
        out.extend_from_slice(part);
    }
}
