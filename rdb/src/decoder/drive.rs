//! Driving the decoder: tokens go to a sink where they are parsed.
//!
//! A token that is returned moves through several calls and is looked at again
//! by the caller; one that is handed to an inlined sink is known there, and
//! most of it never exists. That is three times as fast as single steps.

use crate::decoder::{Decoder, PlainString, Run, State, Whole};
use crate::error::Result;
use crate::event::Token;

/// Takes tokens where they are parsed, see [`Decoder::drive`].
pub(crate) trait Sink {
    /// One token: the window from its first byte, its offset in the file, and
    /// how many bytes it takes.
    fn token(&mut self, window: &[u8], at: u64, used: usize, token: Token);

    /// A special encoding stood at `at` where a length belongs, in the token
    /// just handed over.
    fn lax_length(&mut self, _at: u64) {}
}

/// A sink that is driven also takes keys that are in the window whole, instead
/// of their tokens.
pub(crate) trait KeySink: Sink {
    /// Whether runs of plain string keys may pass without being handed over, see
    /// [`passed_strings`](Self::passed_strings).
    const PASSES_STRINGS: bool = false;

    /// At least one string key with an uncompressed value has passed, and maybe
    /// expiries with them; the last key ends at `end`.
    fn passed_strings(&mut self, _end: u64) {}

    /// A string key with an uncompressed value.
    fn plain_string(&mut self, plain: PlainString<'_>);

    /// Any other key with one string for a value.
    fn whole(&mut self, key: Whole<'_>);
}

/// A sink that also takes plain string keys by the run.
pub(crate) trait RunSink: KeySink {
    /// Plain string keys with their expiries, in a `window` that begins at `at` of the
    /// file. What was handed over in front of them belongs to the first one.
    fn run(&mut self, window: &[u8], at: u64, run: &Run<'_>);
}

/// How far [`Decoder::drive`] came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Bytes consumed.
    pub used: usize,
    /// How long a window would have to be to go on; 0 if that was not why it stopped.
    pub need: usize,
}

/// The sink of a single step.
pub(super) struct Captured(pub(super) Option<(usize, Token)>);

impl Sink for Captured {
    #[inline(always)]
    fn token(&mut self, _: &[u8], _: u64, used: usize, token: Token) {
        self.0 = Some((used, token));
    }
}

/// The sink of what is passed over.
struct Unseen;

impl Sink for Unseen {
    #[inline(always)]
    fn token(&mut self, _: &[u8], _: u64, _: usize, _: Token) {}
}

impl Decoder {
    /// Decodes tokens into `sink` until the window has no whole one left, the
    /// file ends, or at least `budget` bytes are consumed.
    ///
    /// This is the fast face: a token is handed over where it was parsed, so
    /// that the compiler sees which one it is and nothing is moved around.
    #[inline(always)]
    pub(crate) fn drive<S: KeySink>(
        &mut self,
        window: &[u8],
        eof: bool,
        budget: usize,
        sink: &mut S,
    ) -> Result<Progress> {
        if eof {
            self.drive_in::<true, S>(window, budget, sink)
        } else {
            self.drive_in::<false, S>(window, budget, sink)
        }
    }

    #[inline(always)]
    pub(super) fn drive_in<const EOF: bool, S: KeySink>(
        &mut self,
        window: &[u8],
        budget: usize,
        sink: &mut S,
    ) -> Result<Progress> {
        let start = self.offset;
        loop {
            let mut used = (self.offset - start) as usize;
            if matches!(self.state, State::Opcode) {
                let w = window.get(used..).unwrap_or_default();
                used += self.whole_keys(w, budget.saturating_sub(used), sink);
            }
            // The end of a key has no bytes: whoever stops there wants to stand behind it.
            if used >= budget && !matches!(self.state, State::KeyEnd) {
                return Ok(Progress { used, need: 0 });
            }
            let w = window.get(used..).unwrap_or_default();
            if let Err(e) = self.advance::<EOF, S>(w, false, sink)
                && let Some(at_least) = self.refuse(w, EOF, e, sink)?
            {
                return Ok(Progress {
                    used,
                    need: at_least,
                });
            }
            if matches!(self.state, State::Done | State::Failed) {
                return Ok(Progress {
                    used: (self.offset - start) as usize,
                    need: 0,
                });
            }
        }
    }

    /// Takes the token at the front of `window`, behind which there is nothing,
    /// into `sink`. None comes once the file's end was read or after an error.
    #[inline(always)]
    pub(crate) fn step_into<S: Sink>(&mut self, window: &[u8], sink: &mut S) -> Result<()> {
        match self.advance::<true, S>(window, false, sink) {
            Ok(()) => Ok(()),
            Err(e) => self.refuse(window, true, e, sink).map(drop),
        }
    }

    /// Passes over the rest of a value whose end is within `window`, and says
    /// how many bytes that were.
    pub(crate) fn skip_value(&mut self, window: &[u8]) -> Result<usize> {
        let start = self.offset;
        loop {
            let used = (self.offset - start) as usize;
            if matches!(self.state, State::Opcode | State::Done | State::Failed) {
                return Ok(used);
            }
            let w = window.get(used..).unwrap_or_default();
            self.step_into(w, &mut Unseen)?;
        }
    }
}
