//! What only the newest servers write: key metadata, slot imports, hash
//! templates, arrays, path hashes, rate limiters, inline commands.
//!
//! ```text
//! KEY_META       f3, LEN n, (u32le class, module items, LEN 0)*n
//! SLOT_IMPORT    f3, STR job, LEN n, (LEN start, LEN end)*n            (Valkey)
//! HASH_TEMPLATE  f2, LEN id, LEN n, STR field*n
//! UPDATE         f2, "*" argc CRLF, ("$" len CRLF bytes CRLF)*argc     (Valkey)
//! ARRAY          LEN n, LEN has, [LEN insert_at], (LEN index, LEN tag, value)*n
//! TMPL_LP        names, STR listpack       TMPL_ARRAY  names, STR value*n
//!   names        LEN 0, STR listpack  |  LEN 1, LEN n, STR*n
//! TMPL_ARRAY_REF LEN id, STR value*(fields of the template)
//! PATH_HASH      LEN paths, (STR path, LEN n, (STR field, STR value)*n)*paths
//! GCRA           LEN time
//! ```

use nom::{Err as NomErr, Needed};

use crate::decoder::module::Items;
use crate::decoder::{Decoder, Resume, State, strict_len};
use crate::error::Stage;
use crate::event::{Packing, Part, Role, Token};
use crate::grammar::{P, Rules, What, blob, bytes, f64le, fail, i64le, plain_len, string, take};
use crate::packed::Listpack;
use crate::text::{Scratch, StrToken};
use crate::wire::MetaClass;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rare {
    MetaClass { left: u64 },
    SlotRange { left: u64 },
    TemplateField { left: u64 },
    Argument { left: u64 },
    ArrayHead,
    ArrayIndex { left: u64 },
    ArrayValue { left: u64 },
    NamesFormat { array: bool },
    NamesPacked { array: bool },
    NamesCount { array: bool },
    Name { left: u64, array: bool, fields: u64 },
    TemplateRef,
    TemplateValue { left: u64 },
    PathCount,
    Path { left: u64 },
    PathFields { left: u64 },
    PathField { left: u64, paths: u64 },
    PathValue { left: u64, paths: u64 },
    Gcra,
}

impl Rare {
    pub(super) fn stage(self) -> Stage {
        match self {
            Rare::MetaClass { .. }
            | Rare::SlotRange { .. }
            | Rare::TemplateField { .. }
            | Rare::Argument { .. } => Stage::Type,
            _ => Stage::Value,
        }
    }
}

/// A header line of the Redis protocol: `prefix`, decimal digits, CRLF.
pub(super) fn resp_head<const EOF: bool>(w: &[u8], prefix: u8) -> P<'_, u64> {
    let bad = || What::Record("inline command is not in the Redis protocol");
    // Prefix, at most 19 digits, CRLF.
    let line = w.get(..22.min(w.len())).unwrap_or_default();
    let Some(end) = line.iter().position(|b| *b == b'\n') else {
        return if line.len() == 22 {
            fail(w, bad())
        } else if EOF {
            fail(w, What::Short)
        } else {
            Err(NomErr::Incomplete(Needed::new(1)))
        };
    };
    let digits = line
        .get(..end)
        .and_then(|l| l.strip_prefix(&[prefix]))
        .and_then(|l| l.strip_suffix(b"\r"))
        .and_then(|l| std::str::from_utf8(l).ok())
        .filter(|l| l.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|l| l.parse().ok());
    match digits {
        Some(n) => {
            let (rest, _) = take::<EOF>(w, end + 1)?;
            Ok((rest, n))
        }
        None => fail(w, bad()),
    }
}

impl Decoder {
    pub(super) fn rare<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        state: Rare,
    ) -> P<'a, (Token, State)> {
        let go = State::Rare;
        match state {
            Rare::MetaClass { left } => {
                let (rest, class) = bytes::<EOF, 4>(w)?;
                let token = Part::MetaClass(MetaClass(u32::from_le_bytes(class)));
                Ok((rest, (token, State::Items(Items::Meta { left: left - 1 }))))
            }
            Rare::SlotRange { left } => {
                let (rest, start) = plain_len::<EOF>(w, rules)?;
                let (rest, end) = plain_len::<EOF>(rest, rules)?;
                let next = match left {
                    1 => State::Opcode,
                    _ => go(Rare::SlotRange { left: left - 1 }),
                };
                Ok((rest, (Part::SlotRange { start, end }, next)))
            }
            Rare::TemplateField { left } => {
                let (rest, text) = string::<EOF>(w, rules)?;
                let next = match left {
                    1 => State::Opcode,
                    _ => go(Rare::TemplateField { left: left - 1 }),
                };
                Ok((
                    rest,
                    (
                        Part::Item {
                            role: Role::TemplateField,
                            text,
                        },
                        next,
                    ),
                ))
            }
            Rare::Argument { left } => {
                let (rest, n) = resp_head::<EOF>(w, b'$')?;
                let start = rules.pos(rest);
                let (rest, len) = blob::<EOF>(rest, n, rules)?;
                let (rest, end) = bytes::<EOF, 2>(rest)?;
                if end != *b"\r\n" {
                    return fail(w, What::Record("inline command argument without its end"));
                }
                let text = StrToken::Raw { start, len };
                let next = match left {
                    1 => State::Opcode,
                    _ => go(Rare::Argument { left: left - 1 }),
                };
                Ok((
                    rest,
                    (
                        Part::Item {
                            role: Role::Argument,
                            text,
                        },
                        next,
                    ),
                ))
            }
            Rare::ArrayHead | Rare::ArrayIndex { .. } | Rare::ArrayValue { .. } => {
                self.array::<EOF>(w, rules, state)
            }
            Rare::PathCount
            | Rare::Path { .. }
            | Rare::PathFields { .. }
            | Rare::PathField { .. }
            | Rare::PathValue { .. } => self.path_hash::<EOF>(w, rules, state),
            Rare::Gcra => {
                let (rest, n) = plain_len::<EOF>(w, rules)?;
                if i64::try_from(n).is_err() {
                    return fail(w, What::Record("rate limiter time beyond 2^63"));
                }
                Ok((rest, (Part::Gcra(n), State::KeyEnd)))
            }
            _ => self.template_hash::<EOF>(w, rules, state),
        }
    }

    fn array<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        state: Rare,
    ) -> P<'a, (Token, State)> {
        let after = |left: u64| match left {
            1 => Resume::KeyEnd,
            _ => Resume::Rare(Rare::ArrayIndex { left: left - 1 }),
        };
        match state {
            Rare::ArrayIndex { left } => {
                let (rest, index) = strict_len::<EOF>(w, "array index is not a plain length")?;
                if index == u64::MAX {
                    return fail(w, What::Record("array index out of range"));
                }
                Ok((
                    rest,
                    (
                        Part::ArrayIndex(index),
                        State::Rare(Rare::ArrayValue { left }),
                    ),
                ))
            }
            Rare::ArrayValue { left } => {
                let (rest, tag) = plain_len::<EOF>(w, rules)?;
                match tag {
                    0 => self.rare_item::<EOF>(rest, rules, Role::Element, after(left)),
                    1 => {
                        let (rest, n) = i64le::<EOF>(rest)?;
                        Ok((rest, (Part::ArrayInt(n), after(left).into())))
                    }
                    2 => {
                        let (rest, x) = f64le::<EOF>(rest)?;
                        Ok((rest, (Part::ArrayFloat(x), after(left).into())))
                    }
                    3 => {
                        let (rest, text) = string::<EOF>(rest, rules)?;
                        if text.resolve(w).len() > 7 {
                            return fail(w, What::Record("small array string above 7 bytes"));
                        }
                        let token = Part::Item {
                            role: Role::Element,
                            text,
                        };
                        Ok((rest, (token, after(left).into())))
                    }
                    _ => fail(w, What::Record("unknown tag of an array element")),
                }
            }
            _ => {
                let (rest, count) = plain_len::<EOF>(w, rules)?;
                let (rest, has) = plain_len::<EOF>(rest, rules)?;
                let (rest, insert_at) = match has {
                    0 => (rest, None),
                    1 => {
                        let (rest, at) = plain_len::<EOF>(rest, rules)?;
                        (rest, Some(at))
                    }
                    _ => return fail(w, What::Record("array's insert flag is not 0 or 1")),
                };
                if count == 0 {
                    return fail(w, What::Record("array without elements"));
                }
                let next = State::Rare(Rare::ArrayIndex { left: count });
                Ok((rest, (Part::Array { count, insert_at }, next)))
            }
        }
    }

    fn path_hash<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        state: Rare,
    ) -> P<'a, (Token, State)> {
        let go = State::Rare;
        match state {
            Rare::Path { left } => {
                let (rest, text) = string::<EOF>(w, rules)?;
                let token = Part::Item {
                    role: Role::Path,
                    text,
                };
                Ok((rest, (token, go(Rare::PathFields { left: left - 1 }))))
            }
            Rare::PathFields { left: paths } => {
                let (rest, n) = plain_len::<EOF>(w, rules)?;
                if n == 0 {
                    return fail(w, What::Record("path without fields"));
                }
                Ok((
                    rest,
                    (Part::Count(n), go(Rare::PathField { left: n, paths })),
                ))
            }
            Rare::PathField { left, paths } => {
                let then = Resume::Rare(Rare::PathValue { left, paths });
                self.rare_item::<EOF>(w, rules, Role::Field, then)
            }
            Rare::PathValue { left, paths } => {
                let then = match (left, paths) {
                    (1, 0) => Resume::KeyEnd,
                    (1, left) => Resume::Rare(Rare::Path { left }),
                    _ => Resume::Rare(Rare::PathField {
                        left: left - 1,
                        paths,
                    }),
                };
                self.rare_item::<EOF>(w, rules, Role::FieldValue, then)
            }
            _ => {
                let (rest, n) = plain_len::<EOF>(w, rules)?;
                let next = match n {
                    0 => State::KeyEnd,
                    left => go(Rare::Path { left }),
                };
                Ok((rest, (Part::Count(n), next)))
            }
        }
    }

    fn template_hash<'a, const EOF: bool>(
        &self,
        w: &'a [u8],
        rules: Rules,
        state: Rare,
    ) -> P<'a, (Token, State)> {
        let go = State::Rare;
        let values = |array: bool, fields: u64| match array {
            true => go(Rare::TemplateValue { left: fields }),
            false => State::One(Role::Packed(Packing::TemplateValues)),
        };
        match state {
            Rare::NamesFormat { array } => {
                let (rest, format) = plain_len::<EOF>(w, rules)?;
                let next = match format {
                    0 => Rare::NamesPacked { array },
                    1 => Rare::NamesCount { array },
                    _ => return fail(w, What::Record("unknown format of template names")),
                };
                Ok((rest, (Part::NamesFormat(format), go(next))))
            }
            Rare::NamesPacked { array } => {
                let (rest, text) = string::<EOF>(w, rules)?;
                let Some(fields) = packed_names(text, w) else {
                    return fail(w, What::Record("template names are damaged or none"));
                };
                let role = Role::Packed(Packing::TemplateNames);
                Ok((rest, (Part::Item { role, text }, values(array, fields))))
            }
            Rare::NamesCount { array } => {
                let (rest, n) = plain_len::<EOF>(w, rules)?;
                if n == 0 {
                    return fail(w, What::Record("template hash without fields"));
                }
                Ok((
                    rest,
                    (
                        Part::Count(n),
                        go(Rare::Name {
                            left: n,
                            array,
                            fields: n,
                        }),
                    ),
                ))
            }
            Rare::Name {
                left,
                array,
                fields,
            } => {
                let (rest, text) = string::<EOF>(w, rules)?;
                let next = match left {
                    1 => values(array, fields),
                    _ => go(Rare::Name {
                        left: left - 1,
                        array,
                        fields,
                    }),
                };
                Ok((
                    rest,
                    (
                        Part::Item {
                            role: Role::TemplateField,
                            text,
                        },
                        next,
                    ),
                ))
            }
            Rare::TemplateValue { left } => {
                let then = match left {
                    1 => Resume::KeyEnd,
                    _ => Resume::Rare(Rare::TemplateValue { left: left - 1 }),
                };
                self.rare_item::<EOF>(w, rules, Role::FieldValue, then)
            }
            _ => {
                let (rest, id) = plain_len::<EOF>(w, rules)?;
                match self.templates.get(&id) {
                    Some(fields) => {
                        let next = go(Rare::TemplateValue { left: *fields });
                        Ok((rest, (Part::TemplateRef(id), next)))
                    }
                    None => fail(
                        w,
                        What::Record("hash refers to a template that is not there"),
                    ),
                }
            }
        }
    }
}

/// How many names a packed list of template names holds; `None` if it is
/// damaged or empty. Only files with template hashes in DUMP form come here.
fn packed_names(text: StrToken, w: &[u8]) -> Option<u64> {
    let mut scratch = Scratch::default();
    let blob = text.resolve(w);
    let mut names = Listpack::new(blob.bytes(&mut scratch).ok()?).ok()?;
    let mut n = 0;
    while names.next().ok()?.is_some() {
        n += 1;
    }
    (n > 0).then_some(n)
}
