//! The end of a file, and what stands behind it.

use std::io::{ErrorKind as IoKind, Read};

use super::StreamReader;
use crate::decoder::{KeySink, PlainString, Sink, Whole};
use crate::error::{ErrorKind, Result};
use crate::event::Token;

/// Takes no interest.
struct Nothing;

impl Sink for Nothing {
    #[inline(always)]
    fn token(&mut self, _: &[u8], _: u64, _: usize, _: Token) {}
}

impl KeySink for Nothing {
    #[inline(always)]
    fn plain_string(&mut self, _: PlainString<'_>) {}

    #[inline(always)]
    fn whole(&mut self, _: Whole<'_>) {}
}

/// Reads to the end of the file.
fn pass(reader: &mut StreamReader<dyn Read + '_>) -> Result<()> {
    while reader.drive(&mut Nothing)? {}
    Ok(())
}

impl<R: Read> StreamReader<R> {
    /// Reads to the end of the file without telling what is in it, at the speed of
    /// framing. Its checksum is not looked at.
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event).
    ///
    /// # Examples
    ///
    /// ```
    /// use rdbkit_rdb::StreamReader;
    ///
    /// let log: &[u8] = b"REDIS0004\x00\x01a\x01x\xff*1\r\n$4\r\nPING\r\n";
    /// let mut reader = StreamReader::new(log);
    /// reader.skip_to_end()?;
    /// assert_eq!((reader.offset(), reader.byte_behind()?), (15, Some(b'*')));
    /// # Ok::<(), rdbkit_rdb::Error>(())
    /// ```
    pub fn skip_to_end(&mut self) -> Result<()> {
        pass(self)
    }

    /// The byte behind the end of the file, of which the end was read, if there is
    /// one: `*` or `#` where the commands of an append-only log follow. It stays
    /// where it is, for [`into_rest`](Self::into_rest).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    pub fn byte_behind(&mut self) -> Result<Option<u8>> {
        while self.at == self.end && !self.eof {
            (self.at, self.end, self.hashed) = (0, 0, 0);
            match self.read_to(0) {
                Ok(0) => self.eof = true,
                Ok(n) => self.end = n,
                Err(e) if e.kind() == IoKind::Interrupted => {}
                Err(e) => return Err(self.decoder.error_here(ErrorKind::Io(e))),
            }
        }
        let rest = self.window.get(self.at..self.end).unwrap_or_default();
        Ok(rest.first().copied())
    }
}
