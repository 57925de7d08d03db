//! Keys that lie in the window whole and have one string for a value: string
//! keys, small hashes, sets, sorted sets and lists. Most keys of most files.
//!
//! ```text
//! key = 0xFC i64le ]  type  STR(key)  STR(value)               types of one string
//! key = 0xFC i64le ]  type  STR(key)  LEN 1  LEN 2  STR(node)  a list of one packed node
//! ```
//!
//! They are handed over at once: as three tokens each they would take the
//! state machine around three times (measured on 22 million keys: 690
//! instructions a key instead of 440, and 30 % more time).
//!
//! Whatever is not as simple as that is left to the state machine, which says
//! what is wrong with it. So nothing here can fail.

use crate::decoder::{Decoder, KeySink, State, record};
use crate::event::{Packing, Part, Role};
use crate::grammar::{Rules, StrHead, str_head};
use crate::text::Str;
use crate::wire::{Opcode, ValueType};

/// A key with its only string, borrowed from the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whole<'w> {
    /// Offset of the type byte.
    pub at: u64,
    pub kind: ValueType,
    pub key: Str<'w>,
    /// Where the string begins.
    pub text_at: u64,
    /// What the string is to the value.
    pub role: Role,
    pub text: Str<'w>,
    /// Where it ends.
    pub end: u64,
    /// All of it, from the type byte on.
    pub raw: &'w [u8],
}

/// A string key with its uncompressed value, borrowed from the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PlainString<'w> {
    /// Offset of the type byte.
    pub at: u64,
    pub key: &'w [u8],
    pub value: &'w [u8],
    /// All of it, from the type byte on.
    pub raw: &'w [u8],
    /// Where the value's length stands in `raw`.
    pub value_at: usize,
}

impl Decoder {
    /// Hands over keys from the front of `window` as long as they are simple,
    /// until `budget` bytes are consumed. Returns how many were.
    #[inline(always)]
    pub(super) fn whole_keys<S: KeySink>(
        &mut self,
        window: &[u8],
        budget: usize,
        sink: &mut S,
    ) -> usize {
        let mut w = window;
        while window.len() - w.len() < budget {
            let at = self.offset + (window.len() - w.len()) as u64;
            if S::PASSES_STRINGS {
                let left = budget - (window.len() - w.len());
                let passed = self.plain_strings(w, left);
                if passed > 0 {
                    sink.passed_strings(at + passed as u64);
                    w = w.get(passed..).unwrap_or_default();
                    continue;
                }
            }
            let Some((&op, behind)) = w.split_first() else {
                break;
            };
            if Opcode(op) == Opcode::EXPIRETIME_MS
                && let Some((t, behind)) = behind.split_first_chunk()
            {
                let used = w.len() - behind.len();
                sink.token(w, at, used, Part::ExpireMs(i64::from_le_bytes(*t)));
                w = behind;
                continue;
            }
            if let Some((plain, rest)) = self.plain_string(w, at) {
                sink.plain_string(plain);
                w = rest;
                continue;
            }
            let kind = ValueType(op);
            let Some((key, behind)) = self.whole_string(behind) else {
                break;
            };
            let Some((role, string)) = self.only_string(kind, behind) else {
                break;
            };
            let Some((text, rest)) = self.whole_string(string) else {
                break;
            };
            let offset = |rest: &[u8]| at + (w.len() - rest.len()) as u64;
            sink.whole(Whole {
                at,
                kind,
                key,
                text_at: offset(string),
                role,
                text,
                end: offset(rest),
                raw: front(w, rest),
            });
            w = rest;
        }
        let used = window.len() - w.len();
        self.offset += used as u64;
        used
    }

    /// Where the key ends that begins at `at` of `window`, if it is as simple as these.
    #[inline(never)]
    pub(super) fn simple_key(&self, window: &[u8], at: usize) -> Option<usize> {
        let (&op, behind) = window.get(at..)?.split_first()?;
        let (&kind, behind) = match Opcode(op) {
            Opcode::EXPIRETIME_MS => behind.get(8..)?.split_first()?,
            _ => (&op, behind),
        };
        let (_, behind) = self.whole_string(behind)?;
        let (_, string) = self.only_string(ValueType(kind), behind)?;
        let (_, rest) = self.whole_string(string)?;
        Some(window.len() - rest.len())
    }

    /// A string key, and what is behind it, where name and value are raw and
    /// have lengths of one or two bytes.
    ///
    /// With no other cases to carry along this takes a third of the instructions
    /// of the general way (measured: 20 % of the time of a file that is three
    /// quarters such keys).
    #[inline(always)]
    fn plain_string<'w>(&self, w: &'w [u8], at: u64) -> Option<(PlainString<'w>, &'w [u8])> {
        let (&kind, behind) = w.split_first()?;
        if ValueType(kind) != ValueType::STRING {
            return None;
        }
        let (len, behind) = short_len(behind)?;
        let (key, string) = behind.split_at_checked(len)?;
        let (len, behind) = short_len(string)?;
        let (value, rest) = behind.split_at_checked(len)?;
        let plain = PlainString {
            at,
            key,
            value,
            raw: front(w, rest),
            value_at: w.len() - string.len(),
        };
        // No chunk is larger than a piece may be.
        let fits = len <= self.limits.chunk && key.len() as u64 <= self.limits.max_piece;
        fits.then_some((plain, rest))
    }

    /// Bytes of the [plain strings](Self::plain_string) in front of `w`, with the
    /// expiries in front of them, up to `budget` or a key more.
    ///
    /// With branches on purpose, not selections: each key is found through the
    /// lengths of the one in front of it, and a processor that guesses which kind
    /// of length it is does not wait for them (measured on 22 million keys: 9 ns
    /// a key; 13 with selections, and 15 where each is handed over).
    #[inline(always)]
    fn plain_strings(&self, w: &[u8], budget: usize) -> usize {
        if self.limits.chunk < LONGEST_SHORT {
            return 0;
        }
        let mut end = 0;
        while end < budget {
            let is_string = |at| w.get(at) == Some(&ValueType::STRING.0);
            let at = match w.get(end) {
                Some(&op) if ValueType(op) == ValueType::STRING => end,
                Some(&op) if Opcode(op) == Opcode::EXPIRETIME_MS && is_string(end + 9) => end + 9,
                _ => return end,
            };
            let value = behind_short(w, at + 1);
            let Some(behind) = value.and_then(|at| behind_short(w, at)) else {
                return end;
            };
            if behind > w.len() {
                return end;
            }
            end = behind;
        }
        end
    }

    /// What the only string of the value that begins at `w` is, and where.
    #[inline(always)]
    fn only_string<'w>(&self, kind: ValueType, w: &'w [u8]) -> Option<(Role, &'w [u8])> {
        match kind {
            ValueType::STRING => Some((Role::Value, w)),
            // One node (1), packed (2): both lengths of six bits.
            ValueType::LIST_QUICKLIST_2 => Some((
                Role::Packed(Packing::ListListpack),
                w.strip_prefix(&[1, 2])?,
            )),
            _ => match record::value_state(kind, self.dialect) {
                Ok(State::One(role)) => Some((role, w)),
                _ => None,
            },
        }
    }

    /// A string that is in the window whole and would not come in chunks.
    #[inline(always)]
    fn whole_string<'w>(&self, w: &'w [u8]) -> Option<(Str<'w>, &'w [u8])> {
        let rules = Rules {
            base: w.len(),
            max_piece: self.limits.max_piece,
            lenient: false,
        };
        let (rest, head) = str_head::<true>(w, rules).ok()?;
        let cut = |n: u64| {
            let n = usize::try_from(n)
                .ok()
                .filter(|n| *n <= self.limits.chunk)?;
            rest.split_at_checked(n)
        };
        match head {
            StrHead::Raw(n) => cut(n).map(|(bytes, rest)| (Str::Raw(bytes), rest)),
            StrHead::Int(n) => Some((Str::Int(n), rest)),
            StrHead::Lzf { stored, full } => {
                cut(stored).map(|(data, rest)| (Str::Lzf { data, len: full }, rest))
            }
        }
    }
}

/// `w` without the `rest` at its end.
#[inline(always)]
fn front<'w>(w: &'w [u8], rest: &[u8]) -> &'w [u8] {
    w.get(..w.len() - rest.len()).unwrap_or_default()
}

/// Where the string ends whose length, of 6 or 14 bits, stands at `at`.
#[inline(always)]
fn behind_short(w: &[u8], at: usize) -> Option<usize> {
    match *w.get(at)? {
        len @ ..0x40 => Some(at + 1 + usize::from(len)),
        high @ 0x40..0x80 => {
            let low = *w.get(at + 1)?;
            Some(at + 2 + (usize::from(high & 0x3f) << 8 | usize::from(low)))
        }
        _ => None,
    }
}

/// What 14 bits can say.
pub(super) const LONGEST_SHORT: usize = (1 << 14) - 1;

/// A length of 6 or 14 bits.
#[inline(always)]
fn short_len(w: &[u8]) -> Option<(usize, &[u8])> {
    match *w {
        [n @ ..0x40, ref rest @ ..] => Some((n.into(), rest)),
        [high @ 0x40..0x80, low, ref rest @ ..] => {
            Some((usize::from(high & 0x3f) << 8 | usize::from(low), rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::{Limits, Sink, Step, Token};
    use crate::event::Event;

    /// What a key comes to, whichever way it was handed over.
    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        whole: usize,
        plain: usize,
        lines: Vec<String>,
    }

    impl Seen {
        fn part(&mut self, part: &Event<'_>, at: u64) {
            // A list's count and container are not told of when it comes whole.
            if !matches!(part, Part::Count(1) | Part::Container(2)) {
                self.lines.push(format!("{at} {part:?}"));
            }
        }
    }

    impl Sink for Seen {
        fn token(&mut self, window: &[u8], at: u64, _: usize, token: Token) {
            self.part(&token.resolve(window), at);
        }
    }

    impl KeySink for Seen {
        fn plain_string(&mut self, plain: PlainString<'_>) {
            self.plain += 1;
            let PlainString {
                at,
                key,
                value,
                raw,
                value_at,
            } = plain;
            assert!(raw.starts_with(&[0]) && raw.ends_with(value));
            assert!(raw[..value_at].ends_with(key));
            let (kind, key) = (ValueType::STRING, Str::Raw(key));
            self.part(&Part::Key { kind, key }, at);
        }

        fn whole(&mut self, w: Whole<'_>) {
            self.whole += 1;
            assert_eq!((w.raw[0], w.raw.len() as u64), (w.kind.0, w.end - w.at));
            let (kind, key, role, text) = (w.kind, w.key, w.role, w.text);
            self.part(&Part::Key { kind, key }, w.at);
            self.part(&Part::Item { role, text }, w.text_at);
            self.part(&Part::KeyEnd, w.end);
        }
    }

    const FILE: &[u8] = b"REDIS0012\
        \x00\x01a\x03abc\
        \x00\x01b\xc0\xff\
        \xfc\x01\0\0\0\0\0\0\0\x00\xc0\x07\xc3\x05\x1e\x00a\xe0\x14\x00\
        \x12\x01l\x01\x02\x09\x09\0\0\0\x01\0\x07\x01\xff\
        \x12\x01m\x02\x01\x01x\x01\x01y\
        \x14\x01s\x09\x09\0\0\0\x01\0\x07\x01\xff\
        \x02\x01t\x01\x01x\
        \x00\x01c\x00\
        \xff\0\0\0\0\0\0\0\0";

    #[test]
    fn tells_what_single_steps_tell() {
        let mut whole = Seen::default();
        let mut decoder = Decoder::new(Limits::default());
        decoder.drive(FILE, true, usize::MAX, &mut whole).unwrap();
        assert!(decoder.is_done());
        // b, 7, l and s; not the list of plain nodes, nor the set.
        assert_eq!((whole.whole, whole.plain), (4, 2), "a and c are plain");

        let mut steps = Seen::default();
        let mut decoder = Decoder::new(Limits::default());
        let mut w = FILE;
        while let Step::Token { used, token } = decoder.step(w, true).unwrap() {
            let at = decoder.offset() - used as u64;
            steps.part(&token.resolve(w), at);
            w = &w[used..];
        }
        // Of plain strings nothing but the key is told.
        for key in ["Raw([97])", "Raw([99])"] {
            let at = steps.lines.iter().position(|l| l.contains(key)).unwrap();
            let value: Vec<_> = steps.lines.drain(at + 1..at + 3).collect();
            assert!(
                value[0].contains("Value") && value[1].contains("KeyEnd"),
                "{value:?}"
            );
        }
        assert_eq!(whole.lines, steps.lines);
    }

    /// Has passed strings pass, up to where.
    #[derive(Default)]
    struct Passed(Vec<u64>, Seen);

    impl Sink for Passed {
        fn token(&mut self, window: &[u8], at: u64, used: usize, token: Token) {
            self.1.token(window, at, used, token);
        }
    }

    impl KeySink for Passed {
        const PASSES_STRINGS: bool = true;

        fn passed_strings(&mut self, end: u64) {
            self.0.push(end);
        }

        fn plain_string(&mut self, plain: PlainString<'_>) {
            self.1.plain_string(plain);
        }

        fn whole(&mut self, whole: Whole<'_>) {
            self.1.whole(whole);
        }
    }

    #[test]
    fn strings_pass_with_their_expiries() {
        let long = [&b"\x00\x40\x41"[..], &[b'k'; 65], b"\x41\x00", &[b'v'; 256]].concat();
        let file = [
            &b"REDIS0012\x00\x01a\x03abc"[..],
            &long,
            b"\xfc\x01\0\0\0\0\0\0\0\x00\x00\x01x",
            b"\xfc\x01\0\0\0\0\0\0\0\x00\x01b\xc0\xff",
            b"\x00\x01c\x00",
            b"\xff\0\0\0\0\0\0\0\0",
        ]
        .concat();
        let mut passed = Passed::default();
        let mut decoder = Decoder::new(Limits::default());
        decoder.drive(&file, true, usize::MAX, &mut passed).unwrap();
        assert!(decoder.is_done());
        let first = (9 + 7 + long.len() + 13) as u64;
        assert_eq!(passed.0, [first, first + 14 + 4]);
        assert_eq!((passed.1.whole, passed.1.plain), (1, 0));

        // Cut anywhere, it passes no key that is not whole.
        let ends = [16, 16 + long.len(), first as usize];
        for cut in 9..first as usize {
            let mut passed = Passed::default();
            let mut decoder = Decoder::new(Limits::default());
            let window = &file[..cut];
            decoder
                .drive(window, false, usize::MAX, &mut passed)
                .unwrap();
            let last = passed.0.last().map_or(0, |end| *end as usize);
            assert!(
                last == 0 || (ends.contains(&last) && last <= cut),
                "{cut}: {last}"
            );
        }
    }

    #[test]
    fn stops_where_the_budget_does() {
        let mut decoder = Decoder::new(Limits::default());
        let mut seen = Seen::default();
        // The header has 9 bytes and the first key 7: one byte into the second.
        let progress = decoder.drive(FILE, true, 17, &mut seen).unwrap();
        assert_eq!(progress.used, 9 + 7 + 5);
    }

    #[test]
    fn no_key_is_longer_than_a_piece_may_be() {
        let file = [&b"REDIS0003\x00\x32"[..], &[b'k'; 50], b"\x01v\xff"].concat();
        for (max_piece, plain) in [(50, 1), (49, 0)] {
            let limits = Limits {
                max_piece,
                ..Limits::default()
            };
            let mut seen = Seen::default();
            let driven = Decoder::new(limits).drive(&file, true, usize::MAX, &mut seen);
            assert_eq!((driven.is_ok(), seen.plain), (plain == 1, plain));
        }
    }

    #[test]
    fn long_values_are_left_to_come_in_chunks() {
        let limits = Limits {
            chunk: 2,
            ..Limits::default()
        };
        let mut decoder = Decoder::new(limits);
        let mut seen = Seen::default();
        decoder.drive(FILE, true, usize::MAX, &mut seen).unwrap();
        assert!(seen.lines.iter().any(|line| line.contains("ItemBegin")));
    }
}
