//! What a key will take in a server's memory.
//!
//! An estimate: what `MEMORY USAGE key SAMPLES 0` would answer on a server with
//! default settings that has just loaded the file. How structures add up was
//! measured on running servers, a generation at a time; `docs/stats.md` says
//! how far the estimates are from their answers.

mod allocator;
mod generation;
mod rax;
mod table;
mod value;

pub use allocator::Allocator;
pub(crate) use generation::Generation;
pub(crate) use rax::Rax;
pub(crate) use value::Pieces;

use std::ops::{Add, AddAssign};

use crate::verify::Server;

/// An estimate in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    /// What `MEMORY USAGE` would answer. Servers leave out what they cannot
    /// know cheaply: Valkey 8.1 names of keys, Redis the true size of streams.
    pub usage: u64,
    /// What the allocator hands out for the key, by the same model.
    pub allocated: u64,
}

impl Memory {
    /// The same number in both.
    const fn both(bytes: u64) -> Memory {
        Memory {
            usage: bytes,
            allocated: bytes,
        }
    }
}

impl Add for Memory {
    type Output = Memory;

    #[inline]
    fn add(self, other: Memory) -> Memory {
        Memory {
            usage: self.usage.saturating_add(other.usage),
            allocated: self.allocated.saturating_add(other.allocated),
        }
    }
}

impl AddAssign for Memory {
    #[inline]
    fn add_assign(&mut self, other: Memory) {
        *self = *self + other;
    }
}

/// How one server keeps keys and values in memory.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::stats::{Allocator, Model};
///
/// let model = Model::new("redis:7.2".parse()?, Allocator::Bundled);
/// assert_eq!(model.server().to_string(), "redis:7.2");
/// // Structures of 7.2 were measured on 8.0, which has the same.
/// assert_eq!(model.measured().to_string(), "redis:8.0");
/// # Ok::<(), rdbkit_rdb::verify::BadServer>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Model {
    server: Server,
    generation: Generation,
    allocator: Allocator,
}

impl Model {
    /// The model of a server built with this allocator.
    #[must_use]
    pub fn new(server: Server, allocator: Allocator) -> Model {
        Model {
            server,
            generation: Generation::of(server),
            allocator,
        }
    }

    /// The server the estimates are for.
    #[must_use]
    pub fn server(&self) -> Server {
        self.server
    }

    /// The release the model was measured on: the nearest that was at hand.
    #[must_use]
    pub fn measured(&self) -> Server {
        self.generation.measured()
    }

    /// The allocator.
    #[must_use]
    pub fn allocator(&self) -> Allocator {
        self.allocator
    }

    /// What a database takes beside its keys: the table that finds them, and
    /// the one of those that expire.
    #[must_use]
    pub fn database(&self, keys: u64, expires: u64) -> u64 {
        if keys == 0 {
            return 0;
        }
        let size = |n: u64| self.allocator.size(n);
        if self.generation.has_buckets() {
            let table = |n| table::buckets(n, self.allocator);
            return table(keys).saturating_add(table(expires));
        }
        let slots = |n: u64| match n {
            0 => 0,
            n => size(8 * table::slots(n)),
        };
        slots(keys)
            .saturating_add(slots(expires))
            .saturating_add(expires.saturating_mul(size(generation::DICT_ENTRY)))
    }
}
