//! Servers that keep data alike.

use crate::verify::{Product, Server};

/// Bytes of an entry of a chained table.
pub(super) const DICT_ENTRY: u64 = 24;

/// Servers whose structures have the same sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Generation {
    /// Ziplists; sizes are told as asked for, not as allocated.
    Redis6,
    /// Listpacks, but for sets and short lists.
    Redis7,
    /// Redis 7.2 and later, and Valkey 7.2: small sets and lists are one blob.
    Redis72,
    /// Names of keys are part of their entry in the table.
    Valkey80,
    /// Tables of buckets; names and short values are part of the object.
    Valkey81,
    /// Objects hold values up to 128 bytes; members are part of their nodes.
    Valkey9,
}

impl Generation {
    pub fn of(server: Server) -> Generation {
        match (server.product, server.major, server.minor) {
            (Product::Redis, ..=6, _) => Generation::Redis6,
            (Product::Redis, 7, 0..=1) => Generation::Redis7,
            (Product::Redis, ..) | (Product::Valkey, ..=7, _) => Generation::Redis72,
            (Product::Valkey, 8, 0) => Generation::Valkey80,
            (Product::Valkey, 8, _) => Generation::Valkey81,
            (Product::Valkey, ..) => Generation::Valkey9,
        }
    }

    /// The release that was measured.
    pub const fn measured(self) -> Server {
        match self {
            Generation::Redis6 => Server::new(Product::Redis, 6, 0),
            Generation::Redis7 => Server::new(Product::Redis, 7, 0),
            Generation::Redis72 => Server::new(Product::Redis, 8, 0),
            Generation::Valkey80 => Server::new(Product::Valkey, 8, 0),
            Generation::Valkey81 => Server::new(Product::Valkey, 8, 1),
            Generation::Valkey9 => Server::new(Product::Valkey, 9, 1),
        }
    }

    /// Whether tables are of buckets of seven, not of chains.
    pub fn has_buckets(self) -> bool {
        self >= Generation::Valkey81
    }

    /// Whether small sets and lists are one listpack.
    pub fn packs_all(self) -> bool {
        self >= Generation::Redis72
    }

    /// Bytes of a chained table's own structure.
    pub const fn dict(self) -> u64 {
        match self {
            Generation::Redis6 => 96,
            _ => 56,
        }
    }

    /// Bytes of a node of a list.
    pub const fn list_node(self) -> u64 {
        match self {
            Generation::Redis6 => 32,
            _ => 40,
        }
    }

    /// Bytes of a consumer group.
    pub const fn group(self) -> u64 {
        match self {
            Generation::Redis6 => 32,
            _ => 40,
        }
    }

    /// Bytes of a consumer.
    pub const fn consumer(self) -> u64 {
        match self {
            Generation::Redis6 | Generation::Redis7 => 24,
            _ => 32,
        }
    }
}
