//! What a verifier saw of a file, and of all files of a log.

use std::collections::BTreeMap;

use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::{Report, Server, Verdict};

use crate::error::Error;
use crate::manifest::FileKind;
use crate::verify::chosen::{Chosen, by_commands};
use crate::verify::effect::Effect;
use crate::verify::finding::{Code, Finding, Findings};

/// What a server cuts off a file when it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// From this byte on.
    pub at: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Whole commands that are lost with them, or never run: those of an open
    /// transaction, its MULTI among them.
    pub commands: u64,
}

/// What a log consists of, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Bytes of the files.
    pub bytes: u64,
    /// Whole commands.
    pub commands: u64,
    /// Whole transactions.
    pub transactions: u64,
    /// `#` lines.
    pub annotations: u64,
    /// The first `#TS` time: Unix seconds.
    pub first_time: Option<i64>,
    /// The last one.
    pub last_time: Option<i64>,
    /// Commands by database, without MULTI, EXEC and SELECT.
    pub databases: BTreeMap<u64, u64>,
    /// Commands by name in lower case; of a log with more than some hundred
    /// names, the first of them.
    pub names: BTreeMap<Vec<u8>, u64>,
}

impl Counts {
    /// Adds the numbers of a file behind.
    pub fn add(&mut self, other: &Counts) {
        self.bytes += other.bytes;
        self.commands += other.commands;
        self.transactions += other.transactions;
        self.annotations += other.annotations;
        self.first_time = self.first_time.or(other.first_time);
        self.last_time = other.last_time.or(self.last_time);
        for (db, n) in &other.databases {
            *self.databases.entry(*db).or_default() += n;
        }
        for (name, n) in &other.names {
            *self.names.entry(name.clone()).or_default() += n;
        }
    }
}

/// Everything a verifier has to say about one file of a log.
#[derive(Debug)]
pub struct FileReport {
    /// Its name; empty where it has none.
    pub name: Vec<u8>,
    /// What it is for; `None` of a file without manifest.
    pub kind: Option<FileKind>,
    /// Its number in the manifest.
    pub seq: Option<i64>,
    /// Which server the verdict holds for.
    pub server: Server,
    /// The RDB file at the front, with findings of its own.
    pub rdb: Option<Report>,
    /// What was counted behind it.
    pub counts: Counts,
    /// Up to which byte the file is whole: `ok_up_to` of redis-check-aof.
    pub whole: u64,
    /// What the server cuts off.
    pub cut: Option<Cut>,
    /// What was found, in the order of the file.
    pub findings: Vec<Finding>,
    /// How many findings of each kind there were, kept or not.
    pub totals: BTreeMap<Code, u64>,
    /// The worst effect of all findings, kept or not.
    pub worst: Option<Effect>,
    /// Why reading stopped for a reason that is not the file's.
    pub failure: Option<Error>,
}

impl FileReport {
    /// Of a file without a name of which nothing is known.
    pub(super) fn new(server: Server) -> FileReport {
        FileReport {
            name: Vec::new(),
            kind: None,
            seq: None,
            server,
            rdb: None,
            counts: Counts::default(),
            whole: 0,
            cut: None,
            findings: Vec::new(),
            totals: BTreeMap::new(),
            worst: None,
            failure: None,
        }
    }

    pub(super) fn put(&mut self, mut findings: Findings) {
        findings.kept.sort_by_key(|finding| finding.offset);
        self.findings = findings.kept;
        self.totals = findings.totals;
        self.worst = findings.worst;
    }

    /// The worst finding decides.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(self.has_failed(), self.worst)
    }

    /// Whether something could not be read, so that there is no verdict.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failure.is_some() || self.rdb.as_ref().is_some_and(|rdb| rdb.failure.is_some())
    }
}

/// Everything a verifier has to say about a log.
#[derive(Debug)]
pub struct SetReport {
    /// The name of the manifest; a log of one file has none.
    pub manifest: Option<Vec<u8>>,
    /// Which server the verdict holds for.
    pub server: Server,
    /// How that was settled.
    pub chosen: Chosen,
    /// The files, in the order they are loaded.
    pub files: Vec<FileReport>,
    /// What was found in the manifest and beside the files.
    pub findings: Vec<Finding>,
    /// How many of these there were, kept or not.
    pub totals: BTreeMap<Code, u64>,
    /// The worst effect of these, kept or not.
    pub worst: Option<Effect>,
    /// Why the manifest or the folder could not be read.
    pub failure: Option<String>,
}

impl SetReport {
    /// The worst finding of all decides.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        verdict(self.has_failed(), self.worst_of_all())
    }

    /// The worst effect of all findings; `None` where there is no finding.
    #[must_use]
    pub fn worst_of_all(&self) -> Option<Effect> {
        let files = self.files.iter().filter_map(|file| file.worst);
        files.chain(self.worst).max()
    }

    /// Whether something could not be read, so that there is no verdict.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.failure.is_some() || self.files.iter().any(FileReport::has_failed)
    }

    /// Another server to judge for: the one the log's own commands speak for.
    /// [`set`](super::set()) has judged for it already; [`single`](super::single)
    /// cannot read its source twice, so that the caller has to.
    #[must_use]
    pub fn suggests(&self) -> Option<Server> {
        by_commands(&self.counts().names, self.server, self.chosen)
    }

    /// What could not be read, in words.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let mut failures: Vec<String> = self.failure.iter().cloned().collect();
        for file in &self.files {
            let name = plain(&file.name);
            let rdb = file.rdb.as_ref().and_then(|rdb| rdb.failure.as_ref());
            failures.extend(file.failure.as_ref().map(|why| format!("{name}: {why}")));
            failures.extend(rdb.map(|why| format!("{name}: {why}")));
        }
        failures
    }

    /// The sum over all files.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for file in &self.files {
            sum.add(&file.counts);
        }
        sum
    }
}

fn verdict(failed: bool, worst: Option<Effect>) -> Verdict {
    if failed {
        return Verdict::Undecided;
    }
    worst.map_or(Verdict::Loads, Effect::verdict)
}
