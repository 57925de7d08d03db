//! Why decoding stopped, where, and while reading what.

use std::{fmt, io};

use thiserror::Error;

use crate::lzf::LzfError;
use crate::packed::PackedError;
use crate::redact;

/// The result of everything that reads an RDB file.
pub type Result<T> = std::result::Result<T, Error>;

/// What was being read: the ten states that redis-check-rdb names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Stage {
    Start,
    Type,
    Expire,
    Key,
    Value,
    Checksum,
    Length,
    Aux,
    ModuleAux,
    Functions,
}

impl Stage {
    /// The words redis-check-rdb prints after "While doing:".
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Start => "start",
            Stage::Type => "read-type",
            Stage::Expire => "read-expire",
            Stage::Key => "read-key",
            Stage::Value => "read-object-value",
            Stage::Checksum => "check-sum",
            Stage::Length => "read-len",
            Stage::Aux => "read-aux",
            Stage::ModuleAux => "read-module-aux",
            Stage::Functions => "read-functions",
        }
    }

    /// What is read in this stage, in plain words.
    #[must_use]
    pub const fn object(self) -> &'static str {
        match self {
            Stage::Start => "the header",
            Stage::Type => "an opcode or value type",
            Stage::Expire => "an expiry",
            Stage::Key => "a key",
            Stage::Value => "a value",
            Stage::Checksum => "the checksum",
            Stage::Length => "a database number or size",
            Stage::Aux => "an AUX field",
            Stage::ModuleAux => "module data",
            Stage::Functions => "a function library",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong, grouped by culprit: the disk, the file, a limit.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Reading failed.
    #[error("read failed: {0}")]
    Io(#[from] io::Error),
    /// The file ends inside something.
    #[error("unexpected end of file")]
    Truncated,
    /// The file does not begin with `REDIS` or `VALKEY`.
    #[error("not an RDB file: it begins with {}", text(.0))]
    BadMagic(Box<[u8]>),
    /// The version digits are no number above zero.
    #[error("version is not a number: {}", text(.0))]
    BadVersion(Box<[u8]>),
    /// Layout known to exist, but not decoded by this release.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
    /// A byte that is neither an opcode nor a value type of the dialect.
    #[error("unknown value type or opcode {0}")]
    UnknownType(u8),
    /// First byte of a length that no version writes (0x82 to 0xbf).
    #[error("unknown length encoding {0:#04x}")]
    BadLength(u8),
    /// A special encoding number that strings do not have.
    #[error("unknown string encoding {0}")]
    BadStringEncoding(u8),
    /// An LZF stream that does not decompress to the stated length.
    #[error("damaged LZF data: {0}")]
    Lzf(LzfError),
    /// A text score that is no number.
    #[error("score is not a number")]
    BadScore,
    /// A quicklist node that is neither plain (1) nor packed (2), or is empty.
    #[error("quicklist node is damaged: {0}")]
    BadQuicklistNode(&'static str),
    /// A stream node key that is not 16 bytes.
    #[error("stream node key has {0} bytes instead of 16")]
    BadStreamKey(u64),
    /// A module item tag that does not exist.
    #[error("unknown module item {0}")]
    BadModuleItem(u64),
    /// A MODULE_AUX record without its mandatory item tag.
    #[error("bad when_opcode {0} in module aux data")]
    BadModuleAux(u64),
    /// Key metadata, slot import, template, array or path records that break their rules.
    #[error("{0}")]
    BadRecord(&'static str),
    /// A damaged packed blob, found while walking a value.
    #[error("damaged value: {0}")]
    Packed(#[from] PackedError),
    /// The trailer does not match the bytes before it.
    #[error("checksum mismatch: the file says {stored:016x}, its bytes make {computed:016x}")]
    Checksum {
        /// The trailer.
        stored: u64,
        /// What the bytes make.
        computed: u64,
    },
    /// A [`Limits`](crate::Limits) bound.
    #[error("{what} of {asked} bytes exceeds the limit of {limit}")]
    Limit {
        /// What would have been held in memory.
        what: &'static str,
        /// How much the file asks for.
        asked: u64,
        /// The bound.
        limit: u64,
    },
}

/// What a file of commands among keys is to one who wants to know its keys: with a
/// part of the story, which may be undone by the next line of it.
pub(crate) const COMMAND_AMONG_KEYS: ErrorKind =
    ErrorKind::Unsupported("a replicated command among the keys, which it may change");

fn text(bytes: &[u8]) -> String {
    format!("\"{}\"", redact::escaped(bytes))
}

/// Why decoding stopped, with both offsets and the stage.
///
/// Boxed: a `Result` of a hot function stays one word wide.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    offset: u64,
    token_offset: u64,
    stage: Stage,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, offset: u64, token_offset: u64, stage: Stage) -> Error {
        Error(Box::new(Inner {
            kind,
            offset,
            token_offset,
            stage,
        }))
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// What is wrong, by value.
    #[must_use]
    pub fn into_kind(self) -> ErrorKind {
        self.0.kind
    }

    /// Where the primitive that failed begins, from the start of the input.
    /// This is the offset the C check tools print.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.0.offset
    }

    /// Where the opcode, key or element that holds it begins.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.0.token_offset
    }

    /// What was being read.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.0.stage
    }

    /// Whether the input ended too early: more bytes might have made it whole.
    #[must_use]
    pub fn is_truncation(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Truncated)
    }

    /// Whether reading failed rather than decoding.
    #[must_use]
    pub fn is_io(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Io(_))
    }

    /// Whether a limit stopped the work: nothing is known against the file.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Limit { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            offset,
            stage,
            ..
        } = &*self.0;
        write!(f, "{kind} at offset {offset} ({stage})")
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io(e) => Some(e),
            ErrorKind::Lzf(e) => Some(e),
            ErrorKind::Packed(e) => Some(e),
            _ => None,
        }
    }
}
