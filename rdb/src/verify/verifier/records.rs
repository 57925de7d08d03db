//! Judging the records that are no keys: header, AUX fields, databases,
//! functions, modules, slots.

use crate::error::ErrorKind;
use crate::event::{Event, Part};
use crate::lzf::{Inflate, WINDOW};
use crate::redact;
use crate::text::Str;
use crate::verify::finding::Code;
use crate::verify::function::{self, FunctionVerdict};
use crate::verify::report::{Database, Report};
use crate::verify::server::{Product, Server};
use crate::verify::verifier::Verifier;
use crate::wire::{Dialect, Opcode};

/// Longest AUX name or value kept, in bytes, and how many fields.
const MAX_AUX: usize = 1024;
const MAX_AUX_FIELDS: usize = 256;
/// Bytes up to which a compressed function library is decompressed and looked into.
const MAX_LIBRARY: u64 = 16 << 20;
/// Keys a RESIZEDB hint may name without a word: tables for more than these
/// cost tens of gigabytes.
const HUGE_HINT: u64 = 1 << 31;
/// Changes of database kept; a file can hold billions, a server writes a few.
const MAX_SELECTED: usize = 1 << 16;
/// Library and module names kept.
const MAX_NAMES: usize = 10_000;

impl Verifier<'_> {
    /// A record that is no key.
    #[inline(never)]
    pub(super) fn record(&mut self, event: &Event<'_>, at: u64) {
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
                let known = self.server.skips_slot_info();
                self.is_known_record(known, at, || "SLOT_INFO records".to_owned());
                self.lengths(&[slot, keys, expires], at);
            }
            Part::Idle(idle) => self.lengths(&[idle], at),
            Part::ResizeDb { keys, expires } => {
                self.lengths(&[keys, expires], at);
                if (HUGE_HINT..u64::MAX).contains(&keys.max(expires)) {
                    let message = format!("servers make room for {} keys first", keys.max(expires));
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

    pub(super) fn header(&mut self, dialect: Dialect, version: u32, raw: [u8; 9], at: u64) {
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
            let message = format!("the version is written \"{}\"", redact::escaped(&raw));
            self.find(Code::LaxVersion, at, message);
        }
    }

    /// Judges for a server of `product`, unless the caller has chosen one.
    pub(super) fn judge_for(&mut self, product: Product) {
        if let (None, Some((dialect, version))) = (self.options.server, self.report.format) {
            self.server = Server::for_file(product, dialect, version);
        }
        self.report.server = Some(self.server);
        self.value.judge_for(self.server);
        self.drop_expired_fields();
    }

    /// Valkey does while it loads, but not from the base of an AOF.
    pub(super) fn drop_expired_fields(&mut self) {
        let now = self.options.now_ms.filter(|_| !self.base);
        self.value.drop_before(now);
    }

    pub(super) fn aux(&mut self, name: Str<'_>, value: Str<'_>, at: u64) {
        let (short_name, short_value) = match (name.front(MAX_AUX), value.front(MAX_AUX)) {
            (Ok(name), Ok(value)) => (name, value),
            (Err(e), _) | (_, Err(e)) => {
                let message = format!("AUX field does not decompress: {}", ErrorKind::Lzf(e));
                return self.find(Code::BadLzf, at, message);
            }
        };
        // None of those that mean something is longer.
        let is = |word: &str| {
            name.len() <= MAX_AUX as u64 && short_name.eq_ignore_ascii_case(word.as_bytes())
        };
        if is("valkey-ver") {
            self.judge_for(Product::Valkey);
        } else if is("aof-base") || is("aof-preamble") {
            self.base |= self.options.base.is_none() && value.len() == 1 && short_value == b"1";
            self.drop_expired_fields();
        } else if is("slot-info") && self.server.product == Product::Valkey && numbers(value) < 3 {
            self.find(
                Code::BadSlot,
                at,
                "AUX field slot-info has fewer than three numbers",
            );
        }
        if self.report.aux.len() < MAX_AUX_FIELDS {
            self.report.aux.push((short_name, short_value));
        }
    }

    pub(super) fn select(&mut self, db: u64, at: u64) {
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
    pub(super) fn lengths(&mut self, lengths: &[u64], at: u64) {
        if lengths.contains(&u64::MAX) {
            self.find(
                Code::BadLength,
                at,
                "a length of 2^64-1, which servers take for an error",
            );
        }
    }

    pub(super) fn put_counts(&mut self) {
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

    pub(super) fn function(&mut self, source: Str<'_>, at: u64) {
        self.report.functions += 1;
        self.opcode(10, "FUNCTION2", at);
        let len = source.len();
        if source.is_compressed() && len > MAX_LIBRARY {
            return self.large_function(source, at);
        }
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

    /// A library that is not looked into, but for its first bytes.
    #[cold]
    fn large_function(&mut self, source: Str<'_>, at: u64) {
        match source.front(2) {
            Ok(front) if front == b"#!" => {
                let message = format!(
                    "function library may not load: it is compressed and has {} bytes, of which \
                     {MAX_LIBRARY} would be looked into",
                    source.len()
                );
                self.find(Code::FunctionUndecided, at, message);
            }
            Ok(_) => {
                let why = function::Refusal::MissingMetadata;
                let message = format!("function library does not load: {why}");
                self.find(Code::FunctionRefused, at, message);
            }
            Err(e) => {
                let message = format!(
                    "function library does not decompress: {}",
                    ErrorKind::Lzf(e)
                );
                self.find(Code::BadLzf, at, message);
            }
        }
    }

    /// Only 7.0 still reads what its release candidates wrote.
    pub(super) fn function_pre_ga(&mut self, at: u64) {
        self.report.functions += 1;
        let known = self
            .server
            .knows_record(Opcode::FUNCTION_PRE_GA, self.dialect);
        self.is_known_record(known, at, || {
            "function libraries in the format of 7.0's release candidates".to_owned()
        });
    }

    /// A record that came with a version of the format.
    pub(super) fn opcode(&mut self, since: u32, name: &'static str, at: u64) {
        self.version_used = self.version_used.max(since);
        let known = self.server.reads_records(self.dialect, since);
        if self.is_known_record(known, at, || format!("{name} records")) {
            self.newer_than_header(since, at, || format!("a {name} record"));
        }
    }

    pub(super) fn slot_import(&mut self, job: Str<'_>, at: u64) {
        self.opcode(80, "SLOT_IMPORT", at);
        if job.len() != 40 {
            let message = format!("slot import with a job name of {} bytes", job.len());
            self.find(Code::BadSlot, at, message);
        }
    }

    #[cold]
    pub(super) fn module(&mut self, name: String, at: u64) {
        let missing = |has: &Vec<String>| !has.iter().any(|m| m.eq_ignore_ascii_case(&name));
        if self.options.modules.as_ref().is_some_and(missing) && !self.server.has_built_in(&name) {
            let message = format!("the server does not have the module of type {name}");
            self.find(Code::ModuleMissing, at, message);
        }
        self.count_module(name, 1);
    }

    /// Counts keys or records of a module. Of too many names the first in the
    /// alphabet are kept, and so the same ones in whatever order they come.
    pub(super) fn count_module(&mut self, name: String, n: u64) {
        let modules = &mut self.report.needs.modules;
        *modules.entry(name).or_default() += n;
        if modules.len() > MAX_NAMES {
            modules.pop_last();
        }
    }
}

/// How many of the first three texts between commas begin with a digit.
fn numbers(text: Str<'_>) -> usize {
    let (mut texts, mut numbers, mut begins) = (1, 0, true);
    let mut look = |bytes: &[u8]| {
        for byte in bytes {
            numbers += usize::from(begins && texts <= 3 && byte.is_ascii_digit());
            begins = *byte == b',';
            texts += usize::from(begins);
        }
    };
    match text {
        Str::Raw(bytes) => look(bytes),
        Str::Int(_) => look(b"0"),
        // It was found sound before.
        Str::Lzf { data, len } => {
            if let Ok(mut text) = Inflate::new(data, len, WINDOW) {
                text.hand_out(len, look);
            }
        }
    }
    numbers
}
