//! Counting what goes.

use std::collections::BTreeMap;

use rdbkit_rdb::redact::plain;

use crate::command::Command;
use crate::commands::{self, Spec};
use crate::edit::frequent::Frequent;
use crate::edit::plan::Tally;
use crate::edit::sample::Sample;
use crate::name::Name;
use crate::transaction::Place;
use crate::walk::Unit;

/// Keys that are named.
const FIRST_KEYS: usize = 20;

/// Bytes of such a key that are kept.
const KEY: usize = 256;

/// Names of commands no server knows, or databases, that are told apart.
const DIFFERENT: usize = 1000;

/// A [`Tally`] in the making.
#[derive(Debug)]
pub(super) struct Count {
    tally: Tally,
    names: Frequent<u64>,
    others: BTreeMap<String, u64>,
    databases: BTreeMap<u64, u64>,
    /// The database at hand, and commands on it that are not yet among those.
    database: (u64, u64),
    keys: Sample,
}

impl Count {
    pub fn new() -> Count {
        Count {
            tally: Tally::default(),
            names: Frequent::new(),
            others: BTreeMap::new(),
            databases: BTreeMap::new(),
            database: (0, 0),
            keys: Sample::new(),
        }
    }

    /// Counts what goes as a whole.
    pub fn unit(&mut self, unit: &Unit<'_>) {
        let Some(command) = unit.item.command() else {
            return;
        };
        self.tally.commands += 1;
        self.tally.transactions += u64::from(unit.place == Place::Opens);
        if let Some(time) = unit.time {
            let (first, last) = self.tally.times.unwrap_or((time, time));
            self.tally.times = Some((first.min(time), last.max(time)));
        }
        match self.name(&command, unit.name) {
            Some(spec) => self.keys(spec, &command, unit.db, |_| true),
            None => self.unknown_name(&command),
        }
        self.database(unit.db, 1);
    }

    /// Counts the keys that a command loses.
    pub fn shortened(&mut self, unit: &Unit<'_>, lost: &[Vec<u8>]) {
        self.tally.shortened += 1;
        if let Some(command) = unit.item.command()
            && let Some(spec) = commands::spec(&command)
        {
            self.keys(spec, &command, unit.db, |key| lost.iter().any(|l| l == key));
        }
    }

    /// Counts `MULTI`, `EXEC` and `selects` times `SELECT`, of which it is known
    /// only later that they go.
    pub fn transaction(&mut self, db: u64, selects: u64) {
        let names = [("MULTI", 1), ("EXEC", 1), ("SELECT", selects)];
        for (name, times) in names.into_iter().filter(|(_, times)| *times > 0) {
            *self.others.entry(name.to_owned()).or_default() += times;
        }
        self.tally.commands += 2 + selects;
        self.tally.transactions += 1;
        self.database(db, 2 + selects);
    }

    fn name(&mut self, command: &Command<'_>, name: Option<Name>) -> Option<&'static Spec> {
        let (spec, count) = self.names.of(command, name, |_| 0)?;
        *count += 1;
        Some(spec)
    }

    #[cold]
    fn unknown_name(&mut self, command: &Command<'_>) {
        let name = super::kept::shown_name(command);
        let name = if self.others.len() < DIFFERENT {
            name
        } else {
            "(others)".to_owned()
        };
        *self.others.entry(name).or_default() += 1;
    }

    #[inline]
    fn database(&mut self, db: u64, commands: u64) {
        if db != self.database.0 {
            self.note_database();
            self.database.0 = db;
        }
        self.database.1 += commands;
    }

    #[cold]
    fn note_database(&mut self) {
        let (db, commands) = std::mem::take(&mut self.database);
        if commands == 0 {
            return;
        }
        // A log may name any number of databases; servers have 16.
        if self.databases.len() < DIFFERENT || self.databases.contains_key(&db) {
            *self.databases.entry(db).or_default() += commands;
        }
    }

    fn keys(
        &mut self,
        spec: &'static Spec,
        command: &Command<'_>,
        db: u64,
        wanted: impl Fn(&[u8]) -> bool,
    ) {
        if spec.has_one_key() {
            if let Some(key) = command.plain_arg(1).filter(|key| wanted(key)) {
                self.key(db, key);
            }
            return;
        }
        // Keys come in the order of the arguments, nearly always.
        let mut args = command.args().enumerate();
        for index in spec.keys(command) {
            let found = args.find(|(at, _)| *at == index).map(|(_, arg)| arg);
            let Some(key) = found
                .or_else(|| command.arg(index))
                .filter(|key| wanted(key))
            else {
                continue;
            };
            self.key(db, key);
        }
    }

    #[inline]
    fn key(&mut self, db: u64, key: &[u8]) {
        self.keys.insert(db, key);
        if self.tally.first_keys.len() < FIRST_KEYS {
            let key = (db, key.get(..KEY).unwrap_or(key));
            let known = |(of, name): &(u64, Vec<u8>)| (*of, name.as_slice()) == key;
            if !self.tally.first_keys.iter().any(known) {
                self.tally.first_keys.push((key.0, key.1.to_vec()));
            }
        }
    }

    pub fn finish(mut self) -> Tally {
        self.note_database();
        let upper = |name: &[u8]| {
            let name = plain(name).to_string().to_ascii_uppercase();
            name.replace('|', " ")
        };
        let mut by_name = self.others;
        for (spec, times) in self.names.iter() {
            *by_name.entry(upper(spec.name())).or_default() += times;
        }
        let mut names: Vec<(String, u64)> = by_name.into_iter().collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Tally {
            names,
            keys: self.keys.count(),
            keys_exact: self.keys.is_exact(),
            databases: self.databases.into_iter().collect(),
            ..self.tally
        }
    }
}
