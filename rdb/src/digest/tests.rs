use proptest::prelude::*;

use super::{Dataset, Digest, Outcome, Rules, Tally, Unknown, of_value};
use crate::record::RecordBuf;
use crate::slice::SliceReader;
use crate::stream::StreamReader;
use crate::verify::Server;

fn rules(server: &str) -> Rules {
    Rules::of(server.parse().unwrap())
}

/// A file of version 9 without checksum.
fn file(records: &[&[u8]]) -> Vec<u8> {
    let mut file = b"REDIS0009".to_vec();
    records
        .iter()
        .for_each(|record| file.extend_from_slice(record));
    file.extend_from_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    file
}

fn dataset(file: &[u8], rules: Rules) -> (Dataset, Vec<Outcome>) {
    let mut dataset = Dataset::new(rules);
    let records = SliceReader::new(file).records();
    let outcomes = records.map(|record| dataset.add(&record.unwrap()).unwrap());
    let outcomes = outcomes.collect();
    (dataset, outcomes)
}

fn digest(file: &[u8], rules: Rules) -> Digest {
    dataset(file, rules).0.digest().expect("a digest")
}

fn value(record: &[u8], rules: Rules) -> Outcome {
    let file = file(&[record]);
    let record = SliceReader::new(&file).records().next_record();
    of_value(&record.unwrap().unwrap(), &rules).unwrap()
}

/// FIPS 180-4, and the borders of a block.
#[test]
fn sums_of_any_length() {
    let sum = |text: &[u8]| Digest::of(text).to_string();
    assert_eq!(sum(b""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
    assert_eq!(sum(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    for len in 0..130 {
        use sha1::Digest as _;
        let text = vec![b'x'; len];
        let theirs: [u8; 20] = sha1::Sha1::digest(&text).into();
        assert_eq!(Digest::of(&text).as_bytes(), &theirs, "{len}");
    }
}

#[test]
fn nothing_is_all_zeros() {
    let selected = file(&[b"\xfe\x05"]);
    assert_eq!(digest(&selected, rules("redis:8.0")), Digest::default());
}

#[test]
fn encodings_do_not_count() {
    let rules = rules("redis:8.0");
    let list = value(b"\x01\x01k\x02\x01a\xc0\x05", rules);
    let packed = b"\x0a\x01k\x10\x10\0\0\0\x0d\0\0\0\x02\0\0\x01a\x03\xf6\xff";
    assert_eq!(value(packed, rules), list);
    let set = value(b"\x02\x01k\x02\x012\xc0\x01", rules);
    let intset = b"\x0b\x01k\x0c\x02\0\0\0\x02\0\0\0\x01\0\x02\0";
    assert_eq!(value(intset, rules), set);
    assert_ne!(set, list);
}

#[test]
fn order_counts_in_lists_only() {
    let rules = rules("redis:8.0");
    for (kind, same) in [(1, false), (2, true)] {
        let one = value(&[kind, 1, b'k', 2, 1, b'a', 1, b'b'], rules);
        let other = value(&[kind, 1, b'k', 2, 1, b'b', 1, b'a'], rules);
        assert_eq!(one == other, same, "{kind}");
    }
}

#[test]
fn databases_count_by_their_number() {
    let rules = rules("redis:8.0");
    let (zero, one) = (&b"\xfe\x00"[..], &b"\xfe\x01"[..]);
    let (a, b) = (&b"\x00\x01a\x011"[..], &b"\x00\x01b\x012"[..]);
    let both = digest(&file(&[zero, a, one, b]), rules);
    assert_eq!(both, digest(&file(&[one, b, zero, a]), rules));
    assert_ne!(both, digest(&file(&[zero, b, one, a]), rules));
    assert_ne!(both, digest(&file(&[zero, a, b]), rules));
    // Alone, a database has the digest of a server that has no other.
    let (dataset, _) = dataset(&file(&[zero, a, one, b]), rules);
    let alone: Vec<_> = dataset.databases().collect();
    let said = [
        (0, 1, Some(digest(&file(&[a]), rules))),
        (1, 1, Some(digest(&file(&[one, b]), rules))),
    ];
    assert_eq!(alone, said);
}

/// An expiry is an instant; what is past it has expired.
#[test]
fn the_expired_are_left_out_if_asked() {
    let ms = |t: i64| [&b"\xfc"[..], &t.to_le_bytes(), b"\x00\x01t\x011"].concat();
    let (past, now) = (ms(999), ms(1000));
    let kept = b"\x00\x01a\x011";
    let rules = rules("redis:8.0");
    let all = file(&[&past, kept]);
    let at = rules.at(1000);
    assert_eq!(digest(&all, at), digest(&all, rules));
    assert_eq!(dataset(&all, at).0.tally().expired, 1);
    let left = at.without_expired();
    assert_eq!(digest(&all, left), digest(&file(&[kept]), rules));
    assert_eq!(digest(&file(&[&now]), left), digest(&file(&[&now]), rules));
    // When does not count, but that it does.
    assert_eq!(
        digest(&file(&[&now]), rules),
        digest(&file(&[&past]), rules)
    );
    assert_ne!(
        digest(&file(&[&now]), rules),
        digest(&file(&[b"\x00\x01t\x011"]), rules)
    );
}

#[test]
fn hashes_lose_expired_fields_and_go_with_the_last() {
    // Type 24: smallest expiry, count, then (expiry - smallest + 1, field, value).
    let least = 500i64.to_le_bytes();
    let hash = [
        &b"\x18\x01h"[..],
        &least,
        b"\x02\x01\x01a\x011\x00\x01b\x012",
    ]
    .concat();
    let hash = [&b"REDIS0012"[..], &hash, b"\xff\0\0\0\0\0\0\0\0"].concat();
    let plain = file(&[b"\x04\x01h\x01\x01b\x012"]);
    let redis = rules("redis:8.0").at(501);
    assert_eq!(
        digest(&hash, redis.without_expired()),
        digest(&plain, redis)
    );
    let tally = dataset(&hash, redis).0.tally();
    assert_eq!((tally.keys, tally.expired_fields), (1, 1));
    let whole = file(&[b"\x04\x01h\x02\x01a\x011\x01b\x012"]);
    assert_ne!(digest(&hash, redis), digest(&whole, redis), "marked");
    let valkey = rules("valkey:9.1");
    assert_eq!(digest(&hash, valkey), digest(&whole, valkey), "not marked");

    // A sum of 0 is no expiry.
    let never = b"\x18\x01h\0\0\0\0\0\0\0\0\x02\x01\x01a\x011\x00\x01b\x012";
    let never = [&b"REDIS0012"[..], never, b"\xff\0\0\0\0\0\0\0\0"].concat();
    assert_eq!(
        digest(&never, redis.without_expired()),
        digest(&whole, redis)
    );

    let one = [
        &b"REDIS0012\x18\x01h"[..],
        &least,
        b"\x01\x01\x01a\x011\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let (dataset, outcomes) = dataset(&one, redis.without_expired());
    assert_eq!(outcomes, [Outcome::Expired]);
    assert_eq!(dataset.digest(), Some(Digest::default()));
}

#[test]
fn keys_without_elements_are_left_out() {
    let (dataset, outcomes) = dataset(&file(&[b"\x02\x01s\x00"]), rules("redis:8.0"));
    assert_eq!(outcomes, [Outcome::Empty]);
    assert_eq!(dataset.digest(), Some(Digest::default()));
    assert_eq!(
        dataset.tally(),
        Tally {
            empty: 1,
            ..Tally::default()
        }
    );
}

#[test]
fn what_a_module_holds_has_no_digest() {
    let module = b"\x07\x01m\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00\x02\x05\x00";
    let text = b"\x00\x01a\x011";
    let file = file(&[b"\xfe\x00", module, b"\xfe\x01", text]);
    let (dataset, outcomes) = dataset(&file, rules("redis:8.0"));
    let [Outcome::Unknown(Unknown::Module(id)), Outcome::Known(_)] = outcomes[..] else {
        panic!("{outcomes:?}");
    };
    assert_eq!(id.name(), "vectorset");
    assert_eq!(dataset.digest(), None);
    let known: Vec<_> = dataset.databases().map(|(_, _, d)| d.is_some()).collect();
    assert_eq!(known, [false, true]);
    assert_eq!(dataset.tally().unknown, 1);
}

#[test]
fn a_stream_out_of_order_has_no_digest() {
    // One entry, f=w, at the ID of the node.
    let node = b"\x1d\x1d\x00\x00\x00\x0a\x00\x01\x01\x00\x01\x01\x01\x81\x66\x02\x00\x01\x02\x01\x00\x01\x00\x01\x81\x77\x02\x04\x01\xff";
    let key = |seq| [&b"\x10"[..], &[0; 15], &[seq]].concat();
    for (first, second, known) in [(1, 2, true), (2, 1, false)] {
        let nodes = [&key(first), &node[..], &key(second), node].concat();
        let stream = [&b"\x0f\x01s\x02"[..], &nodes, b"\x02\0\x02\0"].concat();
        let (dataset, outcomes) = dataset(&file(&[&stream]), rules("redis:8.0"));
        assert_eq!(dataset.digest().is_some(), known);
        let unknown = Outcome::Unknown(Unknown::StreamOrder);
        assert_eq!(outcomes == [unknown], !known, "{outcomes:?}");
    }
}

/// Asked of Redis 7.0, 8.0 and Valkey 9.1.
#[test]
fn odd_scores_have_a_digest_where_it_is_known() {
    for (score, plain) in [(&b"0x10"[..], false), (b" 1", false), (b"1.5x", true)] {
        let entry = [
            &[0x80 | score.len() as u8][..],
            score,
            &[score.len() as u8 + 1],
        ]
        .concat();
        let body = [&b"\x81m\x02"[..], &entry, b"\xff"].concat();
        let len = (body.len() + 6) as u8;
        let zset = [&[0x11, 1, b'z', len, len, 0, 0, 0, 2, 0][..], &body].concat();
        for (server, by_strtod) in [
            ("redis:7.0", true),
            ("redis:8.0", false),
            ("valkey:9.1", false),
        ] {
            let (_, outcomes) = dataset(&file(&[&zset]), rules(server));
            let known = matches!(outcomes[..], [Outcome::Known(_)]);
            assert_eq!(
                known,
                plain || by_strtod,
                "{score:?} {server}: {outcomes:?}"
            );
        }
    }
    let text = file(&[b"\x03\x01z\x01\x01m\x0216"]);
    let packed = file(&[b"\x11\x01z\x10\x10\0\0\0\x02\0\x81m\x02\x840x10\x05\xff"]);
    assert_eq!(
        digest(&packed, rules("redis:7.0")),
        digest(&text, rules("redis:7.0"))
    );
}

/// All asked of the servers themselves.
#[test]
fn a_small_sorted_set_has_no_negative_zero() {
    let zset = |count: u8, score: &[u8]| {
        let mut zset = vec![3, 1, b'z', 0x40, count];
        for i in 0..count {
            zset.extend_from_slice(&[2, b'a' + i / 16, b'a' + i % 16, score.len() as u8]);
            zset.extend_from_slice(score);
        }
        zset
    };
    for (server, count, same) in [
        ("redis:8.0", 128, true),
        ("redis:8.0", 129, false),
        ("redis:7.0", 1, true),
        ("valkey:9.1", 1, true),
        ("redis:6.0", 1, false),
    ] {
        let rules = rules(server);
        let equal = value(&zset(count, b"-0"), rules) == value(&zset(count, b"0"), rules);
        assert_eq!(equal, same, "{server} {count}");
    }
}

proptest! {
    /// A digest depends neither on the order of keys nor on how they are read.
    #[test]
    fn order_and_face_do_not_count(
        keys in prop::collection::btree_map("[a-z]{1,9}", ("[ -~]{0,60}", 0u8..4, any::<bool>()), 0..20),
        window in 16usize..300,
        turn in 0usize..20,
    ) {
        let records: Vec<Vec<u8>> = keys.iter().map(|(key, (text, db, expires))| {
            let mut record = vec![0xfe, *db];
            if *expires {
                record.push(0xfc);
                record.extend_from_slice(&4_102_444_800_123i64.to_le_bytes());
            }
            record.extend_from_slice(&[0, key.len() as u8]);
            record.extend_from_slice(key.as_bytes());
            record.push(text.len() as u8);
            record.extend_from_slice(text.as_bytes());
            record
        }).collect();
        let mut order: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
        let one = file(&order);
        let middle = turn % order.len().max(1);
        order.rotate_left(middle);
        order.reverse();
        let other = file(&order);
        let rules = Rules::of(Server::REDIS);
        let mut streamed = Dataset::new(rules);
        let limits = crate::limits::Limits { chunk: 24, ..crate::limits::Limits::default() };
        let mut reader = StreamReader::with_limits(&other[..], window, limits);
        let mut buf = RecordBuf::new();
        while reader.read_record(&mut buf).unwrap() {
            let _ = streamed.add(&buf.as_record()).unwrap();
        }
        prop_assert_eq!(streamed.digest(), Some(digest(&one, rules)));
    }
}
