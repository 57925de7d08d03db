//! Keys, one a line.

use std::io::{self, Write};

use jiff::Timestamp;
use rdbkit_aof::quoted;
use rdbkit_rdb::{Dialect, KeyHead, KeyMeta, ValueType};
use serde::Serialize;

use super::json::{self, SCHEMA, Text};

/// A time in Unix milliseconds as RFC 3339; one that no calendar reaches as a
/// number.
#[must_use]
pub fn time(ms: i64) -> String {
    match Timestamp::from_millisecond(ms) {
        Ok(time) => time.to_string(),
        Err(_) => format!("@{ms}ms"),
    }
}

/// The name of an encoding.
#[must_use]
pub fn encoding(kind: ValueType, dialect: Dialect) -> &'static str {
    kind.name(dialect).unwrap_or("unknown")
}

/// The key's name.
///
/// # Errors
///
/// Of writing.
pub fn name(out: &mut dyn Write, head: &KeyHead) -> io::Result<()> {
    writeln!(out, "{}", quoted(head.key()))
}

/// What the columns of [`long`] are.
///
/// # Errors
///
/// Of writing.
pub fn heading(out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{:>2} {:<6} {:<16} {:>10} {:>9} {:<24} {:>9} key",
        "db", "type", "encoding", "bytes", "elements", "expires", "use"
    )
}

/// All that is known of a key, in columns.
///
/// # Errors
///
/// Of writing.
pub fn long(out: &mut dyn Write, head: &KeyHead) -> io::Result<()> {
    let kind = head.object().map_or("?", |kind| kind.name());
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    writeln!(
        out,
        "{:>2} {kind:<6} {:<16} {:>10} {:>9} {:<24} {:>9} {}",
        head.db,
        encoding(head.kind, head.dialect),
        head.size,
        or_none(head.elements.map(|n| n.to_string())),
        or_none(head.meta.expire_ms.map(time)),
        or_none(usage(&head.meta)),
        quoted(head.key())
    )
}

/// `i3600` for idle seconds, `f5` for a use counter.
fn usage(meta: &KeyMeta) -> Option<String> {
    let idle = meta.idle.map(|idle| format!("i{idle}"));
    idle.or_else(|| meta.freq.map(|freq| format!("f{freq}")))
}

#[derive(Serialize)]
struct KeyJson {
    schema: u32,
    db: u64,
    key: Text,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    encoding: &'static str,
    bytes: u64,
    elements: Option<u64>,
    expire_ms: Option<i64>,
    expires: Option<String>,
    idle: Option<u64>,
    freq: Option<u8>,
    offset: u64,
}

/// The same as one line of JSON.
///
/// # Errors
///
/// Of writing.
pub fn json(out: &mut dyn Write, head: &KeyHead) -> io::Result<()> {
    let json = KeyJson {
        schema: SCHEMA,
        db: head.db,
        key: Text::from(head.key()),
        kind: head.object().map(|kind| kind.name()),
        encoding: encoding(head.kind, head.dialect),
        bytes: head.size,
        elements: head.elements,
        expire_ms: head.meta.expire_ms,
        expires: head.meta.expire_ms.map(time),
        idle: head.meta.idle,
        freq: head.meta.freq,
        offset: head.offset,
    };
    json::line(out, &json)
}
