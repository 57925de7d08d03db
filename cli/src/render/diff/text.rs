//! Differences for people: a line a key, or with all its parts.

use std::collections::BTreeMap;
use std::io::{self, Write};

use rdbkit_aof::quoted;
use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::diff::{
    Change, Count, Delta, Difference, KeyDifference, Summary, Tally, ValueChange, ValueDifference,
};

use super::parts;
use crate::render::keys::time;
use crate::render::table::Table;
use crate::render::text::{counted, grouped};

/// Prefixes that a summary shows.
const PREFIXES: usize = 20;

/// Writes a difference; with at most so many parts of a value below it.
///
/// # Errors
///
/// Of writing.
pub fn difference(
    out: &mut dyn Write,
    difference: &Difference<'_>,
    parts: Option<usize>,
) -> io::Result<()> {
    match difference {
        Difference::Key(key) => self::key(out, key, parts),
        Difference::Duplicate(key) => writeln!(
            out,
            "! db{} {:<7} {}  {} in OLD, {} in NEW{}",
            key.db,
            "?",
            quoted(&key.key),
            counted(key.old, "time", "times"),
            counted(key.new, "time", "times"),
            if key.alike { ", the same copies" } else { "" },
        ),
        Difference::Library(library) => {
            let bytes = |n: Option<u64>| n.map_or("none".to_owned(), |n| format!("{n} bytes"));
            writeln!(
                out,
                "{} function library {}  {} -> {}",
                sign(library.change()),
                quoted(&library.name),
                bytes(library.old_bytes),
                bytes(library.new_bytes)
            )
        }
        Difference::ModuleData => writeln!(out, "~ data of modules that belongs to no key"),
        _ => Ok(()),
    }
}

pub(super) fn sign(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed => '~',
    }
}

fn key(out: &mut dyn Write, key: &KeyDifference<'_>, max: Option<usize>) -> io::Result<()> {
    let sign = match key.value {
        ValueDifference::Unknown { .. } => '!',
        _ if key.only_ttl() => 't',
        _ => sign(key.change()),
    };
    let kind = |kind: Option<ObjectKind>| kind.map_or("?", |kind| kind.name());
    let (db, name) = (key.db, quoted(key.key));
    write!(out, "{sign} db{db} {:<7} {name}", kind(key.object()))?;
    match &key.value {
        ValueDifference::Same => {}
        ValueDifference::Type => {
            let object = |state: Option<rdbkit_rdb::diff::KeyState>| state.and_then(|s| s.object);
            write!(
                out,
                "  {} -> {}",
                kind(object(key.old)),
                kind(object(key.new))
            )?;
        }
        ValueDifference::Parts(parts) => write!(out, "  {}", stat(parts))?,
        ValueDifference::Unknown { side, error } => {
            write!(out, "  not compared: in the {side} file, {error}")?;
        }
    }
    if key.metadata {
        write!(out, "  metadata of modules")?;
    }
    if key.ttl {
        let expiry = |state: &Option<rdbkit_rdb::diff::KeyState>| {
            let ms = state.and_then(|state| state.expire_ms);
            ms.map_or("never".to_owned(), time)
        };
        write!(
            out,
            "  expires {} -> {}",
            expiry(&key.old),
            expiry(&key.new)
        )?;
    }
    writeln!(out)?;
    match (&key.value, max) {
        (ValueDifference::Parts(all), Some(max)) => self::parts(out, all, max),
        _ => Ok(()),
    }
}

/// How many parts differ: `2 fields changed, 1 added`.
fn stat(parts: &ValueChange) -> String {
    let mut counts: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for delta in parts.deltas() {
        match &delta {
            Delta::Text { old, new, at } => {
                return format!("{} -> {} bytes, from byte {at} on", old.len(), new.len());
            }
            Delta::Splice(splice) => {
                let count = counts.entry(delta.part()).or_default();
                count[0] += splice.new_len as u64;
                count[1] += splice.old_len as u64;
            }
            delta => {
                counts.entry(delta.part()).or_default()[delta.change() as usize] += 1;
            }
        }
    }
    let one = |(part, [added, removed, changed]): (&str, [u64; 3])| {
        let counts = [('+', added), ('-', removed), ('~', changed)];
        let counts = counts.iter().filter(|(_, n)| *n > 0);
        let counts: Vec<String> = counts
            .map(|(sign, n)| format!("{sign}{}", grouped(*n)))
            .collect();
        format!("{part} {}", counts.join(" "))
    };
    counts.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn parts(out: &mut dyn Write, all: &ValueChange, max: usize) -> io::Result<()> {
    let mut shown = 0;
    let mut left = 0u64;
    for delta in all.deltas() {
        if shown < max {
            shown += parts::text(out, &delta, max - shown)?;
        } else {
            left += 1;
        }
    }
    match left {
        0 => Ok(()),
        n => writeln!(out, "      ... and {} more", grouped(n)),
    }
}

/// Writes counts by database, type and prefix.
///
/// # Errors
///
/// Of writing.
pub fn tally(out: &mut dyn Write, tally: &Tally) -> io::Result<()> {
    let dbs = tally
        .databases
        .iter()
        .map(|(db, n)| (format!("db{db}"), *n));
    rows(out, "database", dbs.collect())?;
    let types = tally.types.iter().map(|(name, n)| ((*name).to_owned(), *n));
    rows(out, "type", types.collect())?;
    let name = |prefix: &Option<Vec<u8>>| match prefix {
        Some(prefix) => format!("{}*", quoted(prefix)),
        None if tally.more_prefixes => "(others)".to_owned(),
        None => "(none)".to_owned(),
    };
    let mut prefixes: Vec<_> = tally.prefixes.iter().map(|(p, n)| (name(p), *n)).collect();
    prefixes.sort_by_key(|(_, n)| std::cmp::Reverse(n.total()));
    let more = prefixes.len().saturating_sub(PREFIXES);
    prefixes.truncate(PREFIXES);
    rows(out, "prefix", prefixes)?;
    match more {
        0 => Ok(()),
        n => writeln!(out, "  ... and {n} more prefixes, with fewer"),
    }
}

fn rows(out: &mut dyn Write, title: &str, counts: Vec<(String, Count)>) -> io::Result<()> {
    if counts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new("lrrrrr");
    table.row([title, "added", "removed", "changed", "ttl", "unknown"]);
    for (name, n) in counts {
        let numbers = [n.added, n.removed, n.changed, n.ttl_changed, n.unknown].map(grouped);
        table.row(std::iter::once(name).chain(numbers));
    }
    table.write(out)
}

/// Writes the last line.
///
/// # Errors
///
/// Of writing.
pub fn summary(out: &mut dyn Write, summary: &Summary) -> io::Result<()> {
    let same = counted(summary.same, "key is", "keys are");
    if summary.is_same() {
        return writeln!(out, "no difference: {same} the same");
    }
    let parts = [
        (summary.added, "added"),
        (summary.removed, "removed"),
        (summary.changed, "changed"),
        (summary.ttl_changed, "with another expiry"),
        (summary.duplicates_differ, "duplicate"),
        (summary.unknown, "not compared"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n > 0);
    let mut parts: Vec<String> = parts
        .map(|(n, what)| format!("{} {what}", grouped(*n)))
        .collect();
    if summary.libraries > 0 {
        parts.push(counted(
            summary.libraries,
            "function library",
            "function libraries",
        ));
    }
    if summary.module_data {
        parts.push("data of modules".to_owned());
    }
    let (total, list) = (
        counted(summary.differing(), "key differs", "keys differ"),
        parts.join(", "),
    );
    writeln!(out, "{total}: {list}; {same} the same")
}
