//! Values as JSON; the schema stands in `docs/keys.schema.json`.

use std::io::Write;

use rdbkit_rdb::{
    ArrayElement, ModuleItem, Record, Scratch, StreamGroup, StreamItem, StreamValue, Value,
};
use serde_json::{Map, Value as Json, json};

use super::{Shown, ValueError};
use crate::render::json::{SCHEMA, Text, line};
use crate::render::keys::{encoding, time};

/// Writes a key with its value as one line.
///
/// # Errors
///
/// Of writing, and where the value is damaged; then nothing is written.
pub fn key(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    let json = json!({
        "schema": SCHEMA,
        "db": record.db,
        "key": Text::from(&record.key.to_vec()?[..]),
        "type": record.object().map(|kind| kind.name()),
        "encoding": encoding(record.kind, record.dialect),
        "bytes": record.size(),
        "expire_ms": record.meta.expire_ms,
        "expires": record.meta.expire_ms.map(time),
        "idle": record.meta.idle,
        "freq": record.meta.freq,
        "value": value(record)?,
    });
    Ok(line(out, &json)?)
}

fn text(bytes: &[u8]) -> Json {
    json!(Text::from(bytes))
}

/// JSON has no words for what is infinite.
pub fn number(x: f64) -> Json {
    match x.is_finite() {
        true => json!(x),
        false => json!(x.to_string()),
    }
}

/// An item of a module's value.
pub fn module_item(item: ModuleItem<'_>) -> Json {
    match item {
        ModuleItem::Signed(n) => json!(n),
        ModuleItem::Unsigned(n) => json!(n),
        ModuleItem::Float(x) => number(x.into()),
        ModuleItem::Double(x) => number(x),
        ModuleItem::String(bytes) => text(bytes),
    }
}

fn value(record: &Record<'_>) -> Result<Json, ValueError> {
    let mut list = Vec::new();
    match record.value()? {
        Value::String(string) => return Ok(text(string.bytes(&mut Scratch::default())?)),
        Value::List(mut all) | Value::Set(mut all) => {
            while let Some(element) = all.next()? {
                list.push(text(element));
            }
        }
        Value::Zset(mut all) => {
            while let Some((member, score)) = all.next()? {
                list.push(json!({ "member": text(member), "score": number(score) }));
            }
        }
        Value::Hash(mut all) => {
            while let Some(field) = all.next()? {
                let mut json = Map::new();
                json.extend(field.path.map(|path| ("path".to_owned(), text(path))));
                json.insert("field".to_owned(), text(field.field));
                json.insert("value".to_owned(), text(field.value));
                json.insert("expire_ms".to_owned(), json!(field.expire_ms));
                list.push(json.into());
            }
        }
        Value::Stream(all) => {
            let mut json = stream(all)?;
            if let Value::Stream(again) = record.value()? {
                let groups: Vec<Json> = again.into_groups()?.iter().map(group).collect();
                json.insert("groups".to_owned(), groups.into());
            }
            return Ok(json.into());
        }
        Value::Module(mut all) => {
            let id = all.id();
            while let Some(item) = all.next()? {
                list.push(module_item(item));
            }
            let (module, version) = (id.name(), id.encoding_version());
            return Ok(json!({ "module": module, "encoding_version": version, "items": list }));
        }
        Value::Array(mut all) => {
            while let Some(item) = all.next()? {
                let value = match item.value {
                    ArrayElement::Bytes(bytes) => text(bytes),
                    ArrayElement::Int(n) => json!(n),
                    ArrayElement::Float(x) => number(x),
                };
                list.push(json!({ "index": item.index, "value": value }));
            }
        }
        Value::Gcra(time) => return Ok(json!(time)),
        _ => return Ok(Json::Null),
    }
    Ok(list.into())
}

fn stream(mut all: StreamValue<'_>) -> Result<Map<String, Json>, ValueError> {
    let (mut json, mut entries, mut producers) = (Map::new(), Vec::new(), Vec::<Json>::new());
    let mut set = |name: &str, value: Json| json.insert(name.to_owned(), value);
    while let Some(item) = all.next()? {
        match item {
            StreamItem::Entry { id, fields, .. } => {
                let fields = fields.map(|(field, value)| {
                    let (mut a, mut b) = ([0; 20], [0; 20]);
                    json!([text(field.text(&mut a)), text(value.text(&mut b))])
                });
                let fields: Vec<Json> = fields.collect();
                entries.push(json!({ "id": id.to_string(), "fields": fields }));
            }
            StreamItem::Numbers(n) => {
                set("length", json!(n.length));
                set("last_id", json!(n.last.to_string()));
                set("first_id", json!(n.first.to_string()));
                set("max_deleted_id", json!(n.max_deleted.to_string()));
                set("entries_added", json!(n.entries_added));
            }
            StreamItem::Idempotence {
                duration,
                max_entries,
                ..
            } => {
                set("idempotence_seconds", json!(duration));
                set("idempotence_entries", json!(max_entries));
            }
            StreamItem::Producer { name, .. } => {
                producers.push(json!({ "name": text(name), "ids": [] }));
            }
            StreamItem::ProducerEntry { id, entry } => {
                let ids = producers.last_mut().and_then(|p| p["ids"].as_array_mut());
                if let Some(ids) = ids {
                    ids.push(json!({ "id": text(id), "entry": entry.to_string() }));
                }
            }
            StreamItem::IdempotenceTotals { added, duplicates } => {
                set("ids_added", json!(added));
                set("ids_seen_again", json!(duplicates));
            }
            // Groups follow.
            _ => {}
        }
    }
    set("entries", entries.into());
    if !producers.is_empty() {
        set("producers", producers.into());
    }
    Ok(json)
}

fn group(group: &StreamGroup) -> Json {
    let consumers = group.consumers.iter().map(|consumer| {
        json!({
            "name": text(&consumer.name),
            "seen_ms": consumer.seen_ms,
            "active_ms": consumer.active_ms,
        })
    });
    let pending = group.pending.iter().map(|pending| {
        let owner = pending.owner.and_then(|at| group.consumers.get(at));
        json!({
            "id": pending.id.to_string(),
            "consumer": owner.map(|consumer| text(&consumer.name)),
            "delivered_ms": pending.delivered_ms,
            "deliveries": pending.deliveries,
        })
    });
    json!({
        "name": text(&group.name),
        "last_id": group.last.to_string(),
        "entries_read": group.entries_read,
        "nacked": group.nacked.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "consumers": consumers.collect::<Vec<_>>(),
        "pending": pending.collect::<Vec<_>>(),
    })
}
