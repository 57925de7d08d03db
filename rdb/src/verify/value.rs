//! Judging one value: everything a server checks when it loads it.

mod stream;
mod template;

use std::collections::HashMap;

use crate::decoder::Whole;
use crate::error::ErrorKind;
use crate::event::{Event, Packing, Part, Role, StreamId, StreamMeta};
use crate::lzf::{self, Inflate};
use crate::redact;
use crate::text::{Decimal, Scratch, Str};
use crate::verify::finding::{Code, Finding};
use crate::verify::fingerprint::{ElementSet, Hasher, Print};
use crate::verify::groups::Groups;
use crate::verify::long::{HELD, LongString, flowing};
use crate::verify::packed::Blob;
use crate::verify::server::Server;
use crate::wire::{Dialect, ValueType};

/// Something wrong with the value being read.
#[derive(Debug)]
pub(crate) struct Fault {
    pub code: Code,
    pub at: u64,
    pub message: String,
}

/// Greatest expiry of a hash field Redis takes: 48 bits but for one value
/// that means "invalid".
const MAX_FIELD_EXPIRY: u64 = (1 << 48) - 2;

/// Field counts of templates kept; the decoder keeps no more either.
const MAX_TEMPLATES: usize = 1 << 20;

/// Judges values, one after the other.
///
/// # Limits
///
/// Holds the fingerprints of one value's elements (9 to 12 bytes each), its
/// pending entries (24 bytes each), and one string or blob of up to 1 MiB
/// decompressed: larger ones go by in a window.
#[derive(Debug)]
pub(crate) struct ValueJudge {
    pub faults: Vec<Fault>,
    server: Server,
    kind: ValueType,
    dialect: Dialect,
    /// Elements, pairs or entries found: none makes the key an empty one.
    found: u64,
    field_expiry: bool,
    /// Valkey drops fields that expired before this while it loads a hash of
    /// type 22, and then does not see that they come twice.
    drop_before: Option<i64>,
    /// Whether fields of this value wait for their expiry, which comes last.
    holds: bool,
    /// The field that waits, and where it is: the front of its name is in `held_name`.
    held: Option<(u64, Print)>,
    held_name: Vec<u8>,
    dropped: bool,
    pub(super) set: ElementSet,
    scratch: Scratch,
    /// Bytes up to which a string is decompressed into it.
    held_most: u64,
    /// The compressed string whose chunks are coming.
    long: Option<lzf::Scan>,
    templates: HashMap<u64, u64>,
    template: Option<u64>,
    last_name: Option<template::Name>,
    groups: Groups,
    stream: Stream,
}

/// What is added up over a stream's nodes.
#[derive(Debug, Default)]
struct Stream {
    nodes: Vec<StreamId>,
    live: i128,
    meta: StreamMeta,
    in_group: bool,
    has_nacks: bool,
}

impl ValueJudge {
    pub fn new(server: Server, max_decompressed: u64) -> ValueJudge {
        ValueJudge {
            faults: Vec::new(),
            server,
            kind: ValueType::STRING,
            dialect: Dialect::Redis,
            found: 0,
            field_expiry: false,
            drop_before: None,
            holds: false,
            held: None,
            held_name: Vec::new(),
            dropped: false,
            set: ElementSet::new(Hasher::new()),
            scratch: Scratch::default(),
            held_most: HELD.min(max_decompressed),
            long: None,
            templates: HashMap::new(),
            template: None,
            last_name: None,
            groups: Groups::default(),
            stream: Stream::default(),
        }
    }

    /// Values that follow are judged for this server.
    pub fn judge_for(&mut self, server: Server) {
        self.server = server;
    }

    /// Whether hash templates were defined.
    pub fn has_templates(&self) -> bool {
        !self.templates.is_empty()
    }

    /// Hash fields that expired before this time are dropped while loading.
    pub fn drop_before(&mut self, ms: Option<i64>) {
        self.drop_before = ms;
    }

    #[inline]
    pub fn begin(&mut self, kind: ValueType, dialect: Dialect) {
        self.kind = kind;
        self.dialect = dialect;
        self.found = 0;
        self.field_expiry = false;
        self.dropped = false;
        if kind != ValueType::STRING {
            self.begin_container();
        }
    }

    /// A key with one string; `false`, and nothing done, if there is something
    /// to say about it.
    #[inline(always)]
    pub fn whole(&mut self, key: &Whole<'_>, dialect: Dialect) -> bool {
        self.begin(key.kind, dialect);
        let (role, text) = (key.role, key.text);
        if !matches!((role, text), (Role::Value, Str::Raw(_) | Str::Int(_))) {
            self.item(role, text, key.text_at);
            if self.is_empty() || !self.faults.is_empty() {
                self.faults.clear();
                return false;
            }
        }
        true
    }

    #[inline]
    fn begin_container(&mut self) {
        // A value without a count of its own starts with an empty set too.
        self.set.clear(0);
        self.holds = self.drop_before.is_some()
            && self.dialect == Dialect::Valkey
            && self.kind == ValueType::HASH_2;
        self.held = None;
        self.template = None;
        self.last_name = None;
        // Types of streams, in either dialect.
        if matches!(self.kind.0, 15 | 19 | 21 | 26 | 27) {
            self.begin_stream();
        }
    }

    #[inline(never)]
    fn begin_stream(&mut self) {
        self.stream = Stream::default();
        self.groups.start_stream();
    }

    /// Whether the value just read has no element where it should have some,
    /// so that servers skip the key.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.found == 0 && self.kind != ValueType::STRING && self.may_be_empty()
    }

    fn may_be_empty(&self) -> bool {
        !matches!(
            self.kind,
            ValueType::MODULE_2
                | ValueType::STREAM_LISTPACKS
                | ValueType::STREAM_LISTPACKS_2
                | ValueType::STREAM_LISTPACKS_3
        ) && (self.dialect == Dialect::Valkey || self.kind.0 <= 25)
    }

    /// Whether a field of the hash just read had expired and was dropped.
    pub fn dropped_fields(&self) -> bool {
        self.dropped
    }

    /// Whether a field of the hash just read expires.
    pub fn has_field_expiry(&self) -> bool {
        self.field_expiry
    }

    #[cold]
    fn fault(&mut self, code: Code, at: u64, message: impl Into<String>) {
        self.faults.push(Fault {
            code,
            at,
            message: message.into(),
        });
    }

    /// One part of the value.
    #[inline(always)]
    pub fn part(&mut self, part: &Event<'_>, at: u64) {
        match *part {
            Part::Item {
                role: Role::Value,
                text: Str::Raw(_) | Str::Int(_),
            } => {}
            Part::Item { role, text } => self.item(role, text, at),
            Part::Score(score) if score.is_nan() => {
                self.fault(Code::NanScore, at, "score is not a number");
            }
            Part::Score(_) => {}
            Part::Count(n) => self.set.clear(n),
            _ => self.other(part, at),
        }
    }

    fn item(&mut self, role: Role, text: Str<'_>, at: u64) {
        match role {
            Role::Packed(packing) => self.packed(packing, text, at),
            Role::Member | Role::Field | Role::Path => {
                self.found += 1;
                self.element(role, text, at);
            }
            Role::TemplateField => self.template_name(text, at),
            Role::NodeKey => self.node_key(text, at),
            Role::Element => {
                self.found += 1;
                if self.kind == ValueType::LIST_QUICKLIST_2 && text.is_empty() {
                    self.fault(Code::BadQuicklistNode, at, "quicklist node is empty");
                }
                self.check_lzf(text, at);
            }
            Role::FieldValue if self.template.is_some() => {
                self.found += 1;
                self.check_lzf(text, at);
            }
            _ => self.check_lzf(text, at),
        }
    }

    /// Compressed strings that nobody looks into: their control bytes say
    /// whether they decompress to the stated length.
    #[inline]
    fn check_lzf(&mut self, text: Str<'_>, at: u64) {
        if let Str::Lzf { data, len } = text
            && let Err(e) = lzf::check(data, len)
        {
            self.damaged_lzf(e, at);
        }
    }

    /// A member or field: no other of the value may be the same.
    #[inline]
    fn element(&mut self, role: Role, text: Str<'_>, at: u64) {
        let decimal;
        let bytes = match text {
            Str::Raw(bytes) => bytes,
            Str::Int(n) => {
                decimal = Decimal::new(n.into());
                decimal.as_bytes()
            }
            Str::Lzf { .. } => return self.compressed_element(role, text, at),
        };
        self.element_bytes(role, bytes, at);
    }

    #[inline(always)]
    fn element_bytes(&mut self, role: Role, bytes: &[u8], at: u64) {
        if self.holds {
            self.hold(at, self.set.print(bytes), bytes);
        } else if !self.set.insert(bytes) {
            self.twice(role, bytes, at);
        }
    }

    #[inline(never)]
    fn compressed_element(&mut self, role: Role, text: Str<'_>, at: u64) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let outcome = match flowing(text, self.held_most) {
            Ok(Some(text)) => {
                self.long_element(role, text, at);
                Ok(())
            }
            Ok(None) => {
                let bytes = text.bytes(&mut scratch);
                bytes.map(|bytes| self.element_bytes(role, bytes, at))
            }
            Err(e) => Err(ErrorKind::Lzf(e)),
        };
        self.scratch = scratch;
        if let Err(e) = outcome {
            self.fault(Code::BadLzf, at, e.to_string());
        }
    }

    fn long_element(&mut self, role: Role, text: Inflate<'_>, at: u64) {
        let long = LongString::of(text, self.set.pieces());
        let (print, front) = (long.pieces().print(), long.front());
        if self.holds {
            self.hold(at, print, front);
        } else if !self.set.insert_print(print) {
            self.twice(role, front, at);
        }
    }

    #[cold]
    fn twice(&mut self, role: Role, bytes: &[u8], at: u64) {
        let what = match role {
            Role::Member => "member",
            _ => "field",
        };
        let message = format!("duplicate {what} \"{}\"", excerpt(bytes));
        self.fault(Code::DuplicateElement, at, message);
    }

    /// Has a field wait for its expiry.
    fn hold(&mut self, at: u64, print: Print, name: &[u8]) {
        self.held = Some((at, print));
        self.held_name.clear();
        let front = name.get(..Finding::MAX_KEY).unwrap_or(name);
        self.held_name.extend_from_slice(front);
    }

    fn packed(&mut self, packing: Packing, text: Str<'_>, at: u64) {
        let mut scratch = std::mem::take(&mut self.scratch);
        let blob = match flowing(text, self.held_most) {
            Ok(Some(blob)) => Ok(Blob::Flowing(blob)),
            Ok(None) => text.bytes(&mut scratch).map(Blob::Held),
            Err(e) => Err(ErrorKind::Lzf(e)),
        };
        match blob {
            Ok(blob) => self.blob(packing, blob, at),
            Err(e) => {
                let message = format!("{} does not decompress: {e}", packing.name());
                self.fault(Code::BadLzf, at, message);
            }
        }
        self.scratch = scratch;
    }

    fn blob(&mut self, packing: Packing, blob: Blob<'_>, at: u64) {
        if packing == Packing::StreamNode {
            return self.stream_node(blob, at);
        }
        let strict = self.server.is_strict_valkey();
        match super::packed::check(packing, blob, &mut self.set, strict) {
            Ok(seen) => {
                self.found += seen.elements;
                self.field_expiry |= seen.expires;
                if packing == Packing::TemplateValues {
                    self.template_values(seen.first, seen.elements, at);
                }
            }
            Err(e) => {
                let message = format!("{} is damaged: {}", packing.name(), e.what);
                self.fault(e.code, at, message);
            }
        }
    }

    #[inline(never)]
    fn other(&mut self, part: &Event<'_>, at: u64) {
        match *part {
            Part::ItemBegin { role, full, .. } => {
                if matches!(role, Role::Element) || self.template.is_some() {
                    self.found += 1;
                }
                self.long = full.map(lzf::Scan::new);
            }
            Part::Chunk {
                bytes: Str::Raw(bytes),
                last,
            } => self.chunk(bytes, last, at),
            Part::MinExpiry(min) => {
                let limit = MAX_FIELD_EXPIRY + 1;
                if self.kind == ValueType::HASH_METADATA && min as u64 > limit {
                    self.fault(
                        Code::BadExpiry,
                        at,
                        format!("smallest field expiry is {min}"),
                    );
                }
            }
            Part::FieldExpiry(expiry) if self.holds => self.release(expiry, at),
            Part::FieldExpiry(Some(expiry)) => self.field_expiry(expiry, at),
            Part::ArrayInt(_) | Part::ArrayFloat(_) => self.found += 1,
            Part::TemplateRef(id) => self.template = Some(id),
            Part::NamesFormat(_) => self.template = Some(0),
            Part::StreamMeta(meta) => self.stream_meta(meta, at),
            Part::Groups(_) => self.stream.in_group = false,
            Part::Group {
                name, entries_read, ..
            } => {
                self.end_group(at);
                self.stream.in_group = true;
                if let Some((_, _, added)) = self.stream.meta.extended
                    && entries_read.is_some_and(|read| read > added)
                {
                    let code = self.code_of_newer_rule_of_redis();
                    if let Some(code) = code {
                        self.fault(code, at, "group has read more entries than were added");
                    }
                }
                self.named(name, at, Groups::start_group);
            }
            Part::Pending { id, .. } => self.groups.pending(id),
            Part::Consumers(_) => {
                let outcome = self.groups.start_consumers();
                self.outcome(outcome, at);
            }
            Part::Consumer { name, .. } => self.named(name, at, Groups::start_consumer),
            Part::Owned(id) => {
                let outcome = self.groups.owned(id, self.server.wants_one_owner());
                self.outcome(outcome, at);
            }
            Part::Nacks(_) => self.stream.has_nacks = true,
            Part::Nack(id) => {
                let outcome = self.groups.nack(id);
                self.outcome(outcome, at);
            }
            Part::Idempotence {
                duration,
                max_entries,
                ..
            } => {
                self.end_group(at);
                if !(1..=86_400).contains(&duration) || !(1..=10_000).contains(&max_entries) {
                    self.fault(
                        Code::BadStream,
                        at,
                        "settings of idempotent producers out of range",
                    );
                }
            }
            _ => {}
        }
    }

    fn field_expiry(&mut self, expiry: i64, at: u64) {
        self.field_expiry = true;
        let bad = match self.dialect {
            Dialect::Redis => expiry as u64 > MAX_FIELD_EXPIRY,
            Dialect::Valkey => expiry < -1,
        };
        if bad {
            self.fault(Code::BadExpiry, at, format!("field expiry is {expiry}"));
        }
    }

    /// The expiry of the field that waits for it.
    fn release(&mut self, expiry: Option<i64>, at: u64) {
        if let Some(expiry) = expiry {
            self.field_expiry(expiry, at);
        }
        if matches!((expiry, self.drop_before), (Some(expiry), Some(now)) if expiry < now) {
            self.found = self.found.saturating_sub(1);
            self.dropped = true;
        } else if let Some((at, print)) = self.held
            && !self.set.insert_print(print)
        {
            let message = format!("duplicate field \"{}\"", excerpt(&self.held_name));
            self.fault(Code::DuplicateElement, at, message);
        }
        self.held = None;
    }

    fn chunk(&mut self, bytes: &[u8], last: bool, at: u64) {
        let Some(scan) = &mut self.long else { return };
        let fed = scan.feed(bytes);
        if last
            && let Some(scan) = self.long.take()
            && let Err(e) = fed.and_then(|()| scan.finish())
        {
            self.damaged_lzf(e, at);
        }
    }

    #[cold]
    fn damaged_lzf(&mut self, e: lzf::LzfError, at: u64) {
        self.fault(Code::BadLzf, at, format!("damaged LZF data: {e}"));
    }

    /// The value is complete: the last group is too.
    #[inline]
    pub fn end(&mut self, at: u64) {
        if self.stream.in_group {
            self.end_group(at);
        }
    }
}

/// The front of a string, for messages.
pub(super) fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 64;
    redact::excerpt(bytes, SHOWN)
}
