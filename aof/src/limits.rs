//! What one decoder may hold in memory.

/// Bounds on memory, asked before anything is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Commands of more bytes than this come in pieces, so that a command of
    /// gigabytes costs a window of megabytes; 1024 at least.
    ///
    /// Default 1 MiB: what a server writes is nearly always far below.
    pub command: usize,
    /// Bytes of one piece of an argument of such a command; 16 at least.
    ///
    /// Default 1 MiB.
    pub chunk: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            command: 1 << 20,
            chunk: 1 << 20,
        }
    }
}

impl Limits {
    /// The defaults for input that is wholly in memory: commands are borrowed,
    /// so none comes in pieces.
    #[must_use]
    pub fn in_memory() -> Limits {
        Limits {
            command: usize::MAX,
            chunk: usize::MAX,
        }
    }
}
