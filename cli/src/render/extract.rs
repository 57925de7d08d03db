//! What was extracted, as JSON; the schema stands in `docs/`.

use std::io::{self, Write};

use rdbkit_rdb::extract::Summary;
use rdbkit_rdb::filter::Filter;
use rdbkit_rdb::write::Format;
use serde_json::json;

use super::json::{SCHEMA, line, path_text};
use crate::args::ExtractArgs;

/// Writes what the new file holds as one line.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    args: &ExtractArgs,
    filter: &Filter,
    summary: &Summary,
    bytes: u64,
    format: Format,
) -> io::Result<()> {
    let json = json!({
        "schema": SCHEMA,
        "path": path_text(&args.file),
        "output": path_text(&args.output),
        "format": { "magic": format.dialect().to_string(), "version": format.version() },
        "bytes": bytes,
        "seen": summary.seen,
        "keys": summary.keys,
        "expires": summary.expires,
        "functions": summary.functions,
        "aux_left_out": summary.aux_left_out,
        "imports_left_out": summary.imports_left_out,
        "unmet": filter.unmet().collect::<Vec<_>>(),
        "error": null,
    });
    line(out, &json)
}

/// Writes why there is no new file as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, args: &ExtractArgs, why: &str) -> io::Result<()> {
    let json = json!({
        "schema": SCHEMA,
        "path": path_text(&args.file),
        "output": path_text(&args.output),
        "error": why,
    });
    line(out, &json)
}
