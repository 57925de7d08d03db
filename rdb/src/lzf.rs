//! LZF, the compression of long strings.
//!
//! ```text
//! instruction                   what comes out
//! 000lllll  literal bytes       l + 1 bytes as they stand, 1..=32
//! LLLddddd  dd                  L + 2 bytes from d + 1 back; L in 1..=6
//! 111ddddd  nn  dd              n + 9 bytes from d + 1 back
//! ```
//!
//! A reference may reach into what it produces itself: distance 1 repeats one
//! byte. There is no header and no end: both sizes stand outside the stream.
//!
//! One oddity that every server has: where the string is said to be empty,
//! nothing is looked at, whatever the stream holds. The decoder's "failed" is 0,
//! and so is the size asked for.

mod inflate;

use thiserror::Error;

pub(crate) use inflate::{Inflate, WINDOW};

/// Damage in an LZF stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{fault} at byte {at} of the compressed string")]
pub struct LzfError {
    /// Offset of the damaged instruction from the first compressed byte.
    pub at: usize,
    /// What is wrong there.
    pub fault: LzfFault,
}

/// The kinds of damage an LZF stream can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LzfFault {
    /// An instruction reaches beyond the compressed bytes.
    #[error("instruction is cut off")]
    Truncated,
    /// More comes out than the string is said to have.
    #[error("more output than stated")]
    TooLong,
    /// A reference reaches before the first byte.
    #[error("reference before the start of the output")]
    BadReference,
    /// The stream ends before the string is complete.
    #[error("only {0} bytes of output")]
    TooShort(u64),
}

/// Controls below this are literal runs, from here on references.
const LITERALS: u8 = 32;

/// The longest run one instruction takes from the input.
const LONGEST_LITERAL: usize = 32;

/// The most bytes that `clen` compressed bytes can become: 88 times as many.
///
/// Ask it before memory is set aside for a string's stated size.
///
/// ```
/// use rdbkit_rdb::lzf::max_output;
///
/// assert_eq!(max_output(3), 264);
/// assert_eq!(max_output(1), 0, "no instruction is that short");
/// ```
pub const fn max_output(clen: u64) -> u64 {
    // The best are references of three bytes; two bytes left give 8 at most.
    let rest = if clen % 3 == 2 { 8 } else { 0 };
    (clen / 3).saturating_mul(264).saturating_add(rest)
}

/// One reference: how many bytes, from how far back, and the input behind it.
struct Reference<'a> {
    len: usize,
    distance: usize,
    rest: &'a [u8],
}

/// Reads the reference that `control` begins and `rest` goes on with.
#[inline(always)]
fn reference(control: u8, rest: &[u8]) -> Option<Reference<'_>> {
    let high = usize::from(control & 0x1F) << 8;
    let short = usize::from(control >> 5) + 2;
    match rest {
        [low, rest @ ..] if short < 9 => Some(Reference {
            len: short,
            distance: (high | usize::from(*low)) + 1,
            rest,
        }),
        [more, low, rest @ ..] => Some(Reference {
            len: short + usize::from(*more),
            distance: (high | usize::from(*low)) + 1,
            rest,
        }),
        _ => None,
    }
}

/// Decompresses `input` into all of `out`.
///
/// # Errors
///
/// [`LzfError`] unless the stream is whole and fills `out` exactly; `out` then
/// holds nothing of use.
///
/// # Limits
///
/// Allocates nothing.
///
/// ```
/// let mut out = [0; 30];
/// rdbkit_rdb::lzf::decompress_into(
///     b"\x01aa\xE0\x11\x00\x01aa", // "aa", 26 more of the last byte, "aa"
///     &mut out,
/// )?;
/// assert_eq!(&out, &[b'a'; 30]);
/// # Ok::<(), rdbkit_rdb::lzf::LzfError>(())
/// ```
pub fn decompress_into(input: &[u8], out: &mut [u8]) -> Result<(), LzfError> {
    if out.is_empty() {
        return Ok(());
    }
    let mut rest = input;
    // Bytes written. Never beyond `out`.
    let mut filled = 0;
    while let [control, behind @ ..] = rest {
        let result = if *control < LITERALS {
            literal(usize::from(*control) + 1, behind, out, &mut filled)
        } else {
            match reference(*control, behind) {
                Some(reference) => repeat(reference, out, &mut filled),
                None => Err(LzfFault::Truncated),
            }
        };
        match result {
            Ok(behind) => rest = behind,
            Err(fault) => return Err(failed(input, rest, fault)),
        }
    }
    if filled == out.len() {
        Ok(())
    } else {
        Err(failed(input, rest, LzfFault::TooShort(filled as u64)))
    }
}

/// Decompresses the first bytes of a string, as many as `out` holds, and says
/// how many there were: fewer where the stream ends or is damaged.
///
/// # Limits
///
/// Allocates nothing; its time goes with the size of `out`.
///
/// ```
/// let mut out = [0; 4];
/// let n = rdbkit_rdb::lzf::front(b"\x01ab\xE0\x11\x01", &mut out);
/// assert_eq!((n, &out), (4, b"abab"));
/// ```
#[must_use]
pub fn front(input: &[u8], out: &mut [u8]) -> usize {
    let mut rest = input;
    let mut filled = 0;
    while let [control, behind @ ..] = rest {
        if filled == out.len() {
            break;
        }
        if *control < LITERALS {
            let (run, behind) = behind.split_at(behind.len().min(usize::from(*control) + 1));
            for (to, byte) in out[filled..].iter_mut().zip(run) {
                *to = *byte;
                filled += 1;
            }
            rest = behind;
        } else {
            let Some(reference) = reference(*control, behind) else {
                break;
            };
            let Some(from) = filled.checked_sub(reference.distance) else {
                break;
            };
            let len = reference.len.min(out.len() - filled);
            for at in from..from + len {
                out[filled] = out[at];
                filled += 1;
            }
            rest = reference.rest;
        }
    }
    filled
}

/// Checks that `input` decompresses to exactly `ulen` bytes, without doing it.
///
/// Looks at the instructions only, so its time goes with their number, not with
/// the size of the output. Accepts and refuses what [`decompress_into`] does,
/// with the same error.
///
/// # Errors
///
/// [`LzfError`] at the first instruction that is wrong.
///
/// ```
/// use rdbkit_rdb::lzf::check;
///
/// assert!(check(b"\x00a", 1).is_ok());
/// assert!(check(b"\x00a", 2).is_err());
/// ```
pub fn check(input: &[u8], ulen: u64) -> Result<(), LzfError> {
    let mut scan = Scan::new(ulen);
    scan.feed(input)?;
    scan.finish()
}

/// [`check`] for a stream that comes in pieces.
///
/// # Limits
///
/// Holds at most one instruction, whatever the string's size.
///
/// ```
/// use rdbkit_rdb::lzf::Scan;
///
/// let mut scan = Scan::new(30);
/// scan.feed(b"\x01a")?; // two bytes are promised, one is here
/// scan.feed(b"a\xE0\x11\x00\x01aa")?;
/// scan.finish()?;
/// # Ok::<(), rdbkit_rdb::lzf::LzfError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scan {
    /// Bytes the string is said to have.
    full: u64,
    /// Bytes that came out so far.
    filled: u64,
    /// Compressed bytes before the next instruction.
    at: u64,
    /// The front of an instruction whose end is yet to come.
    cut: [u8; LONGEST],
    cut_len: usize,
    fault: Option<LzfError>,
}

/// The longest instruction: a literal run.
const LONGEST: usize = 1 + LONGEST_LITERAL;

impl Scan {
    /// A scan of a string that is said to have `full` bytes.
    #[must_use]
    pub fn new(full: u64) -> Scan {
        Scan {
            full,
            filled: 0,
            at: 0,
            cut: [0; LONGEST],
            cut_len: 0,
            fault: None,
        }
    }

    /// Takes the next compressed bytes, as many as there are.
    ///
    /// # Errors
    ///
    /// [`LzfError`] at the first instruction that is wrong; the same again for
    /// whatever comes after it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), LzfError> {
        if self.full == 0 {
            return Ok(());
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let outcome = self.walk(bytes);
        self.fault = outcome.err();
        outcome
    }

    /// The stream is complete: so must the string be.
    ///
    /// # Errors
    ///
    /// [`LzfError`] of the first instruction that is wrong, or because the
    /// string is too short.
    pub fn finish(self) -> Result<(), LzfError> {
        match self.fault {
            Some(fault) => Err(fault),
            None if self.full == 0 => Ok(()),
            None if self.cut_len > 0 => Err(self.failed(LzfFault::Truncated)),
            None if self.filled < self.full => Err(self.failed(LzfFault::TooShort(self.filled))),
            None => Ok(()),
        }
    }

    fn walk(&mut self, bytes: &[u8]) -> Result<(), LzfError> {
        let mut rest = bytes;
        while self.cut_len > 0 {
            let [byte, behind @ ..] = rest else {
                return Ok(());
            };
            // An instruction of `LONGEST` bytes is never cut: the slot is there.
            if let Some(slot) = self.cut.get_mut(self.cut_len) {
                *slot = *byte;
            }
            self.cut_len += 1;
            rest = behind;
            let cut = self.cut;
            if let Some((output, _)) = instruction(cut.get(..self.cut_len).unwrap_or_default()) {
                self.judge(output, self.cut_len)?;
                self.cut_len = 0;
            }
        }
        while let Some((output, behind)) = instruction(rest) {
            self.judge(output, rest.len() - behind.len())?;
            rest = behind;
        }
        if let Some(cut) = self.cut.get_mut(..rest.len()) {
            cut.copy_from_slice(rest);
            self.cut_len = rest.len();
        }
        Ok(())
    }

    /// Takes one instruction's output, from `used` compressed bytes.
    #[inline(always)]
    fn judge(&mut self, output: Output, used: usize) -> Result<(), LzfError> {
        if output.len as u64 > self.full - self.filled {
            return Err(self.failed(LzfFault::TooLong));
        }
        if output.distance as u64 > self.filled {
            return Err(self.failed(LzfFault::BadReference));
        }
        self.filled += output.len as u64;
        self.at += used as u64;
        Ok(())
    }

    #[cold]
    fn failed(&self, fault: LzfFault) -> LzfError {
        let at = usize::try_from(self.at).unwrap_or(usize::MAX);
        LzfError { at, fault }
    }
}

/// What an instruction produces: so many bytes, from so far back; a literal
/// run from 0.
struct Output {
    len: usize,
    distance: usize,
}

/// The instruction at the front of `input`, if it is there whole, and what is
/// behind it.
#[inline(always)]
fn instruction(input: &[u8]) -> Option<(Output, &[u8])> {
    let (control, behind) = input.split_first()?;
    if *control < LITERALS {
        let len = usize::from(*control) + 1;
        return Some((Output { len, distance: 0 }, behind.get(len..)?));
    }
    let Reference {
        len,
        distance,
        rest,
    } = reference(*control, behind)?;
    Some((Output { len, distance }, rest))
}

#[cold]
fn failed(input: &[u8], rest: &[u8], fault: LzfFault) -> LzfError {
    LzfError {
        at: input.len() - rest.len(),
        fault,
    }
}

/// Copies a literal run and returns the input behind it.
#[inline(always)]
fn literal<'a>(
    len: usize,
    behind: &'a [u8],
    out: &mut [u8],
    filled: &mut usize,
) -> Result<&'a [u8], LzfFault> {
    let free = out.get_mut(*filled..).unwrap_or_default();
    // Where both sides have room, a copy of constant size is two moves instead
    // of a call; what it writes too much is overwritten later.
    if let (Some(from), Some(to)) = (
        behind.first_chunk::<LONGEST_LITERAL>(),
        free.first_chunk_mut::<LONGEST_LITERAL>(),
    ) {
        *to = *from;
    } else {
        let from = behind.get(..len).ok_or(LzfFault::Truncated)?;
        let to = free.get_mut(..len).ok_or(LzfFault::TooLong)?;
        to.copy_from_slice(from);
    }
    *filled += len;
    behind.get(len..).ok_or(LzfFault::Truncated)
}

/// Copies a reference and returns the input behind it.
#[inline(always)]
fn repeat<'a>(
    Reference {
        len,
        distance,
        rest,
    }: Reference<'a>,
    out: &mut [u8],
    filled: &mut usize,
) -> Result<&'a [u8], LzfFault> {
    if len > out.len() - *filled {
        return Err(LzfFault::TooLong);
    }
    let Some(start) = filled.checked_sub(distance) else {
        return Err(LzfFault::BadReference);
    };
    // From the source on: what is to be written begins at `distance`.
    let window = out.get_mut(start..).unwrap_or_default();
    if distance >= 16 && len + 16 <= window.len() - distance {
        copy_chunks(window, distance, len);
    } else {
        copy_exactly(window, distance, len);
    }
    *filled += len;
    Ok(rest)
}

/// Copies at least `len` bytes, 16 at a time, none of which overlap because they
/// are that far apart.
#[inline(always)]
fn copy_chunks(window: &mut [u8], distance: usize, len: usize) {
    let (done, free) = window.split_at_mut(distance);
    if let (Some(from), Some(to)) = (done.first_chunk::<16>(), free.first_chunk_mut::<16>()) {
        *to = *from;
    }
    let mut at = 16;
    while at < len {
        window.copy_within(at..at + 16, at + distance);
        at += 16;
    }
}

/// Copies exactly `len` bytes, doubling the stretch that can be copied at once.
fn copy_exactly(window: &mut [u8], distance: usize, len: usize) {
    let mut written = 0;
    while written < len {
        // All of the first `distance + written` bytes are there already.
        let stretch = (distance + written).min(len - written);
        window.copy_within(..stretch, distance + written);
        written += stretch;
    }
}

#[cfg(test)]
mod tests;
