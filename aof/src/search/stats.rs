//! What a log is made of.

use std::collections::{BTreeMap, HashMap};

use crate::command::Command;
use crate::commands::{self, Spec};
use crate::search::expiry::{Expiry, expiry};
use crate::search::frequent::Frequent;
use crate::search::timeline::{Span, Timeline};
use crate::transaction::Place;
use crate::walk::{FileEnd, Item, Unit, Visitor};

/// Prefixes and unknown commands counted exactly; twice as many are held.
const NAMES: usize = 4096;

/// Longest commands told.
const BIGGEST: usize = 10;

/// Databases counted one by one.
const DATABASES: usize = 65_536;

/// Spans of the timeline.
const SPANS: usize = 24;

/// Commands and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Count {
    /// How many.
    pub commands: u64,
    /// Bytes of them in the log.
    pub bytes: u64,
}

impl Count {
    #[inline]
    fn add(&mut self, bytes: u64) {
        self.commands += 1;
        self.bytes += bytes;
    }
}

/// A command or a transaction, and where it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Big {
    /// Which of [`Set::files`](crate::Set::files).
    pub file: usize,
    /// Offset of its first byte.
    pub begin: u64,
    /// Its bytes.
    pub bytes: u64,
    /// Name of the command in lower case; `multi` for a transaction.
    pub name: Vec<u8>,
    /// Its first key, up to 128 bytes of it.
    pub key: Option<Vec<u8>>,
    /// The database selected there.
    pub db: u64,
    /// Commands in it: 1, or those between `MULTI` and `EXEC`.
    pub commands: u64,
}

/// One file of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct FileStats {
    /// Commands, `SELECT`, `MULTI` and `EXEC` among them.
    pub count: Count,
    /// `#` lines.
    pub annotations: u64,
    /// Bytes of the RDB file at the front.
    pub preamble: u64,
    /// How far it could be read.
    pub end: u64,
    /// Its first `#TS`.
    pub first: Option<i64>,
    /// Its last one.
    pub last: Option<i64>,
}

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

    /// The files that were opened.
    #[must_use]
    pub fn files(&self) -> &[FileStats] {
        &self.files
    }

    /// All commands.
    #[must_use]
    pub fn total(&self) -> Count {
        self.files.iter().fold(Count::default(), |sum, file| Count {
            commands: sum.commands + file.count.commands,
            bytes: sum.bytes + file.count.bytes,
        })
    }

    /// Commands by name in lower case, subcommands as `xgroup|create`, the most
    /// frequent first. Those the table does not know are in [`unknown`](Self::unknown).
    #[must_use]
    pub fn commands(&self) -> Vec<(String, Count)> {
        let name = |name: &[u8]| name.escape_ascii().to_string();
        let mut all: Vec<(String, Count)> = self.known.iter().map(|(n, c)| (name(n), *c)).collect();
        all.sort_by(|(a, x), (b, y)| y.commands.cmp(&x.commands).then_with(|| a.cmp(b)));
        all
    }

    /// Commands that no server of the table knows, by name in lower case.
    #[must_use]
    pub fn unknown(&self) -> (&Frequent, Count) {
        (&self.unknown, self.unknown_count)
    }

    /// Keys by what they begin with, up to the first `:` and with it; a key
    /// without one is its own prefix. Every key of a command counts, with the
    /// bytes of the command at its first one.
    #[must_use]
    pub fn prefixes(&self) -> &Frequent {
        &self.prefixes
    }

    /// Commands by the database they were given in.
    #[must_use]
    pub fn databases(&self) -> &BTreeMap<u64, Count> {
        &self.databases
    }

    /// Commands in databases beyond the first 65536 that came.
    #[must_use]
    pub fn other_databases(&self) -> Count {
        self.other_databases
    }

    /// Whole transactions.
    #[must_use]
    pub fn transactions(&self) -> u64 {
        self.transactions
    }

    /// Files that end inside a transaction.
    #[must_use]
    pub fn open_transactions(&self) -> u64 {
        self.open_transactions
    }

    /// The whole transaction of the most commands.
    #[must_use]
    pub fn longest_transaction(&self) -> Option<&Big> {
        self.longest.as_ref()
    }

    /// The 10 commands of the most bytes, the biggest first.
    #[must_use]
    pub fn biggest(&self) -> &[Big] {
        &self.biggest
    }

    /// Commands that set an expiry: all, those by a relative time, and the
    /// range of the absolute ones in Unix milliseconds.
    #[must_use]
    pub fn expiries(&self) -> (u64, u64, Option<(i64, i64)>) {
        (self.expiries, self.relative_expiries, self.expiry_range)
    }

    /// Commands over the time of `#TS` lines.
    #[must_use]
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The second of the most commands.
    #[must_use]
    pub fn busiest(&self) -> Option<&Span> {
        self.busiest.as_ref()
    }

    /// The lowest and the highest `#TS`.
    #[must_use]
    pub fn times(&self) -> Option<(i64, i64)> {
        self.times
    }

    /// Commands before any `#TS`.
    #[must_use]
    pub fn untimed(&self) -> u64 {
        self.untimed
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
