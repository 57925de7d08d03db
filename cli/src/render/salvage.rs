//! What was salvaged and what was lost, for people.

use std::io::{self, Write};

use rdbkit_aof::fs::shown;
use rdbkit_rdb::redact;
use rdbkit_rdb::salvage::{Assumed, Gap, Kind, Record, Report};
use rdbkit_rdb::verify::ChecksumState;

use super::text::{BAD, CARE, GOOD, counted, grouped, row};
use crate::args::SalvageArgs;

/// Databases shown one by one.
const SHOWN_DATABASES: usize = 16;
/// Characters of a key that are shown.
const SHOWN: usize = 64;

/// Writes a report.
///
/// # Errors
///
/// Of writing.
pub fn report(out: &mut dyn Write, args: &SalvageArgs, report: &Report) -> io::Result<()> {
    let (style, state) = match report {
        report if report.is_whole() => (GOOD, "whole"),
        report if report.damage_unlocated() => (CARE, "in doubt"),
        _ => (BAD, "damaged"),
    };
    let (path, server) = (shown(&args.file), report.server);
    writeln!(out, "{path}: {style}{state}{style:#} (judged for {server})")?;
    format(out, report)?;
    let keys = counted(report.keys, "key", "keys");
    let to = match &args.output {
        Some(new) if report.keys + report.functions > 0 || report.is_whole() => {
            format!("to {}", shown(new))
        }
        _ => "nothing was written".to_owned(),
    };
    let mut kept = format!("{keys}, {} with an expiry", grouped(report.expires));
    if report.functions > 0 {
        let libraries = counted(report.functions, "function library", "function libraries");
        kept += &format!(", {libraries}");
    }
    row(out, "salvaged", &format!("{kept}; {to}"))?;
    for (number, db) in report.databases.iter().take(SHOWN_DATABASES) {
        let stated = match db.stated {
            Some(stated) if stated != db.keys => {
                format!("; the file says it has {}", grouped(stated))
            }
            _ => String::new(),
        };
        let keys = counted(db.keys, "key", "keys");
        row(out, "", &format!("db{number}: {keys}{stated}"))?;
    }
    lost(out, report)?;
    for gap in &report.gaps {
        one(out, gap)?;
    }
    if report.gap_count > report.gaps.len() as u64 {
        let more = report.gap_count - report.gaps.len() as u64;
        row(out, "", &format!("{} more gaps", grouped(more)))?;
    }
    notes(out, report)
}

fn format(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let checksum = match report.checksum {
        ChecksumState::NotReached => "no end mark with a checksum",
        ChecksumState::Absent => "no checksum in this version",
        ChecksumState::Off => "saved without a checksum",
        ChecksumState::Matches => "checksum ok",
        ChecksumState::Differs => "checksum differs",
    };
    let assumed = match report.assumed {
        None => "",
        Some(Assumed::Told) => " (as told)",
        Some(Assumed::Header) => " (by the digits of a damaged header)",
        Some(Assumed::Writer) => " (assumed by the server that wrote it)",
        _ => " (assumed: nothing tells)",
    };
    let (format, bytes) = (report.format, grouped(report.source_bytes));
    row(
        out,
        "format",
        &format!("{format}{assumed}, {bytes} bytes, {checksum}"),
    )
}

fn lost(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.gap_count == 0 {
        return Ok(());
    }
    let gaps = counted(report.gap_count, "gap", "gaps");
    let bytes = counted(report.gap_bytes, "byte", "bytes");
    let keys = counted(report.keys_estimated, "key", "keys");
    let mut text = format!("{gaps}, {bytes}, an estimated {keys}");
    if report.keys_left_out > 0 {
        text += &format!(
            ", of which {} can be read and were left out",
            grouped(report.keys_left_out)
        );
    }
    if report.keys_missing() > 0 {
        text += &format!(
            "; by its own sizes the file lacks {}",
            grouped(report.keys_missing())
        );
    }
    row(out, "lost", &text)
}

fn one(out: &mut dyn Write, gap: &Gap) -> io::Result<()> {
    let (bytes, at) = (counted(gap.bytes, "byte", "bytes"), grouped(gap.offset));
    let mut text = format!("{bytes} from byte {at}: {} [{}]", gap.message, gap.code);
    if gap.fault > gap.offset {
        text += &format!(", noticed at byte {}", grouped(gap.fault));
    }
    row(out, "gap", &text)?;
    let what = match (gap.kind, &gap.key) {
        (Kind::Record, Some(key)) => format!(
            "the value of {} is lost, and nothing else",
            quoted(key, gap.db)
        ),
        (Kind::Record, None) => "one record is lost, and nothing else".to_owned(),
        (Kind::LeftOut, Some(key)) => format!("{} was left out", quoted(key, gap.db)),
        (Kind::LeftOut, None) => "it was left out".to_owned(),
        (Kind::Selector, _) => format!("its keys are in db{} of the new file", gap.db_after),
        (Kind::Missing, _) if gap.bytes == 0 => "more may have followed".to_owned(),
        (Kind::Header, _) | (Kind::Missing, _) => String::new(),
        (_, key) => {
            let keys = counted(gap.keys_estimated, "key", "keys");
            let first = key
                .as_ref()
                .map(|key| format!(", the first is {}", quoted(key, gap.db)));
            format!("an estimated {keys}{}", first.unwrap_or_default())
        }
    };
    if !what.is_empty() {
        row(out, "", &what)?;
    }
    let place = |record: &Record| {
        format!(
            "{} (byte {})",
            quoted(&record.key, record.db),
            grouped(record.offset)
        )
    };
    match (&gap.before, &gap.after) {
        (Some(a), Some(b)) => row(out, "", &format!("between {} and {}", place(a), place(b)))?,
        (Some(a), None) => row(out, "", &format!("behind {}", place(a)))?,
        (None, Some(b)) => row(out, "", &format!("before {}", place(b)))?,
        (None, None) => {}
    }
    let doubts = gap.doubts;
    let said = [
        (
            doubts.before_may_be_cut,
            "the key before it may be cut short: the damage may be in its length",
        ),
        (
            doubts.next_may_lack_expiry,
            "the key behind it may have had an expiry that is lost",
        ),
        (
            doubts.database_assumed && gap.kind != Kind::Selector,
            "a change of database may be lost: that of the keys behind it is assumed",
        ),
        (
            doubts.search_limited,
            "the search was cut short; more may be found by hand",
        ),
        (
            doubts.passed_file,
            "a whole RDB file lay in it, which was taken for a value's content",
        ),
    ];
    for (_, words) in said.iter().filter(|(is, _)| *is) {
        row(out, "", words)?;
    }
    Ok(())
}

fn notes(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    if report.damage_unlocated() {
        let what = "everything was read and is kept, but some byte is wrong that cannot be located";
        row(out, "checksum", what)?;
    }
    if report.functions_undecided > 0 {
        let n = counted(
            report.functions_undecided,
            "function library",
            "function libraries",
        );
        let what = format!("{n} may not load: only running them tells");
        row(out, "functions", &what)?;
    }
    if report.trailing > 0 {
        let kind = match report {
            r if r.commands_behind => {
                "commands of an append-only log, with which the keys are not up to date: see rdbkit aof repair"
            }
            r if r.file_behind => "they begin as another RDB file does; it is not part of this one",
            _ => "servers do not read them",
        };
        let bytes = counted(report.trailing, "byte", "bytes");
        row(out, "behind", &format!("{bytes} follow the end: {kind}"))?;
    }
    Ok(())
}

fn quoted(key: &[u8], db: u64) -> String {
    format!("\"{}\" of db{db}", redact::excerpt(key, SHOWN))
}
