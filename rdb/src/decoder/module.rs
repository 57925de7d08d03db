//! Module data: tagged items, walked without knowing the module.
//!
//! ```text
//! value := LEN module_id, item*, LEN 0
//! item  := LEN 1, LEN signed | LEN 2, LEN unsigned | LEN 3, f32le | LEN 4, f64le | LEN 5, STR
//! ```

use crate::decoder::rare::Rare;
use crate::decoder::{Decoder, Resume, State};
use crate::event::{Part, Role, Token};
use crate::grammar::{P, Rules, What, bytes, f64le, fail, plain_len};
use crate::wire::ModuleId;

/// Whose items are being read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Items {
    /// A key's value.
    Value,
    /// A MODULE_AUX record.
    Aux,
    /// A class of a KEY_META record, and how many classes come after it.
    Meta { left: u64 },
}

pub(super) fn id<const EOF: bool>(w: &[u8], rules: Rules) -> P<'_, (Token, State)> {
    let (rest, id) = plain_len::<EOF>(w, rules)?;
    Ok((
        rest,
        (Part::Module(ModuleId(id)), State::Items(Items::Value)),
    ))
}

impl Decoder {
    pub(super) fn module_item<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        items: Items,
    ) -> P<'a, (Token, State)> {
        let (rest, tag) = plain_len::<EOF>(w, rules)?;
        let (rest, token) = match tag {
            0 => {
                let next = match items {
                    Items::Value => State::KeyEnd,
                    Items::Aux | Items::Meta { left: 0 } => State::Opcode,
                    Items::Meta { left } => State::Rare(Rare::MetaClass { left }),
                };
                return Ok((rest, (Part::ModuleEnd, next)));
            }
            1 => {
                let (rest, n) = plain_len::<EOF>(rest, rules)?;
                (rest, Part::ModuleSigned(n as i64))
            }
            2 => {
                let (rest, n) = plain_len::<EOF>(rest, rules)?;
                (rest, Part::ModuleUnsigned(n))
            }
            3 => {
                let (rest, b) = bytes::<EOF, 4>(rest)?;
                (rest, Part::ModuleFloat(f32::from_le_bytes(b)))
            }
            4 => {
                let (rest, x) = f64le::<EOF>(rest)?;
                (rest, Part::ModuleDouble(x))
            }
            5 => {
                let then = Resume::Items(items);
                let (rest, (token, next)) =
                    self.rare_item::<EOF>(rest, rules, Role::ModuleString, then)?;
                let token = match token {
                    Part::Item { text, .. } => Part::ModuleString(text),
                    begin => begin,
                };
                return Ok((rest, (token, next)));
            }
            _ => return fail(w, What::ModuleItem(tag)),
        };
        Ok((rest, (token, State::Items(items))))
    }
}
