//! The sans-IO core: a window of bytes in, at most one token out.
//!
//! ```text
//! log        := (command | annotation)*
//! command    := "*" count CRLF argument*count
//! argument   := "$" length CRLF bytes[length] CRLF
//! annotation := "#" text LF                       only between commands
//! ```
//!
//! That is what servers write. They load more, and so does this decoder, which
//! names the differences ([`Quirks`]): their lines are what C's `fgets` takes
//! into 1024 bytes, their numbers what `atoi` and `strtol` make of them, and
//! the two bytes after an argument are not looked at.
//!
//! A command is one token unless it is longer than [`Limits::command`]; then it
//! is `Begin`, for each argument `Argument` and one or more `Chunk`, and `End`.
//! Which of the two it is depends on its stated lengths alone, never on how the
//! input is cut.

use crate::command::Command;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Annotation, Event};
use crate::limits::Limits;
use crate::scan::{self, Quirks};

/// One thing found in a window, as positions: see [`Event`] for what they mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A whole command.
    Command {
        /// How many arguments it has.
        args: u32,
        /// What differs from the form servers write.
        quirks: Quirks,
    },
    /// A `#` line.
    Annotation,
    /// A long command begins.
    Begin {
        /// How many arguments it has.
        args: u32,
        /// What is odd about the line.
        quirks: Quirks,
    },
    /// An argument of a long command begins.
    Argument {
        /// Its bytes, as stated.
        length: u64,
        /// What is odd about the line.
        quirks: Quirks,
    },
    /// Bytes of the argument, at the front of the window.
    Chunk {
        /// How many.
        length: usize,
        /// Whether the argument ends with them.
        last: bool,
        /// What is odd about the end of the argument.
        quirks: Quirks,
    },
    /// A long command ends.
    End,
}

impl Token {
    /// What the token means, borrowed from the first `used` bytes of the window
    /// it was found in.
    #[inline(always)]
    #[must_use]
    pub fn resolve(self, used: usize, window: &[u8]) -> Event<'_> {
        let raw = window.get(..used).unwrap_or_default();
        match self {
            Token::Command { args, quirks } => Event::Command(Command::new(raw, args, quirks)),
            Token::Annotation => Event::Annotation(Annotation::new(raw)),
            Token::Begin { args, quirks } => Event::Begin { args, quirks },
            Token::Argument { length, quirks } => Event::Argument { length, quirks },
            Token::Chunk {
                length,
                last,
                quirks,
            } => Event::Chunk {
                bytes: raw.get(..length).unwrap_or_default(),
                last,
                quirks,
            },
            Token::End => Event::End,
        }
    }
}

/// What [`Decoder::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One token, from the first `used` bytes of the window.
    Token {
        /// Bytes consumed; 0 for [`Token::End`].
        used: usize,
        /// What was there.
        token: Token,
    },
    /// The window holds less than a token; nothing was consumed.
    NeedMore {
        /// A window this long may do; never less than one byte more.
        at_least: usize,
    },
    /// The input is complete, or an error was returned before.
    Done,
}

/// Takes events where they are parsed, see [`Decoder::drive`].
pub trait Sink {
    /// One event and the offset of its first byte.
    fn event(&mut self, event: Event<'_>, offset: u64);

    /// Whether no more events are wanted. A [`StreamReader`](crate::StreamReader)
    /// asks once a window: some events may come all the same.
    fn enough(&self) -> bool {
        false
    }
}

impl<F: FnMut(Event<'_>, u64)> Sink for F {
    #[inline(always)]
    fn event(&mut self, event: Event<'_>, offset: u64) {
        self(event, offset);
    }
}

/// How far [`Decoder::drive`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes consumed.
    pub used: usize,
    /// How long the next window must be at least, counted from the first byte
    /// not consumed; 0 at the end of the input.
    pub need: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Before a command or an annotation.
    Unit,
    /// Before an argument of a long command, or its end.
    Argument {
        left: u32,
    },
    /// Inside an argument of it.
    Data {
        length: u64,
        left: u32,
    },
    Failed,
}

/// How much of the command at the front of the window was looked at: so that a
/// command which comes in a thousand reads is scanned once.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    at: usize,
    left: u32,
    args: u32,
    quirks: Quirks,
}

/// Longest argument there can be: nothing addresses more.
const MAX_LENGTH: i64 = 1 << 47;

/// Decodes a command log from windows of its bytes.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Decoder, Limits, Step, Token};
///
/// let mut decoder = Decoder::new(Limits::default());
/// let log = b"*1\r\n$5\r\nMULTI\r\n";
/// // Too little for a command: nothing is consumed, nothing is lost.
/// assert_eq!(decoder.step(&log[..7], false)?, Step::NeedMore { at_least: 8 });
/// let step = decoder.step(log, false)?;
/// assert!(matches!(step, Step::Token { used: 15, token: Token::Command { args: 1, .. } }));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
///
/// # Limits
///
/// Memory is constant. A window need never be longer than [`Limits::command`]
/// and one line of 1023 bytes, or [`Limits::chunk`] and two bytes.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    offset: u64,
    /// Where the unit in work began.
    unit: u64,
    line: u64,
    seen: Seen,
    limits: Limits,
}

impl Decoder {
    /// A decoder at the start of a log.
    #[must_use]
    pub fn new(limits: Limits) -> Decoder {
        Decoder::at(0, limits)
    }

    /// A decoder at a command or annotation in the middle of a file: behind an
    /// RDB preamble, or where the offset of a unit is known. Lines count from 1.
    #[must_use]
    pub fn at(offset: u64, limits: Limits) -> Decoder {
        Decoder {
            state: State::Unit,
            offset,
            unit: offset,
            line: 1,
            seen: Seen::default(),
            limits: Limits {
                command: limits.command.max(1024),
                // Chunks of no bytes would never end; the names of commands that
                // matter come in one.
                chunk: limits.chunk.max(16),
            },
        }
    }

    /// Offset of the next byte to decode, from the start of the file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The line of that byte, counted as redis-check-aof does: from 1, two for
    /// each argument and one for the count, none for annotations.
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Whether the next byte is the first of a command or an annotation.
    #[must_use]
    pub fn at_unit(&self) -> bool {
        matches!(self.state, State::Unit)
    }

    /// Decodes at most one token from the front of `window`.
    ///
    /// `eof` says that no byte follows the window. After `NeedMore` the next
    /// window must begin with the same bytes.
    ///
    /// # Errors
    ///
    /// Whatever no server loads, with offsets; [`ErrorKind::Truncated`] is what
    /// servers cut off. After an error every further call returns [`Step::Done`].
    #[inline]
    pub fn step(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        // A command that was begun goes on where the scan stopped.
        if let State::Unit = self.state
            && self.seen.at == 0
            && let Some((used, args)) = scan::strict_command(window)
            && used <= self.limits.command
        {
            let quirks = Quirks::NONE;
            return Ok(self.token(used, command_lines(args), Token::Command { args, quirks }));
        }
        self.slow_step(window, eof)
    }

    /// Decodes all whole tokens of `window` into `sink`: what [`step`](Self::step)
    /// would give, without moving each through a return value.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step); the sink has then got every event before it.
    #[inline]
    pub fn drive<S: Sink>(&mut self, window: &[u8], eof: bool, sink: &mut S) -> Result<Progress> {
        let mut at = 0;
        loop {
            if let State::Unit = self.state
                && self.seen.at == 0
            {
                at += self.strict_run(window.get(at..).unwrap_or_default(), sink);
            }
            let rest = window.get(at..).unwrap_or_default();
            let offset = self.offset;
            match self.slow_step(rest, eof)? {
                Step::Token { used, token } => {
                    sink.event(token.resolve(used, rest), offset);
                    at += used;
                }
                Step::NeedMore { at_least } => {
                    return Ok(Progress {
                        used: at,
                        need: at_least,
                    });
                }
                Step::Done => return Ok(Progress { used: at, need: 0 }),
            }
        }
    }

    /// The commands at the front that are as servers write them.
    #[inline]
    fn strict_run<S: Sink>(&mut self, window: &[u8], sink: &mut S) -> usize {
        let (mut at, mut lines) = (0, 0);
        let begin = self.offset;
        while let Some(rest) = window.get(at..)
            && let Some((used, args)) = scan::strict_command(rest)
            && used <= self.limits.command
        {
            let raw = rest.get(..used).unwrap_or_default();
            let command = Command::new(raw, args, Quirks::NONE);
            sink.event(Event::Command(command), begin + at as u64);
            at += used;
            lines += command_lines(args);
        }
        if at > 0 {
            self.offset += at as u64;
            self.unit = self.offset;
            self.line += lines;
        }
        at
    }

    #[inline(always)]
    fn token(&mut self, used: usize, lines: u64, token: Token) -> Step {
        self.offset += used as u64;
        self.line += lines;
        if let State::Unit = self.state {
            self.unit = self.offset;
        }
        Step::Token { used, token }
    }

    #[inline(never)]
    fn slow_step(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        match self.state {
            State::Unit => match window.first() {
                None if eof => Ok(Step::Done),
                None => Ok(Step::NeedMore { at_least: 1 }),
                Some(b'#') => match scan::line(window, eof) {
                    Some(used) => Ok(self.token(used, 0, Token::Annotation)),
                    None => Ok(more(window)),
                },
                Some(b'*') => self.command(window, eof),
                Some(&byte) => Err(self.fail(ErrorKind::BadStart(byte), 0, 0)),
            },
            State::Argument { left: 0 } => {
                self.state = State::Unit;
                Ok(self.token(0, 0, Token::End))
            }
            State::Argument { left } => match self.length(window, eof, 0, 0)? {
                Some((length, used, quirks)) => {
                    let left = left - 1;
                    self.state = State::Data { length, left };
                    Ok(self.token(used, 1, Token::Argument { length, quirks }))
                }
                None => Ok(more(window)),
            },
            State::Data { length, left } => self.data(window, eof, length, left),
            State::Failed => Ok(Step::Done),
        }
    }

    /// A command from its `*` on, whatever its form.
    fn command(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        if self.seen.at == 0 {
            let Some(used) = scan::line(window, eof) else {
                return Ok(more(window));
            };
            let line = window.get(..used).unwrap_or_default();
            let (stated, mut quirks) = scan::loose_number(line);
            let torn = is_torn(line, eof);
            // A lone `*` that ends the file, or is followed by zero bytes to
            // its end, counts as torn.
            if torn && matches!(line.get(1), None | Some(0)) {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            // As C's `atoi`: the low 32 bits.
            let count = stated as i32;
            if i64::from(count) != stated {
                quirks |= Quirks::LOOSE_NUMBER;
            }
            if count < 1 {
                return Err(self.fail(ErrorKind::BadCount(count), 0, 0));
            }
            if torn {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            let args = count.cast_unsigned();
            self.seen = Seen {
                at: used,
                left: args,
                args,
                quirks,
            };
        }
        while self.seen.left > 0 {
            let Seen { at, left, args, .. } = self.seen;
            let lines = 1 + 2 * u64::from(args - left);
            let rest = window.get(at..).unwrap_or_default();
            let Some((length, used, quirks)) = self.length(rest, eof, at, lines)? else {
                return Ok(Step::NeedMore {
                    at_least: window.len().max(at) + 1,
                });
            };
            let start = at + used;
            let end = (start as u64).saturating_add(length).saturating_add(2);
            if end > self.limits.command as u64 {
                return Ok(self.begin(window));
            }
            // In range: not above the limit, which is a usize.
            let end = end as usize;
            let Some(close) = window.get(end - 2..end) else {
                if eof {
                    return Err(self.fail(ErrorKind::Truncated, start, lines + 1));
                }
                return Ok(Step::NeedMore { at_least: end });
            };
            self.seen.quirks |= quirks | terminator(close);
            self.seen.at = end;
            self.seen.left -= 1;
        }
        let Seen {
            at, args, quirks, ..
        } = std::mem::take(&mut self.seen);
        Ok(self.token(at, command_lines(args), Token::Command { args, quirks }))
    }

    /// The first line of a command that is too long to be one token.
    #[cold]
    fn begin(&mut self, window: &[u8]) -> Step {
        let args = std::mem::take(&mut self.seen).args;
        // The line was whole when it was first seen.
        let used = scan::line(window, true).unwrap_or(0);
        let (_, quirks) = scan::loose_number(window.get(..used).unwrap_or_default());
        self.state = State::Argument { left: args };
        self.token(used, 1, Token::Begin { args, quirks })
    }

    /// The `$` line at the front of `rest`, which is `at` bytes and `lines` lines
    /// into the unit at hand: length, bytes of the line, oddities. `None` if more
    /// bytes must be seen.
    #[inline]
    fn length(
        &mut self,
        rest: &[u8],
        eof: bool,
        at: usize,
        lines: u64,
    ) -> Result<Option<(u64, usize, Quirks)>> {
        if let Some((length, used)) = scan::number(rest, 0, b'$')
            && (length as u64) < MAX_LENGTH as u64
        {
            return Ok(Some((length as u64, used, Quirks::NONE)));
        }
        match rest.first() {
            None if eof => return Err(self.fail(ErrorKind::Truncated, at, lines)),
            None => return Ok(None),
            Some(b'$') => {}
            Some(&byte) => return Err(self.fail(ErrorKind::BadArgument(byte), at, lines)),
        }
        let Some(used) = scan::line(rest, eof) else {
            return Ok(None);
        };
        let line = rest.get(..used).unwrap_or_default();
        let (length, quirks) = scan::loose_number(line);
        if !(0..MAX_LENGTH).contains(&length) {
            return Err(self.fail(ErrorKind::BadLength(length), at, lines));
        }
        if is_torn(line, eof) {
            return Err(self.fail(ErrorKind::Truncated, at, lines));
        }
        Ok(Some((length.cast_unsigned(), used, quirks)))
    }

    /// The next bytes of an argument of a long command.
    fn data(&mut self, window: &[u8], eof: bool, length: u64, left: u32) -> Result<Step> {
        let take = usize::try_from(length).map_or(self.limits.chunk, |n| n.min(self.limits.chunk));
        let last = take as u64 == length;
        let used = if last { take.saturating_add(2) } else { take };
        if window.len() < used {
            if eof {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            return Ok(Step::NeedMore { at_least: used });
        }
        let quirks = if last {
            self.state = State::Argument { left };
            terminator(window.get(take..used).unwrap_or_default())
        } else {
            let length = length - take as u64;
            self.state = State::Data { length, left };
            Quirks::NONE
        };
        let token = Token::Chunk {
            length: take,
            last,
            quirks,
        };
        Ok(self.token(used, u64::from(last), token))
    }

    /// An error `at` bytes and `lines` lines behind the last token.
    #[cold]
    fn fail(&mut self, kind: ErrorKind, at: usize, lines: u64) -> Error {
        self.state = State::Failed;
        let offset = self.offset + at as u64;
        Error::new(kind, offset, self.unit, self.line + lines)
    }

    /// Ends decoding for a reason of the caller's.
    #[cold]
    pub(crate) fn abort(&mut self, kind: ErrorKind) -> Error {
        self.fail(kind, 0, 0)
    }
}

/// What redis-check-aof counts for a whole command.
#[inline(always)]
fn command_lines(args: u32) -> u64 {
    1 + 2 * u64::from(args)
}

fn more(window: &[u8]) -> Step {
    Step::NeedMore {
        at_least: window.len() + 1,
    }
}

/// Whether the input ends inside a line.
fn is_torn(line: &[u8], eof: bool) -> bool {
    eof && line.last() != Some(&b'\n') && line.len() < scan::MAX_LINE
}

fn terminator(close: &[u8]) -> Quirks {
    if close == b"\r\n" {
        Quirks::NONE
    } else {
        Quirks::TERMINATOR
    }
}

#[cfg(test)]
mod tests;
