//! A folder's files, a line each.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use rdbkit_aof::fs::{shown, shown_name};
use rdbkit_rdb::verify::Verdict;

use crate::cmd::check::{Row, Skipped, Why};
use crate::exit::Exit;
use crate::render::text::{BAD, CARE, GOOD, counted};

/// Writes the lines, the summary, and what the folder is to a server.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    rows: &[Row],
    skipped: &[Skipped],
    statement: &[String],
) -> io::Result<()> {
    let files = counted(rows.len() as u64, "file or log", "files and logs");
    writeln!(out, "{}: {files}, newest first", shown(path))?;
    let width = rows.iter().map(|row| name(&row.path).chars().count());
    let width = width.max().unwrap_or(0);
    for row in rows {
        let (style, verdict) = match (row.verdict, row.exit) {
            (None, _) => (BAD, "no verdict"),
            (Some(verdict), Exit::Ok) => (GOOD, verdict.name()),
            (Some(Verdict::Refused), _) => (BAD, "refused"),
            (Some(verdict), _) => (CARE, verdict.name()),
        };
        let time =
            Timestamp::from_second(row.time).map_or_else(|_| "?".to_owned(), |t| t.to_string());
        let by = if row.own_time { "written" } else { "changed" };
        let name = name(&row.path);
        let mut line = format!("{name:<width$}  {by} {time}");
        if !row.what.is_empty() {
            line.push_str(&format!(", {}", row.what));
        }
        writeln!(out, "  {style}{verdict:<15}{style:#} {line}")?;
        if let Some(why) = &row.why {
            writeln!(out, "  {:<15} {why}", "")?;
        }
    }
    for line in statement.iter().chain(&summary(rows, skipped)) {
        writeln!(out, "  {line}")?;
    }
    Ok(())
}

/// How many load, and what was not looked at.
#[must_use]
pub fn summary(rows: &[Row], skipped: &[Skipped]) -> Vec<String> {
    let loads = |row: &&Row| row.exit == Exit::Ok || row.violates;
    let count = |exit: Exit| {
        let others = rows.iter().filter(|row| row.exit == exit && !loads(row));
        others.count() as u64
    };
    let mut text = counted(rows.iter().filter(loads).count() as u64, "loads", "load");
    match rows.iter().filter(|row| row.violates).count() as u64 {
        0 => {}
        n => text.push_str(&format!(", of which {n} do not meet the policy")),
    }
    for (exit, one, many) in [
        (
            Exit::Problems,
            "does not or not as a whole",
            "do not or not as a whole",
        ),
        (Exit::Trouble, "could not be read", "could not be read"),
    ] {
        match count(exit) {
            0 => {}
            n => text.push_str(&format!(", {}", counted(n, one, many))),
        }
    }
    if rows.iter().any(|row| !row.own_time) {
        text.push_str("; \"changed\": no time in the file, so that of the file system");
    }
    let mut lines = vec![text];
    lines.extend(self::skipped(skipped));
    lines
}

/// What was not judged, by reason.
#[must_use]
pub fn skipped(skipped: &[Skipped]) -> Vec<String> {
    let reasons = [
        (Why::Other, "skipped, as neither RDB files nor logs"),
        (
            Why::Temporary,
            "skipped, as temporary files: their server was writing them when this was copied, or stopped",
        ),
        (Why::Folder, "skipped, as folders that are no logs"),
        (Why::Special, "skipped, as no regular files"),
    ];
    let of = |(why, text): (Why, &str)| {
        let names = skipped.iter().filter(|skipped| skipped.why == why);
        let names: Vec<String> = names.map(|skipped| name(&skipped.path)).collect();
        let n = names.len() as u64;
        (n > 0).then(|| format!("{} {text}: {}", counted(n, "is", "are"), names.join(", ")))
    };
    reasons.into_iter().filter_map(of).collect()
}

fn name(path: &Path) -> String {
    shown_name(path.file_name().unwrap_or_default().as_encoded_bytes()).to_string()
}
