//! A record told in the words of the truth, and compared with it.

use rdbkit_rdb::{
    ArrayElement, Elements, Fields, ModuleItem, Record, Scratch, StreamItem, StreamValue, Value,
    score,
};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::fixture::Json;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Byte strings of more than this are told by length and hash.
const LONG: usize = 4096;

/// A byte string: code points 0 to 255, or length and hash.
pub fn bytes(bytes: &[u8]) -> Json {
    if bytes.len() > LONG {
        let hash = Sha256::digest(bytes);
        let hex: String = hash.iter().map(|b| format!("{b:02x}")).collect();
        return json!({"$len": bytes.len(), "$sha256": hex});
    }
    bytes
        .iter()
        .copied()
        .map(char::from)
        .collect::<String>()
        .into()
}

/// The beginning of a byte string, for messages.
pub fn short(text: &Json) -> String {
    text.to_string().chars().take(60).collect()
}

pub fn array(json: &Json) -> Result<&Vec<Json>> {
    json.as_array()
        .ok_or_else(|| format!("no list: {}", short(json)).into())
}

/// Equality, with the first place that differs.
pub fn same(at: &str, found: &Json, said: &Json) -> Result<()> {
    if found == said {
        return Ok(());
    }
    if let (Some(a), Some(b)) = (found.as_array(), said.as_array()) {
        for (index, (a, b)) in a.iter().zip(b).enumerate() {
            same(&format!("{at}[{index}]"), a, b)?;
        }
        return Err(format!("{at} has {} elements, said {}", a.len(), b.len()).into());
    }
    if let (Some(a), Some(b)) = (found.as_object(), said.as_object()) {
        for name in a.keys().chain(b.keys()) {
            same(&format!("{at}.{name}"), &found[name], &said[name])?;
        }
    }
    Err(format!("{at} is {}, said {}", short(found), short(said)).into())
}

/// Compares the value of `record` with what the server `said` of it.
pub fn tell(record: &Record<'_>, saved_at: i64, said: &Json) -> Result<()> {
    let found = match record.value()? {
        Value::String(text) => bytes(text.bytes(&mut Scratch::default())?),
        Value::List(list) => elements(list)?.iter().map(|e| bytes(e)).collect(),
        Value::Set(set) => {
            let mut members = elements(set)?;
            members.sort();
            members.iter().map(|e| bytes(e)).collect()
        }
        Value::Zset(mut zset) => {
            let mut members = Vec::new();
            while let Some((member, score)) = zset.next()? {
                members.push((score, member.to_vec()));
            }
            members.sort_by(|(s, m), (t, n)| s.partial_cmp(t).expect("no NaN").then(m.cmp(n)));
            let found = members.iter().map(|(s, m)| json!([bytes(m), s.to_bits()]));
            return same("value", &found.collect(), &scores(said)?);
        }
        Value::Hash(fields) => hash(fields, saved_at)?,
        Value::Stream(stream) => return tell_stream(stream, said),
        Value::Module(mut module) => {
            let (name, version) = (module.id().name(), module.id().encoding_version());
            let mut items = Vec::new();
            while let Some(item) = module.next()? {
                items.push(match item {
                    ModuleItem::Signed(n) => json!(["sint", n.to_string()]),
                    ModuleItem::Unsigned(n) => json!(["uint", n.to_string()]),
                    ModuleItem::Float(x) => json!(["float", x.to_string()]),
                    ModuleItem::Double(x) => json!(["double", x.to_string()]),
                    ModuleItem::String(text) => json!(["string", bytes(text)]),
                });
            }
            json!({"module": name, "version": version, "items": items})
        }
        Value::Array(mut array) => {
            let insert_at = array.insert_at().map(|at| at.to_string());
            let mut items = Vec::new();
            while let Some(item) = array.next()? {
                let value = match item.value {
                    ArrayElement::Bytes(text) => json!(["string", bytes(text)]),
                    ArrayElement::Int(n) => json!(["integer", n.to_string()]),
                    ArrayElement::Float(x) => json!(["float", x.to_string()]),
                };
                items.push((
                    item.index,
                    json!([item.index.to_string(), value[0], value[1]]),
                ));
            }
            // The truth is in ascending order; a file may have any.
            items.sort_by_key(|(index, _)| *index);
            let items: Vec<Json> = items.into_iter().map(|(_, item)| item).collect();
            // Where a string was kept short is nothing a client sees.
            let mut said = said.clone();
            for item in said["items"].as_array_mut().ok_or("no items")? {
                if item[1] == "small" {
                    item[1] = "string".into();
                }
            }
            let found = json!({"insert_index": insert_at, "items": items});
            return same("value", &found, &said);
        }
        Value::Gcra(time) => json!(time.to_string()),
        other => return Err(format!("nothing known of {other:?}").into()),
    };
    same("value", &found, said)
}

fn elements(mut elements: Elements<'_>) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    while let Some(element) = elements.next()? {
        found.push(element.to_vec());
    }
    Ok(found)
}

/// The truth's scores as the bits of the doubles: servers print 17 digits.
fn scores(said: &Json) -> Result<Json> {
    let mut scores = Vec::new();
    for pair in array(said)? {
        let text = pair[1].as_str().ok_or("no score")?;
        let score = score::scan(text.as_bytes()).ok_or("score is no number")?;
        scores.push(json!([pair[0], score.to_bits()]));
    }
    Ok(scores.into())
}

/// The fields that were not past when the file was saved: those are in it, but
/// no command shows them.
pub fn hash(mut hash: Fields<'_>, saved_at: i64) -> Result<Json> {
    let mut fields = Vec::new();
    while let Some(field) = hash.next()? {
        if field.expire_ms.is_none_or(|t| t > saved_at) {
            let path = field.path.map(<[u8]>::to_vec);
            let (name, value) = (field.field.to_vec(), bytes(field.value));
            fields.push((path, name, value, field.expire_ms));
        }
    }
    fields.sort_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
    Ok(match fields.first().is_some_and(|f| f.0.is_some()) {
        true => by_path(fields),
        false => fields
            .iter()
            .map(|f| json!([bytes(&f.1), f.2, f.3]))
            .collect(),
    })
}

/// Makes sure that a value has no elements.
pub fn is_empty(record: &Record<'_>) -> Result<()> {
    let element = match record.value()? {
        Value::List(mut list) => list.next()?.is_some(),
        Value::Set(mut set) => set.next()?.is_some(),
        Value::Zset(mut zset) => zset.next()?.is_some(),
        Value::Hash(mut hash) => hash.next()?.is_some(),
        other => return Err(format!("cannot be empty: {other:?}").into()),
    };
    match element {
        true => Err("is not empty".into()),
        false => Ok(()),
    }
}

type FieldRow = (Option<Vec<u8>>, Vec<u8>, Json, Option<i64>);

fn by_path(fields: Vec<FieldRow>) -> Json {
    let mut paths: Vec<(Vec<u8>, Vec<Json>)> = Vec::new();
    for (path, name, value, _) in fields {
        let path = path.unwrap_or_default();
        if paths.last().is_none_or(|(last, _)| *last != path) {
            paths.push((path, Vec::new()));
        }
        if let Some((_, fields)) = paths.last_mut() {
            fields.push(json!([bytes(&name), value]));
        }
    }
    paths
        .iter()
        .map(|(path, fields)| json!([bytes(path), fields]))
        .collect()
}

/// Compares a stream by as much as the server told.
fn tell_stream(mut stream: StreamValue<'_>, said: &Json) -> Result<()> {
    let groups = stream.clone().into_groups()?;
    let mut entries = Vec::new();
    let mut found = json!({});
    let mut idmp = json!({});
    let mut producers: Vec<Json> = Vec::new();
    while let Some(item) = stream.next()? {
        match item {
            StreamItem::Entry { id, fields, .. } => {
                let mut texts = Vec::new();
                for (field, value) in fields {
                    let mut digits = [0; 20];
                    texts.push(bytes(field.text(&mut digits)));
                    texts.push(bytes(value.text(&mut digits)));
                }
                entries.push(json!([id.to_string(), texts]));
            }
            StreamItem::Numbers(numbers) => {
                found["length"] = numbers.length.into();
                found["last_id"] = numbers.last.to_string().into();
                found["first_id"] = numbers.first.to_string().into();
                found["max_deleted_id"] = numbers.max_deleted.to_string().into();
                found["entries_added"] = numbers.entries_added.into();
            }
            StreamItem::Idempotence {
                duration,
                max_entries,
                ..
            } => {
                idmp["duration_s"] = duration.into();
                idmp["max_entries"] = max_entries.into();
            }
            StreamItem::Producer { name, .. } => {
                producers.push(json!({"id": bytes(name), "iids": []}));
            }
            StreamItem::ProducerEntry { id, entry } => {
                if let Some(ids) = producers.last_mut().and_then(|p| p["iids"].as_array_mut()) {
                    ids.push(json!([bytes(id), entry.to_string()]));
                }
            }
            StreamItem::IdempotenceTotals { added, duplicates } => {
                idmp["iids_added"] = added.into();
                idmp["iids_duplicates"] = duplicates.into();
            }
            _ => {}
        }
    }
    idmp["producers"] = producers.into();
    found["idmp"] = idmp;
    found["entries"] = entries.into();
    for (name, said) in said.as_object().ok_or("no stream")? {
        if name != "groups" {
            same(name, &found[name], said)?;
        }
    }
    let mut groups: Vec<_> = groups.iter().collect();
    groups.sort_by(|a, b| a.name.cmp(&b.name));
    let said = array(&said["groups"])?;
    if groups.len() != said.len() {
        return Err(format!("{} groups, said {}", groups.len(), said.len()).into());
    }
    for (group, said) in groups.iter().zip(said) {
        tell_group(group, said)?;
    }
    Ok(())
}

fn tell_group(group: &rdbkit_rdb::StreamGroup, said: &Json) -> Result<()> {
    let name = |owner: Option<usize>| match owner.and_then(|at| group.consumers.get(at)) {
        Some(consumer) => bytes(&consumer.name),
        None => bytes(b""),
    };
    let mut consumers: Vec<_> = group.consumers.iter().enumerate().collect();
    consumers.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    let consumers: Vec<Json> = consumers
        .iter()
        .map(|(at, consumer)| {
            let owned = group.pending.iter().filter(|p| p.owner == Some(*at));
            let owned: Vec<String> = owned.map(|p| p.id.to_string()).collect();
            json!({
                "name": bytes(&consumer.name), "pending": owned,
                "seen_time": consumer.seen_ms, "active_time": consumer.active_ms.unwrap_or(-1),
            })
        })
        .collect();
    let nacks: Vec<String> = group.nacked.iter().map(|id| id.to_string()).collect();
    let found = json!({
        "name": bytes(&group.name), "last_id": group.last.to_string(),
        "entries_read": group.entries_read, "nacks": nacks,
    });
    let said_consumers = array(&said["consumers"])?;
    if consumers.len() != said_consumers.len() {
        return Err(format!(
            "{} consumers, said {}",
            consumers.len(),
            said_consumers.len()
        )
        .into());
    }
    for (found, said) in consumers.iter().zip(said_consumers) {
        for (name, said) in said.as_object().ok_or("no consumer")? {
            same(&format!("consumer.{name}"), &found[name], said)?;
        }
    }
    let said_pel = array(&said["pel"])?;
    if group.pending.len() != said_pel.len() {
        return Err(format!("{} pending, said {}", group.pending.len(), said_pel.len()).into());
    }
    for (pending, said) in group.pending.iter().zip(said_pel) {
        // Servers before 6.0 do not tell when.
        let when = match &said[2] {
            Json::Null => Json::Null,
            _ => pending.delivered_ms.into(),
        };
        let (id, owner) = (pending.id.to_string(), name(pending.owner));
        same("pel", &json!([id, owner, when, pending.deliveries]), said)?;
    }
    for (name, said) in said.as_object().ok_or("no group")? {
        if !matches!(&name[..], "pel" | "consumers") {
            same(&format!("group.{name}"), &found[name], said)?;
        }
    }
    Ok(())
}
