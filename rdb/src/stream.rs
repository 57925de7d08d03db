//! A bounded window over any `Read`: events borrow from the reader's window.

mod end;
mod region;

use std::io::{self, ErrorKind as IoKind, Read};

use crate::checksum::Checksum;
use crate::decoder::{Decoder, KeySink, Progress, Runs, Step};
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Event, Part, Token};
use crate::limits::Limits;
use crate::record::Collector;
use crate::slice::compare;

/// Window of a new reader: large enough that a refill vanishes beside the
/// decoding, small enough to stay in the second-level cache.
const WINDOW: usize = 256 << 10;

/// Reads an RDB file from a pipe, a socket, a decompressor or a file.
///
/// # Limits
///
/// Holds one window, 256 KiB by default. It grows only while a single string
/// fills it, at most to [`Limits::max_piece`] plus one read; plain values
/// above [`Limits::chunk`] come in chunks and do not grow it.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Part, StreamReader};
///
/// let file: &[u8] = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff";
/// let mut reader = StreamReader::new(file);
/// let mut keys = 0;
/// while let Some(event) = reader.next_event()? {
///     keys += u32::from(matches!(event, Part::Key { .. }));
/// }
/// assert_eq!(keys, 1);
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Debug)]
pub struct StreamReader<R: ?Sized> {
    window: Vec<u8>,
    /// `hashed..at` is consumed but not in the checksum yet; `at..end` is next.
    hashed: usize,
    at: usize,
    end: usize,
    eof: bool,
    /// A failed read that is yet to be told: bytes in front of it are not
    /// decoded yet.
    failed: Option<io::Error>,
    token_offset: u64,
    decoder: Decoder,
    /// Of the window, where it is judged.
    runs: Runs,
    checksum: Checksum,
    check: bool,
    computed: Option<u64>,
    /// Hash templates that passed by while reading records.
    collector: Collector,
    /// Comes last: of what is decoded, nothing depends on where it comes from, and
    /// the same code serves every `StreamReader<dyn Read>`.
    source: R,
}

impl<R: Read> StreamReader<R> {
    /// A reader with the default window and limits.
    #[must_use]
    pub fn new(source: R) -> StreamReader<R> {
        StreamReader::with_limits(source, WINDOW, Limits::default())
    }

    /// A reader whose window starts at `window` bytes (16 at least).
    #[must_use]
    pub fn with_limits(source: R, window: usize, limits: Limits) -> StreamReader<R> {
        StreamReader {
            window: vec![0; window.max(16)],
            hashed: 0,
            at: 0,
            end: 0,
            eof: false,
            failed: None,
            token_offset: 0,
            decoder: Decoder::new(limits),
            runs: Runs::default(),
            checksum: Checksum::new(),
            check: true,
            computed: None,
            collector: Collector::default(),
            source,
        }
    }

    /// Whether a checksum that does not match is an error; it is by default.
    #[must_use]
    pub fn check_checksum(mut self, yes: bool) -> StreamReader<R> {
        self.check = yes;
        self
    }

    /// Goes on at `offset` of the file, which is a record boundary inside `db`;
    /// `source` gives the bytes from there on. Templates stay known.
    pub(crate) fn restart(&mut self, source: R, offset: u64, db: u64, window: usize) {
        self.source = source;
        self.window.truncate(window.max(16));
        self.window.shrink_to(4 * window);
        (self.hashed, self.at, self.end) = (0, 0, 0);
        self.eof = false;
        self.decoder.go_to(offset, db);
        self.checksum = Checksum::new();
        self.check = false;
    }

    /// The bytes read but not decoded, and the source behind them: what follows
    /// an RDB file in a hybrid AOF.
    #[must_use]
    pub fn into_rest(self) -> (Vec<u8>, R) {
        (
            self.window
                .get(self.at..self.end)
                .unwrap_or_default()
                .to_vec(),
            self.source,
        )
    }
}

impl<R: Read + ?Sized> StreamReader<R> {
    /// The next event, borrowed until the next call; `None` after the end of
    /// the file or an error.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`], [`ErrorKind::Checksum`], [`ErrorKind::Io`], and
    /// [`ErrorKind::Limit`] for a string that may not be held whole.
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'_>>> {
        match self.next_token()? {
            Some((at, token)) => {
                let window = self.window.get(at..self.end).unwrap_or_default();
                Ok(Some(token.resolve(window)))
            }
            None => Ok(None),
        }
    }

    #[inline]
    pub(crate) fn next_token(&mut self) -> Result<Option<(usize, Token)>> {
        loop {
            let window = self.window.get(self.at..self.end).unwrap_or_default();
            match self.decoder.step(window, self.eof) {
                Ok(Step::Token { used, token }) => {
                    let at = self.at;
                    self.token_offset = self.decoder.offset() - used as u64;
                    self.at += used;
                    if let Part::Eof {
                        checksum: Some(stored),
                    } = token
                    {
                        self.finish(stored)?;
                    }
                    return Ok(Some((at, token)));
                }
                Ok(Step::NeedMore { at_least }) => self.fill(at_least)?,
                Ok(Step::Done) => return Ok(None),
                Err(error) => {
                    let begin = self.decoder.offset();
                    return Err(self.judge_limit(error, begin));
                }
            }
        }
    }

    /// Offset of the next byte to decode.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.decoder.offset()
    }

    /// Offset of the last event's first byte.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.token_offset
    }

    /// The checksum of the file's bytes, once `Eof` was read in a file that has one.
    #[must_use]
    pub fn computed_checksum(&self) -> Option<u64> {
        self.computed
    }

    /// Compares what the end of the file states with what was computed, for one
    /// who drives the reader. Where either is missing there is nothing to compare.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Checksum`].
    pub(crate) fn compare_checksum(&self, stored: Option<u64>) -> Result<()> {
        match (stored, self.computed) {
            (Some(stored), Some(computed)) => compare(stored, computed, self.offset()),
            _ => Ok(()),
        }
    }

    /// Whether a checksum that does not match is an error.
    pub(crate) fn checks_checksum(&self) -> bool {
        self.check
    }

    /// The decoder, for its dialect, version and lax lengths.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// Gives it the templates that were met another way.
    pub(crate) fn set_collector(&mut self, collector: Collector) {
        self.collector = collector;
    }

    /// Bounds what one owned record may have.
    pub(crate) fn set_max_record(&mut self, bytes: u64) {
        self.decoder.set_max_record(bytes);
    }

    /// The bytes of the token that `next_token` found at `at`.
    pub(crate) fn token_bytes(&self, at: usize) -> &[u8] {
        self.window.get(at..self.at).unwrap_or_default()
    }

    pub(crate) fn collector(&self) -> &Collector {
        &self.collector
    }

    /// The collector, and the bytes of the token that `next_token` found at `at`.
    pub(crate) fn collector_and_bytes(&mut self, at: usize) -> (&mut Collector, &[u8]) {
        let bytes = self.window.get(at..self.at).unwrap_or_default();
        (&mut self.collector, bytes)
    }

    /// Bytes the window holds at the moment.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.window.capacity()
    }

    /// Reads to the end of the source and counts the bytes after the file's
    /// last one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Io`].
    pub fn count_rest(&mut self) -> Result<u64> {
        let mut rest = (self.end - self.at) as u64;
        while !self.eof {
            match self.read_to(0) {
                Ok(0) => self.eof = true,
                Ok(n) => rest += n as u64,
                Err(e) if e.kind() == IoKind::Interrupted => {}
                Err(e) => return Err(self.decoder.error_here(ErrorKind::Io(e))),
            }
        }
        self.at = self.end;
        Ok(rest)
    }
}

impl StreamReader<dyn Read + '_> {
    /// Decodes what the window holds into `sink`, then refills it; `false` at
    /// the end of the file.
    ///
    /// All of decoding is in here, 60 KB for each kind of sink, and no more than
    /// that: sources, which are asked once a window, have no kinds here.
    pub(crate) fn drive<S: KeySink>(&mut self, sink: &mut S) -> Result<bool> {
        let window = self.window.get(self.at..self.end).unwrap_or_default();
        let begin = self.decoder.offset();
        match self.decoder.drive(window, self.eof, usize::MAX, sink) {
            Ok(progress) => self.go_on(progress),
            Err(error) => Err(self.judge_limit(error, begin)),
        }
    }
}

impl<R: Read + ?Sized> StreamReader<R> {
    /// Refills the window behind what was decoded; `false` at the end of the file.
    fn go_on(&mut self, progress: Progress) -> Result<bool> {
        self.at += progress.used;
        if self.decoder.is_done() {
            if self.decoder.version() >= 5 {
                self.finish(0)?;
            }
            return Ok(false);
        }
        self.fill(progress.need)?;
        Ok(true)
    }

    #[cold]
    fn finish(&mut self, stored: u64) -> Result<()> {
        self.hash(self.at - 8);
        self.hashed = self.at;
        let computed = self.checksum.value();
        self.computed = Some(computed);
        if self.check {
            compare(stored, computed, self.decoder.offset())
        } else {
            Ok(())
        }
    }

    fn hash(&mut self, to: usize) {
        self.checksum
            .update(self.window.get(self.hashed..to).unwrap_or_default());
        self.hashed = to;
    }

    /// Makes at least one more byte available, or learns that there is none.
    ///
    /// A stated length never decides how much is allocated: the window at most
    /// doubles, and only once the bytes already read have filled it.
    #[cold]
    fn fill(&mut self, at_least: usize) -> Result<()> {
        self.hash(self.at);
        self.window.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        self.hashed = 0;
        if self.end == self.window.len() {
            let grown = at_least.clamp(self.window.len() + 1, self.window.len() * 2);
            self.window.resize(grown, 0);
        }
        match self.read_to(self.end) {
            Ok(0) => self.eof = true,
            Ok(n) => self.end += n,
            Err(e) if e.kind() == IoKind::Interrupted => {}
            Err(e) => return Err(self.decoder.abort(ErrorKind::Io(e))),
        }
        Ok(())
    }

    /// Reads into the window from `at` on, once.
    fn read_to(&mut self, at: usize) -> io::Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self
                .source
                .read(self.window.get_mut(at..).unwrap_or_default()),
        }
    }

    /// A string too long to hold may also be longer than the input: that is
    /// damage, and must be called so, as it is when the input is in memory.
    /// `begin` is the offset in the input of the window's next byte.
    #[cold]
    fn judge_limit(&mut self, error: Error, begin: u64) -> Error {
        let ErrorKind::Limit { asked, .. } = *error.kind() else {
            return error;
        };
        // The string begins where the error is: of it the window holds the rest.
        let before = error.offset() - begin;
        let held = (self.end - self.at) as u64 - before;
        let mut left = asked.saturating_sub(held);
        while left > 0 {
            match self.read_to(0) {
                Ok(0) => {
                    let (offset, token) = (error.offset(), error.token_offset());
                    return Error::new(ErrorKind::Truncated, offset, token, error.stage());
                }
                Ok(n) => left = left.saturating_sub(n as u64),
                Err(e) if e.kind() == IoKind::Interrupted => {}
                Err(e) => return self.decoder.error_here(ErrorKind::Io(e)),
            }
        }
        error
    }
}
