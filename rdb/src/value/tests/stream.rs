//! Streams of all five types.

use super::{cat, lzf_string, raw_string, record, sees, show, stream_item};
use crate::Dialect;
use crate::event::StreamId;
use crate::value::{StreamConsumer, StreamGroup, StreamPending, StreamValue, Value};

/// 1700000000000, in little-endian.
const T: &[u8] = b"\x00\x68\xe5\xcf\x8b\x01\0\0";
/// -1: never.
const NEVER: &[u8] = &[0xff; 8];

/// A node of two entries, 5-1 (deleted) and 5-2.
const NODE: &[u8] = &[
    0x28, 0, 0, 0, 0x0F, 0, // 40 bytes, 15 elements
    1, 1, 1, 1, 1, 1, // 1 live, 1 deleted, 1 field
    0x81, b'f', 2, 0, 1, // "f", end of the master entry
    3, 1, 0, 1, 0, 1, // DELETED, SAMEFIELDS; + 0-0
    0x81, b'v', 2, 4, 1, // "v", 4 elements
    2, 1, 0, 1, 1, 1, // SAMEFIELDS; + 0-1
    0x81, b'w', 2, 4, 1,    // "w", 4 elements
    0xFF, // end
];

fn id(seq: u8) -> Vec<u8> {
    let mut id = vec![0; 16];
    (id[7], id[15]) = (5, seq);
    id
}

/// The nodes of a stream, with keys and blobs in the form `string` gives them.
fn nodes(string: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    cat(&[b"\x01", &string(&id(1)), &string(NODE)])
}

/// One group "g" at 5-2 with both entries pending, and one consumer "c".
fn group(entries_read: &[u8], active: &[u8], owned: &[u8], nacks: &[u8]) -> Vec<u8> {
    let pending = |seq, times| cat(&[&id(seq), T, times]);
    cat(&[
        b"\x01\x01g\x05\x02", // 1 group: "g", last 5-2
        entries_read,
        b"\x02",              // 2 pending
        &pending(1, b"\x02"), // delivered twice
        &pending(2, b"\x01"), // delivered once
        b"\x01\x01c",         // 1 consumer: "c"
        T,                    // seen
        active,
        owned,
        nacks,
    ])
}

fn both() -> Vec<u8> {
    cat(&[b"\x02", &id(1), &id(2)])
}

const GROUP: &str = "pending:5-1@1700000000000x2 pending:5-2@1700000000000x1";
const OWNED: &str = "owned:5-1 owned:5-2";

#[test]
fn what_old_types_lack_is_derived() {
    for string in [raw_string, lzf_string] {
        // length 1, last 5-2; nothing else
        let raw = cat(&[
            &nodes(string),
            b"\x01\x05\x02",
            &group(b"", b"", &both(), b""),
        ]);
        let seen = format!(
            "5-2,f=w length=1,last=5-2,first=5-2,deleted=0-0,added=1 group:g@5-2,read=Some(1) \
             {GROUP} consumer:c@1700000000000/Some(1700000000000) {OWNED}"
        );
        sees(15, &raw, &seen);
    }
}

/// length 1, last 5-2, first 5-2, greatest deleted 5-1, 2 entries added
const NUMBERS: &[u8] = b"\x01\x05\x02\x05\x02\x05\x01\x02";
const SEEN: &str = "5-2,f=w length=1,last=5-2,first=5-2,deleted=5-1,added=2";

#[test]
fn newer_types_say_it_themselves() {
    // type 19: entries read, unknown here
    let unknown = b"\x81\xff\xff\xff\xff\xff\xff\xff\xff";
    let raw = cat(&[
        &nodes(raw_string),
        NUMBERS,
        &group(unknown, b"", &both(), b""),
    ]);
    let seen = format!(
        "{SEEN} group:g@5-2,read=None {GROUP} \
         consumer:c@1700000000000/Some(1700000000000) {OWNED}"
    );
    sees(19, &raw, &seen);
    // type 21: a consumer's last success, never here
    let raw = cat(&[
        &nodes(raw_string),
        NUMBERS,
        &group(b"\x02", NEVER, &both(), b""),
    ]);
    let consumer = format!("consumer:c@1700000000000/None {OWNED}");
    let seen = format!("{SEEN} group:g@5-2,read=Some(2) {GROUP} {consumer}");
    sees(21, &raw, &seen);
}

#[test]
fn idempotent_producers() {
    let raw = cat(&[
        &nodes(raw_string),
        NUMBERS,
        b"\x00",                                    // no groups
        b"\x40\x64\x40\x64",                        // 100 s, 100 ids
        b"\x02",                                    // 2 producers
        b"\x02p1\x02\x01a\x05\x01\xc0\x07\x05\x02", // "p1": "a" made 5-1, "7" made 5-2
        b"\x02p2\x00",                              // "p2": none
        b"\x07\x03",                                // 7 ids added, 3 seen again
    ]);
    let tail = "idempotent:100s,100 producer:p1 made:a=5-1 made:7=5-2 producer:p2 ids:7+3";
    sees(26, &raw, &format!("{SEEN} {tail}"));
}

/// A stream of type 27 whose 5-1 was given back.
fn nacked() -> Vec<u8> {
    cat(&[
        &nodes(raw_string),
        NUMBERS,
        &group(
            b"\x02",
            T,
            &cat(&[b"\x01", &id(2)]),
            &cat(&[b"\x01", &id(1)]),
        ),
        b"\x40\x64\x40\x64\x00\x00\x00", // 100 s, 100 ids, nothing else
    ])
}

#[test]
fn entries_that_were_given_back() {
    let seen = format!(
        "{SEEN} group:g@5-2,read=Some(2) {GROUP} \
         consumer:c@1700000000000/Some(1700000000000) owned:5-2 nack:5-1 \
         idempotent:100s,100 ids:0+0"
    );
    sees(27, &nacked(), &seen);
}

fn stream(kind: u8, raw: &[u8]) -> StreamValue<'_> {
    match record(kind, Dialect::Redis, raw).value().unwrap() {
        Value::Stream(stream) => stream,
        other => panic!("{other:?}"),
    }
}

#[test]
fn deleted_entries_are_there_if_asked_for() {
    let raw = nacked();
    let mut stream = stream(27, &raw).with_deleted(true);
    let mut items = Vec::new();
    while let Some(item) = stream.next().unwrap() {
        items.push(stream_item(&item));
    }
    assert_eq!(items[..2], ["5-1(deleted),f=v", "5-2,f=w"]);
}

#[test]
fn groups_know_the_owners_of_what_is_pending() {
    let raw = nacked();
    let at = |seq| StreamId { ms: 5, seq };
    let pending = |seq, owner, deliveries| StreamPending {
        id: at(seq),
        owner,
        delivered_ms: 1_700_000_000_000,
        deliveries,
    };
    let expected = StreamGroup {
        name: b"g".to_vec(),
        last: at(2),
        entries_read: Some(2),
        consumers: vec![StreamConsumer {
            name: b"c".to_vec(),
            seen_ms: 1_700_000_000_000,
            active_ms: Some(1_700_000_000_000),
        }],
        pending: vec![pending(1, None, 2), pending(2, Some(0), 1)],
        nacked: vec![at(1)],
    };
    assert_eq!(stream(27, &raw).into_groups().unwrap(), [expected]);
}

#[test]
fn groups_need_no_entries_but_old_ones_their_first() {
    // the group stands at 5-2, the last entry: 1 of 1 read
    let raw = cat(&[
        &nodes(lzf_string),
        b"\x01\x05\x02",
        &group(b"", b"", &both(), b""),
    ]);
    let groups = stream(15, &raw).into_groups().unwrap();
    assert_eq!(groups[0].entries_read, Some(1));
    let mut items = stream(15, &raw).without_entries();
    let first = stream_item(&items.next().unwrap().unwrap());
    assert_eq!(first, "length=1,last=5-2,first=5-2,deleted=0-0,added=1");
}

#[test]
fn an_owner_of_nothing_is_refused() {
    let raw = cat(&[
        &nodes(raw_string),
        NUMBERS,
        &group(b"\x02", T, &cat(&[b"\x01", &id(9)]), b""),
    ]);
    let error = stream(21, &raw).into_groups().unwrap_err();
    assert!(error.to_string().starts_with("consumer owns an entry"));
}

#[test]
fn damaged_nodes_end_the_stream() {
    let mut node = NODE.to_vec();
    node[37] = 5; // 4 elements, says the last entry; its `length` begins at 37
    let raw = cat(&[
        b"\x01",
        &raw_string(&id(1)),
        &raw_string(&node),
        NUMBERS,
        b"\x00",
    ]);
    let error = show(&record(21, Dialect::Redis, &raw)).unwrap_err();
    // 1000 + 1 + (2 + 16) + 2 + 37
    assert_eq!(error.offset(), 1058);
    let mut damaged = stream(21, &raw);
    assert!(damaged.next().is_err());
    assert!(damaged.next().unwrap().is_none());
}

#[test]
fn order_of_nodes() {
    for (first, second, sorted) in [(1, 3, true), (3, 1, false)] {
        let node = |seq| cat(&[&raw_string(&id(seq)), &raw_string(NODE)]);
        let end = b"\x02\x05\x04\x00";
        let raw = cat(&[b"\x02", &node(first), &node(second), end]);
        let mut stream = stream(15, &raw);
        while stream.next().unwrap().is_some() {}
        assert_eq!(stream.is_sorted(), sorted);
    }
}

#[test]
fn empty_streams() {
    // no nodes, length 0, last 5-2; no groups
    let seen = "length=0,last=5-2,first=0-0,deleted=0-0,added=0";
    sees(15, b"\x00\x00\x05\x02\x00", seen);
}
