//! The two passes over the commands of a log.

use std::collections::HashMap;
use std::rc::Rc;

use rdbkit_rdb::{Error as RdbError, RecordBuf};

use super::apply::{self, Act, Call};
use super::error::Error;
use super::halt::{Halt, Obstacle};
use super::keyspace::Keyspace;
use super::touched::{self, Touched};
use crate::command::Command;
use crate::commands::{self, Release, Spec};
use crate::database::selects;
use crate::name::Control;
use crate::search::reach;
use crate::walk::{Item, Unit, Visitor};

/// Bytes kept of the name of an unknown command.
const NAME: usize = 64;

/// What a command is, remembered by its entry in the table.
#[derive(Default)]
struct Acts(HashMap<*const Spec, Act>);

impl Acts {
    fn of(&mut self, spec: &'static Spec) -> Act {
        let act = self.0.entry(std::ptr::from_ref(spec));
        *act.or_insert_with(|| apply::act(spec.name(), spec.is_write()))
    }
}

/// The first pass: which keys do commands come to?
pub(super) struct Collect {
    pub touched: Touched,
    acts: Acts,
    whole: u64,
}

impl Collect {
    pub fn new(touched: Touched) -> Collect {
        Collect {
            touched,
            acts: Acts::default(),
            whole: 0,
        }
    }

    /// The next file begins, and is loaded up to this byte.
    pub fn file(&mut self, whole: u64) {
        self.whole = whole;
    }
}

impl Visitor for Collect {
    fn unit(&mut self, unit: &Unit<'_>) {
        if unit.end > self.whole {
            return;
        }
        if let Some(command) = unit.item.command()
            && let Some(spec) = commands::spec(&command)
            && let Act::Apply(_) = self.acts.of(spec)
        {
            self.touched.command(spec, &command);
        }
    }
}

/// The second pass: what do they make of them?
pub(super) struct Follow<'k> {
    keys: &'k mut Keyspace,
    acts: Acts,
    release: Release,
    databases: u64,
    file: usize,
    whole: u64,
    /// The database in force. A transaction that is run moves it as other
    /// commands do; one that is not is behind `whole`.
    db: u64,
    pub commands: u64,
    pub applied: u64,
    /// Where memory came to an end.
    full: Option<u64>,
}

impl<'k> Follow<'k> {
    pub fn new(keys: &'k mut Keyspace, databases: u64) -> Follow<'k> {
        let server = keys.rules().server();
        Follow {
            keys,
            acts: Acts::default(),
            release: Release::nearest(server),
            databases,
            file: 0,
            whole: 0,
            db: 0,
            commands: 0,
            applied: 0,
            full: None,
        }
    }

    /// File `index` begins, and is loaded up to byte `whole`.
    pub fn file(&mut self, index: usize, whole: u64) {
        (self.file, self.whole, self.db) = (index, whole, 0);
    }

    /// Takes a key of the RDB file at the front.
    pub fn record(&mut self, buf: &RecordBuf) -> Result<(), RdbError> {
        self.keys.record(buf)?;
        if !self.keys.has_room(0) {
            self.full = Some(buf.as_record().offset);
        }
        Ok(())
    }

    /// Whether memory has come to an end.
    pub fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// # Errors
    ///
    /// [`Error::Memory`] if it has.
    pub fn check(&self, file: &[u8], limit: u64) -> Result<(), Error> {
        match self.full {
            None => Ok(()),
            Some(offset) => Err(Error::Memory {
                file: file.to_vec(),
                offset,
                limit,
            }),
        }
    }

    fn command(&mut self, command: &Command<'_>, whole: bool, unit: &Unit<'_>) {
        match Control::of(command.name()) {
            Control::Select => {
                let wanted = selects(command).filter(|db| *db < self.databases);
                self.db = wanted.unwrap_or(self.db);
                return;
            }
            Control::Multi | Control::Exec => return,
            Control::None => {}
        }
        let Some(spec) = commands::spec(command) else {
            let why = self.obstacle(command.name(), unit);
            return self.keys.lose_all(why);
        };
        let apply = match self.acts.of(spec) {
            Act::Nothing => return,
            Act::Anything => {
                if !self.keys.is_blind() {
                    let why = self.obstacle(spec.name(), unit);
                    self.keys.lose_all(why);
                }
                return;
            }
            Act::Apply(apply) => apply,
        };
        if self.keys.is_blind() && spec.name() != b"flushall" {
            return;
        }
        if !whole {
            self.full = Some(unit.begin);
            return;
        }
        let names: Vec<&[u8]> = touched::keys(spec, command).collect();
        self.keys.begin(&names);
        let arity = spec.arity(self.release);
        let done = match arity.is_none_or(|arity| arity.accepts(command.len())) {
            false => Err(Halt::BEYOND),
            true => {
                let args: Vec<&[u8]> = command.args().collect();
                apply(&mut Call {
                    keys: self.keys,
                    db: self.db,
                    databases: self.databases,
                    args: &args,
                })
            }
        };
        let done = match done {
            Ok(()) => {
                self.applied += 1;
                Ok(())
            }
            Err(Halt::Beyond(why)) => {
                let why = why.unwrap_or_else(|| self.obstacle(spec.name(), unit));
                self.lose(spec, command, &why);
                Ok(())
            }
            Err(Halt::Memory) => Err(Halt::Memory),
        };
        if done.and_then(|()| self.keys.end(self.db, &names)).is_err() {
            self.full = Some(unit.begin);
        }
    }

    /// Nothing is known any more of the keys a command writes to.
    #[cold]
    fn lose(&mut self, spec: &'static Spec, command: &Command<'_>, why: &Rc<Obstacle>) {
        let keys: Vec<(usize, u64)> = reach::keys(spec, command, self.db).collect();
        let written: &[(usize, u64)] = match apply::writes(spec.name()) {
            apply::Writes::All => &keys,
            apply::Writes::First => keys.get(..1).unwrap_or_default(),
            apply::Writes::AllButFirst => keys.get(1..).unwrap_or_default(),
        };
        for (index, db) in written {
            if let Some(key) = command.arg(*index) {
                self.keys.lose(*db, key, why);
            }
        }
        if keys.is_empty() {
            self.keys.lose_all(Rc::clone(why));
        }
    }

    #[cold]
    fn obstacle(&self, name: &[u8], unit: &Unit<'_>) -> Rc<Obstacle> {
        let name = name.get(..NAME).unwrap_or(name).to_ascii_uppercase();
        let command = name.iter().map(|b| if *b == b'|' { b' ' } else { *b });
        Rc::new(Obstacle {
            file: self.file,
            offset: unit.begin,
            db: self.db,
            command: command.collect(),
        })
    }
}

impl Visitor for Follow<'_> {
    fn unit(&mut self, unit: &Unit<'_>) {
        if unit.end > self.whole || self.is_full() {
            return;
        }
        let (command, whole) = match &unit.item {
            Item::Command(command) => (command, true),
            Item::Abridged(command) => (command, false),
            Item::Annotation(_) => return,
        };
        self.commands += 1;
        self.command(command, whole, unit);
    }

    fn enough(&self) -> bool {
        self.is_full()
    }
}
