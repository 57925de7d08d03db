//! Cutting regions off the window.
//!
//! ```text
//! window   | region | a key's beginning | free |
//!          at       cut                 end
//! ```
//!
//! The window goes with the region; what is behind it moves into a fresh one.

use std::io::{ErrorKind as IoKind, Read};

use super::StreamReader;
use crate::decoder::{Decoder, RunSink, Runs};
use crate::error::{Error, ErrorKind, Result};
use crate::region::{Frame, Region, Regions, decode, decode_by_runs, frame, up_to_last_key};

impl<'a> Regions<'a> for StreamReader<dyn Read + '_> {
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
            return StreamReader::drive(self, sink);
        }
        let window = window.get(..len).unwrap_or_default();
        self.at += decode(&mut self.decoder, window, &Runs::default(), sink)?;
        Ok(true)
    }

    fn position(&self) -> &Decoder {
        &self.decoder
    }

    fn frame(&mut self, size: usize, runs: &mut Runs) -> Frame {
        if !self.make_window(size) {
            return Frame::default();
        }
        self.fill_up();
        let window = self.window.get(self.at..self.end).unwrap_or_default();
        frame(&self.decoder, window, runs)
    }

    fn cut(&mut self, len: usize, fresh: impl FnOnce() -> Vec<u8>) -> Region<'a> {
        let range = self.at..self.at + len;
        self.hash(range.end);
        let mut fresh = fresh();
        let rest = self.window.get(range.end..self.end).unwrap_or_default();
        if let Some(front) = fresh.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        (self.hashed, self.at, self.end) = (0, 0, rest.len());
        let from = self.decoder.cut_off(len);
        Region::owned(std::mem::replace(&mut self.window, fresh), range, from)
    }
}

impl<R: Read + ?Sized> StreamReader<R> {
    /// Makes the window one of `size` bytes, unless it holds more. One that has
    /// grown with a long string does not go around among threads.
    fn make_window(&mut self, size: usize) -> bool {
        if self.window.len() == size && self.at == 0 {
            return true;
        }
        self.hash(self.at);
        self.window.copy_within(self.at..self.end, 0);
        (self.hashed, self.at, self.end) = (0, 0, self.end - self.at);
        if self.end > size {
            return false;
        }
        self.window.resize(size, 0);
        self.window.shrink_to_fit();
        true
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
