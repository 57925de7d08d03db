//! The digest of all keys.

use std::collections::BTreeMap;

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
    empty: u64,
    expired: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Database {
    /// The digests of keys, one upon the other.
    sum: Digest,
    /// Keys in `sum`.
    keys: u64,
    unknown: u64,
}

impl Database {
    /// Adds to the digest of the databases before.
    fn add_to(&self, number: u64, digest: &mut Digest) -> Option<()> {
        if self.unknown > 0 {
            return None;
        }
        digest.mix(&(number as u32).to_be_bytes());
        *digest ^= self.sum;
        Some(())
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
            empty: 0,
            expired: 0,
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
        let outcome = self.work.add(record, &self.rules, digest)?;
        match outcome {
            Outcome::Known(digest) => {
                self.expired += u64::from(self.rules.is_past(record.meta.expire_ms));
                let database = self.databases.entry(record.db).or_default();
                database.sum.xor(digest.as_bytes());
                database.keys += 1;
            }
            Outcome::Empty => self.empty += 1,
            Outcome::Expired => self.expired += 1,
            Outcome::Unknown(_) => self.databases.entry(record.db).or_default().unknown += 1,
        }
        Ok(outcome)
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
        self.databases.iter().map(|(number, database)| {
            let mut digest = Digest::default();
            let whole = database.add_to(*number, &mut digest);
            (*number, database.keys, whole.map(|()| digest))
        })
    }

    /// What has been counted.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally {
            keys: self.databases.values().map(|d| d.keys).sum(),
            empty: self.empty,
            expired: self.expired,
            expired_fields: self.work.expired_fields,
            unknown: self.databases.values().map(|d| d.unknown).sum(),
        }
    }

    /// The rules it is digested by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }
}
