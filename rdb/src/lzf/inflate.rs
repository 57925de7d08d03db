//! A compressed string, decompressed window by window.
//!
//! A reference reaches at most 8 KiB back, so that much of what came out has to be
//! kept, whatever the string's size.

use super::{LITERALS, LONGEST_LITERAL, LzfError, Reference, Scan, literal, reference, repeat};

/// How far back a reference can reach.
const HISTORY: usize = 1 << 13;

/// The most bytes one instruction becomes.
const LONGEST_OUTPUT: usize = 264;

/// What was passed over and is still to be seen.
const BEHIND: usize = 16;

/// Bytes of a window, for who has no other wish: they stay in the cache.
pub(crate) const WINDOW: usize = 1 << 16;

/// A place in a compressed string that is known to be sound, and the bytes there.
///
/// # Limits
///
/// Holds one window, of [`Inflate::SMALLEST`] bytes at least.
#[derive(Clone, Debug)]
pub(crate) struct Inflate<'a> {
    /// Instructions still to come.
    rest: &'a [u8],
    /// Bytes of the whole string.
    full: u64,
    window: Vec<u8>,
    /// Bytes of the string before the window.
    before: u64,
    /// Of the window, what was passed over.
    passed: usize,
    /// Of the window, what there is.
    filled: usize,
}

impl<'a> Inflate<'a> {
    /// The least bytes of a window.
    pub const SMALLEST: usize = HISTORY + 2 * LONGEST_OUTPUT + BEHIND + LONGEST_LITERAL;

    /// The front of a string of `full` bytes.
    ///
    /// # Errors
    ///
    /// [`LzfError`] unless `data` decompresses to exactly so many.
    pub fn new(data: &'a [u8], full: u64, window: usize) -> Result<Inflate<'a>, LzfError> {
        let mut scan = Scan::new(full);
        scan.feed(data)?;
        scan.finish()?;
        let mut inflate = Inflate {
            // An empty string is that, whatever its data say.
            rest: if full == 0 { &[] } else { data },
            full,
            window: vec![0; window.max(Inflate::SMALLEST)],
            before: 0,
            passed: 0,
            filled: 0,
        };
        inflate.fill();
        Ok(inflate)
    }

    /// Bytes of the whole string.
    pub fn len(&self) -> u64 {
        self.full
    }

    /// Bytes passed over.
    pub fn position(&self) -> u64 {
        self.before + self.passed as u64
    }

    /// The bytes from here on that are in the window: to the end of the string, where
    /// they do not fill it.
    pub fn bytes(&self) -> &[u8] {
        self.window
            .get(self.passed..self.filled)
            .unwrap_or_default()
    }

    /// As [`bytes`](Self::bytes), with up to 16 bytes that were passed over before
    /// them, and how many those are.
    pub fn bytes_and_some_before(&self) -> (&[u8], usize) {
        let some = self.passed.min(BEHIND);
        let bytes = self.window.get(self.passed - some..self.filled);
        (bytes.unwrap_or_default(), some)
    }

    /// Whether the string ends in the window.
    pub fn sees_end(&self) -> bool {
        self.before + self.filled as u64 == self.full
    }

    /// Passes over `n` bytes, or what is left; the window is then filled again only if
    /// less than `want` bytes are left in it. A window has room for 264 at least.
    pub fn pass(&mut self, n: u64, want: usize) {
        let mut left = n;
        loop {
            let here = (self.filled - self.passed) as u64;
            let step = left.min(here);
            self.passed += step as usize;
            left -= step;
            if left == 0 || self.sees_end() {
                break;
            }
            self.fill();
        }
        if self.filled - self.passed < want {
            self.fill();
        }
    }

    /// Fills the window with what comes next. What is in it and not passed over stays.
    pub fn fill(&mut self) {
        let kept = self.passed.saturating_sub(BEHIND);
        let kept = kept.min(self.filled.saturating_sub(HISTORY));
        self.window.copy_within(kept..self.filled, 0);
        self.before += kept as u64;
        self.passed -= kept;
        self.filled -= kept;
        while let [control, behind @ ..] = self.rest
            && self.window.len() - self.filled >= LONGEST_OUTPUT
        {
            let (window, filled) = (&mut self.window[..], &mut self.filled);
            let result = if *control < LITERALS {
                literal(usize::from(*control) + 1, behind, window, filled).ok()
            } else {
                let found: Option<Reference<'a>> = reference(*control, behind);
                found.and_then(|found| repeat(found, window, filled).ok())
            };
            // It was checked before: there is always something.
            self.rest = result.unwrap_or_default();
        }
    }

    /// Hands out the next `n` bytes piece by piece, and passes over them.
    pub fn hand_out(&mut self, n: u64, mut to: impl FnMut(&[u8])) {
        let mut left = n;
        while left > 0 && !self.bytes().is_empty() {
            let bytes = self.bytes();
            let most = usize::try_from(left).unwrap_or(usize::MAX);
            let piece = bytes.get(..most).unwrap_or(bytes);
            to(piece);
            let step = piece.len() as u64;
            self.pass(step, 1);
            left -= step;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lzf::{decompress_into, max_output};

    /// Instructions that are sound, and how many bytes they become.
    fn stream() -> impl Strategy<Value = (Vec<u8>, usize)> {
        let instruction = (any::<u8>(), 0..=LONGEST_OUTPUT, any::<u16>(), any::<bool>());
        prop::collection::vec(instruction, 1..400).prop_map(|wishes| {
            let (mut data, mut full) = (Vec::new(), 0usize);
            for (byte, len, distance, literal) in wishes {
                if literal || full == 0 {
                    let run = 1 + usize::from(byte) % 32;
                    data.push(run as u8 - 1);
                    data.extend((0..run).map(|n| byte.wrapping_add(n as u8)));
                    full += run;
                } else {
                    let len = len.max(3);
                    let back = usize::from(distance) % full.min(HISTORY);
                    match len {
                        3..9 => data.push(((len - 2) << 5 | back >> 8) as u8),
                        _ => data.extend([(7 << 5 | back >> 8) as u8, (len - 9) as u8]),
                    }
                    data.push(back as u8);
                    full += len;
                }
            }
            (data, full)
        })
    }

    proptest! {
        #[test]
        fn windows_show_what_comes_out_at_once(
            (data, full) in stream(),
            steps in prop::collection::vec((0..30_000u64, 0..250usize), 1..40),
            window in 0..20_000usize,
        ) {
            prop_assert!(full as u64 <= max_output(data.len() as u64));
            let mut whole = vec![0; full];
            decompress_into(&data, &mut whole).unwrap();
            let mut inflate = Inflate::new(&data, full as u64, window).unwrap();
            for (step, want) in steps {
                inflate.pass(step, want);
                let at = inflate.position() as usize;
                let bytes = inflate.bytes();
                prop_assert_eq!(bytes, &whole[at..at + bytes.len()]);
                prop_assert!(bytes.len() >= want.min(full - at));
                prop_assert_eq!(inflate.sees_end(), at + bytes.len() == full);
                let (around, before) = inflate.bytes_and_some_before();
                prop_assert_eq!(before, at.min(BEHIND));
                prop_assert_eq!(around, &whole[at - before..at + bytes.len()]);
            }
            let at = inflate.position() as usize;
            let mut rest = Vec::new();
            inflate.hand_out(u64::MAX, |piece| rest.extend_from_slice(piece));
            prop_assert_eq!(rest, &whole[at..]);
        }
    }

    #[test]
    fn damage_is_told_before_anything_comes_out() {
        assert!(Inflate::new(b"\x00a", 2, WINDOW).is_err());
        assert!(Inflate::new(b"\x00a\x20\x01", 4, WINDOW).is_err());
        assert_eq!(
            Inflate::new(b"\x00a\x20\x01", 0, WINDOW).unwrap().bytes(),
            b""
        );
    }
}
