//! Readers of whole logs: from memory, and through a window over any `Read`.
//!
//! ```text
//! file := [RDB file] log
//! ```
//!
//! A base may begin with an RDB file (the "preamble"), and so may any other
//! file of a log: servers look at the first bytes, not at the name.

use std::io::{Cursor, ErrorKind as IoKind, Read};
use std::ops::Range;

use crate::error::{Error, ErrorKind, Result};
use crate::event::Event;
use crate::limits::Limits;
use crate::resp::{Decoder, Progress, Sink, Step};

/// Window of a new stream reader.
const WINDOW: usize = 256 << 10;

/// Bytes that tell an RDB preamble from a log.
const MAGIC: usize = 9;

/// Whether a file that begins with `head` begins with an RDB file.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::is_preamble;
///
/// assert!(is_preamble(b"REDIS0011") && is_preamble(b"VALKEY080"));
/// assert!(!is_preamble(b"*1\r\n"));
/// ```
#[must_use]
pub fn is_preamble(head: &[u8]) -> bool {
    head.starts_with(b"REDIS") || head.starts_with(b"VALKEY")
}

fn preamble(error: rdbkit_rdb::Error) -> Error {
    let (offset, token) = (error.offset(), error.token_offset());
    Error::new(ErrorKind::Preamble(error), offset, token, 1)
}

/// Reads a log that lies in memory: events live as long as the input.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Event, SliceReader};
///
/// let log = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*1\r\n$8\r\nFLUSHALL\r\n";
/// let mut names = Vec::new();
/// for event in SliceReader::new(log) {
///     if let Event::Command(command) = event? {
///         names.push(command.name());
///     }
/// }
/// assert_eq!(names, [&b"SELECT"[..], b"FLUSHALL"]);
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SliceReader<'a> {
    data: &'a [u8],
    begin: usize,
    at: usize,
    token_at: usize,
    decoder: Decoder,
}

impl<'a> SliceReader<'a> {
    /// A reader of a log without preamble; commands are never cut in pieces.
    #[must_use]
    pub fn new(data: &'a [u8]) -> SliceReader<'a> {
        SliceReader::at(data, 0, Limits::in_memory())
    }

    /// A reader of what stands from `begin` on, the first byte of a command or
    /// an annotation, with limits of the caller's.
    #[must_use]
    pub fn at(data: &'a [u8], begin: usize, limits: Limits) -> SliceReader<'a> {
        SliceReader {
            data,
            begin,
            at: begin,
            token_at: begin,
            decoder: Decoder::at(begin as u64, limits),
        }
    }

    /// A reader behind the RDB preamble, if there is one. The preamble is framed
    /// and its checksum compared, but not judged:
    /// [`verify`](rdbkit_rdb::verify) does that.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Preamble`].
    pub fn open(data: &'a [u8]) -> Result<SliceReader<'a>> {
        let mut begin = 0;
        if is_preamble(data) {
            let mut rdb = rdbkit_rdb::SliceReader::new(data);
            while rdb.next_event().map_err(preamble)?.is_some() {}
            begin = data.len() - rdb.rest().len();
        }
        Ok(SliceReader::at(data, begin, Limits::in_memory()))
    }

    /// The next event, or `None` after the end of the log or an error.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`].
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>> {
        let window: &'a [u8] = self.data.get(self.at..).unwrap_or_default();
        match self.decoder.step(window, true)? {
            Step::Token { used, token } => {
                self.token_at = self.at;
                self.at += used;
                Ok(Some(token.resolve(used, window)))
            }
            // With the end in sight every state gives a token or an error.
            Step::Done | Step::NeedMore { .. } => Ok(None),
        }
    }

    /// Hands all remaining events to `sink`.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`]; the sink has then got every event before it.
    pub fn drive<S: Sink>(&mut self, sink: &mut S) -> Result<()> {
        let window = self.data.get(self.at..).unwrap_or_default();
        self.at += self.decoder.drive(window, true, sink)?.used;
        Ok(())
    }

    /// The RDB file at the front; empty if there is none.
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        self.data.get(..self.begin).unwrap_or_default()
    }

    /// Offset of the next byte to decode, from the start of the file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Offset of the first byte of the event that [`next_event`](Self::next_event) gave last.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.token_at as u64
    }

    /// The line of the next byte, see [`Decoder::line`].
    #[must_use]
    pub fn line(&self) -> u64 {
        self.decoder.line()
    }
}

impl<'a> Iterator for SliceReader<'a> {
    type Item = Result<Event<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

/// A window, and what of it was read.
#[derive(Debug)]
pub(crate) struct Held {
    pub window: Vec<u8>,
    pub range: Range<usize>,
}

/// Reads a log from a pipe, a socket, a decompressor or a file.
///
/// # Limits
///
/// Holds one window, 256 KiB by default. It grows only while a single command
/// fills it, to a little more than [`Limits::command`].
///
/// # Examples
///
/// ```
/// use rdbkit_aof::StreamReader;
///
/// let log: &[u8] = b"*1\r\n$5\r\nMULTI\r\n*1\r\n$4\r\nEXEC\r\n";
/// let mut reader = StreamReader::open(log)?;
/// let mut events = 0;
/// while reader.next_event()?.is_some() {
///     events += 1;
/// }
/// assert_eq!((events, reader.offset()), (2, 29));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[derive(Debug)]
pub struct StreamReader<R> {
    source: R,
    window: Vec<u8>,
    /// `at..end` was read and is to be decoded.
    at: usize,
    end: usize,
    eof: bool,
    begin: u64,
    token_offset: u64,
    decoder: Decoder,
}

impl<R: Read> StreamReader<R> {
    /// A reader of a log without preamble.
    #[must_use]
    pub fn new(source: R) -> StreamReader<R> {
        StreamReader::with_limits(source, WINDOW, Limits::default())
    }

    /// A reader whose window starts at `window` bytes (16 at least).
    #[must_use]
    pub fn with_limits(source: R, window: usize, limits: Limits) -> StreamReader<R> {
        StreamReader::behind(0, Vec::new(), source, window, limits)
    }

    /// A reader behind the RDB preamble, if there is one; it is passed over
    /// like by [`SliceReader::open`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Preamble`] and [`ErrorKind::Io`].
    pub fn open(source: R) -> Result<StreamReader<R>> {
        StreamReader::open_with(source, WINDOW, Limits::default(), |_| {})
    }

    /// As [`open`](Self::open), with a window and limits of the caller's, and
    /// what the RDB file says handed to `rdb`.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_with(
        mut source: R,
        window: usize,
        limits: Limits,
        mut rdb: impl FnMut(rdbkit_rdb::Event<'_>),
    ) -> Result<StreamReader<R>> {
        let mut head = Vec::with_capacity(MAGIC);
        (&mut source)
            .take(MAGIC as u64)
            .read_to_end(&mut head)
            .map_err(|error| Error::new(ErrorKind::Io(error), 0, 0, 1))?;
        if !is_preamble(&head) {
            return Ok(StreamReader::behind(0, head, source, window, limits));
        }
        let whole = Cursor::new(head).chain(source);
        let mut reader =
            rdbkit_rdb::StreamReader::with_limits(whole, window, rdbkit_rdb::Limits::default());
        while let Some(event) = reader.next_event().map_err(preamble)? {
            rdb(event);
        }
        let begin = reader.offset();
        // An RDB file is longer than its magic: of the chain the source is left.
        let (held, chain) = reader.into_rest();
        let (_, source) = chain.into_inner();
        Ok(StreamReader::behind(begin, held, source, window, limits))
    }

    /// A reader of what stands from `begin` on, which is where a command or an
    /// annotation begins.
    pub(crate) fn at(begin: u64, source: R, window: usize, limits: Limits) -> StreamReader<R> {
        StreamReader::behind(begin, Vec::new(), source, window, limits)
    }

    /// A reader at offset `begin`, of which `held` has been read already: behind
    /// an RDB file that somebody else has read.
    #[must_use]
    pub fn behind(
        begin: u64,
        held: Vec<u8>,
        source: R,
        window: usize,
        limits: Limits,
    ) -> StreamReader<R> {
        let end = held.len();
        let mut buffer = held;
        buffer.resize(window.max(end).max(16), 0);
        let held = Held {
            window: buffer,
            range: 0..end,
        };
        StreamReader::holding(begin, held, source, limits)
    }

    /// As [`behind`](Self::behind), with a window that is there already.
    pub(crate) fn holding(begin: u64, held: Held, source: R, limits: Limits) -> StreamReader<R> {
        StreamReader {
            source,
            window: held.window,
            at: held.range.start,
            end: held.range.end,
            eof: false,
            begin,
            token_offset: begin,
            decoder: Decoder::at(begin, limits),
        }
    }

    /// Its window, to be used again.
    pub(crate) fn into_window(self) -> Vec<u8> {
        self.window
    }

    /// The next event, borrowed until the next call; `None` after the end of
    /// the log or an error.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`], and [`ErrorKind::Io`].
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>> {
        let (at, used, token) = loop {
            let window = self.window.get(self.at..self.end).unwrap_or_default();
            match self.decoder.step(window, self.eof)? {
                Step::Token { used, token } => {
                    let at = self.at;
                    self.token_offset = self.decoder.offset() - used as u64;
                    self.at += used;
                    break (at, used, token);
                }
                Step::NeedMore { at_least } => self.fill(at_least)?,
                Step::Done => return Ok(None),
            }
        };
        let window = self.window.get(at..self.end).unwrap_or_default();
        Ok(Some(token.resolve(used, window)))
    }

    /// Hands all remaining events to `sink`, or as many as it wants: see
    /// [`Sink::enough`].
    ///
    /// # Errors
    ///
    /// As [`next_event`](Self::next_event); the sink has then got every event
    /// before it.
    pub fn drive<S: Sink>(&mut self, sink: &mut S) -> Result<()> {
        loop {
            let window = self.window.get(self.at..self.end).unwrap_or_default();
            let begin = self.decoder.offset();
            let Progress { used, need } = match self.decoder.drive(window, self.eof, sink) {
                Ok(progress) => progress,
                Err(error) => {
                    // What was decoded before the error lies in the window.
                    self.at += (self.decoder.offset() - begin) as usize;
                    return Err(error);
                }
            };
            self.at += used;
            if need == 0 || sink.enough() {
                return Ok(());
            }
            self.fill(need)?;
        }
    }

    /// Makes at least one more byte available, or learns that there is none.
    ///
    /// A stated length never decides how much is allocated: the window at most
    /// doubles, and only once the bytes already read have filled it.
    #[cold]
    fn fill(&mut self, at_least: usize) -> Result<()> {
        self.window.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        if self.end == self.window.len() {
            let grown = at_least.clamp(self.window.len() + 1, self.window.len() * 2);
            self.window.resize(grown, 0);
        }
        let room = self.window.get_mut(self.end..).unwrap_or_default();
        match self.source.read(room) {
            Ok(0) => self.eof = true,
            Ok(n) => self.end += n,
            Err(error) if error.kind() == IoKind::Interrupted => {}
            Err(error) => return Err(self.decoder.abort(ErrorKind::Io(error))),
        }
        Ok(())
    }

    /// How many bytes the RDB file at the front has; 0 if there is none.
    #[must_use]
    pub fn preamble_len(&self) -> u64 {
        self.begin
    }

    /// Offset of the next byte to decode, from the start of the file.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Offset of the first byte of the event that [`next_event`](Self::next_event) gave last.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.token_offset
    }

    /// The line of the next byte, see [`Decoder::line`].
    #[must_use]
    pub fn line(&self) -> u64 {
        self.decoder.line()
    }

    /// Says which line the next byte is in, of a reader that began behind the
    /// first one.
    pub(crate) fn count_from(&mut self, line: u64) {
        self.decoder.count_from(line);
    }

    /// Whether it stands between two commands or annotations.
    pub(crate) fn at_unit(&self) -> bool {
        self.decoder.at_unit()
    }

    /// Bytes the window holds at the moment.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.window.capacity()
    }

    /// The bytes read but not decoded, which begin at [`offset`](Self::offset),
    /// and the source behind them.
    #[must_use]
    pub fn into_rest(mut self) -> (Vec<u8>, R) {
        self.window.truncate(self.end);
        self.window.drain(..self.at.min(self.end));
        (self.window, self.source)
    }
}

#[cfg(test)]
mod tests;
