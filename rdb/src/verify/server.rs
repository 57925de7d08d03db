//! Which server a file is judged for, and what that server takes.

use std::fmt;
use std::str::FromStr;

use crate::wire::{Dialect, Opcode, ValueType};

/// The two projects that descend from one code base.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Product {
    /// Redis, by its company.
    Redis,
    /// Valkey, its fork from 7.2 on.
    Valkey,
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Product::Redis => "redis",
            Product::Valkey => "valkey",
        })
    }
}

/// A release line of a product, such as `redis:8.0`.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::verify::Server;
///
/// let server: Server = "valkey:9.1".parse()?;
/// assert_eq!(server.to_string(), "valkey:9.1");
/// assert!("redis:5".parse::<Server>().is_ok());
/// assert!("memcached:1".parse::<Server>().is_err());
/// # Ok::<(), rdbkit_rdb::verify::BadServer>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Server {
    /// Redis or Valkey.
    pub product: Product,
    /// Major version.
    pub major: u16,
    /// Minor version.
    pub minor: u16,
}

/// A server name that is not `redis:X.Y` or `valkey:X.Y`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a server: {0:?}; write redis:8.0 or valkey:9.1")]
pub struct BadServer(String);

/// RDB version by the release line that first wrote it, newest first.
const REDIS: [((u16, u16), u32); 12] = [
    ((8, 10), 15),
    ((8, 8), 14),
    ((8, 6), 13),
    ((7, 4), 12),
    ((7, 2), 11),
    ((7, 0), 10),
    ((5, 0), 9),
    ((4, 0), 8),
    ((3, 2), 7),
    ((2, 6), 6),
    ((2, 4), 2),
    ((2, 0), 1),
];

/// The same for the `VALKEY` magic.
const VALKEY: [((u16, u16), u32); 2] = [((9, 2), 81), ((9, 0), 80)];

/// The newest version with the `REDIS` magic that Valkey reads.
const VALKEY_READS_REDIS: u32 = 11;

impl Server {
    /// The Redis release that the rules were last compared with.
    pub const REDIS: Server = Server::new(Product::Redis, 8, 0);
    /// The Valkey release that the rules were last compared with.
    pub const VALKEY: Server = Server::new(Product::Valkey, 9, 1);

    /// A server by its numbers.
    #[must_use]
    pub const fn new(product: Product, major: u16, minor: u16) -> Server {
        Server {
            product,
            major,
            minor,
        }
    }

    /// The server to judge a file for when nobody says which: of the file's own
    /// product, the release the rules were compared with, or the first one
    /// after it that reads the file's version.
    #[must_use]
    pub fn for_file(product: Product, dialect: Dialect, version: u32) -> Server {
        let newest = match product {
            Product::Redis => Server::REDIS,
            Product::Valkey => Server::VALKEY,
        };
        match Server::lowest(product, dialect, version) {
            Some(lowest) => newest.max(lowest),
            None => newest,
        }
    }

    /// The lowest release line that reads this version, if any does.
    #[must_use]
    pub fn lowest(product: Product, dialect: Dialect, version: u32) -> Option<Server> {
        let table: &[((u16, u16), u32)] = match (product, dialect) {
            (Product::Redis, Dialect::Redis) => &REDIS,
            (Product::Valkey, Dialect::Valkey) if version >= 80 => &VALKEY,
            (Product::Valkey, Dialect::Redis) if version <= VALKEY_READS_REDIS => {
                return Some(Server::new(Product::Valkey, 7, 2));
            }
            _ => return None,
        };
        let ((major, minor), _) = table.iter().rev().find(|(_, v)| *v >= version)?;
        Some(Server::new(product, *major, *minor))
    }

    /// Whether this server accepts a file's magic and version.
    #[must_use]
    pub fn reads(self, dialect: Dialect, version: u32) -> bool {
        if self.takes_early_valkey() && dialect == Dialect::Valkey {
            return (1..=VALKEY_READS_REDIS).contains(&version);
        }
        Server::lowest(self.product, dialect, version).is_some_and(|lowest| self >= lowest)
    }

    /// Whether this server reads any file with this magic. Of one that it does not
    /// read, the magic says all: no single record is to blame.
    #[must_use]
    pub(crate) fn reads_any(self, dialect: Dialect) -> bool {
        self.product == Product::Valkey || dialect == Dialect::Redis
    }

    /// Whether this server takes the first bytes for its magic. Valkey from 8.1
    /// on compares the zero behind `REDIS` too.
    #[must_use]
    pub fn reads_magic(self, head: [u8; 9]) -> bool {
        let strict = self.product == Product::Valkey && (self.major, self.minor) >= (8, 1);
        head.starts_with(b"VALKEY")
            || head.starts_with(if strict {
                b"REDIS0".as_slice()
            } else {
                b"REDIS"
            })
    }

    /// Whether this server knows a value type in a file with this magic.
    #[must_use]
    pub fn knows(self, kind: ValueType, dialect: Dialect) -> bool {
        // Valkey refuses every number the two projects use differently in a
        // file with the REDIS magic, whatever its version.
        let foreign = self.product == Product::Valkey && dialect == Dialect::Redis && kind.0 >= 22;
        kind.is_known(dialect) && !foreign && self.reads_records(dialect, kind.since(dialect))
    }

    /// Whether this server knows records that came with version `since` in a
    /// file with this magic. The first VALKEY version has all that came before.
    #[must_use]
    pub fn reads_records(self, dialect: Dialect, since: u32) -> bool {
        let first = match dialect {
            Dialect::Valkey if !self.takes_early_valkey() => 80,
            _ => 0,
        };
        self.reads(dialect, since.max(first))
    }

    /// Whether this server knows records with this opcode in a file with this magic.
    #[must_use]
    pub fn knows_record(self, opcode: Opcode, dialect: Dialect) -> bool {
        match opcode {
            // As release candidates of 7.0 wrote libraries; that line kept to it.
            Opcode::FUNCTION_PRE_GA => {
                (self.product, self.major, self.minor) == (Product::Redis, 7, 0)
            }
            Opcode::SLOT_INFO => self.skips_slot_info(),
            _ => self.reads_records(dialect, opcode.since(dialect)),
        }
    }

    /// Whether opcode 244 (SLOT_INFO) is known. Valkey, which never wrote it,
    /// skips it since 9.0, whatever the magic and version of the file.
    #[must_use]
    pub fn skips_slot_info(self) -> bool {
        match self.product {
            Product::Redis => (self.major, self.minor) >= (7, 4),
            Product::Valkey => (self.major, self.minor) >= (9, 0),
        }
    }

    /// Whether streams are compared with their own numbers: entries with the
    /// stated length, tombstones with their count.
    #[must_use]
    pub fn counts_streams(self) -> bool {
        match self.product {
            Product::Redis => (self.major, self.minor) >= (8, 8),
            Product::Valkey => (self.major, self.minor) >= (9, 1),
        }
    }

    /// Whether this is Valkey 8.1, which knows the VALKEY magic already, but
    /// only with the versions of the other magic. No server writes that.
    fn takes_early_valkey(self) -> bool {
        self.product == Product::Valkey && (self.major, self.minor) == (8, 1)
    }

    /// Whether a pending entry of a stream may have one owner only. This came
    /// late, as a fix to every line then maintained: older patch levels let the
    /// last owner win, as Valkey 8.0 is known to.
    #[must_use]
    pub fn wants_one_owner(self) -> bool {
        self.product == Product::Redis || (self.major, self.minor) >= (8, 1)
    }

    /// Whether this server has the module of a type without being told to load
    /// it: vector sets come with Redis from 8.0 on.
    #[must_use]
    pub fn has_built_in(self, module: &str) -> bool {
        let vectors = module.eq_ignore_ascii_case("vectorset");
        vectors && self.product == Product::Redis && (self.major, self.minor) >= (8, 0)
    }

    /// The newest release line of a product whose formats are known here. What
    /// a later one does differently no verdict tells.
    #[must_use]
    pub fn newest(product: Product) -> Server {
        let (table, other): (&[_], Server) = match product {
            Product::Redis => (&REDIS, Server::REDIS),
            Product::Valkey => (&VALKEY, Server::VALKEY),
        };
        table.first().map_or(other, |((major, minor), _)| {
            Server::new(product, *major, *minor)
        })
    }

    /// Whether this is Valkey 9.1 or later, which rewrote its sanitiser.
    #[must_use]
    pub fn is_strict_valkey(self) -> bool {
        self.product == Product::Valkey && (self.major, self.minor) >= (9, 1)
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}.{}", self.product, self.major, self.minor)
    }
}

impl FromStr for Server {
    type Err = BadServer;

    fn from_str(text: &str) -> Result<Server, BadServer> {
        let bad = || BadServer(text.to_owned());
        let (product, version) = text.split_once(':').ok_or_else(bad)?;
        let product = match product {
            "redis" => Product::Redis,
            "valkey" => Product::Valkey,
            _ => return Err(bad()),
        };
        let mut parts = version.splitn(3, '.').map(str::parse::<u16>);
        let major = parts.next().and_then(Result::ok).ok_or_else(bad)?;
        let minor = match parts.next() {
            Some(minor) => minor.map_err(|_| bad())?,
            None => 0,
        };
        // A patch level may be given; verdicts do not depend on it.
        if parts.next().is_some_and(|patch| patch.is_err()) {
            return Err(bad());
        }
        let server = Server::new(product, major, minor);
        let oldest = match product {
            Product::Redis => Server::new(product, 2, 0),
            Product::Valkey => Server::new(product, 7, 2),
        };
        if server < oldest {
            Err(bad())
        } else {
            Ok(server)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(text: &str) -> Server {
        text.parse().unwrap()
    }

    #[test]
    fn who_reads_what() {
        assert!(server("redis:7.0").reads(Dialect::Redis, 10));
        assert!(!server("redis:7.0.15").reads(Dialect::Redis, 11));
        assert!(server("redis:8.4").reads(Dialect::Redis, 12));
        assert!(!server("redis:8.10").reads(Dialect::Valkey, 80));
        assert!(server("valkey:8.0").reads(Dialect::Redis, 11));
        assert!(!server("valkey:9.1").reads(Dialect::Redis, 12));
        assert!(!server("valkey:8.1").reads(Dialect::Valkey, 80));
        assert!(server("valkey:8.1").reads(Dialect::Valkey, 11));
        assert!(!server("valkey:8.0").reads(Dialect::Valkey, 11));
        assert!(!server("valkey:9.1").reads(Dialect::Valkey, 11));
        assert!(!server("redis:8.10").reads(Dialect::Redis, 16));
    }

    #[test]
    fn the_default_follows_the_file() {
        let pick = Server::for_file;
        assert_eq!(pick(Product::Redis, Dialect::Redis, 9), Server::REDIS);
        assert_eq!(
            pick(Product::Redis, Dialect::Redis, 14),
            server("redis:8.8")
        );
        assert_eq!(
            pick(Product::Valkey, Dialect::Valkey, 81),
            server("valkey:9.2")
        );
        assert_eq!(pick(Product::Valkey, Dialect::Redis, 11), Server::VALKEY);
        assert_eq!(pick(Product::Redis, Dialect::Redis, 99), Server::REDIS);
    }

    #[test]
    fn types_by_server() {
        assert!(server("valkey:9.0").knows(ValueType::HASH_2, Dialect::Valkey));
        assert!(server("valkey:9.0").knows(ValueType::HASH_LISTPACK, Dialect::Valkey));
        assert!(!server("valkey:9.1").knows(ValueType::PATH_HASH, Dialect::Valkey));
        assert!(!server("valkey:9.0").knows(ValueType::HASH_METADATA_PRE_GA, Dialect::Redis));
        assert!(!server("redis:7.2").knows(ValueType::HASH_METADATA, Dialect::Redis));
        assert!(server("redis:7.4").knows(ValueType::HASH_METADATA, Dialect::Redis));
    }

    #[test]
    fn what_is_known_and_built_in() {
        assert_eq!(Server::newest(Product::Redis), server("redis:8.10"));
        assert_eq!(Server::newest(Product::Valkey), server("valkey:9.2"));
        assert!(server("redis:8.0").has_built_in("vectorset"));
        assert!(!server("redis:7.4").has_built_in("vectorset"));
        assert!(!server("valkey:9.1").has_built_in("vectorset"));
        assert!(!server("redis:8.0").has_built_in("ReJSON-RL"));
    }

    #[test]
    fn names_that_are_no_server() {
        for text in [
            "",
            "redis",
            "redis:",
            "redis:x",
            "valkey:7.0",
            "Redis:8",
            "redis:8.0.x",
        ] {
            assert!(text.parse::<Server>().is_err(), "{text}");
        }
    }
}
