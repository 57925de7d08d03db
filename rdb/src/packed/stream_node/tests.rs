use super::super::encode::{listpack_entry, listpack_of};
use super::*;
use crate::packed::PackedFault;
use proptest::prelude::*;

fn int(n: i64) -> Vec<u8> {
    listpack_entry(Element::Int(n))
}

fn text(s: &str) -> Vec<u8> {
    listpack_entry(Element::Bytes(s.as_bytes()))
}

/// One live entry expected, one field "f".
fn master() -> Vec<Vec<u8>> {
    vec![int(1), int(0), int(1), text("f"), int(0)]
}

/// SAMEFIELDS, deltas 0 and 0, "v", four elements.
fn same() -> Vec<Vec<u8>> {
    vec![int(2), int(0), int(0), text("v"), int(4)]
}

/// A node of these elements, counted right.
fn node(elements: Vec<Vec<u8>>) -> Vec<u8> {
    listpack_of(&elements, elements.len() as u16)
}

/// [`master`] and [`same`] with one element changed.
fn with(index: usize, element: Vec<u8>) -> Vec<u8> {
    let mut elements = [master(), same()].concat();
    elements[index] = element;
    node(elements)
}

#[track_caller]
fn checked(blob: &[u8]) -> Result<NodeSummary, PackedError> {
    let checked = StreamNode::check(blob);
    let walked = StreamNode::new(blob).and_then(|mut node| {
        while let Some(entry) = node.next()? {
            let expected = entry.pairs.left;
            assert_eq!(entry.pairs.count() as u64, expected);
        }
        Ok(*node.summary())
    });
    assert_eq!(checked, walked, "with and without handing out");
    checked
}

#[track_caller]
fn refused(blob: &[u8], fault: PackedFault, at: usize) {
    assert_eq!(checked(blob), Err(fault.at(at)), "{blob:02x?}");
}

/// Loads in the older servers, but not in Valkey 9.1.
#[track_caller]
fn lax(blob: &[u8]) -> NodeSummary {
    let summary = checked(blob).unwrap();
    assert!(!summary.is_strict(), "{summary:?}");
    summary
}

#[track_caller]
fn strict(blob: &[u8]) -> NodeSummary {
    let summary = checked(blob).unwrap();
    assert!(summary.is_strict(), "{summary:?}");
    summary
}

#[test]
fn entries_of_both_kinds() {
    #[rustfmt::skip]
    let blob = node([
        // 2 live, 1 deleted, fields "f" and "g"
        vec![int(2), int(1), int(2), text("f"), text("g"), int(0)],
        // DELETED | SAMEFIELDS, the ID of the node, 2 + 3 elements
        vec![int(3), int(0), int(0), text("1"), text("2"), int(5)],
        // own fields: one pair, 2 * 1 + 4 elements
        vec![int(0), int(7), int(-1), int(1), text("h"), text("3"), int(6)],
        // own fields: none
        vec![int(0), int(8), int(0), int(0), int(4)],
    ].concat());
    let mut node = StreamNode::new(&blob).unwrap();
    let names: Vec<_> = node.fields().collect();
    assert_eq!(names, [Element::Bytes(b"f"), Element::Bytes(b"g")]);

    let mut seen = Vec::new();
    while let Some(entry) = node.next().unwrap() {
        let pairs: Vec<_> = entry.pairs.collect();
        seen.push((
            entry.at,
            entry.ms_delta,
            entry.seq_delta,
            entry.deleted,
            pairs,
        ));
    }
    let pair = |f, v| (Element::Bytes(f), Element::Bytes(v));
    let expected = [
        (
            20,
            0,
            0,
            true,
            vec![pair(&b"f"[..], &b"1"[..]), pair(b"g", b"2")],
        ),
        (34, 7, -1, false, vec![pair(b"h", b"3")]),
        (51, 8, 0, false, vec![]),
    ];
    assert_eq!(seen, expected);
    assert_eq!(
        strict(&blob),
        NodeSummary {
            count: 2,
            deleted: 1,
            live_flags: 2,
            deleted_flags: 1,
            elements: 24,
            stated_elements: Some(24),
            trailing_bytes: 0,
            negative_fields: false,
        }
    );
}

#[test]
fn integers_may_be_canonical_text() {
    strict(&with(0, text("1")));
    strict(&with(4, text("0")));
    strict(&with(5, text("2")));
    strict(&with(6, text("0")));
    strict(&with(9, text("4")));
}

#[test]
fn integers_must_be_integers() {
    refused(&with(0, text("01")), PackedFault::NotInteger, 6);
    refused(&with(1, text("")), PackedFault::NotInteger, 8);
    refused(&with(2, text("x")), PackedFault::NotInteger, 10);
    refused(&with(4, text("x")), PackedFault::NotInteger, 15);
    refused(&with(5, text("x")), PackedFault::NotInteger, 17);
    refused(&with(6, text("x")), PackedFault::NotInteger, 19);
    refused(&with(7, text("x")), PackedFault::NotInteger, 21);
    refused(&with(9, text("x")), PackedFault::NotInteger, 26);
}

#[test]
fn structure() {
    refused(&with(4, int(1)), PackedFault::BadMasterEnd, 15);
    let length = |stated, found| PackedFault::BadEntryLength { stated, found };
    refused(&with(9, int(5)), length(5, 4), 26);
    // one element too many, one entry too few, and nothing at all
    refused(
        &node([master(), same(), vec![int(0)]].concat()),
        PackedFault::Trailing,
        28,
    );
    refused(&node(master()), PackedFault::Incomplete, 17);
    refused(&node(vec![]), PackedFault::Incomplete, 6);
    // more fields than any blob has
    refused(&with(2, int(i64::MAX)), PackedFault::Incomplete, 36);
    // fewer than no entries
    refused(&with(0, int(-1)), PackedFault::Incomplete, 29);
    // A listpack entry that is damaged keeps its own fault.
    refused(&with(8, vec![0xF5]), PackedFault::BadEncoding(0xF5), 23);
}

#[test]
fn only_valkey_9_asks_for_the_element_count() {
    let elements = [master(), same()].concat();
    assert_eq!(lax(&listpack_of(&elements, 3)).stated_elements, Some(3));
    strict(&listpack_of(&elements, 65535));
}

#[test]
fn only_valkey_9_asks_where_the_end_is() {
    let mut elements = [master(), same(), vec![vec![0xFF, 0xF5]]].concat();
    let summary = lax(&listpack_of(&elements, 10));
    assert_eq!(summary.trailing_bytes, 2);
    // An end in the middle is one everywhere.
    elements.swap(6, 10);
    refused(&listpack_of(&elements, 10), PackedFault::Incomplete, 19);
}

#[test]
fn only_valkey_9_counts_tombstones() {
    strict(&node(
        [
            vec![int(0), int(1), int(1), text("f"), int(0)],
            vec![int(3)],
            same()[1..].to_vec(),
        ]
        .concat(),
    ));
    lax(&node(
        [vec![int(0), int(1), int(1), text("f"), int(0)], same()].concat(),
    ));
    lax(&with(5, int(3)));
    // unknown flags are nobody's business
    strict(&with(5, int(0x42)));
}

#[test]
fn only_valkey_9_minds_negative_numbers() {
    let counts = |count, deleted| {
        let head = vec![int(count), int(deleted), int(1), text("f"), int(0)];
        node([head, same()].concat())
    };
    lax(&counts(-1, 2));
    lax(&counts(2, -1));
    // no fields less one: 3 - 1 elements
    let blob = node(vec![
        int(1),
        int(0),
        int(-1),
        int(0),
        int(2),
        int(0),
        int(0),
        int(2),
    ]);
    assert!(lax(&blob).negative_fields);
    // own fields, none less one: 2 * -1 + 4
    let blob = node([master(), vec![int(0), int(0), int(0), int(-1), int(2)]].concat());
    assert!(lax(&blob).negative_fields);
    // both sums wrap
    let blob = node(
        [
            master(),
            vec![int(0), int(0), int(0), int(i64::MIN), int(4)],
        ]
        .concat(),
    );
    assert!(lax(&blob).negative_fields);
    let blob = node(vec![int(i64::MIN), int(i64::MIN), int(0), int(0)]);
    assert!(lax(&blob).count < 0);
}

#[test]
fn fused() {
    let blob = with(6, text("x"));
    let mut node = StreamNode::new(&blob).unwrap();
    assert!(node.next().is_err());
    assert_eq!(node.next(), Ok(None));
    assert_eq!(node.next(), Ok(None));
}

proptest! {
    #[test]
    fn bit_flips_never_panic(flip in any::<prop::sample::Index>(), bit in 0..8) {
        let mut blob = node([master(), same()].concat());
        let at = flip.index(blob.len());
        blob[at] ^= 1u8 << bit;
        let _ = checked(&blob);
    }

    #[test]
    fn random_elements_never_panic(
        numbers in prop::collection::vec(-3i64..8, 0..60),
        raw: Vec<u8>,
    ) {
        let _ = checked(&node(numbers.into_iter().map(int).collect()));
        let _ = checked(&node([master(), vec![raw.clone()]].concat()));
        let _ = checked(&raw);
    }
}
