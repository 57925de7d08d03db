//! Why a chunk is refused by the compiler.

use std::fmt;

/// A place in a chunk where the compiler gives up, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct SyntaxError {
    /// Line counted from 1 at the start of the checked bytes.
    pub line: u32,
    /// Byte offset into the checked bytes.
    pub offset: usize,
    /// What was wrong there.
    pub kind: SyntaxErrorKind,
}

/// The ways in which a chunk is not Lua 5.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyntaxErrorKind {
    /// A quoted string meets the end of its line or of the source.
    UnfinishedString,
    /// A `[[` string meets the end of the source.
    UnfinishedLongString,
    /// A `--[[` comment meets the end of the source.
    UnfinishedLongComment,
    /// `[[` inside a string or comment of level 0.
    NestedLongBracket,
    /// `[=` that is not followed by a second bracket.
    LongDelimiter,
    /// `\ddd` above 255.
    EscapeTooLarge,
    /// A numeral that is no number.
    MalformedNumber,
    /// A token no rule allows here.
    UnexpectedSymbol,
    /// Another token is required here.
    Expected(&'static str),
    /// An opening parenthesis of a call on a new line.
    AmbiguousCall,
    /// An expression that cannot stand as a statement or be assigned to.
    NotAStatement,
    /// `break` outside a loop.
    BreakOutsideLoop,
    /// `...` in a function without varargs.
    VarargOutside,
    /// Blocks and expressions nested deeper than the compiler allows.
    TooManyLevels,
    /// More of something in one function than the compiler allows.
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many are allowed.
        limit: u32,
    },
}

impl fmt::Display for SyntaxErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnfinishedString => out.write_str("unfinished string"),
            Self::UnfinishedLongString => out.write_str("unfinished long string"),
            Self::UnfinishedLongComment => out.write_str("unfinished long comment"),
            Self::NestedLongBracket => out.write_str("nested [[ in a long bracket"),
            Self::LongDelimiter => out.write_str("invalid long string delimiter"),
            Self::EscapeTooLarge => out.write_str("escape sequence above 255"),
            Self::MalformedNumber => out.write_str("malformed number"),
            Self::UnexpectedSymbol => out.write_str("unexpected symbol"),
            Self::Expected(what) => write!(out, "{what} expected"),
            Self::AmbiguousCall => out.write_str("ambiguous syntax: call or new statement"),
            Self::NotAStatement => out.write_str("neither a call nor an assignment"),
            Self::BreakOutsideLoop => out.write_str("no loop to break"),
            Self::VarargOutside => out.write_str("'...' outside a vararg function"),
            Self::TooManyLevels => out.write_str("too many nested syntax levels"),
            Self::TooMany { what, limit } => {
                write!(out, "more than {limit} {what} in one function")
            }
        }
    }
}
