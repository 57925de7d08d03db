//! One record: does it decode, and would a server take it?

use std::io;

use super::habits::Look;
use super::piece::{AuxName, Bad, Found, KeyPiece, Piece, What};
use super::source::{READ, Source, Window};
use crate::decoder::{Checkpoint, Decoder, Step};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Part, Role};
use crate::limits::Limits;
use crate::lzf;
use crate::record::{Attribute, Attributes};
use crate::text::{Scratch, Str};
use crate::verify::{Code, Fault, Hasher, Product, Server, Severity, ValueJudge};
use crate::wire::{Dialect, ModuleId, Opcode};
use crate::write::Format;

/// Plain strings above this are passed over unread.
const CHUNK: usize = 64 << 10;

/// How a record is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Where one is expected: as servers take it, and to its end even if it is bad.
    Expected,
    /// Where there may be one: as servers write it, and no further than needed.
    /// Not more than so many bytes are decoded.
    Tried(u64),
}

/// Looks at records, one at a time, anywhere.
#[derive(Debug)]
pub(super) struct Examiner<S> {
    pub window: Window<S>,
    pub format: Format,
    pub server: Server,
    decoder: Decoder,
    judge: ValueJudge,
    hasher: Hasher,
    names: Scratch,
    /// Bytes decoded so far.
    pub decoded: u64,
    /// Whether the file is known to be damaged.
    pub wary: bool,
}

/// What is gathered of one record.
#[derive(Debug, Default)]
struct Gathered {
    attributes: Attributes,
    bits: u16,
    expires: bool,
    odd_expiry: bool,
    /// Parts of a record of several that are still to come.
    left: u64,
    what: Option<What>,
    bad: Option<Bad>,
    value: u32,
}

impl<S: Source> Examiner<S> {
    pub fn new(window: Window<S>, format: Format, server: Server, limits: Limits) -> Examiner<S> {
        let at = Checkpoint {
            dialect: format.dialect(),
            version: format.version(),
            offset: 0,
        };
        let limits = Limits {
            chunk: CHUNK,
            ..limits
        };
        Examiner {
            window,
            format,
            server,
            decoder: Decoder::resume(at, limits),
            judge: ValueJudge::new(server, limits.max_decompressed),
            hasher: Hasher::new(),
            names: Scratch::with_limit(limits.max_decompressed),
            decoded: 0,
            wary: false,
        }
    }

    /// Judges for this server from now on.
    pub fn judge_for(&mut self, server: Server) {
        self.server = server;
        self.judge.judge_for(server);
    }

    /// Takes keys that refer to this template from now on, and no other template
    /// of that number.
    pub fn know_template(&mut self, id: u64, fields: u64) {
        self.judge.know_template(id, fields);
        self.decoder.know_template(id, fields);
    }

    /// Takes no keys that refer to this template any more.
    pub fn forget_template(&mut self, id: u64) {
        self.judge.forget_template(id);
        self.decoder.forget_template(id);
    }

    /// Whether Valkey reads files of this version.
    pub fn is_read_by_valkey(&self) -> bool {
        let (dialect, version) = (self.format.dialect(), self.format.version());
        Server::for_file(Product::Valkey, dialect, version).reads(dialect, version)
    }

    /// Looks at what begins at `begin`.
    ///
    /// # Errors
    ///
    /// Only of reading.
    pub fn examine(&mut self, begin: u64, effort: Effort) -> io::Result<Found> {
        if let Some(header) = self.header(begin)? {
            return Ok(header);
        }
        self.decoder.rejoin(begin);
        self.judge.faults.clear();
        let mut seen = Gathered::default();
        let end = self.window.len();
        let mut need = 1;
        let before = self.decoded;
        loop {
            let at = self.decoder.offset();
            let tried = matches!(effort, Effort::Tried(budget) if self.decoded - before > budget);
            if tried {
                return Ok(Found::Bad(Bad::new(Code::Unsupported, at, "given up")));
            }
            // A stated length decides what is read only if the file has as much.
            let behind = at.saturating_add(need as u64) > end;
            if matches!(effort, Effort::Tried(budget) if budget < READ as u64)
                && !self.window.has(at, if behind { 1 } else { need })
            {
                return Ok(Found::Bad(Bad::new(Code::Unsupported, at, "given up")));
            }
            let held = self.window.get(at, if behind { 1 } else { need })?;
            let eof = behind || at + held.len() as u64 >= end;
            let (used, token) = match self.decoder.step(held, eof) {
                Ok(Step::Token { used, token }) => (used, token),
                Ok(Step::NeedMore { at_least }) => {
                    self.decoded += 16;
                    match effort {
                        Effort::Tried(budget) if at_least as u64 > budget => {
                            return Ok(Found::Bad(Bad::new(Code::Unsupported, at, "given up")));
                        }
                        _ => need = at_least,
                    }
                    continue;
                }
                Ok(Step::Done) => {
                    return Ok(Found::Bad(Bad::new(Code::Truncated, at, "nothing here")));
                }
                Err(error) => {
                    let mut bad = Bad::of_error(&error);
                    bad.key = seen.key_at();
                    return Ok(Found::Bad(
                        seen.bad.map_or(bad, |first| Bad { end: None, ..first }),
                    ));
                }
            };
            need = 1;
            self.decoded += used as u64 + 8;
            let event = token.resolve(held);
            if let Part::Item {
                text: Str::Lzf { data, len },
                ..
            } = event
            {
                // One that says more than its bytes can make is not decompressed.
                self.decoded += len.min(lzf::max_output(data.len() as u64));
            }
            if let Part::Eof { checksum } = event {
                let end = at + used as u64;
                return Ok(Found::End {
                    begin,
                    end,
                    checksum,
                });
            }
            if let Part::ItemBegin { stored, full, .. } = event {
                if stored > end - self.decoder.offset() {
                    let why = "the file ends inside a value";
                    let mut bad = Bad::new(Code::Truncated, at, why);
                    bad.key = seen.key_at();
                    return Ok(Found::Bad(bad));
                }
                if full.is_none() {
                    // Nothing in it means anything to a server.
                    self.decoder.pass_over_chunks(end);
                }
            }
            if let Part::Module(id) | Part::ModuleAux { module: id, .. } = event
                && (self.wary || effort != Effort::Expected)
                && is_accident(id)
            {
                let message = format!("there is hardly a module type {}", id.name());
                seen.bad = Some(Bad::new(Code::ModuleMissing, at, message));
            }
            let inside = matches!(seen.what, Some(What::Key(_)));
            if inside {
                if let Part::KeyEnd = event {
                    return Ok(self.finish(seen, begin, at));
                }
                seen.value(&event);
                self.judge.part(&event, at);
            } else if let Part::Key { kind, key } = event {
                let server = self.server;
                let dialect = self.format.dialect();
                seen.attributes.take();
                let print = match key.bytes(&mut self.names) {
                    Ok(name) => Some(self.hasher.fingerprint(0, name).stored),
                    Err(e) => {
                        let message = format!("key does not decompress: {e}");
                        seen.bad = Some(Bad::new(Code::BadLzf, at, message));
                        None
                    }
                };
                if !server.knows(kind, dialect) {
                    let message = format!("{server} does not know value type {}", kind.0);
                    seen.bad = Some(Bad::new(Code::TypeUnsupported, at, message));
                }
                self.judge.begin(kind, dialect);
                seen.what = Some(What::Key(KeyPiece {
                    at,
                    kind,
                    print: print.unwrap_or_default(),
                    expires: seen.expires,
                    odd_expiry: seen.odd_expiry,
                    look: Look::of(key),
                    value: 0,
                    empty: false,
                    attributes: seen.bits,
                }));
            } else {
                if let Part::Template { id, .. } = event {
                    // The decoder remembers each one it comes across, and reads hashes
                    // that refer to it; whether it is taken is not known yet.
                    match self.judge.fields_of_template(id) {
                        Some(fields) => self.decoder.know_template(id, fields),
                        None => self.decoder.forget_template(id),
                    }
                }
                self.judge.names(&event, at);
                if !seen.outside(&event, at, self.server, self.format.dialect()) {
                    continue;
                }
                let what = seen.what.unwrap_or(What::Hint);
                let end = self.decoder.offset();
                let fault = self.judge.faults.drain(..).next();
                let fault = fault.map(|f| Bad::new(f.code, f.at, f.message));
                let again = match what {
                    What::Template { id, .. } if self.judge.fields_of_template(id).is_some() => {
                        let message = format!("hash template {id} is defined twice");
                        Some(Bad::new(Code::BadTemplate, begin, message))
                    }
                    _ => None,
                };
                return Ok(match seen.bad.or(fault).or(again) {
                    None => Found::Piece(Piece { begin, end, what }),
                    Some(bad) => Found::Bad(Bad {
                        end: Some(end),
                        ..bad
                    }),
                });
            }
            if let Some(at) = self.decoder.take_lax_length()
                && effort != Effort::Expected
            {
                return Ok(Found::Bad(Bad::new(
                    Code::LaxLength,
                    at,
                    "no server writes this",
                )));
            }
            let faulty = seen.bad.is_some() || !self.judge.faults.is_empty();
            if faulty && effort != Effort::Expected {
                return Ok(Found::Bad(Bad::new(Code::BadPacked, at, "not taken")));
            }
        }
    }

    /// A header where a record is expected.
    fn header(&mut self, begin: u64) -> io::Result<Option<Found>> {
        let held = self.window.get(begin, 9)?;
        let Some((dialect, version)) = magic(held) else {
            return Ok(None);
        };
        Ok(Some(Found::Piece(Piece {
            begin,
            end: begin + 9,
            what: What::Header(dialect, version),
        })))
    }

    /// A key whose value was read to its end.
    fn finish(&mut self, seen: Gathered, begin: u64, end: u64) -> Found {
        self.judge.end(end);
        let key_at = seen.key_at();
        // What is but a warning is no reason for the server to refuse it.
        let counts = |f: &Fault| f.code.severity() > Severity::Warning;
        let fault = self.judge.faults.drain(..).find(counts);
        let bad = seen
            .bad
            .or(fault.map(|f| Bad::new(f.code, f.at, f.message)));
        if let Some(bad) = bad {
            return Found::Bad(Bad {
                end: Some(end),
                key: key_at,
                ..bad
            });
        }
        let Some(What::Key(mut key)) = seen.what else {
            return Found::Bad(Bad::new(Code::BadRecord, begin, "no key"));
        };
        key.empty = self.judge.is_empty();
        key.value = match key.empty {
            true => 0,
            false => seen.value + u32::from(key.expires && !key.odd_expiry),
        };
        let what = What::Key(key);
        Found::Piece(Piece { begin, end, what })
    }
}

impl Bad {
    pub fn new(code: Code, at: u64, message: impl Into<String>) -> Bad {
        Bad {
            code,
            at,
            message: message.into(),
            end: None,
            key: None,
        }
    }

    fn of_error(error: &Error) -> Bad {
        let code = Code::of(error.kind()).unwrap_or(Code::Unsupported);
        let message = match error.kind() {
            ErrorKind::Truncated => format!("the file ends inside {}", error.stage().object()),
            kind => kind.to_string(),
        };
        Bad::new(code, error.offset(), message)
    }
}

impl Gathered {
    fn key_at(&self) -> Option<u64> {
        match self.what {
            Some(What::Key(key)) => Some(key.at),
            _ => None,
        }
    }

    /// Adds up what a value says for itself.
    #[inline]
    fn value(&mut self, event: &Event<'_>) {
        let more = match event {
            Part::Item {
                role: Role::Value,
                text: Str::Raw(_) | Str::Int(_),
            }
            | Part::ItemBegin { full: None, .. } => 1,
            Part::Item {
                role: Role::Packed(_),
                ..
            } => 5,
            Part::Item {
                text: Str::Lzf { .. },
                ..
            }
            | Part::ItemBegin { .. } => 3,
            Part::Item {
                role: Role::Element | Role::Member | Role::Field,
                ..
            } => 1,
            Part::StreamMeta(_) => 2,
            Part::Module(_) => 1,
            _ => 0,
        };
        self.value = (self.value + more).min(6);
    }

    /// Takes what is no part of a value; `true` where the record ends.
    fn outside(&mut self, event: &Event<'_>, at: u64, server: Server, dialect: Dialect) -> bool {
        if self.attributes.token(event) != Attribute::None {
            self.attribute(event, at, server, dialect);
            return false;
        }
        let unsupported = |name: &str| {
            let message = format!("{server} does not know {name} records");
            Some(Bad::new(Code::TypeUnsupported, at, message))
        };
        if let Part::Aux { name, value } = event
            && let Err(e) = name.to_vec().and_then(|_| value.to_vec())
        {
            self.bad = Some(Bad::new(Code::BadLzf, at, e.to_string()));
        }
        self.what = Some(match *event {
            // Stands among what belongs to the next key (KeyDB).
            Part::Aux { .. } if self.bits != 0 => return false,
            Part::Aux { name, value } => What::Aux(aux(name, value)),
            Part::SelectDb(db) => What::SelectDb(db),
            Part::ResizeDb { keys, expires } => What::ResizeDb { keys, expires },
            Part::Function(source) => {
                if let Err(e) = source.to_vec() {
                    self.bad = Some(Bad::new(Code::BadLzf, at, e.to_string()));
                }
                What::Function
            }
            Part::FunctionPreGa { .. } => {
                if (server.major, server.minor) != (7, 0) {
                    self.bad = unsupported("FUNCTION_PRE_GA");
                }
                What::Function
            }
            Part::SlotInfo { .. } => What::Hint,
            Part::ModuleAux { .. } => {
                self.left = u64::MAX;
                self.what = Some(What::ModuleAux);
                return false;
            }
            Part::ModuleEnd => return true,
            Part::Template { id, fields } => {
                if !server.reads_records(dialect, 15) {
                    self.bad = unsupported("HASH_TEMPLATE");
                }
                self.left = fields;
                self.what = Some(What::Template { id, fields });
                return fields == 0;
            }
            Part::SlotImport { ranges, .. } => {
                self.left = ranges;
                self.what = Some(What::Import);
                return ranges == 0;
            }
            Part::Item {
                role: Role::TemplateField,
                ..
            }
            | Part::SlotRange { .. } => {
                self.left = self.left.saturating_sub(1);
                return self.left == 0;
            }
            Part::Update(args) => {
                let why = "a replicated command: the file is no snapshot";
                self.bad = Some(Bad::new(Code::TypeUnsupported, at, why));
                self.left = args;
                self.what = Some(What::Hint);
                return args == 0;
            }
            // Arguments of the former, and items of modules.
            _ => {
                let argument = matches!(
                    event,
                    Part::Item {
                        role: Role::Argument,
                        ..
                    }
                );
                if argument {
                    self.left = self.left.saturating_sub(1);
                }
                return argument && self.left == 0;
            }
        });
        true
    }

    fn attribute(&mut self, event: &Event<'_>, at: u64, server: Server, dialect: Dialect) {
        let opcode = match *event {
            Part::ExpireSeconds(_) => {
                self.expires = true;
                Opcode::EXPIRETIME
            }
            Part::ExpireMs(t) => {
                self.expires = t != -1;
                // From 2001 to 2248: what is written by accident is hardly ever there.
                self.odd_expiry = !(1_000_000_000_000..1 << 43).contains(&t);
                Opcode::EXPIRETIME_MS
            }
            Part::Idle(idle) => {
                if idle == u64::MAX {
                    let why = "a length of 2^64-1, which servers take for an error";
                    self.bad = Some(Bad::new(Code::BadLength, at, why));
                }
                Opcode::IDLE
            }
            Part::Freq(_) => Opcode::FREQ,
            Part::KeyMeta(_) if !server.reads_records(dialect, 13) => {
                let message = format!("{server} does not know KEY_META records");
                self.bad = Some(Bad::new(Code::TypeUnsupported, at, message));
                Opcode::KEY_META
            }
            _ => Opcode::KEY_META,
        };
        self.bits |= attribute_bit(opcode);
    }
}

/// Whether a module's name is what a small number makes one: a name has nine
/// characters, of which the first two would be A.
fn is_accident(id: ModuleId) -> bool {
    id.0 >> 52 == 0
}

/// One bit for an opcode that stands before keys.
pub(super) const fn attribute_bit(opcode: Opcode) -> u16 {
    1 << (opcode.0 & 15)
}

/// Magic and version, where all of it is as servers write it.
pub(super) fn magic(bytes: &[u8]) -> Option<(Dialect, u32)> {
    let head = bytes.get(..9)?;
    let (dialect, digits) = match (head.strip_prefix(b"VALKEY"), head.strip_prefix(b"REDIS")) {
        (Some(digits), _) => (Dialect::Valkey, digits),
        (_, Some(digits)) => (Dialect::Redis, digits),
        _ => return None,
    };
    let number = std::str::from_utf8(digits)
        .ok()
        .filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
    let version = number?.parse().ok().filter(|v| *v > 0)?;
    Some((dialect, version))
}

fn aux(name: Str<'_>, value: Str<'_>) -> AuxName {
    // Names are too short to be compressed or made of digits.
    let Str::Raw(name) = name else {
        return AuxName::Other;
    };
    match name.to_ascii_lowercase().as_slice() {
        b"valkey-ver" => AuxName::Valkey,
        b"repl-stream-db" | b"repl-id" | b"repl-offset" | b"slot-info" => AuxName::OfTheWhole,
        b"aof-base" | b"aof-preamble" if value == Str::Int(1) || value == Str::Raw(b"1") => {
            AuxName::Base
        }
        b"redis-ver" | b"redis-bits" | b"ctime" | b"used-mem" | b"aof-base" | b"aof-preamble" => {
            AuxName::Known
        }
        _ => AuxName::Other,
    }
}
