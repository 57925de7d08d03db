//! Values of each type, part by part.

use super::{file, told};
use crate::diff::Diff;

/// What is told of one key, of these types and values.
fn change(old: (u8, &[u8]), new: (u8, &[u8])) -> String {
    let key = |(kind, raw): (u8, &[u8])| file(&[&[kind, 1, b'k'], raw]);
    let (old, new) = (key(old), key(new));
    let (lines, _) = told(Diff::new(&old, &new));
    assert!(lines.len() < 2);
    lines.concat().replace("0/k changed ", "")
}

#[test]
fn strings() {
    assert_eq!(change((0, b"\x03abc"), (0, b"\x03abd")), "abc>abd@2");
    assert_eq!(change((0, b"\x03abc"), (0, b"\x02ab")), "abc>ab@2");
    // Compressed, and not.
    assert_eq!(
        change(
            (0, b"\xc3\x05\x0a\x00a\xe0\x00\x00"),
            (0, b"\x0aaaaaaaaaaa")
        ),
        ""
    );
}

#[test]
fn lists() {
    let list = b"\x04\x01a\x01b\x01c\x01d";
    assert_eq!(change((1, list), (1, b"\x03\x01a\x01c\x01d")), "1:b>1:");
    assert_eq!(
        change((1, list), (1, b"\x04\x01b\x01c\x01d\x01a")),
        "0:a>0: 4:>3:a"
    );
    // One listpack.
    let packed = b"\x01\x02\x13\x13\0\0\0\x04\0\x81a\x02\x81b\x02\x81c\x02\x81d\x02\xff";
    assert_eq!(change((1, list), (18, packed)), "");
}

#[test]
fn sets_and_sorted_sets() {
    assert_eq!(
        change((2, b"\x02\x01a\x01b"), (2, b"\x02\x01c\x01b")),
        "a- c+"
    );
    let intset = b"\x0c\x02\0\0\0\x02\0\0\0\x01\0\x02\0";
    assert_eq!(change((2, b"\x03\x012\x011\x01b"), (11, intset)), "b-");
    let (one, two) = (b"\x02\x01a\x011\x01b\x012", b"\x02\x01b\x012\x01a\x031.5");
    assert_eq!(change((3, one), (3, two)), "a:Some(1.0)>Some(1.5)");
    let binary = b"\x02\x01b\0\0\0\0\0\0\0\x40\x01a\0\0\0\0\0\0\xf0\x3f";
    assert_eq!(change((3, one), (5, binary)), "");
    // A negative zero loses its sign when it is packed.
    assert_eq!(change((3, b"\x01\x01a\x010"), (3, b"\x01\x01a\x02-0")), "");
    assert_eq!(
        change((3, b"\x01\x01a\xfd"), (3, b"\x01\x01a\xfe")),
        "a:Some(NaN)>Some(inf)"
    );
    assert_eq!(
        change((3, b"\x01\x01a\xfd"), (5, b"\x01\x01a\0\0\0\0\0\0\xf8\x7f")),
        ""
    );
}

#[test]
fn hashes() {
    let (old, new) = (b"\x02\x01a\x011\x01b\x012", b"\x02\x01b\x013\x01c\x011");
    assert_eq!(change((4, old), (4, new)), "a:1>- b:2>3 c:->1");
    // With expiries: field c at 10 s. The smallest one stands before.
    let expiring = b"\x10\x27\0\0\0\0\0\0\x02\x00\x01b\x013\x01\x01c\x011";
    assert_eq!(change((4, new), (24, expiring)), "c:1>1@10000");
}

#[test]
fn other_types() {
    assert_eq!(change((2, b"\x01\x01a"), (1, b"\x01\x01a")), "type");
    let id = b"\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00";
    let module = |n: u8| [&id[..], &[2, 7, 5, 1, b'x', 2, n, 0]].concat();
    assert!(change((7, &module(1)), (7, &module(2))).starts_with("2:"));
}
