//! What was found and what was lost, as plain data.

use std::collections::BTreeMap;

use crate::verify::{ChecksumState, Code, Server};
use crate::write::Format;

/// A key of the damaged file, by place and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Offset of its first byte, what stands before it (expiry, use) included.
    pub offset: u64,
    /// Offset behind its last byte.
    pub end: u64,
    /// Database.
    pub db: u64,
    /// The key, cut at [`Record::MAX_KEY`] bytes.
    pub key: Vec<u8>,
}

impl Record {
    /// Longest key kept.
    pub const MAX_KEY: usize = 1024;
}

/// How it is known where a gap ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// One record whose lengths lead to its end: nothing else is lost with it.
    Record,
    /// What follows was searched for.
    Searched,
    /// Nothing was found up to the end of the file.
    Rest,
    /// A record that can be read, but that no server takes, or not beside what
    /// is kept. Where the code is [`Code::EmptyKey`], servers leave it out too.
    LeftOut,
    /// A database number that the server does not have. Nothing else is lost: its
    /// keys are in [`Gap::db_after`], the lowest number it can have had.
    Selector,
    /// The file ends where a record or its end mark should follow.
    Missing,
    /// The header, which was assumed.
    Header,
}

impl Kind {
    /// The name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Record => "record",
            Kind::Searched => "searched",
            Kind::Rest => "rest",
            Kind::LeftOut => "left-out",
            Kind::Selector => "selector",
            Kind::Missing => "missing",
            Kind::Header => "header",
        }
    }
}

/// What is to be known about a gap beside its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// The key before it ends where it begins: the damage may be in that key's
    /// length, and its value cut short or too long.
    pub before_may_be_cut: bool,
    /// What stood before the next key, such as when it expires, may be among
    /// what is lost.
    pub next_may_lack_expiry: bool,
    /// A database selector may be among what is lost; see
    /// [`Gap::db_after`] for what was assumed.
    pub database_assumed: bool,
    /// The search looked less closely, since it had taken too long already.
    pub search_limited: bool,
    /// A whole RDB file was passed over, as what a value held.
    pub passed_file: bool,
}

/// Bytes that are not in the new file, though they should be, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Offset of the first byte that is lost.
    pub offset: u64,
    /// How many there are.
    pub bytes: u64,
    /// How it is known where it ends.
    pub kind: Kind,
    /// What is wrong.
    pub code: Code,
    /// Offset of the fault that was noticed, somewhere in the gap.
    pub fault: u64,
    /// What is wrong, in words.
    pub message: String,
    /// Database before it.
    pub db: u64,
    /// Database behind it.
    pub db_after: u64,
    /// The key that is lost, where its name could be read.
    pub key: Option<Vec<u8>>,
    /// The last key before it.
    pub before: Option<Record>,
    /// The first key behind it.
    pub after: Option<Record>,
    /// How many keys are lost, by the number of bytes and what keys take around
    /// there. Where `kind` is [`Kind::Record`] or [`Kind::LeftOut`] it is exact.
    pub keys_estimated: u64,
    /// What else is to be known.
    pub doubts: Doubts,
}

/// What was found in one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Database {
    /// Keys in the new file.
    pub keys: u64,
    /// Of these, keys that expire.
    pub expires: u64,
    /// Keys the damaged file says it has. A hint: servers write it, but do not
    /// depend on it.
    pub stated: Option<u64>,
}

/// How a version was found for a file whose header is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Assumed {
    /// The caller said so.
    Told,
    /// From what is left of the header.
    Header,
    /// From the server that the file names.
    Writer,
    /// By default.
    Default,
}

/// Everything there is to say about a salvage.
#[derive(Clone, Debug)]
pub struct Report {
    /// Magic and version of the new file.
    pub format: Format,
    /// How they were found, if not in the header.
    pub assumed: Option<Assumed>,
    /// The server that records were judged for.
    pub server: Server,
    /// Bytes of the damaged file.
    pub source_bytes: u64,
    /// Keys in the new file.
    pub keys: u64,
    /// Of these, keys that expire.
    pub expires: u64,
    /// Function libraries in the new file.
    pub functions: u64,
    /// Of these, libraries of which only running them would tell whether they
    /// load. They are kept where the checksum proves that nothing is damaged.
    pub functions_undecided: u64,
    /// Databases by number, at most [`Report::MAX_DATABASES`] of them.
    pub databases: BTreeMap<u64, Database>,
    /// What is lost, in the order of the file; at most
    /// [`Options::max_gaps`](super::Options::max_gaps) of them.
    pub gaps: Vec<Gap>,
    /// How many gaps there are, kept or not.
    pub gap_count: u64,
    /// Bytes in all gaps.
    pub gap_bytes: u64,
    /// Keys in all gaps, estimated.
    pub keys_estimated: u64,
    /// Of these, keys that can be read and were left out.
    pub keys_left_out: u64,
    /// Keys without elements, which servers leave out as well.
    pub empty_keys: u64,
    /// What became of the checksum.
    pub checksum: ChecksumState,
    /// Bytes behind the end, which servers do not read.
    pub trailing: u64,
    /// Whether these begin as another RDB file does.
    pub file_behind: bool,
    /// Whether these begin as commands of an append-only log do: the keys are
    /// then not up to date.
    pub commands_behind: bool,
    /// Bytes read and decoded to search, in all.
    pub searched: u64,
}

impl Report {
    /// Databases told apart.
    pub const MAX_DATABASES: usize = 1 << 16;

    /// Whether nothing was lost, and nothing is wrong with the file: a server
    /// would have loaded it.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.gap_count == 0
            && self.assumed.is_none()
            && !matches!(
                self.checksum,
                ChecksumState::Differs | ChecksumState::NotReached
            )
    }

    /// Whether some byte is wrong of which nobody knows where it is: the
    /// checksum does not match, and nothing else is the matter.
    #[must_use]
    pub fn damage_unlocated(&self) -> bool {
        self.checksum == ChecksumState::Differs && self.gap_count == 0 && self.assumed.is_none()
    }

    /// Keys that databases should have by the file's own words and have not.
    #[must_use]
    pub fn keys_missing(&self) -> u64 {
        let missing = |db: &Database| db.stated.map_or(0, |n| n.saturating_sub(db.keys));
        self.databases.values().map(missing).sum()
    }
}
