//! Proof that a server loads an edited log, or why not.

use std::collections::BTreeSet;

use rdbkit_aof::fs::Log;
use rdbkit_aof::verify::{self, Code, Effect, Finding, Options, SetReport};
use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::{Server, Verdict};

use crate::progress::{self, Files, Job};

/// Findings that are told one by one.
const TOLD: usize = 5;

/// What a server makes of an edited log.
pub struct Proof {
    /// Which server: of the product that wrote the base, or of the one that takes the log.
    pub server: Server,
    /// The worst it does; only [`Effect::Loads`] needs no caution.
    pub effect: Effect,
    /// What it does that for, all of which the old log has, too.
    pub cautions: Vec<String>,
}

impl Proof {
    /// Whether the server starts with the log.
    pub fn loads(&self) -> bool {
        self.effect.verdict() != Verdict::Refused
    }
}

/// What a new log is judged for.
#[derive(Clone, Copy)]
pub struct Judging<'a> {
    /// The server that is to load it; `None` for one of the product that takes it.
    pub server: Option<Server>,
    /// Commands of modules that it knows, see [`Options::module_commands`].
    pub module_commands: &'a [String],
    /// As [`Options::threads`].
    pub threads: usize,
}

/// Verifies `new`, which was made of `old`.
///
/// Commands that a server refuses may have stood in the old log as well, and
/// the server may be another one than is judged for: they are a reason for
/// caution. All else that keeps a server from loading the log is an error.
pub fn prove(new: &Log, old: &Log, judging: Judging<'_>) -> Result<Proof, String> {
    let report = judging.report(new)?;
    let bad = worse_than_loads(&report);
    if let Some(code) = bad.iter().find(|code| torn(**code, report.server)) {
        return Err(told(&report, *code));
    }
    if !bad.is_empty() {
        let before = codes(&judging.report_for(old, Some(report.server))?);
        if let Some(code) = bad.iter().find(|code| !before.contains(code)) {
            return Err(told(&report, *code));
        }
    }
    Ok(Proof {
        server: report.server,
        effect: report.worst_of_all().unwrap_or(Effect::Loads),
        cautions: bad
            .into_iter()
            .take(TOLD)
            .map(|code| told(&report, code))
            .collect(),
    })
}

impl Judging<'_> {
    /// Where no server was named, for the product that takes it: a base of
    /// commands does not tell who wrote it, and each product has commands the
    /// other does not know.
    fn report(self, log: &Log) -> Result<SetReport, String> {
        let report = self.report_for(log, self.server)?;
        if self.server.is_none() && report.verdict() == Verdict::Refused {
            for server in [Server::REDIS, Server::VALKEY] {
                let other = self.report_for(log, Some(server))?;
                if other.verdict() != Verdict::Refused {
                    return Ok(other);
                }
            }
        }
        Ok(report)
    }

    fn report_for(self, log: &Log, server: Option<Server>) -> Result<SetReport, String> {
        let options = Options {
            server,
            module_commands: self.module_commands.to_vec(),
            // Keys of an RDB file are not touched by an edit.
            duplicates: false,
            threads: self.threads,
            ..Options::default()
        };
        judge(log, &options)
    }
}

fn judge(log: &Log, options: &Options) -> Result<SetReport, String> {
    let _job = Job::begin(log.folder().path(), || {
        progress::bytes(&log.set().ok()?, log.folder())
    });
    let files = Files(log.folder());
    let report = if log.has_manifest() {
        verify::set(&files, log.name(), options)
    } else {
        verify::single_of(&files, log.name(), options)
    };
    if let Some(failure) = &report.failure {
        return Err(failure.clone());
    }
    match report.files.iter().find_map(|file| file.failure.as_ref()) {
        Some(failure) => Err(failure.to_string()),
        None => Ok(report),
    }
}

/// Kinds of findings, wherever they are.
fn codes(report: &SetReport) -> BTreeSet<Code> {
    let files = report.files.iter().flat_map(|file| file.totals.keys());
    files.chain(report.totals.keys()).copied().collect()
}

/// Those with which the server does not simply load what is there.
fn worse_than_loads(report: &SetReport) -> Vec<Code> {
    let effect = |code: &Code| {
        let kept = findings(report).filter(|(_, finding)| finding.code == *code);
        let worst = kept.map(|(_, finding)| finding.effect).max();
        worst.unwrap_or_else(|| code.effect(report.server))
    };
    codes(report)
        .into_iter()
        .filter(|code| effect(code) > Effect::Loads)
        .collect()
}

fn findings(report: &SetReport) -> impl Iterator<Item = (&[u8], &Finding)> {
    let files = report.files.iter().flat_map(|file| {
        file.findings
            .iter()
            .map(|finding| (&file.name[..], finding))
    });
    let others = report.findings.iter();
    files.chain(others.map(|finding| (finding.file.as_deref().unwrap_or_default(), finding)))
}

/// What no edit leaves behind, whatever the old log was like.
fn torn(code: Code, server: Server) -> bool {
    code.effect(server).cuts()
        || matches!(
            code,
            Code::BadStart
                | Code::BadCount
                | Code::BadArgument
                | Code::BadLength
                | Code::NulTail
                | Code::TornAnnotation
                | Code::ManifestRefused
                | Code::MissingFile
                | Code::NotAFile
        )
}

/// The first finding of that kind, in words.
fn told(report: &SetReport, code: Code) -> String {
    match findings(report).find(|(_, finding)| finding.code == code) {
        Some((file, finding)) => format!("{}: {finding} [{code}]", plain(file)),
        None => code.summary().to_owned(),
    }
}
