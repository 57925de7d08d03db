//! Paths and names as they are printed.

use std::fmt::{self, Write as _};
use std::path::Path;

use rdbkit_rdb::redact::plain;
/// A path as it is printed: characters that would make a terminal do something,
/// or a line look like two, are escaped, and so are bytes that are no UTF-8.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::fs::shown;
///
/// assert_eq!(shown("/srv/grüße.aof").to_string(), "/srv/grüße.aof");
/// assert_eq!(shown("a\n\u{1b}[2Jb").to_string(), r"a\n\x1b[2Jb");
/// ```
#[must_use]
pub fn shown<P: AsRef<Path> + ?Sized>(path: &P) -> Shown<'_> {
    Shown(path.as_ref().as_os_str().as_encoded_bytes())
}

/// A name as a manifest has it, printed in the same way.
#[must_use]
pub fn shown_name(name: &[u8]) -> Shown<'_> {
    Shown(name)
}

/// See [`shown`].
#[derive(Clone, Copy, Debug)]
pub struct Shown<'p>(&'p [u8]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for char in chunk.valid().chars() {
                match char {
                    _ if !misleads(char) => f.write_char(char)?,
                    // As bytes of ASCII are shown elsewhere: \x1b.
                    '\0'..='\x7f' => write!(f, "{}", plain(&[char as u8]))?,
                    _ => write!(f, "{}", char.escape_unicode())?,
                }
            }
            write!(f, "{}", plain(chunk.invalid()))?;
        }
        Ok(())
    }
}

/// Whether a character is none to be seen, but changes what is.
fn misleads(char: char) -> bool {
    // Separators of lines and paragraphs, and what turns the direction of text.
    let turns = matches!(
        char,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    char.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_misleads_is_escaped() {
        for plain in ["dump.rdb", "a b", "a\\b", "ключ", ""] {
            assert_eq!(shown(plain).to_string(), plain);
        }
        assert_eq!(shown("a\u{9b}\u{7f}\t").to_string(), r"a\u{9b}\x7f\t");
        assert_eq!(shown("fdp.\u{202e}x").to_string(), r"fdp.\u{202e}x");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_no_text() {
        use std::os::unix::ffi::OsStrExt;
        let name = std::ffi::OsStr::from_bytes(b"a\xff\n\xc3\xbc");
        assert_eq!(shown(name).to_string(), r"a\xff\nü");
    }
}
