//! Statistics, against what servers said of their keys.

use std::collections::HashMap;

use rdbkit_rdb::StreamReader;
use rdbkit_rdb::stats::{Options, Stats};

use crate::fixture::{Fixture, Json};
use crate::told::{Result, bytes};
use crate::{every_fixture, saved_at};

/// Cases that were made with default settings, as far as encodings go.
const DEFAULT: [&str; 7] = [
    "mini", "strings", "sets", "zsets", "hashes", "expires", "lists",
];

#[test]
fn types_elements_and_encodings_are_the_servers() {
    let encodings = std::cell::Cell::new(0);
    every_fixture(|fixture| {
        let truth = fixture.truth();
        if fixture.is_unreadable(&truth) || fixture.is_replication_stream() {
            return Ok(());
        }
        compare(fixture, &truth).map(|n| encodings.set(encodings.get() + n))
    });
    assert!(encodings.get() > 100, "{}", encodings.get());
}

/// Compares, and says how many encodings were told of.
fn compare(fixture: &Fixture, truth: &Json) -> Result<usize> {
    let (rdb, mut said) = (fixture.rdb(), HashMap::new());
    for (db, keys) in truth["dbs"].as_object().ok_or("no dbs")? {
        for key in keys["keys"].as_array().ok_or("no keys")? {
            said.insert((db.parse::<u64>()?, key["key"].to_string()), key);
        }
    }
    let asks_encoding = DEFAULT
        .iter()
        .any(|case| fixture.name.ends_with(&format!("/{case}")));
    let (mut compared, mut known) = (0, 0);
    let mut stats = Stats::new(Options::default());
    let mut reader = StreamReader::new(&rdb[..]);
    loop {
        let at = reader.offset();
        let Some(event) = reader.next_event()? else {
            break;
        };
        let found = stats.event(at, &event).map_err(|e| e.to_string())?;
        let Some(key) = found else { continue };
        let name = bytes(key.key).to_string();
        let Some(said) = said.get(&(key.db, name.clone())) else {
            continue; // past when saved, or empty
        };
        known += 1;
        let object = key.object().map_or("?", |kind| kind.name());
        if said["type"] != object && said["type"] != "pathhash" {
            return Err(format!("{name}: {object}, said {}", said["type"]).into());
        }
        let elements = elements(said, saved_at(truth));
        if let (Some(found), Some(told)) = (key.elements, elements)
            && found != told
        {
            return Err(format!("{name}: {found} elements, said {told}").into());
        }
        if key.elements.is_none() && elements.is_some() {
            return Err(format!("{name}: elements are not known").into());
        }
        let encoding = key.encoding.map(|encoding| encoding.name());
        if asks_encoding
            && stats.model().measured().major >= 7
            && let (Some(found), Some(told)) = (encoding, said["encoding"].as_str())
        {
            compared += 1;
            if found != told {
                return Err(format!("{name}: {found}, said {told}").into());
            }
        }
    }
    let keys = said.len();
    if known != keys {
        return Err(format!("{known} of {keys} keys were met").into());
    }
    Ok(compared)
}

/// How many there are, where that does not depend on what expired meanwhile.
fn elements(said: &Json, saved_at: i64) -> Option<u64> {
    let value = &said["value"];
    let list = match said["type"].as_str()? {
        "list" | "set" | "zset" => value.as_array()?,
        "hash" => {
            let fields = value.as_array()?;
            let lasting = |field: &Json| field[2].as_i64().is_none_or(|t| t > saved_at);
            // Fields that were past are in the file and nowhere else.
            let expiring = fields.iter().any(|field| !field[2].is_null());
            if expiring || !fields.iter().all(lasting) {
                return None;
            }
            fields
        }
        "stream" => value["entries"].as_array()?,
        _ => return None,
    };
    Some(list.len() as u64)
}
