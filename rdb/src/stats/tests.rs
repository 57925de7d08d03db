use proptest::prelude::*;

use super::*;
use crate::error::Stage;
use crate::filter::{Expiry, Filter, Pattern};
use crate::wire::ObjectKind;
use crate::{RecordBuf, StreamReader};

/// A key of a file to make.
#[derive(Clone, Debug)]
struct Made {
    db: u8,
    name: Vec<u8>,
    value: u8,
    expire: Option<i64>,
}

fn made() -> impl Strategy<Value = Made> {
    let name = prop::collection::vec(prop::sample::select(&b"ab:"[..]), 0..6);
    let expire = prop::option::of(0i64..400_000_000);
    (0u8..3, name, 0u8..7, expire).prop_map(|(db, name, value, expire)| Made {
        db,
        name,
        value,
        expire,
    })
}

fn records(keys: &[Made]) -> Vec<u8> {
    let mut out = Vec::new();
    for key in keys {
        out.extend([0xfe, key.db]);
        if let Some(at) = key.expire {
            out.push(0xfc);
            out.extend(at.to_le_bytes());
        }
        let (kind, value): (u8, &[u8]) = match key.value {
            0 => (0, b"\xc0\x07"),
            1 => (0, b"\x05hello"),
            // 30 times "a", compressed.
            2 => (0, b"\xc3\x05\x1e\x00a\xe0\x14\x00"),
            3 => (2, b"\x02\x01a\x0212"),
            4 => (4, b"\x01\x01f\x01v"),
            // One node that is one element, one that is a listpack of "7".
            5 => (18, b"\x02\x01\x01x\x02\x09\x09\0\0\0\x01\0\x07\x01\xff"),
            _ => (5, b"\x01\x01m\0\0\0\0\0\0\xf8\x3f"),
        };
        out.push(kind);
        out.push(key.name.len() as u8);
        out.extend(&key.name);
        out.extend(value);
    }
    out
}

fn file(keys: &[Made]) -> Vec<u8> {
    let aux = b"\xfa\x09redis-ver\x057.0.1";
    [
        b"REDIS0010",
        &aux[..],
        &records(keys),
        b"\xff\0\0\0\0\0\0\0\0",
    ]
    .concat()
}

fn options() -> Options {
    Options {
        now_ms: 1_000_000,
        top: 3,
        ..Options::default()
    }
}

fn of_slice(file: &[u8]) -> Stats {
    let mut stats = Stats::new(options());
    slice(file, &mut stats).unwrap();
    stats
}

/// All that is told, to be compared.
fn told(stats: &Stats) -> String {
    let types: Vec<_> = stats.types().collect();
    let lifetimes = Lifetime::ALL.map(|class| stats.lifetime(class));
    let spread = ObjectKind::ALL.map(|kind| stats.spread(kind));
    let big: Vec<_> = stats
        .biggest_by_memory()
        .map(|key| (&key.key, key.memory))
        .collect();
    let (encodings, prefixes) = (stats.encodings().collect::<Vec<_>>(), stats.prefixes());
    format!(
        "{:?} {:?} {types:?} {lifetimes:?} {spread:?} {encodings:?} {big:?} {:?} {:?} {:?}",
        stats.total(),
        stats.databases(),
        prefixes.top(1000),
        prefixes.none(),
        stats.model().server(),
    )
}

proptest! {
    #[test]
    fn sums_agree_whichever_way_they_are_made(keys in prop::collection::vec(made(), 0..40)) {
        let stats = of_slice(&file(&keys));
        let total = stats.total();
        prop_assert_eq!(total.keys, keys.len() as u64);
        let (mut dbs, mut kinds, mut lifetimes) = (Tally::default(), Tally::default(), Tally::default());
        stats.databases().values().for_each(|db| dbs.add(&db.tally));
        ObjectKind::ALL.iter().for_each(|kind| kinds.add(&stats.kind(*kind)));
        Lifetime::ALL.iter().for_each(|class| lifetimes.add(stats.lifetime(*class)));
        prop_assert_eq!(dbs, total);
        prop_assert_eq!(kinds, total);
        prop_assert_eq!(lifetimes, total);
        prop_assert_eq!(stats.encodings().map(|(_, n)| n).sum::<u64>(), total.keys);
        let spread: u64 = ObjectKind::ALL.iter().map(|kind| stats.spread(*kind).memory.total()).sum();
        prop_assert_eq!(spread, total.keys);
        // Type byte, length, name and value; SELECTs and expiries are beside them.
        let expiries = keys.iter().filter(|key| key.expire.is_some()).count();
        let bytes = records(&keys).len() - 2 * keys.len() - 9 * expiries;
        prop_assert_eq!(total.bytes, bytes as u64);
    }

    #[test]
    fn every_way_in_tells_the_same(keys in prop::collection::vec(made(), 1..30), window in 16usize..200) {
        let file = file(&keys);
        let whole = told(&of_slice(&file));
        let mut stats = Stats::new(options());
        let mut reader = StreamReader::with_limits(&file[..], window, crate::Limits::default());
        reader.read_stats(&mut stats).unwrap();
        prop_assert_eq!(told(&stats), whole.clone());

        let (mut events, mut reader) = (Stats::new(options()), StreamReader::new(&file[..]));
        loop {
            let at = reader.offset();
            let Some(event) = reader.next_event().unwrap() else { break };
            events.event(at, &event).unwrap();
        }
        prop_assert_eq!(told(&events), whole.clone());

        let options = Options { server: Some("redis:7.0".parse().unwrap()), ..options() };
        let (mut by_record, mut reader) = (Stats::new(options), StreamReader::new(&file[..]));
        let mut record = RecordBuf::new();
        while reader.read_record(&mut record).unwrap() {
            by_record.record(&record.as_record()).unwrap();
        }
        prop_assert_eq!(told(&by_record), whole);
    }

    #[test]
    fn merging_is_counting_both(keys in prop::collection::vec(made(), 0..40), split in 0usize..40) {
        let (left, right) = keys.split_at(split.min(keys.len()));
        let mut merged = of_slice(&file(left));
        merged.merge(of_slice(&file(right)));
        // With the biggest in the order of the file, offsets apart.
        prop_assert_eq!(merged.total(), of_slice(&file(&keys)).total());
        if !left.is_empty() {
            prop_assert_eq!(told(&merged), told(&of_slice(&file(&keys))));
        }
    }

    #[test]
    fn prefixes_are_never_too_heavy_nor_lighter_than_said(
        names in prop::collection::vec((0u32..400, 1u64..1000), 1..600),
    ) {
        let mut prefixes = Prefixes::new(b":", 2, 8);
        let mut truth = std::collections::BTreeMap::<Vec<u8>, Weight>::new();
        for (n, memory) in &names {
            let name = format!("{}:{n}:x", if *n < 200 { "a" } else { "b" });
            let key = KeyStats {
                db: 0,
                key: name.as_bytes(),
                kind: crate::ValueType::STRING,
                dialect: crate::Dialect::Redis,
                meta: crate::KeyMeta::default(),
                offset: 0,
                size: 10,
                elements: None,
                encoding: None,
                memory: Memory { usage: *memory, allocated: *memory },
                saved: 0,
                compressed: 0,
                expiring_fields: 0,
                expired_fields: 0,
            };
            prefixes.add(&key);
            for prefix in [&name[..2], &name[..name.len() - 1]] {
                let weight = truth.entry(prefix.into()).or_default();
                (weight.keys, weight.bytes) = (weight.keys + 1, weight.bytes + 10);
                weight.memory += memory;
            }
        }
        prop_assert!(prefixes.len() <= 17);
        let held: std::collections::BTreeMap<&[u8], Weight> = prefixes.top(100).into_iter().collect();
        let error = prefixes.error();
        for (name, weight) in &truth {
            let found = held.get(&name[..]).copied().unwrap_or_default();
            prop_assert!(found.memory <= weight.memory && weight.memory <= found.memory + error.memory);
            prop_assert!(found.keys <= weight.keys && weight.keys <= found.keys + error.keys);
        }
    }
}

fn key(name: &[u8], value: u8, expire: Option<i64>) -> Made {
    Made {
        db: 0,
        name: name.to_vec(),
        value,
        expire,
    }
}

#[test]
fn what_a_filter_keeps_is_counted_alone() {
    let keys = [
        key(b"a:1", 0, None),
        key(b"a:2", 3, Some(5)),
        key(b"b:1", 4, Some(2_000_000)),
    ];
    let filter = Filter::new().key(Pattern::glob("a:*")).expiry(Expiry::Set);
    let mut stats = Stats::new(options()).filtered(filter);
    slice(&file(&keys), &mut stats).unwrap();
    let total = stats.total();
    assert_eq!((total.keys, total.expired, total.elements), (1, 1, 2));
    let filter = stats.filter().unwrap();
    assert_eq!((filter.seen(), filter.taken()), (3, 1));
    assert_eq!(stats.prefixes().top(9).len(), 1);
}

#[test]
fn compression_and_encodings() {
    let stats = of_slice(&file(&[
        key(b"z", 2, None),
        key(b"l", 5, None),
        key(b"i", 0, None),
    ]));
    let total = stats.total();
    assert_eq!((total.compressed, total.saved), (5, 25));
    let encodings: Vec<_> = stats.encodings().map(|(e, n)| (e.name(), n)).collect();
    assert_eq!(encodings, [("int", 1), ("embstr", 1), ("quicklist", 1)]);
    assert_eq!(total.elements, 2, "of the list; strings have none");
    assert_eq!(stats.spread(ObjectKind::String).elements.max(), Some(30));
    let by_elements: Vec<_> = stats
        .biggest_by_elements()
        .map(|key| &key.key[..])
        .collect();
    assert_eq!(by_elements, [b"l"]);
}

/// Strings that are said to become 2^64 - 1 bytes each, where no one has to decompress
/// them to go on: sums stay within what they could become.
#[test]
fn strings_that_lie_about_their_size() {
    let lie = b"\xc3\x05\x81\xff\xff\xff\xff\xff\xff\xff\xff\x03abcd";
    let two = [&b"\x02"[..], lie, lie].concat();
    let hash = [&b"\x02"[..], lie, lie, lie, lie].concat();
    let scores = [&b"\x02"[..], lie, b"\x011", lie, b"\x011"].concat();
    let (mut records, mut n) = (Vec::new(), 0);
    for (kind, value) in [
        (0, &lie[..]),
        (1, &two),
        (2, &two),
        (4, &hash),
        (3, &scores),
    ] {
        for key in [b'a', b'b'] {
            records.extend([kind, 1, key + 2 * kind]);
            records.extend(value);
            n += 1;
        }
    }
    let functions = [b"\xf5", &lie[..], b"\xf5", lie].concat();
    let file = [b"REDIS0010", &functions[..], &records, b"\xff", &[0; 8]].concat();
    let stats = of_slice(&file);
    let total = stats.total();
    assert_eq!(total.keys, n);
    assert!(total.saved < 88 * file.len() as u64, "{total:?}");
}

#[test]
fn what_stands_before_damage_stays_counted() {
    let mut file = file(&[key(b"a", 0, None), key(b"b", 1, None)]);
    file.truncate(file.len() - 11);
    let mut stats = Stats::new(options());
    assert!(slice(&file, &mut stats).unwrap_err().is_truncation());
    assert_eq!(stats.total().keys, 1);
    // A name that cannot be decompressed.
    let mut stats = Stats::new(options());
    let bad = b"REDIS0009\x00\x01a\x01b\x00\xc3\x01\x05\x00\x01v\xff\0\0\0\0\0\0\0\0";
    assert!(slice(bad, &mut stats).is_err());
    assert!(StreamReader::new(&bad[..]).read_stats(&mut stats).is_err());
}

#[test]
fn sizes_as_servers_said() {
    // MEMORY USAGE of keys of 5 bytes with text of so many, by releases that
    // were asked, with the allocator of their packages.
    let said = [
        ("redis:7.0", [(3, 64), (43, 96), (45, 112), (300, 368)]),
        ("redis:8.0", [(3, 64), (43, 96), (45, 112), (5000, 5168)]),
        ("valkey:8.0", [(3, 64), (43, 96), (45, 112), (300, 368)]),
        ("valkey:8.1", [(0, 32), (12, 48), (43, 64), (300, 336)]),
        ("valkey:9.1", [(0, 32), (30, 64), (60, 80), (300, 352)]),
    ];
    for (server, sizes) in said {
        let model = Model::new(server.parse().unwrap(), Allocator::System);
        for (len, usage) in sizes {
            assert_eq!(
                model.string(5, len, false, false).1.usage,
                usage,
                "{server} {len}"
            );
        }
    }
}

#[test]
fn what_cannot_be_counted_has_its_place_and_nothing_behind_it_counts() {
    // "a", a key whose compressed name copies from before its start, "c"
    let damaged =
        &b"REDIS0004\x00\x01a\x01x\x00\xc3\x05\x1e\xff\xe0\x14\x00\x00\x01x\x00\x01c\x01x\xff"[..];
    let command = [
        &b"VALKEY080\x00\x01a\x01x"[..],
        b"\xf2*1\r\n$8\r\nFLUSHALL\r\n", // UPDATE
        b"\x00\x01c\x01x\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    for (file, at, stage) in [(damaged, 14, Stage::Key), (&command[..], 14, Stage::Type)] {
        let check = |error: crate::Error, stats: &Stats| {
            assert_eq!((error.offset(), error.stage()), (at, stage), "{error}");
            assert_eq!(stats.total().keys, 1);
        };
        let mut stats = Stats::new(options());
        check(slice(file, &mut stats).unwrap_err(), &stats);
        let mut stats = Stats::new(options());
        let read = StreamReader::new(file).read_stats(&mut stats);
        check(read.unwrap_err(), &stats);
    }
}

/// There may be 65536 of them: nobody needs a copy to look at them.
#[test]
fn databases_are_not_copied_once_all_is_counted() {
    use std::borrow::Cow;
    let whole = b"REDIS0004\xfe\x00\x00\x01a\x01x\xfe\x01\x00\x01b\x01x\xff";
    for (file, borrowed) in [(&whole[..], true), (&whole[..whole.len() - 1], false)] {
        let mut stats = Stats::new(options());
        let read = slice(file, &mut stats);
        assert_eq!(read.is_ok(), borrowed);
        let databases = stats.databases();
        assert_eq!(databases.keys().collect::<Vec<_>>(), [&0, &1]);
        assert_eq!(matches!(databases, Cow::Borrowed(_)), borrowed);
    }
}
