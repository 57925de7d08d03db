//! What was salvaged and what was lost, as JSON; the schema stands in `docs/`.

use std::io::{self, Write};

use rdbkit_rdb::salvage::{Assumed, Gap, Record, Report};
use serde_json::{Map, Value, json};

use super::json::{SCHEMA, Text, checksum, line, path_text};
use crate::args::SalvageArgs;

/// Writes a report as one object on one line.
///
/// # Errors
///
/// Of writing.
pub fn report(out: &mut dyn Write, args: &SalvageArgs, report: &Report) -> io::Result<()> {
    let databases: Map<String, Value> = report
        .databases
        .iter()
        .map(|(number, db)| {
            let numbers = json!({ "keys": db.keys, "expires": db.expires, "stated": db.stated });
            (number.to_string(), numbers)
        })
        .collect();
    let assumed = report.assumed.map(|how| match how {
        Assumed::Told => "told",
        Assumed::Header => "header",
        Assumed::Writer => "writer",
        _ => "default",
    });
    let format = report.format;
    let gaps: Vec<Value> = report.gaps.iter().map(gap).collect();
    let json = json!({
        "schema": SCHEMA,
        "path": path_text(&args.file),
        "output": args.output.as_ref().map(|new| path_text(new)),
        "whole": report.is_whole(),
        "damage_unlocated": report.damage_unlocated(),
        "format": { "magic": format.dialect().to_string(), "version": format.version(), "assumed": assumed },
        "for": report.server.to_string(),
        "bytes": report.source_bytes,
        "checksum": checksum(report.checksum),
        "keys": report.keys,
        "expires": report.expires,
        "empty": report.empty_keys,
        "functions": report.functions,
        "functions_undecided": report.functions_undecided,
        "databases": databases,
        "lost": {
            "gaps": report.gap_count,
            "bytes": report.gap_bytes,
            "keys_estimated": report.keys_estimated,
            "keys_left_out": report.keys_left_out,
            "keys_missing": report.keys_missing(),
        },
        "gaps": gaps,
        "trailing": {
            "bytes": report.trailing,
            "rdb_file": report.file_behind,
            "commands": report.commands_behind,
        },
    });
    line(out, &json)
}

fn gap(gap: &Gap) -> Value {
    json!({
        "offset": gap.offset,
        "bytes": gap.bytes,
        "kind": gap.kind.name(),
        "code": gap.code.name(),
        "reason": gap.message,
        "fault": gap.fault,
        "db": gap.db,
        "db_after": gap.db_after,
        "key": gap.key.as_deref().map(Text::from),
        "before": gap.before.as_ref().map(record),
        "after": gap.after.as_ref().map(record),
        "keys_estimated": gap.keys_estimated,
        "doubts": {
            "before_may_be_cut": gap.doubts.before_may_be_cut,
            "next_may_lack_expiry": gap.doubts.next_may_lack_expiry,
            "database_assumed": gap.doubts.database_assumed,
            "search_limited": gap.doubts.search_limited,
            "passed_file": gap.doubts.passed_file,
        },
    })
}

fn record(record: &Record) -> Value {
    json!({
        "offset": record.offset,
        "end": record.end,
        "db": record.db,
        "key": Text::from(&record.key[..]),
    })
}
