use super::super::encode::{any_element, ziplist};
use super::*;
use proptest::prelude::*;

fn walk(blob: &[u8]) -> Result<Vec<Element<'_>>, PackedError> {
    let walked = Ziplist::new(blob).and_then(|cursor| cursor.elements().collect());
    let checked = Ziplist::new(blob).and_then(Ziplist::check);
    assert_eq!(
        walked.as_ref().map(Vec::len),
        checked.as_ref().copied(),
        "with and without decoding"
    );
    walked
}

/// A blob of raw entry bytes, with `tail` and `count` in the header.
fn raw(tail: u32, count: u16, entries: &[u8]) -> Vec<u8> {
    let total = (10 + entries.len() + 1) as u32;
    [
        &total.to_le_bytes()[..],
        &tail.to_le_bytes(),
        &count.to_le_bytes(),
        entries,
        &[0xFF],
    ]
    .concat()
}

#[track_caller]
fn refused(blob: &[u8], fault: PackedFault, at: usize) {
    assert_eq!(walk(blob), Err(fault.at(at)), "{blob:02x?}");
}

#[test]
fn empty() {
    assert_eq!(walk(&raw(10, 0, b"")), Ok(vec![]));
    // The tail of an empty one may be anything inside.
    assert_eq!(walk(&raw(0, 0, b"")), Ok(vec![]));
}

#[test]
fn one_of_each_encoding() {
    let blob = raw(
        46,
        10,
        b"\x00\x02ab\
          \x04\x40\x01c\
          \x04\xBF\x00\x00\x00\x01d\
          \x07\xC0\xFF\x7F\
          \x04\xD0\x00\x00\x00\x80\
          \x06\xE0\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\
          \x0A\xF0\x00\x00\x80\
          \x05\xFE\x80\
          \x03\xF1\
          \x02\xFD",
    );
    let expected = vec![
        Element::Bytes(b"ab"),
        Element::Bytes(b"c"), // 14-bit length
        Element::Bytes(b"d"), // 32-bit length, low 6 bits of its mark set
        Element::Int(32767),
        Element::Int(i32::MIN.into()),
        Element::Int(-2),
        Element::Int(-0x80_0000),
        Element::Int(-128),
        Element::Int(0),
        Element::Int(12),
    ];
    // tail: 10 + 4 + 4 + 7 + 4 + 6 + 10 + 5 + 3 + 2
    assert_eq!(blob.len(), 58);
    let mut blob = blob;
    blob[4] = 55;
    assert_eq!(walk(&blob), Ok(expected));
}

#[test]
fn prevlens_may_be_long() {
    // both in five bytes
    let blob = raw(16, 2, b"\xFE\0\0\0\0\xF3\xFE\x06\0\0\0\xF6");
    assert_eq!(walk(&blob), Ok(vec![Element::Int(2), Element::Int(5)]));
}

#[test]
fn header_faults() {
    refused(&[0; 10], PackedFault::TooShort, 0);
    let mut blob = raw(10, 0, b"");
    blob[0] = 12;
    refused(&blob, PackedFault::SizeMismatch(12), 0);
    let mut blob = raw(10, 0, b"");
    blob[10] = 0xFE;
    refused(&blob, PackedFault::NoEnd, 10);
    refused(&raw(11, 0, b""), PackedFault::BadTail, 4);
}

#[test]
fn encodings_that_mean_nothing() {
    for first in 0xC0..=0xFF {
        if SHORT[first as usize] == 0 {
            let blob = raw(10, 1, &[0, first, 0, 0, 0, 0, 0, 0, 0, 0]);
            refused(&blob, PackedFault::BadEncoding(first), 10);
        }
    }
}

#[test]
fn overruns() {
    refused(&raw(10, 1, b"\x00"), PackedFault::Overrun, 10); // no encoding
    refused(&raw(10, 1, b"\xFE\0\0\0"), PackedFault::Overrun, 10); // 3 of 4
    refused(&raw(10, 1, b"\x00\x40"), PackedFault::Overrun, 10); // half a length
    refused(&raw(10, 1, b"\x00\x80\0\0\0"), PackedFault::Overrun, 10); // 3 of 4
    refused(&raw(10, 1, b"\x00\x02a"), PackedFault::Overrun, 10); // 1 of 2
    refused(&raw(10, 1, b"\x00\xC0\x01"), PackedFault::Overrun, 10); // 1 of 2
    refused(
        &raw(10, 1, b"\x00\x80\xFF\xFF\xFF\xFFx"),
        PackedFault::Overrun,
        10,
    );
}

#[test]
fn ends_and_sums() {
    let two = b"\x00\xF3\x02\xF6"; // 2, 5
    assert!(walk(&raw(12, 2, two)).is_ok());
    refused(&raw(10, 2, two), PackedFault::BadTail, 4);
    refused(&raw(13, 2, two), PackedFault::BadTail, 4);
    let fault = PackedFault::CountMismatch {
        stated: 3,
        found: 2,
    };
    refused(&raw(12, 3, two), fault, 8);
    assert!(walk(&raw(12, 65535, two)).is_ok());
    refused(&raw(10, 1, b"\x00\xF3\xFF\xF6"), PackedFault::EarlyEnd, 12);
    // first prevlen not 0, second not 2, second FE as one byte
    refused(&raw(10, 1, b"\x01\xF3"), PackedFault::BadBacklen, 10);
    refused(
        &raw(12, 2, b"\x00\xF3\x03\xF6"),
        PackedFault::BadBacklen,
        12,
    );
    refused(
        &raw(12, 2, b"\x00\xF3\xFE\x03\0\0\0\xF6"),
        PackedFault::BadBacklen,
        12,
    );
}

#[test]
fn a_prevlen_of_254_takes_five_bytes() {
    // 1 + 2 + 251 = 254 bytes, then 7
    let mut entries = b"\x00\x40\xFB".to_vec();
    entries.resize(254, b'x');
    let short = [&entries[..], b"\xFE\xF8"].concat();
    refused(&raw(264, 2, &short), PackedFault::Overrun, 264);
    let long = [&entries[..], b"\xFE\xFE\0\0\0\xF8"].concat();
    assert_eq!(walk(&raw(264, 2, &long)).map(|e| e.len()), Ok(2));
}

#[test]
fn fused_and_positioned() {
    let blob = raw(12, 2, b"\x00\xF3\x02\xC1");
    let mut ziplist = Ziplist::new(&blob).unwrap();
    assert_eq!(ziplist.stated_len(), Some(2));
    assert_eq!(ziplist.position(), 10);
    assert_eq!(ziplist.next(), Ok(Some(Element::Int(2))));
    assert_eq!(ziplist.position(), 12);
    assert!(ziplist.next().is_err());
    for _ in 0..3 {
        assert_eq!(ziplist.next(), Ok(None), "and no complaint about the sums");
    }
}

proptest! {
    #[test]
    fn round_trip(owned in prop::collection::vec(any_element(), 0..20)) {
        let elements: Vec<_> = owned.iter().map(|element| element.borrow()).collect();
        let blob = ziplist(&elements);
        prop_assert_eq!(walk(&blob), Ok(elements));
    }

    #[test]
    fn bit_flips_never_panic(
        owned in prop::collection::vec(any_element(), 0..6),
        flip in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let elements: Vec<_> = owned.iter().map(|element| element.borrow()).collect();
        let mut blob = ziplist(&elements);
        let at = flip.index(blob.len());
        blob[at] ^= 1u8 << bit;
        let _ = walk(&blob);
    }

    #[test]
    fn random_bytes_never_panic(entries: Vec<u8>, blob: Vec<u8>, tail in 0u32..40) {
        let _ = walk(&raw(tail, 65535, &entries));
        let _ = walk(&blob);
    }
}
