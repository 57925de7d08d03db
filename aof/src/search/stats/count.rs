//! Numbers of commands and bytes.

/// Commands and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Count {
    /// How many.
    pub commands: u64,
    /// Bytes of them in the log.
    pub bytes: u64,
}

impl Count {
    #[inline]
    pub(super) fn add(&mut self, bytes: u64) {
        self.commands += 1;
        self.bytes += bytes;
    }
}

/// A command or a transaction, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Big {
    /// Which of [`Set::files`](crate::Set::files).
    pub file: usize,
    /// Offset of its first byte.
    pub begin: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Name of the command in lower case; `multi` for a transaction.
    pub name: Vec<u8>,
    /// Its first key, up to 128 bytes of it.
    pub key: Option<Vec<u8>>,
    /// The database selected there.
    pub db: u64,
    /// Commands in it: 1, or those between `MULTI` and `EXEC`.
    pub commands: u64,
}

/// One file of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileStats {
    /// Commands, `SELECT`, `MULTI` and `EXEC` among them.
    pub count: Count,
    /// `#` lines.
    pub annotations: u64,
    /// Bytes of the RDB file at the front.
    pub preamble: u64,
    /// How far it could be read.
    pub end: u64,
    /// Its first `#TS`.
    pub first: Option<i64>,
    /// Its last one.
    pub last: Option<i64>,
}
