//! Random values, written as a file, exported as commands, and run by a model.

use std::collections::BTreeMap;
use std::io::Write;

use proptest::prelude::*;

use crate::export;
use crate::program::commands;

type Bytes = Vec<u8>;

#[derive(Clone, Debug, PartialEq)]
enum Value {
    String(Bytes),
    List(Vec<Bytes>),
    Set(BTreeMap<Bytes, ()>),
    Zset(BTreeMap<Bytes, u64>),
    Hash(BTreeMap<Bytes, Bytes>),
}

type Keys = BTreeMap<(u8, Bytes), (Value, Option<i64>)>;

fn bytes() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        "[ -~]{0,30}".prop_map(String::into_bytes),
        any::<i64>().prop_map(|n| n.to_string().into_bytes()),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let score = any::<f64>().prop_filter("a number", |x| !x.is_nan());
    prop_oneof![
        bytes().prop_map(Value::String),
        proptest::collection::vec(bytes(), 1..9).prop_map(Value::List),
        proptest::collection::btree_map(bytes(), Just(()), 1..9).prop_map(Value::Set),
        proptest::collection::btree_map(bytes(), score.prop_map(f64::to_bits), 1..9)
            .prop_map(Value::Zset),
        proptest::collection::btree_map(bytes(), bytes(), 1..9).prop_map(Value::Hash),
    ]
}

fn string(out: &mut Bytes, bytes: &[u8]) {
    // All there are here have less than 64 bytes.
    out.push(bytes.len() as u8);
    out.extend_from_slice(bytes);
}

/// A file of version 8, in plain encodings.
fn file(keys: &Keys) -> Bytes {
    let mut out = b"REDIS0008".to_vec();
    for ((db, name), (value, expire)) in keys {
        out.extend_from_slice(&[0xfe, *db]);
        if let Some(t) = expire {
            out.push(0xfc);
            out.extend_from_slice(&t.to_le_bytes());
        }
        let (kind, count) = match value {
            Value::String(_) => (0, None),
            Value::List(list) => (1, Some(list.len())),
            Value::Set(set) => (2, Some(set.len())),
            Value::Zset(zset) => (5, Some(zset.len())),
            Value::Hash(hash) => (4, Some(hash.len())),
        };
        out.push(kind);
        string(&mut out, name);
        out.extend(count.map(|n| n as u8));
        match value {
            Value::String(text) => string(&mut out, text),
            Value::List(list) => list.iter().for_each(|x| string(&mut out, x)),
            Value::Set(set) => set.keys().for_each(|x| string(&mut out, x)),
            Value::Zset(zset) => {
                for (member, score) in zset {
                    string(&mut out, member);
                    out.extend_from_slice(&score.to_le_bytes());
                }
            }
            Value::Hash(hash) => {
                for (field, value) in hash {
                    string(&mut out, field);
                    string(&mut out, value);
                }
            }
        }
    }
    out.push(0xff);
    out.extend_from_slice(&[0; 8]);
    out
}

/// Runs commands on nothing.
fn run(stream: &[u8]) -> Keys {
    let mut keys = Keys::new();
    let mut db = 0;
    for command in commands(stream) {
        let words: Vec<&[u8]> = command.iter().map(Vec::as_slice).collect();
        let number = |word: &[u8]| std::str::from_utf8(word).unwrap().parse::<i64>().unwrap();
        match words[..] {
            [b"SELECT", n] => db = number(n) as u8,
            [b"SET", key, value] => {
                let value = Value::String(value.to_vec());
                keys.insert((db, key.to_vec()), (value, None));
            }
            [b"PEXPIREAT", key, t] => {
                keys.get_mut(&(db, key.to_vec())).unwrap().1 = Some(number(t));
            }
            [verb, key, ref rest @ ..] => add(&mut keys, (db, key.to_vec()), verb, rest),
            _ => panic!("{words:?}"),
        }
    }
    keys
}

fn add(keys: &mut Keys, key: (u8, Bytes), verb: &[u8], rest: &[&[u8]]) {
    assert!(!rest.is_empty());
    let empty = match verb {
        b"RPUSH" => Value::List(Vec::new()),
        b"SADD" => Value::Set(BTreeMap::new()),
        b"ZADD" => Value::Zset(BTreeMap::new()),
        b"HSET" => Value::Hash(BTreeMap::new()),
        _ => panic!("{}", verb.escape_ascii()),
    };
    let (value, _) = keys.entry(key).or_insert((empty, None));
    match value {
        Value::List(list) => list.extend(rest.iter().map(|x| x.to_vec())),
        Value::Set(set) => set.extend(rest.iter().map(|x| (x.to_vec(), ()))),
        Value::Zset(zset) => zset.extend(rest.chunks(2).map(|pair| {
            let score: f64 = std::str::from_utf8(pair[0]).unwrap().parse().unwrap();
            (pair[1].to_vec(), score.to_bits())
        })),
        Value::Hash(hash) => {
            hash.extend(rest.chunks(2).map(|p| (p[0].to_vec(), p[1].to_vec())));
        }
        Value::String(_) => panic!("a string"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn commands_make_what_was_written(
        keys in proptest::collection::btree_map(
            (0u8..3, bytes()), (value(), proptest::option::of(1i64..i64::MAX)), 0..12),
        batch in 1usize..10,
    ) {
        let mut source = tempfile::NamedTempFile::new().unwrap();
        source.write_all(&file(&keys)).unwrap();
        let batch = batch.to_string();
        let outcome = export(source.path(), &["--format", "resp", "--batch", &batch, "-q"]);
        prop_assert_eq!((outcome.code, outcome.said.as_str()), (0, ""));
        prop_assert_eq!(run(&outcome.out), keys);
    }
}
