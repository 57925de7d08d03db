//! Whole records cut off an input, so that others can judge them while reading
//! goes on.
//!
//! ```text
//! input   | decoded | region: whole keys | a key's beginning, or what is no key
//!                   ^                    ^
//!              record boundary      record boundary: decoding goes on here
//! ```

mod boundaries;

use std::hint::black_box;
use std::ops::Range;

use crate::decoder::{Checkpoint, Decoder, KeySink};
use crate::error::Result;
pub(crate) use boundaries::Boundaries;

/// An input that is decoded here, or cut into regions to be decoded elsewhere.
///
/// Whoever cuts a region off makes the checksum of it: to combine that of 1 MiB
/// with what came before takes longer than to make it (600,000 instructions).
pub(crate) trait Regions<'a> {
    /// Decodes some more into `sink`; `false` at the end of the file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, or reading it.
    fn drive<S: KeySink>(&mut self, sink: &mut S) -> Result<bool>;

    /// The same, up to the last key that ends in what is at hand, if one does.
    ///
    /// # Errors
    ///
    /// As [`drive`](Self::drive).
    fn drive_whole_records<S: KeySink>(&mut self, sink: &mut S) -> Result<bool>;

    /// The decoder: it stands behind what was decoded or cut off.
    fn position(&self) -> &Decoder;

    /// Looks for whole keys in the next `size` bytes. The decoder has to stand
    /// at a record boundary.
    fn frame(&mut self, size: usize) -> Frame;

    /// Cuts off the `len` bytes of a frame, and goes on behind them. A `fresh`
    /// buffer of `size` bytes is taken where they have to be owned.
    fn cut(&mut self, len: usize, fresh: impl FnOnce() -> Vec<u8>) -> Region<'a>;
}

/// Whole keys in front of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    /// Their bytes.
    pub len: usize,
    /// One bit a type of their values.
    pub types: u64,
    /// Whether something else than a key follows, or damage.
    pub last: bool,
}

/// Whole keys, with the bytes they are in.
#[derive(Debug)]
pub(crate) struct Region<'a> {
    bytes: Held<'a>,
    /// Where the first one begins.
    pub from: Checkpoint,
}

#[derive(Debug)]
enum Held<'a> {
    Lent(&'a [u8]),
    Owned(Vec<u8>, Range<usize>),
}

impl<'a> Region<'a> {
    /// Keys in a buffer.
    pub fn owned(buffer: Vec<u8>, range: Range<usize>, from: Checkpoint) -> Region<'a> {
        let bytes = Held::Owned(buffer, range);
        Region { bytes, from }
    }

    /// Keys in memory that stays.
    pub fn lent(bytes: &'a [u8], from: Checkpoint) -> Region<'a> {
        let bytes = Held::Lent(bytes);
        Region { bytes, from }
    }

    /// The keys.
    pub fn records(&self) -> &[u8] {
        match &self.bytes {
            Held::Lent(bytes) => bytes,
            Held::Owned(buffer, range) => buffer.get(range.clone()).unwrap_or_default(),
        }
    }

    /// The buffer, to be used again.
    pub fn into_buffer(self) -> Option<Vec<u8>> {
        match self.bytes {
            Held::Lent(_) => None,
            Held::Owned(buffer, _) => Some(buffer),
        }
    }
}

/// Whole keys in front of `window`, where `decoder` stands.
pub(crate) fn frame(decoder: &Decoder, window: &[u8]) -> Frame {
    let begin = decoder.offset();
    let mut seen = Boundaries::default();
    let damaged = decode(&mut decoder.clone(), window, &mut seen).is_err();
    Frame {
        len: seen.before_others().map_or(0, |end| (end - begin) as usize),
        types: seen.types(),
        last: damaged || seen.met_others(),
    }
}

/// Bytes of `window` up to the end of the last key in it, in front of which
/// there may be anything; 0 if none ends there. `decoder` may stand in a key.
pub(crate) fn up_to_last_key(decoder: &Decoder, window: &[u8]) -> usize {
    let begin = decoder.offset();
    let mut seen = Boundaries::default();
    // What is wrong there will be told when it is decoded.
    let _ = decode(&mut decoder.clone(), window, &mut seen);
    seen.last().map_or(0, |end| (end - begin) as usize)
}

/// Bytes that are brought into the first-level cache at once.
const BLOCK: usize = 4 << 10;

/// Decodes what is whole in `window` into `sink`: the one copy of that loop for
/// each sink. Gives the number of bytes.
///
/// The bytes are new to this processor, and each key is found through the
/// lengths of the one in front of it: that is a wait for memory in each key.
/// Asked for by the block they come all at once (measured on small keys: two
/// threads take a tenth less time).
#[inline(never)]
pub(crate) fn decode<S: KeySink>(
    decoder: &mut Decoder,
    window: &[u8],
    sink: &mut S,
) -> Result<usize> {
    let mut used = 0;
    loop {
        let rest = window.get(used..).unwrap_or_default();
        fetch(rest.get(..BLOCK).unwrap_or(rest));
        let progress = decoder.drive(rest, false, BLOCK, sink)?;
        used += progress.used;
        if progress.used < BLOCK {
            return Ok(used);
        }
    }
}

/// Touches each line of the cache that `block` is in.
fn fetch(block: &[u8]) {
    let mut all = 0u8;
    for byte in block.iter().step_by(64) {
        // In turn, lest this becomes a sum in vector registers, which is slower.
        all = all.rotate_left(1) ^ byte;
    }
    black_box(all);
}
