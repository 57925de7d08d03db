//! The file's header, the opcodes, and the head of a key.

use crate::decoder::module::Items;
use crate::decoder::rare::Rare;
use crate::decoder::stream::StreamState;
use crate::decoder::{Collection, State};
use crate::event::{Packing, Part, Role, Token};
use crate::grammar::{P, Rules, What, byte, bytes, fail, plain_len, string};
use crate::wire::{Dialect, ModuleId, Opcode, ValueType};

/// Magic and version: `REDIS` and four digits, or `VALKEY` and three.
///
/// The digits are read as C's `atoi` reads them, because servers do: blanks and
/// a sign before them pass, and what follows the digits is ignored.
pub(super) fn header<const EOF: bool>(w: &[u8]) -> P<'_, (Token, State)> {
    let (rest, head) = bytes::<EOF, 9>(w)?;
    if head.starts_with(b"VCS") {
        return fail(
            w,
            What::Unsupported("Valkey's streaming-compressed RDB (VCS envelope, LZ4)"),
        );
    }
    let (dialect, digits) = match (head.strip_prefix(b"VALKEY"), head.strip_prefix(b"REDIS")) {
        (Some(digits), _) => (Dialect::Valkey, digits),
        (_, Some(digits)) => (Dialect::Redis, digits),
        _ => return fail(rest, What::Magic),
    };
    match atoi(digits) {
        Some(version) if version > 0 => {
            let raw = head;
            Ok((
                rest,
                (
                    Part::Header {
                        dialect,
                        version,
                        raw,
                    },
                    State::Opcode,
                ),
            ))
        }
        _ => fail(rest, What::Version),
    }
}

/// `None` for a negative number; 0 where there is no digit at all.
fn atoi(text: &[u8]) -> Option<u32> {
    let text = crate::score::trim_blanks(text);
    let (digits, negative) = match text {
        [b'-', rest @ ..] => (rest, true),
        [b'+', rest @ ..] => (rest, false),
        _ => (text, false),
    };
    let n = digits
        .iter()
        .take_while(|b| b.is_ascii_digit())
        .fold(0u32, |n, b| n * 10 + u32::from(b - b'0'));
    (!negative).then_some(n)
}

/// The lowest byte that opens a record which is not a key.
pub(super) const FIRST_OPCODE: u8 = 242;

/// One opcode with its payload. Keys and millisecond expiries, which come once
/// a key, are read where the decoder dispatches.
pub(super) fn opcode<const EOF: bool>(
    w: &[u8],
    rules: Rules,
    dialect: Dialect,
    version: u32,
) -> P<'_, (Token, State)> {
    let (rest, op) = byte::<EOF>(w)?;
    let op = Opcode(op);
    let (rest, token) = match op {
        Opcode::EOF if version >= 5 => {
            let (rest, crc) = bytes::<EOF, 8>(rest)?;
            let checksum = Some(u64::from_le_bytes(crc));
            return Ok((rest, (Part::Eof { checksum }, State::Done)));
        }
        Opcode::EOF => return Ok((rest, (Part::Eof { checksum: None }, State::Done))),
        Opcode::SELECTDB => {
            let (rest, db) = plain_len::<EOF>(rest, rules)?;
            (rest, Part::SelectDb(db))
        }
        Opcode::EXPIRETIME => {
            let (rest, t) = bytes::<EOF, 4>(rest)?;
            (rest, Part::ExpireSeconds(i32::from_le_bytes(t)))
        }
        Opcode::RESIZEDB => {
            let (rest, keys) = plain_len::<EOF>(rest, rules)?;
            let (rest, expires) = plain_len::<EOF>(rest, rules)?;
            (rest, Part::ResizeDb { keys, expires })
        }
        Opcode::AUX => {
            let (rest, name) = string::<EOF>(rest, rules)?;
            let (rest, value) = string::<EOF>(rest, rules)?;
            (rest, Part::Aux { name, value })
        }
        Opcode::FREQ => {
            let (rest, n) = byte::<EOF>(rest)?;
            (rest, Part::Freq(n))
        }
        Opcode::IDLE => {
            let (rest, n) = plain_len::<EOF>(rest, rules)?;
            (rest, Part::Idle(n))
        }
        Opcode::FUNCTION2 => {
            let (rest, source) = string::<EOF>(rest, rules)?;
            (rest, Part::Function(source))
        }
        Opcode::FUNCTION_PRE_GA => {
            let (rest, name) = string::<EOF>(rest, rules)?;
            let (rest, _engine) = string::<EOF>(rest, rules)?;
            let (rest, described) = plain_len::<EOF>(rest, rules)?;
            let rest = match described {
                0 => rest,
                _ => string::<EOF>(rest, rules)?.0,
            };
            let (rest, code) = string::<EOF>(rest, rules)?;
            (rest, Part::FunctionPreGa { name, code })
        }
        Opcode::MODULE_AUX => {
            let (rest, id) = plain_len::<EOF>(rest, rules)?;
            let (rest, tag) = plain_len::<EOF>(rest, rules)?;
            let (rest, when) = plain_len::<EOF>(rest, rules)?;
            if tag != 2 {
                return fail(rest, What::ModuleAux(tag));
            }
            let token = Part::ModuleAux {
                module: ModuleId(id),
                when,
            };
            return Ok((rest, (token, State::Items(Items::Aux))));
        }
        Opcode::SLOT_INFO => {
            let (rest, slot) = plain_len::<EOF>(rest, rules)?;
            let (rest, keys) = plain_len::<EOF>(rest, rules)?;
            let (rest, expires) = plain_len::<EOF>(rest, rules)?;
            (
                rest,
                Part::SlotInfo {
                    slot,
                    keys,
                    expires,
                },
            )
        }
        Opcode::KEY_META if dialect == Dialect::Redis => {
            let (rest, classes) = plain_len::<EOF>(rest, rules)?;
            let next = match classes {
                0 => State::Opcode,
                left => State::Rare(Rare::MetaClass { left }),
            };
            return Ok((rest, (Part::KeyMeta(classes), next)));
        }
        Opcode::SLOT_IMPORT => {
            let (rest, job) = string::<EOF>(rest, rules)?;
            let (rest, ranges) = plain_len::<EOF>(rest, rules)?;
            let next = match ranges {
                0 => State::Opcode,
                left => State::Rare(Rare::SlotRange { left }),
            };
            return Ok((rest, (Part::SlotImport { job, ranges }, next)));
        }
        Opcode::HASH_TEMPLATE if dialect == Dialect::Redis => {
            let (rest, id) = plain_len::<EOF>(rest, rules)?;
            let (rest, fields) = plain_len::<EOF>(rest, rules)?;
            if fields == 0 {
                return fail(w, What::Record("hash template without fields"));
            }
            let next = State::Rare(Rare::TemplateField { left: fields });
            return Ok((rest, (Part::Template { id, fields }, next)));
        }
        // Valkey's 242: a command in RESP.
        _ => {
            let (rest, args) = super::rare::resp_head::<EOF>(rest, b'*')?;
            let next = match args {
                0 => State::Opcode,
                left => State::Rare(Rare::Argument { left }),
            };
            return Ok((rest, (Part::Update(args), next)));
        }
    };
    Ok((rest, (token, State::Opcode)))
}

/// The name of the key whose type byte is at the front of `bytes`, or the first `most`
/// bytes of it.
pub(crate) fn key_name(bytes: &[u8], most: usize) -> Option<Vec<u8>> {
    let rest = bytes.get(1..)?;
    let rules = Rules {
        base: rest.len(),
        max_piece: u64::MAX,
        lenient: true,
    };
    let (_, key) = string::<true>(rest, rules).ok()?;
    key.resolve(rest).front(most).ok()
}

/// Where a value of `kind` begins in the grammar.
#[inline]
pub(super) fn value_state(kind: ValueType, dialect: Dialect) -> Result<State, What> {
    use Collection as C;
    let packed = |p| State::One(Role::Packed(p));
    Ok(match (kind.0, dialect) {
        (0, _) => State::One(Role::Value),
        (1, _) => State::Count(C::List),
        (2, _) => State::Count(C::Set),
        (3, _) => State::Count(C::ZsetText),
        (4, _) => State::Count(C::Hash),
        (5, _) => State::Count(C::ZsetBinary),
        (6, _) => {
            return Err(What::Unsupported(
                "module data of 4.0 release candidates (type 6), which has no item tags",
            ));
        }
        (7, _) => State::ModuleId,
        (9, _) => packed(Packing::HashZipmap),
        (10, _) => packed(Packing::ListZiplist),
        (11, _) => packed(Packing::SetIntset),
        (12, _) => packed(Packing::ZsetZiplist),
        (13, _) => packed(Packing::HashZiplist),
        (14, _) => State::Count(C::QuicklistZiplist),
        (15, _) => State::Stream(StreamState::start(1)),
        (16, _) => packed(Packing::HashListpack),
        (17, _) => packed(Packing::ZsetListpack),
        (18, _) => State::Count(C::Quicklist),
        (19, _) => State::Stream(StreamState::start(2)),
        (20, _) => packed(Packing::SetListpack),
        (21, _) => State::Stream(StreamState::start(3)),
        (22, Dialect::Redis) => State::Count(C::HashExpiryFirst { min: None }),
        (22, Dialect::Valkey) => State::Count(C::HashExpiryLast),
        (23, Dialect::Redis) => packed(Packing::HashListpackEx),
        (23, Dialect::Valkey) => State::Rare(Rare::PathCount),
        (24, Dialect::Redis) => State::MinExpiry { packed: false },
        (25, Dialect::Redis) => State::MinExpiry { packed: true },
        (26, Dialect::Redis) => State::Stream(StreamState::start(4)),
        (27, Dialect::Redis) => State::Stream(StreamState::start(5)),
        (28, Dialect::Redis) => State::Rare(Rare::ArrayHead),
        (29, Dialect::Redis) => State::Rare(Rare::NamesFormat { array: false }),
        (30, Dialect::Redis) => packed(Packing::TemplateValues),
        (31, Dialect::Redis) => State::Rare(Rare::NamesFormat { array: true }),
        (32, Dialect::Redis) => State::Rare(Rare::TemplateRef),
        (33, Dialect::Redis) => State::Rare(Rare::Gcra),
        (t, _) => return Err(What::Type(t)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_the_server_reads_them() {
        assert_eq!(atoi(b"0012"), Some(12));
        assert_eq!(atoi(b"  9x"), Some(9));
        assert_eq!(atoi(b"\x0b011"), Some(11));
        assert_eq!(atoi(b"+080"), Some(80));
        assert_eq!(atoi(b"-001"), None);
        assert_eq!(atoi(b"abcd"), Some(0));
    }

    #[test]
    fn a_value_state_for_exactly_the_known_types() {
        for dialect in [Dialect::Redis, Dialect::Valkey] {
            for n in 0..=255 {
                let kind = ValueType(n);
                let known = !matches!(value_state(kind, dialect), Err(What::Type(_)));
                assert_eq!(known, kind.is_known(dialect), "{kind:?} {dialect}");
            }
        }
    }
}
