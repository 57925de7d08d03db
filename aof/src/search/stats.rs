//! What a log is made of.

mod count;
mod told;

use std::collections::{BTreeMap, HashMap};

use crate::command::Command;
use crate::commands::{self, Spec};
use crate::search::expiry::{Expiry, expiry};
use crate::search::frequent::Frequent;
use crate::search::timeline::{Span, Timeline};
use crate::transaction::Place;
use crate::walk::{FileEnd, Item, Unit, Visitor};

pub use count::{Big, Count, FileStats};

/// Prefixes and unknown commands counted exactly; twice as many are held.
const NAMES: usize = 4096;

/// Longest commands told.
const BIGGEST: usize = 10;

/// Databases counted one by one.
const DATABASES: usize = 65_536;

/// Spans of the timeline.
const SPANS: usize = 24;

/// Counts everything in a log; read it when the walk is over.
///
/// # Limits
///
/// Prefixes of keys: 8192 names of up to 128 bytes, and then counts with a
/// stated error ([`Frequent::error`]). Names of unknown commands likewise; 65536
/// databases; 24 spans of time; a hundred bytes a file.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set, search::Stats, walk};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*2\r\n$4\r\nINCR\r\n$6\r\nhits:1\r\n*2\r\n$4\r\nINCR\r\n$6\r\nhits:2\r\n");
/// let mut stats = Stats::new();
/// walk::walk(&Set::single(b"a.aof"), &files, &mut stats);
/// assert_eq!(stats.commands()[0], ("incr".into(), stats.total()));
/// assert_eq!(stats.prefixes().top(1)[0].0, b"hits:");
/// ```
#[derive(Clone, Debug)]
pub struct Stats {
    files: Vec<FileStats>,
    known: HashMap<&'static [u8], Count>,
    /// The last command and how often it came in a row, not yet in `known`.
    row: Option<(&'static Spec, Count)>,
    unknown: Frequent,
    unknown_count: Count,
    prefixes: Frequent,
    databases: BTreeMap<u64, Count>,
    other_databases: Count,
    /// The database at hand, not yet in `databases`.
    db: (u64, Count),
    transactions: u64,
    open_transactions: u64,
    transaction: Big,
    longest: Option<Big>,
    biggest: Vec<Big>,
    expiries: u64,
    relative_expiries: u64,
    expiry_range: Option<(i64, i64)>,
    timeline: Timeline,
    second: Option<Span>,
    busiest: Option<Span>,
    times: Option<(i64, i64)>,
    untimed: u64,
}

impl Default for Stats {
    fn default() -> Stats {
        Stats::new()
    }
}

impl Stats {
    /// Nothing counted yet.
    #[must_use]
    pub fn new() -> Stats {
        Stats {
            files: Vec::new(),
            known: HashMap::new(),
            row: None,
            unknown: Frequent::new(NAMES / 16),
            unknown_count: Count::default(),
            prefixes: Frequent::new(NAMES),
            databases: BTreeMap::new(),
            other_databases: Count::default(),
            db: (0, Count::default()),
            transactions: 0,
            open_transactions: 0,
            transaction: Big::default(),
            longest: None,
            biggest: Vec::new(),
            expiries: 0,
            relative_expiries: 0,
            expiry_range: None,
            timeline: Timeline::new(SPANS),
            second: None,
            busiest: None,
            times: None,
            untimed: 0,
        }
    }

    fn command(&mut self, unit: &Unit<'_>, command: &Command<'_>) {
        let bytes = unit.end - unit.begin;
        if let Some(file) = self.files.last_mut() {
            file.count.add(bytes);
        }
        match &mut self.second {
            Some(second) => {
                second.commands += 1;
                second.bytes += bytes;
            }
            None => self.untimed += 1,
        }
        if self.db.0 != unit.db {
            self.database_ends();
            self.db.0 = unit.db;
        }
        self.db.1.add(bytes);
        let spec = commands::spec(command);
        self.name(command, spec, bytes);
        self.transaction(unit);
        let mut first = None;
        if let Some(spec) = spec {
            for at in spec.keys(command) {
                let Some(key) = command.arg(at) else { break };
                let own = if first.is_none() { bytes } else { 0 };
                first.get_or_insert(key);
                self.prefixes.add(prefix(key), own);
            }
            self.expiry(command);
        }
        let least = self
            .biggest
            .last()
            .filter(|_| self.biggest.len() >= BIGGEST);
        if least.is_none_or(|least| bytes > least.bytes) {
            self.big(unit, command, first);
        }
    }

    fn name(&mut self, command: &Command<'_>, spec: Option<&'static Spec>, bytes: u64) {
        match (&mut self.row, spec) {
            (Some((held, count)), Some(spec)) if std::ptr::eq(*held, spec) => count.add(bytes),
            (_, Some(spec)) => {
                self.row_ends();
                let mut count = Count::default();
                count.add(bytes);
                self.row = Some((spec, count));
            }
            (_, None) => {
                self.unknown
                    .add(&command.name().to_ascii_lowercase(), bytes);
                self.unknown_count.add(bytes);
            }
        }
    }

    fn row_ends(&mut self) {
        if let Some((spec, count)) = self.row.take() {
            let held = self.known.entry(spec.name()).or_default();
            held.commands += count.commands;
            held.bytes += count.bytes;
        }
    }

    fn database_ends(&mut self) {
        let (db, count) = std::mem::take(&mut self.db);
        if count == Count::default() {
            return;
        }
        let held = if self.databases.len() < DATABASES || self.databases.contains_key(&db) {
            self.databases.entry(db).or_default()
        } else {
            &mut self.other_databases
        };
        held.commands += count.commands;
        held.bytes += count.bytes;
    }

    fn transaction(&mut self, unit: &Unit<'_>) {
        match unit.place {
            Place::Opens => {
                self.transaction = Big {
                    file: unit.file,
                    begin: unit.begin,
                    name: b"multi".to_vec(),
                    db: unit.db,
                    ..Big::default()
                };
            }
            Place::Queued | Place::Nested => self.transaction.commands += 1,
            Place::Closes => {
                self.transactions += 1;
                self.transaction.bytes = unit.end - self.transaction.begin;
                let longest = self.longest.as_ref().map_or(0, |big| big.commands);
                if self.transaction.commands > longest {
                    self.longest = Some(std::mem::take(&mut self.transaction));
                }
            }
            Place::Alone | Place::Stray | Place::Piece => {}
        }
    }

    fn expiry(&mut self, command: &Command<'_>) {
        match expiry(command) {
            Some(Expiry::At(ms)) => {
                self.expiries += 1;
                let (low, high) = self.expiry_range.unwrap_or((ms, ms));
                self.expiry_range = Some((low.min(ms), high.max(ms)));
            }
            Some(Expiry::In(_)) => {
                self.expiries += 1;
                self.relative_expiries += 1;
            }
            None => {}
        }
    }

    #[cold]
    fn big(&mut self, unit: &Unit<'_>, command: &Command<'_>, key: Option<&[u8]>) {
        let cut = |text: &[u8]| text.get(..128).unwrap_or(text).to_vec();
        let bytes = unit.end - unit.begin;
        let at = self.biggest.partition_point(|big| big.bytes >= bytes);
        let big = Big {
            file: unit.file,
            begin: unit.begin,
            bytes,
            name: cut(command.name()).to_ascii_lowercase(),
            key: key.map(cut),
            db: unit.db,
            commands: 1,
        };
        self.biggest.insert(at, big);
        self.biggest.truncate(BIGGEST);
    }

    fn time(&mut self, time: i64) {
        let gap = self
            .second
            .map_or(0, |second| time.saturating_sub(second.last));
        self.second_ends();
        self.second = Some(Span {
            first: time,
            last: time,
            seconds: 1,
            commands: 0,
            bytes: 0,
            deleted: 0,
            dangers: 0,
            gap: gap.max(0),
        });
        let (low, high) = self.times.unwrap_or((time, time));
        self.times = Some((low.min(time), high.max(time)));
        if let Some(file) = self.files.last_mut() {
            file.first.get_or_insert(time);
            file.last = Some(time);
        }
    }

    fn second_ends(&mut self) {
        if let Some(second) = self.second {
            self.timeline.add(second);
            if self
                .busiest
                .is_none_or(|busiest| second.commands > busiest.commands)
            {
                self.busiest = Some(second);
            }
        }
    }
}

/// What a key begins with.
fn prefix(key: &[u8]) -> &[u8] {
    match key.iter().position(|&b| b == b':') {
        Some(at) => key.get(..=at).unwrap_or(key),
        None => key,
    }
}

impl Visitor for Stats {
    fn file(&mut self, _index: usize) {
        self.files.push(FileStats::default());
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        match &unit.item {
            Item::Command(command) | Item::Abridged(command) => self.command(unit, command),
            Item::Annotation(line) => {
                if let Some(file) = self.files.last_mut() {
                    file.annotations += 1;
                }
                if let Some(time) = line.timestamp() {
                    self.time(time);
                }
            }
        }
    }

    fn file_end(&mut self, _index: usize, end: &FileEnd) {
        // The numbers at hand go where they belong, so that all add up now.
        self.row_ends();
        self.database_ends();
        self.open_transactions += u64::from(end.open.is_some());
        // The second goes on in the next file, in a span of its own.
        self.second_ends();
        if let Some(second) = &mut self.second {
            (second.commands, second.bytes, second.seconds, second.gap) = (0, 0, 0, 0);
        }
        if let Some(file) = self.files.last_mut() {
            file.preamble = end.preamble;
            file.end = end.end;
        }
    }
}

#[cfg(test)]
mod tests;
