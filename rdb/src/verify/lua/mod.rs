//! Lua 5.1 as far as a server needs it to load a function library: does a source compile, and does running it
//! register functions.
//!
//! [`check`] follows the compiler of Lua 5.1.5 which the servers contain, with its limits and quirks. Time and
//! memory are linear in the source, recursion is bounded by the compiler's own limit of 200 levels.
//!
//! Not followed is the allocation of registers and the length of jumps, where the compiler gives up on extreme
//! functions ("function or expression too complex", "control structure too long"). A chunk that could come near is
//! marked with [`Chunk::near_limits`].

mod error;
mod expression;
mod lexer;
mod literal;
mod outcome;
mod parser;
mod register;
mod run;
mod scope;
mod statement;
mod value;

pub use error::{SyntaxError, SyntaxErrorKind};
pub use outcome::{Doubt, DoubtKind, Registration, RunError, RunErrorKind};

use super::function::Product;
use parser::Parser;
use run::Run;

/// Tokens from which on jumps could become too long for the compiler (it can span 131 071 instructions).
const MANY_TOKENS: usize = 40_000;

/// A source that is Lua.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// What running it does.
    pub registration: Registration,
    /// The compiler might still refuse it for a limit that is not followed here.
    pub near_limits: bool,
}

/// Parses a source as the server's compiler does, and foresees what running it while a library loads would do.
///
/// A first line that starts with `#` is not skipped: the server cuts it off before.
///
/// # Errors
/// [`SyntaxError`] when the source does not compile. Bytecode (a source that starts with `ESC`) is such a case:
/// servers compile text only.
///
/// # Examples
/// ```
/// use rdbkit_rdb::verify::function::Product;
/// use rdbkit_rdb::verify::lua::{Registration, check};
///
/// let chunk = check(b"redis.register_function('f', function() end)", Product::Redis)?;
/// assert_eq!(chunk.registration, Registration::Certain(vec![b"f".to_vec()]));
/// assert!(check(b"local x =", Product::Redis).is_err());
/// # Ok::<(), rdbkit_rdb::verify::lua::SyntaxError>(())
/// ```
pub fn check(source: &[u8], product: Product) -> Result<Chunk, SyntaxError> {
    check_below(source, product, 0)
}

/// The same with some syntax levels already used, as when the stand-alone compiler compiles a file.
fn check_below(source: &[u8], product: Product, levels: usize) -> Result<Chunk, SyntaxError> {
    let mut parser = Parser::new(source, Run::new(source, product), levels);
    parser.chunk()?;
    let near_limits = parser.scope.near_limit() || parser.tokens > MANY_TOKENS;
    Ok(Chunk {
        registration: parser.run.finish(),
        near_limits,
    })
}

#[cfg(test)]
mod tests;
