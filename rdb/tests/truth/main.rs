//! What real servers said about their files, against what records and values
//! say about them: every key, every element, every expiry.
//!
//! Fixtures are `testdata/rdb/SERVER/CASE.rdb` with `CASE.truth.json` beside it,
//! and, where `RDBKIT_CORPUS` names a folder, `SERVER/CASE/dump.rdb` with
//! `truth.json` (or `truth-reload.json`, which is what the file says where the
//! server itself did not come back to the same state). What no server at hand
//! writes is in `testdata/handmade/NAME.hex`, with `NAME.expect.json`.

mod digest;
mod fixture;
mod stats;
mod told;

use std::collections::BTreeMap;

use fixture::{Fixture, Json};
use rdbkit_rdb::{
    Dialect, Entry, ErrorKind, Part, Record, RecordBuf, Scratch, SliceReader, StreamReader, Value,
    ValueType, dump,
};
use told::{Result, bytes, tell};

/// Runs `judge` on every fixture and reports all that fail, not only the first.
fn every_fixture(judge: impl Fn(&Fixture) -> Result<()>) {
    let fixtures = fixture::all();
    assert!(!fixtures.is_empty(), "no fixture found");
    let mut failed = Vec::new();
    for fixture in &fixtures {
        if let Err(why) = judge(fixture) {
            failed.push(format!("{}: {why}", fixture.name));
        }
    }
    println!("{} fixtures", fixtures.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_key_is_as_the_server_said() {
    every_fixture(|fixture| {
        let rdb = fixture.rdb();
        let (truth, mut keys, mut functions) = (fixture.truth(), Vec::new(), Vec::new());
        let mut records = SliceReader::new(&rdb).records();
        let mut scratch = Scratch::default();
        loop {
            match records.next_entry() {
                Ok(Some(Entry::Record(record))) => {
                    keys.push((record.db, record.key.to_vec()?, record));
                }
                Ok(Some(Entry::Event(Part::Function(source)))) => {
                    functions.push(source.bytes(&mut scratch)?.to_vec());
                }
                Ok(Some(Entry::Event(Part::FunctionPreGa { code, .. }))) => {
                    functions.push(code.bytes(&mut scratch)?.to_vec());
                }
                Ok(Some(Entry::Event(_))) => {}
                Ok(None) if fixture.is_unreadable(&truth) => return Err("it was read".into()),
                Ok(None) => break,
                // Layouts that only release candidates wrote.
                Err(error) if fixture.is_unreadable(&truth) => {
                    return match error.kind() {
                        ErrorKind::Unsupported(_) => Ok(()),
                        _ => Err(error.into()),
                    };
                }
                Err(error) => return Err(error.into()),
            }
        }
        compare_functions(functions, &truth)?;
        keys.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
        compare_keys(&keys, &truth)
    });
}

fn compare_functions(mut found: Vec<Vec<u8>>, truth: &Json) -> Result<()> {
    found.sort();
    let mut found: Vec<Json> = found.iter().map(|source| bytes(source)).collect();
    let mut said: Vec<Json> = Vec::new();
    for list in ["functions", "functions_pre_ga"] {
        if let Some(list) = truth.get(list) {
            said.extend(
                told::array(list)?
                    .iter()
                    .map(|function| function["code"].clone()),
            );
        }
    }
    found.sort_by_key(Json::to_string);
    said.sort_by_key(Json::to_string);
    told::same("functions", &found.into(), &said.into())
}

type Key<'a> = (u64, Vec<u8>, Record<'a>);

/// `keys` and the truth are both sorted by bytes, so they meet in order, once
/// the keys that were past when the file was saved are set apart.
fn compare_keys(keys: &[Key<'_>], truth: &Json) -> Result<()> {
    let list = |name| truth.get(name).and_then(Json::as_array).map(Vec::as_slice);
    let skipped = list("skipped_empty").unwrap_or_default();
    let mut hidden: Vec<&Json> = list("hidden").unwrap_or_default().iter().collect();
    // Servers before 5.0 leave out what is past when they save.
    if keys
        .first()
        .is_some_and(|(_, _, record)| record.version < 9)
    {
        hidden.clear();
    }
    let mut dbs: BTreeMap<u64, (u64, std::slice::Iter<'_, Json>)> = BTreeMap::new();
    for (db, said) in truth["dbs"].as_object().ok_or("no dbs")? {
        let size = said["dbsize"].as_u64().ok_or("no dbsize")?;
        dbs.insert(db.parse()?, (size, told::array(&said["keys"])?.iter()));
    }
    for (db, key, record) in keys {
        let name = bytes(key);
        let at = format!("db {db} key {}", told::short(&name));
        if skipped.contains(&name) {
            told::is_empty(record)?;
            continue;
        }
        let is_hidden = |said: &&Json| said["db"] == *db && said["key"] == name;
        let (size, said) = dbs.get_mut(db).ok_or_else(|| format!("{at}: no such db"))?;
        *size = size
            .checked_sub(1)
            .ok_or_else(|| format!("{at}: too many"))?;
        let said = match hidden.iter().position(is_hidden) {
            Some(place) => {
                let expired = record.meta.expire_ms.is_some_and(|t| t <= saved_at(truth));
                if !expired {
                    return Err(format!("{at}: hidden, but not expired").into());
                }
                hidden.swap_remove(place)
            }
            None => said
                .next()
                .ok_or_else(|| format!("{at}: not in the truth"))?,
        };
        told::same(&format!("{at} name"), &name, &said["key"])?;
        compare_key(record, said, truth).map_err(|why| format!("{at}: {why}"))?;
    }
    for (db, (size, mut said)) in dbs {
        if let Some(said) = said.next() {
            return Err(format!("db {db}: {} is not in the file", said["key"]).into());
        }
        if size > 0 {
            return Err(format!("db {db}: {size} keys fewer than DBSIZE").into());
        }
    }
    match hidden.first() {
        Some(key) => Err(format!("hidden {} is not in the file", key["key"]).into()),
        None => Ok(()),
    }
}

fn saved_at(truth: &Json) -> i64 {
    truth["saved_at_ms"].as_i64().unwrap_or(0)
}

fn compare_key(record: &Record<'_>, said: &Json, truth: &Json) -> Result<()> {
    let kind = match (record.kind, record.dialect) {
        (ValueType::PATH_HASH, Dialect::Valkey) => Some("pathhash"),
        _ => record.object().map(|object| object.name()),
    };
    told::same("type", &kind.into(), &said["type"])?;
    let exact = truth.get("inexact_expiries").is_none();
    let expire = said["pexpireat"].as_i64();
    let close = match (record.meta.expire_ms, expire) {
        (Some(a), Some(b)) if !exact => a.abs_diff(b) <= 2000,
        (a, b) => a == b,
    };
    if !close {
        return Err(format!("expires {:?}, said {expire:?}", record.meta.expire_ms).into());
    }
    // They were asked for just before SAVE: freq may have decayed by one, the
    // clock of idle may have ticked.
    for (name, found) in [
        ("freq", record.meta.freq.map(u64::from)),
        ("idle", record.meta.idle),
    ] {
        let said = said.get(name).and_then(Json::as_u64);
        // Files before RDB 9 have neither.
        if let Some(said) = said
            && record.version >= 9
            && found.is_none_or(|found| found.abs_diff(said) > 1)
        {
            return Err(format!("{name} {found:?}, said {said}").into());
        }
    }
    tell(record, saved_at(truth), &said["value"])
}

#[test]
fn records_of_a_stream_are_the_same() {
    every_fixture(|fixture| {
        let rdb = fixture.rdb();
        if fixture.is_unreadable(&fixture.truth()) || fixture.is_replication_stream() {
            return Ok(());
        }
        let limits = rdbkit_rdb::Limits {
            chunk: 5000,
            ..rdbkit_rdb::Limits::default()
        };
        let mut stream = StreamReader::with_limits(&rdb[..], 16, limits);
        let mut buf = RecordBuf::new();
        for record in SliceReader::new(&rdb).records() {
            let record = record?;
            if !stream.read_record(&mut buf)? {
                return Err("the stream ends early".into());
            }
            let streamed = buf.as_record();
            let parts = |r: &Record<'_>| (r.db, r.meta, r.kind, r.dialect, r.version, r.offset);
            if parts(&streamed) != parts(&record)
                || streamed.key != record.key
                || streamed.key_meta != record.key_meta
                || streamed.raw != record.raw
            {
                return Err(format!("key at {} differs", record.offset).into());
            }
        }
        match stream.read_record(&mut buf)? {
            true => Err("the stream goes on".into()),
            false => Ok(()),
        }
    });
}

#[test]
fn every_value_survives_a_dump() {
    every_fixture(|fixture| {
        let rdb = fixture.rdb();
        if fixture.is_unreadable(&fixture.truth()) || fixture.is_replication_stream() {
            return Ok(());
        }
        for record in SliceReader::new(&rdb).records() {
            let record = record?;
            let payload = record.dump_payload(None)?;
            let dump = dump::parse(&payload)?;
            let same = match (record.kind.0, record.value()?, dump.record.value()?) {
                // They leave the file's template behind and take its names.
                (30 | 32, Value::Hash(a), Value::Hash(b)) => {
                    dump.record.kind.0 == record.kind.0 - 1
                        && told::hash(a, 0)? == told::hash(b, 0)?
                }
                _ => (dump.record.kind, dump.record.raw) == (record.kind, record.raw),
            };
            let rest = (dump.record.dialect, dump.record.key_meta, dump.trailing);
            if !same || rest != (record.dialect, record.key_meta, b"") {
                return Err(format!("key at {} differs", record.offset).into());
            }
        }
        Ok(())
    });
}
