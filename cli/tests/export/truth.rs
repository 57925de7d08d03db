//! Exported values against what servers said of the same keys, byte for byte.

use std::collections::BTreeMap;
use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::{export, fixture, forms, schema};

type Result<T> = std::result::Result<T, String>;

/// The bytes of a text of an export.
pub fn bytes(text: &Json) -> Vec<u8> {
    match text {
        Json::String(text) => text.clone().into_bytes(),
        Json::Object(object) => {
            let base64 = object["base64"].as_str().unwrap();
            BASE64_STANDARD.decode(base64).unwrap()
        }
        other => panic!("{other} is no text"),
    }
}

/// Bytes in the words of the truth: code points 0 to 255, or length and hash.
fn told(bytes: &[u8]) -> Json {
    if bytes.len() > 4096 {
        let hash = Sha256::digest(bytes);
        let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        return json!({"$len": bytes.len(), "$sha256": hex});
    }
    let latin: String = bytes.iter().copied().map(char::from).collect();
    latin.into()
}

fn text(json: &Json) -> Json {
    told(&bytes(json))
}

pub fn list(json: &Json) -> &Vec<Json> {
    json.as_array()
        .unwrap_or_else(|| panic!("{json} is no list"))
}

fn score(json: &Json) -> u64 {
    let score = match json {
        Json::String(text) => text.parse().unwrap(),
        number => number.as_f64().unwrap(),
    };
    f64::to_bits(score)
}

/// Exported value and truth in the same words.
fn both(key: &Json, said: &Json, saved_at: i64) -> (Json, Json) {
    let value = &key["value"];
    let found = match key["type"].as_str().unwrap_or_default() {
        "string" => text(value),
        "list" => list(value).iter().map(text).collect(),
        "set" => {
            let mut members: Vec<_> = list(value).iter().map(bytes).collect();
            members.sort();
            members.iter().map(|m| told(m)).collect()
        }
        "zset" => return both_scored(value, said),
        "hash" => return (hash(value, saved_at), said.clone()),
        "stream" => stream(value, said),
        "module" => {
            let items = list(&value["items"]).iter().map(|item| {
                let (kind, item) = item.as_object().unwrap().iter().next().unwrap();
                match &kind[..] {
                    "signed" => json!(["sint", item.to_string()]),
                    "unsigned" => json!(["uint", item.to_string()]),
                    "float" => json!(["float", (item.as_f64().unwrap() as f32).to_string()]),
                    "double" => json!(["double", item.as_f64().unwrap().to_string()]),
                    _ => json!(["string", text(item)]),
                }
            });
            let items: Json = items.collect();
            json!({"module": value["module"], "version": value["encoding_version"], "items": items})
        }
        "array" => return both_arrays(value, said),
        "gcra" => json!(value.to_string()),
        other => panic!("no type: {other}"),
    };
    (found, said.clone())
}

fn both_scored(value: &Json, said: &Json) -> (Json, Json) {
    let mut found: Vec<_> = list(value)
        .iter()
        .map(|m| (bytes(&m["member"]), score(&m["score"])))
        .collect();
    found.sort_by(|(m, s), (n, t)| {
        let order = f64::from_bits(*s).partial_cmp(&f64::from_bits(*t));
        order.unwrap().then(m.cmp(n))
    });
    let found = found.iter().map(|(m, s)| json!([told(m), s])).collect();
    let said = list(said).iter().map(|pair| {
        let score = rdbkit_rdb::score::scan(pair[1].as_str().unwrap().as_bytes());
        json!([pair[0], score.unwrap().to_bits()])
    });
    (found, said.collect())
}

fn hash(value: &Json, saved_at: i64) -> Json {
    let mut fields: Vec<_> = list(value)
        .iter()
        // Those that were past when the file was saved are in it, but no command shows them.
        .filter(|f| f["expire_ms"].as_i64().is_none_or(|t| t > saved_at))
        .map(|f| {
            let path = f.get("path").map(bytes);
            (
                path,
                bytes(&f["field"]),
                text(&f["value"]),
                f["expire_ms"].clone(),
            )
        })
        .collect();
    fields.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    if fields.iter().all(|f| f.0.is_none()) {
        return fields
            .iter()
            .map(|f| json!([told(&f.1), f.2, f.3]))
            .collect();
    }
    let mut paths: BTreeMap<Vec<u8>, Vec<Json>> = BTreeMap::new();
    for (path, field, value, _) in fields {
        let of_path = paths.entry(path.unwrap()).or_default();
        of_path.push(json!([told(&field), value]));
    }
    paths
        .iter()
        .map(|(path, fields)| json!([told(path), fields]))
        .collect()
}

fn both_arrays(value: &Json, said: &Json) -> (Json, Json) {
    let mut items: Vec<_> = list(&value["items"])
        .iter()
        .map(|item| {
            let (kind, value) = ["string", "integer", "float"]
                .iter()
                .find_map(|kind| Some((*kind, item.get(*kind)?)))
                .unwrap();
            let value = match kind {
                "string" => text(value),
                "integer" => json!(value.to_string()),
                _ => json!(value.as_f64().unwrap().to_string()),
            };
            let index = item["index"].as_u64().unwrap();
            (index, json!([index.to_string(), kind, value]))
        })
        .collect();
    items.sort_by_key(|(index, _)| *index);
    let items: Json = items.into_iter().map(|(_, item)| item).collect();
    let insert_at = value["insert_at"].as_u64().map(|at| at.to_string());
    // Where a string was kept short is nothing a client sees.
    let mut said = said.clone();
    for item in said["items"].as_array_mut().unwrap() {
        if item[1] == "small" {
            item[1] = "string".into();
        }
    }
    (json!({"insert_index": insert_at, "items": items}), said)
}

/// As much of a stream as the server told.
fn stream(value: &Json, said: &Json) -> Json {
    let entries = list(&value["entries"]).iter().map(|entry| {
        let texts = list(&entry["fields"])
            .iter()
            .flat_map(|pair| [text(&pair[0]), text(&pair[1])]);
        let texts: Json = texts.collect();
        json!([entry["id"], texts])
    });
    let mut producers: Vec<Json> = Vec::new();
    for producer in value["producers"].as_array().unwrap_or(&Vec::new()) {
        let ids = list(&producer["ids"])
            .iter()
            .map(|id| json!([text(&id["id"]), id["entry"]]));
        let ids: Json = ids.collect();
        producers.push(json!({"id": text(&producer["name"]), "iids": ids}));
    }
    let mut groups: Vec<_> = list(&value["groups"]).iter().collect();
    groups.sort_by_key(|g| bytes(&g["name"]));
    let groups: Vec<Json> = groups
        .iter()
        .enumerate()
        .map(|(n, group_json)| group(group_json, &said["groups"][n]))
        .collect();
    let mut found = json!({
        "length": value["length"], "last_id": value["last_id"], "first_id": value["first_id"],
        "max_deleted_id": value["max_deleted_id"], "entries_added": value["entries_added"],
        "entries": entries.collect::<Json>(), "groups": groups,
        "idmp": {
            "duration_s": value["idempotence_seconds"],
            "max_entries": value["idempotence_entries"],
            "iids_added": value["ids_added"], "iids_duplicates": value["ids_seen_again"],
            "producers": producers,
        },
    });
    keep_told(&mut found, said);
    found
}

fn group(group: &Json, said: &Json) -> Json {
    let owner = |p: &Json| match &p["consumer"] {
        Json::Null => told(b""),
        name => text(name),
    };
    let mut consumers: Vec<_> = list(&group["consumers"]).iter().collect();
    consumers.sort_by_key(|c| bytes(&c["name"]));
    let consumers: Vec<Json> = consumers
        .iter()
        .enumerate()
        .map(|(n, consumer)| {
            let name = text(&consumer["name"]);
            let owned = list(&group["pending"]).iter();
            let owned = owned.filter(|p| owner(p) == name).map(|p| p["id"].clone());
            let active = consumer["active_ms"].as_i64().unwrap_or(-1);
            let mut found = json!({
                "name": name, "pending": owned.collect::<Json>(),
                "seen_time": consumer["seen_ms"], "active_time": active,
            });
            keep_told(&mut found, &said["consumers"][n]);
            found
        })
        .collect();
    let pending = list(&group["pending"]).iter().enumerate().map(|(n, p)| {
        // Servers before 6.0 do not tell when.
        let when = match &said["pel"][n][2] {
            Json::Null => Json::Null,
            _ => p["delivered_ms"].clone(),
        };
        json!([p["id"], owner(p), when, p["deliveries"]])
    });
    let mut found = json!({
        "name": text(&group["name"]), "last_id": group["last_id"],
        "entries_read": group["entries_read"], "nacks": group["nacked"],
        "consumers": consumers, "pel": pending.collect::<Json>(),
    });
    keep_told(&mut found, said);
    found
}

/// Leaves out what the truth does not speak of.
fn keep_told(found: &mut Json, said: &Json) {
    let found = found.as_object_mut().unwrap();
    found.retain(|name, _| said.get(name).is_some());
}

fn name_of(key: &Json) -> Json {
    text(&key["key"])
}

fn compare_key(key: &Json, said: &Json, truth: &Json) -> Result<()> {
    let saved_at = truth["saved_at_ms"].as_i64().unwrap_or(0);
    let kind = match said["type"].as_str() {
        Some("pathhash") => "hash",
        Some(kind) => kind,
        None => "none",
    };
    if key["type"] != kind {
        return Err(format!("type {}, said {kind}", key["type"]));
    }
    let exact = truth.get("inexact_expiries").is_none();
    let (a, b) = (key["expire_ms"].as_i64(), said["pexpireat"].as_i64());
    let close = match (a, b) {
        (Some(a), Some(b)) if !exact => a.abs_diff(b) <= 2000,
        (a, b) => a == b,
    };
    if !close {
        return Err(format!("expires {a:?}, said {b:?}"));
    }
    let (found, wanted) = both(key, &said["value"], saved_at);
    if found != wanted {
        let short = |json: &Json| json.to_string().chars().take(300).collect::<String>();
        return Err(format!("is {}, said {}", short(&found), short(&wanted)));
    }
    Ok(())
}

fn compare(fixture: &fixture::Fixture, schema: &Json) -> Result<u64> {
    let truth = fixture.truth();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&fixture.rdb()).unwrap();
    let outcome = export(file.path(), &[]);
    if fixture.is_unreadable(&truth) {
        return match outcome.code {
            0 => Err("it was read".to_owned()),
            _ => Ok(0),
        };
    }
    // No snapshot: commands among its keys change them.
    if fixture.is_replication_stream() {
        return match (outcome.code, outcome.said.contains("a replicated command")) {
            (2, true) => Ok(0),
            _ => Err(outcome.said),
        };
    }
    // What stands beside values has no words here, and that is told.
    let beside = [
        "handmade/module-aux",
        "handmade/redis0013-key-meta",
        "handmade/valkey080-slot-import",
    ];
    let left_out = beside.contains(&&*fixture.name);
    if outcome.code != i32::from(left_out) || outcome.said.contains("left out") != left_out {
        return Err(format!("exit {}: {}", outcome.code, outcome.said));
    }
    let csv = export(file.path(), &["--format", "csv"]);
    forms::compare_csv(&csv, &outcome)?;
    let document = export(file.path(), &["--format", "json"]);
    forms::compare_document(&document, &outcome, &truth)?;
    let mut keys: BTreeMap<(u64, String), Json> = BTreeMap::new();
    for key in outcome.lines() {
        if let Some(fault) = schema::fault(schema, schema, &key) {
            return Err(fault);
        }
        let at = (key["db"].as_u64().unwrap(), name_of(&key).to_string());
        if let Some(twice) = keys.insert(at, key) {
            return Err(format!("{twice} twice"));
        }
    }
    let mut compared = 0;
    for (db, said) in truth["dbs"].as_object().unwrap() {
        for said in list(&said["keys"]) {
            let at = (db.parse().unwrap(), said["key"].to_string());
            let key = keys
                .remove(&at)
                .ok_or_else(|| format!("{at:?} is not there"))?;
            compare_key(&key, said, &truth).map_err(|why| format!("{at:?}: {why}"))?;
            compared += 1;
        }
    }
    // What is left was past, or empty, when the server was asked.
    let none = Vec::new();
    let of = |name: &str| truth.get(name).and_then(Json::as_array).unwrap_or(&none);
    for ((db, _), key) in keys {
        let name = name_of(&key);
        if of("skipped_empty").contains(&name) {
            continue;
        }
        let hidden = of("hidden")
            .iter()
            .find(|said| said["db"] == db && said["key"] == name);
        let said = hidden.ok_or_else(|| format!("db {db} {name} is not in the truth"))?;
        compare_key(&key, said, &truth).map_err(|why| format!("hidden {name}: {why}"))?;
        compared += 1;
    }
    Ok(compared)
}

#[test]
fn every_exported_value_is_as_the_server_said() {
    let schema = crate::program::schema();
    let fixtures = fixture::all();
    let (mut failed, mut compared) = (Vec::new(), 0);
    for fixture in &fixtures {
        match compare(fixture, &schema) {
            Ok(keys) => compared += keys,
            Err(why) => failed.push(format!("{}: {why}", fixture.name)),
        }
    }
    println!("{} files, {compared} keys", fixtures.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(compared > 1000, "only {compared} keys");
}
