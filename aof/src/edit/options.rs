//! How a plan is made.

use crate::ahead::{PIECE, Threads};

/// How a plan is made, whatever it does: with what time expiries are compared, and
/// how many threads may read.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::edit::Options;
///
/// // Two threads read a file of more than 32 MiB, if it can be opened more than
/// // once. The plan is the same.
/// let options = Options::at(1_763_718_000_000).with_threads(2);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Options {
    pub(super) now_ms: i64,
    pub(super) threads: Threads,
}

impl Options {
    /// Expiries are compared with this time, in Unix milliseconds; one thread reads.
    #[must_use]
    pub const fn at(now_ms: i64) -> Options {
        Options {
            now_ms,
            threads: Threads::ONE,
        }
    }

    /// As many threads may read, 0 for one a processor; more than eight do not.
    ///
    /// # Limits
    ///
    /// 8 MiB for each thread.
    #[must_use]
    pub const fn with_threads(self, count: usize) -> Options {
        self.with_pieces(count, PIECE)
    }

    pub(super) const fn with_pieces(self, count: usize, piece: u64) -> Options {
        Options {
            threads: Threads { count, piece },
            ..self
        }
    }
}

#[cfg(test)]
mod tests;
