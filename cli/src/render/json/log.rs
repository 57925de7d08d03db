//! Reports on logs as JSON: one object a log, its files inside.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::FileKind;
use rdbkit_aof::commands::lookup;
use rdbkit_aof::verify::{Code, Counts, Cut, FileReport, Finding, SetReport};
use rdbkit_rdb::redact::{escaped, plain};
use serde::Serialize;

use crate::policy::Violation;
use crate::render::json::{Json, SCHEMA, ServerJson, Text, line, path_text, rdb, server};
use crate::render::wrapping::{Wrapping, WrappingJson};

#[derive(Serialize)]
struct LogJson<'r> {
    schema: u32,
    path: String,
    kind: &'static str,
    compression: Option<WrappingJson>,
    manifest: Option<Text>,
    verdict: Option<&'static str>,
    effect: Option<&'static str>,
    #[serde(rename = "for")]
    server: ServerJson,
    for_by: &'static str,
    suggested: Option<ServerJson>,
    #[serde(flatten)]
    counts: CountsJson,
    files: Vec<FileJson<'r>>,
    findings: Vec<FindingJson<'r>>,
    finding_counts: BTreeMap<&'static str, u64>,
    policy: Option<&'r [Violation]>,
    error: Option<String>,
}

#[derive(Serialize)]
struct CountsJson {
    bytes: u64,
    commands: u64,
    transactions: u64,
    annotations: u64,
    first_time: Option<i64>,
    last_time: Option<i64>,
    databases: BTreeMap<String, u64>,
    names: BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct FileJson<'r> {
    name: Text,
    kind: &'static str,
    seq: Option<i64>,
    verdict: Option<&'static str>,
    #[serde(flatten)]
    counts: CountsJson,
    ok_up_to: u64,
    cut: Option<CutJson>,
    rdb: Option<Json<'r>>,
    findings: Vec<FindingJson<'r>>,
    finding_counts: BTreeMap<&'static str, u64>,
    error: Option<String>,
}

#[derive(Serialize)]
struct CutJson {
    at: u64,
    bytes: u64,
    commands: u64,
}

#[derive(Serialize)]
struct FindingJson<'r> {
    code: &'static str,
    effect: &'static str,
    elsewhere: BTreeMap<String, &'static str>,
    file: Option<Text>,
    offset: Option<u64>,
    line: Option<u64>,
    db: Option<u64>,
    command: Option<Text>,
    message: &'r str,
}

/// Writes a report as one line.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    report: &SetReport,
    wrapping: &Wrapping,
    policy: Option<&[Violation]>,
) -> io::Result<()> {
    let failed = report.has_failed();
    let json = LogJson {
        schema: SCHEMA,
        path: path_text(path),
        kind: "aof",
        compression: wrapping.json(),
        manifest: report.manifest.as_deref().map(Text::plain),
        verdict: (!failed).then(|| report.verdict().name()),
        effect: report.worst_of_all().map(|effect| effect.name()),
        server: server(report.server),
        for_by: report.chosen.name(),
        suggested: report.suggests().map(server),
        counts: counts(&report.counts()),
        files: report.files.iter().map(|f| file(path, f)).collect(),
        findings: report.findings.iter().map(finding).collect(),
        finding_counts: totals(&report.totals),
        policy,
        error: report.failures().into_iter().next(),
    };
    line(out, &json)
}

fn file<'r>(path: &Path, report: &'r FileReport) -> FileJson<'r> {
    let failed = report.has_failed();
    FileJson {
        name: Text::plain(&report.name),
        kind: match report.kind {
            Some(FileKind::Base) => "base",
            Some(FileKind::Increment) => "increment",
            Some(FileKind::History) => "history",
            None => "file",
        },
        seq: report.seq,
        verdict: (!failed).then(|| report.verdict().name()),
        counts: counts(&report.counts),
        ok_up_to: report.whole,
        cut: report.cut.map(cut),
        rdb: report
            .rdb
            .as_ref()
            .map(|report| rdb(path, report, &Wrapping::default())),
        findings: report.findings.iter().map(finding).collect(),
        finding_counts: totals(&report.totals),
        error: report.failure.as_ref().map(ToString::to_string),
    }
}

fn counts(counts: &Counts) -> CountsJson {
    CountsJson {
        bytes: counts.bytes,
        commands: counts.commands,
        transactions: counts.transactions,
        annotations: counts.annotations,
        first_time: counts.first_time,
        last_time: counts.last_time,
        databases: counts
            .databases
            .iter()
            .map(|(db, n)| (db.to_string(), *n))
            .collect(),
        names: names(counts),
    }
}

fn names(counts: &Counts) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    for (name, n) in &counts.names {
        let name = match lookup(name) {
            Some(_) => plain(name).to_string(),
            None => escaped(name).to_string(),
        };
        // Those that are hidden may all be called the same.
        *names.entry(name).or_default() += n;
    }
    names
}

fn cut(cut: Cut) -> CutJson {
    CutJson {
        at: cut.at,
        bytes: cut.bytes,
        commands: cut.commands,
    }
}

fn totals(totals: &BTreeMap<Code, u64>) -> BTreeMap<&'static str, u64> {
    totals.iter().map(|(code, n)| (code.name(), *n)).collect()
}

fn finding(f: &Finding) -> FindingJson<'_> {
    FindingJson {
        code: f.code.name(),
        effect: f.effect.name(),
        elsewhere: f
            .code
            .elsewhere(f.effect)
            .into_iter()
            .map(|(server, effect)| (server.to_string(), effect.name()))
            .collect(),
        file: f.file.as_deref().map(Text::plain),
        offset: f.offset,
        line: f.line,
        db: f.db,
        command: f.command.as_deref().map(Text::command),
        message: &f.message,
    }
}
