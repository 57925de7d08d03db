//! Mending a manifest that no server starts with, where nothing has to be guessed.

use std::fmt;

use crate::manifest::{Manifest, ManifestError};

/// What was wrong with a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifestHarm {
    /// Zero bytes at its end, as after a power failure.
    ZeroBytes,
    /// The last line has no LF. What may have been cut from it, its replication
    /// offsets, is left out.
    NoLineEnd,
    /// Lines of blanks, or of nothing.
    BlankLines,
}

impl fmt::Display for ManifestHarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ManifestHarm::ZeroBytes => "zero bytes at the end of the manifest",
            ManifestHarm::NoLineEnd => "the last line of the manifest has no line end",
            ManifestHarm::BlankLines => "blank lines in the manifest",
        })
    }
}

/// Reads a manifest as [`Manifest::parse`] does, after what can be mended
/// without a guess; tells what that was. The result goes into
/// [`Set::new`](crate::Set::new).
///
/// # Errors
///
/// What is left that servers refuse: names that are missing, numbers out of
/// order, a second base.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::edit::{ManifestHarm, mend_manifest};
///
/// let (manifest, harms) = mend_manifest(b"file a.1.base.rdb seq 1 type b")?;
/// assert_eq!(harms, [ManifestHarm::NoLineEnd]);
/// assert_eq!(manifest.to_string(), "file a.1.base.rdb seq 1 type b\n");
/// # Ok::<(), rdbkit_aof::ManifestError>(())
/// ```
pub fn mend_manifest(text: &[u8]) -> Result<(Manifest, Vec<ManifestHarm>), ManifestError> {
    let mut harms = Vec::new();
    let used = text
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |at| at + 1);
    let whole = text.get(..used).unwrap_or_default();
    if whole.len() < text.len() {
        harms.push(ManifestHarm::ZeroBytes);
    }
    let mut mended = Vec::with_capacity(whole.len() + 1);
    let blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let mut blanks = false;
    for line in whole.split_inclusive(|&byte| byte == b'\n') {
        if blank(line) {
            blanks = true;
        } else {
            mended.extend_from_slice(line);
        }
    }
    if blanks {
        harms.push(ManifestHarm::BlankLines);
    }
    let torn = mended.last().is_some_and(|&byte| byte != b'\n');
    if torn {
        mended.push(b'\n');
        harms.push(ManifestHarm::NoLineEnd);
    }
    let mut manifest = Manifest::parse(&mended)?;
    let lines = mended.iter().filter(|&&byte| byte == b'\n').count();
    if let Some(last) = manifest.entries.last_mut().filter(|_| torn)
        && last.line == lines as u64
    {
        (last.start_offset, last.end_offset) = (None, None);
    }
    Ok((manifest, harms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "file a.1.base.rdb seq 1 type b\n";
    const INCR: &str = "file a.1.incr.aof seq 1 type i";

    fn mended(text: &str) -> (String, Vec<ManifestHarm>) {
        let (manifest, harms) = mend_manifest(text.as_bytes()).unwrap();
        assert!(Manifest::parse(manifest.to_string().as_bytes()).is_ok());
        (manifest.to_string(), harms)
    }

    #[test]
    fn what_needs_no_guess_is_mended() {
        let whole = format!("{BASE}{INCR} startoffset 12\n");
        assert_eq!(mended(&whole), (whole.clone(), vec![]));
        // The offset may have had more digits.
        let torn = format!("{BASE}{INCR} startoffset 1");
        let wanted = format!("{BASE}{INCR}\n");
        assert_eq!(
            mended(&torn),
            (wanted.clone(), vec![ManifestHarm::NoLineEnd])
        );
        let blanks = format!("\n{BASE} \r\n{INCR}\n\n");
        assert_eq!(mended(&blanks), (wanted, vec![ManifestHarm::BlankLines]));
        let zeros = format!("{whole}\0\0\0");
        assert_eq!(mended(&zeros), (whole, vec![ManifestHarm::ZeroBytes]));
    }

    #[test]
    fn all_else_is_an_error() {
        for text in [
            "",
            "\0\0",
            "\n",
            &BASE[..20],
            &BASE.repeat(2),
            "file a/b seq 1 type b",
        ] {
            assert!(mend_manifest(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}
