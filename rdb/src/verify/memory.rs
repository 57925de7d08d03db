//! A file in memory, hashed while it is still in the cache.

use crate::checksum::Checksum;
use crate::decoder::{Decoder, RunSink, Runs};
use crate::error::Result;
use crate::limits::Limits;
use crate::region::{Held, Region, Regions, Spare, decode, decode_by_runs, frame, up_to_last_key};

/// Bytes decoded between two rounds of hashing: they are still in the cache.
pub(super) const ROUND: usize = 256 << 10;

/// Bytes of the checksum behind a file, which covers all but itself, and the
/// first version to have one.
const TRAILER: usize = 8;
const FIRST_WITH_TRAILER: u32 = 5;

/// A file in memory.
pub(super) struct Memory<'a> {
    bytes: &'a [u8],
    at: usize,
    decoder: Decoder,
    runs: Runs,
    checksum: Checksum,
}

impl<'a> Memory<'a> {
    pub fn new(bytes: &'a [u8], limits: Limits) -> Memory<'a> {
        Memory {
            bytes,
            at: 0,
            decoder: Decoder::new(limits),
            runs: Runs::default(),
            checksum: Checksum::new(),
        }
    }

    /// What was decoded, or cut off.
    pub fn offset(&self) -> u64 {
        self.at as u64
    }

    /// Bytes behind that.
    pub fn rest(&self) -> u64 {
        (self.bytes.len() - self.at) as u64
    }

    /// Of what was decoded, without the trailer.
    pub fn checksum(&self) -> u64 {
        self.checksum.value()
    }

    /// The next `len` bytes, or as many as there are.
    fn window(&self, len: usize) -> &'a [u8] {
        let end = self.bytes.len().min(self.at.saturating_add(len));
        self.bytes.get(self.at..end).unwrap_or_default()
    }

    /// Goes on behind `len` bytes.
    fn pass(&mut self, len: usize) {
        let trailer = match self.decoder.is_done() {
            true if self.decoder.version() >= FIRST_WITH_TRAILER => TRAILER,
            _ => 0,
        };
        self.checksum.update(self.window(len - trailer));
        self.at += len;
    }
}

impl<'a> Regions<'a> for Memory<'a> {
    fn drive<S: RunSink>(&mut self, sink: &mut S) -> Result<bool> {
        let rest = self.window(usize::MAX);
        let (decoder, runs) = (&mut self.decoder, &mut self.runs);
        let progress = decode_by_runs(decoder, rest, true, ROUND, runs, sink)?;
        self.pass(progress.used);
        Ok(!self.decoder.is_done())
    }

    fn drive_whole_records<S: RunSink>(&mut self, sink: &mut S) -> Result<bool> {
        let len = up_to_last_key(&self.decoder, self.window(ROUND));
        if len == 0 {
            return self.drive(sink);
        }
        let window = self.window(len);
        let used = decode(&mut self.decoder, window, &Runs::default(), sink)?;
        self.pass(used);
        Ok(true)
    }

    fn position(&self) -> &Decoder {
        &self.decoder
    }

    fn cut(&mut self, size: usize, spare: &mut Spare) -> Option<Region<'a>> {
        let frame = frame(&self.decoder, self.window(size), &mut spare.runs);
        if frame.len == 0 {
            return None;
        }
        let bytes = Held::Lent(self.window(frame.len));
        self.pass(frame.len);
        let from = self.decoder.cut_off(frame.len);
        let runs = std::mem::take(&mut spare.runs);
        Some(Region::new(bytes, from, frame, runs))
    }
}
