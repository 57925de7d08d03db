//! What a server does with the source of a function library (a FUNCTION2 record) when it loads a file.
//!
//! ```text
//! #!lua name=mylib\n                                            metadata: engine, then arguments
//! redis.register_function('f', function(keys, args) ... end)    Lua, run once while it loads
//! ```
//!
//! A server cuts off the first line, checks it, compiles the rest, runs it, and then wants at least one function
//! registered whose name no other library has. If any of that fails it refuses the whole file and does not start,
//! though the check tools call the file good. [`judge`] tells the outcome without running anything.
//!
//! # Limits
//! - Only the engine `lua` is known. A Valkey module may bring others.
//! - Valkey changed, without notice, how it splits quotes on the first line (9.0) and what it does with a NUL byte
//!   in the code (8.1: the rest is ignored). Where versions would not agree the verdict is undecided.
//! - A library that calls its own functions, or loops, while it loads is undecided. Few do: a server offers no
//!   library functions at that time (see [`super::lua`]). So is one that makes more than 65,536 tables, table fields or
//!   functions.

mod metadata;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::fmt;

use crate::redact;
pub(super) use metadata::is_name;
use metadata::{Reading, library_name, until_nul};

use super::lua::{self, Doubt, Registration, RunError, SyntaxError};

pub use super::server::Product;

/// The libraries of a file judged so far: names have to be unique in it.
#[derive(Debug, Clone, Default)]
pub struct Libraries {
    names: HashSet<Vec<u8>>,
    /// In lower case: servers find functions of all libraries without regard to case.
    functions: HashSet<Vec<u8>>,
}

/// What a server does with a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionVerdict {
    /// It loads the library.
    Loads {
        /// Name of the library.
        library: Vec<u8>,
        /// Names of the functions in the order of registration.
        functions: Vec<Vec<u8>>,
    },
    /// It refuses the library, and with it the file.
    Refused(Refusal),
    /// Only running the library would tell.
    Undecided(Uncertainty),
}

/// Why a server refuses a library.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The source does not start with `#!`.
    MissingMetadata,
    /// The first line has no end, holds a NUL byte, or has unbalanced quotes.
    InvalidMetadata,
    /// An argument other than `name=`.
    Argument(Vec<u8>),
    /// More than one `name=`.
    RepeatedName,
    /// No `name=`.
    MissingName,
    /// A library name with other bytes than letters, digits and underscores, or without any.
    LibraryName(Vec<u8>),
    /// An engine other than `lua`.
    Engine(Vec<u8>),
    /// An earlier library has the same name.
    DuplicateLibrary(Vec<u8>),
    /// The code does not compile. Line and offset count from the start of the record's source.
    Syntax(SyntaxError),
    /// Running the code raises an error. The line counts from the start of the record's source.
    Run(RunError),
    /// The code registers nothing.
    NoFunctions,
    /// An earlier library has a function of this name.
    DuplicateFunction(Vec<u8>),
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingMetadata => out.write_str("library metadata is missing"),
            Self::InvalidMetadata => out.write_str("library metadata is invalid"),
            Self::Argument(argument) => {
                write!(
                    out,
                    "unknown metadata argument '{}'",
                    redact::escaped(argument)
                )
            }
            Self::RepeatedName => out.write_str("the library name is given more than once"),
            Self::MissingName => out.write_str("the library name is missing"),
            Self::LibraryName(name) => {
                write!(out, "'{}' is not a library name", redact::escaped(name))
            }
            Self::Engine(engine) => {
                write!(out, "engine '{}' does not exist", redact::escaped(engine))
            }
            Self::DuplicateLibrary(name) => {
                write!(out, "library '{}' exists already", redact::escaped(name))
            }
            Self::Syntax(error) => write!(out, "the code does not compile: {error}"),
            Self::Run(error) => write!(out, "the code fails while loading: {error}"),
            Self::NoFunctions => out.write_str("the code registers no function"),
            Self::DuplicateFunction(name) => {
                write!(out, "function '{}' exists already", redact::escaped(name))
            }
        }
    }
}

/// Why it is not known what a server does with a library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Uncertainty {
    /// The code has an effect that is not foreseen. The line counts from the start of the record's source.
    Doubt(Doubt),
    /// The code is so extreme that the compiler may give up on it.
    NearLimits,
    /// Versions of the product do not agree.
    VersionsDiffer,
}

impl fmt::Display for Uncertainty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Doubt(doubt) => write!(out, "{doubt}"),
            Self::NearLimits => out.write_str("the code may exceed the limits of the compiler"),
            Self::VersionsDiffer => out.write_str("versions of the server do not agree on it"),
        }
    }
}

/// Judges the source of a library as a server would that loaded the libraries in `seen` before it.
///
/// A library that loads is added to `seen`. After an undecided one the names of its functions are not known, and
/// neither is what happens to a later library that uses one of them again.
///
/// # Examples
/// ```
/// use rdbkit_rdb::verify::function::{FunctionVerdict, Libraries, Product, judge};
///
/// let source = b"#!lua name=mylib\nredis.register_function('f', function() return 1 end)";
/// let mut seen = Libraries::default();
/// assert!(matches!(judge(source, &mut seen, Product::Redis), FunctionVerdict::Loads { .. }));
/// assert!(matches!(judge(source, &mut seen, Product::Redis), FunctionVerdict::Refused(_)));
/// ```
pub fn judge(source: &[u8], seen: &mut Libraries, product: Product) -> FunctionVerdict {
    let verdict = match product {
        Product::Redis => judge_as(source, seen, product, Reading::REDIS),
        Product::Valkey => judge_as_valkey(source, seen),
    };
    if let FunctionVerdict::Loads { library, functions } = &verdict {
        seen.names.insert(library.clone());
        seen.functions
            .extend(functions.iter().map(|name| name.to_ascii_lowercase()));
    }
    verdict
}

fn judge_as_valkey(source: &[u8], seen: &Libraries) -> FunctionVerdict {
    let newest = judge_as(source, seen, Product::Valkey, Reading::VALKEY_9);
    let first_line = source
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    let quoted = first_line.iter().any(|byte| matches!(byte, b'"' | b'\''));
    if !quoted && !source.contains(&0) {
        return newest;
    }
    for reading in [Reading::VALKEY_8_1, Reading::REDIS] {
        let older = judge_as(source, seen, Product::Valkey, reading);
        let refused = |verdict: &FunctionVerdict| matches!(verdict, FunctionVerdict::Refused(_));
        if older != newest && !(refused(&older) && refused(&newest)) {
            return FunctionVerdict::Undecided(Uncertainty::VersionsDiffer);
        }
    }
    newest
}

fn judge_as(
    source: &[u8],
    seen: &Libraries,
    product: Product,
    reading: Reading,
) -> FunctionVerdict {
    match load(source, seen, product, reading) {
        Ok(verdict) => verdict,
        Err(refusal) => FunctionVerdict::Refused(refusal),
    }
}

/// The steps of `functionsCreateWithLibraryCtx`, in their order.
fn load(
    source: &[u8],
    seen: &Libraries,
    product: Product,
    reading: Reading,
) -> Result<FunctionVerdict, Refusal> {
    if !source.starts_with(b"#!") {
        return Err(Refusal::MissingMetadata);
    }
    // The end of the line is looked for in a C string: a NUL byte before it hides it.
    let end = source.iter().position(|&byte| byte == b'\n' || byte == 0);
    let Some((line, code)) = end.and_then(|end| source.split_at_checked(end)) else {
        return Err(Refusal::InvalidMetadata);
    };
    if code.starts_with(&[0]) {
        return Err(Refusal::InvalidMetadata);
    }
    let library = library_name(line, reading)?;
    if seen.names.contains(&library) {
        return Err(Refusal::DuplicateLibrary(library));
    }
    // The code keeps the newline, so that its lines count from the start of the source.
    let code = if reading.c_strings {
        until_nul(code)
    } else {
        code
    };
    let chunk = lua::check(code, product).map_err(|mut error| {
        error.offset += line.len();
        Refusal::Syntax(error)
    })?;
    let functions = match chunk.registration {
        Registration::Fails(error) => return Err(Refusal::Run(error)),
        Registration::Certain(functions) if functions.is_empty() => {
            return Err(Refusal::NoFunctions);
        }
        Registration::Maybe(doubt) => {
            return Ok(FunctionVerdict::Undecided(Uncertainty::Doubt(doubt)));
        }
        Registration::Certain(functions) => functions,
    };
    let taken = |name: &&Vec<u8>| seen.functions.contains(&name.to_ascii_lowercase());
    if let Some(name) = functions.iter().find(taken) {
        return Err(Refusal::DuplicateFunction(name.clone()));
    }
    if chunk.near_limits {
        return Ok(FunctionVerdict::Undecided(Uncertainty::NearLimits));
    }
    Ok(FunctionVerdict::Loads { library, functions })
}
