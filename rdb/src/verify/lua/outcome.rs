//! How running a library's main function ends.

use std::fmt;

use crate::redact;
/// How the run of a library ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// It runs to its end and has registered these functions, in this order. There may be none.
    Certain(Vec<Vec<u8>>),
    /// It raises an error.
    Fails(RunError),
    /// Only running it would tell.
    Maybe(Doubt),
}

/// An error that running the library certainly raises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct RunError {
    /// Line counted from 1 at the start of the checked bytes.
    pub line: u32,
    /// What fails there.
    pub kind: RunErrorKind,
}

/// Errors that running a library can raise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// An assignment to a global, or to a table of the server: both are read-only.
    ReadOnly,
    /// A global, or a field of the server's table, that does not exist while a library loads.
    NoSuchGlobal(Vec<u8>),
    /// An operation on a value of the wrong type.
    Type(&'static str),
    /// Wrong arguments for `register_function` or `log`.
    Arguments(&'static str),
    /// A function name with other bytes than letters, digits and underscores, or without any.
    FunctionName(Vec<u8>),
    /// The library registers the same name twice.
    DuplicateFunction(Vec<u8>),
}

impl fmt::Display for RunErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => out.write_str("attempt to modify a read-only table"),
            Self::NoSuchGlobal(name) => {
                write!(
                    out,
                    "'{}' does not exist while a library loads",
                    redact::escaped(name)
                )
            }
            Self::Type(what) => write!(out, "attempt to {what}"),
            Self::Arguments(what) => out.write_str(what),
            Self::FunctionName(name) => {
                write!(out, "'{}' is not a function name", redact::escaped(name))
            }
            Self::DuplicateFunction(name) => {
                write!(
                    out,
                    "function '{}' is registered twice",
                    redact::escaped(name)
                )
            }
        }
    }
}

/// Why the run of a library is not foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct Doubt {
    /// Line counted from 1 at the start of the checked bytes.
    pub line: u32,
    /// What stands there.
    pub kind: DoubtKind,
}

/// Kinds of code whose effect is not foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubtKind {
    /// A call of anything but the server's own functions.
    Call,
    /// A loop.
    Loop,
    /// Something that depends on a condition.
    Condition,
    /// An operation on a value that is not known.
    Value,
    /// A registration whose arguments are not known.
    Arguments,
    /// Writing to the log, which Valkey 9.1 does not survive at this point.
    Log,
}

impl fmt::Display for DoubtKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Call => "calls a function while loading",
            Self::Loop => "runs a loop while loading",
            Self::Condition => "the effect depends on a condition",
            Self::Value => "operates on a value that is not known",
            Self::Arguments => "registers a function with arguments that are not known",
            Self::Log => "writes to the log while loading",
        })
    }
}
