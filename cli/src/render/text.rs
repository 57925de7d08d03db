//! Reports for people: one screen a file.

pub mod log;

use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use rdbkit_aof::fs::shown;
use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::redact;
use rdbkit_rdb::verify::{ChecksumState, Database, Report, Severity, Verdict};

use crate::render::wrapping::Wrapping;

/// Of what is well.
pub const GOOD: Style = AnsiColor::Green.on_default().bold();
/// Of what is wrong.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Of what needs a look.
pub const CARE: Style = AnsiColor::Yellow.on_default().bold();

/// Databases shown one by one.
const SHOWN_DATABASES: usize = 8;

/// Writes a report.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    report: &Report,
    wrapping: &Wrapping,
) -> io::Result<()> {
    let failed = report.failure.is_some() || wrapping.damage.is_some();
    let verdict = report.verdict();
    let style = match verdict {
        _ if failed => BAD,
        Verdict::Loads => GOOD,
        Verdict::Refused => BAD,
        Verdict::LoadsTruncated | Verdict::Undecided => CARE,
    };
    let name = if failed { "no verdict" } else { verdict.name() };
    write!(out, "{}: {style}{name}{style:#}", shown(path))?;
    match report.server {
        Some(server) => writeln!(out, " (judged for {server})")?,
        None => writeln!(out)?,
    }
    wrapping.row(out)?;
    format_line(out, report)?;
    origin_line(out, report)?;
    keys_lines(out, report)?;
    if report.functions > 0 {
        row(out, "functions", &libraries(report).join(", "))?;
    }
    needs_line(out, report)?;
    findings(out, report)?;
    match &wrapping.damage {
        Some(damage) => stopped(out, damage),
        None => Ok(()),
    }
}

/// A line of a report: a name and what there is to say.
///
/// # Errors
///
/// Of writing.
pub fn row(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    writeln!(out, "  {name:<10} {text}")
}

fn format_line(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let Some((dialect, version)) = report.format else {
        return Ok(());
    };
    let checksum = match report.checksum {
        ChecksumState::NotReached => "end not reached",
        ChecksumState::Absent => "no checksum in this version",
        ChecksumState::Off => "saved without a checksum",
        ChecksumState::Matches => "checksum ok",
        ChecksumState::Differs => "checksum differs",
    };
    let bytes = grouped(report.bytes);
    row(
        out,
        "format",
        &format!("{dialect} version {version}, {bytes} bytes, {checksum}"),
    )
}

/// Who wrote the file and when, as far as its AUX fields say.
fn origin_line(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    match origin(|name| report.aux(name)) {
        Some((name, text)) => row(out, name, &text),
        None => Ok(()),
    }
}

/// Whether an AUX field tells of the file and its server, and of no data in it. One that
/// damage has made of something else does not look like it.
#[must_use]
pub fn of_file(name: &[u8], value: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"redis-ver",
        b"valkey-ver",
        b"redis-bits",
        b"ctime",
        b"used-mem",
        b"aof-base",
        b"aof-preamble",
        b"repl-stream-db",
        b"repl-id",
        b"repl-offset",
    ];
    let looks_so = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+');
    NAMES.contains(&name) && value.len() <= 64 && value.iter().all(looks_so)
}

/// The name of that row, and what it says.
#[must_use]
pub fn origin<'a>(aux: impl Fn(&str) -> Option<&'a [u8]>) -> Option<(&'static str, String)> {
    let text = |name: &str| {
        aux(name).map(|value| match of_file(name.as_bytes(), value) {
            true => redact::plain(value).to_string(),
            false => redact::escaped(value).to_string(),
        })
    };
    let writer = match (text("valkey-ver"), text("redis-ver")) {
        (Some(version), _) => Some(format!("Valkey {version}")),
        (None, Some(version)) => Some(format!("Redis {version}")),
        (None, None) => None,
    };
    let time = text("ctime")
        .and_then(|t| t.parse().ok())
        .and_then(|t| Timestamp::from_second(t).ok())
        .map(|t| t.to_string());
    match (writer, time) {
        (Some(writer), Some(time)) => Some(("written by", format!("{writer} at {time}"))),
        (Some(one), None) | (None, Some(one)) => Some(("written", one)),
        (None, None) => None,
    }
}

fn keys_lines(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let total = report.total();
    row(out, "keys", &counts(&total))?;
    if report.databases.len() > 1 {
        for (number, db) in report.databases.iter().take(SHOWN_DATABASES) {
            row(out, "", &format!("db{number}: {}", counts(db)))?;
        }
        if let Some(more) = report.databases.len().checked_sub(SHOWN_DATABASES + 1) {
            row(out, "", &format!("and {} databases more", more + 1))?;
        }
    }
    let types: Vec<String> = ObjectKind::ALL
        .iter()
        .map(|kind| (kind, total.of(*kind)))
        .filter(|(_, n)| *n > 0)
        .map(|(kind, n)| format!("{kind} {}", grouped(n)))
        .collect();
    if types.is_empty() {
        Ok(())
    } else {
        row(out, "types", &types.join(", "))
    }
}

fn counts(db: &Database) -> String {
    let mut text = grouped(db.keys);
    for (n, what) in [
        (db.expires, "with an expiry"),
        (db.expired, "already expired"),
        (db.with_field_expiries, "with expiring fields"),
        (db.empty, "empty ones skipped"),
    ] {
        if n > 0 {
            text.push_str(&format!(", {} {what}", grouped(n)));
        }
    }
    text
}

/// The names of function libraries.
#[must_use]
pub fn libraries(report: &Report) -> Vec<String> {
    let text = |name: &String| redact::hidden(name.as_bytes()).unwrap_or_else(|| name.clone());
    report.libraries.iter().map(text).collect()
}

fn needs_line(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.format.is_none() {
        return Ok(());
    }
    let needs = &report.needs;
    let server = |s: Option<rdbkit_rdb::verify::Server>, product: &str| match s {
        Some(s) => format!("{product} {}.{} or later", s.major, s.minor),
        None => format!("no {product} reads it"),
    };
    let mut text = format!(
        "{}; {}",
        server(needs.redis, "Redis"),
        server(needs.valkey, "Valkey")
    );
    if needs.databases > 1 {
        text.push_str(&format!("; {} databases", grouped(needs.databases)));
    }
    if !needs.modules.is_empty() {
        let names: Vec<&str> = needs.modules.keys().map(String::as_str).collect();
        text.push_str(&format!("; modules {}", names.join(", ")));
    }
    row(out, "needs", &text)
}

fn findings(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    finding_lines(out, report)?;
    match &report.failure {
        Some(failure) => stopped(out, failure),
        None => Ok(()),
    }
}

/// Why there is no verdict.
fn stopped(out: &mut dyn Write, why: impl Display) -> io::Result<()> {
    writeln!(out, "  {BAD}stopped{BAD:#}    {why}")
}

/// What was found, and how much of it is not shown.
fn finding_lines(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    for finding in &report.findings {
        let style = match finding.severity {
            Severity::Fatal | Severity::Refused => BAD,
            Severity::Undecided | Severity::Warning => CARE,
        };
        let severity = finding.severity.name();
        writeln!(
            out,
            "  {style}{severity:<10}{style:#} {finding} [{}]",
            finding.code
        )?;
    }
    let all: u64 = report.totals.values().sum();
    let shown = report.findings.len() as u64;
    if all > shown {
        row(
            out,
            "",
            &format!("and {} findings more", grouped(all - shown)),
        )?;
    }
    Ok(())
}

/// 1234567 as 1,234,567.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 file`, `2,000 files`.
#[must_use]
pub fn counted(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(n), if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
