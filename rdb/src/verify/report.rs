//! What a verifier saw, and its verdict.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::verify::finding::{Code, Finding, Severity};
use crate::verify::server::{Product, Server};
use crate::wire::{Dialect, ObjectKind};

/// Whether a server loads the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It does.
    Loads,
    /// It starts, but cuts something off. Never said of an RDB file alone.
    LoadsTruncated,
    /// It does not.
    Refused,
    /// Only running the server would tell.
    Undecided,
}

impl Verdict {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Loads => "loads",
            Verdict::LoadsTruncated => "loads-truncated",
            Verdict::Refused => "refused",
            Verdict::Undecided => "undecided",
        }
    }
}

/// What was counted in one database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// Keys in the file, empty ones left out.
    pub keys: u64,
    /// Keys with an expiry.
    pub expires: u64,
    /// Keys whose expiry had passed at [`Options::now_ms`](super::Options::now_ms).
    /// A master that loads the file as a plain dump drops them; so does Valkey
    /// with hashes all of whose fields had expired, which count here too.
    pub expired: u64,
    /// Hashes with at least one field that expires.
    pub with_field_expiries: u64,
    /// Keys without elements, which servers skip.
    pub empty: u64,
    by_kind: [u64; ObjectKind::ALL.len()],
}

impl Database {
    /// Keys of one kind.
    #[must_use]
    pub fn of(&self, kind: ObjectKind) -> u64 {
        self.by_kind[kind as usize]
    }

    #[inline]
    pub(crate) fn add_kind(&mut self, kind: ObjectKind, n: u64) {
        self.by_kind[kind as usize] += n;
    }

    /// Adds another database's numbers to this one's.
    pub fn add(&mut self, other: &Database) {
        self.keys += other.keys;
        self.expires += other.expires;
        self.expired += other.expired;
        self.with_field_expiries += other.with_field_expiries;
        self.empty += other.empty;
        for (sum, n) in self.by_kind.iter_mut().zip(other.by_kind) {
            *sum += n;
        }
    }
}

/// What a server must be or have to load the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The lowest Redis release line that reads this version and these types.
    pub redis: Option<Server>,
    /// The lowest Valkey release line that does.
    pub valkey: Option<Server>,
    /// Modules whose data the file holds, with the number of keys or records.
    pub modules: BTreeMap<String, u64>,
    /// Databases: one more than the highest number.
    pub databases: u64,
}

/// What became of the checksum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChecksumState {
    /// The end of the file was not reached.
    #[default]
    NotReached,
    /// Versions before 5 have none.
    Absent,
    /// It is zero: the file was saved with checksums off.
    Off,
    /// It matches.
    Matches,
    /// It does not.
    Differs,
}

/// Everything a verifier has to say about one file.
#[derive(Debug, Default)]
pub struct Report {
    /// Which server the verdict holds for; `None` if the file has no header.
    pub server: Option<Server>,
    /// Dialect and version of the header.
    pub format: Option<(Dialect, u32)>,
    /// Bytes decoded.
    pub bytes: u64,
    /// The databases, by number. At most [`Report::MAX_DATABASES`] are told
    /// apart; the keys of more are in [`Report::other_databases`].
    pub databases: BTreeMap<u64, Database>,
    /// The sum of the databases that are not told apart.
    pub other_databases: Database,
    /// AUX fields in the order of the file: the first 256, cut at 1 KiB each.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// Function libraries by name; those that do not load are not among them.
    pub libraries: Vec<String>,
    /// Function library records.
    pub functions: u64,
    /// What a server must be or have.
    pub needs: Needs,
    /// What became of the checksum.
    pub checksum: ChecksumState,
    /// What was found, in the order of the file; at most
    /// [`Options::max_findings`](super::Options::max_findings) of them.
    pub findings: Vec<Finding>,
    /// How many findings of each kind there were, kept or not.
    pub totals: BTreeMap<Code, u64>,
    /// Why reading stopped for a reason that is not the file's: a failed read
    /// or a limit. No verdict can be given then.
    pub failure: Option<Error>,
    /// Bytes the index of keys took, to find duplicates.
    pub index_memory: usize,
}

impl Report {
    /// Databases told apart; no server is configured for more.
    pub const MAX_DATABASES: usize = 1 << 16;

    /// The heaviest finding decides.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.totals.keys().map(|code| code.severity()).max() {
            _ if self.failure.is_some() => Verdict::Undecided,
            Some(Severity::Fatal | Severity::Refused) => Verdict::Refused,
            Some(Severity::Undecided) => Verdict::Undecided,
            Some(Severity::Warning) | None => Verdict::Loads,
        }
    }

    /// Whether the file was read to its end: what is behind it begins at
    /// [`bytes`](Self::bytes).
    #[must_use]
    pub fn reached_end(&self) -> bool {
        self.checksum != ChecksumState::NotReached && self.failure.is_none()
    }

    /// The sum over all databases.
    #[must_use]
    pub fn total(&self) -> Database {
        let mut sum = self.other_databases.clone();
        for db in self.databases.values() {
            sum.add(db);
        }
        sum
    }

    /// The value of an AUX field, the last one if it is there twice.
    #[must_use]
    pub fn aux(&self, name: &str) -> Option<&[u8]> {
        let found = self
            .aux
            .iter()
            .rev()
            .find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }

    /// The product whose server wrote the file, as far as it says.
    #[must_use]
    pub fn product(&self) -> Option<Product> {
        let (dialect, _) = self.format?;
        let valkey = dialect == Dialect::Valkey || self.aux("valkey-ver").is_some();
        Some(if valkey {
            Product::Valkey
        } else {
            Product::Redis
        })
    }
}
