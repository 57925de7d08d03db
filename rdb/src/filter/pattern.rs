//! Patterns for names of keys.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use crate::glob;
use crate::redact;

/// What a key's name is compared with.
#[derive(Clone, Debug)]
pub struct Pattern(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Exact(Vec<u8>),
    Glob(Vec<u8>),
    Regex(Regex),
}

/// A regular expression that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadPattern(String);

impl Pattern {
    /// Exactly these bytes.
    #[must_use]
    pub fn exact(name: impl Into<Vec<u8>>) -> Pattern {
        Pattern(Kind::Exact(name.into()))
    }

    /// A pattern as servers take it in `KEYS` and `SCAN`, see [`glob`].
    #[must_use]
    pub fn glob(pattern: impl Into<Vec<u8>>) -> Pattern {
        Pattern(Kind::Glob(pattern.into()))
    }

    /// A regular expression over bytes, found anywhere in the name unless it is
    /// anchored. Classes such as `\w` are those of ASCII, and `.` is any byte
    /// but a newline; bytes from 0x80 on are written `\xff`.
    ///
    /// # Errors
    ///
    /// A message of several lines that shows where the expression is wrong, or
    /// that it would take too much memory.
    pub fn regex(pattern: &str) -> Result<Pattern, BadPattern> {
        RegexBuilder::new(pattern)
            .unicode(false)
            .build()
            .map(|regex| Pattern(Kind::Regex(regex)))
            .map_err(|e| BadPattern(e.to_string()))
    }

    /// Whether the name fits.
    #[inline]
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        match &self.0 {
            Kind::Exact(exact) => exact == name,
            Kind::Glob(pattern) => glob::matches(pattern, name),
            Kind::Regex(regex) => regex.is_match(name),
        }
    }

    /// Whether it clearly matches all that `other` does.
    pub(super) fn covers(&self, other: &Pattern) -> bool {
        match (&self.0, &other.0) {
            (Kind::Glob(mine), _) if mine == b"*" => true,
            (_, Kind::Exact(name)) => self.matches(name),
            (Kind::Glob(mine), Kind::Glob(others)) => mine == others,
            (Kind::Regex(mine), Kind::Regex(others)) => mine.as_str() == others.as_str(),
            _ => false,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Exact(bytes) | Kind::Glob(bytes) => write!(f, "\"{}\"", redact::plain(bytes)),
            Kind::Regex(regex) => write!(f, "/{}/", regex.as_str()),
        }
    }
}
