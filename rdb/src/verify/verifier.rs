//! The judge of a whole file: takes tokens, keeps the report.

mod ending;
mod part;
mod records;

use crate::decoder::{KeySink, PlainFront, PlainString, Run, RunSink, Sink, Whole};
use crate::error::ErrorKind;
use crate::event::{Event, Part, Token};
use crate::text::{Scratch, Str};
use crate::verify::Options;
use crate::verify::finding::{Code, Finding, Severity};
use crate::verify::fingerprint::{Fingerprint, Hasher};
use crate::verify::function::Libraries;
use crate::verify::keys::KeyLog;
use crate::verify::long::{HELD, LongString, flowing};
use crate::verify::report::{Database, Report};
use crate::verify::server::Server;
use crate::verify::value::ValueJudge;
use crate::wire::{Dialect, ObjectKind, ValueType};
pub(crate) use part::{Partial, Setting};

/// Judges the tokens of one file.
pub(crate) struct Verifier<'o> {
    options: &'o Options,
    report: Report,
    server: Server,
    dialect: Dialect,
    /// The highest version that anything in the file needs.
    version_used: u32,
    db: u64,
    /// The database being counted; put into the report when it changes.
    counts: Database,
    attributes: Attributes,
    key: CurrentKey,
    /// The name of the key that is being read, or its front.
    name: Vec<u8>,
    /// Where that is all that is held of it: what is known of it all.
    long_name: Option<Fingerprint>,
    keys: KeyLog,
    value: ValueJudge,
    /// Bytes up to which a name is decompressed.
    held_most: u64,
    scratch: Scratch,
    libraries: Libraries,
    /// One bit a value type met before.
    types_seen: u64,
    stored_checksum: Option<u64>,
    base: bool,
    /// Where databases were selected, for the keys that turn out to come twice.
    selected: Vec<(u64, u64)>,
}

/// What comes before a key.
#[derive(Clone, Copy, Debug, Default)]
struct Attributes {
    expire_ms: Option<i64>,
}

/// The name of a key that is to be logged.
#[derive(Clone, Copy)]
enum Name<'n> {
    Held(&'n [u8]),
    Hashed(Fingerprint),
}

#[derive(Clone, Copy, Debug, Default)]
struct CurrentKey {
    kind: u8,
    offset: u64,
    inside: bool,
    /// Whether its name could be read.
    named: bool,
    expire_ms: Option<i64>,
    faulty: bool,
}

impl Sink for Verifier<'_> {
    #[inline(always)]
    fn token(&mut self, window: &[u8], at: u64, _: usize, token: Token) {
        match token {
            Part::ExpireMs(t) => self.attributes.expire_ms = Some(t),
            Part::KeyEnd => self.end_key(at),
            // The decoder hands these over where it is known which one it is,
            // so that `resolve` shrinks to the one string there.
            Part::Key { .. } | Part::Item { .. } | Part::Count(_) | Part::Score(_) => {
                self.part(&token.resolve(window), at);
            }
            token => self.rare_token(window, at, token),
        }
    }

    fn lax_length(&mut self, at: u64) {
        self.find(
            Code::LaxLength,
            at,
            "a string encoding where a length belongs",
        );
    }
}

impl KeySink for Verifier<'_> {
    #[inline(always)]
    fn plain_string(&mut self, PlainString { key, at, .. }: PlainString<'_>) {
        if !self.is_known(ValueType::STRING) {
            self.begin_key(ValueType::STRING, Str::Raw(key), at);
            return self.end_key(at);
        }
        let expire_ms = self.take_expiry();
        self.count(
            ObjectKind::String,
            at,
            expire_ms,
            Some(Name::Held(key)),
            false,
        );
    }

    #[inline(always)]
    fn whole(&mut self, key: Whole<'_>) {
        if let Str::Raw(name) = key.key
            && self.is_known(key.kind)
            && self.value.whole(&key, self.dialect)
        {
            let expire_ms = self.take_expiry();
            self.counts.with_field_expiries += u64::from(self.value.has_field_expiry());
            let object = self.object(key.kind);
            return self.count(object, key.at, expire_ms, Some(Name::Held(name)), false);
        }
        self.whole_by_parts(key);
    }
}

impl RunSink for Verifier<'_> {
    #[inline(never)]
    fn run(&mut self, window: &[u8], at: u64, run: &Run<'_>) {
        let mut keys = run.keys;
        // What stands in front of the first one may belong to it.
        if let Some((first, rest)) = keys.split_first() {
            self.plain_key(window, at, first.front(window));
            keys = rest;
        }
        self.counts.keys += keys.len() as u64;
        self.counts.add_kind(ObjectKind::String, keys.len() as u64);
        for key in keys {
            let key = key.front(window);
            if key.expires && self.count_expiry(key.expiry(window), false) {
                continue;
            }
            if self.options.duplicates {
                self.keys.push(self.db, key.name, at + key.at as u64);
            }
        }
    }
}

impl<'o> Verifier<'o> {
    /// A verifier of one file.
    pub fn new(options: &'o Options) -> Verifier<'o> {
        let server = options.server.unwrap_or(Server::REDIS);
        let limits = options.limits.unwrap_or_default();
        let max = limits.max_decompressed;
        Verifier {
            options,
            report: Report::default(),
            server,
            dialect: Dialect::Redis,
            version_used: 0,
            db: 0,
            counts: Database::default(),
            attributes: Attributes::default(),
            key: CurrentKey::default(),
            name: Vec::new(),
            long_name: None,
            keys: KeyLog::new(Hasher::new()),
            value: ValueJudge::new(server, max),
            held_most: HELD.min(max),
            scratch: Scratch::default(),
            libraries: Libraries::default(),
            types_seen: 0,
            stored_checksum: None,
            base: options.base.unwrap_or(false),
            selected: Vec::new(),
        }
    }

    #[inline(always)]
    fn part(&mut self, event: &Event<'_>, at: u64) {
        if let Part::Key { kind, key } = *event {
            return self.begin_key(kind, key, at);
        }
        if !self.key.inside {
            return self.record(event, at);
        }
        self.value.part(event, at);
        if !self.value.faults.is_empty() {
            self.take_faults();
        }
    }

    #[inline(never)]
    fn rare_token(&mut self, window: &[u8], at: u64, token: Token) {
        match token {
            Part::Module(id) => self.module(id.name(), at),
            token => self.part(&token.resolve(window), at),
        }
    }

    /// A key with something to say about it: part by part, as it would come in
    /// a window that ends in it.
    #[cold]
    fn whole_by_parts(&mut self, key: Whole<'_>) {
        self.begin_key(key.kind, key.key, key.at);
        let (role, text) = (key.role, key.text);
        self.part(&Part::Item { role, text }, key.text_at);
        self.end_key(key.end);
    }

    /// A key of a run, in the way of all others.
    #[inline(never)]
    fn plain_key(&mut self, window: &[u8], at: u64, key: PlainFront<'_>) {
        let at = at + key.at as u64;
        if key.expires {
            self.attributes.expire_ms = key.expiry(window);
        }
        self.begin_key(ValueType::STRING, Str::Raw(key.name), at);
        self.end_key(at);
    }

    #[inline(always)]
    fn is_known(&self, kind: ValueType) -> bool {
        // The decoder knows no type above 63.
        self.types_seen & 1 << (kind.0 & 63) != 0
    }

    #[inline(always)]
    fn take_expiry(&mut self) -> Option<i64> {
        self.attributes.expire_ms.take()
    }

    #[inline(always)]
    fn begin_key(&mut self, kind: ValueType, key: Str<'_>, at: u64) {
        self.key = CurrentKey {
            kind: kind.0,
            offset: at,
            inside: true,
            named: true,
            expire_ms: self.take_expiry(),
            faulty: false,
        };
        match key {
            Str::Raw(name) => {
                self.name.clear();
                self.name.extend_from_slice(name);
            }
            _ => self.begin_encoded_key(key, at),
        }
        self.value.begin(kind, self.dialect);
        if !self.is_known(kind) {
            self.types_seen |= 1 << (kind.0 & 63);
            self.newer_type(kind, at);
        }
    }

    #[inline(never)]
    fn begin_encoded_key(&mut self, key: Str<'_>, at: u64) {
        self.name.clear();
        let name = match flowing(key, self.held_most) {
            Ok(Some(name)) => {
                let name = LongString::of(name, self.keys.pieces(self.db));
                self.name.extend_from_slice(name.front());
                self.long_name = Some(name.pieces().fingerprint());
                return;
            }
            Ok(None) => key.bytes(&mut self.scratch),
            Err(e) => Err(ErrorKind::Lzf(e)),
        };
        match name {
            Ok(name) => self.name.extend_from_slice(name),
            Err(e) => {
                self.key.named = false;
                self.find(Code::BadLzf, at, format!("key does not decompress: {e}"));
            }
        }
    }

    /// The first value of a type: who knows it?
    #[cold]
    fn newer_type(&mut self, kind: ValueType, at: u64) {
        let since = kind.since(self.dialect);
        self.version_used = self.version_used.max(since);
        let name = kind.name(self.dialect).unwrap_or("unknown");
        let what = || format!("value type {} ({name})", kind.0);
        if self.is_known_record(self.server.knows(kind, self.dialect), at, what) {
            self.newer_than_header(since, at, what);
        }
    }

    /// Tells what the server does not know; whether it knows it. Of a file whose magic
    /// it does not read that is told once, and nothing else.
    fn is_known_record(&mut self, known: bool, at: u64, what: impl FnOnce() -> String) -> bool {
        let server = self.server;
        if !server.reads_any(self.dialect) {
            return false;
        }
        if !known {
            let message = format!("{server} does not know {}", what());
            self.find(Code::TypeUnsupported, at, message);
        }
        known
    }

    fn newer_than_header(&mut self, since: u32, at: u64, what: impl FnOnce() -> String) {
        if let Some((dialect, version)) = self.report.format
            && since > version
        {
            let message = format!(
                "{} is of version {since}, the header says {dialect} {version}",
                what()
            );
            self.find(Code::VersionMismatch, at, message);
        }
    }

    #[inline(always)]
    fn end_key(&mut self, at: u64) {
        self.value.end(at);
        if !self.value.faults.is_empty() {
            self.take_faults();
        }
        self.key.inside = false;
        let mut drops = false;
        if self.value.is_empty() {
            if !self.value.dropped_fields() {
                return self.skip_empty_key();
            }
            drops = true;
        }
        let CurrentKey {
            kind,
            offset,
            expire_ms,
            named,
            ..
        } = self.key;
        let name = std::mem::take(&mut self.name);
        self.counts.with_field_expiries += u64::from(self.value.has_field_expiry());
        let object = self.object(ValueType(kind));
        let name_if_read = match self.long_name.take() {
            Some(print) => Some(Name::Hashed(print)),
            None => named.then_some(Name::Held(&name)),
        };
        self.count(object, offset, expire_ms, name_if_read, drops);
        self.name = name;
    }

    #[inline(always)]
    fn object(&self, kind: ValueType) -> ObjectKind {
        // The decoder knows the type, or there would be no key.
        kind.object(self.dialect).unwrap_or(ObjectKind::String)
    }

    /// Counts the expiry of a key. `drops`: the server drops it for another reason. Gives
    /// whether it does: it never sees then that it comes twice.
    #[inline(always)]
    fn count_expiry(&mut self, expire_ms: Option<i64>, mut drops: bool) -> bool {
        let mut expired = drops;
        // Servers keep -1 for "no expiry" and so lose this one instant.
        if let Some(expire) = expire_ms.filter(|t| *t != -1) {
            self.counts.expires += 1;
            expired |= self.options.now_ms.is_some_and(|now| expire < now);
            drops |= expired && !self.base;
        }
        self.counts.expired += u64::from(expired);
        drops
    }

    /// Counts a key whose value was read. `drops`: the server drops it, since
    /// all of its fields have expired.
    #[inline(always)]
    fn count(
        &mut self,
        object: ObjectKind,
        at: u64,
        expire_ms: Option<i64>,
        name: Option<Name<'_>>,
        drops: bool,
    ) {
        self.counts.keys += 1;
        self.counts.add_kind(object, 1);
        let drops = self.count_expiry(expire_ms, drops);
        if let Some(name) = name
            && self.options.duplicates
            && !drops
        {
            self.log(name, at);
        }
    }

    /// Once for all who do not log many keys in a row.
    #[inline(never)]
    fn log(&mut self, name: Name<'_>, at: u64) {
        match name {
            Name::Held(name) => self.keys.push(self.db, name, at),
            Name::Hashed(print) => self.keys.push_print(print, at),
        }
    }

    #[cold]
    fn skip_empty_key(&mut self) {
        self.long_name = None;
        if !self.key.faulty {
            let at = self.key.offset;
            self.key.inside = true;
            self.find(Code::EmptyKey, at, "key without elements: servers skip it");
            self.key.inside = false;
            self.counts.empty += 1;
        }
    }

    #[cold]
    fn take_faults(&mut self) {
        for fault in std::mem::take(&mut self.value.faults) {
            self.key.faulty = true;
            self.find(fault.code, fault.at, fault.message);
        }
    }

    #[cold]
    fn find(&mut self, code: Code, offset: u64, message: impl Into<String>) {
        let inside = self.key.inside;
        let key = (inside && self.key.named).then(|| cut(&self.name));
        let db = inside.then_some(self.db);
        let severity = code.severity();
        self.keep(Finding {
            code,
            severity,
            offset,
            db,
            key,
            message: message.into(),
        });
    }

    fn keep(&mut self, finding: Finding) {
        *self.report.totals.entry(finding.code).or_default() += 1;
        // What decides the verdict must not be crowded out by warnings.
        let heavy = finding.severity > Severity::Warning;
        let first = self.report.totals.get(&finding.code) == Some(&1);
        if self.report.findings.len() < self.options.max_findings || (heavy && first) {
            self.report.findings.push(finding);
        }
    }
}

fn cut(key: &[u8]) -> Vec<u8> {
    key.get(..Finding::MAX_KEY).unwrap_or(key).to_vec()
}
