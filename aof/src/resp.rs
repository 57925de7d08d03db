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

mod slow;
mod token;

use crate::command::Command;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::limits::Limits;
use crate::scan::{self, Form, Quirks};

pub use token::{Progress, Sink, Step, Token};

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

    /// Says which line the next byte is in.
    pub(crate) fn count_from(&mut self, line: u64) {
        self.line = line;
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
            && let Some((raw, Form { args, quirks, .. }, _)) = scan::strict_command(window)
            && raw.len() <= self.limits.command
        {
            let size = raw.len();
            return Ok(self.token(size, command_lines(args), Token::Command { args, quirks }));
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
        let (mut rest, mut lines) = (window, 0);
        let end = self.offset + window.len() as u64;
        while let Some((raw, form, behind)) = scan::strict_command(rest)
            && raw.len() <= self.limits.command
        {
            let offset = end - rest.len() as u64;
            sink.event(Event::Command(Command::of(raw, form)), offset);
            rest = behind;
            lines += command_lines(form.args);
        }
        let at = window.len() - rest.len();
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

#[cfg(test)]
mod tests;
