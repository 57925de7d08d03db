//! Digests, one a line: as `sha1sum` prints them, or as JSON.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::digest::{Obstacles, Report};
use rdbkit_aof::fs::shown;
use rdbkit_aof::{Set, brief_name};
use rdbkit_rdb::Record;
use rdbkit_rdb::digest::{Dataset, Digest};
use rdbkit_rdb::redact::{escaped, plain};
use serde::Serialize;

use super::json::{self, SCHEMA, ServerJson, Text, path_text};

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
    let (digest, path, key) = (or_none(digest), shown(path), escaped(key));
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
        path: path_text(path),
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
    #[serde(skip_serializing_if = "Option::is_none")]
    log: Option<LogJson>,
    error: Option<&'r str>,
}

#[derive(Serialize)]
struct LogJson {
    commands: u64,
    applied: u64,
    cut: Option<CutJson>,
    replay: Option<ReplayJson>,
}

#[derive(Serialize)]
struct CutJson {
    file: String,
    at: u64,
    bytes: u64,
    commands: u64,
}

#[derive(Serialize)]
struct ReplayJson {
    file: String,
    offset: u64,
    db: u64,
    command: Text,
    keys: Option<u64>,
}

/// What came of a log, with the names of its files.
pub struct Log<'r> {
    /// The files.
    pub set: &'r Set,
    /// What came of them.
    pub report: &'r Report,
}

impl Log<'_> {
    fn file(&self, index: usize) -> String {
        let file = self.set.files().get(index);
        file.map_or_else(String::new, |file| plain(&file.name).to_string())
    }

    /// Why there is no digest: a command, where it stands, and what hangs on it.
    #[must_use]
    pub fn replay_needed(&self, obstacles: &Obstacles) -> String {
        let first = &obstacles.first;
        let of = match obstacles.keys {
            None => "all keys".to_owned(),
            Some(1) => "1 key".to_owned(),
            Some(keys) => format!("{keys} keys"),
        };
        format!(
            "replay needed: {} at {}:{}, database {}: what becomes of {of} only a server can tell",
            brief_name(&first.command),
            self.file(first.file),
            first.offset,
            first.db
        )
    }

    /// What to know about a digest.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let report = self.report;
        let mut notes = vec![format!(
            "{} commands read, {} that change data applied; by the rules of {}",
            report.commands,
            report.applied,
            report.dataset.rules().server()
        )];
        notes.extend(report.cut.map(|(file, cut)| {
            format!(
                "servers cut the last {} bytes off {}, from byte {} on, and so does this",
                cut.bytes,
                self.file(file),
                cut.at
            )
        }));
        notes
    }

    fn json(&self) -> LogJson {
        let report = self.report;
        LogJson {
            commands: report.commands,
            applied: report.applied,
            cut: report.cut.map(|(file, cut)| CutJson {
                file: self.file(file),
                at: cut.at,
                bytes: cut.bytes,
                commands: cut.commands,
            }),
            replay: report.obstacles.as_ref().map(|obstacles| ReplayJson {
                file: self.file(obstacles.first.file),
                offset: obstacles.first.offset,
                db: obstacles.first.db,
                command: Text::command(&obstacles.first.command),
                keys: obstacles.keys,
            }),
        }
    }
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
    log: Option<&Log<'_>>,
) -> io::Result<()> {
    let whole = log.is_none_or(|log| log.report.obstacles.is_none());
    let tally = dataset.tally();
    let databases = dataset.databases().map(|(number, keys, digest)| {
        let digest = digest.filter(|_| whole).map(|d| d.to_string());
        (number.to_string(), DatabaseJson { keys, digest })
    });
    let json = FileJson {
        schema: SCHEMA,
        path: path_text(path),
        digest: dataset.digest().filter(|_| whole).map(|d| d.to_string()),
        server: json::server(dataset.rules().server()),
        keys: tally.keys,
        databases: databases.collect(),
        skip_expired: dataset.rules().skips_expired(),
        expired: tally.expired,
        expired_fields: tally.expired_fields,
        empty: tally.empty,
        unknown: tally.unknown,
        log: log.map(Log::json),
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
        "path": path_text(path),
        "digest": null,
        "error": why,
    });
    json::line(out, &json)
}
