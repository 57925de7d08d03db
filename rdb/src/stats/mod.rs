//! What a file is made of, and what it will take in a server's memory.
//!
//! [`Stats`] counts the events of a file, or whole records, in bounded memory.
//! Values are not decoded: sizes and counts are in the headers of what is read
//! anyway.
//!
//! ```
//! use rdbkit_rdb::StreamReader;
//! use rdbkit_rdb::stats::{Options, Stats};
//!
//! let file: &[u8] = b"REDIS0009\x00\x06user:1\xc0\x07\x02\x04tags\x02\x01a\x01b\xff\0\0\0\0\0\0\0\0";
//! let mut stats = Stats::new(Options::default());
//! StreamReader::new(file).read_stats(&mut stats)?;
//! let total = stats.total();
//! assert_eq!((total.keys, total.elements), (2, 2));
//! assert_eq!(stats.prefixes().top(1)[0].0, b"user:");
//! # Ok::<(), rdbkit_rdb::Error>(())
//! ```

mod collect;
mod count;
mod drive;
mod encoding;
mod expiry;
mod file;
mod histogram;
mod memory;
mod meter;
mod prefix;
mod tally;
#[cfg(test)]
mod tests;
mod top;

pub use collect::{Database, Kind, Stats, Usage};
pub use drive::slice;
pub use encoding::Encoding;
pub use expiry::Lifetime;
pub use file::FileFacts;
pub use histogram::Histogram;
pub use memory::{Allocator, Memory, Model};
pub use meter::KeyStats;
pub use prefix::{Prefixes, Weight};
pub use tally::Tally;
pub use top::BigKey;

use crate::verify::Server;

/// What to count, and how.
#[derive(Clone, Debug)]
pub struct Options {
    /// Server to estimate memory for; by default the one that wrote the file,
    /// as far as it says.
    pub server: Option<Server>,
    /// How that server was built.
    pub allocator: Allocator,
    /// The present in Unix milliseconds, to tell what has expired. 0 by default:
    /// then nothing has.
    pub now_ms: i64,
    /// Largest keys to keep, by each measure; 10 by default.
    pub top: usize,
    /// Bytes that end a prefix; `:` by default.
    pub separators: Vec<u8>,
    /// Separators of a name that count, from its front; 3 by default.
    pub depth: usize,
    /// Prefixes to be sure of; twice as many are held. 4096 by default.
    pub prefixes: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: None,
            allocator: Allocator::default(),
            now_ms: 0,
            top: 10,
            separators: b":".to_vec(),
            depth: 3,
            prefixes: 4096,
        }
    }
}
