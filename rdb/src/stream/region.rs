//! Cutting regions off the window.
//!
//! ```text
//! window   | region | a key's beginning | free |
//!          at       cut                 end
//! ```
//!
//! What the last one left over moves into the buffer of whoever cuts, and the input is
//! read into that: it becomes the window. It goes with the region, and what is behind
//! that moves back.

use std::io::{ErrorKind as IoKind, Read};

use super::StreamReader;
use crate::decoder::{Decoder, RunSink, Runs};
use crate::error::{Error, ErrorKind, Result};
use crate::region::{Held, Region, Regions, Spare, decode, decode_by_runs, frame, up_to_last_key};

impl<'a> Regions<'a> for StreamReader<dyn Read + Send + '_> {
    fn drive<S: RunSink>(&mut self, sink: &mut S) -> Result<bool> {
        let window = self.window.get(self.at..self.end).unwrap_or_default();
        let begin = self.decoder.offset();
        let (decoder, runs) = (&mut self.decoder, &mut self.runs);
        match decode_by_runs(decoder, window, self.eof, usize::MAX, runs, sink) {
            Ok(progress) => self.go_on(progress),
            Err(error) => Err(self.judge_limit(error, begin)),
        }
    }

    fn drive_whole_records<S: RunSink>(&mut self, sink: &mut S) -> Result<bool> {
        let window = self.window.get(self.at..self.end).unwrap_or_default();
        let len = match self.is_last_window() {
            true => 0,
            false => up_to_last_key(&self.decoder, window),
        };
        if len == 0 {
            return Regions::drive(self, sink);
        }
        let window = window.get(..len).unwrap_or_default();
        self.at += decode(&mut self.decoder, window, &Runs::default(), sink)?;
        Ok(true)
    }

    fn position(&self) -> &Decoder {
        &self.decoder
    }

    fn cut(&mut self, size: usize, spare: &mut Spare) -> Option<Region<'a>> {
        // One that has grown with a long string does not go around among threads.
        if self.end - self.at > size {
            return None;
        }
        self.change_window(size, &mut spare.buffer);
        self.fill_up();
        let window = self.window.get(..self.end).unwrap_or_default();
        let frame = frame(&self.decoder, window, &mut spare.runs);
        if frame.len == 0 {
            return None;
        }
        self.at = frame.len;
        let from = self.decoder.cut_off(frame.len);
        self.change_window(size, &mut spare.buffer);
        let Spare { buffer, runs } = std::mem::take(spare);
        let bytes = Held::Owned(buffer, frame.len);
        Some(Region::new(bytes, from, frame, runs))
    }
}

impl<R: Read + ?Sized> StreamReader<R> {
    /// Hashes what was decoded, and moves the rest of the window into another one of
    /// `size` bytes, which is as many at least.
    fn change_window(&mut self, size: usize, other: &mut Vec<u8>) {
        self.hash(self.at);
        other.resize(size, 0);
        other.shrink_to(size);
        let rest = self.window.get(self.at..self.end).unwrap_or_default();
        if let Some(front) = other.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        (self.hashed, self.at, self.end) = (0, 0, rest.len());
        std::mem::swap(&mut self.window, other);
    }

    /// Fills the window to its end, in as many reads as that takes. A read that
    /// fails is told when all that came before it was decoded.
    fn fill_up(&mut self) {
        while self.end < self.window.len() && !self.is_last_window() {
            let room = self.window.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end += n,
                Err(e) if e.kind() == IoKind::Interrupted => {}
                Err(e) => self.failed = Some(e),
            }
        }
    }

    /// Whether no byte comes behind those in the window.
    fn is_last_window(&self) -> bool {
        self.eof || self.failed.is_some()
    }

    /// A read that failed behind what was decoded.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        let error = self.failed.take()?;
        Some(self.decoder.error_here(ErrorKind::Io(error)))
    }
}
