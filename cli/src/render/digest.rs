//! Digests, one a line: as `sha1sum` prints them, or as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::Record;
use rdbkit_rdb::digest::{Dataset, Digest};
use serde::Serialize;

use super::json::{self, SCHEMA, ServerJson, Text};

/// In the place of a digest that cannot be computed.
const NONE: &str = "----------------------------------------";

fn or_none(digest: Option<Digest>) -> String {
    digest.map_or_else(|| NONE.to_owned(), |digest| digest.to_string())
}

/// Writes the line of a key.
///
/// # Errors
///
/// Of writing.
pub fn key(
    out: &mut dyn Write,
    path: &Path,
    db: u64,
    key: &[u8],
    digest: Option<Digest>,
) -> io::Result<()> {
    let (digest, path, key) = (or_none(digest), shown(path), key.escape_ascii());
    writeln!(out, "{digest}  {path}  db{db}  \"{key}\"")
}

/// Writes the lines of databases, if wanted, and then that of the file, if it
/// has a digest.
///
/// # Errors
///
/// Of writing.
pub fn file(out: &mut dyn Write, path: &Path, dataset: &Dataset, per_db: bool) -> io::Result<()> {
    let path = shown(path);
    if per_db {
        for (number, _, digest) in dataset.databases() {
            writeln!(out, "{}  {path}  db{number}", or_none(digest))?;
        }
    }
    match dataset.digest() {
        Some(digest) => writeln!(out, "{digest}  {path}"),
        None => Ok(()),
    }
}

#[derive(Serialize)]
struct KeyJson {
    schema: u32,
    path: String,
    db: u64,
    key: Text,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    digest: Option<String>,
}

/// Writes a key as one line.
///
/// # Errors
///
/// Of writing.
pub fn key_json(
    out: &mut dyn Write,
    path: &Path,
    record: &Record<'_>,
    key: &[u8],
    digest: Option<Digest>,
) -> io::Result<()> {
    let json = KeyJson {
        schema: SCHEMA,
        path: path.display().to_string(),
        db: record.db,
        key: Text::from(key),
        kind: record.object().map(|object| object.name()),
        digest: digest.map(|d| d.to_string()),
    };
    json::line(out, &json)
}

#[derive(Serialize)]
struct FileJson<'r> {
    schema: u32,
    path: String,
    digest: Option<String>,
    #[serde(rename = "for")]
    server: ServerJson,
    keys: u64,
    databases: BTreeMap<String, DatabaseJson>,
    skip_expired: bool,
    expired: u64,
    expired_fields: u64,
    empty: u64,
    unknown: u64,
    error: Option<&'r str>,
}

#[derive(Serialize)]
struct DatabaseJson {
    keys: u64,
    digest: Option<String>,
}

/// Writes a file as one line.
///
/// # Errors
///
/// Of writing.
pub fn file_json(
    out: &mut dyn Write,
    path: &Path,
    dataset: &Dataset,
    error: Option<&str>,
) -> io::Result<()> {
    let tally = dataset.tally();
    let databases = dataset.databases().map(|(number, keys, digest)| {
        let digest = digest.map(|d| d.to_string());
        (number.to_string(), DatabaseJson { keys, digest })
    });
    let json = FileJson {
        schema: SCHEMA,
        path: path.display().to_string(),
        digest: dataset.digest().map(|d| d.to_string()),
        server: json::server(dataset.rules().server()),
        keys: tally.keys,
        databases: databases.collect(),
        skip_expired: dataset.rules().skips_expired(),
        expired: tally.expired,
        expired_fields: tally.expired_fields,
        empty: tally.empty,
        unknown: tally.unknown,
        error,
    };
    json::line(out, &json)
}

/// Writes an input that has no digest at all as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, path: &Path, why: &str) -> io::Result<()> {
    let json = serde_json::json!({
        "schema": SCHEMA,
        "path": path.display().to_string(),
        "digest": null,
        "error": why,
    });
    json::line(out, &json)
}
