//! Primitives of the format as nom parsers: lengths, strings, numbers.
//!
//! ```text
//! LEN  00xxxxxx                     6 bits
//!      01xxxxxx yyyyyyyy            14 bits, high part first
//!      80 4 bytes / 81 8 bytes      big-endian
//!      11xxxxxx                     not a length: special string encoding x
//! STR  LEN n, n bytes
//!      c0 i8 | c1 i16le | c2 i32le  decimal text of the number
//!      c3 LEN clen, LEN ulen, clen bytes of LZF
//! ```
//!
//! One grammar, two modes: with `EOF` unset, a primitive that does not fit is
//! nom's `Incomplete`; with `EOF` set it is an error that knows where it began.
//! Nothing here allocates.

use nom::bytes::{complete, streaming};
use nom::error::{ErrorKind as NomKind, ParseError};
use nom::{Err, IResult, Needed};

use crate::text::StrToken;

/// Why a primitive failed, and how many bytes were left where it began.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bad {
    pub what: What,
    pub left: usize,
}

/// What is wrong with a primitive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Short,
    /// A special encoding where a length is expected. Servers take its six
    /// bits as the length, so the decoder tries again leniently and says so.
    SpecialLength,
    Length(u8),
    Encoding(u8),
    Type(u8),
    Score,
    Container(&'static str),
    StreamKey(u64),
    ModuleItem(u64),
    ModuleAux(u64),
    Record(&'static str),
    Unsupported(&'static str),
    Magic,
    Version,
    Piece(u64),
}

impl ParseError<&[u8]> for Bad {
    #[inline]
    fn from_error_kind(input: &[u8], _: NomKind) -> Bad {
        Bad {
            what: What::Short,
            left: input.len(),
        }
    }

    #[inline]
    fn append(_: &[u8], _: NomKind, other: Bad) -> Bad {
        other
    }
}

/// The result of a primitive: what is left of the window, and the value.
pub(crate) type P<'a, T> = IResult<&'a [u8], T, Bad>;

#[cold]
pub(crate) fn fail<T>(at: &[u8], what: What) -> P<'_, T> {
    Err(Err::Failure(Bad {
        what,
        left: at.len(),
    }))
}

/// What the primitives need to know beside the bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// Length of the whole window: positions are counted from its start.
    pub base: usize,
    /// Longest string that may be asked for whole.
    pub max_piece: u64,
    /// Take special encodings for lengths, as servers do.
    pub lenient: bool,
}

impl Rules {
    /// Position in the window of what begins at `at`.
    #[inline]
    pub fn pos(&self, at: &[u8]) -> usize {
        self.base - at.len()
    }
}

#[inline(always)]
pub(crate) fn take<const EOF: bool>(i: &[u8], n: usize) -> P<'_, &[u8]> {
    if EOF {
        complete::take(n)(i)
    } else {
        streaming::take(n)(i)
    }
}

#[inline(always)]
pub(crate) fn bytes<const EOF: bool, const N: usize>(i: &[u8]) -> P<'_, [u8; N]> {
    match i.split_first_chunk::<N>() {
        Some((b, rest)) => Ok((rest, *b)),
        None if EOF => Err(Err::Error(Bad {
            what: What::Short,
            left: i.len(),
        })),
        None => Err(Err::Incomplete(Needed::new(N - i.len()))),
    }
}

#[inline(always)]
pub(crate) fn byte<const EOF: bool>(i: &[u8]) -> P<'_, u8> {
    let (rest, [b]) = bytes::<EOF, 1>(i)?;
    Ok((rest, b))
}

#[inline(always)]
pub(crate) fn i64le<const EOF: bool>(i: &[u8]) -> P<'_, i64> {
    let (rest, b) = bytes::<EOF, 8>(i)?;
    Ok((rest, i64::from_le_bytes(b)))
}

#[inline(always)]
pub(crate) fn f64le<const EOF: bool>(i: &[u8]) -> P<'_, f64> {
    let (rest, b) = bytes::<EOF, 8>(i)?;
    Ok((rest, f64::from_le_bytes(b)))
}

/// A length, or the number of a special string encoding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Len {
    Plain(u64),
    Special(u8),
}

#[inline(always)]
pub(crate) fn len<const EOF: bool>(i: &[u8]) -> P<'_, Len> {
    let (rest, b) = byte::<EOF>(i)?;
    match b >> 6 {
        0 => Ok((rest, Len::Plain(u64::from(b)))),
        1 => {
            let (rest, low) = byte::<EOF>(rest)?;
            Ok((rest, Len::Plain(u64::from(b & 0x3f) << 8 | u64::from(low))))
        }
        3 => Ok((rest, Len::Special(b & 0x3f))),
        _ if b == 0x80 => {
            let (rest, n) = bytes::<EOF, 4>(rest)?;
            Ok((rest, Len::Plain(u32::from_be_bytes(n).into())))
        }
        _ if b == 0x81 => {
            let (rest, n) = bytes::<EOF, 8>(rest)?;
            Ok((rest, Len::Plain(u64::from_be_bytes(n))))
        }
        _ => fail(i, What::Length(b)),
    }
}

#[inline(always)]
pub(crate) fn plain_len<const EOF: bool>(i: &[u8], rules: Rules) -> P<'_, u64> {
    match len::<EOF>(i)? {
        (rest, Len::Plain(n)) => Ok((rest, n)),
        (rest, Len::Special(n)) if rules.lenient => Ok((rest, n.into())),
        _ => fail(i, What::SpecialLength),
    }
}

/// How a string begins: what is needed to take its bytes whole or in chunks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StrHead {
    Raw(u64),
    Int(i32),
    Lzf { stored: u64, full: u64 },
}

#[inline(always)]
pub(crate) fn str_head<const EOF: bool>(i: &[u8], rules: Rules) -> P<'_, StrHead> {
    let (rest, len) = len::<EOF>(i)?;
    match len {
        Len::Plain(n) => Ok((rest, StrHead::Raw(n))),
        Len::Special(0) => {
            let (rest, b) = bytes::<EOF, 1>(rest)?;
            Ok((rest, StrHead::Int(i8::from_le_bytes(b).into())))
        }
        Len::Special(1) => {
            let (rest, b) = bytes::<EOF, 2>(rest)?;
            Ok((rest, StrHead::Int(i16::from_le_bytes(b).into())))
        }
        Len::Special(2) => {
            let (rest, b) = bytes::<EOF, 4>(rest)?;
            Ok((rest, StrHead::Int(i32::from_le_bytes(b))))
        }
        Len::Special(3) => {
            let (rest, stored) = plain_len::<EOF>(rest, rules)?;
            let (rest, full) = plain_len::<EOF>(rest, rules)?;
            Ok((rest, StrHead::Lzf { stored, full }))
        }
        Len::Special(e) => fail(i, What::Encoding(e)),
    }
}

/// A whole string, described but not copied.
#[inline(always)]
pub(crate) fn string<const EOF: bool>(i: &[u8], rules: Rules) -> P<'_, StrToken> {
    let (rest, head) = str_head::<EOF>(i, rules)?;
    match head {
        StrHead::Raw(n) => {
            let (start, (rest, len)) = (rules.pos(rest), blob::<EOF>(rest, n, rules)?);
            Ok((rest, StrToken::Raw { start, len }))
        }
        StrHead::Int(n) => Ok((rest, StrToken::Int(n))),
        StrHead::Lzf { stored, full } => {
            let (start, (rest, len)) = (rules.pos(rest), blob::<EOF>(rest, stored, rules)?);
            Ok((rest, StrToken::Lzf { start, len, full }))
        }
    }
}

/// The end of `n` bytes, which must be in the window whole.
#[inline(always)]
pub(crate) fn blob<const EOF: bool>(i: &[u8], n: u64, rules: Rules) -> P<'_, usize> {
    // A length beyond the address space cannot fit the window either.
    let n = usize::try_from(n).unwrap_or(usize::MAX);
    let fits = n as u64 <= rules.max_piece;
    // A limit holds even where the window happens to have the bytes: what is
    // refused must not depend on how the input came.
    match i.get(n..) {
        Some(rest) if fits => Ok((rest, n)),
        None if EOF => Err(Err::Error(Bad {
            what: What::Short,
            left: i.len(),
        })),
        None if fits => Err(Err::Incomplete(Needed::new(n - i.len()))),
        _ => fail(i, What::Piece(n as u64)),
    }
}

/// How many bytes beyond the window are needed, as a plain number.
pub(crate) fn needed(n: Needed) -> usize {
    match n {
        Needed::Unknown => 1,
        Needed::Size(n) => n.get(),
    }
}
