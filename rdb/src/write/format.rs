//! What a file of some version can say.

use std::fmt;
use std::str::FromStr;

use crate::verify::{Product, Server};
use crate::wire::{Dialect, Opcode, ValueType};

/// Magic and version of a file to write.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::write::Format;
/// use rdbkit_rdb::{Dialect, ValueType};
///
/// let old: Format = "11".parse()?;
/// assert_eq!(old.to_string(), "REDIS version 11");
/// let why = old.takes_type(ValueType::HASH_METADATA, Dialect::Redis).unwrap_err();
/// assert_eq!(why.to_string(), "value type 24 (hash-hashtable-md) needs REDIS version 12");
/// # Ok::<(), rdbkit_rdb::write::BadFormat>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Format {
    dialect: Dialect,
    version: u32,
}

/// A version that no file to write can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no RDB version to write: REDIS has 6 to 15, VALKEY 80 and 81")]
pub struct BadFormat(String);

/// Something a version has no words for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inexpressible {
    what: String,
    lacks: Lacks,
}

/// Why it cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lacks {
    /// It came with another version.
    Needs(Format),
    /// It came with none.
    Unknown,
    /// The version has it, and the server that shall read it has not.
    Server(Server),
}

impl Format {
    /// The versions that can be written: REDIS 6 to 15, VALKEY 80 and 81.
    ///
    /// Older ones are left out because their servers take fewer integers in
    /// packed values, which cannot be seen from outside of the value.
    ///
    /// # Errors
    ///
    /// [`BadFormat`] for any other.
    pub fn new(dialect: Dialect, version: u32) -> Result<Format, BadFormat> {
        let known = match dialect {
            Dialect::Redis => 6..=15,
            Dialect::Valkey => 80..=81,
        };
        match known.contains(&version) {
            true => Ok(Format { dialect, version }),
            false => Err(BadFormat(format!("{dialect} version {version}"))),
        }
    }

    /// That of a file as it is, whatever it is: for a file made of its parts.
    #[must_use]
    pub const fn of_source(dialect: Dialect, version: u32) -> Format {
        Format { dialect, version }
    }

    /// The format for `server` of what comes from a file of this format: the
    /// same if the server reads it, else the newest of its magic that the server
    /// reads, else the newest of the other magic.
    #[must_use]
    pub fn for_server(self, server: Server) -> Format {
        if server.reads(self.dialect, self.version) {
            return self;
        }
        let (redis, valkey) = ((Dialect::Redis, 6..=15), (Dialect::Valkey, 80..=81));
        let order = match (self.dialect, server.product) {
            // Valkey 9 reads the REDIS magic of the days before the fork, too.
            (Dialect::Redis, _) | (_, Product::Redis) => [redis, valkey],
            (Dialect::Valkey, Product::Valkey) => [valkey, redis],
        };
        let mut readable = order.into_iter().filter_map(|(dialect, versions)| {
            let version = versions.rev().find(|v| server.reads(dialect, *v))?;
            Some(Format { dialect, version })
        });
        // Every server that has a name reads REDIS 6, but the first of all.
        readable.next().unwrap_or(Format {
            dialect: Dialect::Redis,
            version: 6,
        })
    }

    /// Which magic.
    #[must_use]
    pub const fn dialect(self) -> Dialect {
        self.dialect
    }

    /// Which version.
    #[must_use]
    pub const fn version(self) -> u32 {
        self.version
    }

    /// Magic and version digits.
    pub(super) fn header(self) -> String {
        let version = self.version;
        match self.dialect {
            Dialect::Redis => format!("REDIS{version:04}"),
            Dialect::Valkey => format!("VALKEY{version:03}"),
        }
    }

    /// Whether there is a word for the size of a database.
    #[must_use]
    pub const fn has_sizes(self) -> bool {
        Opcode::RESIZEDB.since(self.dialect) <= self.version
    }

    /// Whether a file ends with a checksum.
    #[must_use]
    pub const fn has_checksum(self) -> bool {
        self.version >= 5
    }

    /// Whether values of this type, as files of `from` have them, can be in
    /// files of this format.
    ///
    /// # Errors
    ///
    /// [`Inexpressible`], which names the type and what it needs.
    pub fn takes_type(self, kind: ValueType, from: Dialect) -> Result<(), Inexpressible> {
        // Below 22 both projects mean the same by a number.
        let shared = kind.0 < 22 || from == self.dialect;
        if shared && kind.is_known(from) && kind.since(self.dialect) <= self.version {
            return Ok(());
        }
        let name = kind.name(from).unwrap_or("unknown");
        Err(Inexpressible {
            what: format!("value type {} ({name})", kind.0),
            lacks: match kind.is_known(from) {
                true => Lacks::Needs(Format {
                    dialect: from,
                    version: kind.since(from),
                }),
                false => Lacks::Unknown,
            },
        })
    }

    /// Whether records with this opcode, as files of `from` have them, can be
    /// in files of this format.
    ///
    /// # Errors
    ///
    /// [`Inexpressible`], which names the record and what it needs.
    pub fn takes_opcode(self, opcode: Opcode, from: Dialect) -> Result<(), Inexpressible> {
        let shared = opcode.0 > 243 || from == self.dialect;
        // Of all servers only those of this version have the candidates' records.
        let gone = opcode == Opcode::FUNCTION_PRE_GA
            && (self.dialect, self.version) != (Dialect::Redis, opcode.since(Dialect::Redis));
        if shared && !gone && opcode.since(self.dialect) <= self.version {
            return Ok(());
        }
        let name = opcode.name(from).unwrap_or("unknown");
        Err(self.lacks(format!("a record {name}"), from, opcode.since(from)))
    }

    fn lacks(self, what: String, from: Dialect, since: u32) -> Inexpressible {
        let lacks = Lacks::Needs(Format {
            dialect: from,
            version: since,
        });
        Inexpressible { what, lacks }
    }

    /// Whether lengths of more than 32 bits can be written.
    ///
    /// # Errors
    ///
    /// [`Inexpressible`].
    pub fn takes_long_lengths(self) -> Result<(), Inexpressible> {
        match self.version {
            8.. => Ok(()),
            _ => Err(self.lacks("a length of 4 GiB or more".to_owned(), Dialect::Redis, 8)),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.dialect, self.version)
    }
}

impl FromStr for Format {
    type Err = BadFormat;

    /// A version alone: from 80 on it is Valkey's.
    fn from_str(text: &str) -> Result<Format, BadFormat> {
        let version = text.parse().map_err(|_| BadFormat(format!("{text:?}")))?;
        let dialect = match version {
            80.. => Dialect::Valkey,
            _ => Dialect::Redis,
        };
        Format::new(dialect, version)
    }
}

impl fmt::Display for Inexpressible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match self.lacks {
            Lacks::Needs(format) => write!(f, " needs {format}"),
            Lacks::Unknown => f.write_str(" belongs to no version"),
            Lacks::Server(server) => write!(f, " is unknown to {server}"),
        }
    }
}

impl std::error::Error for Inexpressible {}

impl Inexpressible {
    /// A value type that `server` does not know, or does not in files of `dialect`.
    pub(crate) fn type_unknown_to(server: Server, kind: ValueType, dialect: Dialect) -> Self {
        let name = kind.name(dialect).unwrap_or("unknown");
        Inexpressible {
            what: format!("value type {} ({name})", kind.0),
            lacks: Lacks::Server(server),
        }
    }

    /// A record that `server` does not know.
    pub(crate) fn record_unknown_to(server: Server, opcode: Opcode, dialect: Dialect) -> Self {
        let name = opcode.name(dialect).unwrap_or("unknown");
        Inexpressible {
            what: format!("a record {name}"),
            lacks: Lacks::Server(server),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(text: &str) -> Format {
        text.parse().unwrap()
    }

    #[test]
    fn versions_by_number() {
        assert_eq!(format("9").header(), "REDIS0009");
        assert_eq!(format("80").header(), "VALKEY080");
        for text in ["", "5", "16", "79", "82", "x", "-1"] {
            assert!(text.parse::<Format>().is_err(), "{text}");
        }
    }

    #[test]
    fn formats_for_servers() {
        for (from, server, to) in [
            ("12", "redis:8.0", "12"),
            ("9", "redis:8.0", "9"),
            ("12", "redis:7.2", "11"),
            ("12", "redis:6.2", "9"),
            ("12", "redis:2.8", "6"),
            ("12", "valkey:9.1", "11"),
            ("12", "valkey:7.2", "11"),
            ("80", "valkey:9.1", "80"),
            ("81", "valkey:9.1", "80"),
            ("80", "valkey:8.1", "11"),
            ("80", "redis:8.0", "12"),
            ("80", "redis:7.0", "10"),
        ] {
            let to_server = format(from).for_server(server.parse().unwrap());
            assert_eq!(to_server, format(to), "{from} for {server}");
        }
    }

    #[test]
    fn what_a_version_has_no_words_for() {
        let takes = |text: &str, n, from| format(text).takes_type(ValueType(n), from).is_ok();
        let (redis, valkey) = (Dialect::Redis, Dialect::Valkey);
        assert!(takes("6", 13, redis) && !takes("6", 14, redis));
        assert!(takes("80", 16, redis) && takes("12", 16, valkey) && takes("80", 21, valkey));
        // The same number, another meaning.
        assert!(takes("12", 22, redis) && !takes("12", 22, valkey));
        assert!(!takes("80", 22, redis) && takes("80", 22, valkey) && !takes("80", 23, valkey));
        assert!(!takes("15", 34, redis) && !takes("12", 8, redis));

        let pre_ga = |text: &str| format(text).takes_opcode(Opcode(246), redis).is_ok();
        assert!(pre_ga("10") && !pre_ga("9") && !pre_ga("11") && !pre_ga("80"));
        let opcode = |text: &str, n, from| format(text).takes_opcode(Opcode(n), from).is_ok();
        assert!(opcode("9", 248, redis) && !opcode("8", 248, redis));
        assert!(opcode("80", 245, redis) && !opcode("9", 245, redis));
        assert!(opcode("13", 243, redis) && !opcode("80", 243, redis) && opcode("80", 243, valkey));
        let why = format("11").takes_type(ValueType(22), valkey).unwrap_err();
        assert_eq!(
            why.to_string(),
            "value type 22 (hash-volatile-items) needs VALKEY version 80"
        );
    }
}
