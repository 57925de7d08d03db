//! Strings too large to be held while they are judged.

use std::cmp::Ordering;

use crate::lzf::{Inflate, LzfError, WINDOW};
use crate::packed::flow::Sink;
use crate::text::Str;
use crate::verify::finding::Finding;
use crate::verify::fingerprint::Pieces;

/// Bytes up to which a compressed string is decompressed at once. What is larger goes
/// by in a window: a little slower, and of next to no memory.
pub(crate) const HELD: u64 = match cfg!(fuzzing) {
    false => 1 << 20,
    // Small enough for the files of a fuzzer.
    true => 1 << 8,
};

/// A compressed string that goes by, if it has more bytes than are to be `held`.
///
/// # Errors
///
/// [`LzfError`] of its compressed data.
pub(super) fn flowing(text: Str<'_>, held: u64) -> Result<Option<Inflate<'_>>, LzfError> {
    match text {
        Str::Lzf { data, len } if len > held => Inflate::new(data, len, WINDOW).map(Some),
        _ => Ok(None),
    }
}

/// What is kept of a string that has gone by.
#[derive(Clone, Debug)]
pub(super) struct LongString<'a> {
    pieces: Pieces,
    front: Vec<u8>,
    /// Where it begins, to look at it again.
    from: Option<Inflate<'a>>,
    len: u64,
}

impl<'a> LongString<'a> {
    /// Nothing yet, to be hashed as `pieces` says.
    pub fn new(pieces: Pieces) -> LongString<'a> {
        LongString {
            pieces,
            front: Vec::new(),
            from: None,
            len: 0,
        }
    }

    /// All of a compressed string.
    pub fn of(mut text: Inflate<'a>, pieces: Pieces) -> LongString<'a> {
        let mut long = LongString::new(pieces);
        let len = text.len();
        long.begin(&text, len);
        text.hand_out(len, |bytes| long.piece(bytes));
        long
    }

    /// Its hash.
    pub fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// Its front: as much as findings have of a key.
    pub fn front(&self) -> &[u8] {
        &self.front
    }

    /// The string again.
    pub fn text(&self) -> Text<'a> {
        match &self.from {
            Some(from) => Text::Flowing(from.clone(), self.len),
            None => Text::Held(&[]),
        }
    }
}

/// A string to be compared.
pub(super) enum Text<'a> {
    Held(&'a [u8]),
    /// So many bytes from here on.
    Flowing(Inflate<'a>, u64),
}

impl Text<'_> {
    fn len(&self) -> u64 {
        match self {
            Text::Held(bytes) => bytes.len() as u64,
            Text::Flowing(_, len) => *len,
        }
    }

    /// The next bytes of it; more may be those of another string.
    fn bytes(&self) -> &[u8] {
        match self {
            Text::Held(bytes) => bytes,
            Text::Flowing(text, _) => text.bytes(),
        }
    }

    fn pass(&mut self, n: usize) {
        match self {
            Text::Held(bytes) => *bytes = bytes.get(n..).unwrap_or_default(),
            Text::Flowing(text, _) => text.pass(n as u64, 1),
        }
    }
}

/// Which string is longer, or the greater of two that are alike long.
pub(super) fn order(mut one: Text<'_>, mut other: Text<'_>) -> Ordering {
    let mut left = one.len();
    if left != other.len() {
        return left.cmp(&other.len());
    }
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let (a, b) = (one.bytes(), other.bytes());
        let step = a.len().min(b.len()).min(most);
        match a.get(..step).cmp(&b.get(..step)) {
            Ordering::Equal if step > 0 => {}
            order => return order,
        }
        one.pass(step);
        other.pass(step);
        left -= step as u64;
    }
    Ordering::Equal
}

impl<'a> Sink<'a> for LongString<'a> {
    fn begin(&mut self, from: &Inflate<'a>, len: u64) {
        self.pieces.clear();
        self.front.clear();
        self.from = Some(from.clone());
        self.len = len;
    }

    fn piece(&mut self, bytes: &[u8]) {
        self.pieces.add(bytes);
        let room = Finding::MAX_KEY.saturating_sub(self.front.len());
        self.front
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::fingerprint::Hasher;

    /// 100,000 letters but for one, as LZF has them that saves nothing.
    fn text(at: usize, letter: u8) -> (Vec<u8>, Vec<u8>) {
        let mut text = vec![b'm'; 100_000];
        text[at] = letter;
        let runs = text.chunks(32);
        let data = runs.flat_map(|run| [&[run.len() as u8 - 1], run].concat());
        (data.collect(), text)
    }

    #[test]
    fn order_is_that_of_what_is_held() {
        let texts =
            [(0, b'm'), (0, b'a'), (99_999, b'z'), (70_000, b'b')].map(|(at, c)| text(at, c));
        for (data, held) in &texts {
            for (other_data, other) in &texts {
                let flowing = |data| Inflate::new(data, 100_000, WINDOW).unwrap();
                let one = || Text::Flowing(flowing(data), 100_000);
                let two = || Text::Flowing(flowing(other_data), 100_000);
                let expected = held.cmp(other);
                assert_eq!(order(one(), two()), expected);
                assert_eq!(order(Text::Held(held), two()), expected);
                assert_eq!(order(one(), Text::Held(other)), expected);
                assert_eq!(order(one(), Text::Held(b"z")), Ordering::Greater);
            }
        }
    }

    #[test]
    fn what_is_kept_of_it() {
        let (data, text) = text(0, b'a');
        let hasher = Hasher::new();
        let Ok(Some(flowing)) = flowing(
            Str::Lzf {
                data: &data,
                len: 100_000,
            },
            99_999,
        ) else {
            panic!("it is not to be held");
        };
        let long = LongString::of(flowing, hasher.pieces(7));
        assert_eq!(long.front(), &text[..Finding::MAX_KEY]);
        assert_eq!(long.pieces().fingerprint(), hasher.fingerprint(7, &text));
    }
}
