//! The five versions of streams.

use super::*;
use crate::{StreamId, StreamMeta};

/// The listpack of two entries, 5-1 (deleted) and 5-2.
const NODE: [u8; 40] = [
    0x28, 0, 0, 0, 0x0f, 0, // 40 bytes, 15 elements
    0x01, 0x01, 0x01, 0x01, // 1 live, 1 deleted
    0x01, 0x01, 0x81, b'f', 0x02, 0x00, 0x01, // 1 field "f", end of master entry
    0x03, 0x01, 0x00, 0x01, 0x00, 0x01, // DELETED|SAMEFIELDS, 5-1
    0x81, b'v', 0x02, 0x04, 0x01, // "v", 4 elements back
    0x02, 0x01, 0x00, 0x01, 0x01, 0x01, // SAMEFIELDS, 5-2
    0x81, b'w', 0x02, 0x04, 0x01, // "w", 4 elements back
    0xff,
];

/// 1700000000000 ms.
const TIME: [u8; 8] = [0x00, 0x68, 0xe5, 0xcf, 0x8b, 0x01, 0x00, 0x00];
const MS: i64 = 1_700_000_000_000;

/// 16 bytes, big-endian.
fn raw(seq: u8) -> [u8; 16] {
    [0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, seq]
}

fn id(seq: u64) -> StreamId {
    StreamId { ms: 5, seq }
}

/// A stream as type 15, 19, 21, 26 or 27 has it, with everything it can have.
fn stream(kind: u8) -> Vec<u8> {
    let since = |kinds: u8, field: &[u8]| match kind >= kinds {
        true => field.to_vec(),
        false => Vec::new(),
    };
    bytes![
        [0x01], // 1 node
        [0x10], // node key: 16 bytes
        raw(1),
        [0x28], // string of 40 bytes
        NODE,
        [0x01],                   // 1 entry
        [0x05, 0x02],             // last ID
        since(19, &[0x05, 0x02]), // first ID
        since(19, &[0x05, 0x01]), // greatest deleted ID
        since(19, &[0x02]),       // 2 entries added
        [0x02],                   // 2 groups
        b"\x01g",                 // name
        [0x05, 0x02],             // last ID
        since(19, &[0x02]),       // 2 entries read
        [0x02],                   // 2 pending
        raw(1),
        TIME,   // delivered
        [0x02], // twice
        raw(2),
        TIME,                  // delivered
        [0x01],                // once
        [0x02],                // 2 consumers
        b"\x01c",              // name
        TIME,                  // seen
        since(21, &[0xff; 8]), // never active
        [0x01],                // owns 1
        raw(2),
        b"\x01d",           // name
        TIME,               // seen
        since(21, &TIME),   // active
        [0x00],             // owns none
        since(27, &[0x01]), // 1 given back
        since(27, &raw(1)),
        b"\x01h",                             // name
        [0x00, 0x00],                         // last ID 0-0
        since(19, &[0x81]),                   // entries read: 64 bits,
        since(19, &[0xff; 8]),                // unknown
        [0x00],                               // 0 pending
        [0x00],                               // 0 consumers
        since(27, &[0x00]),                   // 0 given back
        since(26, &[0x80, 0, 1, 0x51, 0x80]), // ids are remembered for 86400 s
        since(26, &[0x67, 0x10]),             // at most 10000
        since(26, &[0x02]),                   // 2 producers
        since(26, b"\x02p1"),                 // name
        since(26, &[0x02]),                   // 2 ids
        since(26, b"\x01a"),                  // id
        since(26, &[0x05, 0x01]),             // entry
        since(26, b"\x01b"),                  // id
        since(26, &[0x05, 0x02]),             // entry
        since(26, b"\x02p2"),                 // name
        since(26, &[0x00]),                   // 0 ids
        since(26, &[0x07, 0x03]),             // 7 added, 3 duplicates
    ]
}

fn expected(kind: u8) -> Vec<Event<'static>> {
    let node_key = b"\0\0\0\0\0\0\0\x05\0\0\0\0\0\0\0\x01";
    let mut all = vec![
        Part::Count(1),
        text(Role::NodeKey, node_key),
        packed(Packing::StreamNode, &NODE),
        Part::StreamMeta(StreamMeta {
            length: 1,
            last: id(2),
            extended: (kind >= 19).then_some((id(2), id(1), 2)),
        }),
        Part::Groups(2),
        Part::Group {
            name: Str::Raw(b"g"),
            last: id(2),
            entries_read: (kind >= 19).then_some(2),
            pending: 2,
        },
        Part::Pending {
            id: id(1),
            delivered_ms: MS,
            deliveries: 2,
        },
        Part::Pending {
            id: id(2),
            delivered_ms: MS,
            deliveries: 1,
        },
        Part::Consumers(2),
        Part::Consumer {
            name: Str::Raw(b"c"),
            seen_ms: MS,
            active_ms: (kind >= 21).then_some(-1),
            owned: 1,
        },
        Part::Owned(id(2)),
        Part::Consumer {
            name: Str::Raw(b"d"),
            seen_ms: MS,
            active_ms: (kind >= 21).then_some(MS),
            owned: 0,
        },
    ];
    if kind >= 27 {
        all.extend([Part::Nacks(1), Part::Nack(id(1))]);
    }
    all.extend([
        Part::Group {
            name: Str::Raw(b"h"),
            last: StreamId::default(),
            entries_read: None,
            pending: 0,
        },
        Part::Consumers(0),
    ]);
    if kind >= 27 {
        all.push(Part::Nacks(0));
    }
    if kind >= 26 {
        all.extend([
            Part::Idempotence {
                duration: 86400,
                max_entries: 10000,
                producers: 2,
            },
            Part::Producer {
                name: Str::Raw(b"p1"),
                entries: 2,
            },
            Part::ProducerEntry {
                id: Str::Raw(b"a"),
                entry: id(1),
            },
            Part::ProducerEntry {
                id: Str::Raw(b"b"),
                entry: id(2),
            },
            Part::Producer {
                name: Str::Raw(b"p2"),
                entries: 0,
            },
            Part::IdempotenceTotals {
                added: 7,
                duplicates: 3,
            },
        ]);
    }
    all
}

#[test]
fn each_version_with_everything_it_has() {
    for kind in [15, 19, 21, 26, 27] {
        decodes_value(REDIS, kind, &stream(kind), &expected(kind));
    }
    for kind in [15, 19, 21] {
        decodes_value(VALKEY, kind, &stream(kind), &expected(kind));
    }
}

#[test]
fn each_version_with_nothing() {
    let meta = |extended| {
        Part::StreamMeta(StreamMeta {
            extended,
            ..StreamMeta::default()
        })
    };
    let zero = StreamId::default();
    // No node, length 0, last ID 0-0, no group.
    let expected = [Part::Count(0), meta(None), Part::Groups(0)];
    decodes_value(REDIS, 15, &[0; 5], &expected);
    // And first ID, greatest deleted ID, entries added.
    let expected = [Part::Count(0), meta(Some((zero, zero, 0))), Part::Groups(0)];
    decodes_value(REDIS, 19, &[0; 10], &expected);
    decodes_value(REDIS, 21, &[0; 10], &expected);
    let value = bytes![
        [0; 10],                  // the same
        [0x40, 0x64, 0x40, 0x64], // ids are remembered for 100 s, at most 100
        [0x00],                   // 0 producers
        [0x00, 0x00],             // 0 added, 0 duplicates
    ];
    let idempotence = [
        Part::Idempotence {
            duration: 100,
            max_entries: 100,
            producers: 0,
        },
        Part::IdempotenceTotals {
            added: 0,
            duplicates: 0,
        },
    ];
    let expected = [&expected[..], &idempotence].concat();
    decodes_value(REDIS, 26, &value, &expected);
    decodes_value(REDIS, 27, &value, &expected);
}

#[test]
fn a_node_key_may_be_compressed() {
    let value = bytes![
        [0x01],                         // 1 node
        [0xc3],                         // node key: LZF
        [0x05, 0x10],                   // 5 bytes become 16
        [0x00, 0x07, 0xe0, 0x06, 0x00], // a 7, 15 more
        b"\x04blob",                    // node
        [0; 3],                         // length 0, last ID 0-0
        [0x00],                         // no group
    ];
    let key = Part::Item {
        role: Role::NodeKey,
        text: Str::Lzf {
            data: &value[4..9],
            len: 16,
        },
    };
    let expected = [
        Part::Count(1),
        key,
        packed(Packing::StreamNode, b"blob"),
        Part::StreamMeta(StreamMeta::default()),
        Part::Groups(0),
    ];
    decodes_value(REDIS, 15, &value, &expected);
}

#[test]
fn node_keys_of_other_sizes_fail() {
    let after_count = |key: &[u8]| [b"\x01", key].concat();
    // The error stands behind the key.
    fails_in_value(
        REDIS,
        15,
        &after_count(b"\x0fabcdefghijklmno"),
        "BadStreamKey(15)",
        17,
        1,
    );
    fails_in_value(REDIS, 15, &after_count(b"\x00"), "BadStreamKey(0)", 2, 1);
    // INT16 -129 is a text of 4 bytes.
    fails_in_value(
        REDIS,
        19,
        &after_count(&[0xc1, 0x7f, 0xff]),
        "BadStreamKey(4)",
        4,
        1,
    );
    // LZF of 1 byte that is said to become 17.
    fails_in_value(
        REDIS,
        21,
        &after_count(&[0xc3, 1, 17, 0]),
        "BadStreamKey(17)",
        5,
        1,
    );
}

#[test]
fn streams_cut_off_anywhere_are_truncated() {
    for kind in [15, 19, 21, 26, 27] {
        let whole = bytes![REDIS, [kind], b"\x01k", stream(kind)];
        for end in 13..whole.len() {
            let steps = read(&whole[..end], Limits::default());
            let last = steps.last().unwrap();
            assert_eq!(
                last.event, "Truncated, read-object-value",
                "type {kind}, {end}"
            );
            assert!(last.token <= last.offset && last.offset <= end as u64);
        }
    }
}
