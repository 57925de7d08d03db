//! Random data, random changes, random encodings.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::diff::tests::told;
use crate::diff::{Change, Diff, Difference};
use crate::packed::Element;
use crate::packed::encode::{listpack, ziplist};
use crate::slice::SliceReader;

/// A value as a client sees it.
#[derive(Clone, Debug, PartialEq)]
enum Model {
    Text(Vec<u8>),
    List(Vec<Vec<u8>>),
    Set(BTreeSet<Vec<u8>>),
    Zset(BTreeMap<Vec<u8>, i32>),
    Hash(BTreeMap<Vec<u8>, Vec<u8>>),
}

type Key = (u8, Vec<u8>);
type Data = BTreeMap<Key, (Model, Option<i64>)>;

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        any::<i16>().prop_map(|n| n.to_string().into_bytes()),
        prop::collection::vec(any::<u8>(), 1..6),
    ]
}

fn model() -> impl Strategy<Value = Model> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..80).prop_map(Model::Text),
        prop::collection::vec(text(), 1..8).prop_map(Model::List),
        prop::collection::btree_set(text(), 1..8).prop_map(Model::Set),
        prop::collection::btree_map(text(), any::<i32>(), 1..8).prop_map(Model::Zset),
        prop::collection::btree_map(text(), text(), 1..8).prop_map(Model::Hash),
    ]
}

fn data() -> impl Strategy<Value = Data> {
    let key = (0u8..3, text());
    prop::collection::btree_map(key, (model(), prop::option::of(1i64..1 << 40)), 0..30)
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    crate::write::len(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Integers as integers, where their text is the shortest.
fn element(text: &[u8]) -> Element<'_> {
    let n = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse::<i64>().ok());
    match n.filter(|n| n.to_string().as_bytes() == text) {
        Some(n) => Element::Int(n),
        None => Element::Bytes(text),
    }
}

/// The value's type and bytes, in one of several encodings and orders.
fn encode(model: &Model, how: u8) -> (u8, Vec<u8>) {
    let mut raw = Vec::new();
    let plain = |raw: &mut Vec<u8>, all: &[&[u8]], per: usize| {
        crate::write::len(raw, (all.len() / per) as u64);
        all.iter().for_each(|one| string(raw, one));
    };
    let packed = |raw: &mut Vec<u8>, all: &[&[u8]], zip: bool| {
        let all: Vec<_> = all.iter().map(|one| element(one)).collect();
        string(raw, &if zip { ziplist(&all) } else { listpack(&all) });
    };
    let kind = match model {
        Model::Text(text) => match (how % 2, element(text)) {
            (1, Element::Int(n @ -128..128)) => {
                raw.extend_from_slice(&[0xc0, n as u8]);
                0
            }
            _ => {
                string(&mut raw, text);
                0
            }
        },
        Model::List(all) => {
            let all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            match how % 3 {
                0 => plain(&mut raw, &all, 1),
                1 => packed(&mut raw, &all, true),
                _ => {
                    raw.extend_from_slice(&[1, 2]);
                    packed(&mut raw, &all, false);
                }
            }
            [1, 10, 18][usize::from(how % 3)]
        }
        Model::Set(all) => {
            let mut all: Vec<&[u8]> = all.iter().map(Vec::as_slice).collect();
            let middle = usize::from(how) % all.len();
            all.rotate_left(middle);
            match how % 2 {
                0 => plain(&mut raw, &all, 1),
                _ => packed(&mut raw, &all, false),
            }
            [2, 20][usize::from(how % 2)]
        }
        Model::Zset(all) => {
            let scores: Vec<Vec<u8>> = all.values().map(|n| n.to_string().into_bytes()).collect();
            let pairs = all.keys().zip(&scores);
            let all: Vec<&[u8]> = pairs
                .flat_map(|(member, n)| [&member[..], &n[..]])
                .collect();
            match how % 3 {
                // A score as text has one byte for its length.
                0 => plain(&mut raw, &all, 2),
                zip => packed(&mut raw, &all, zip == 1),
            }
            [3, 12, 17][usize::from(how % 3)]
        }
        Model::Hash(all) => {
            let mut pairs: Vec<_> = all.iter().collect();
            let middle = usize::from(how) % pairs.len();
            pairs.rotate_left(middle);
            let all: Vec<&[u8]> = pairs.iter().flat_map(|(f, v)| [&f[..], &v[..]]).collect();
            match how % 3 {
                0 => plain(&mut raw, &all, 2),
                zip => packed(&mut raw, &all, zip == 1),
            }
            [4, 13, 16][usize::from(how % 3)]
        }
    };
    (kind, raw)
}

/// A file of the data: keys from some place on, then those before it.
fn file(data: &Data, how: &[u8]) -> Vec<u8> {
    let mut out = b"REDIS0011".to_vec();
    let middle = usize::from(how[0]) % data.len().max(1);
    let keys = data.iter().skip(middle).chain(data.iter().take(middle));
    for (n, ((db, key), (model, expire_ms))) in keys.enumerate() {
        out.extend_from_slice(&[0xfe, *db]);
        if let Some(ms) = expire_ms {
            out.push(0xfc);
            out.extend_from_slice(&ms.to_le_bytes());
        }
        let (kind, raw) = encode(model, how[n % how.len()]);
        out.push(kind);
        string(&mut out, key);
        out.extend_from_slice(&raw);
    }
    out.extend_from_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    out
}

type Told = BTreeMap<Key, (Change, bool, [u64; 3])>;

fn diff(old: &[u8], new: &[u8]) -> Told {
    let mut told = Told::new();
    let summary = Diff::new(&old, &new).run(|difference| {
        let Difference::Key(key) = difference else {
            panic!("{difference:?}");
        };
        let counts = match key.value {
            crate::diff::ValueDifference::Parts(parts) => {
                let counts = parts.counts();
                [counts.added, counts.removed, counts.changed]
            }
            _ => [0; 3],
        };
        let what = (key.change(), key.only_ttl(), counts);
        assert!(
            told.insert((key.db as u8, key.key.to_vec()), what)
                .is_none()
        );
        Ok(())
    });
    let summary = summary.unwrap();
    assert_eq!(summary.differing(), told.len() as u64);
    told
}

/// What has to be told, from the data.
fn expected(old: &Data, new: &Data) -> BTreeMap<Key, (Change, bool)> {
    let mut all = BTreeMap::new();
    for (key, value) in old {
        match new.get(key) {
            None => all.insert(key.clone(), (Change::Removed, false)),
            Some(other) if other != value => {
                all.insert(key.clone(), (Change::Changed, other.0 == value.0))
            }
            Some(_) => None,
        };
    }
    let added = new.keys().filter(|key| !old.contains_key(*key));
    all.extend(added.map(|key| (key.clone(), (Change::Added, false))));
    all
}

/// Changes some of the data.
fn changed(old: &Data, other: &Data, picks: &[u8]) -> Data {
    let mut new = old.clone();
    for (n, (key, (model, _))) in old.iter().enumerate() {
        match picks[n % picks.len()] % 12 {
            0 => drop(new.remove(key)),
            1 => drop(new.insert(key.clone(), (model.clone(), Some(77)))),
            2 => drop(new.insert(key.clone(), (Model::Text(b"new".to_vec()), None))),
            3 => {
                let mut model = model.clone();
                match &mut model {
                    Model::Text(text) => text.push(b'!'),
                    Model::List(all) => all.insert(0, b"new".to_vec()),
                    Model::Set(all) => drop(all.insert(b"new one".to_vec())),
                    Model::Zset(all) => drop(all.insert(b"new one".to_vec(), 1)),
                    Model::Hash(all) => drop(all.insert(b"new one".to_vec(), b"1".to_vec())),
                }
                new.insert(key.clone(), (model, None));
            }
            _ => {}
        }
    }
    for (key, value) in other.iter().take(3) {
        new.insert(key.clone(), value.clone());
    }
    new
}

proptest! {
    #[test]
    fn changes_are_found_and_nothing_else(
        old in data(),
        other in data(),
        picks in prop::collection::vec(any::<u8>(), 1..20),
        how in prop::array::uniform2(prop::collection::vec(any::<u8>(), 1..9)),
    ) {
        let new = changed(&old, &other, &picks);
        let (old_file, new_file) = (file(&old, &how[0]), file(&new, &how[1]));
        prop_assert!(SliceReader::new(&old_file).records().all(|record| record.is_ok()));
        let differences = diff(&old_file, &new_file);
        let found: BTreeMap<_, _> = differences.iter().map(|(k, (c, ttl, _))| (k.clone(), (*c, *ttl))).collect();
        prop_assert_eq!(found, expected(&old, &new));
        let by = |threads| told(Diff::new(&old_file, &new_file).threads(threads));
        prop_assert_eq!(by(2), by(1));
        let mirrored: Told = diff(&new_file, &old_file)
            .into_iter()
            .map(|(key, (change, ttl, [added, removed, changed]))| {
                let change = match change {
                    Change::Added => Change::Removed,
                    Change::Removed => Change::Added,
                    Change::Changed => Change::Changed,
                };
                (key, (change, ttl, [removed, added, changed]))
            })
            .collect();
        prop_assert_eq!(&differences, &mirrored);
        prop_assert_eq!(diff(&old_file, &file(&old, &how[1])), Told::new());
    }
}
