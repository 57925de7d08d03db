//! The compressed bytes, read through a window that knows where it is.

use std::io::{self, BufRead, Read};

/// Bytes that are read at once: as many as a page cache hands over cheaply.
const WINDOW: usize = 256 << 10;

/// A source of compressed bytes.
pub(super) struct Packed<R> {
    source: R,
    window: Box<[u8]>,
    at: usize,
    end: usize,
    /// The offset of the window's next byte.
    offset: u64,
    /// Whether more was asked for than there is.
    short: bool,
    /// A failure of the source, which decoders may wrap beyond recognition.
    failed: Option<String>,
}

impl<R: Read> Packed<R> {
    pub(super) fn new(source: R) -> Packed<R> {
        Packed {
            source,
            window: vec![0; WINDOW].into_boxed_slice(),
            at: 0,
            end: 0,
            offset: 0,
            short: false,
            failed: None,
        }
    }

    /// The offset of the next byte that a decoder gets.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether a decoder asked for a byte behind the last one.
    pub(super) fn is_short(&self) -> bool {
        self.short
    }

    /// Why the source could not be read, if that is what a decoder failed of.
    pub(super) fn failure(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Up to `n` bytes that come next; fewer only in front of the end.
    pub(super) fn peek(&mut self, n: usize) -> io::Result<&[u8]> {
        while self.end - self.at < n {
            self.window.copy_within(self.at..self.end, 0);
            self.end -= self.at;
            self.at = 0;
            if self.more()? == 0 {
                break;
            }
        }
        Ok(self.window.get(self.at..self.end).unwrap_or_default())
    }

    /// Goes past `n` bytes; how many there were.
    pub(super) fn skip(&mut self, n: u64) -> io::Result<u64> {
        io::copy(&mut self.take(n), &mut io::sink())
    }

    fn more(&mut self) -> io::Result<usize> {
        loop {
            match self.source.read(&mut self.window[self.end..]) {
                Ok(n) => {
                    self.end += n;
                    return Ok(n);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error.to_string());
                    return Err(error);
                }
            }
        }
    }
}

impl<R: Read> BufRead for Packed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            (self.at, self.end) = (0, 0);
            if self.more()? == 0 {
                self.short = true;
            }
        }
        Ok(self.window.get(self.at..self.end).unwrap_or_default())
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.at);
        self.at += n;
        self.offset += n as u64;
    }
}

impl<R: Read> Read for Packed<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}
