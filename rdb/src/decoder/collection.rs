//! Lists, sets, sorted sets, hashes and quicklists: a count, then elements of
//! one, two or three parts.
//!
//! ```text
//! LIST, SET            LEN n, STR*n
//! ZSET                 LEN n, (STR member, score)*n   score: u8 n + text, or f64le
//! HASH                 LEN n, (STR field, STR value)*n
//! QUICKLIST            LEN n, STR ziplist*n
//! QUICKLIST_2          LEN n, (LEN container, STR blob)*n
//! HASH_METADATA        i64le min, LEN n, (LEN ttl, STR field, STR value)*n
//! Valkey HASH_2        LEN n, (STR field, STR value, i64le expiry)*n
//! ```

use crate::decoder::{Decoder, Resume, State};
use crate::event::{Packing, Part, Role, Token};
use crate::grammar::{P, Rules, What, byte, fail, i64le, plain_len, take};
use crate::score;

/// What the elements of a collection are made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Collection {
    List,
    Set,
    ZsetText,
    ZsetBinary,
    Hash,
    QuicklistZiplist,
    Quicklist,
    /// Redis: expiry before the field; relative to the minimum, but for the
    /// release candidates' type, which has none.
    HashExpiryFirst {
        min: Option<i64>,
    },
    /// Valkey: expiry after the value.
    HashExpiryLast,
}

pub(super) fn min_expiry<const EOF: bool>(w: &[u8], packed: bool) -> P<'_, (Token, State)> {
    let (rest, min) = i64le::<EOF>(w)?;
    let next = if packed {
        State::One(Role::Packed(Packing::HashListpackEx))
    } else {
        State::Count(Collection::HashExpiryFirst { min: Some(min) })
    };
    Ok((rest, (Part::MinExpiry(min), next)))
}

impl Decoder {
    /// A part of an element of the collections that modern servers seldom
    /// write; lists, sets, hashes and binary sorted sets are read where the
    /// decoder dispatches.
    pub(super) fn element<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
    ) -> P<'a, (Token, State)> {
        use Collection as C;
        let State::Element { of, phase, left } = self.state else {
            return fail(w, What::Short);
        };
        let same = |phase| Resume::Element { of, phase, left };
        let next = match left {
            1 => Resume::KeyEnd,
            _ => Resume::Element {
                of,
                phase: 0,
                left: left - 1,
            },
        };
        match (of, phase) {
            (C::ZsetText, 0) => self.rare_item::<EOF>(w, rules, Role::Member, same(1)),
            (C::ZsetText, _) => {
                let (rest, score) = text_score::<EOF>(w)?;
                Ok((rest, (Part::Score(score), next.into())))
            }
            (C::HashExpiryLast, 0) => self.rare_item::<EOF>(w, rules, Role::Field, same(1)),
            (C::HashExpiryLast, 1) => self.rare_item::<EOF>(w, rules, Role::FieldValue, same(2)),
            (C::HashExpiryLast, _) => {
                let (rest, t) = i64le::<EOF>(w)?;
                let at = (t != -1).then_some(t);
                Ok((rest, (Part::FieldExpiry(at), next.into())))
            }
            (C::HashExpiryFirst { min }, 0) => {
                let (rest, ttl) = plain_len::<EOF>(w, rules)?;
                // 0 is none, also as a sum; else the first expiry is stored as 1.
                let at = match (ttl as i64, min) {
                    (0, _) => 0,
                    (t, None) => t,
                    (t, Some(min)) => t.wrapping_add(min).wrapping_sub(1),
                };
                let at = (at != 0).then_some(at);
                Ok((rest, (Part::FieldExpiry(at), same(1).into())))
            }
            (C::HashExpiryFirst { .. }, 1) => self.rare_item::<EOF>(w, rules, Role::Field, same(2)),
            (C::HashExpiryFirst { .. }, _) => {
                self.rare_item::<EOF>(w, rules, Role::FieldValue, next)
            }
            (C::QuicklistZiplist, _) => {
                let role = Role::Packed(Packing::ListZiplist);
                self.rare_item::<EOF>(w, rules, role, next)
            }
            (C::Quicklist, 0) => {
                let (rest, container) = plain_len::<EOF>(w, rules)?;
                let phase = match container {
                    1 => 1,
                    2 => 2,
                    _ => return fail(rest, What::Container("neither plain nor packed")),
                };
                Ok((rest, (Part::Container(container), same(phase).into())))
            }
            (C::Quicklist, 1) => self.rare_item::<EOF>(w, rules, Role::Element, next),
            (C::Quicklist, _) => {
                let role = Role::Packed(Packing::ListListpack);
                self.rare_item::<EOF>(w, rules, role, next)
            }
            // Read where the decoder dispatches.
            (C::List | C::Set | C::Hash | C::ZsetBinary, _) => fail(w, What::Short),
        }
    }
}

/// A score as text: `u8 n`, then n bytes; 253, 254, 255 are NaN and infinities.
fn text_score<const EOF: bool>(w: &[u8]) -> P<'_, f64> {
    let (rest, n) = byte::<EOF>(w)?;
    match n {
        253 => Ok((rest, f64::NAN)),
        254 => Ok((rest, f64::INFINITY)),
        255 => Ok((rest, f64::NEG_INFINITY)),
        n => {
            let (rest, text) = take::<EOF>(rest, n.into())?;
            match score::scan_forward(text) {
                Some(score) => Ok((rest, score)),
                None => fail(rest, What::Score),
            }
        }
    }
}
