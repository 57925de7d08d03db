//! A part of a file, read by a worker.

use std::io::Read;
use std::ops::Range;

use crate::ahead::{Counted, Counter, Follow, Passed, WINDOW};
use crate::command::Command;
use crate::event::{Annotation, Event};
use crate::limits::Limits;
use crate::reader::{Held, StreamReader};
use crate::resp::Sink;
use crate::scan::{self, Form};
use crate::source::Source;

/// How much of a piece may be put aside: more is left to be read again.
pub(super) const ASIDE: usize = 32 << 10;
const ASIDE_BYTES: usize = 1 << 20;

/// What a worker has to say of a piece.
pub(super) struct Piece<S> {
    /// The bytes it was to read.
    pub range: Range<u64>,
    /// The first command it looked at.
    pub begin: u64,
    /// Behind the last one.
    pub end: u64,
    aside: Vec<Aside>,
    /// The bytes of what was put aside.
    bytes: Vec<u8>,
    /// What was counted behind the last of those.
    run: Counts,
    sum: S,
}

/// Something that has to be seen.
struct Aside {
    /// What was counted between it and the one before.
    run: Counts,
    offset: u64,
    size: usize,
    /// `None` of an annotation.
    command: Option<Form>,
}

/// Commands one behind the other.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    commands: u64,
    args: u64,
    transactions: u64,
    /// Where the last one begins.
    last: u64,
}

impl Counts {
    #[inline(always)]
    fn count(&mut self, command: &Command<'_>, offset: u64) {
        self.commands += 1;
        self.args += command.len() as u64;
        self.last = offset;
    }

    /// As if all of it followed `before`, and had a command at least.
    fn follow(&mut self, before: Counts) {
        self.commands += before.commands;
        self.args += before.args;
        self.transactions += before.transactions;
    }
}

/// Reads a piece of a log that begins at `begin`; `None` behind the end of the
/// file, and where it cannot be read. `window` is kept from piece to piece.
pub(super) fn read<C: Counter>(
    source: &dyn Source,
    name: &[u8],
    range: Range<u64>,
    begin: u64,
    counter: &mut C,
    window: &mut Vec<u8>,
) -> Option<Piece<C::Sum>> {
    let size = range.end - range.start;
    let mut bytes = source.open_at(name, range.start).ok()?.take(size);
    window.clear();
    (&mut bytes).take(WINDOW as u64).read_to_end(window).ok()?;
    if window.is_empty() {
        return None;
    }
    counter.begin();
    let found = if range.start == begin {
        Some(0)
    } else {
        first_command(window)
    };
    let Some(skipped) = found else {
        // Nothing that is to be told: the one who follows looks for himself.
        return Some(Piece {
            begin: range.end,
            end: range.end,
            range,
            aside: Vec::new(),
            bytes: Vec::new(),
            run: Counts::default(),
            sum: counter.sum(),
        });
    };
    let begin = range.start + skipped as u64;
    let held = skipped..window.len();
    window.resize(WINDOW, 0);
    let held = Held {
        window: std::mem::take(window),
        range: held,
    };
    let mut reader = StreamReader::holding(begin, held, bytes, Limits::default());
    let mut reading = Reading {
        counter,
        aside: Vec::new(),
        bytes: Vec::new(),
        run: Counts::default(),
        closed: false,
        begun: None,
        stopped: None,
    };
    let read = reader.drive(&mut reading);
    let end = match (reading.stopped, read) {
        (Some(at), _) => at,
        (None, Ok(())) => reader.offset(),
        (None, Err(error)) => error.token_offset(),
    };
    *window = reader.into_window();
    Some(Piece {
        range,
        begin,
        end,
        aside: reading.aside,
        bytes: reading.bytes,
        run: reading.run,
        sum: reading.counter.sum(),
    })
}

/// What looks like the first command: it is as servers write it, stands behind
/// a line end, and there is another one behind it.
fn first_command(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(behind) = bytes.get(at..) {
        let line = behind.windows(4).position(|w| w.starts_with(b"\r\n*"))?;
        at += line + 2;
        let command = bytes.get(at..).unwrap_or_default();
        if let Some((.., [b'*' | b'#', ..])) = scan::strict_command(command) {
            return Some(at);
        }
    }
    None
}

impl<S> Piece<S> {
    /// Tells what the worker has to say: up to where, which is before the end if
    /// all commands behind it have to be seen.
    pub fn tell<F: Follow>(self, follower: &mut F) -> u64
    where
        F::Counter: Counter<Sum = S>,
    {
        let mut bytes = self.bytes.as_slice();
        let mut at = self.begin;
        for aside in &self.aside {
            if !pass(follower, aside.run, at..aside.offset) {
                return at;
            }
            let (raw, rest) = bytes.split_at_checked(aside.size).unwrap_or_default();
            bytes = rest;
            let event = match aside.command {
                Some(form) => Event::Command(Command::of(raw, form)),
                None => Event::Annotation(Annotation::new(raw)),
            };
            follower.event(event, aside.offset);
            at = aside.offset + aside.size as u64;
        }
        if !pass(follower, self.run, at..self.end) {
            return at;
        }
        follower.add(self.sum);
        self.end
    }
}

/// Whether the follower could be told of commands that were counted there.
fn pass(follower: &mut impl Follow, run: Counts, range: Range<u64>) -> bool {
    if run.commands == 0 {
        return true;
    }
    if follower.until() < range.end {
        return false;
    }
    follower.pass(&Passed {
        commands: run.commands,
        args: run.args,
        transactions: run.transactions,
        begin: range.start,
        last: run.last,
        end: range.end,
    });
    true
}

/// Takes the events of a piece.
struct Reading<'c, C> {
    counter: &'c mut C,
    aside: Vec<Aside>,
    bytes: Vec<u8>,
    run: Counts,
    /// No transaction is open: the last that was put aside, or counted, ended one.
    closed: bool,
    /// So many were put aside with the `MULTI` of the transaction that is open.
    begun: Option<usize>,
    /// What begins here and all behind it are left to be read again.
    stopped: Option<u64>,
}

impl<C: Counter> Sink for Reading<'_, C> {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, offset: u64) {
        if self.stopped.is_some() {
            return;
        }
        let Event::Command(command) = event else {
            return self.put_aside(event, offset);
        };
        let mut counted = self.counter.counts(&command);
        if counted == Counted::Perhaps {
            counted = self.counter.learns(&command);
        }
        match counted {
            Counted::Yes => self.run.count(&command, offset),
            Counted::No | Counted::Perhaps => self.put_aside(event, offset),
            Counted::Begins => self.begin(&command, offset),
            Counted::Ends => self.end(&command, offset),
        }
    }

    fn enough(&self) -> bool {
        self.stopped.is_some()
    }
}

impl<C: Counter> Reading<'_, C> {
    /// A transaction, which is known to be one if none was open.
    fn begin(&mut self, multi: &Command<'_>, offset: u64) {
        let closed = self.closed;
        self.put_aside(Event::Command(*multi), offset);
        self.begun = closed.then_some(self.aside.len());
    }

    /// Its end: what was put aside last is taken back if that is its beginning.
    fn end(&mut self, exec: &Command<'_>, offset: u64) {
        if self.begun == Some(self.aside.len())
            && let Some(multi) = self.aside.pop()
        {
            self.bytes.truncate(self.bytes.len() - multi.size);
            self.run.count(exec, offset);
            // MULTI has no arguments but its name, or it is not taken for one.
            self.run.follow(multi.run);
            self.run.follow(Counts {
                commands: 1,
                args: 1,
                transactions: 1,
                last: 0,
            });
        } else {
            self.put_aside(Event::Command(*exec), offset);
        }
        (self.closed, self.begun) = (true, None);
    }

    #[inline(never)]
    fn put_aside(&mut self, event: Event<'_>, offset: u64) {
        let (raw, command) = match event {
            Event::Command(command) => (command.as_raw(), Some(command.form())),
            // Without its line end it is the end of the piece that cuts it.
            Event::Annotation(line) if line.is_complete() => (line.as_raw(), None),
            // A command that is longer than can be held.
            _ => {
                self.stopped = Some(offset);
                return;
            }
        };
        if self.aside.len() >= ASIDE || self.bytes.len() + raw.len() > ASIDE_BYTES {
            self.stopped = Some(offset);
            return;
        }
        // It may begin a transaction, in whatever form.
        self.closed = false;
        self.bytes.extend_from_slice(raw);
        self.aside.push(Aside {
            run: std::mem::take(&mut self.run),
            offset,
            size: raw.len(),
            command,
        });
    }
}
