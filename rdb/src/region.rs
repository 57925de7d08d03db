//! Whole records cut off an input, so that others can judge them while reading
//! goes on.
//!
//! ```text
//! input   | decoded | region: whole keys | a key's beginning, or what is no key
//!                   ^                    ^
//!              record boundary      record boundary: decoding goes on here
//! ```

mod boundaries;
#[cfg(test)]
mod tests;

use std::hint::black_box;

use crate::decoder::{Checkpoint, Decoder, Progress, RunSink, Runs};
use crate::error::Result;
pub(crate) use boundaries::Boundaries;

/// An input that is decoded here, or cut into regions to be decoded elsewhere.
///
/// Whoever cuts a region off makes the checksum of it: to combine that of a region
/// with what came before takes longer than to make it (600,000 instructions).
pub(crate) trait Regions<'a> {
    /// Decodes some more into `sink`; `false` at the end of the file.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, or reading it.
    fn drive<S: RunSink>(&mut self, sink: &mut S) -> Result<bool>;

    /// The same, up to the last key that ends in what is at hand, if one does.
    ///
    /// # Errors
    ///
    /// As [`drive`](Self::drive).
    fn drive_whole_records<S: RunSink>(&mut self, sink: &mut S) -> Result<bool>;

    /// The decoder: it stands behind what was decoded or cut off.
    fn position(&self) -> &Decoder;

    /// Cuts off the whole keys in the next `size` bytes, and goes on behind them; nothing
    /// where there is none. The decoder has to stand at a record boundary. `spare`
    /// memory is taken where they have to be owned.
    fn cut(&mut self, size: usize, spare: &mut Spare) -> Option<Region<'a>>;
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

/// Memory of a region that was let go, to be used again.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    pub buffer: Vec<u8>,
    pub runs: Runs,
}

/// Whole keys, with the bytes they are in.
#[derive(Debug)]
pub(crate) struct Region<'a> {
    bytes: Held<'a>,
    /// Where the first one begins.
    pub from: Checkpoint,
    /// One bit a type of their values.
    pub types: u64,
    /// Whether something else than a key follows, or damage.
    pub last: bool,
    /// Runs of plain ones among them.
    pub runs: Runs,
}

#[derive(Debug)]
pub(crate) enum Held<'a> {
    /// In memory that stays.
    Lent(&'a [u8]),
    /// At the front of a buffer: so many bytes.
    Owned(Vec<u8>, usize),
}

impl<'a> Region<'a> {
    /// The keys of a frame, with the `runs` found in it.
    pub fn new(bytes: Held<'a>, from: Checkpoint, frame: Frame, runs: Runs) -> Region<'a> {
        Region {
            bytes,
            from,
            types: frame.types,
            last: frame.last,
            runs,
        }
    }

    /// The keys.
    pub fn records(&self) -> &[u8] {
        match &self.bytes {
            Held::Lent(bytes) => bytes,
            Held::Owned(buffer, len) => buffer.get(..*len).unwrap_or_default(),
        }
    }

    /// Leaves its memory to the next one.
    pub fn into_spare(self) -> Spare {
        let buffer = match self.bytes {
            Held::Lent(_) => Vec::new(),
            Held::Owned(buffer, _) => buffer,
        };
        Spare {
            buffer,
            runs: self.runs,
        }
    }
}

/// Whole keys in front of `window`, where `decoder` stands.
pub(crate) fn frame(decoder: &Decoder, window: &[u8], runs: &mut Runs) -> Frame {
    let begin = decoder.offset();
    let mut seen = Boundaries::default();
    runs.find(decoder, window);
    let damaged = decode(&mut decoder.clone(), window, runs, &mut seen).is_err();
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
    let _ = decode(&mut decoder.clone(), window, &Runs::default(), &mut seen);
    seen.last().map_or(0, |end| (end - begin) as usize)
}

/// Bytes that are brought into the first-level cache at once.
///
/// They are new to this processor, and each key is found through the lengths of the
/// one in front of it: that is a wait for memory in each key. Asked for by the block
/// they come all at once (measured on small keys: two threads take a tenth less time).
const BLOCK: usize = 4 << 10;

/// Decodes what is whole in `window` into `sink`, or the first `budget` bytes of it:
/// the one copy of that loop for each sink. `eof`: nothing comes behind the window.
///
/// Of its `runs` those are taken that begin where a key does.
#[inline(never)]
fn decode_budget<S: RunSink>(
    decoder: &mut Decoder,
    window: &[u8],
    eof: bool,
    budget: usize,
    runs: &Runs,
    sink: &mut S,
) -> Result<Progress> {
    let begin = decoder.offset();
    let mut used = 0;
    let mut runs = runs.iter().filter(|run| run.end <= window.len());
    let mut next = runs.next();
    loop {
        while let Some(run) = next.filter(|run| run.begin <= used) {
            if run.begin == used && decoder.at_record_boundary() {
                sink.run(window, begin, &run);
                decoder.pass(run.end - run.begin);
                used = run.end;
            }
            next = runs.next();
        }
        if used >= budget {
            return Ok(Progress { used, need: 0 });
        }
        let rest = window.get(used..).unwrap_or_default();
        let step = next.map_or(BLOCK, |run| BLOCK.min(run.begin - used));
        let step = step.min(budget - used);
        fetch(rest.get(..step).unwrap_or(rest));
        let progress = decoder.drive(rest, eof, step, sink)?;
        used += progress.used;
        if progress.used < step {
            return Ok(Progress { used, ..progress });
        }
    }
}

/// Decodes what is whole in `window` into `sink`, with its `runs`. Gives the number of
/// bytes.
pub(crate) fn decode<S: RunSink>(
    decoder: &mut Decoder,
    window: &[u8],
    runs: &Runs,
    sink: &mut S,
) -> Result<usize> {
    let progress = decode_budget(decoder, window, false, usize::MAX, runs, sink)?;
    Ok(progress.used)
}

/// Decodes `budget` bytes of `window`, or what is whole of them, with the `runs` that
/// are found there. `eof`: nothing comes behind the window.
pub(crate) fn decode_by_runs<S: RunSink>(
    decoder: &mut Decoder,
    window: &[u8],
    eof: bool,
    budget: usize,
    runs: &mut Runs,
    sink: &mut S,
) -> Result<Progress> {
    runs.clear();
    let mut front = 0;
    // What is left of a key: a block has all of it where keys are small.
    if !decoder.at_record_boundary() {
        let progress = decode_budget(decoder, window, eof, BLOCK, runs, sink)?;
        if progress.used < BLOCK {
            return Ok(progress);
        }
        front = progress.used;
    }
    let rest = window.get(front..).unwrap_or_default();
    let budget = budget.saturating_sub(front);
    runs.find(decoder, rest.get(..budget).unwrap_or(rest));
    let progress = decode_budget(decoder, rest, eof, budget, runs, sink)?;
    let used = front + progress.used;
    Ok(Progress { used, ..progress })
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
