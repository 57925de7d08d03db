//! The digest of all keys.

use std::collections::BTreeMap;

use super::building::{Building, Kind};
use super::mix::Digest;
use super::rules::Rules;
use super::value::{Outcome, Work};
use crate::error::{Error, Result, Stage};
use crate::record::Record;

/// Gathers the keys of a data set, in any order, and has its digest.
///
/// # Limits
///
/// Some bytes for each database, and what the walk of one value needs.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::SliceReader;
/// use rdbkit_rdb::digest::{Dataset, Rules};
/// use rdbkit_rdb::verify::Server;
///
/// let file = b"REDIS0004\xfe\x00\x00\x01a\x05hello\xff";
/// let mut dataset = Dataset::new(Rules::of(Server::REDIS));
/// for record in SliceReader::new(file).records() {
///     let _ = dataset.add(&record?)?;
/// }
/// let digest = dataset.digest().expect("no key is of a module");
/// assert_eq!(digest.to_string(), "7bba0c6c0ba7cf343554878a513cce31a28c4abb");
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset {
    rules: Rules,
    databases: BTreeMap<u64, Database>,
    work: Work,
}

#[derive(Clone, Copy, Debug, Default)]
struct Database {
    /// The digests of keys, one upon the other.
    sum: Digest,
    /// Keys in `sum` are those of [`Tally::keys`].
    tally: Tally,
}

impl Database {
    /// Adds to the digest of the databases before.
    fn add_to(&self, number: u64, digest: &mut Digest) -> Option<()> {
        if self.is_empty() {
            return Some(());
        }
        if self.tally.unknown > 0 {
            return None;
        }
        digest.mix(&(number as u32).to_be_bytes());
        *digest ^= self.sum;
        Some(())
    }
}

impl Database {
    /// Whether nothing is in it that a server would keep, so that it does not count.
    fn is_empty(&self) -> bool {
        self.tally.keys + self.tally.unknown == 0
    }
}

/// How many keys came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Keys that the digest is made of.
    pub keys: u64,
    /// Keys without elements, which servers leave out.
    pub empty: u64,
    /// Keys that have expired, left out or not; where they are left out, also
    /// hashes all of whose fields have.
    pub expired: u64,
    /// Fields of hashes that have expired, left out or not.
    pub expired_fields: u64,
    /// Keys whose digest cannot be computed.
    pub unknown: u64,
}

impl Dataset {
    /// An empty data set, to be digested by these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Dataset {
        Dataset {
            rules,
            databases: BTreeMap::new(),
            work: Work::default(),
        }
    }

    /// Adds a key, which must not be there yet: servers take none twice. The
    /// digest that comes back is of its name and value.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the key. Nothing has been added then.
    pub fn add(&mut self, record: &Record<'_>) -> Result<Outcome> {
        let mut digest = Digest::default();
        let scratch = self.work.scratch.bounded(record.max_decompressed);
        let at = record.offset;
        let error = |kind| Error::new(kind, at, at, Stage::Key);
        digest.mix(record.key.bytes(scratch).map_err(error)?);
        let outcome = self.work.add(record, &self.rules, digest);
        let expired_fields = std::mem::take(&mut self.work.expired_fields);
        let outcome = outcome?;
        self.count(record.db, outcome, record.meta.expire_ms, expired_fields);
        Ok(outcome)
    }

    fn count(&mut self, db: u64, outcome: Outcome, expire_ms: Option<i64>, expired_fields: u64) {
        let past = self.rules.is_past(expire_ms);
        let database = self.databases.entry(db).or_default();
        let tally = &mut database.tally;
        tally.expired_fields += expired_fields;
        match outcome {
            Outcome::Known(digest) => {
                tally.expired += u64::from(past);
                tally.keys += 1;
                database.sum.xor(digest.as_bytes());
            }
            Outcome::Empty => tally.empty += 1,
            Outcome::Expired => tally.expired += 1,
            Outcome::Unknown(_) => tally.unknown += 1,
        }
    }

    /// Begins a key of which there is no record, to be put together: see
    /// [`Building`]. As for [`add`](Self::add), it must not be there yet.
    pub fn build(
        &mut self,
        db: u64,
        key: &[u8],
        kind: Kind,
        expire_ms: Option<i64>,
    ) -> Building<'_> {
        Building::new(self, db, key, kind, expire_ms)
    }

    /// The parts a key is built with.
    pub(super) fn workshop(&mut self) -> (&Rules, &mut Work) {
        (&self.rules, &mut self.work)
    }

    /// Takes a key that was built.
    pub(super) fn built(&mut self, db: u64, outcome: Outcome, expire_ms: Option<i64>) {
        let expired_fields = std::mem::take(&mut self.work.expired_fields);
        self.count(db, outcome, expire_ms, expired_fields);
    }

    /// Forgets all keys of a database: `FLUSHDB`.
    pub fn clear(&mut self, db: u64) {
        self.databases.remove(&db);
    }

    /// Forgets all keys: `FLUSHALL`.
    pub fn clear_all(&mut self) {
        self.databases.clear();
    }

    /// Lets two databases change places: `SWAPDB`.
    pub fn swap(&mut self, a: u64, b: u64) {
        let (was_a, was_b) = (self.databases.remove(&a), self.databases.remove(&b));
        self.databases.extend(was_a.map(|database| (b, database)));
        // With itself the database has just been put back.
        self.databases.extend(was_b.map(|database| (a, database)));
    }

    /// The digest, as `DEBUG DIGEST` gives it; `None` if there is a key whose
    /// digest cannot be computed.
    #[must_use]
    pub fn digest(&self) -> Option<Digest> {
        let mut digest = Digest::default();
        for (number, database) in &self.databases {
            database.add_to(*number, &mut digest)?;
        }
        Some(digest)
    }

    /// Each database with keys: its number, how many keys count, and what
    /// `DEBUG DIGEST` would give if there were no other, or `None` as for
    /// [`digest`](Self::digest).
    pub fn databases(&self) -> impl Iterator<Item = (u64, u64, Option<Digest>)> + '_ {
        let counting = self
            .databases
            .iter()
            .filter(|(_, database)| !database.is_empty());
        counting.map(|(number, database)| {
            let mut digest = Digest::default();
            let whole = database.add_to(*number, &mut digest);
            (*number, database.tally.keys, whole.map(|()| digest))
        })
    }

    /// What has been counted.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for Database { tally, .. } in self.databases.values() {
            sum.keys += tally.keys;
            sum.empty += tally.empty;
            sum.expired += tally.expired;
            sum.expired_fields += tally.expired_fields;
            sum.unknown += tally.unknown;
        }
        sum
    }

    /// The rules it is digested by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}
