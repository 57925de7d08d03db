//! Why decoding stopped, and where.

use std::{fmt, io};

use rdbkit_rdb::redact;

/// The result of everything that reads an AOF.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong: the disk, the end of the file, or its bytes.
///
/// The difference between [`Truncated`](ErrorKind::Truncated) and the rest is
/// the servers' own: with `aof-load-truncated yes` they cut a file that ends too
/// early and go on, while any other kind stops them.
#[derive(Debug)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Reading failed.
    Io(io::Error),
    /// The file ends inside a command.
    Truncated,
    /// Neither `*` nor `#` where a command or an annotation begins.
    BadStart(u8),
    /// A command of no or a negative number of arguments.
    BadCount(i32),
    /// No `$` where an argument begins.
    BadArgument(u8),
    /// A length no argument can have; servers abort on it.
    BadLength(i64),
    /// The RDB file at the front is damaged.
    Preamble(rdbkit_rdb::Error),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A byte that is hidden is not told at all: there are but 256 to guess.
        let instead = |b: &u8| match redact::hidden(&[*b]) {
            Some(_) => String::new(),
            None => format!(", not with '{}'", redact::plain(&[*b])),
        };
        match self {
            ErrorKind::Io(error) => write!(f, "read failed: {error}"),
            ErrorKind::Truncated => f.write_str("unexpected end of file"),
            ErrorKind::BadStart(b) => {
                write!(f, "a command must begin with '*'{}", instead(b))
            }
            ErrorKind::BadCount(count) => write!(f, "a command of {count} arguments"),
            ErrorKind::BadArgument(b) => {
                write!(f, "an argument must begin with '$'{}", instead(b))
            }
            ErrorKind::BadLength(length) => write!(f, "an argument of {length} bytes"),
            ErrorKind::Preamble(error) => write!(f, "RDB preamble: {error}"),
        }
    }
}

/// Why decoding stopped, with both offsets and the line.
///
/// Boxed: a `Result` of a hot function stays small.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    offset: u64,
    token_offset: u64,
    line: u64,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, offset: u64, token_offset: u64, line: u64) -> Error {
        Error(Box::new(Inner {
            kind,
            offset,
            token_offset,
            line,
        }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Where the line or the argument that failed begins, from the start of the
    /// input.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// Where the command that holds it begins: all before it was decoded.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.0.token_offset
    }

    /// The line where reading stopped, counted as redis-check-aof does: from 1,
    /// three for a command of one argument, none for an annotation.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.0.line
    }

    /// Whether the input ended too early: a torn tail, which servers cut off.
    #[must_use]
    pub fn is_truncation(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Truncated)
    }

    /// Whether reading failed rather than decoding.
    #[must_use]
    pub fn is_io(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Io(_) => true,
            ErrorKind::Preamble(error) => error.is_io(),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.0.kind, self.0.offset)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io(error) => Some(error),
            ErrorKind::Preamble(error) => Some(error),
            _ => None,
        }
    }
}
