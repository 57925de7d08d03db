//! Strings, lists, sets, sorted sets, modules, arrays, rate limiters.

use super::{blob_sees, cat, lzf_string, raw_string, refused, sees};
use crate::packed::{
    Element::{Bytes, Int},
    encode,
};

#[test]
fn strings() {
    sees(0, b"\x02hi", "hi");
    sees(0, b"\xc1\x7f\xff", "-129"); // INT16
    sees(0, &lzf_string(b"squeezed"), "squeezed");
    sees(0, b"\x00", "");
}

#[test]
fn linked_lists_and_plain_sets() {
    // 3 elements: raw, INT8, LZF
    let raw = cat(&[b"\x03\x01a\xc0\xfb", &lzf_string(b"bb")]);
    sees(1, &raw, "a. -5. bb.");
    sees(2, &raw, "a. -5. bb.");
    sees(1, b"\x00", ""); // an empty key, which servers skip
}

#[test]
fn one_blob_lists_and_sets() {
    // "a", then the integers 300 and -70000
    let elements = [Bytes(b"a"), Int(300), Int(-70000)];
    blob_sees(10, b"", &encode::ziplist(&elements), "a. 300. -70000.");
    blob_sees(20, b"", &encode::listpack(&elements), "a. 300. -70000.");
    let intset = [
        0x02, 0, 0, 0, // i16
        0x03, 0, 0, 0, // 3 members
        0xFF, 0xFF, // -1
        0x01, 0x00, // 1
        0x2C, 0x01, // 300
    ];
    blob_sees(11, b"", &intset, "-1. 1. 300.");
}

#[test]
fn quicklists_keep_order_and_skip_empty_nodes() {
    let node = |elements: &[_]| encode::ziplist(elements);
    let raw = cat(&[
        b"\x03", // 3 nodes
        &raw_string(&node(&[Bytes(b"a"), Int(1)])),
        &lzf_string(&node(&[])), // empty
        &lzf_string(&node(&[Int(2)])),
    ]);
    sees(14, &raw, "a. 1. 2.");

    let node = |elements: &[_]| encode::listpack(elements);
    let raw = cat(&[
        b"\x05", // 5 nodes
        b"\x02", // packed
        &raw_string(&node(&[Bytes(b"a"), Int(1)])),
        b"\x01\x05plain", // plain: one element
        b"\x02",
        &raw_string(&node(&[])), // packed and empty
        b"\x01",
        &lzf_string(b"plain too"),
        b"\x02",
        &lzf_string(&node(&[Int(-2), Bytes(b"")])),
    ]);
    sees(18, &raw, "a. 1. plain. plain too. -2. .");
}

#[test]
fn the_example_of_a_quicklist() {
    // ["a", 5, -1, 300] in one packed node
    let raw = [
        0x01, // 1 node
        0x02, // packed
        0x12, // a string of 18 bytes
        0x12, 0, 0, 0, 4, 0, // 18 bytes, 4 elements
        0x81, b'a', 2, // "a"
        5, 1, // 5
        0xDF, 0xFF, 2, // -1
        0xC1, 0x2C, 2,    // 300
        0xFF, // end
    ];
    sees(18, &raw, "a. 5. -1. 300.");
}

#[test]
fn sorted_sets_by_strings() {
    // m 1.5, n -inf (255), 7 NaN-free text with rubbish behind it
    sees(
        3,
        b"\x03\x01m\x031.5\x01n\xff\xc0\x07\x042.5x",
        "m=1.5 n=-inf 7=2.5",
    );
    // b 2, a 1.5, binary
    sees(
        5,
        b"\x02\x01b\0\0\0\0\0\0\0\x40\x01a\0\0\0\0\0\0\xf8\x3f",
        "b=2.0 a=1.5",
    );
    let raw = cat(&[b"\x01", &lzf_string(b"long"), &(-0.0f64).to_le_bytes()]);
    sees(5, &raw, "long=-0.0");
}

#[test]
fn sorted_sets_in_one_blob() {
    let pairs = [
        Bytes(b"minus"),
        Bytes(b"-inf"), // text
        Int(12),
        Int(-3), // integer
        Bytes(b"z"),
        Bytes(b"-0"), // text, because -0 is no integer
        Bytes(b"big"),
        Int(9_007_199_254_740_993), // 2^53 + 1: no double is that
        Bytes(b"text"),
        Bytes(b"3.3333333333333335"),
        Bytes(b"odd"),
        Bytes(b"none"), // no number: 0, as servers read it
    ];
    let seen = "minus=-inf 12=-3.0 z=-0.0 big=9007199254740992.0 text=3.3333333333333335 odd=0.0";
    blob_sees(12, b"", &encode::ziplist(&pairs), seen);
    blob_sees(17, b"", &encode::listpack(&pairs), seen);
}

#[test]
fn modules() {
    let raw = cat(&[
        b"\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00", // "vectorset", version 0
        b"\x01\x81\xff\xff\xff\xff\xff\xff\xff\xff", // signed -1
        b"\x02\x2a",                             // unsigned 42
        b"\x03\0\0\xc0\x3f",                     // float 1.5
        b"\x04\0\0\0\0\0\0\x04\xc0",             // double -2.5
        b"\x05\x01s",                            // string "s"
        b"\x05\xc0\x07",                         // string "7"
        b"\x05",
        &lzf_string(b"zip"),
        b"\x00", // end
    ]);
    let seen = "vectorset/0 Signed(-1) Unsigned(42) Float(1.5) Double(-2.5) s 7 zip";
    sees(7, &raw, seen);
    let early = super::show(&super::record(6, crate::Dialect::Redis, b"")).unwrap_err();
    assert!(matches!(early.kind(), crate::ErrorKind::Unsupported(_)));
}

#[test]
fn arrays() {
    let raw = [
        &b"\x05\x01\x0a"[..],                             // 5 elements; insert index 10
        b"\x00\x01\x07\0\0\0\0\0\0\0",                    // 0: integer 7
        b"\x01\x02\0\0\0\0\0\0\xf8\x3f",                  // 1: float 1.5
        b"\x05\x03\x03abc",                               // 5: small string
        b"\x09\x00\xc0\x64",                              // 9: string, INT8
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xfe\x00\x01z", // 2^64 - 2: string
    ]
    .concat();
    sees(
        28,
        &raw,
        "5/Some(10) [0]=Int(7) [1]=Float(1.5) [5]=abc [9]=100 [18446744073709551614]=z",
    );
    sees(28, b"\x01\x00\x03\x00\x01a", "1/None [3]=a");
}

#[test]
fn rate_limiters() {
    sees(33, b"\x81\0\x06\x0a\x24\x18\x1e\x40\0", "1700000000000000");
}

#[test]
fn damage_is_told_with_its_offset_where_that_is_known() {
    let mut blob = encode::listpack(&[Bytes(b"a"), Int(1)]);
    let last = blob.len() - 2;
    blob[last] = 9; // backlen of the second element, which begins at 9
    // 1000, 2 bytes of length, then the blob
    refused(
        20,
        &raw_string(&blob),
        "damaged value: backward length does not match the entry at byte 9 of the blob \
         at offset 1011",
    );
    // inside a compressed string there is no offset but the string's own
    refused(
        20,
        &lzf_string(&blob),
        "damaged value: backward length does not match the entry at byte 9 of the blob \
         at offset 1000",
    );
    // 3 compressed bytes for 5 that do not come out
    refused(
        1,
        b"\x01\xc3\x03\x05\x01ab",
        "damaged LZF data: only 2 bytes of output at byte 3 of the compressed string \
         at offset 1001",
    );
    // a member without a score
    refused(
        17,
        &raw_string(&encode::listpack(&[Bytes(b"m")])),
        "odd number of elements in a packed value at offset 1002",
    );
}

#[test]
fn nothing_comes_after_an_error() {
    let bad = encode::listpack_of(&[vec![0xF5, 1]], 1);
    let raw = cat(&[
        b"\x02\x02", // 2 nodes, the first packed and bad
        &raw_string(&bad),
        b"\x01\x04good", // the second good
    ]);
    let record = super::record(18, crate::Dialect::Redis, &raw);
    let crate::Value::List(mut list) = record.value().unwrap() else {
        panic!("a list")
    };
    assert!(list.next().is_err());
    assert_eq!(list.next().unwrap(), None);
    assert_eq!(list.next_element().unwrap(), None);
}
