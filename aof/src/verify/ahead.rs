//! Judging one large file with several threads.
//!
//! Nearly all commands of a log ask for nothing but to be counted. Workers read
//! the file in pieces, count those, and put aside the rest: MULTI, EXEC, SELECT,
//! annotations, whatever is odd. The judge takes what was put aside in the order
//! of the file, with the numbers of what was between, and so comes to the same
//! report as alone.
//!
//! ```text
//!     piece 0        piece 1        piece 2       as long as each other
//! |--------------|--------------|------------
//! ccccccccAcccccc~~ccccccMcccccc~~cccccccccc      c counted, A and M put aside
//!                ^ a worker begins at what looks like a command behind its first byte
//! ```
//!
//! Where a command begins inside of a file cannot be known: a value may hold
//! commands. So what a worker says of a piece counts if the judge, having read
//! everything before, comes to the very byte where the worker began. What is
//! between two pieces (`~`), and a piece that was begun wrongly, it reads itself.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use rdbkit_rdb::verify::Server;

use crate::command::Command;
use crate::error::Error;
use crate::event::{Annotation, Event};
use crate::limits::Limits;
use crate::reader::StreamReader;
use crate::resp::Sink;
use crate::scan::{self, Quirks};
use crate::source::Source;
use crate::verify::file::Counted;
use crate::verify::judge::Judge;
use crate::verify::known;
use crate::verify::names::{Class, Names};

/// What [`Ahead::piece`] should be.
pub(super) const PIECE: u64 = 4 << 20;

/// Window of a worker: it stays in the fast memory of its processor.
const WINDOW: usize = 256 << 10;

/// The judge's own, for the few bytes between two pieces.
const BETWEEN: usize = 16 << 10;

/// How much of a piece may be put aside: more is left to the judge.
const ASIDE: usize = 32 << 10;
const ASIDE_BYTES: usize = 1 << 20;

/// More threads would wait for the judge.
const MOST: usize = 8;

/// A file that can be opened as often as one likes.
#[derive(Clone, Copy)]
pub(super) struct Ahead<'s> {
    pub source: &'s dyn Source,
    pub name: &'s [u8],
    /// How many threads may read.
    pub threads: usize,
    /// Bytes of a piece.
    pub piece: u64,
}

/// Where the judge stands in the end, and why it goes no further.
pub(super) type Stood<'s> = (
    StreamReader<Counted<Box<dyn Read + Send + 's>>>,
    Option<Error>,
);

impl<'s> Ahead<'s> {
    fn open(
        &self,
        offset: u64,
        line: u64,
        window: usize,
    ) -> io::Result<StreamReader<Counted<Box<dyn Read + Send + 's>>>> {
        let source = Counted {
            source: self.source.open_at(self.name, offset)?,
            bytes: offset,
        };
        let mut reader = StreamReader::at(offset, source, window, Limits::default());
        reader.count_from(line);
        Ok(reader)
    }

    /// Hands all commands from `begin` on to the judge.
    ///
    /// # Errors
    ///
    /// Of the source, where the file cannot be opened once more.
    pub fn judge(self, begin: u64, judge: &mut Judge<'_>) -> io::Result<Stood<'s>> {
        let workers = self.threads.min(MOST) as u64;
        let server = judge.server();
        let (at, read) = thread::scope(|scope| {
            let pieces: Vec<Receiver<Piece>> = (0..workers)
                .map(|first| {
                    // One piece waits while the next is read.
                    let (send, pieces) = sync_channel(1);
                    scope.spawn(move || self.work(begin, first, workers, server, &send));
                    pieces
                })
                .collect();
            self.follow(begin, &pieces, judge)
        });
        // From here on to the end, at which servers look more closely.
        match read {
            Some(stood) => Ok(stood),
            None => Ok((self.open(at, judge.line(), WINDOW)?, None)),
        }
    }

    /// The judge's part, until there are no more pieces: how far it came, or
    /// where it had to stop.
    fn follow(
        &self,
        begin: u64,
        pieces: &[Receiver<Piece>],
        judge: &mut Judge<'_>,
    ) -> (u64, Option<Stood<'s>>) {
        let mut at = begin;
        // A worker is gone at the end of the file, or because it failed.
        for index in 0.. {
            let next = pieces.get((index % pieces.len() as u64) as usize);
            let Some(piece) = next.and_then(|pieces| pieces.recv().ok()) else {
                break;
            };
            for target in [piece.begin, begin + (index + 1) * self.piece] {
                if at == piece.begin {
                    piece.tell(judge);
                    at = piece.end;
                }
                if at >= target {
                    continue;
                }
                let Ok(mut reader) = self.open(at, judge.line(), BETWEEN) else {
                    return (at, None);
                };
                if let Err(error) = until(target, &mut reader, judge) {
                    return (at, Some((reader, Some(error))));
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

    /// A worker's part: every piece of its own.
    fn work(
        &self,
        begin: u64,
        first: u64,
        workers: u64,
        server: Server,
        pieces: &SyncSender<Piece>,
    ) {
        let mut names = Names::new();
        for index in (first..).step_by(workers as usize) {
            let range = begin + index * self.piece..begin + (index + 1) * self.piece;
            let Ok(Some(piece)) = self.piece(range, index == 0, server, &mut names) else {
                return;
            };
            // Nobody waits any more where the judge had to stop.
            if pieces.send(piece).is_err() {
                return;
            }
        }
    }

    /// Reads a piece, of which the `first` begins with a command; `None` behind the
    /// end of the file.
    fn piece(
        &self,
        range: std::ops::Range<u64>,
        first: bool,
        server: Server,
        names: &mut Names,
    ) -> io::Result<Option<Piece>> {
        let size = range.end - range.start;
        let mut bytes = self.source.open_at(self.name, range.start)?.take(size);
        let mut held = Vec::new();
        (&mut bytes).take(WINDOW as u64).read_to_end(&mut held)?;
        if held.is_empty() {
            return Ok(None);
        }
        let found = if first { Some(0) } else { first_command(&held) };
        let Some(skipped) = found else {
            // Nothing that is to be told: the judge looks for itself.
            return Ok(Some(Piece::empty(range.end)));
        };
        held.drain(..skipped);
        let begin = range.start + skipped as u64;
        let mut reader = StreamReader::behind(begin, held, bytes, WINDOW, Limits::default());
        let mut piece = Piece::empty(begin);
        let mut reading = Reading {
            piece: &mut piece,
            names,
            server,
            stopped: None,
        };
        let read = reader.drive(&mut reading);
        let stopped = reading.stopped;
        piece.end = match (stopped, read) {
            (Some(at), _) => at,
            (None, Ok(())) => reader.offset(),
            (None, Err(error)) => error.token_offset(),
        };
        piece.names = names.take();
        Ok(Some(piece))
    }
}

/// Hands on what stands up to `target`, or further where something reaches
/// beyond it.
fn until<R: Read>(
    target: u64,
    reader: &mut StreamReader<R>,
    judge: &mut Judge<'_>,
) -> Result<(), Error> {
    while reader.offset() < target || !reader.at_unit() {
        let offset = reader.offset();
        match reader.next_event()? {
            Some(event) => judge.event(event, offset),
            None => return Ok(()),
        }
    }
    Ok(())
}

/// What looks like the first command: it is as servers write it, stands behind
/// a line end, and there is another one behind it.
fn first_command(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(behind) = bytes.get(at..) {
        let line = behind.windows(4).position(|w| w.starts_with(b"\r\n*"))?;
        at += line + 2;
        let command = bytes.get(at..).unwrap_or_default();
        if let Some((size, _)) = scan::strict_command(command)
            && matches!(command.get(size), Some(b'*' | b'#'))
        {
            return Some(at);
        }
    }
    None
}

/// What a worker has to say of a piece.
#[derive(Debug)]
struct Piece {
    /// The first command it looked at.
    begin: u64,
    /// Behind the last one.
    end: u64,
    aside: Vec<Aside>,
    /// The bytes of what was put aside.
    bytes: Vec<u8>,
    /// Commands behind the last of those, and their arguments.
    commands: u64,
    args: u64,
    /// How often each counted command came.
    names: Vec<(Vec<u8>, u64)>,
}

/// Something the judge has to see.
#[derive(Debug)]
struct Aside {
    /// Commands between it and the one before, and their arguments.
    commands: u64,
    args: u64,
    offset: u64,
    size: usize,
    /// `None` of an annotation.
    command: Option<(u32, Quirks)>,
}

impl Piece {
    fn empty(at: u64) -> Piece {
        Piece {
            begin: at,
            end: at,
            aside: Vec::new(),
            bytes: Vec::new(),
            commands: 0,
            args: 0,
            names: Vec::new(),
        }
    }

    fn tell(&self, judge: &mut Judge<'_>) {
        let mut bytes = self.bytes.as_slice();
        for aside in &self.aside {
            judge.pass(aside.commands, aside.args);
            let (raw, rest) = bytes.split_at_checked(aside.size).unwrap_or_default();
            bytes = rest;
            let event = match aside.command {
                Some((args, quirks)) => Event::Command(Command::new(raw, args, quirks)),
                None => Event::Annotation(Annotation::new(raw)),
            };
            judge.event(event, aside.offset);
        }
        judge.pass(self.commands, self.args);
        judge.add_names(&self.names);
    }
}

/// Takes the events of a piece.
struct Reading<'p> {
    piece: &'p mut Piece,
    names: &'p mut Names,
    server: Server,
    /// What begins here and all behind it are left to the judge.
    stopped: Option<u64>,
}

impl Sink for Reading<'_> {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, offset: u64) {
        if self.stopped.is_some() {
            return;
        }
        if let Event::Command(command) = event
            && self.names.see(&command) == Some(Class::Plain)
        {
            self.piece.commands += 1;
            self.piece.args += command.len() as u64;
            return;
        }
        self.look_at(event, offset);
    }

    fn enough(&self) -> bool {
        self.stopped.is_some()
    }
}

impl Reading<'_> {
    #[cold]
    #[inline(never)]
    fn look_at(&mut self, event: Event<'_>, offset: u64) {
        let (raw, command) = match event {
            Event::Command(command) => {
                if let Some((least, most)) = known::plain(&command, self.server) {
                    self.names.learn(&command, Class::Plain, least, most);
                    if self.names.see(&command).is_some() {
                        self.piece.commands += 1;
                        self.piece.args += command.len() as u64;
                        return;
                    }
                }
                let form = (command.len() as u32, command.quirks());
                (command.as_raw(), Some(form))
            }
            // Without its line end it is the end of the piece that cuts it.
            Event::Annotation(line) if line.is_complete() => (line.as_raw(), None),
            // A command that is longer than can be held.
            _ => {
                self.stopped = Some(offset);
                return;
            }
        };
        let piece = &mut self.piece;
        if piece.aside.len() >= ASIDE || piece.bytes.len() + raw.len() > ASIDE_BYTES {
            self.stopped = Some(offset);
            return;
        }
        piece.bytes.extend_from_slice(raw);
        piece.aside.push(Aside {
            commands: std::mem::take(&mut piece.commands),
            args: std::mem::take(&mut piece.args),
            offset,
            size: raw.len(),
            command,
        });
    }
}

#[cfg(test)]
mod tests;
