//! What can be said only at the end: checksum, rest, duplicates, the report.

use crate::error::{Error, ErrorKind};
use crate::verify::finding::{Code, Finding};
use crate::verify::report::{ChecksumState, Report};
use crate::verify::server::{Product, Server};
use crate::verify::threads;
use crate::verify::verifier::Verifier;

/// Keys in which one thread finds what comes twice before another is there.
const FEW_KEYS: usize = 1 << 16;

impl Verifier<'_> {
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

    /// Adds the keys that come twice. `name` gives the name of the key at an
    /// offset, as findings have it, where the input can be looked at again.
    pub fn duplicates(&mut self, name: impl Fn(u64) -> Option<Vec<u8>>) {
        self.report.index_memory = self.keys.memory();
        let threads = match self.keys.len() < FEW_KEYS {
            true => 1,
            false => threads::available(self.options.threads),
        };
        let found = self
            .keys
            .duplicates(threads, self.options.max_findings.max(1));
        for offset in &found.first {
            self.keep(Finding {
                code: Code::DuplicateKey,
                severity: Code::DuplicateKey.severity(),
                offset: *offset,
                db: self.database_at(*offset),
                key: name(*offset),
                message: "the same key again in this database".to_owned(),
            });
        }
        if found.count > 0 {
            self.report.totals.insert(Code::DuplicateKey, found.count);
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
        self.report.findings.sort_by_key(|f| f.offset);
        self.report
    }
}
