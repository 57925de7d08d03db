//! Judging some of a file's keys apart from the rest of it.
//!
//! A part begins and ends at record boundaries and holds nothing but keys. What
//! came before it matters to them only through a [`Setting`]; what they come to
//! is a [`Partial`], and adding these up in the order of the file gives what one
//! verifier says that saw it all.

use crate::verify::Options;
use crate::verify::finding::Severity;
use crate::verify::keys::KeyLog;
use crate::verify::report::{Database, Report};
use crate::verify::server::Server;
use crate::verify::verifier::Verifier;
use crate::wire::Dialect;

/// What a part has to know of what came before it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    format: Option<(Dialect, u32)>,
    server: Server,
    base: bool,
    db: u64,
    /// One bit a value type met before.
    pub types_seen: u64,
}

/// What the keys of a part come to, but for their names: these stay in the
/// logs of the verifier, see [`Verifier::into_keys`].
#[derive(Debug)]
pub(crate) struct Partial {
    counts: Database,
    types_seen: u64,
    version_used: u32,
    report: Report,
}

impl<'o> Verifier<'o> {
    /// A verifier for parts of the file this one has begun.
    pub fn for_parts(&self) -> Verifier<'o> {
        Verifier {
            keys: self.keys.sibling(),
            ..Verifier::new(self.options)
        }
    }

    /// What it judges for.
    pub fn options(&self) -> &'o Options {
        self.options
    }

    /// Whether what follows can be judged in parts: no key has begun, and none
    /// will need a template that was defined before.
    pub fn can_part(&self) -> bool {
        !self.key.inside && self.attributes.expire_ms.is_none() && !self.has_templates()
    }

    /// Whether keys may need a template that was defined before.
    pub fn has_templates(&self) -> bool {
        self.value.has_templates()
    }

    /// What a part that begins here has to know.
    pub fn setting(&self) -> Setting {
        Setting {
            format: self.report.format,
            server: self.server,
            base: self.base,
            db: self.db,
            types_seen: self.types_seen,
        }
    }

    /// Begins a part. The verifier is one [`for_parts`](Self::for_parts).
    pub fn begin_part(&mut self, setting: &Setting) {
        let Setting {
            format,
            server,
            base,
            db,
            types_seen,
        } = *setting;
        (self.server, self.base, self.db) = (server, base, db);
        (self.types_seen, self.version_used) = (types_seen, 0);
        self.report.format = format;
        self.dialect = format.map_or(Dialect::Redis, |(dialect, _)| dialect);
        self.value.judge_for(server);
        self.drop_expired_fields();
    }

    /// Ends a part.
    pub fn end_part(&mut self) -> Partial {
        Partial {
            counts: std::mem::take(&mut self.counts),
            types_seen: self.types_seen,
            version_used: self.version_used,
            report: std::mem::take(&mut self.report),
        }
    }

    /// Adds a part that begins where this verifier stands.
    pub fn absorb(&mut self, part: Partial) {
        self.counts.add(&part.counts);
        self.types_seen |= part.types_seen;
        self.version_used = self.version_used.max(part.version_used);
        for (name, n) in part.report.needs.modules {
            self.count_module(name, n);
        }
        for finding in part.report.findings {
            // The first of its kind in the part is the first of all if there was
            // none before: it is kept, as `keep` keeps it.
            let heavy = finding.severity > Severity::Warning;
            let kept = &self.report.findings;
            if kept.len() < self.options.max_findings
                || (heavy && !self.report.totals.contains_key(&finding.code))
            {
                self.report.totals.entry(finding.code).or_default();
                self.report.findings.push(finding);
            }
        }
        for (code, n) in part.report.totals {
            *self.report.totals.entry(code).or_default() += n;
        }
    }

    /// The names of the keys judged.
    pub fn into_keys(self) -> KeyLog {
        self.keys
    }

    /// Adds keys that a verifier of parts has judged.
    pub fn join_keys(&mut self, keys: KeyLog) {
        self.keys.join(keys);
    }
}
