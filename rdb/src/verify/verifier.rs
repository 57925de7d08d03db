//! The judge of a whole file: takes tokens, keeps the report.

use std::collections::BinaryHeap;

use crate::decoder::{KeySink, Sink, Whole};
use crate::error::{Error, ErrorKind};
use crate::event::{Event, Part, Token};
use crate::text::{Scratch, Str};
use crate::verify::Options;
use crate::verify::finding::{Code, Finding, Severity};
use crate::verify::fingerprint::Hasher;
use crate::verify::function::{self, FunctionVerdict, Libraries};
use crate::verify::keys::KeyLog;
use crate::verify::report::{ChecksumState, Database, Report};
use crate::verify::server::{Product, Server};
use crate::verify::value::ValueJudge;
use crate::wire::{Dialect, ObjectKind, ValueType};

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
    /// The name of the key that is being read.
    name: Vec<u8>,
    keys: KeyLog,
    value: ValueJudge,
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

/// Longest AUX name or value kept, in bytes, and how many fields.
const MAX_AUX: usize = 1024;
const MAX_AUX_FIELDS: usize = 256;
/// Keys a RESIZEDB hint may name without a word: tables for more than these
/// cost tens of gigabytes.
const HUGE_HINT: u64 = 1 << 31;
/// Changes of database kept; a file can hold billions, a server writes a few.
const MAX_SELECTED: usize = 1 << 16;
/// Library and module names kept.
const MAX_NAMES: usize = 10_000;

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
    fn plain_string(&mut self, key: &[u8], at: u64) {
        if !self.is_known(ValueType::STRING) {
            self.begin_key(ValueType::STRING, Str::Raw(key), at);
            return self.end_key(at);
        }
        let expire_ms = self.take_expiry();
        self.count(ObjectKind::String, at, expire_ms, Some(key), false);
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
            return self.count(object, key.at, expire_ms, Some(name), false);
        }
        self.whole_by_parts(key);
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
            keys: KeyLog::new(Hasher::new()),
            value: ValueJudge::new(server, max),
            scratch: Scratch::with_limit(max),
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

    #[inline(always)]
    fn is_known(&self, kind: ValueType) -> bool {
        // The decoder knows no type above 63.
        self.types_seen & 1 << (kind.0 & 63) != 0
    }

    #[inline(always)]
    fn take_expiry(&mut self) -> Option<i64> {
        // Servers keep -1 for "no expiry" and so lose this one instant.
        self.attributes.expire_ms.take().filter(|t| *t != -1)
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
        match key.bytes(&mut self.scratch) {
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
        let server = self.server;
        let name = kind.name(self.dialect).unwrap_or("unknown");
        if !server.knows(kind, self.dialect) {
            let message = format!("{server} does not know value type {} ({name})", kind.0);
            self.find(Code::TypeUnsupported, at, message);
        } else {
            self.newer_than_header(since, at, || format!("value type {} ({name})", kind.0));
        }
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
        let name_if_read = named.then_some(name.as_slice());
        self.count(object, offset, expire_ms, name_if_read, drops);
        self.name = name;
    }

    #[inline(always)]
    fn object(&self, kind: ValueType) -> ObjectKind {
        // The decoder knows the type, or there would be no key.
        kind.object(self.dialect).unwrap_or(ObjectKind::String)
    }

    /// Counts a key whose value was read. `drops`: the server drops it, since
    /// all of its fields have expired.
    #[inline(always)]
    fn count(
        &mut self,
        object: ObjectKind,
        at: u64,
        expire_ms: Option<i64>,
        name: Option<&[u8]>,
        mut drops: bool,
    ) {
        self.counts.keys += 1;
        self.counts.count(object);
        let mut expired = drops;
        if let Some(expire) = expire_ms {
            self.counts.expires += 1;
            expired |= self.options.now_ms.is_some_and(|now| expire < now);
            // A server that drops the key never sees that it comes twice.
            drops |= expired && !self.base;
        }
        self.counts.expired += u64::from(expired);
        if let Some(name) = name
            && self.options.duplicates
            && !drops
        {
            self.keys.push(self.db, name, at);
        }
    }

    #[cold]
    fn skip_empty_key(&mut self) {
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

    /// A record that is no key.
    #[inline(never)]
    fn record(&mut self, event: &Event<'_>, at: u64) {
        match *event {
            Part::Header {
                dialect,
                version,
                raw,
            } => self.header(dialect, version, raw, at),
            Part::Aux { name, value } => self.aux(name, value, at),
            Part::SelectDb(db) => self.select(db, at),
            Part::ExpireSeconds(t) => {
                self.attributes.expire_ms = Some(i64::from(t) * 1000);
            }
            Part::Function(source) => self.function(source, at),
            Part::FunctionPreGa { .. } => self.function_pre_ga(at),
            Part::ModuleAux { module, .. } => self.module(module.name(), at),
            Part::KeyMeta(_) => self.opcode(13, "KEY_META", at),
            // Metadata of an unknown class is dropped if the class says so.
            Part::MetaClass(class) if !class.is_optional() => self.module(class.name(), at),
            Part::SlotInfo {
                slot,
                keys,
                expires,
            } => {
                self.version_used = self.version_used.max(12);
                let server = self.server;
                if !server.skips_slot_info() {
                    let message = format!("{server} does not know SLOT_INFO records");
                    self.find(Code::TypeUnsupported, at, message);
                }
                self.lengths(&[slot, keys, expires], at);
            }
            Part::Idle(idle) => self.lengths(&[idle], at),
            Part::ResizeDb { keys, expires } => {
                self.lengths(&[keys, expires], at);
                if (HUGE_HINT..u64::MAX).contains(&keys.max(expires)) {
                    let message = format!("servers make room for {keys} keys first");
                    self.find(Code::HugeHint, at, message);
                }
            }
            Part::SlotImport { job, .. } => self.slot_import(job, at),
            Part::SlotRange { start, end } if (start > end || end >= 16_384) => {
                self.find(Code::BadSlot, at, format!("slot range {start} to {end}"));
            }
            Part::Template { id, fields } => {
                self.opcode(15, "HASH_TEMPLATE", at);
                self.value.template(id, fields, at);
                self.take_faults();
            }
            Part::Item { .. } => {
                self.value.part(event, at);
                self.take_faults();
            }
            Part::Update(_) => self.opcode(81, "UPDATE", at),
            Part::Eof { checksum } => self.stored_checksum = checksum,
            _ => {}
        }
    }

    fn header(&mut self, dialect: Dialect, version: u32, raw: [u8; 9], at: u64) {
        self.dialect = dialect;
        self.report.format = Some((dialect, version));
        self.version_used = version;
        let product = match dialect {
            Dialect::Redis => Product::Redis,
            Dialect::Valkey => Product::Valkey,
        };
        self.judge_for(product);
        let server = self.server;
        if !server.reads(dialect, version) {
            let message = format!("{server} does not read {dialect} version {version}");
            self.find(Code::VersionUnsupported, at, message);
        } else if !server.reads_magic(raw) {
            let message = format!("{server} wants the magic REDIS0 or VALKEY");
            self.find(Code::VersionUnsupported, at, message);
        }
        let digits = raw.strip_prefix(b"VALKEY").or(raw.strip_prefix(b"REDIS"));
        if !digits.is_some_and(|d| d.iter().all(u8::is_ascii_digit)) {
            let message = format!("the version is written \"{}\"", raw.escape_ascii());
            self.find(Code::LaxVersion, at, message);
        }
    }

    /// Judges for a server of `product`, unless the caller has chosen one.
    fn judge_for(&mut self, product: Product) {
        if let (None, Some((dialect, version))) = (self.options.server, self.report.format) {
            self.server = Server::for_file(product, dialect, version);
        }
        self.report.server = Some(self.server);
        self.value.judge_for(self.server);
        self.drop_expired_fields();
    }

    /// Valkey does while it loads, but not from the base of an AOF.
    fn drop_expired_fields(&mut self) {
        let now = self.options.now_ms.filter(|_| !self.base);
        self.value.drop_before(now);
    }

    fn aux(&mut self, name: Str<'_>, value: Str<'_>, at: u64) {
        let (name, value) = match (name.to_vec(), value.to_vec()) {
            (Ok(name), Ok(value)) => (name, value),
            (Err(e), _) | (_, Err(e)) => {
                return self.find(
                    Code::BadLzf,
                    at,
                    format!("AUX field does not decompress: {e}"),
                );
            }
        };
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if is("valkey-ver") {
            self.judge_for(Product::Valkey);
        } else if is("aof-base") || is("aof-preamble") {
            self.base |= self.options.base.is_none() && value == b"1";
            self.drop_expired_fields();
        } else if is("slot-info") && self.server.product == Product::Valkey {
            let numbers = value.split(|b| *b == b',').take(3);
            if numbers
                .filter(|n| n.first().is_some_and(u8::is_ascii_digit))
                .count()
                < 3
            {
                self.find(
                    Code::BadSlot,
                    at,
                    "AUX field slot-info has fewer than three numbers",
                );
            }
        }
        if self.report.aux.len() < MAX_AUX_FIELDS {
            let short = |mut bytes: Vec<u8>| {
                bytes.truncate(MAX_AUX);
                bytes
            };
            self.report.aux.push((short(name), short(value)));
        }
    }

    fn select(&mut self, db: u64, at: u64) {
        self.put_counts();
        self.db = db;
        if self.selected.len() < MAX_SELECTED {
            self.selected.push((at, db));
        }
        self.report.needs.databases = self.report.needs.databases.max(db.saturating_add(1));
        if db >= self.options.databases {
            let message = format!(
                "database {db}: the server is configured for {}",
                self.options.databases
            );
            self.find(Code::DatabaseLimit, at, message);
        }
    }

    /// Servers use the greatest number for "could not read a length".
    fn lengths(&mut self, lengths: &[u64], at: u64) {
        if lengths.contains(&u64::MAX) {
            self.find(
                Code::BadLength,
                at,
                "a length of 2^64-1, which servers take for an error",
            );
        }
    }

    fn put_counts(&mut self) {
        let counts = std::mem::take(&mut self.counts);
        if counts == Database::default() {
            return;
        }
        let known = self.report.databases.len() < Report::MAX_DATABASES
            || self.report.databases.contains_key(&self.db);
        if known {
            self.report
                .databases
                .entry(self.db)
                .or_default()
                .add(&counts);
        } else {
            self.report.other_databases.add(&counts);
        }
    }

    fn function(&mut self, source: Str<'_>, at: u64) {
        self.report.functions += 1;
        self.opcode(10, "FUNCTION2", at);
        let source = match source.bytes(&mut self.scratch) {
            Ok(source) => source,
            Err(e) => {
                let message = format!("function library does not decompress: {e}");
                return self.find(Code::BadLzf, at, message);
            }
        };
        let product = self.server.product;
        match function::judge(source, &mut self.libraries, product) {
            FunctionVerdict::Loads { library, .. } => {
                if self.report.libraries.len() < MAX_NAMES {
                    self.report
                        .libraries
                        .push(String::from_utf8_lossy(&library).into_owned());
                }
            }
            FunctionVerdict::Refused(why) => self.find(
                Code::FunctionRefused,
                at,
                format!("function library does not load: {why}"),
            ),
            FunctionVerdict::Undecided(why) => self.find(
                Code::FunctionUndecided,
                at,
                format!("function library may not load: {why}"),
            ),
        }
    }

    /// Only 7.0 still reads what its release candidates wrote.
    fn function_pre_ga(&mut self, at: u64) {
        self.report.functions += 1;
        let Server {
            product,
            major,
            minor,
        } = self.server;
        if (product, major, minor) != (Product::Redis, 7, 0) {
            let message = "function library in the format of 7.0 release candidates";
            self.find(Code::TypeUnsupported, at, message);
        }
    }

    /// A record that came with a version of the format.
    fn opcode(&mut self, since: u32, name: &'static str, at: u64) {
        self.version_used = self.version_used.max(since);
        let server = self.server;
        if !server.reads_records(self.dialect, since) {
            let message = format!("{server} does not know {name} records");
            self.find(Code::TypeUnsupported, at, message);
        } else {
            self.newer_than_header(since, at, || format!("a {name} record"));
        }
    }

    fn slot_import(&mut self, job: Str<'_>, at: u64) {
        self.opcode(80, "SLOT_IMPORT", at);
        if job.len() != 40 {
            let message = format!("slot import with a job name of {} bytes", job.len());
            self.find(Code::BadSlot, at, message);
        }
    }

    #[cold]
    fn module(&mut self, name: String, at: u64) {
        let missing = |has: &Vec<String>| !has.iter().any(|m| m.eq_ignore_ascii_case(&name));
        if self.options.modules.as_ref().is_some_and(missing) {
            let message = format!("the server does not have the module of type {name}");
            self.find(Code::ModuleMissing, at, message);
        }
        let modules = &mut self.report.needs.modules;
        if modules.len() < MAX_NAMES || modules.contains_key(&name) {
            *modules.entry(name).or_default() += 1;
        }
    }

    /// Bytes of the trailer; known once the end was read.
    pub fn trailer(&self) -> usize {
        if self.stored_checksum.is_some() { 8 } else { 0 }
    }

    /// The checksum of the file's bytes, which end at `end`.
    pub fn checksum(&mut self, computed: u64, end: u64) {
        self.report.checksum = match self.stored_checksum {
            None => ChecksumState::Absent,
            Some(0) => {
                self.find(Code::ChecksumOff, end, "saved without a checksum");
                ChecksumState::Off
            }
            Some(stored) if stored == computed => ChecksumState::Matches,
            Some(stored) => {
                let message = format!(
                    "the file says its checksum is {stored:016x}, its bytes make {computed:016x}"
                );
                self.find(Code::Checksum, end, message);
                ChecksumState::Differs
            }
        };
    }

    /// How many bytes follow the file's last one.
    pub fn rest(&mut self, bytes: u64, end: u64) {
        if bytes > 0 && !self.options.allow_rest {
            let message = format!("{bytes} bytes follow the end of the file");
            self.find(Code::TrailingBytes, end, message);
        }
    }

    /// Why decoding stopped.
    pub fn error(&mut self, error: Error) {
        match Code::of(error.kind()) {
            Some(code) => {
                let message = match error.kind() {
                    ErrorKind::Truncated => {
                        format!("the file ends while reading {}", error.stage().object())
                    }
                    kind => kind.to_string(),
                };
                self.find(code, error.offset(), message);
            }
            None => self.report.failure = Some(error),
        }
    }

    /// Adds the keys that come twice. `name` gives the name and database of
    /// the key at an offset, where the input can be looked at again.
    pub fn duplicates(&mut self, name: impl Fn(u64) -> Option<Vec<u8>>) {
        // They come in the order of a hash that differs from run to run: of too
        // many the first in the file are kept.
        let mut offsets = BinaryHeap::new();
        let mut count: u64 = 0;
        let keep = self.options.max_findings;
        self.keys.duplicates(|offset| {
            count += 1;
            offsets.push(offset);
            if offsets.len() > keep.max(1) {
                offsets.pop();
            }
        });
        for offset in &offsets.into_sorted_vec() {
            self.keep(Finding {
                code: Code::DuplicateKey,
                severity: Code::DuplicateKey.severity(),
                offset: *offset,
                db: self.database_at(*offset),
                key: name(*offset).map(|key| cut(&key)),
                message: "the same key again in this database".to_owned(),
            });
        }
        if count > 0 {
            self.report.totals.insert(Code::DuplicateKey, count);
        }
    }

    /// The database that was selected at an offset.
    fn database_at(&self, offset: u64) -> Option<u64> {
        let after = self.selected.partition_point(|(at, _)| *at <= offset);
        match after.checked_sub(1) {
            Some(i) => self.selected.get(i).map(|(_, db)| *db),
            None => Some(0),
        }
    }

    /// The report; `end` is where decoding stopped.
    pub fn finish(mut self, end: u64) -> Report {
        self.put_counts();
        let (dialect, used) = (self.dialect, self.version_used);
        let needs = &mut self.report.needs;
        if self.report.format.is_some() {
            needs.redis = Server::lowest(Product::Redis, dialect, used);
            needs.valkey = Server::lowest(Product::Valkey, dialect, used);
        }
        needs.databases = needs.databases.max(1);
        self.report.bytes = end;
        self.report.index_memory = self.keys.memory();
        self.report.findings.sort_by_key(|f| f.offset);
        self.report
    }
}

fn cut(key: &[u8]) -> Vec<u8> {
    key.get(..Finding::MAX_KEY).unwrap_or(key).to_vec()
}
