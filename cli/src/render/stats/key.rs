//! Keys with their size in memory, one a line.

use std::io::{self, Write};

use rdbkit_aof::quoted;
use rdbkit_rdb::stats::KeyStats;
use serde::Serialize;

use crate::render::json::{self, SCHEMA, Text};

/// What the columns of [`row`] are.
///
/// # Errors
///
/// Of writing.
pub fn heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>12} {:>2} {:<6} {:<10} {:>10} key",
        "memory", "bytes", "db", "type", "encoding", "elements"
    )
}

/// All in columns.
///
/// # Errors
///
/// Of writing.
pub fn row(out: &mut dyn Write, key: &KeyStats<'_>) -> io::Result<()> {
    writeln!(
        out,
        "{:>12} {:>12} {:>2} {:<6} {:<10} {:>10} {}",
        key.memory.usage,
        key.size,
        key.db,
        key.object().map_or("?", |kind| kind.name()),
        key.encoding.map_or("?", |encoding| encoding.name()),
        key.elements
            .map_or_else(|| "-".to_owned(), |n| n.to_string()),
        quoted(key.key)
    )
}

#[derive(Serialize)]
struct KeyJson {
    schema: u32,
    kind: &'static str,
    db: u64,
    key: Text,
    #[serde(rename = "type")]
    object: Option<&'static str>,
    file_encoding: Option<&'static str>,
    encoding: Option<&'static str>,
    elements: Option<u64>,
    bytes: u64,
    memory: u64,
    allocated: u64,
}

/// The same as one line of JSON.
///
/// # Errors
///
/// Of writing.
pub fn json(out: &mut dyn Write, key: &KeyStats<'_>) -> io::Result<()> {
    let line = KeyJson {
        schema: SCHEMA,
        kind: "key",
        db: key.db,
        key: Text::from(key.key),
        object: key.object().map(|kind| kind.name()),
        file_encoding: key.kind.name(key.dialect),
        encoding: key.encoding.map(|encoding| encoding.name()),
        elements: key.elements,
        bytes: key.size,
        memory: key.memory.usage,
        allocated: key.memory.allocated,
    };
    json::line(out, &line)
}
