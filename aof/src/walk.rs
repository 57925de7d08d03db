//! One pass over a whole log, command by command, with what is in force there:
//! the database, the time, the transaction.

use std::io;

use crate::ahead::{Ahead, Threads};
use crate::command::Command;
use crate::database::Selected;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Annotation, Event};
use crate::limits::Limits;
use crate::name::{Control, Name};
use crate::reader::StreamReader;
use crate::resp::Sink;
use crate::set::Set;
use crate::source::Source;
use crate::transaction::{Place, Transactions};

mod abridged;
mod ahead;
mod skim;

use abridged::Abridged;
use skim::Each;
pub(crate) use skim::{Run, Skimmer, Stands};

/// Window of one file.
const WINDOW: usize = 256 << 10;

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// A command.
    Command(Command<'a>),
    /// A command too long to be held, with its arguments cut short: to be looked
    /// at, not to be written. See [`walk`] for how much is there.
    Abridged(Command<'a>),
    /// A line between commands.
    Annotation(Annotation<'a>),
}

impl<'a> Item<'a> {
    /// The command, whole or not.
    #[inline]
    #[must_use]
    pub fn command(&self) -> Option<Command<'a>> {
        match self {
            Item::Command(command) | Item::Abridged(command) => Some(*command),
            Item::Annotation(_) => None,
        }
    }

    /// Whether arguments were left out: of an [`Abridged`](Self::Abridged) command
    /// only the first 64 MiB are kept.
    #[must_use]
    pub fn lacks_arguments(&self) -> bool {
        matches!(self, Item::Abridged(command) if command.as_raw().len() >= abridged::COMMAND)
    }
}

/// One command or annotation, and what is in force where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Unit<'a> {
    /// What it is.
    pub item: Item<'a>,
    /// Which of [`Set::files`] it stands in.
    pub file: usize,
    /// Offset of its first byte in that file.
    pub begin: u64,
    /// Offset behind its last byte.
    pub end: u64,
    /// The database it works on.
    pub db: u64,
    /// The last `#TS` time before it, in this file or an earlier one: Unix seconds.
    /// Of a `#TS` line, its own.
    pub time: Option<i64>,
    /// Where in a transaction it stands.
    pub place: Place,
    /// Where that transaction began: at the `MULTI`, of which this is the offset.
    pub transaction: Option<u64>,
    /// The database in force if the log were cut at [`cut_at`](Self::cut_at).
    pub settled: u64,
    /// Its name, where that is told fast.
    pub(crate) name: Option<Name>,
}

impl Unit<'_> {
    /// Where a log must be cut to lose this unit and nothing before it that
    /// could stay: at its first byte, or at the `MULTI` of its transaction.
    #[must_use]
    pub fn cut_at(&self) -> u64 {
        self.transaction.unwrap_or(self.begin)
    }
}

/// How a file ended.
#[derive(Debug)]
pub struct FileEnd {
    /// Bytes of the RDB file at the front; 0 if there is none.
    pub preamble: u64,
    /// How far it could be read.
    pub end: u64,
    /// How far it is whole, see [`Transactions::safe_offset`].
    pub safe: u64,
    /// Where the transaction began that is open at the end.
    pub open: Option<u64>,
    /// The database in force at `safe`.
    pub settled: u64,
    /// The last `#TS` time so far.
    pub time: Option<i64>,
    /// Why it could not be read to its end.
    pub error: Option<Error>,
    /// What is in force there, for a walk that goes on behind damage.
    pub(crate) state: State,
}

/// What is in force at a place of a file.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub time: Option<i64>,
    pub transactions: Transactions,
    pub selected: Selected,
}

impl State {
    /// At the beginning of a file, or behind its RDB preamble.
    pub fn new(offset: u64, time: Option<i64>) -> State {
        State {
            time,
            transactions: Transactions::new(offset),
            selected: Selected::new(),
        }
    }
}

/// Takes what [`walk`] comes by.
pub trait Visitor {
    /// File `index` of [`Set::files`] begins.
    fn file(&mut self, index: usize) {
        let _ = index;
    }

    /// Something of the RDB file at the front of file `index`.
    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        let _ = (index, event);
    }

    /// The next command or annotation.
    fn unit(&mut self, unit: &Unit<'_>);

    /// File `index` has been read as far as it can be.
    fn file_end(&mut self, index: usize, end: &FileEnd) {
        let _ = (index, end);
    }

    /// Whether the walk may end here. It is asked once a window, so some units
    /// may come all the same; the file at hand ends early, without an error, and
    /// no other is opened.
    fn enough(&self) -> bool {
        false
    }
}

/// Reads all files of a log in the order servers load them. A file that cannot
/// be read to its end is left there; the walk goes on with the next one.
///
/// Gives how each file ended that was opened. A file that is not there ends with
/// [`ErrorKind::Io`].
///
/// # Limits
///
/// Holds one window. Of a command of more than [`Limits::command`] bytes, by
/// default 1 MiB, the first 64 KiB of each argument are kept, and the arguments
/// that fit 64 MiB: see [`Item::Abridged`].
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set, walk::{self, Unit, Visitor}};
///
/// struct Databases(Vec<u64>);
/// impl Visitor for Databases {
///     fn unit(&mut self, unit: &Unit<'_>) {
///         self.0.push(unit.db);
///     }
/// }
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*2\r\n$6\r\nSELECT\r\n$1\r\n5\r\n*1\r\n$7\r\nFLUSHDB\r\n");
/// let mut databases = Databases(Vec::new());
/// let ends = walk::walk(&Set::single(b"a.aof"), &files, &mut databases);
/// assert_eq!(databases.0, [0, 5]);
/// assert!(ends[0].error.is_none());
/// ```
pub fn walk(set: &Set, source: &dyn Source, visitor: &mut dyn Visitor) -> Vec<FileEnd> {
    walk_with(set, source, Limits::default(), visitor)
}

/// As [`walk`], with limits of the caller's.
pub fn walk_with<V: Visitor + ?Sized>(
    set: &Set,
    source: &dyn Source,
    limits: Limits,
    visitor: &mut V,
) -> Vec<FileEnd> {
    all(set, source, limits, Threads::ONE, &mut Each(visitor))
}

/// As [`walk`], for one who does not look at every command; large files are read
/// by several threads. What is wrong with a file is told without its line.
pub(crate) fn skim<V: Skimmer>(
    set: &Set,
    source: &dyn Source,
    threads: Threads,
    visitor: &mut V,
) -> Vec<FileEnd> {
    all(set, source, Limits::default(), threads, visitor)
}

fn all<V: Skimmer>(
    set: &Set,
    source: &dyn Source,
    limits: Limits,
    threads: Threads,
    visitor: &mut V,
) -> Vec<FileEnd> {
    let from = Opening {
        source,
        limits,
        threads,
    };
    let mut ends: Vec<FileEnd> = Vec::with_capacity(set.files().len());
    for (index, file) in set.files().iter().enumerate() {
        visitor.file(index);
        let time = ends.last().and_then(|end| end.time);
        let end = one(index, &file.name, time, from, visitor);
        visitor.file_end(index, &end);
        ends.push(end);
        if visitor.enough() {
            break;
        }
    }
    ends
}

/// Where files come from, and how they are read.
#[derive(Clone, Copy)]
struct Opening<'s> {
    source: &'s dyn Source,
    limits: Limits,
    threads: Threads,
}

/// Reads one file.
pub(crate) fn skim_file<V: Skimmer>(
    file: usize,
    name: &[u8],
    time: Option<i64>,
    source: &dyn Source,
    threads: Threads,
    visitor: &mut V,
) -> FileEnd {
    let limits = Limits::default();
    let from = Opening {
        source,
        limits,
        threads,
    };
    one(file, name, time, from, visitor)
}

impl FileEnd {
    fn unread(time: Option<i64>, error: Error) -> FileEnd {
        FileEnd {
            preamble: 0,
            end: error.token_offset(),
            safe: 0,
            open: None,
            settled: 0,
            time,
            error: Some(error),
            state: State::new(0, time),
        }
    }
}

fn one<V: Skimmer>(
    file: usize,
    name: &[u8],
    time: Option<i64>,
    from: Opening<'_>,
    visitor: &mut V,
) -> FileEnd {
    let opened = from.source.open(name);
    let opened = opened.map_err(|error| Error::new(ErrorKind::Io(error), 0, 0, 1));
    let reader = opened.and_then(|bytes| {
        StreamReader::open_with(bytes, WINDOW, from.limits, |event| {
            visitor.preamble(file, &event);
        })
    });
    let reader = match reader {
        Ok(reader) => reader,
        Err(error) => return FileEnd::unread(time, error),
    };
    let begin = reader.preamble_len();
    let state = State::new(begin, time);
    match Ahead::of(from.source, name, from.threads) {
        Some(ahead) => Follower::new(visitor, file, state).read_ahead(ahead, begin),
        None => rest(file, state, reader, visitor),
    }
}

/// Reads a file of which `bytes` is what stands from `offset` on: a command or
/// an annotation.
pub(crate) fn walk_from<V: Visitor>(
    file: usize,
    offset: u64,
    state: State,
    bytes: impl io::Read,
    visitor: &mut V,
) -> FileEnd {
    skim_from(file, offset, state, bytes, &mut Each(visitor))
}

/// As [`walk_from`], for one who does not look at every command.
pub(crate) fn skim_from<V: Skimmer>(
    file: usize,
    offset: u64,
    state: State,
    bytes: impl io::Read,
    visitor: &mut V,
) -> FileEnd {
    let reader = StreamReader::at(offset, bytes, WINDOW, Limits::default());
    rest(file, state, reader, visitor)
}

/// Reads a file on from where `reader` stands, which is where `state` is in force.
pub(crate) fn walk_rest<V: Visitor + ?Sized>(
    file: usize,
    state: State,
    reader: StreamReader<impl io::Read>,
    visitor: &mut V,
) -> FileEnd {
    rest(file, state, reader, &mut Each(visitor))
}

fn rest<V: Skimmer>(
    file: usize,
    state: State,
    mut reader: StreamReader<impl io::Read>,
    visitor: &mut V,
) -> FileEnd {
    let preamble = reader.preamble_len();
    let mut follower = Follower::new(visitor, file, state);
    let read: Result<()> = reader.drive(&mut follower);
    follower.end(preamble, reader.offset(), read.err())
}

/// Turns the events of one file into units.
struct Follower<'v, V> {
    visitor: &'v mut V,
    file: usize,
    time: Option<i64>,
    transactions: Transactions,
    selected: Selected,
    long: Abridged,
    /// The reading may be interrupted for others to read ahead.
    waiting: bool,
}

impl<V: Skimmer> Sink for Follower<'_, V> {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, offset: u64) {
        match event {
            Event::Command(command) => {
                let end = offset + command.as_raw().len() as u64;
                let name = Name::of(&command);
                if let Some(name) = name
                    && command.quirks().is_none()
                    && self
                        .visitor
                        .skims(&command, name, &self.stands(offset, end))
                {
                    return;
                }
                self.command(Item::Command(command), &command, name, offset, end);
            }
            _ => self.other(event, offset),
        }
    }

    fn enough(&self) -> bool {
        self.visitor.enough() || (self.waiting && self.may_be_ahead())
    }
}

impl<'v, V: Skimmer> Follower<'v, V> {
    fn new(visitor: &'v mut V, file: usize, state: State) -> Follower<'v, V> {
        Follower {
            visitor,
            file,
            time: state.time,
            transactions: state.transactions,
            selected: state.selected,
            long: Abridged::default(),
            waiting: false,
        }
    }

    /// The file has been read up to `offset`.
    fn end(mut self, preamble: u64, offset: u64, error: Option<Error>) -> FileEnd {
        self.settle(offset);
        let Follower {
            time,
            transactions,
            selected,
            ..
        } = self;
        FileEnd {
            preamble,
            end: offset,
            safe: transactions.safe_offset(),
            open: transactions.open_at(),
            settled: selected.settled(),
            time,
            error,
            state: State {
                time,
                transactions,
                selected,
            },
        }
    }

    #[inline(always)]
    fn stands(&self, begin: u64, end: u64) -> Stands {
        let db = self.selected.next();
        Stands { begin, end, db }
    }

    /// Tells of the commands that were passed over, up to `end`.
    #[inline(always)]
    fn settle(&mut self, end: u64) {
        let commands = self.visitor.pending();
        if commands == 0 {
            return;
        }
        let run = Run {
            commands,
            file: self.file,
            db: self.selected.next(),
            time: self.time,
            transaction: self.transactions.open_at(),
        };
        self.transactions.commands(commands, end);
        self.visitor.skimmed(&run);
    }

    #[inline(always)]
    fn command(
        &mut self,
        item: Item<'_>,
        command: &Command<'_>,
        name: Option<Name>,
        begin: u64,
        end: u64,
    ) {
        self.settle(begin);
        let control = match name {
            Some(name) => name.control(),
            None => Control::of(command.name()),
        };
        let open = self.transactions.open_at();
        let place = self.transactions.named(control, begin, end);
        let settled = self.selected.settled();
        let db = self.selected.named(control, command, place);
        let transaction = open.or_else(|| self.transactions.open_at());
        self.visitor.unit(&Unit {
            item,
            file: self.file,
            begin,
            end,
            db,
            time: self.time,
            place,
            transaction,
            settled,
            name,
        });
    }

    #[cold]
    fn other(&mut self, event: Event<'_>, offset: u64) {
        // What was passed over ends here, at an annotation or a piece of a command.
        self.settle(offset);
        if let Event::Annotation(line) = event {
            let end = offset + line.as_raw().len() as u64;
            let place = self.transactions.event(&event, offset, end);
            self.time = line.timestamp().or(self.time);
            let open = self.transactions.open_at();
            self.visitor.unit(&Unit {
                item: Item::Annotation(line),
                file: self.file,
                begin: offset,
                end,
                db: self.selected.next(),
                time: self.time,
                place,
                transaction: open,
                settled: self.selected.settled(),
                name: None,
            });
        } else if let Some((begin, raw)) = self.long.event(&event, offset)
            && let Ok(command) = Command::parse(&raw)
        {
            let name = Name::of(&command);
            self.command(Item::Abridged(command), &command, name, begin, offset);
        }
    }
}

#[cfg(test)]
mod tests;
