//! Differences as JSON; the schema stands in `docs/diff.schema.json`.

use std::io::{self, Write};
use std::path::Path;

use rdbkit_rdb::diff::{
    Change, Count, Delta, Difference, EntryFields, FileSummary, KeyDifference, KeyState, Sequence,
    Summary, Tally, ValueDifference,
};
use rdbkit_rdb::redact;
use rdbkit_rdb::score::shortest;
use rdbkit_rdb::{ArrayElement, Dialect, ModuleItem};
use serde_json::{Value as Json, json};

use crate::render::json::{SCHEMA, Text, line, path_text};
use crate::render::keys::{encoding, time};

/// Bytes of a string around the first difference.
const EXCERPT: usize = 256;

/// Writes a difference as one line.
///
/// # Errors
///
/// Of writing.
pub fn difference(out: &mut dyn Write, difference: &Difference<'_>) -> io::Result<()> {
    let json = match difference {
        Difference::Key(key) => self::key(key),
        Difference::Duplicate(key) => json!({
            "schema": SCHEMA,
            "kind": "duplicate",
            "db": key.db,
            "key": text(&key.key),
            "old": key.old,
            "new": key.new,
            "alike": key.alike,
        }),
        Difference::Library(library) => json!({
            "schema": SCHEMA,
            "kind": "library",
            "change": library.change().name(),
            "name": text(&library.name),
            "old_bytes": library.old_bytes,
            "new_bytes": library.new_bytes,
        }),
        _ => json!({ "schema": SCHEMA, "kind": "module-data" }),
    };
    line(out, &json)
}

fn key(key: &KeyDifference<'_>) -> Json {
    let (value, parts, error) = match &key.value {
        ValueDifference::Same => ("same", Vec::new(), None),
        ValueDifference::Type => ("type", Vec::new(), None),
        ValueDifference::Parts(parts) => {
            ("parts", parts.deltas().map(|d| part(&d)).collect(), None)
        }
        ValueDifference::Unknown { side, error } => {
            ("unknown", Vec::new(), Some(format!("{side} file: {error}")))
        }
    };
    let both = key.change() == Change::Changed;
    json!({
        "schema": SCHEMA,
        "kind": "key",
        "change": key.change().name(),
        "db": key.db,
        "key": text(key.key),
        "type": key.object().map(|kind| kind.name()),
        "old": key.old.as_ref().map(state),
        "new": key.new.as_ref().map(state),
        "ttl": key.ttl,
        "metadata": key.metadata,
        "value": both.then_some(value),
        "parts": parts,
        "error": error,
    })
}

fn text(bytes: &[u8]) -> Json {
    json!(Text::from(bytes))
}

fn state(state: &KeyState) -> Json {
    json!({
        "type": state.object.map(|kind| kind.name()),
        "encoding": encoding(state.kind, state.dialect),
        "bytes": state.size,
        "expire_ms": state.expire_ms,
        "expires": state.expire_ms.map(time),
        "offset": state.offset,
    })
}

fn part(delta: &Delta<'_>) -> Json {
    let mut json = match delta {
        Delta::Text { old, new, at } => {
            let from = usize::try_from(*at).unwrap_or(0).saturating_sub(32);
            let cut = |all: &[u8]| {
                let rest = all.get(from..).unwrap_or_default();
                let excerpt = match redact::hidden(all) {
                    Some(_) => all,
                    None => rest.get(..EXCERPT).unwrap_or(rest),
                };
                json!({ "bytes": all.len(), "from": from, "excerpt": text(excerpt) })
            };
            json!({ "at": at, "old": cut(old), "new": cut(new) })
        }
        Delta::Splice(splice) => {
            let (old, new): (Vec<Json>, Vec<Json>) = match splice.of {
                Sequence::List => (
                    splice.old_elements().map(text).collect(),
                    splice.new_elements().map(text).collect(),
                ),
                Sequence::Module => (
                    splice.old_items().map(module_item).collect(),
                    splice.new_items().map(module_item).collect(),
                ),
            };
            json!({ "old_at": splice.old_at, "new_at": splice.new_at, "old": old, "new": new })
        }
        Delta::Member { member, .. } => json!({ "name": text(member) }),
        Delta::Score { member, old, new } => {
            json!({ "name": text(member), "old": old.map(number), "new": new.map(number) })
        }
        Delta::Field {
            path,
            field,
            old,
            new,
        } => {
            let state = |state: &rdbkit_rdb::diff::FieldState<'_>| json!({ "value": text(state.value), "expire_ms": state.expire_ms });
            let (old, new) = (old.as_ref().map(state), new.as_ref().map(state));
            json!({ "path": path.map(text), "name": text(field), "old": old, "new": new })
        }
        Delta::Index { index, old, new } => {
            let element = |element: &ArrayElement<'_>| match element {
                ArrayElement::Bytes(bytes) => text(bytes),
                ArrayElement::Int(n) => integer(*n),
                ArrayElement::Float(x) => number(*x),
            };
            let (old, new) = (old.as_ref().map(element), new.as_ref().map(element));
            json!({ "index": index, "old": old, "new": new })
        }
        Delta::InsertAt { old, new } | Delta::Number { old, new, .. } => {
            json!({ "old": old, "new": new })
        }
        Delta::Entry { id, old, new } => {
            let entry = |fields: &EntryFields<'_>| -> Vec<Json> {
                fields
                    .map(|(field, value)| json!([text(field), text(value)]))
                    .collect()
            };
            let (old, new) = (old.as_ref().map(entry), new.as_ref().map(entry));
            json!({ "id": id.to_string(), "old": old, "new": new })
        }
        Delta::Id { old, new, .. } => {
            json!({ "old": old.map(|id| id.to_string()), "new": new.map(|id| id.to_string()) })
        }
        Delta::Group { group, old, new } => {
            let state = |state: &rdbkit_rdb::diff::GroupState| json!({ "last_id": state.last.to_string(), "entries_read": state.entries_read });
            let (old, new) = (old.as_ref().map(state), new.as_ref().map(state));
            json!({ "group": text(group), "old": old, "new": new })
        }
        Delta::Consumer {
            group,
            consumer,
            old,
            new,
        } => {
            let state = |state: &rdbkit_rdb::diff::ConsumerState| json!({ "seen_ms": state.seen_ms, "active_ms": state.active_ms });
            let (old, new) = (old.as_ref().map(state), new.as_ref().map(state));
            json!({ "group": text(group), "name": text(consumer), "old": old, "new": new })
        }
        Delta::Pending {
            group,
            id,
            old,
            new,
        } => {
            let state = |state: &rdbkit_rdb::diff::PendingState<'_>| {
                json!({
                    "consumer": state.consumer.map(text),
                    "delivered_ms": state.delivered_ms,
                    "deliveries": state.deliveries,
                    "nacked": state.nacked,
                })
            };
            let (old, new) = (old.as_ref().map(state), new.as_ref().map(state));
            json!({ "group": text(group), "id": id.to_string(), "old": old, "new": new })
        }
        Delta::Produced {
            producer,
            id,
            old,
            new,
        } => {
            let (old, new) = (old.map(|id| id.to_string()), new.map(|id| id.to_string()));
            json!({ "name": text(producer), "id": text(id), "old": old, "new": new })
        }
        Delta::Module { old, new } => {
            let id = |id: &rdbkit_rdb::ModuleId| json!({ "module": id.name(), "encoding_version": id.encoding_version() });
            json!({ "old": id(old), "new": id(new) })
        }
        Delta::Time { old, new } => json!({ "old": old, "new": new }),
        _ => json!({}),
    };
    json["part"] = json!(delta.part());
    json["change"] = json!(delta.change().name());
    json
}

/// Writes what all of it comes to as one line.
///
/// # Errors
///
/// Of writing.
pub fn summary(
    out: &mut dyn Write,
    paths: [&Path; 2],
    summary: &Summary,
    tally: &Tally,
    notes: [&[String]; 2],
) -> io::Result<()> {
    let [old, new] = [
        (paths[0], &summary.old, notes[0]),
        (paths[1], &summary.new, notes[1]),
    ]
    .map(|(path, file, notes)| self::file(path, file, notes));
    let databases: serde_json::Map<String, Json> = tally
        .databases
        .iter()
        .map(|(db, n)| (db.to_string(), count(n)))
        .collect();
    let types: serde_json::Map<String, Json> = tally
        .types
        .iter()
        .map(|(name, n)| ((*name).to_owned(), count(n)))
        .collect();
    let prefixes: Vec<Json> = tally
        .prefixes
        .iter()
        .map(|(prefix, n)| json!({ "prefix": prefix.as_deref().map(text), "keys": count(n) }))
        .collect();
    let json = json!({
        "schema": SCHEMA,
        "kind": "summary",
        "same": summary.is_same(),
        "old": old,
        "new": new,
        "keys": {
            "same": summary.same,
            "added": summary.added,
            "removed": summary.removed,
            "changed": summary.changed,
            "ttl_changed": summary.ttl_changed,
            "type_changed": summary.type_changed,
            "unknown": summary.unknown,
            "duplicates": summary.duplicates,
            "duplicates_differ": summary.duplicates_differ,
        },
        "libraries": summary.libraries,
        "module_data": summary.module_data,
        "spilled_bytes": summary.spilled,
        "databases": databases,
        "types": types,
        "prefixes": prefixes,
        "more_prefixes": tally.more_prefixes,
        "error": null,
    });
    line(out, &json)
}

fn file(path: &Path, file: &FileSummary, notes: &[String]) -> Json {
    let magic = match file.dialect {
        Dialect::Redis => "REDIS",
        Dialect::Valkey => "VALKEY",
    };
    json!({
        "path": path_text(path),
        "magic": magic,
        "version": file.version,
        "keys": file.keys,
        "taken": file.taken,
        "notes": notes,
    })
}

fn count(n: &Count) -> Json {
    json!({
        "added": n.added,
        "removed": n.removed,
        "changed": n.changed,
        "ttl_changed": n.ttl_changed,
        "unknown": n.unknown,
    })
}

/// Writes that there is no answer, as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, old: &Path, new: &Path, why: &str) -> io::Result<()> {
    let path = |path: &Path| json!({ "path": path_text(path) });
    let json = json!({
        "schema": SCHEMA,
        "kind": "summary",
        "same": null,
        "old": path(old),
        "new": path(new),
        "error": why,
    });
    line(out, &json)
}

/// An integer that is a value, or a part of one; a string where it is hidden.
fn integer<N: ToString + serde::Serialize>(n: N) -> Json {
    match redact::hidden(n.to_string().as_bytes()) {
        Some(hidden) => json!(hidden),
        None => json!(n),
    }
}

/// JSON has no words for what is infinite.
fn number(x: f64) -> Json {
    match x.is_finite() {
        _ if redact::hidden(&[]).is_some() => {
            json!(redact::escaped(shortest(x).as_bytes()).to_string())
        }
        true => json!(x),
        false => json!(x.to_string()),
    }
}

/// An item of a module's value.
fn module_item(item: ModuleItem<'_>) -> Json {
    match item {
        ModuleItem::Signed(n) => integer(n),
        ModuleItem::Unsigned(n) => integer(n),
        ModuleItem::Float(x) => number(x.into()),
        ModuleItem::Double(x) => number(x),
        ModuleItem::String(bytes) => text(bytes),
    }
}
