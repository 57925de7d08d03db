//! Reports on logs for people: one screen a log, a line a file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use rdbkit_aof::FileKind;
use rdbkit_aof::brief_name;
use rdbkit_aof::fs::shown;
use rdbkit_aof::verify::{Chosen, Code, Counts, Cut, Effect, FileReport, Finding, SetReport};
use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::Verdict;

use crate::render::text::{BAD, CARE, GOOD, finding_lines, grouped, row, stopped};
use crate::render::wrapping::Wrapping;

/// Names of commands that are shown.
const SHOWN_NAMES: usize = 8;

/// Writes a report.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    report: &SetReport,
    wrapping: &Wrapping,
) -> io::Result<()> {
    let verdict = report.verdict();
    let (style, name) = match verdict {
        _ if report.has_failed() => (BAD, "no verdict"),
        Verdict::Loads => (GOOD, verdict.name()),
        Verdict::Refused => (BAD, verdict.name()),
        Verdict::LoadsTruncated if lost(report).is_some() => (BAD, verdict.name()),
        Verdict::LoadsTruncated | Verdict::Undecided => (CARE, verdict.name()),
    };
    let (path, server) = (shown(path), report.server);
    writeln!(out, "{path}: {style}{name}{style:#} (judged for {server})")?;
    if let Some(lost) = lost(report) {
        writeln!(out, "  {BAD}ALL LOST{BAD:#}   {lost}")?;
    }
    wrapping.row(out)?;
    judged_line(out, report)?;
    if let Some(manifest) = &report.manifest {
        let count = report.files.len();
        let files = if count == 1 { "file" } else { "files" };
        let text = format!("{}, {count} {files}", plain(manifest));
        row(out, "manifest", &text)?;
    }
    let counts = report.counts();
    if !report.files.is_empty() {
        numbers(out, &counts)?;
    }
    if report.manifest.is_some() {
        for file in &report.files {
            row(out, "file", &line(file))?;
        }
    } else if let Some(rdb) = report.files.first().and_then(|file| file.rdb.as_ref()) {
        row(out, "begins", &rdb_text(rdb))?;
    }
    for finding in &report.findings {
        one(out, finding, None, None)?;
    }
    more(out, report.findings.len(), &report.totals)?;
    for file in &report.files {
        let name = report.manifest.as_ref().map(|_| file.name.as_slice());
        for finding in &file.findings {
            one(out, finding, name, file.cut)?;
        }
        more(out, file.findings.len(), &file.totals)?;
        if let Some(rdb) = &file.rdb {
            finding_lines(out, rdb)?;
        }
    }
    for failure in report.failures() {
        stopped(out, failure)?;
    }
    Ok(())
}

/// What to say of a log with which a server starts, and without its data.
fn lost(report: &SetReport) -> Option<&'static str> {
    if report.has_failed() {
        return None;
    }
    match report.worst_of_all()? {
        Effect::Ignores => Some("the server starts, but with NO DATA of this log"),
        Effect::Empties => {
            Some("the server starts, and NO DATA of this log is left at its next start")
        }
        _ => None,
    }
}

/// How the server was chosen, where that leaves a doubt.
fn judged_line(out: &mut dyn Write, report: &SetReport) -> io::Result<()> {
    let server = report.server;
    if let Some(other) = report.suggests() {
        let text = format!(
            "for {server}, but its commands are those of {other}: judge again with --for {other}"
        );
        return row(out, "judged", &text);
    }
    match report.chosen {
        Chosen::Assumed => {
            let text = format!(
                "for {server}: the log does not tell which server wrote it, --for SERVER does"
            );
            row(out, "judged", &text)
        }
        Chosen::Commands => row(
            out,
            "judged",
            &format!("for {server}, by the commands of the log"),
        ),
        _ => Ok(()),
    }
}

fn numbers(out: &mut dyn Write, counts: &Counts) -> io::Result<()> {
    let mut text = format!("{} bytes", grouped(counts.bytes));
    for (n, what) in [
        (counts.commands, "commands"),
        (counts.transactions, "transactions"),
        (counts.annotations, "annotations"),
    ] {
        if n > 0 || what == "commands" {
            text.push_str(&format!(", {} {what}", grouped(n)));
        }
    }
    row(out, "log", &text)?;
    let mut names: Vec<_> = counts.names.iter().collect();
    names.sort_by_key(|(name, n)| (std::cmp::Reverse(**n), *name));
    let mut shown: Vec<String> = names
        .iter()
        .take(SHOWN_NAMES)
        .map(|(name, n)| format!("{} {}", brief_name(name), grouped(**n)))
        .collect();
    if names.len() > SHOWN_NAMES {
        shown.push(format!("{} others", names.len() - SHOWN_NAMES));
    }
    if !shown.is_empty() {
        row(out, "commands", &shown.join(", "))?;
    }
    if counts.databases.len() > 1 || counts.databases.keys().any(|&db| db > 0) {
        let databases: Vec<String> = counts
            .databases
            .iter()
            .take(SHOWN_NAMES)
            .map(|(db, n)| format!("db{db} {}", grouped(*n)))
            .collect();
        let more = counts.databases.len().saturating_sub(SHOWN_NAMES);
        let more = if more > 0 {
            format!(", {more} others")
        } else {
            String::new()
        };
        row(out, "databases", &format!("{}{more}", databases.join(", ")))?;
    }
    if let (Some(first), Some(last)) = (counts.first_time, counts.last_time) {
        row(out, "time", &format!("{} to {}", time(first), time(last)))?;
    }
    Ok(())
}

fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| seconds.to_string(), |t| t.to_string())
}

/// A file of several: what it is for, its verdict, and what is in it.
fn line(file: &FileReport) -> String {
    let kind = match file.kind {
        Some(FileKind::Base) => "base",
        Some(FileKind::Increment) => "increment",
        Some(FileKind::History) => "history",
        None => "file",
    };
    let verdict = if file.has_failed() {
        "no verdict"
    } else {
        file.verdict().name()
    };
    let mut text = format!(
        "{}: {kind} {}, {verdict}, {} bytes",
        plain(&file.name),
        file.seq.unwrap_or(0),
        grouped(file.counts.bytes)
    );
    if let Some(rdb) = &file.rdb {
        text.push_str(&format!(", {}", rdb_text(rdb)));
    }
    if file.counts.commands > 0 || file.rdb.is_none() {
        text.push_str(&format!(", {} commands", grouped(file.counts.commands)));
    }
    text
}

fn rdb_text(rdb: &rdbkit_rdb::verify::Report) -> String {
    let format = rdb.format.map_or_else(
        || "an RDB file".to_owned(),
        |(dialect, version)| format!("{dialect} version {version}"),
    );
    format!("{format} with {} keys", grouped(rdb.total().keys))
}

/// A finding, and under it what servers do.
fn one(
    out: &mut dyn Write,
    finding: &Finding,
    file: Option<&[u8]>,
    cut: Option<Cut>,
) -> io::Result<()> {
    let (style, word) = match finding.effect.verdict() {
        Verdict::Loads => (CARE, "warning"),
        Verdict::LoadsTruncated => (CARE, "truncated"),
        Verdict::Undecided => (CARE, "undecided"),
        Verdict::Refused => (BAD, "refused"),
    };
    write!(out, "  {style}{word:<10}{style:#} ")?;
    if let Some(name) = file.or(finding.file.as_deref()).filter(|n| !n.is_empty()) {
        write!(out, "{}: ", plain(name))?;
    }
    writeln!(out, "{finding} [{}]", finding.code)?;
    if finding.effect == Effect::Loads {
        return Ok(());
    }
    let mut text = finding.effect.summary().to_owned();
    if let Some(cut) = cut.filter(|_| finding.effect.cuts()) {
        let (bytes, at) = (grouped(cut.bytes), grouped(cut.at));
        text.push_str(&format!("; {bytes} bytes from byte {at} on are lost"));
        if cut.commands > 0 {
            text.push_str(&format!(", with {} commands", grouped(cut.commands)));
        }
    }
    row(out, "", &format!("it {text}"))?;
    let others = finding.code.elsewhere(finding.effect);
    if others.is_empty() {
        return Ok(());
    }
    let others: Vec<String> = others
        .iter()
        .map(|(server, effect)| format!("{server} {effect}"))
        .collect();
    row(out, "", &format!("elsewhere: {}", others.join(", ")))
}

fn more(out: &mut dyn Write, shown: usize, totals: &BTreeMap<Code, u64>) -> io::Result<()> {
    let all: u64 = totals.values().sum();
    match all.saturating_sub(shown as u64) {
        0 => Ok(()),
        more => row(out, "", &format!("and {} findings more", grouped(more))),
    }
}
