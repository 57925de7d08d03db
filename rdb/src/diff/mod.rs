//! Which keys differ between two files, and how.
//!
//! ```text
//! old file ──> scan ──> 256 logs ──┐
//!                                  ├──> join ──> places of what differs ──> both keys ──> Difference
//! new file ──> scan ──> 256 logs ──┘               (sorted)                 (read again)
//! ```
//!
//! Each file is read once, front to back. Of each key two fingerprints are
//! kept: of its name, and of all its bytes. Keys with the same two are the
//! same; they are never decoded. Of the rest, the bytes of both files are read
//! once more, in the order of the old file, and compared part by part. So it
//! does not matter in which order keys, fields and members stand, nor what they
//! are packed in, nor which version or product wrote the file.
//!
//! # Limits
//!
//! 20 bytes of memory for each key of both files, up to
//! [`Diff::max_memory`]; what does not fit goes to a [`TempSpace`]. Some 16 MiB
//! beside it, and the largest string of each file while it is read.

mod budget;
mod compare;
mod difference;
mod error;
mod fetch;
mod functions;
mod join;
mod log;
mod prints;
mod runs;
mod scan;
mod source;
mod span;
mod tally;
#[cfg(test)]
mod tests;

pub use compare::{
    ConsumerState, Counts, Delta, EntryFields, FieldState, GroupState, PendingState, Sequence,
    Splice, StreamNumber, ValueChange,
};
pub use difference::{
    Change, Difference, DuplicateKey, KeyDifference, KeyState, LibraryDifference, ValueDifference,
};
pub use error::{DiffError, Side};
pub use source::{ReadAt, TempSpace};
pub use tally::{Count, Tally};

use std::panic::resume_unwind;
use std::{io, thread};

use crate::filter::Filter;
use crate::record::Record;
use crate::verify::threads::available;
use crate::wire::Dialect;
use budget::{Budget, Shared};
use compare::{Rules, compare};
use fetch::{Fetched, Fetcher, Named};
use join::{Join, Joined};
use log::Logs;
use prints::Prints;
use runs::NOWHERE;
use scan::{Scanned, scan};
use source::Sequential;

/// The memory that is allowed by default: enough for the keys of two files of
/// 13 million keys each.
pub const MAX_MEMORY: u64 = 512 << 20;

/// Two files to be compared, and how.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::diff::{Change, Diff, Difference};
///
/// let old: &[u8] = b"REDIS0004\x00\x01a\x011\x00\x01b\x011\x02\x01s\x02\x01x\x01y\xff";
/// let new: &[u8] = b"REDIS0004\x02\x01s\x02\x01y\x01x\x00\x01b\x012\x00\x01c\x011\xff";
/// let mut changes = Vec::new();
/// let summary = Diff::new(&old, &new).run(|difference| {
///     if let Difference::Key(key) = difference {
///         changes.push((key.key.to_vec(), key.change()));
///     }
///     Ok(())
/// })?;
/// assert_eq!(changes[0], (b"a".to_vec(), Change::Removed));
/// assert_eq!(changes[1], (b"b".to_vec(), Change::Changed));
/// assert_eq!(changes[2], (b"c".to_vec(), Change::Added));
/// assert_eq!((summary.same, summary.is_same()), (1, false));
/// # Ok::<(), rdbkit_rdb::diff::DiffError>(())
/// ```
pub struct Diff<'d> {
    old: &'d dyn ReadAt,
    new: &'d dyn ReadAt,
    tolerance_ms: u64,
    max_memory: u64,
    temp: Option<&'d mut dyn TempSpace>,
    filter: Option<&'d mut Filter>,
    threads: usize,
}

/// What a file was found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileSummary {
    /// Whose numbers it uses.
    pub dialect: Dialect,
    /// Its version.
    pub version: u32,
    /// Its keys.
    pub keys: u64,
    /// Of these, keys that the filter takes.
    pub taken: u64,
    /// Offset behind its end, where the commands of an append-only log may
    /// follow.
    pub end: u64,
}

impl FileSummary {
    fn of(scanned: &Scanned<'_>) -> FileSummary {
        FileSummary {
            dialect: scanned.dialect,
            version: scanned.version,
            keys: scanned.keys,
            taken: scanned.taken,
            end: scanned.end,
        }
    }
}

/// How two files compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// The old file.
    pub old: FileSummary,
    /// The new file.
    pub new: FileSummary,
    /// Keys that are the same in both, to the rules given.
    pub same: u64,
    /// Keys that only the new file has.
    pub added: u64,
    /// Keys that only the old file has.
    pub removed: u64,
    /// Keys of which the value, or what modules attach to it, differs.
    pub changed: u64,
    /// Keys of which only the expiry differs.
    pub ttl_changed: u64,
    /// Of those that changed: keys whose value is of another type.
    pub type_changed: u64,
    /// Keys whose values could not be compared, see
    /// [`ValueDifference::Unknown`]. They are not among those that changed.
    pub unknown: u64,
    /// Keys that a file has more than once. They are compared with nothing.
    pub duplicates: u64,
    /// Of these, keys of which both files do not have the same copies.
    pub duplicates_differ: u64,
    /// Function libraries that differ.
    pub libraries: u64,
    /// Whether what modules keep beside the keys differs.
    pub module_data: bool,
    /// Bytes that were written to the temporary space.
    pub spilled: u64,
}

impl Summary {
    /// Keys that differ for certain.
    #[must_use]
    pub fn differing(&self) -> u64 {
        self.added + self.removed + self.changed + self.ttl_changed + self.duplicates_differ
    }

    /// Whether nothing differs, and nothing was left uncompared.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differing() + self.unknown + self.libraries == 0 && !self.module_data
    }
}

type Visit<'v> = &'v mut dyn FnMut(&Difference<'_>) -> io::Result<()>;
type Tell<'v> = &'v mut dyn FnMut(&Difference<'_>) -> Result<(), DiffError>;

impl<'d> Diff<'d> {
    /// Compares two files whole and exactly, unless told otherwise.
    #[must_use]
    pub fn new(old: &'d dyn ReadAt, new: &'d dyn ReadAt) -> Diff<'d> {
        Diff {
            old,
            new,
            tolerance_ms: 0,
            max_memory: MAX_MEMORY,
            temp: None,
            filter: None,
            threads: 1,
        }
    }

    /// Milliseconds by which expiries of keys and fields may differ.
    #[must_use]
    pub fn ttl_tolerance_ms(mut self, ms: u64) -> Diff<'d> {
        self.tolerance_ms = ms;
        self
    }

    /// Bytes of memory for what grows with the number of keys, and for values
    /// that are compared; [`MAX_MEMORY`] by default, and a MiB at least.
    #[must_use]
    pub fn max_memory(mut self, bytes: u64) -> Diff<'d> {
        self.max_memory = bytes.max(1 << 20);
        self
    }

    /// Where to put what does not fit into memory. Without, too many keys are
    /// an error.
    #[must_use]
    pub fn temp(mut self, temp: &'d mut dyn TempSpace) -> Diff<'d> {
        self.temp = Some(temp);
        self
    }

    /// Compares only keys that pass in the old or in the new file. So a key is
    /// not taken for removed because it has another type or size now. The filter
    /// counts the keys of both files.
    #[must_use]
    pub fn filter(mut self, filter: &'d mut Filter) -> Diff<'d> {
        self.filter = Some(filter);
        self
    }

    /// How many threads may read: with two or more, or 0 for as many as there are
    /// processors if that is two at least, both files are read at the same time. One by
    /// default; more than two are of no use.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Diff<'d> {
        self.threads = threads;
        self
    }

    /// Compares, and tells `visit` of every difference: libraries first, then
    /// duplicates, then keys in the order of the old file, then those only the
    /// new one has.
    ///
    /// # Errors
    ///
    /// [`DiffError`]; damage to a file's structure and its checksum are found
    /// before anything is told. An error of `visit` ends it.
    pub fn run(
        self,
        mut visit: impl FnMut(&Difference<'_>) -> io::Result<()>,
    ) -> Result<Summary, DiffError> {
        self.run_dyn(&mut visit)
    }

    fn run_dyn(mut self, visit: Visit<'_>) -> Result<Summary, DiffError> {
        let mut everything = Filter::new();
        let filter = self.filter.take().unwrap_or(&mut everything);
        let shared = Shared::new(Budget::new(self.max_memory, self.temp.take()));
        let at_once = available(self.threads) > 1;
        let (mut old, mut new) = self.scan(filter, at_once, &shared)?;
        let mut budget = shared.into_inner();
        let mut summary = summary(&old, &new);
        let libraries = old.libraries.compare(&new.libraries);
        summary.libraries = libraries.len() as u64;
        let mut tell = |difference: &Difference<'_>| visit(difference).map_err(DiffError::Visitor);
        for library in &libraries {
            tell(&Difference::Library(library))?;
        }
        if summary.module_data {
            tell(&Difference::ModuleData)?;
        }

        let mut logs = (
            std::mem::replace(&mut old.logs, Logs::new()),
            std::mem::replace(&mut new.logs, Logs::new()),
        );
        let most = self.max_memory / 4;
        let mut old = Fetcher::new(Side::Old, Sequential::new(self.old), old, most);
        let mut new = Fetcher::new(Side::New, Sequential::new(self.new), new, most);
        let Joined {
            places,
            same,
            duplicates,
            duplicate_keys,
            ambiguous,
        } = Join::new(&mut old, &mut new, at_once, &budget).run(
            &mut logs.0,
            &mut logs.1,
            &mut budget,
        )?;
        summary.same = same;
        summary.duplicates = duplicate_keys;
        summary.duplicates_differ = ambiguous;
        summary.spilled = budget.spilled();
        for duplicate in &duplicates {
            tell(&Difference::Duplicate(duplicate))?;
        }

        let rules = Rules {
            tolerance_ms: self.tolerance_ms,
            limit: most,
        };
        let mut places = places.merge();
        while let Some(places) = places.next(&budget)? {
            match places {
                (at, NOWHERE) => single(Some(&old.head(at)?), None, &mut summary, &mut tell)?,
                (NOWHERE, at) => single(None, Some(&new.head(at)?), &mut summary, &mut tell)?,
                (a, b) => pair(&old.key(a)?, &new.key(b)?, rules, &mut summary, &mut tell)?,
            }
        }
        Ok(summary)
    }
}

impl<'d> Diff<'d> {
    /// Reads both files.
    fn scan(
        &self,
        filter: &mut Filter,
        at_once: bool,
        budget: &Shared<'_>,
    ) -> Result<(Scanned<'d>, Scanned<'d>), DiffError> {
        let prints = Prints::new();
        let (old, new) = (self.old, self.new);
        if !at_once {
            let old = scan(Side::Old, old, &prints, filter, budget)?;
            return Ok((old, scan(Side::New, new, &prints, filter, budget)?));
        }
        let mut apart = filter.apart();
        let (old, new) = thread::scope(|scope| {
            let new = scope.spawn(|| scan(Side::New, new, &prints, &mut apart, budget));
            let old = scan(Side::Old, old, &prints, filter, budget);
            let new = new.join();
            (old, new.unwrap_or_else(|panic| resume_unwind(panic)))
        });
        filter.join(&apart);
        Ok((old?, new?))
    }
}

fn summary(old: &Scanned<'_>, new: &Scanned<'_>) -> Summary {
    Summary {
        old: FileSummary::of(old),
        new: FileSummary::of(new),
        same: 0,
        added: 0,
        removed: 0,
        changed: 0,
        ttl_changed: 0,
        type_changed: 0,
        unknown: 0,
        duplicates: 0,
        duplicates_differ: 0,
        libraries: 0,
        module_data: old.module_data != new.module_data,
        spilled: 0,
    }
}

/// Tells how a key that is in both files differs, if it does.
fn pair(
    old: &Fetched<'_>,
    new: &Fetched<'_>,
    rules: Rules,
    summary: &mut Summary,
    tell: Tell<'_>,
) -> Result<(), DiffError> {
    let (a, b) = (&old.named, &new.named);
    // Two names with one fingerprint: it can be, among many keys.
    if (a.db, a.key) != (b.db, b.key) {
        single(Some(a), None, summary, tell)?;
        return single(None, Some(b), summary, tell);
    }
    let (a, b) = (a.state, b.state);
    let ttl = !rules.same_expiry(a.expire_ms, b.expire_ms);
    let mut metadata = false;
    let (change, error);
    let value = match (&old.record, &new.record) {
        _ if a.object != b.object => ValueDifference::Type,
        (Ok(old), Ok(new)) => {
            metadata = old.key_meta != new.key_meta;
            let compared = match same_bytes(old, new) {
                true => Ok(None),
                false => compare(old, new, rules),
            };
            match compared {
                Ok(None) => ValueDifference::Same,
                Ok(Some(parts)) => {
                    change = parts;
                    ValueDifference::Parts(&change)
                }
                Err((side, why)) => {
                    error = why;
                    let error = &error;
                    ValueDifference::Unknown { side, error }
                }
            }
        }
        (Err(error), _) => unknown(Side::Old, error),
        (_, Err(error)) => unknown(Side::New, error),
    };
    match value {
        ValueDifference::Same if metadata => summary.changed += 1,
        ValueDifference::Same if ttl => summary.ttl_changed += 1,
        ValueDifference::Same => {
            summary.same += 1;
            return Ok(());
        }
        ValueDifference::Unknown { .. } => summary.unknown += 1,
        ValueDifference::Type | ValueDifference::Parts(_) => summary.changed += 1,
    }
    summary.type_changed += u64::from(matches!(value, ValueDifference::Type));
    tell(&Difference::Key(KeyDifference {
        db: new.named.db,
        key: new.named.key,
        old: Some(a),
        new: Some(b),
        ttl,
        metadata,
        value,
    }))
}

fn unknown(side: Side, error: &crate::Error) -> ValueDifference<'_> {
    ValueDifference::Unknown { side, error }
}

/// Whether both values are written in the same bytes, with the same meaning.
fn same_bytes(old: &Record<'_>, new: &Record<'_>) -> bool {
    // Types above have another meaning in each product, or refer to a template
    // of the file.
    let plain = old.kind.0 <= 21 || (old.dialect == new.dialect && !matches!(old.kind.0, 30 | 32));
    plain && old.kind == new.kind && old.raw == new.raw
}

/// Tells of a key that one file has.
fn single(
    old: Option<&Named<'_>>,
    new: Option<&Named<'_>>,
    summary: &mut Summary,
    tell: Tell<'_>,
) -> Result<(), DiffError> {
    let Some(key) = old.or(new) else {
        return Ok(());
    };
    match old {
        Some(_) => summary.removed += 1,
        None => summary.added += 1,
    }
    tell(&Difference::Key(KeyDifference {
        db: key.db,
        key: key.key,
        old: old.map(|key| key.state),
        new: new.map(|key| key.state),
        ttl: false,
        metadata: false,
        value: ValueDifference::Same,
    }))
}
