//! Reports as JSON, one object a line; the schema stands in `docs/`.

pub mod log;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rdbkit_aof::Command;
use rdbkit_aof::commands::lookup;
use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::redact;
use rdbkit_rdb::verify::{ChecksumState, Database, Finding, Report, Server};
use serde::Serialize;

use crate::policy::Violation;
use crate::render::text::{libraries, of_file};
use crate::render::wrapping::{Wrapping, WrappingJson};

/// Version of the shape; grows when a field changes its meaning or goes.
pub const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Json<'r> {
    schema: u32,
    path: String,
    kind: &'static str,
    compression: Option<WrappingJson>,
    format: Option<Format>,
    verdict: Option<&'static str>,
    #[serde(rename = "for")]
    server: Option<ServerJson>,
    bytes: u64,
    checksum: &'static str,
    keys: u64,
    expires: u64,
    expired: u64,
    databases: BTreeMap<String, DatabaseJson>,
    functions: u64,
    libraries: Vec<String>,
    aux: Vec<[Text; 2]>,
    needs: NeedsJson<'r>,
    findings: Vec<FindingJson<'r>>,
    finding_counts: BTreeMap<&'static str, u64>,
    policy: Option<&'r [Violation]>,
    error: Option<String>,
}

#[derive(Serialize)]
struct Format {
    magic: String,
    version: u32,
}

#[derive(Serialize)]
pub(super) struct ServerJson {
    product: String,
    version: String,
}

#[derive(Serialize)]
struct DatabaseJson {
    keys: u64,
    expires: u64,
    expired: u64,
    empty: u64,
    types: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct NeedsJson<'r> {
    redis: Option<String>,
    valkey: Option<String>,
    databases: u64,
    modules: &'r BTreeMap<String, u64>,
}

#[derive(Serialize)]
struct FindingJson<'r> {
    code: &'static str,
    severity: &'static str,
    offset: u64,
    db: Option<u64>,
    key: Option<Text>,
    message: &'r str,
}

/// Bytes that are usually text: a string, or `{"base64": "..."}`.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Text {
    /// What is UTF-8.
    Utf8(String),
    /// All else.
    Bytes {
        /// The bytes.
        base64: String,
    },
}

impl From<&[u8]> for Text {
    /// Data of a file, or what stands for them.
    fn from(bytes: &[u8]) -> Text {
        redact::hidden(bytes).map_or_else(|| Text::plain(bytes), Text::Utf8)
    }
}

impl Text {
    /// What is no data: the name of a file.
    pub fn plain(bytes: &[u8]) -> Text {
        match std::str::from_utf8(bytes) {
            Ok(text) => Text::Utf8(text.to_owned()),
            Err(_) => Text::Bytes {
                base64: BASE64_STANDARD.encode(bytes),
            },
        }
    }
}

impl Text {
    /// The name of a command: one that servers know is no data.
    pub fn command(name: &[u8]) -> Text {
        match lookup(name) {
            Some(_) => Text::plain(name),
            None => Text::from(name),
        }
    }

    /// The name and the arguments of a command.
    pub fn words(command: &Command<'_>) -> Vec<Text> {
        let mut args = command.args();
        let name = args.next().map(Text::command);
        name.into_iter().chain(args.map(Text::from)).collect()
    }
}

/// AUX fields, name and value.
pub fn aux(fields: &[(Vec<u8>, Vec<u8>)]) -> Vec<[Text; 2]> {
    let text = |(name, value): &(Vec<u8>, Vec<u8>)| match of_file(name, value) {
        true => [Text::plain(name), Text::plain(value)],
        false => [Text::from(&name[..]), Text::from(&value[..])],
    };
    fields.iter().map(text).collect()
}

/// A path as text: what is UTF-8 stays what it is, and a byte that is none of it
/// becomes `\xff`, as where it is printed. Not an object, as other bytes are: a
/// script that joins paths gets a string always.
pub fn path_text(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(redact::plain(chunk.invalid()).map(char::from));
    }
    text
}

/// Writes a report as one line.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    report: &Report,
    wrapping: &Wrapping,
    policy: Option<&[Violation]>,
) -> io::Result<()> {
    let mut json = rdb(path, report, wrapping);
    json.policy = policy;
    line(out, &json)
}

fn rdb<'r>(path: &Path, report: &'r Report, wrapping: &Wrapping) -> Json<'r> {
    let failed = report.failure.is_some() || wrapping.damage.is_some();
    let total = report.total();
    let mut databases: BTreeMap<String, DatabaseJson> = report
        .databases
        .iter()
        .map(|(n, db)| (n.to_string(), database(db)))
        .collect();
    if report.other_databases != Database::default() {
        databases.insert("others".to_owned(), database(&report.other_databases));
    }
    Json {
        schema: SCHEMA,
        path: path_text(path),
        kind: "rdb",
        compression: wrapping.json(),
        format: report.format.map(|(dialect, version)| Format {
            magic: dialect.to_string(),
            version,
        }),
        verdict: (!failed).then(|| report.verdict().name()),
        server: report.server.map(server),
        bytes: report.bytes,
        checksum: checksum(report.checksum),
        keys: total.keys,
        expires: total.expires,
        expired: total.expired,
        databases,
        functions: report.functions,
        libraries: libraries(report),
        aux: aux(&report.aux),
        needs: NeedsJson {
            redis: report.needs.redis.map(version),
            valkey: report.needs.valkey.map(version),
            databases: report.needs.databases,
            modules: &report.needs.modules,
        },
        findings: report.findings.iter().map(finding).collect(),
        finding_counts: report
            .totals
            .iter()
            .map(|(code, n)| (code.name(), *n))
            .collect(),
        policy: None,
        error: (report.failure.as_ref().map(ToString::to_string)).or(wrapping.damage.clone()),
    }
}

/// Writes an input that could not be read at all as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, path: &Path, why: &str) -> io::Result<()> {
    let json = serde_json::json!({
        "schema": SCHEMA,
        "path": path_text(path),
        "verdict": null,
        "error": why,
    });
    line(out, &json)
}

/// Writes one object as one line.
///
/// # Errors
///
/// Of writing.
pub fn line(out: &mut dyn Write, json: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, json)?;
    out.write_all(b"\n")
}

fn version(server: Server) -> String {
    format!("{}.{}", server.major, server.minor)
}

pub(super) fn server(server: Server) -> ServerJson {
    ServerJson {
        product: server.product.to_string(),
        version: version(server),
    }
}

pub(super) fn checksum(state: ChecksumState) -> &'static str {
    match state {
        ChecksumState::NotReached => "not-reached",
        ChecksumState::Absent => "absent",
        ChecksumState::Off => "off",
        ChecksumState::Matches => "ok",
        ChecksumState::Differs => "differs",
    }
}

fn database(db: &Database) -> DatabaseJson {
    let types = ObjectKind::ALL
        .iter()
        .map(|k| (k.name(), db.of(*k)))
        .filter(|(_, n)| *n > 0);
    DatabaseJson {
        keys: db.keys,
        expires: db.expires,
        expired: db.expired,
        empty: db.empty,
        types: types.collect(),
    }
}

fn finding(f: &Finding) -> FindingJson<'_> {
    FindingJson {
        code: f.code.name(),
        severity: f.severity.name(),
        offset: f.offset,
        db: f.db,
        key: f.key.as_deref().map(Text::from),
        message: &f.message,
    }
}
