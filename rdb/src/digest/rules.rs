//! In what the digests of servers differ.

use crate::score::{self, Text};
use crate::value::Scored;
use crate::verify::{Product, Server};

const SMALL_ENTRIES: u64 = 128;
const SMALL_MEMBER: usize = 64;

/// How one server computes digests, and what time it is.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::digest::Rules;
///
/// // What a Redis 8.0 says that loads the file at this time.
/// let rules = Rules::of("redis:8.0".parse()?).at(1_800_000_000_000).without_expired();
/// # let _ = rules;
/// # Ok::<(), rdbkit_rdb::verify::BadServer>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    server: Server,
    now_ms: Option<i64>,
    skip_expired: bool,
}

impl Rules {
    /// The rules of a release line, with everything that is in a file, whether
    /// it has expired or not.
    #[must_use]
    pub fn of(server: Server) -> Rules {
        Rules {
            server,
            now_ms: None,
            skip_expired: false,
        }
    }

    /// Tells the time, in Unix milliseconds: what has expired is counted then.
    #[must_use]
    pub fn at(self, now_ms: i64) -> Rules {
        Rules {
            now_ms: Some(now_ms),
            ..self
        }
    }

    /// Leaves out keys and fields that have expired, and hashes all of whose
    /// fields have. Without a time nothing has.
    ///
    /// This is what is left in a master that loads a file. Redis keeps expired
    /// fields, with their mark, for the fraction of a second until it has swept
    /// them away; Valkey never shows them.
    #[must_use]
    pub fn without_expired(self) -> Rules {
        Rules {
            skip_expired: true,
            ..self
        }
    }

    /// Whose rules these are.
    #[must_use]
    pub fn server(&self) -> Server {
        self.server
    }

    /// Whether something with this expiry has expired.
    #[inline]
    pub(super) fn is_past(&self, expire_ms: Option<i64>) -> bool {
        matches!((expire_ms, self.now_ms), (Some(t), Some(now)) if t < now)
    }

    /// Whether what has expired is left out.
    #[must_use]
    pub fn skips_expired(&self) -> bool {
        self.skip_expired
    }

    pub(super) fn score(&self, score: f64) -> Text {
        match self.is_from((7, 2)) {
            true => score::shortest(score),
            false => score::seventeen(score),
        }
    }

    /// Whether a [small](Self::is_small) sorted set, which these servers keep in
    /// a listpack, has the integer 0 for -0.
    #[must_use]
    pub fn packs_zero(&self) -> bool {
        self.is_from((7, 0))
    }

    /// Whether the server reads the scores that came from `zset` as they are there.
    /// Where [not all do](Scored::is_plain) those that use C's `strtod` do:
    /// Redis before 8.0, and Valkey before 8.1.
    #[must_use]
    pub fn reads_alike(&self, zset: &Scored<'_>) -> bool {
        let first_otherwise = match self.server.product {
            Product::Redis => (8, 0),
            Product::Valkey => (8, 1),
        };
        zset.is_plain() || (self.server.major, self.server.minor) < first_otherwise
    }

    /// Whether a sorted set of so many members, the longest of so many bytes, is
    /// small in servers of default settings (`zset-max-listpack-entries` and
    /// `zset-max-listpack-value`).
    #[must_use]
    pub fn is_small(members: u64, longest: usize) -> bool {
        members <= SMALL_ENTRIES && longest <= SMALL_MEMBER
    }

    /// Whether a field of a hash that expires is marked.
    pub(super) fn marks_fields(&self) -> bool {
        self.server.product == Product::Redis && self.is_from((7, 4))
    }

    /// Valkey began after Redis 7.2.
    fn is_from(&self, redis: (u16, u16)) -> bool {
        self.server.product == Product::Valkey || (self.server.major, self.server.minor) >= redis
    }
}
