//! Finding where keys end, without looking at them.

use crate::decoder::{KeySink, PlainString, Run, RunSink, Sink, Whole};
use crate::event::{Part, Token};
use crate::wire::ValueType;

/// Where keys end among what is decoded into it.
#[derive(Debug, Default)]
pub(crate) struct Boundaries {
    /// Behind the last key; 0 in front of the first.
    last: u64,
    /// Behind the last key in front of anything else.
    before_others: Option<u64>,
    /// One bit a type of value, of the keys that ended.
    types: u64,
    types_before_others: u64,
    /// Whether a key has begun.
    inside: bool,
    /// The type of the key that has begun.
    begun: u64,
    others: bool,
}

impl Boundaries {
    /// Behind the last key that ended.
    pub fn last(&self) -> Option<u64> {
        Some(self.last).filter(|at| *at > 0)
    }

    /// The same of keys with only keys in front of them.
    pub fn before_others(&self) -> Option<u64> {
        if self.others {
            self.before_others
        } else {
            self.last()
        }
    }

    /// Whether there was anything but keys, and what belongs to one.
    pub fn met_others(&self) -> bool {
        self.others
    }

    /// One bit a type of value met in front of anything else.
    pub fn types(&self) -> u64 {
        if self.others {
            self.types_before_others
        } else {
            self.types
        }
    }

    #[inline(always)]
    fn end(&mut self, types: u64, at: u64) {
        self.last = at;
        self.types |= types;
    }

    #[cold]
    fn meet_others(&mut self) {
        if !self.others {
            self.before_others = self.last();
            self.types_before_others = self.types;
            self.others = true;
        }
    }
}

#[inline(always)]
fn bit(kind: ValueType) -> u64 {
    1 << (kind.0 & 63)
}

impl Sink for Boundaries {
    #[inline(always)]
    fn token(&mut self, _: &[u8], at: u64, _: usize, token: Token) {
        match token {
            Part::Key { kind, .. } => {
                self.inside = true;
                self.begun = bit(kind);
            }
            Part::KeyEnd => {
                self.inside = false;
                self.end(self.begun, at);
            }
            Part::ExpireMs(_) | Part::ExpireSeconds(_) | Part::Idle(_) | Part::Freq(_) => {}
            Part::SlotInfo { .. } => {}
            _ if self.inside => {}
            _ => self.meet_others(),
        }
    }
}

impl KeySink for Boundaries {
    const PASSES_STRINGS: bool = true;

    #[inline(always)]
    fn passed_strings(&mut self, end: u64) {
        self.end(bit(ValueType::STRING), end);
    }

    #[inline(always)]
    fn plain_string(&mut self, PlainString { at, raw, .. }: PlainString<'_>) {
        self.end(bit(ValueType::STRING), at + raw.len() as u64);
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        self.end(bit(key.kind), key.end);
    }
}

impl RunSink for Boundaries {
    #[inline(always)]
    fn run(&mut self, _: &[u8], at: u64, run: &Run<'_>) {
        self.end(bit(ValueType::STRING), at + run.end as u64);
    }
}

#[cfg(test)]
mod tests {
    use crate::decoder::{Decoder, Runs};
    use crate::region::tests::decoder;
    use crate::region::{Frame, up_to_last_key};

    fn frame(decoder: &Decoder, window: &[u8]) -> Frame {
        crate::region::frame(decoder, window, &mut Runs::default())
    }

    #[test]
    fn an_expiry_goes_with_the_key_behind_it() {
        //             key a       key b, a set of one    expiry                key c begins
        let window = b"\x00\x01a\x01x\x02\x01b\x01\x01m\xfc\x01\0\0\0\0\0\0\0\x00\x01c";
        let found = Frame {
            len: 11,
            types: 0b101,
            last: false,
        };
        assert_eq!(frame(&decoder(), window), found);
        assert_eq!(up_to_last_key(&decoder(), window), 11);
    }

    #[test]
    fn keys_end_before_what_is_none() {
        //             key a       database 1  key b
        let window = b"\x00\x01a\x01x\xfe\x01\x00\x01b\x01y";
        let found = Frame {
            len: 5,
            types: 1,
            last: true,
        };
        assert_eq!(frame(&decoder(), window), found);
        assert_eq!(up_to_last_key(&decoder(), window), window.len());
    }

    #[test]
    fn and_before_damage() {
        //             key a       no type
        let window = b"\x00\x01a\x01x\xe0\x01b\x01y";
        assert_eq!(frame(&decoder(), window).len, 5);
        assert!(frame(&decoder(), window).last);
        let nothing = Frame {
            len: 0,
            types: 0,
            last: true,
        };
        assert_eq!(frame(&decoder(), b"\xff\0\0\0\0\0\0\0\0"), nothing);
        assert_eq!(frame(&decoder(), b"\x00\x05a"), Frame::default());
    }
}
