//! What happened to one key.

mod touch;

use rdbkit_rdb::{Dialect, Part};

use crate::command::Command;
use crate::commands;
use crate::search::reach::{self, Reach};
use crate::walk::{Item, Unit, Visitor};

pub use touch::{BaseKey, Found, Question, Touch};

/// Names and databases that a key is followed to.
const FOLLOWED: usize = 256;

/// Names of unknown commands told.
const UNKNOWN_NAMES: usize = 16;

/// A name in a database, or in any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whereabouts {
    name: Vec<u8>,
    db: Option<u64>,
    followed: bool,
}

impl Whereabouts {
    fn is(&self, name: &[u8], db: u64) -> bool {
        self.name == name && self.db.is_none_or(|own| own == db)
    }
}

/// Follows a log, and hands out the commands that touched a key.
///
/// # Limits
///
/// Follows a key to 256 names and databases, says so when there were more, and
/// keeps the names of 16 unknown commands. Names of more than 64 KiB are not
/// found in commands of more than 1 MiB, nor are keys behind the first 64 MiB
/// of a command; [`cut_short`](Self::cut_short) counts these.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set, search::{History, Question}, walk};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*3\r\n$6\r\nRENAME\r\n$1\r\na\r\n$1\r\nb\r\n*2\r\n$3\r\nDEL\r\n$1\r\nb\r\n");
/// let question = Question { key: b"a".to_vec(), db: Some(0), follow: true };
/// let mut told = Vec::new();
/// let mut history = History::new(question, |unit, found| told.push((unit.begin, found.touch.name())));
/// walk::walk(&Set::single(b"a.aof"), &files, &mut history);
/// assert_eq!(told, [(0, "renamed-to"), (30, "key")]);
/// ```
#[derive(Debug)]
pub struct History<F> {
    question: Question,
    each: F,
    places: Vec<Whereabouts>,
    more_places: u64,
    base: Vec<BaseKey>,
    rdb: Rdb,
    commands: u64,
    touched: u64,
    unknown: u64,
    unknown_names: Vec<Vec<u8>>,
    scripts: u64,
    cut_short: u64,
}

/// What stands before a key in an RDB file.
#[derive(Debug, Default)]
struct Rdb {
    dialect: Option<Dialect>,
    db: u64,
    expires_ms: Option<i64>,
}

impl<F: FnMut(&Unit<'_>, &Found<'_>)> History<F> {
    /// `each` is given every command that touched the key, and how.
    pub fn new(question: Question, each: F) -> History<F> {
        History {
            places: vec![Whereabouts {
                name: question.key.clone(),
                db: question.db,
                followed: false,
            }],
            question,
            each,
            more_places: 0,
            base: Vec::new(),
            rdb: Rdb::default(),
            commands: 0,
            touched: 0,
            unknown: 0,
            unknown_names: Vec::new(),
            scripts: 0,
            cut_short: 0,
        }
    }

    /// Where the key stands in RDB files at the front, once for each database.
    #[must_use]
    pub fn base(&self) -> &[BaseKey] {
        &self.base
    }

    /// Commands that went by.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Commands that touched the key.
    #[must_use]
    pub fn touched(&self) -> u64 {
        self.touched
    }

    /// Commands that the table does not know and that do not have the key's name
    /// among their arguments: they may have touched it.
    #[must_use]
    pub fn unknown(&self) -> u64 {
        self.unknown
    }

    /// Names of these, the first 16.
    #[must_use]
    pub fn unknown_names(&self) -> &[Vec<u8>] {
        &self.unknown_names
    }

    /// Scripts that do not name the key: they may have touched it all the same.
    #[must_use]
    pub fn scripts(&self) -> u64 {
        self.scripts
    }

    /// Commands too long to be held, of which arguments were left out.
    #[must_use]
    pub fn cut_short(&self) -> u64 {
        self.cut_short
    }

    /// The names and databases the key was followed to; no database stands for
    /// all of them.
    pub fn followed(&self) -> impl Iterator<Item = (&[u8], Option<u64>)> {
        let followed = self.places.iter().filter(|place| place.followed);
        followed.map(|place| (place.name.as_slice(), place.db))
    }

    /// How often there was no room to follow it further.
    #[must_use]
    pub fn not_followed(&self) -> u64 {
        self.more_places
    }

    fn command(&mut self, unit: &Unit<'_>, command: &Command<'_>) {
        self.commands += 1;
        let spec = commands::spec(command).filter(|spec| !spec.is_container());
        let before = self.touched;
        let Some(spec) = spec else {
            self.unknown_command(unit, command);
            return;
        };
        // Only a few commands do more than name a key.
        match reach::reach(command) {
            Reach::All => self.whole(unit, |_| Some(Touch::Flushed)),
            Reach::Whole => {
                let flushed = |db| (db == unit.db).then_some(Touch::Flushed);
                self.whole(unit, flushed);
            }
            Reach::Swap(a, b) => self.swap(unit, a, b),
            _ => self.keys(unit, command, spec),
        }
        if self.touched == before && reach::runs_script(spec) {
            self.scripts += 1;
        }
    }

    fn keys(&mut self, unit: &Unit<'_>, command: &Command<'_>, spec: &'static commands::Spec) {
        // A key that is named twice is touched once: what is known of the last is kept.
        let mut last: Option<(usize, u64)> = None;
        let mut went = None;
        for (at, db) in reach::keys(spec, command, unit.db) {
            let Some(name) = command.arg(at) else {
                continue;
            };
            let Some(place) = self.places.iter().position(|place| place.is(name, db)) else {
                continue;
            };
            let touch = how(unit, command, spec.name(), (at, db));
            if touch == Touch::Key && last.replace((place, db)) == Some((place, db)) {
                continue;
            }
            self.tell(unit, place, db, touch);
            went = went.or(goes(command, place, db, touch));
        }
        // When all its keys have been told by the names they had.
        if let Some((place, name, db)) = went.filter(|_| self.question.follow) {
            let db = self.places.get(place).and_then(|from| from.db).map(|_| db);
            self.go(place, name.to_vec(), db);
        }
    }

    /// A followed key leaves where it was; of the one asked about, the old place
    /// stays of interest.
    fn go(&mut self, place: usize, name: Vec<u8>, db: Option<u64>) {
        let new = Whereabouts {
            name,
            db,
            followed: true,
        };
        let known = self
            .places
            .iter()
            .any(|p| p.name == new.name && p.db == new.db);
        let room = self.places.len() < FOLLOWED;
        match self.places.get_mut(place) {
            _ if known => {}
            Some(old) if old.followed => *old = new,
            _ if room => self.places.push(new),
            _ => self.more_places += 1,
        }
    }

    /// Tells of a command on whole databases.
    fn whole(&mut self, unit: &Unit<'_>, touch: impl Fn(u64) -> Option<Touch<'static>>) {
        let mut told: Vec<u64> = Vec::new();
        for place in 0..self.places.len() {
            let Some(db) = self.places.get(place).map(|p| p.db.unwrap_or(unit.db)) else {
                continue;
            };
            if let Some(touch) = touch(db)
                && !told.contains(&db)
            {
                told.push(db);
                self.tell(unit, place, db, touch);
            }
        }
    }

    fn swap(&mut self, unit: &Unit<'_>, a: u64, b: u64) {
        if a == b {
            return;
        }
        let mut swapped = Vec::new();
        for (place, held) in self.places.iter().enumerate() {
            match held.db {
                None => swapped.push((place, a, b)),
                Some(db) if db == a => swapped.push((place, a, b)),
                Some(db) if db == b => swapped.push((place, b, a)),
                Some(_) => {}
            }
        }
        for &(place, db, other) in &swapped {
            self.tell(unit, place, db, Touch::Swapped(other));
        }
        for (place, _, other) in swapped {
            if let Some(held) = self.places.get(place).filter(|held| held.db.is_some()) {
                let name = held.name.clone();
                self.go(place, name, Some(other));
            }
        }
    }

    #[cold]
    fn unknown_command(&mut self, unit: &Unit<'_>, command: &Command<'_>) {
        let named = command
            .args()
            .skip(1)
            .find_map(|word| self.places.iter().position(|place| place.is(word, unit.db)));
        if let Some(place) = named {
            self.tell(unit, place, unit.db, Touch::Perhaps);
            return;
        }
        self.unknown += 1;
        let name = command.name().to_ascii_lowercase();
        if self.unknown_names.len() < UNKNOWN_NAMES && !self.unknown_names.contains(&name) {
            self.unknown_names.push(name);
        }
    }

    fn tell(&mut self, unit: &Unit<'_>, place: usize, db: u64, touch: Touch<'_>) {
        self.touched += 1;
        if let Some(place) = self.places.get(place) {
            let found = Found {
                touch,
                name: &place.name,
                db,
                followed: place.followed,
            };
            (self.each)(unit, &found);
        }
    }
}

/// Where a command takes the key that stands at `place`: name and database.
fn goes<'c>(
    command: &Command<'c>,
    place: usize,
    db: u64,
    touch: Touch<'c>,
) -> Option<(usize, &'c [u8], u64)> {
    match touch {
        Touch::RenamedTo(name) => Some((place, name, db)),
        Touch::MovedTo(other) => Some((place, command.arg(1)?, other)),
        _ => None,
    }
}

/// How a command touches its key number `at`, which is in `db`.
fn how<'c>(
    unit: &Unit<'_>,
    command: &Command<'c>,
    name: &[u8],
    (at, db): (usize, u64),
) -> Touch<'c> {
    let arg = |index| command.arg(index).unwrap_or_default();
    match (name, at) {
        (b"rename" | b"renamenx", 1) => Touch::RenamedTo(arg(2)),
        (b"rename" | b"renamenx", _) => Touch::RenamedFrom(arg(1)),
        (b"copy", 1) => match reach::reach(command) {
            Reach::Copy(other) => Touch::CopiedTo(arg(2), other),
            _ => Touch::CopiedTo(arg(2), unit.db),
        },
        (b"copy", _) => Touch::CopiedFrom(arg(1), unit.db),
        (b"move", _) => match reach::reach(command) {
            Reach::Move(other) if db == unit.db => Touch::MovedTo(other),
            _ => Touch::MovedFrom(unit.db),
        },
        _ => Touch::Key,
    }
}

impl<F: FnMut(&Unit<'_>, &Found<'_>)> Visitor for History<F> {
    fn file(&mut self, _index: usize) {
        self.rdb = Rdb::default();
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        match event {
            Part::Header { dialect, .. } => self.rdb.dialect = Some(*dialect),
            Part::SelectDb(db) => self.rdb.db = *db,
            Part::ExpireMs(ms) => self.rdb.expires_ms = Some(*ms),
            Part::ExpireSeconds(s) => self.rdb.expires_ms = Some(i64::from(*s) * 1000),
            Part::Key { kind, key } => {
                let expires_ms = self.rdb.expires_ms.take();
                let wanted = &self.question;
                if wanted.db.is_some_and(|db| db != self.rdb.db)
                    || key.len() != wanted.key.len() as u64
                    || key.to_vec().ok().as_deref() != Some(&wanted.key)
                {
                    return;
                }
                self.base.push(BaseKey {
                    file: index,
                    db: self.rdb.db,
                    kind: self.rdb.dialect.and_then(|dialect| kind.object(dialect)),
                    expires_ms,
                });
            }
            _ => {}
        }
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        match &unit.item {
            Item::Command(command) => self.command(unit, command),
            Item::Abridged(command) => {
                self.cut_short += u64::from(unit.item.lacks_arguments());
                self.command(unit, command);
            }
            Item::Annotation(_) => {}
        }
    }
}

#[cfg(test)]
mod tests;
