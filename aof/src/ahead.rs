//! Reading one large file with several threads.
//!
//! Nearly all commands of a log ask for nothing but to be counted. Workers read
//! the file in pieces, count those, and put aside the rest: MULTI, EXEC, SELECT,
//! annotations, whatever is odd. The one who follows the log takes what was put
//! aside in the order of the file, with the numbers of what was between, and so
//! comes to the same end as alone.
//!
//! ```text
//!     piece 0        piece 1        piece 2       as long as each other
//! |--------------|--------------|------------
//! ccccccccAcccccc~~ccccccMcccccc~~cccccccccc      c counted, A and M put aside
//!                ^ a worker begins at what looks like a command behind its first byte
//! ```
//!
//! Where a command begins inside of a file cannot be known: a value may hold
//! commands. So what a worker says of a piece counts if the one who follows, having
//! read everything before, comes to the very byte where the worker began. What is
//! between two pieces (`~`), and a piece that was begun wrongly, he reads himself.

use std::convert::Infallible;
use std::io::{self, Read};
use std::num::NonZero;
use std::ops::Range;
use std::thread;

use crate::command::Command;
use crate::error::Error;
use crate::limits::Limits;
use crate::reader::StreamReader;
use crate::resp::Sink;
use crate::source::Source;

mod crew;
mod piece;

use crew::Crew;
use piece::Piece;

/// What [`Ahead::piece`] should be.
pub(crate) const PIECE: u64 = 4 << 20;

/// Files of more pieces are worth it.
const WORTH: u64 = 8;

/// Files of more bytes are worth it.
pub(crate) const LARGE: u64 = WORTH * PIECE;

/// Window of a worker: it stays in the fast memory of its processor.
pub(crate) const WINDOW: usize = 256 << 10;

/// For the few bytes between two pieces.
const BETWEEN: usize = 16 << 10;

/// More threads would wait for the one who follows.
const MOST: usize = 8;

/// Follows a log, and can be told of commands that somebody else has counted.
pub(crate) trait Follow: Sink {
    /// Counts in his place.
    type Counter: Counter;

    /// One of those, if there can be.
    fn counter(&self) -> Option<Self::Counter>;

    /// The line of the next command.
    fn line(&self) -> u64;

    /// Up to which byte others may count; less than the next one where all
    /// commands have to come as events.
    fn until(&self) -> u64;

    /// Commands that were counted.
    fn pass(&mut self, passed: &Passed);

    /// What was found out about those of a piece.
    fn add(&mut self, sum: <Self::Counter as Counter>::Sum);
}

/// Tells which commands need only be counted.
pub(crate) trait Counter: Send {
    /// What is found out about the commands of a piece.
    type Sum: Send;

    /// A piece begins, which may follow none that was read.
    fn begin(&mut self);

    /// Counts a command if it is one of those.
    fn counts(&mut self, command: &Command<'_>) -> Counted;

    /// The same with a closer look: never [`Counted::Perhaps`].
    fn learns(&mut self, command: &Command<'_>) -> Counted;

    /// The sum of a piece, which has ended.
    fn sum(&mut self) -> Self::Sum;
}

/// What becomes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// It was counted.
    Yes,
    /// It is to be seen.
    No,
    /// [`Counter::learns`] knows.
    Perhaps,
    /// It begins a transaction: to be seen, unless that ends in the same piece with
    /// nothing in it that is to be seen.
    Begins,
    /// It ends one.
    Ends,
}

/// Of one who can have none.
impl Counter for Infallible {
    type Sum = ();

    fn begin(&mut self) {}

    fn counts(&mut self, _: &Command<'_>) -> Counted {
        match *self {}
    }

    fn learns(&mut self, _: &Command<'_>) -> Counted {
        match *self {}
    }

    fn sum(&mut self) {}
}

/// Commands one behind the other that were counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Passed {
    /// How many; at least one.
    pub commands: u64,
    /// Their arguments, the names among them.
    pub args: u64,
    /// Transactions among them, of which `MULTI` and `EXEC` were counted.
    pub transactions: u64,
    /// Where the first begins, the last begins, and the last ends.
    pub begin: u64,
    pub last: u64,
    pub end: u64,
}

/// As many threads as were `asked` for; 0 is one a processor.
pub(crate) fn available(asked: usize) -> usize {
    match asked {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        asked => asked,
    }
}

/// How many threads may read a file, in pieces of how many bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threads {
    /// 0 is one a processor.
    pub count: usize,
    pub piece: u64,
}

impl Threads {
    pub const ONE: Threads = Threads {
        count: 1,
        piece: PIECE,
    };
}

/// A file that can be opened as often as one likes.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'s> {
    pub source: &'s dyn Source,
    pub name: &'s [u8],
    /// How many threads may read.
    pub threads: usize,
    /// Bytes of a piece.
    pub piece: u64,
}

/// A reader of such a file.
pub(crate) type Reader<'s> = StreamReader<Metered<Box<dyn Read + Send + 's>>>;

impl<'s> Ahead<'s> {
    /// For a file that is large enough, if there may be several threads.
    pub fn of(source: &'s dyn Source, name: &'s [u8], threads: Threads) -> Option<Ahead<'s>> {
        let Threads { count, piece } = threads;
        let count = available(count);
        let large = || source.size(name).is_some_and(|bytes| bytes > WORTH * piece);
        (count > 1 && large()).then_some(Ahead {
            source,
            name,
            threads: count,
            piece,
        })
    }

    /// A reader of what stands from `offset` on, which is in that line.
    ///
    /// # Errors
    ///
    /// Of the source, where the file cannot be opened once more.
    pub fn open(&self, offset: u64, line: u64, window: usize) -> io::Result<Reader<'s>> {
        let source = Metered {
            source: self.source.open_at(self.name, offset)?,
            bytes: offset,
        };
        let mut reader = StreamReader::at(offset, source, window, Limits::default());
        reader.count_from(line);
        Ok(reader)
    }

    /// Hands commands from `begin` on to the one who follows, as long as others may
    /// count for him: how far he came, and where he had to stop if it is an error
    /// that stopped him. The end of the file, at which servers look more closely,
    /// is left to be read.
    pub fn read<F: Follow>(
        self,
        begin: u64,
        follower: &mut F,
    ) -> (u64, Option<(Reader<'s>, Error)>) {
        let counters = (0..self.threads.min(MOST)).filter_map(|_| follower.counter());
        let counters: Vec<F::Counter> = counters.collect();
        let until = follower.until();
        let ranges = (0..)
            .map(|index| self.range(begin, index))
            .take_while(move |range| range.end <= until);
        thread::scope(|scope| {
            let crew = Crew::new(scope, counters, |range, counter, window| {
                piece::read(self.source, self.name, range, begin, counter, window)
            });
            self.follow(begin, crew.run(ranges), follower)
        })
    }

    fn range(&self, begin: u64, index: u64) -> Range<u64> {
        let start = begin.saturating_add(index.saturating_mul(self.piece));
        start..start.saturating_add(self.piece)
    }

    fn follow<F: Follow>(
        &self,
        begin: u64,
        pieces: impl Iterator<Item = Piece<<F::Counter as Counter>::Sum>>,
        follower: &mut F,
    ) -> (u64, Option<(Reader<'s>, Error)>) {
        let mut at = begin;
        for piece in pieces {
            let targets = [piece.begin, piece.range.end];
            let mut piece = Some(piece);
            for target in targets {
                if let Some(piece) = piece.take_if(|piece| piece.begin == at) {
                    let end = piece.end;
                    at = piece.tell(follower);
                    if at != end {
                        return (at, None);
                    }
                }
                if at >= target {
                    continue;
                }
                let Ok(mut reader) = self.open(at, follower.line(), BETWEEN) else {
                    return (at, None);
                };
                if let Err(error) = hand_on(target, &mut reader, follower) {
                    return (at, Some((reader, error)));
                }
                if reader.offset() == at {
                    // The file became shorter.
                    return (at, None);
                }
                at = reader.offset();
            }
        }
        (at, None)
    }
}

/// Hands on what stands up to `target`, or further where something reaches
/// beyond it.
pub(crate) fn hand_on<R: Read>(
    target: u64,
    reader: &mut StreamReader<R>,
    sink: &mut impl Sink,
) -> Result<(), Error> {
    while reader.offset() < target || !reader.at_unit() {
        let offset = reader.offset();
        match reader.next_event()? {
            Some(event) => sink.event(event, offset),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// A source that tells how much was read of it.
#[derive(Debug)]
pub(crate) struct Metered<R> {
    pub source: R,
    pub bytes: u64,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buf)?;
        self.bytes += read as u64;
        Ok(read)
    }
}
