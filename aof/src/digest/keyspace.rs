//! All databases: the keys that are done, and those that commands still come to.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use rdbkit_rdb::digest::{Dataset, Outcome, Rules};
use rdbkit_rdb::{Error, Record, RecordBuf};

use super::halt::{Halt, Obstacle};
use super::model::{Content, ELEMENT, Held, Raw, Typed};
use super::touched::{Often, Runs, Touched};

/// What is known of a key that is held.
#[derive(Debug)]
enum Slot {
    Known(Held),
    /// Whether it is there, and what it holds, only a server could tell.
    Lost(Rc<Obstacle>),
}

/// A slot, and the bytes that were counted for it.
#[derive(Debug)]
struct Place {
    slot: Slot,
    counted: u64,
}

impl Place {
    fn new(slot: Slot) -> Place {
        let counted = memory(&slot);
        Place { slot, counted }
    }
}

fn memory(slot: &Slot) -> u64 {
    match slot {
        Slot::Known(held) => held.memory() as u64,
        Slot::Lost(_) => 0,
    }
}

/// Bytes that a key takes besides its value: in a table that is half full.
fn name_memory(key: &[u8]) -> u64 {
    (key.len() + ELEMENT + 2 * size_of::<Place>()) as u64
}

/// Keys of one database that are lost, and will not be found again.
#[derive(Clone, Debug, Default)]
struct Lost {
    keys: u64,
    first: Option<Rc<Obstacle>>,
}

/// The data set while a log is followed.
#[derive(Debug)]
pub(super) struct Keyspace {
    pub dataset: Dataset,
    rules: Rules,
    touched: Touched,
    held: BTreeMap<u64, HashMap<Box<[u8]>, Place>>,
    lost: BTreeMap<u64, Lost>,
    /// Set while nothing is known of any key.
    blind: Option<Rc<Obstacle>>,
    runs: Runs,
    /// Keys of the run at hand that no other commands come to.
    passing: Vec<(u64, Box<[u8]>)>,
    memory: u64,
    most: u64,
    /// What has no digest, and of how many keys of each database.
    unknown: BTreeMap<u64, BTreeMap<String, u64>>,
}

/// A key, by the type a command wants.
pub(super) enum Found<'k, T> {
    Absent,
    /// Of another type: the command fails.
    Other,
    There(&'k mut T),
}

/// What stands in the way of a digest, all in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacles {
    /// The first command of those.
    pub first: Obstacle,
    /// How many keys cannot be told because of it and of others; `None`: all.
    pub keys: Option<u64>,
}

impl Keyspace {
    pub fn new(rules: Rules, touched: Touched, most: u64) -> Keyspace {
        Keyspace {
            dataset: Dataset::new(rules),
            rules,
            memory: touched.memory(),
            touched,
            held: BTreeMap::new(),
            lost: BTreeMap::new(),
            blind: None,
            runs: Runs::default(),
            passing: Vec::new(),
            most,
            unknown: BTreeMap::new(),
        }
    }

    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    // ---- Keys of RDB files.

    /// Takes a key of an RDB file.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the record.
    pub fn record(&mut self, buf: &RecordBuf) -> Result<(), Error> {
        let record = buf.as_record();
        // What cannot be read is an error of the digest all the same.
        let key = record.key.to_vec().unwrap_or_default();
        let stays = self.touched.often(&key) == Often::Never || !self.is_there(&record)?;
        if stays {
            let outcome = self.dataset.add(&record)?;
            self.count_unknown(record.db, outcome);
            return Ok(());
        }
        let held = Held {
            expiry: record.meta.expire_ms.into(),
            content: Content::Raw(Raw::File(Box::new(buf.clone()))),
        };
        self.put(record.db, &key, held);
        Ok(())
    }

    /// Whether a server has the key of a record. Walks it to its end.
    fn is_there(&self, record: &Record<'_>) -> Result<bool, Error> {
        // Whatever has expired: a base keeps it.
        let outcome = rdbkit_rdb::digest::of_value(record, &Rules::of(self.rules.server()))?;
        Ok(!matches!(outcome, Outcome::Empty | Outcome::Expired))
    }

    fn count_unknown(&mut self, db: u64, outcome: Outcome) {
        if let Outcome::Unknown(why) = outcome {
            self.add_unknown(db, why.to_string());
        }
    }

    fn add_unknown(&mut self, db: u64, why: String) {
        let of_db = self.unknown.entry(db).or_default();
        *of_db.entry(why).or_default() += 1;
    }

    /// What has no digest, and of how many keys.
    pub fn unknown(&self) -> BTreeMap<String, u64> {
        let mut sum = BTreeMap::new();
        for (why, keys) in self.unknown.values().flatten() {
            *sum.entry(why.clone()).or_default() += keys;
        }
        sum
    }

    // ---- Single keys.

    /// A key, whatever it holds; `None` if it is not there.
    ///
    /// # Errors
    ///
    /// [`Halt::Beyond`] if it is lost.
    pub fn get(&mut self, db: u64, key: &[u8]) -> Result<Option<&mut Held>, Halt> {
        let place = self.held.get_mut(&db).and_then(|keys| keys.get_mut(key));
        match place.map(|place| &mut place.slot) {
            None => Ok(None),
            Some(Slot::Known(held)) => Ok(Some(held)),
            Some(Slot::Lost(why)) => Err(Halt::Beyond(Some(Rc::clone(why)))),
        }
    }

    /// A key, looked into as one of a type.
    ///
    /// # Errors
    ///
    /// [`Halt::Beyond`] if it is lost.
    pub fn find<T: Typed>(&mut self, db: u64, key: &[u8]) -> Result<Found<'_, T>, Halt> {
        let rules = self.rules;
        Ok(match self.get(db, key)? {
            None => Found::Absent,
            Some(held) => match held.typed(&rules)? {
                Some(value) => Found::There(value),
                None => Found::Other,
            },
        })
    }

    /// As [`find`](Self::find); what is not there is begun. `None` for another type.
    ///
    /// # Errors
    ///
    /// [`Halt::Beyond`] if it is lost.
    pub fn find_or_new<T: Typed>(&mut self, db: u64, key: &[u8]) -> Result<Option<&mut T>, Halt> {
        if self.get(db, key)?.is_none() {
            let new = Held::new(T::new(&self.rules));
            self.put(db, key, new);
        }
        match self.find(db, key)? {
            Found::There(value) => Ok(Some(value)),
            Found::Absent | Found::Other => Ok(None),
        }
    }

    /// Puts a key there, in place of what there was.
    pub fn put(&mut self, db: u64, key: &[u8], held: Held) {
        self.insert(db, key, Slot::Known(held));
    }

    fn insert(&mut self, db: u64, key: &[u8], slot: Slot) {
        let new = Place::new(slot);
        self.memory += new.counted;
        let keys = self.held.entry(db).or_default();
        if let Some(old) = keys.get_mut(key) {
            self.memory -= std::mem::replace(old, new).counted;
        } else {
            keys.insert(key.into(), new);
            self.memory += name_memory(key);
        }
    }

    /// Removes a key, whatever is known of it.
    pub fn remove(&mut self, db: u64, key: &[u8]) {
        let _ = self.remove_slot(db, key);
    }

    /// Takes a key out.
    ///
    /// # Errors
    ///
    /// [`Halt::Beyond`] if it is lost.
    pub fn take(&mut self, db: u64, key: &[u8]) -> Result<Option<Held>, Halt> {
        // An error leaves it where it is.
        self.get(db, key)?;
        Ok(match self.remove_slot(db, key) {
            Some(Slot::Known(held)) => Some(held),
            _ => None,
        })
    }

    fn remove_slot(&mut self, db: u64, key: &[u8]) -> Option<Slot> {
        let place = self.held.get_mut(&db)?.remove(key)?;
        self.memory -= place.counted + name_memory(key);
        Some(place.slot)
    }

    /// Of this key nothing is known from here on.
    pub fn lose(&mut self, db: u64, key: &[u8], why: &Rc<Obstacle>) {
        if self.get(db, key).is_ok() {
            self.insert(db, key, Slot::Lost(Rc::clone(why)));
        }
    }

    // ---- Whole databases.

    /// Of no key anything is known from here on.
    pub fn lose_all(&mut self, why: Rc<Obstacle>) {
        self.clear_all();
        self.blind = Some(why);
    }

    /// Whether nothing is known of any key.
    pub fn is_blind(&self) -> bool {
        self.blind.is_some()
    }

    /// `FLUSHDB`.
    pub fn clear(&mut self, db: u64) {
        self.passing.retain(|(of, _)| *of != db);
        for (key, place) in self.held.remove(&db).unwrap_or_default() {
            self.memory -= place.counted + name_memory(&key);
        }
        self.lost.remove(&db);
        self.dataset.clear(db);
        self.unknown.remove(&db);
    }

    /// `FLUSHALL`.
    pub fn clear_all(&mut self) {
        self.held.clear();
        self.lost.clear();
        self.passing.clear();
        self.dataset.clear_all();
        self.unknown.clear();
        self.blind = None;
        self.memory = self.touched.memory();
    }

    /// `SWAPDB`. No run may be at hand.
    pub fn swap(&mut self, a: u64, b: u64) {
        swap(&mut self.held, a, b);
        swap(&mut self.lost, a, b);
        self.dataset.swap(a, b);
        swap(&mut self.unknown, a, b);
    }

    // ---- The course of a log.

    /// The next command is one on these keys. What no other comes to is
    /// digested, and let go.
    pub fn begin(&mut self, keys: &[&[u8]]) {
        if !self.runs.goes_on(keys) {
            self.let_go();
        }
    }

    /// The command that worked on these keys is over. Removes what is empty.
    ///
    /// # Errors
    ///
    /// [`Halt::Memory`].
    pub fn end(&mut self, db: u64, keys: &[&[u8]]) -> Result<(), Halt> {
        for key in keys {
            self.settle(db, key);
            if self.touched.often(key) == Often::Once {
                let new = !self
                    .passing
                    .iter()
                    .any(|(of, name)| *of == db && **name == **key);
                if new {
                    self.passing.push((db, (*key).into()));
                }
            }
        }
        match self.memory > self.most {
            true => Err(Halt::Memory),
            false => Ok(()),
        }
    }

    /// Counts what a key takes now, and removes it if it is empty.
    fn settle(&mut self, db: u64, key: &[u8]) {
        let Some(place) = self.held.get_mut(&db).and_then(|keys| keys.get_mut(key)) else {
            return;
        };
        let now = memory(&place.slot);
        self.memory = self.memory - place.counted + now;
        place.counted = now;
        if matches!(&place.slot, Slot::Known(held) if held.is_empty()) {
            self.remove(db, key);
        }
    }

    /// Whether so many bytes more would be within bounds.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.memory.saturating_add(bytes as u64) <= self.most
    }

    fn let_go(&mut self) {
        for (db, key) in std::mem::take(&mut self.passing) {
            if let Some(slot) = self.remove_slot(db, &key) {
                self.fold(db, &key, slot);
            }
        }
    }

    /// Digests a key that no command comes to any more.
    fn fold(&mut self, db: u64, key: &[u8], slot: Slot) {
        match slot {
            Slot::Lost(why) => {
                let lost = self.lost.entry(db).or_default();
                lost.keys += 1;
                let first = lost.first.get_or_insert_with(|| Rc::clone(&why));
                if (why.file, why.offset) < (first.file, first.offset) {
                    *first = why;
                }
            }
            Slot::Known(held) => match held.digest(&mut self.dataset, db, key) {
                Ok(outcome) => self.count_unknown(db, outcome),
                // Records were walked when they came.
                Err(error) => self.add_unknown(db, error.to_string()),
            },
        }
    }

    /// The log is at its end: digests what is left, and tells what is lost.
    pub fn finish(&mut self) -> Option<Obstacles> {
        self.passing.clear();
        for (db, keys) in std::mem::take(&mut self.held) {
            for (key, place) in keys {
                self.fold(db, &key, place.slot);
            }
        }
        if let Some(first) = &self.blind {
            return Some(Obstacles {
                first: Obstacle::clone(first),
                keys: None,
            });
        }
        let keys = self.lost.values().map(|lost| lost.keys).sum();
        let firsts = self.lost.values().filter_map(|lost| lost.first.as_ref());
        let first = firsts.min_by_key(|why| (why.file, why.offset))?;
        Some(Obstacles {
            first: Obstacle::clone(first),
            keys: Some(keys),
        })
    }
}

fn swap<T>(map: &mut BTreeMap<u64, T>, a: u64, b: u64) {
    let (was_a, was_b) = (map.remove(&a), map.remove(&b));
    map.extend(was_a.map(|one| (b, one)));
    map.extend(was_b.map(|one| (a, one)));
}
