//! Of every file of the test data: all of it extracted is the same keys, and
//! what a filter takes and what its opposite takes is all, once.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

#[path = "../faces/inputs.rs"]
#[allow(dead_code)]
mod inputs;

use std::collections::BTreeMap;
use std::io::Cursor;

use inputs::Input;
use rdbkit_rdb::extract::{ExtractError, Keep, extract};
use rdbkit_rdb::filter::{Expiry, Filter, Pattern};
use rdbkit_rdb::verify::{self, Options, Verdict};
use rdbkit_rdb::write::{Format, Writer};
use rdbkit_rdb::{ObjectKind, Part, Record, SliceReader, StreamReader};

/// A key with all that belongs to it, comparable.
type Key = (u64, String, Vec<u8>, u8, Vec<u8>, Vec<u8>);

fn key(record: &Record<'_>) -> Key {
    let meta = format!("{:?}", record.meta);
    let name = record.key.to_vec().unwrap();
    let (more, raw) = (record.key_meta.to_vec(), record.raw.to_vec());
    (record.db, meta, name, record.kind.0, more, raw)
}

fn keys(file: &[u8]) -> Option<Vec<Key>> {
    let mut records = SliceReader::new(file).records();
    let mut keys = Vec::new();
    while let Some(record) = records.next_record().ok()? {
        record.key.to_vec().ok()?;
        keys.push(key(&record));
    }
    Some(keys)
}

fn run(file: &[u8], mut filter: Filter, sizes: bool) -> Result<Vec<u8>, ExtractError> {
    let mut reader = StreamReader::new(file);
    let Some(Part::Header {
        dialect, version, ..
    }) = reader.next_event()?
    else {
        panic!("a file without a header is an error");
    };
    let keep = Keep {
        sizes,
        ..Keep::default()
    };
    let format = Format::of_source(dialect, version);
    let mut out = Writer::new(Cursor::new(Vec::new()), format).unwrap();
    extract(&mut reader, &mut filter, &mut out, keep)?;
    Ok(out.finish_in_place().unwrap().into_inner())
}

/// Files that can be read to their end, and are no replication streams.
fn readable() -> Vec<(Input, Vec<Key>)> {
    let found: Vec<_> = inputs::all()
        .into_iter()
        .filter(|input| !input.name.contains("update"))
        .filter_map(|input| keys(&input.bytes).map(|keys| (input, keys)))
        // A damaged one has a database number that its version cannot write.
        .filter(|(_, keys)| keys.iter().all(|key| key.0 <= u64::from(u32::MAX)))
        .collect();
    assert!(found.len() > 200, "only {} files", found.len());
    found
}

#[test]
fn all_of_a_file_is_the_same_keys() {
    let mut loaded = 0;
    for (input, before) in readable() {
        for sizes in [false, true] {
            let made = run(&input.bytes, Filter::new(), sizes).unwrap();
            assert_eq!(keys(&made).unwrap(), before, "{}", input.name);
            let options = Options {
                now_ms: Some(1_800_000_000_000),
                ..Options::default()
            };
            let (old, new) = (
                verify::slice(&input.bytes, &options),
                verify::slice(&made, &options),
            );
            if old.verdict() == Verdict::Loads {
                assert_eq!(new.verdict(), Verdict::Loads, "{}: {new:?}", input.name);
                assert_eq!(new.databases, old.databases, "{}", input.name);
                assert_eq!(new.libraries, old.libraries, "{}", input.name);
                assert!(new.findings.len() <= old.findings.len(), "{new:?}");
                loaded += 1;
            }
        }
    }
    assert!(loaded > 300, "{loaded}");
}

#[test]
fn what_cannot_be_read_is_refused() {
    let mut refused = 0;
    for input in inputs::all() {
        if keys(&input.bytes).is_none() {
            let none = Filter::new().key(Pattern::glob("?no such key?"));
            assert!(run(&input.bytes, none, false).is_err(), "{}", input.name);
            refused += 1;
        }
    }
    assert!(refused > 50, "{refused}");
}

#[test]
fn opposites_part_the_keys() {
    let time = 1_800_000_000_000;
    let pairs: Vec<fn(bool, i64) -> Filter> = vec![
        |yes, _| match yes {
            true => Filter::new().key(Pattern::glob("*[0-9a]*")),
            false => Filter::new().without_key(Pattern::glob("*[0-9a]*")),
        },
        |yes, _| match yes {
            true => Filter::new()
                .object(ObjectKind::Hash)
                .object(ObjectKind::List),
            false => Filter::new()
                .without_object(ObjectKind::Hash)
                .without_object(ObjectKind::List),
        },
        |yes, _| match yes {
            true => Filter::new().db(0),
            false => Filter::new().without_db(0),
        },
        |yes, time| match yes {
            true => Filter::new().expiry(Expiry::Before(time)),
            false => Filter::new().expiry(Expiry::AliveAt(time)),
        },
        |yes, _| match yes {
            true => Filter::new().min_size(33),
            false => Filter::new().max_size(32),
        },
    ];
    let mut parted = vec![0; pairs.len()];
    for (input, before) in readable() {
        let mut all: BTreeMap<Key, i64> = BTreeMap::new();
        for key in before {
            *all.entry(key).or_default() += 1;
        }
        for (made, parted) in pairs.iter().zip(&mut parted) {
            let mut left = all.clone();
            let halves = [true, false].map(|yes| {
                let file = run(&input.bytes, made(yes, time), yes).unwrap();
                keys(&file).unwrap()
            });
            *parted += u32::from(halves.iter().all(|half| !half.is_empty()));
            for key in halves.into_iter().flatten() {
                *left.entry(key).or_default() -= 1;
            }
            assert!(left.values().all(|n| *n == 0), "{}", input.name);
        }
    }
    assert!(parted.iter().all(|n| *n > 20), "{parted:?}");
}

/// What is told of keys without their values is what whole records say.
#[test]
fn heads_agree_with_records() {
    use rdbkit_rdb::{KeyHead, Value};

    let mut counted = BTreeMap::new();
    for (input, _) in readable() {
        let mut records = SliceReader::new(&input.bytes).records();
        let mut reader = StreamReader::new(&input.bytes[..]);
        let mut head = KeyHead::default();
        while let Some(record) = records.next_record().unwrap() {
            assert!(reader.read_head(&mut head).unwrap());
            assert_eq!(head.key(), record.key.to_vec().unwrap());
            let told = (head.db, head.meta, head.kind, head.offset, head.size);
            let (meta, kind, offset) = (record.meta, record.kind, record.offset);
            assert_eq!(told, (record.db, meta, kind, offset, record.size()));
            let Some(elements) = head.elements else {
                continue;
            };
            let walked = match record.value() {
                Ok(Value::List(mut all) | Value::Set(mut all)) => {
                    number(|| all.next().map(|e| e.is_some()))
                }
                Ok(Value::Zset(mut all)) => number(|| all.next().map(|e| e.is_some())),
                Ok(Value::Hash(mut all)) => number(|| all.next().map(|e| e.is_some())),
                Ok(Value::Array(mut all)) => number(|| all.next().map(|e| e.is_some())),
                _ => None,
            };
            if let Some(walked) = walked {
                assert_eq!(elements, walked, "{} at {offset}", input.name);
                *counted.entry(kind).or_insert(0) += 1;
            }
        }
        assert!(!reader.read_head(&mut head).unwrap());
    }
    assert!(counted.len() > 15, "{counted:?}");
}

/// How many there are; `None` for a damaged value.
fn number(mut more: impl FnMut() -> rdbkit_rdb::Result<bool>) -> Option<u64> {
    let mut n = 0;
    while more().ok()? {
        n += 1;
    }
    Some(n)
}
