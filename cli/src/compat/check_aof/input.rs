//! The file through a window, read line by line as C's `fgets` does.

use std::io::{self, Read};

/// Bytes of the window: more than a command that is decoded in one piece
/// ([`COMMAND`]) and the longest line.
const WINDOW: usize = 256 << 10;

/// Longest command that the decoder takes from the window.
pub(super) const COMMAND: usize = 64 << 10;

/// A counted source of bytes.
///
/// # Limits
///
/// Holds a window of 256 KiB.
pub(super) struct Input<'a> {
    source: Box<dyn Read + 'a>,
    window: Vec<u8>,
    at: usize,
    end: usize,
    offset: u64,
    eof: bool,
    failure: Option<io::Error>,
}

impl<'a> Input<'a> {
    /// Of a source that stands at `offset`.
    pub fn at(offset: u64, source: Box<dyn Read + 'a>) -> Input<'a> {
        Input {
            source,
            window: vec![0; WINDOW],
            at: 0,
            end: 0,
            offset,
            eof: false,
            failure: None,
        }
    }

    /// Offset of the next byte.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Why reading failed, if it did; until it is taken the input is at its end.
    pub fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The bytes read and not consumed, and whether none come behind them.
    pub fn window(&self) -> (&[u8], bool) {
        let window = self.window.get(self.at..self.end).unwrap_or_default();
        (window, self.eof)
    }

    /// Reads on; whether a byte came.
    pub fn fill(&mut self) -> bool {
        if self.at > 0 {
            self.window.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
        }
        while !self.eof {
            let room = self.window.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => self.eof = true,
                Ok(n) => {
                    self.end += n;
                    return true;
                }
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => {
                    self.failure = Some(e);
                    self.eof = true;
                }
            }
        }
        false
    }

    /// Passes over bytes of the window.
    pub fn consume(&mut self, n: usize) {
        self.at += n;
        self.offset += n as u64;
    }

    /// The first byte that is not consumed; `None` at the end.
    pub fn peek(&mut self) -> Option<u8> {
        if self.at == self.end && !self.fill() {
            return None;
        }
        self.window.get(self.at).copied()
    }

    /// A line with its LF, or its first `longest` bytes, or what is left of the
    /// file; empty at its end.
    pub fn line(&mut self, longest: usize) -> &[u8] {
        let length = loop {
            let window = self.window.get(self.at..self.end).unwrap_or_default();
            let held = window.get(..longest).unwrap_or(window);
            if let Some(lf) = held.iter().position(|b| *b == b'\n') {
                break lf + 1;
            }
            let length = held.len();
            if length == longest || !self.fill() {
                break length;
            }
        };
        let from = self.at;
        self.consume(length);
        self.window.get(from..self.at).unwrap_or_default()
    }

    /// Reads to the end; the offset there.
    pub fn count(&mut self) -> u64 {
        while self.peek().is_some() {
            self.consume(self.end - self.at);
        }
        self.offset
    }

    /// Consumes `n` bytes and hands them out in pieces; returns how many there were.
    pub fn pieces(&mut self, n: u64, mut take: impl FnMut(&[u8])) -> u64 {
        let mut left = n;
        while left > 0 && self.peek().is_some() {
            let (window, _) = self.window();
            let n = usize::try_from(left).map_or(window.len(), |left| left.min(window.len()));
            take(window.get(..n).unwrap_or_default());
            self.consume(n);
            left -= n as u64;
        }
        n - left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_fgets() {
        let mut input = Input::at(7, Box::new(&b"ab\ncdefg\n\nh"[..]));
        let lines: [&[u8]; 6] = [b"ab\n", b"cde", b"fg\n", b"\n", b"h", b""];
        for line in lines {
            assert_eq!(input.line(3), line);
        }
        assert_eq!(input.offset(), 7 + 11);
    }

    #[test]
    fn what_is_not_there_is_not_counted() {
        let mut input = Input::at(0, Box::new(&b"abc"[..]));
        let mut seen = Vec::new();
        assert_eq!(
            input.pieces(u64::MAX, |piece| seen.extend_from_slice(piece)),
            3
        );
        assert_eq!((seen.as_slice(), input.peek()), (&b"abc"[..], None));
    }
}
