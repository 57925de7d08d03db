//! What a decoder hands out, and to whom.

use crate::command::Command;
use crate::event::{Annotation, Event};
use crate::scan::Quirks;

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

/// What [`Decoder::step`](crate::Decoder::step) did.
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

/// Takes events where they are parsed, see [`Decoder::drive`](crate::Decoder::drive).
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

/// How far [`Decoder::drive`](crate::Decoder::drive) came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes consumed.
    pub used: usize,
    /// How long the next window must be at least, counted from the first byte
    /// not consumed; 0 at the end of the input.
    pub need: usize,
}
