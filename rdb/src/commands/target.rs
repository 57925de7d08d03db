//! Which words a server knows.

use crate::verify::{Product, Server};
use crate::wire::Dialect;
use crate::write::Format;

/// The server that commands are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// That payloads of `RESTORE` claim to be of.
    format: Format,
    /// What the server is at least like.
    redis: (u16, u16),
    field_expiry: bool,
    /// It was not chosen: it is like the one that wrote the file.
    of_file: bool,
}

/// A server that lacks words without which nothing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has neither PEXPIREAT nor RESTORE, which came with redis:2.6")]
pub struct TooOld(Server);

/// The newest Redis that all Valkeys have the words of.
const FORK: (u16, u16) = (7, 2);

impl Target {
    /// A server like the one that wrote a file of this format: of the releases
    /// with that version, the newest, unless the file tells which it was.
    #[must_use]
    pub fn of_file(format: Format) -> Target {
        let redis = match (format.dialect(), format.version()) {
            (Dialect::Valkey, _) => FORK,
            (Dialect::Redis, ..=6) => (3, 0),
            (Dialect::Redis, 7) => (3, 2),
            (Dialect::Redis, 8) => (4, 0),
            (Dialect::Redis, 9) => (6, 2),
            (Dialect::Redis, 10) => (7, 0),
            (Dialect::Redis, 11) => (7, 2),
            (Dialect::Redis, _) => (7, 4),
        };
        let field_expiry = format.dialect() == Dialect::Valkey || redis >= (7, 4);
        Target {
            format,
            redis,
            field_expiry,
            of_file: true,
        }
    }

    /// The same, now that the file has told which server wrote it. No release that
    /// does not write this version is believed, and none instead of the chosen one.
    pub(super) fn written_by(self, writer: Server) -> Target {
        let (dialect, version) = (self.format.dialect(), self.format.version());
        let first = Server::lowest(writer.product, dialect, version);
        let Some(first) = first.filter(|f| self.of_file && f.product == Product::Redis) else {
            return self;
        };
        let told = (writer.major, writer.minor).max((first.major, first.minor));
        Target {
            redis: self.redis.min(told),
            ..self
        }
    }

    /// `server`, of which a file of `source` is to be the contents.
    ///
    /// # Errors
    ///
    /// [`TooOld`] before Redis 2.6.
    pub fn of_server(server: Server, source: Format) -> Result<Target, TooOld> {
        let version = (server.major, server.minor);
        let (redis, field_expiry) = match server.product {
            Product::Redis if version < (2, 6) => return Err(TooOld(server)),
            Product::Redis => (version, version >= (7, 4)),
            Product::Valkey => (FORK, version >= (9, 0)),
        };
        Ok(Target {
            format: source.for_server(server),
            redis,
            field_expiry,
            of_file: false,
        })
    }

    /// The format of `RESTORE` payloads.
    #[must_use]
    pub fn format(self) -> Format {
        self.format
    }

    /// `HSET` with several fields; before, that was `HMSET`.
    pub(super) fn hset(self) -> &'static [u8] {
        match self.redis {
            (4.., _) => b"HSET",
            _ => b"HMSET",
        }
    }

    /// `HPEXPIREAT`
    pub(super) fn has_field_expiry(self) -> bool {
        self.field_expiry
    }

    pub(super) fn has_streams(self) -> bool {
        self.redis >= (5, 0)
    }

    /// `XSETID .. ENTRIESADDED .. MAXDELETEDID`, `XGROUP CREATE .. ENTRIESREAD`
    pub(super) fn counts_entries(self) -> bool {
        self.redis >= (7, 0)
    }

    /// `XGROUP CREATECONSUMER`
    pub(super) fn has_create_consumer(self) -> bool {
        self.redis >= (6, 2)
    }

    /// `FUNCTION LOAD`
    pub(super) fn has_functions(self) -> bool {
        self.redis >= (7, 0)
    }

    /// `RESTORE .. ABSTTL`, `IDLETIME`, `FREQ`
    pub(super) fn has_absolute_restore(self) -> bool {
        self.redis >= (5, 0)
    }

    /// `RESTORE .. REPLACE`
    pub(super) fn has_replace(self) -> bool {
        self.redis >= (3, 0)
    }
}
