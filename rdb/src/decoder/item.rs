//! Strings of values: whole, or in chunks where they are long.

use nom::Err as NomErr;

use crate::decoder::{Decoder, Resume, Sink, State};
use crate::event::{Part, Role, Token};
use crate::grammar::{self, Bad, P, Rules, StrHead, str_head};
use crate::text::StrToken;

impl Decoder {
    #[inline(always)]
    pub(super) fn item<const EOF: bool, S: Sink>(
        &mut self,
        w: &[u8],
        rules: Rules,
        role: Role,
        then: Resume,
        sink: &mut S,
    ) -> std::result::Result<(), NomErr<Bad>> {
        let (rest, head) = str_head::<EOF>(w, rules)?;
        let text = match head {
            StrHead::Raw(n) if n <= self.limits.chunk as u64 => {
                let start = rules.pos(rest);
                let (rest, len) = grammar::blob::<EOF>(rest, n, rules)?;
                let token = Part::Item {
                    role,
                    text: StrToken::Raw { start, len },
                };
                self.emit(w, rest, token, then.into(), sink);
                return Ok(());
            }
            StrHead::Int(n) => StrToken::Int(n),
            _ => {
                let (rest, (token, next)) = self.long_item::<EOF>(rest, rules, head, role, then)?;
                self.emit(w, rest, token, next, sink);
                return Ok(());
            }
        };
        self.emit(w, rest, Part::Item { role, text }, then.into(), sink);
        Ok(())
    }

    /// A string of a value in a state that is rare.
    pub(super) fn rare_item<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        role: Role,
        then: Resume,
    ) -> P<'a, (Token, State)> {
        let (rest, head) = str_head::<EOF>(w, rules)?;
        if let StrHead::Int(n) = head {
            return Ok((
                rest,
                (
                    Part::Item {
                        role,
                        text: StrToken::Int(n),
                    },
                    then.into(),
                ),
            ));
        }
        self.long_item::<EOF>(rest, rules, head, role, then)
    }

    /// Compressed strings and long ones: whole, or the announcement of chunks.
    #[inline(never)]
    pub(super) fn long_item<'a, const EOF: bool>(
        &self,
        rest: &'a [u8],
        rules: Rules,
        head: StrHead,
        role: Role,
        then: Resume,
    ) -> P<'a, (Token, State)> {
        let (stored, full) = match head {
            StrHead::Raw(n) => (n, None),
            StrHead::Lzf { stored, full } => (stored, Some(full)),
            StrHead::Int(n) => {
                return Ok((
                    rest,
                    (
                        Part::Item {
                            role,
                            text: StrToken::Int(n),
                        },
                        then.into(),
                    ),
                ));
            }
        };
        if stored > self.limits.chunk as u64 && role.comes_in_chunks() {
            let token = Part::ItemBegin { role, stored, full };
            return Ok((rest, (token, State::Chunks { left: stored, then })));
        }
        let start = rules.pos(rest);
        let (rest, len) = grammar::blob::<EOF>(rest, stored, rules)?;
        let text = match full {
            None => StrToken::Raw { start, len },
            Some(full) => StrToken::Lzf { start, len, full },
        };
        Ok((rest, (Part::Item { role, text }, then.into())))
    }

    pub(super) fn chunk<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        left: u64,
        then: Resume,
    ) -> P<'a, (Token, State)> {
        let want = left.min(self.limits.chunk as u64);
        let (rest, len) = grammar::blob::<EOF>(w, want, rules)?;
        let bytes = StrToken::Raw { start: 0, len };
        let next = match left - want {
            0 => then.into(),
            left => State::Chunks { left, then },
        };
        Ok((
            rest,
            (
                Part::Chunk {
                    bytes,
                    last: left == want,
                },
                next,
            ),
        ))
    }
}
