//! The seconds a log can go back to.

use rdbkit_rdb::Part;

use crate::command::Command;
use crate::commands;
use crate::search::hint::{Hint, HintKind, hint};
use crate::search::reach::{Reach, reach};
use crate::walk::{FileEnd, Item, Unit, Visitor};

/// Keys in one `DEL` that make it worth telling.
const MANY_KEYS: u64 = 100;

/// Dangers told one by one in a second.
const TOLD: usize = 16;

/// What one second wrote: from its `#TS` line up to the next one, or to the end
/// of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// The Unix second. Of what stands before the first `#TS` of a file it is
    /// the last one of the file before, or not known.
    pub time: Option<i64>,
    /// Whether a `#TS` line begins it.
    pub annotated: bool,
    /// Which of [`Set::files`](crate::Set::files) it stands in.
    pub file: usize,
    /// Cutting the file here loses this second and what follows.
    pub begin: u64,
    /// Cutting the file here keeps this second and loses what follows.
    pub end: u64,
    /// Seconds since the `#TS` before it; below zero where the clock went back.
    pub gap: Option<i64>,
    /// Commands in it.
    pub commands: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Keys named by `DEL` and `UNLINK`.
    pub deleted: u64,
    /// Commands that do away with much, the first 16 of them.
    pub dangers: Vec<Danger>,
    /// How many there are of these.
    pub danger_count: u64,
}

/// A command that does away with much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Danger {
    /// What it does.
    pub kind: DangerKind,
    /// Which of [`Set::files`](crate::Set::files) it stands in.
    pub file: usize,
    /// Offset of the command.
    pub begin: u64,
    /// Where the file must be cut to lose it: at the `MULTI` where there is one.
    pub cut: u64,
    /// The database selected there.
    pub db: u64,
}

/// What a dangerous command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DangerKind {
    /// Empties all databases.
    FlushAll,
    /// Empties the selected database, or a slot of it.
    FlushDb,
    /// Swaps two databases.
    SwapDb(u64, u64),
    /// Deletes so many keys at once: 100 or more.
    Deletes(u64),
    /// Removes function libraries.
    DropsFunctions,
}

/// What there is to say of a whole file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FilePoints {
    /// `#TS` lines.
    pub annotations: u64,
    /// Commands.
    pub commands: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Commands in front of the first `#TS`.
    pub untimed: u64,
    /// When its RDB file says it was made: Unix seconds.
    pub created: Option<i64>,
    /// The lowest expiry that is set, in Unix milliseconds, and the offset of
    /// the command: up to there all was written before that time. In a base
    /// expiries may have passed already.
    pub before_ms: Option<(i64, u64)>,
    /// How far the file is whole.
    pub end: u64,
}

/// Follows a log, and hands out its seconds as they end.
///
/// `each` gets every second, and, for files without `#TS` lines, hints at the
/// time that commands carry: only those later than the hint before.
///
/// # Limits
///
/// Holds one second, of which 16 dangerous commands, and a hundred bytes a file.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set, search::Points, walk};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"#TS:100\r\n*1\r\n$7\r\nFLUSHDB\r\n#TS:105\r\n*1\r\n$4\r\nPING\r\n");
/// let mut seconds = Vec::new();
/// let mut points = Points::new(|point| seconds.push(point.clone()), |_, _, _| {});
/// walk::walk(&Set::single(b"a.aof"), &files, &mut points);
/// assert_eq!((seconds[0].time, seconds[0].end, seconds[0].danger_count), (Some(100), 26, 1));
/// assert_eq!((seconds[1].time, seconds[1].gap), (Some(105), Some(5)));
/// ```
#[derive(Debug)]
pub struct Points<F, H> {
    each: F,
    hints: H,
    files: Vec<FilePoints>,
    now: Option<Point>,
    last: Option<i64>,
    latest_hint: i64,
}

impl<F: FnMut(&Point), H: FnMut(usize, u64, Hint)> Points<F, H> {
    /// `each` is given every second, `hints` the file and the offset of a
    /// command and what it hints at.
    pub fn new(each: F, hints: H) -> Points<F, H> {
        Points {
            each,
            hints,
            files: Vec::new(),
            now: None,
            last: None,
            latest_hint: i64::MIN,
        }
    }

    /// What there is to say of each file that was opened.
    #[must_use]
    pub fn files(&self) -> &[FilePoints] {
        &self.files
    }

    fn second_ends(&mut self, at: u64) {
        if let Some(mut point) = self.now.take() {
            point.end = at;
            (self.each)(&point);
        }
    }

    fn second_begins(&mut self, unit: &Unit<'_>, time: i64) {
        let gap = self.last.map(|last| time.saturating_sub(last));
        self.last = Some(time);
        self.now = Some(Point::new(unit, Some(time), true, gap));
    }

    fn command(&mut self, command: &Command<'_>, unit: &Unit<'_>) {
        let bytes = unit.end - unit.begin;
        let point = self
            .now
            .get_or_insert_with(|| Point::new(unit, unit.time, false, None));
        point.commands += 1;
        point.bytes += bytes;
        if let Some((kind, deleted)) = danger(command) {
            point.deleted += deleted;
            point.danger(kind, unit);
        }
        let Some(file) = self.files.last_mut() else {
            return;
        };
        file.commands += 1;
        file.bytes += bytes;
        if file.annotations > 0 {
            return;
        }
        file.untimed += 1;
        let Some(found) = hint(command) else {
            return;
        };
        if found.kind == HintKind::Before {
            if file
                .before_ms
                .is_none_or(|(least, _)| found.time_ms < least)
            {
                file.before_ms = Some((found.time_ms, unit.begin));
            }
        } else if found.time_ms > self.latest_hint {
            self.latest_hint = found.time_ms;
            (self.hints)(unit.file, unit.cut_at(), found);
        }
    }
}

impl Point {
    fn new(unit: &Unit<'_>, time: Option<i64>, annotated: bool, gap: Option<i64>) -> Point {
        Point {
            time,
            annotated,
            file: unit.file,
            begin: unit.cut_at(),
            end: unit.end,
            gap,
            commands: 0,
            bytes: 0,
            deleted: 0,
            dangers: Vec::new(),
            danger_count: 0,
        }
    }

    fn danger(&mut self, kind: Option<DangerKind>, unit: &Unit<'_>) {
        let Some(kind) = kind else {
            return;
        };
        self.danger_count += 1;
        if self.dangers.len() < TOLD {
            self.dangers.push(Danger {
                kind,
                file: unit.file,
                begin: unit.begin,
                cut: unit.cut_at(),
                db: unit.db,
            });
        }
    }
}

/// What the command does away with, and how many keys it deletes by name.
fn danger(command: &Command<'_>) -> Option<(Option<DangerKind>, u64)> {
    let name = command.name();
    let is = |wanted: &[u8]| name.eq_ignore_ascii_case(wanted);
    if is(b"DEL") || is(b"UNLINK") {
        let keys = command.len() as u64 - 1;
        let kind = (keys >= MANY_KEYS).then_some(DangerKind::Deletes(keys));
        return Some((kind, keys));
    }
    if is(b"FUNCTION") {
        let name = commands::spec(command)?.name();
        let drops = matches!(name, b"function|flush" | b"function|delete");
        return drops.then_some((Some(DangerKind::DropsFunctions), 0));
    }
    let kind = match reach(command) {
        Reach::All => DangerKind::FlushAll,
        Reach::Whole => DangerKind::FlushDb,
        Reach::Swap(a, b) => DangerKind::SwapDb(a, b),
        Reach::Selected | Reach::Move(_) | Reach::Copy(_) => return None,
    };
    Some((Some(kind), 0))
}

impl<F: FnMut(&Point), H: FnMut(usize, u64, Hint)> Visitor for Points<F, H> {
    fn file(&mut self, _index: usize) {
        self.files.push(FilePoints::default());
    }

    fn preamble(&mut self, _index: usize, event: &rdbkit_rdb::Event<'_>) {
        let Part::Aux { name, value } = event else {
            return;
        };
        let is_ctime = name.to_vec().is_ok_and(|name| name == b"ctime");
        if let Some(file) = self.files.last_mut().filter(|_| is_ctime) {
            let text = value.to_vec().unwrap_or_default();
            file.created = std::str::from_utf8(&text).ok().and_then(|t| t.parse().ok());
        }
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        match &unit.item {
            Item::Command(command) | Item::Abridged(command) => self.command(command, unit),
            Item::Annotation(line) => {
                if let Some(time) = line.timestamp() {
                    if let Some(file) = self.files.last_mut() {
                        file.annotations += 1;
                    }
                    self.second_ends(unit.cut_at());
                    self.second_begins(unit, time);
                }
            }
        }
    }

    fn file_end(&mut self, _index: usize, end: &FileEnd) {
        if let Some(file) = self.files.last_mut() {
            file.end = end.safe;
        }
        self.second_ends(end.safe);
    }
}

#[cfg(test)]
mod tests;
