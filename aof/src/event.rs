//! What stands in a log, borrowed from the input.

use crate::command::Command;
use crate::scan::Quirks;
use crate::words::strtoll;

/// One unit of a log, or a piece of a command too long to be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A whole command.
    Command(Command<'a>),
    /// A line between commands.
    Annotation(Annotation<'a>),
    /// A command longer than [`Limits::command`](crate::Limits::command) begins.
    Begin {
        /// How many arguments it has, the name among them.
        args: u32,
        /// What is odd about the line.
        quirks: Quirks,
    },
    /// An argument of it begins.
    Argument {
        /// Its bytes, as stated.
        length: u64,
        /// What is odd about the line.
        quirks: Quirks,
    },
    /// Bytes of the argument; of an empty one, no bytes once.
    Chunk {
        /// The next bytes.
        bytes: &'a [u8],
        /// Whether the argument ends with them.
        last: bool,
        /// What is odd about the end of the argument.
        quirks: Quirks,
    },
    /// The command ends.
    End,
}

/// A `#` line between commands; servers from 7.0 on pass over it.
///
/// ```text
/// "#TS:" unix-seconds CRLF      written with aof-timestamp-enabled
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Annotation<'a> {
    raw: &'a [u8],
}

impl<'a> Annotation<'a> {
    pub(crate) fn new(raw: &'a [u8]) -> Annotation<'a> {
        Annotation { raw }
    }

    /// The bytes as they stand in the file, with `#` and line end.
    #[must_use]
    pub fn as_raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The line without `#` and line end.
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        let line = self.raw.strip_prefix(b"#").unwrap_or(self.raw);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Whether the line has its LF. At the end of a file servers load it
    /// without, glue the next command to it, and fail at the next start.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.raw.last() == Some(&b'\n')
    }

    /// Whether it claims to be a time: it begins with `#TS:`.
    #[must_use]
    pub fn is_timestamp(&self) -> bool {
        self.raw.starts_with(b"#TS:")
    }

    /// Whether the line is none that a server or a person would write: a time that is no
    /// number, or bytes that are no text.
    pub(crate) fn is_damaged(&self) -> bool {
        let text = self.text();
        match text.strip_prefix(b"TS:") {
            Some(number) => number.is_empty() || !number.iter().all(u8::is_ascii_digit),
            None => std::str::from_utf8(text).map_or(true, |text| text.contains(char::is_control)),
        }
    }

    /// The Unix time in seconds of a well-formed `#TS:` line: digits, then CR.
    #[must_use]
    pub fn timestamp(&self) -> Option<i64> {
        let number = self.raw.strip_prefix(b"#TS:")?;
        let (value, used) = strtoll(number);
        (used > 0 && number.get(used) == Some(&b'\r')).then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations_tell_what_they_are() {
        let time = Annotation::new(b"#TS:1700000000\r\n");
        assert_eq!(time.timestamp(), Some(1_700_000_000));
        assert_eq!(time.text(), b"TS:1700000000");
        assert!(time.is_complete());
        let other = Annotation::new(b"#HDR:v1;len:7;\n");
        assert_eq!((other.timestamp(), other.is_timestamp()), (None, false));
        assert_eq!(other.text(), b"HDR:v1;len:7;");
        let torn = Annotation::new(b"#TS:17");
        assert!(!torn.is_complete() && torn.is_timestamp());
        assert_eq!(torn.timestamp(), None);
        assert_eq!(Annotation::new(b"#TS:x\r\n").timestamp(), None);
        let damaged = |raw| Annotation::new(raw).is_damaged();
        let good = [
            &b"#TS:17\r\n"[..],
            b"#TS:17\n",
            b"#a note\r\n",
            "#é\r\n".as_bytes(),
        ];
        assert!(!good.into_iter().any(damaged));
        let bad = [
            &b"#TS:9\rxyz\n"[..],
            b"#TS:\r\n",
            b"#TS:-1\r\n",
            b"#\xff\r\n",
            b"#\0\r\n",
        ];
        assert!(bad.into_iter().all(damaged));
    }
}
