use super::super::encode::{any_element, backlen, listpack, listpack_entry, listpack_of};
use super::*;
use proptest::prelude::*;

fn walk(blob: &[u8]) -> Result<Vec<Element<'_>>, PackedError> {
    let walked = Listpack::new(blob).and_then(|cursor| cursor.elements().collect());
    let checked = Listpack::new(blob).and_then(Listpack::check);
    assert_eq!(
        walked.as_ref().map(Vec::len),
        checked.as_ref().copied(),
        "with and without decoding"
    );
    walked
}

/// A blob of raw entry bytes, with `count` in the header.
fn raw(count: u16, entries: &[u8]) -> Vec<u8> {
    listpack_of(&[entries.to_vec()], count)
}

#[track_caller]
fn refused(blob: &[u8], fault: PackedFault, at: usize) {
    assert_eq!(walk(blob), Err(fault.at(at)), "{blob:02x?}");
}

#[test]
fn empty() {
    // 7 bytes, 0 elements
    assert_eq!(walk(b"\x07\0\0\0\0\0\xFF"), Ok(vec![]));
}

#[test]
fn one_of_each_small_encoding() {
    let blob = raw(
        9,
        b"\x7F\x01\
          \x83abc\x04\
          \x80\x01\
          \xDF\xFF\x02\
          \xC1\x2C\x02\
          \xF1\x00\x80\x03\
          \xF2\xFF\xFF\xFF\x04\
          \xF3\x00\x00\x00\x80\x05\
          \xF4\x01\x00\x00\x00\x00\x00\x00\x80\x09",
    );
    let expected = vec![
        Element::Int(127),
        Element::Bytes(b"abc"),
        Element::Bytes(b""),
        Element::Int(-1),  // 13 bits, all set
        Element::Int(300), // 13 bits: 1, 2C
        Element::Int(-32768),
        Element::Int(-1), // 24 bits
        Element::Int(i32::MIN.into()),
        Element::Int(i64::MIN + 1),
    ];
    assert_eq!(walk(&blob), Ok(expected));
}

#[test]
fn thirteen_bits_have_a_sign() {
    // D000 is the smallest, CFFF the largest
    assert_eq!(
        walk(&raw(2, b"\xD0\x00\x02\xCF\xFF\x02")),
        Ok(vec![Element::Int(-4096), Element::Int(4095)])
    );
}

#[test]
fn long_strings_may_be_short() {
    // 12-bit and 32-bit lengths of 1
    assert_eq!(
        walk(&raw(2, b"\xE0\x01x\x03\xF0\x01\0\0\0y\x06")),
        Ok(vec![Element::Bytes(b"x"), Element::Bytes(b"y")])
    );
}

#[test]
fn header_faults() {
    refused(b"", PackedFault::TooShort, 0);
    refused(b"\x06\0\0\0\0\0", PackedFault::TooShort, 0);
    refused(b"\x08\0\0\0\0\0\xFF", PackedFault::SizeMismatch(8), 0);
    refused(b"\x07\0\0\0\0\0\xFE", PackedFault::NoEnd, 6);
}

#[test]
fn encodings_that_mean_nothing() {
    for first in 0xF5..=0xFE {
        refused(&raw(1, &[first, 1]), PackedFault::BadEncoding(first), 6);
    }
}

#[test]
fn overruns() {
    refused(&raw(1, b"\x83ab\x04"), PackedFault::Overrun, 6); // one byte short
    refused(&raw(1, b"\x05"), PackedFault::Overrun, 6); // no backlen
    refused(&raw(1, b"\xF4\0\0\0\0\0\0\0\x09"), PackedFault::Overrun, 6); // 7 of 8
    refused(&raw(1, b"\xE0"), PackedFault::Overrun, 6); // half a length
    refused(&raw(1, b"\xF0\x01\0\0"), PackedFault::Overrun, 6); // 3 of 4
    refused(&raw(1, b"\xE0\x02x\x03"), PackedFault::Overrun, 6); // data
    // 5 + FFFFFFFF is 4 in 32 bits; backlen 4
    refused(
        &raw(1, b"\xF0\xFF\xFF\xFF\xFF\x04"),
        PackedFault::Overrun,
        6,
    );
    // the second entry is to blame
    refused(&raw(2, b"\x05\x01\x82x\x03"), PackedFault::Overrun, 8);
}

#[test]
fn early_end() {
    refused(&raw(1, b"\x05\x01\xFF\x05\x01"), PackedFault::EarlyEnd, 8);
}

#[test]
fn counts() {
    let fault = |stated, found| PackedFault::CountMismatch { stated, found };
    refused(&raw(2, b"\x05\x01"), fault(2, 1), 4);
    refused(&raw(0, b"\x05\x01"), fault(0, 1), 4);
    // 65535 is unknown
    let blob = raw(65535, b"\x05\x01");
    assert_eq!(walk(&blob), Ok(vec![Element::Int(5)]));
    assert_eq!(Listpack::new(&blob).unwrap().stated_len(), None);
    assert_eq!(
        Listpack::new(&raw(2, b"")).unwrap().stated_len(),
        Some(2),
        "as the header has it"
    );
}

#[test]
fn backlens() {
    refused(&raw(1, b"\x05\x02"), PackedFault::BadBacklen, 6);
    refused(&raw(1, b"\x83abc\x03"), PackedFault::BadBacklen, 6);
    // Bit 7 on the only byte: it goes on into the entry, which is 0 here and
    // adds nothing...
    assert_eq!(walk(&raw(1, b"\x00\x81")), Ok(vec![Element::Int(0)]));
    // ...but 1 << 7 here...
    refused(&raw(1, b"\x01\x81"), PackedFault::BadBacklen, 6);
    // ...and through zeroes with bit 7 to the end of five bytes here.
    refused(
        &raw(1, b"\x86\0\x80\x80\x80\x80\x80\x87"),
        PackedFault::BadBacklen,
        6,
    );
    assert_eq!(
        walk(&raw(1, b"\x86\0\0\x00\x80\x80\x80\x87")),
        Ok(vec![Element::Bytes(b"\0\0\0\x80\x80\x80")])
    );
    // Two bytes called for, of which the last says all
    let mut entry = vec![0xE0, 126];
    entry.extend([b'x'; 126]);
    entry.extend([0x01, 0x80]); // 128
    assert!(walk(&raw(1, &entry)).is_ok());
    entry[128] = 0x02; // 256
    refused(&raw(1, &entry), PackedFault::BadBacklen, 6);
}

/// One string entry of `size` bytes in all but its backlen of `width` bytes.
fn sized(size: usize, width: usize) -> Vec<u8> {
    let mut entry = vec![0xF0];
    entry.extend((size as u32 - 5).to_le_bytes());
    entry.resize(size, b'x');
    entry.extend(backlen(size, width));
    raw(1, &entry)
}

#[test]
fn servers_disagree_on_three_sizes() {
    use Backlen::*;
    // Found with Redis 7.0 and 8.0, Valkey 8.0 and 8.1 (Long), Valkey 9.1 (Short).
    let accepted = [
        (127, 1, [true, true, true]),
        (127, 2, [false, false, false]),
        (128, 2, [true, true, true]),
        (16382, 2, [true, true, true]),
        (16383, 2, [true, false, true]),
        (16383, 3, [true, true, false]),
        (16384, 3, [true, true, true]),
        (2097151, 3, [true, false, true]),
        (2097151, 4, [true, true, false]),
        (2097152, 4, [true, true, true]),
    ];
    for (size, width, by_rule) in accepted {
        let blob = sized(size, width);
        for (rule, expected) in [Either, Long, Short].into_iter().zip(by_rule) {
            let checked = Listpack::new(&blob).unwrap().backlen(rule).check();
            assert_eq!(checked.is_ok(), expected, "{size} in {width}, {rule:?}");
        }
    }
    assert_eq!(backlen_widths(268_435_455), [5, 4]);
    assert_eq!(backlen_widths(u64::from(u32::MAX) + 5), [5, 5]);
}

#[test]
fn fused_and_positioned() {
    let blob = raw(7, b"\x05\x01\x82ab\x03\xF5");
    let mut listpack = Listpack::new(&blob).unwrap();
    assert_eq!(listpack.position(), 6);
    assert_eq!(listpack.next(), Ok(Some(Element::Int(5))));
    assert_eq!(listpack.position(), 8);
    assert_eq!(listpack.next(), Ok(Some(Element::Bytes(b"ab"))));
    assert_eq!(listpack.position(), 12);
    assert!(listpack.next().is_err());
    for _ in 0..3 {
        assert_eq!(
            listpack.next(),
            Ok(None),
            "and no complaint about the count"
        );
    }

    let blob = raw(2, b"\x05\x01");
    let mut listpack = Listpack::new(&blob).unwrap();
    assert!(listpack.next().is_ok());
    assert!(listpack.next().is_err(), "wrong count");
    assert_eq!(listpack.next(), Ok(None));
}

#[test]
fn more_elements_than_the_header_can_say() {
    let elements = vec![Element::Int(1); 70_000];
    assert_eq!(walk(&listpack(&elements)), Ok(elements));
}

proptest! {
    #[test]
    fn round_trip(owned in prop::collection::vec(any_element(), 0..20)) {
        let elements: Vec<_> = owned.iter().map(|element| element.borrow()).collect();
        let blob = listpack(&elements);
        prop_assert_eq!(walk(&blob), Ok(elements));
    }

    #[test]
    fn positions_split_the_blob(owned in prop::collection::vec(any_element(), 1..20)) {
        let elements: Vec<_> = owned.iter().map(|element| element.borrow()).collect();
        let blob = listpack(&elements);
        let mut cursor = Listpack::new(&blob).unwrap();
        for element in elements {
            let start = cursor.position();
            cursor.next().unwrap();
            prop_assert_eq!(&blob[start..cursor.position()], &listpack_entry(element));
        }
    }

    #[test]
    fn bit_flips_never_panic(
        owned in prop::collection::vec(any_element(), 0..6),
        flip in any::<prop::sample::Index>(),
        bit in 0..8,
    ) {
        let elements: Vec<_> = owned.iter().map(|element| element.borrow()).collect();
        let mut blob = listpack(&elements);
        let at = flip.index(blob.len());
        blob[at] ^= 1u8 << bit;
        let _ = walk(&blob);
    }

    #[test]
    fn random_bytes_never_panic(entries: Vec<u8>, blob: Vec<u8>) {
        let _ = walk(&raw(65535, &entries));
        let _ = walk(&blob);
    }
}
