//! Plain string keys: how to know one, and what stands in front of its value.

use crate::wire::{Opcode, ValueType};

/// Where in a window a string key begins, with its expiry in milliseconds if it has one:
/// a key with a raw name and a value that is raw or an integer, both short.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PlainKey(u32);

impl PlainKey {
    /// The one that begins at `begin`.
    #[inline(always)]
    pub(super) fn new(begin: usize) -> PlainKey {
        PlainKey(begin as u32)
    }

    /// What is in front of its value. The window is the one it was found in, or the front
    /// of it up to the end of a key.
    #[inline(always)]
    pub fn front(self, window: &[u8]) -> PlainFront<'_> {
        let begin = self.0 as usize;
        let front = Front::of(window, begin);
        let name = window.get(begin + front.name..begin + front.name_end);
        debug_assert!(front.is_plain && name.is_some(), "no plain key at {begin}");
        PlainFront {
            at: begin + front.at,
            name: name.unwrap_or_default(),
            expires: front.at > 0,
        }
    }
}

/// What is to be known of a plain key.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainFront<'w> {
    /// Where the type byte is in the window.
    pub at: usize,
    pub name: &'w [u8],
    /// Whether an expiry is in front of the type byte.
    pub expires: bool,
}

impl PlainFront<'_> {
    /// The expiry of one that has one.
    #[inline]
    pub fn expiry(self, window: &[u8]) -> Option<i64> {
        let t = window.get(..self.at)?.last_chunk()?;
        Some(i64::from_le_bytes(*t))
    }
}

/// Bytes of an expiry in milliseconds.
pub(super) const EXPIRY: usize = 9;

/// Where the plain key ends that begins at `begin`; nothing if it is none, or is not in
/// the window whole, or ends it with an empty value.
///
/// With selections on purpose, not branches: a processor guesses nothing that may turn
/// out wrong.
#[inline(always)]
pub(super) fn plain_end(window: &[u8], begin: usize) -> Option<usize> {
    let front = Front::of(window, begin);
    let value = begin + front.name_end;
    let &[first, second] = window.get(value..)?.first_chunk()?;
    let head = Head::of(first);
    let end = value + head.end(second);
    (front.is_plain && head.is_short() && end <= window.len()).then_some(end)
}

/// What is in front of a value.
struct Front {
    /// From the key's first byte: to the type byte, to the name, and to its end.
    at: usize,
    name: usize,
    name_end: usize,
    is_plain: bool,
}

impl Front {
    /// Bytes looked at: expiry, type and head of the name.
    const LEN: usize = EXPIRY + 3;

    #[inline(always)]
    fn of(window: &[u8], begin: usize) -> Front {
        match window.get(begin..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => Front::new(bytes),
            None => Front::of_short(window.get(begin..).unwrap_or_default()),
        }
    }

    /// Of a key with fewer bytes behind it, which are not looked at where they matter.
    #[cold]
    fn of_short(rest: &[u8]) -> Front {
        let mut bytes = [0; Front::LEN];
        bytes
            .iter_mut()
            .zip(rest)
            .for_each(|(to, from)| *to = *from);
        Front::new(&bytes)
    }

    #[inline(always)]
    fn new(bytes: &[u8; Front::LEN]) -> Front {
        let expires = Opcode(bytes[0]) == Opcode::EXPIRETIME_MS;
        let [kind, first, second] = match expires {
            true => [bytes[EXPIRY], bytes[EXPIRY + 1], bytes[EXPIRY + 2]],
            false => [bytes[0], bytes[1], bytes[2]],
        };
        let at = if expires { EXPIRY } else { 0 };
        let head = Head::of(first);
        Front {
            at,
            name: at + 1 + head.len(),
            name_end: at + 1 + head.end(second),
            is_plain: ValueType(kind) == ValueType::STRING && head.is_raw(),
        }
    }
}

/// What a string's first byte says of it.
#[derive(Clone, Copy)]
struct Head(u32);

impl Head {
    /// What a head has in its bits: where the string ends by its first byte, what of its
    /// second one is added to that, and how long it is.
    const SECOND: u32 = 16;
    const LEN: u32 = 24;
    const INT: u32 = 1 << 30;
    const OTHER: u32 = 1 << 31;

    #[inline(always)]
    fn of(first: u8) -> Head {
        Head(HEADS[usize::from(first)])
    }

    const fn new(first: u8) -> Head {
        let low = first as u32 & 0x3f;
        Head(match first {
            0x00..0x40 => (1 + low) | (1 << Head::LEN),
            0x40..0x80 => (2 + (low << 8)) | (0xff << Head::SECOND) | (2 << Head::LEN),
            // Integers of 8, 16 and 32 bits.
            0xc0..=0xc2 => (1 + (1 << low)) | Head::INT,
            _ => Head::OTHER,
        })
    }

    /// Bytes up to the end of the string.
    #[inline(always)]
    fn end(self, second: u8) -> usize {
        ((self.0 & 0xffff) + (u32::from(second) & (self.0 >> Head::SECOND))) as usize
    }

    /// Bytes in front of a string that is raw.
    #[inline(always)]
    fn len(self) -> usize {
        (self.0 >> Head::LEN & 3) as usize
    }

    #[inline(always)]
    fn is_raw(self) -> bool {
        self.0 < Head::INT
    }

    #[inline(always)]
    fn is_short(self) -> bool {
        self.0 < Head::OTHER
    }
}

static HEADS: [u32; 256] = {
    let mut heads = [0; 256];
    let mut first = 0;
    while first < 256 {
        heads[first] = Head::new(first as u8).0;
        first += 1;
    }
    heads
};
