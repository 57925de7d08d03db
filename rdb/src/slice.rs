//! Everything in memory: events borrow from the input, not from the reader.

use crate::checksum::Checksum;
use crate::decoder::{Decoder, Step};
use crate::error::{Error, ErrorKind, Result, Stage};
use crate::event::{Event, Part};
use crate::limits::Limits;

/// Reads an RDB file that lies in memory, such as a map.
///
/// Nothing is copied: strings of the events live as long as the input.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Part, SliceReader, Str};
///
/// let file = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff";
/// let mut keys = Vec::new();
/// for event in SliceReader::new(file) {
///     if let Part::Key { key: Str::Raw(key), .. } = event? {
///         keys.push(key);
///     }
/// }
/// assert_eq!(keys, [b"a"]);
/// # Ok::<(), rdbkit_rdb::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SliceReader<'a> {
    data: &'a [u8],
    at: usize,
    token_at: usize,
    decoder: Decoder,
    check: bool,
    computed: Option<u64>,
}

impl<'a> SliceReader<'a> {
    /// A reader at the start of `data`, with the limits of input in memory.
    #[must_use]
    pub fn new(data: &'a [u8]) -> SliceReader<'a> {
        SliceReader::with_limits(data, Limits::in_memory())
    }

    /// A reader with limits of the caller's.
    #[must_use]
    pub fn with_limits(data: &'a [u8], limits: Limits) -> SliceReader<'a> {
        let decoder = Decoder::new(limits);
        SliceReader {
            data,
            at: 0,
            token_at: 0,
            decoder,
            check: true,
            computed: None,
        }
    }

    /// Whether a checksum that does not match is an error; it is by default.
    #[must_use]
    pub fn check_checksum(mut self, yes: bool) -> SliceReader<'a> {
        self.check = yes;
        self
    }

    /// The next event, or `None` after the end of the file or an error.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`], and [`ErrorKind::Checksum`].
    #[inline]
    pub fn next_event(&mut self) -> Result<Option<Event<'a>>> {
        let window: &'a [u8] = self.data.get(self.at..).unwrap_or_default();
        match self.decoder.step(window, true)? {
            Step::Token { used, token } => {
                self.token_at = self.at;
                self.at += used;
                if let Part::Eof {
                    checksum: Some(stored),
                } = token
                {
                    let covered = self
                        .data
                        .get(..self.at.saturating_sub(8))
                        .unwrap_or_default();
                    let computed = Checksum::of(covered);
                    self.computed = Some(computed);
                    if self.check {
                        compare(stored, computed, self.at as u64)?;
                    }
                }
                Ok(Some(token.resolve(window)))
            }
            // With the end in sight every state gives a token or an error.
            Step::Done | Step::NeedMore { .. } => Ok(None),
        }
    }

    /// Offset of the next byte to decode.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.at as u64
    }

    /// Offset of the last event's first byte.
    #[must_use]
    pub fn token_offset(&self) -> u64 {
        self.token_at as u64
    }

    /// The checksum of the file's bytes, once `Eof` was read in a file that has one.
    #[must_use]
    pub fn computed_checksum(&self) -> Option<u64> {
        self.computed
    }

    /// The decoder, for its dialect, version and lax lengths.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// Passes over the rest of the value it stands in.
    pub(crate) fn skip_value(&mut self) -> Result<()> {
        let window = self.data.get(self.at..).unwrap_or_default();
        self.at += self.decoder.skip_value(window)?;
        Ok(())
    }

    /// The bounds it was made with.
    pub(crate) fn limits(&self) -> &Limits {
        self.decoder.limits()
    }

    /// The database of the keys that come next.
    pub(crate) fn db(&self) -> u64 {
        self.decoder.db()
    }

    /// What has not been decoded: after `Eof`, the bytes behind the trailer.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.at..).unwrap_or_default()
    }

    /// All of the input.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }
}

impl<'a> Iterator for SliceReader<'a> {
    type Item = Result<Event<'a>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.next_event().transpose()
    }
}

/// `end` is the offset after the trailer. A zero trailer means "not computed".
pub(crate) fn compare(stored: u64, computed: u64, end: u64) -> Result<()> {
    if stored == 0 || stored == computed {
        return Ok(());
    }
    let kind = ErrorKind::Checksum { stored, computed };
    Err(Error::new(
        kind,
        end,
        end.saturating_sub(9),
        Stage::Checksum,
    ))
}
