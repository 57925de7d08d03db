//! Strings as a file holds them: raw, as an integer, or compressed.

use crate::error::ErrorKind;
use crate::lzf;

/// Where a string stands in the window a [`Decoder`](crate::Decoder) was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrToken {
    /// Bytes at `start`.
    Raw {
        /// Offset of the first byte in the window.
        start: usize,
        /// Number of bytes.
        len: usize,
    },
    /// An integer encoding; the string is its decimal text.
    Int(i32),
    /// LZF data at `start`.
    Lzf {
        /// Offset of the first compressed byte in the window.
        start: usize,
        /// Number of compressed bytes.
        len: usize,
        /// Number of bytes they decompress to, as the file says.
        full: u64,
    },
}

/// A string borrowed from the input. Decompression happens only when asked for.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::{Scratch, Str};
///
/// let mut scratch = Scratch::default();
/// assert_eq!(Str::Int(-129).bytes(&mut scratch).unwrap(), b"-129");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Str<'a> {
    /// Bytes of the input.
    Raw(&'a [u8]),
    /// An integer encoding; a client sees its shortest decimal text.
    Int(i32),
    /// LZF data, as [`lzf`] describes it.
    Lzf {
        /// The compressed bytes.
        data: &'a [u8],
        /// The length the file states.
        len: u64,
    },
}

impl StrToken {
    /// The string itself, borrowed from the window the token was found in.
    #[inline]
    #[must_use]
    pub fn resolve(self, window: &[u8]) -> Str<'_> {
        // A token only ever meets the window that made it; another one gives
        // an empty string instead of a panic.
        let cut = |start: usize, len: usize| window.get(start..start + len).unwrap_or_default();
        match self {
            StrToken::Raw { start, len } => Str::Raw(cut(start, len)),
            StrToken::Int(n) => Str::Int(n),
            StrToken::Lzf { start, len, full } => Str::Lzf {
                data: cut(start, len),
                len: full,
            },
        }
    }
}

impl<'a> Str<'a> {
    /// The length a client sees, in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        match self {
            Str::Raw(b) => b.len() as u64,
            Str::Int(n) => Decimal::new(i64::from(*n)).as_bytes().len() as u64,
            Str::Lzf { len, .. } => *len,
        }
    }

    /// Whether the string is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the string is stored compressed.
    #[must_use]
    pub fn is_compressed(&self) -> bool {
        matches!(self, Str::Lzf { .. })
    }

    /// The bytes a client sees. Raw strings are returned as they are; others
    /// are written into `scratch`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Lzf`] for damaged data, [`ErrorKind::Limit`] where the
    /// stated length exceeds the scratch's bound.
    #[inline]
    pub fn bytes<'s>(&self, scratch: &'s mut Scratch) -> Result<&'s [u8], ErrorKind>
    where
        'a: 's,
    {
        match *self {
            Str::Raw(bytes) => Ok(bytes),
            Str::Int(n) => Ok(scratch.decimal(i64::from(n))),
            Str::Lzf { data, len } => scratch.decompress(data, len),
        }
    }

    /// The first bytes a client sees, `most` at most, whatever the string's size.
    ///
    /// # Errors
    ///
    /// [`LzfError`](lzf::LzfError) for damaged data.
    pub(crate) fn front(&self, most: usize) -> Result<Vec<u8>, lzf::LzfError> {
        Ok(match *self {
            Str::Raw(bytes) => bytes.get(..most).unwrap_or(bytes).to_vec(),
            Str::Int(n) => {
                let text = Decimal::new(n.into());
                let bytes = text.as_bytes();
                bytes.get(..most).unwrap_or(bytes).to_vec()
            }
            Str::Lzf { data, len } => {
                lzf::check(data, len)?;
                let len = usize::try_from(len).unwrap_or(usize::MAX);
                let mut front = vec![0; most.min(len)];
                let filled = lzf::front(data, &mut front);
                front.truncate(filled);
                front
            }
        })
    }

    /// An owned copy of the bytes a client sees.
    ///
    /// # Errors
    ///
    /// As [`Str::bytes`], with the default bound.
    pub fn to_vec(&self) -> Result<Vec<u8>, ErrorKind> {
        let mut scratch = Scratch::default();
        self.bytes(&mut scratch).map(<[u8]>::to_vec)
    }
}

/// Decimal text of an integer, on the stack.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    digits: [u8; 20],
    start: u8,
}

impl Decimal {
    /// The shortest decimal text of `n`.
    #[must_use]
    pub fn new(n: i64) -> Decimal {
        let mut digits = [b'0'; 20];
        let mut start = 20;
        let mut left = n.unsigned_abs();
        loop {
            start -= 1;
            digits[start] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if n < 0 {
            start -= 1;
            digits[start] = b'-';
        }
        Decimal {
            digits,
            start: start as u8,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[usize::from(self.start)..]
    }
}

/// A buffer that strings are decompressed into, reused from one to the next.
///
/// # Limits
///
/// Never grows past the bound it was made with, 1 GiB by default, and never
/// because of a stated length that LZF's best ratio cannot reach.
#[derive(Clone, Debug)]
pub struct Scratch {
    buf: Vec<u8>,
    max: u64,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::with_limit(crate::Limits::default().max_decompressed)
    }
}

impl Scratch {
    /// A buffer that holds at most `max` bytes.
    #[must_use]
    pub fn with_limit(max: u64) -> Scratch {
        Scratch {
            buf: Vec::new(),
            max,
        }
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.buf.capacity()
    }

    /// The same buffer, with another bound.
    pub(crate) fn bounded(&mut self, max: u64) -> &mut Scratch {
        self.max = max;
        self
    }

    /// The first `len` bytes of what was written last.
    pub(crate) fn held(&self, len: usize) -> &[u8] {
        self.buf.get(..len).unwrap_or_default()
    }

    fn decimal(&mut self, n: i64) -> &[u8] {
        self.buf.clear();
        self.buf.extend_from_slice(Decimal::new(n).as_bytes());
        &self.buf
    }

    fn decompress(&mut self, data: &[u8], len: u64) -> Result<&[u8], ErrorKind> {
        let full = match usize::try_from(len) {
            Ok(full) if len <= self.max => full,
            _ => {
                // Say "damaged" where no limit would help: too long for its data.
                lzf::check(data, len).map_err(ErrorKind::Lzf)?;
                let what = "decompressed string";
                return Err(ErrorKind::Limit {
                    what,
                    asked: len,
                    limit: self.max,
                });
            }
        };
        if len > lzf::max_output(data.len() as u64) {
            lzf::check(data, len).map_err(ErrorKind::Lzf)?;
        }
        if self.buf.len() < full {
            self.buf.resize(full, 0);
        }
        let out = &mut self.buf[..full];
        lzf::decompress_into(data, out).map_err(ErrorKind::Lzf)?;
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimal_text_of_the_extremes() {
        for n in [0, 7, -1, 10, -129, i64::MAX, i64::MIN] {
            assert_eq!(Decimal::new(n).as_bytes(), n.to_string().as_bytes());
        }
    }

    #[test]
    fn compressed_strings_come_out_whole() {
        let mut scratch = Scratch::default();
        // literal "a"; then a run of 29 at distance 1: (20 + 9), offset 0
        let data = [0x00, b'a', 0xe0, 0x14, 0x00];
        let s = Str::Lzf {
            data: &data,
            len: 30,
        };
        assert_eq!(s.bytes(&mut scratch).unwrap(), [b'a'; 30]);
        let lying = Str::Lzf {
            data: &data,
            len: 1 << 60,
        };
        assert!(matches!(lying.bytes(&mut scratch), Err(ErrorKind::Lzf(_))));
        assert!(
            scratch.capacity() < 4096,
            "a stated length allocates nothing"
        );
    }

    #[test]
    fn a_bound_is_a_limit_not_damage() {
        let data = [0x00, b'a', 0xe0, 0x14, 0x00];
        let mut scratch = Scratch::with_limit(29);
        let s = Str::Lzf {
            data: &data,
            len: 30,
        };
        assert!(matches!(
            s.bytes(&mut scratch),
            Err(ErrorKind::Limit { limit: 29, .. })
        ));
    }
}
