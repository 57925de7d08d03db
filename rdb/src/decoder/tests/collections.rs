//! Lists, sets, sorted sets and hashes, from the oldest type to field expiry.

use super::*;

/// 9999999999000 ms.
const LATE: [u8; 8] = [0x18, 0x9c, 0x72, 0x4e, 0x18, 0x09, 0x00, 0x00];

#[test]
fn lists_and_sets_one_by_one() {
    let value = bytes![
        [0x03],       // 3 elements
        b"\x01c",     // "c"
        [0xc0, 0xff], // INT8 -1
        b"\x00",      // ""
    ];
    for (kind, role) in [(1, Role::Element), (2, Role::Member)] {
        let expected = [
            Part::Count(3),
            text(role, b"c"),
            int(role, -1),
            text(role, b""),
        ];
        decodes_value(REDIS, kind, &value, &expected);
        decodes_value(VALKEY, kind, &value, &expected);
    }
}

#[test]
fn sorted_sets_with_scores_as_text() {
    let value = bytes![
        [0x05],           // 5 pairs
        b"\x01a",         // member
        b"\x031.5",       // score: 3 bytes of text
        b"\x01b",         // member
        [0xfd],           // NaN
        b"\x01c",         // member
        [0xfe],           // infinity
        b"\x01d",         // member
        [0xff],           // minus infinity
        b"\x01e",         // member
        b"\x09 +0x1p4zz", // a blank, a sign, 16 in hexadecimal, rubbish
    ];
    let expected = [
        Part::Count(5),
        text(Role::Member, b"a"),
        Part::Score(1.5),
        text(Role::Member, b"b"),
        Part::Score(f64::NAN),
        text(Role::Member, b"c"),
        Part::Score(f64::INFINITY),
        text(Role::Member, b"d"),
        Part::Score(f64::NEG_INFINITY),
        text(Role::Member, b"e"),
        Part::Score(16.0),
    ];
    decodes_value(REDIS, 3, &value, &expected);
}

#[test]
fn sorted_sets_with_binary_scores() {
    let value = bytes![
        [0x02],                         // 2 pairs
        b"\x01b",                       // member
        [0, 0, 0, 0, 0, 0, 0, 0x40],    // 2
        b"\x01a",                       // member
        [0, 0, 0, 0, 0, 0, 0xf8, 0x3f], // 1.5
    ];
    let expected = [
        Part::Count(2),
        text(Role::Member, b"b"),
        Part::Score(2.0),
        text(Role::Member, b"a"),
        Part::Score(1.5),
    ];
    decodes_value(REDIS, 5, &value, &expected);
}

#[test]
fn hashes_field_by_field() {
    let value = bytes![
        [0x02],       // 2 pairs
        b"\x01f",     // field
        b"\x01v",     // value
        [0xc0, 0x07], // field: INT8 7
        b"\x00",      // value
    ];
    let expected = [
        Part::Count(2),
        text(Role::Field, b"f"),
        text(Role::FieldValue, b"v"),
        int(Role::Field, 7),
        text(Role::FieldValue, b""),
    ];
    decodes_value(REDIS, 4, &value, &expected);
}

#[test]
fn collections_without_elements() {
    for kind in [1, 2, 3, 4, 5, 14, 18, 22] {
        decodes_value(REDIS, kind, b"\x00", &[Part::Count(0)]);
        decodes_value(VALKEY, kind, b"\x00", &[Part::Count(0)]);
    }
    decodes_value(VALKEY, 23, b"\x00", &[Part::Count(0)]);
}

#[test]
fn values_that_are_one_blob() {
    for (kind, packing) in [
        (9, Packing::HashZipmap),
        (10, Packing::ListZiplist),
        (11, Packing::SetIntset),
        (12, Packing::ZsetZiplist),
        (13, Packing::HashZiplist),
        (16, Packing::HashListpack),
        (17, Packing::ZsetListpack),
        (20, Packing::SetListpack),
    ] {
        // What is in it is not the decoder's business.
        let value = b"\x04blob";
        decodes_value(REDIS, kind, value, &[packed(packing, b"blob")]);
        decodes_value(VALKEY, kind, value, &[packed(packing, b"blob")]);
    }
    let value = bytes![
        [0x0c],                   // string of 12 bytes
        [0x02, 0, 0, 0],          // two-byte members
        [0x02, 0, 0, 0],          // two of them
        [0x01, 0x00, 0x02, 0x00], // 1, 2
    ];
    let expected = [packed(Packing::SetIntset, &value[1..])];
    decodes_value(REDIS, 11, &value, &expected);
}

#[test]
fn quicklists_of_ziplists() {
    let ziplist = [
        0x0f, 0, 0, 0, 0x0c, 0, 0, 0, 0x02, 0, 0x00, 0xf3, 0x02, 0xf6, 0xff,
    ];
    let value = bytes![
        [0x02],  // 2 nodes
        [0x0f],  // string of 15 bytes
        ziplist, // 2, 5
        b"\x00", // an empty string: damage, but not the decoder's business
    ];
    let expected = [
        Part::Count(2),
        packed(Packing::ListZiplist, &ziplist),
        packed(Packing::ListZiplist, b""),
    ];
    decodes_value(REDIS, 14, &value, &expected);
}

#[test]
fn quicklists_of_listpacks_and_plain_nodes() {
    let listpack = [
        0x12, 0, 0, 0, 0x04, 0, // 18 bytes, 4 elements
        0x81, b'a', 0x02, // "a"
        0x05, 0x01, // 5
        0xdf, 0xff, 0x02, // -1
        0xc1, 0x2c, 0x02, // 300
        0xff, // end
    ];
    let value = bytes![
        [0x02], // 2 nodes
        [0x02], // packed
        [0x12], // string of 18 bytes
        listpack,
        [0x01],       // plain
        b"\x05large", // one element
    ];
    let expected = [
        Part::Count(2),
        Part::Container(2),
        packed(Packing::ListListpack, &listpack),
        Part::Container(1),
        text(Role::Element, b"large"),
    ];
    decodes_value(REDIS, 18, &value, &expected);
}

#[test]
fn hashes_of_redis_with_field_expiry() {
    let value = bytes![
        LATE,         // the smallest expiry
        [0x03],       // 3 fields
        [0x01],       // the smallest
        b"\x02f1",    // field
        [0xc0, 0x01], // value: INT8 1
        [0x06],       // 5 ms later
        b"\x02f3",    // field
        [0xc0, 0x03], // value: INT8 3
        [0x00],       // none
        b"\x02f2",    // field
        [0xc0, 0x02], // value: INT8 2
    ];
    let expected = [
        Part::MinExpiry(9_999_999_999_000),
        Part::Count(3),
        Part::FieldExpiry(Some(9_999_999_999_000)),
        text(Role::Field, b"f1"),
        int(Role::FieldValue, 1),
        Part::FieldExpiry(Some(9_999_999_999_005)),
        text(Role::Field, b"f3"),
        int(Role::FieldValue, 3),
        Part::FieldExpiry(None),
        text(Role::Field, b"f2"),
        int(Role::FieldValue, 2),
    ];
    decodes_value(REDIS, 24, &value, &expected);
    let value = bytes![
        LATE,        // the smallest expiry
        b"\x04blob", // a listpack of triples
    ];
    let expected = [
        Part::MinExpiry(9_999_999_999_000),
        packed(Packing::HashListpackEx, b"blob"),
    ];
    decodes_value(REDIS, 25, &value, &expected);
}

#[test]
fn hashes_of_release_candidates_with_field_expiry() {
    let value = bytes![
        [0x02],                                           // 2 fields
        [0x81, 0, 0, 0x09, 0x18, 0x4e, 0x72, 0x9c, 0x18], // at 9999999999000
        b"\x02f1",                                        // field
        [0xc0, 0x01],                                     // value: INT8 1
        [0x00],                                           // none
        b"\x02f2",                                        // field
        [0xc0, 0x02],                                     // value: INT8 2
    ];
    let expected = [
        Part::Count(2),
        Part::FieldExpiry(Some(9_999_999_999_000)),
        text(Role::Field, b"f1"),
        int(Role::FieldValue, 1),
        Part::FieldExpiry(None),
        text(Role::Field, b"f2"),
        int(Role::FieldValue, 2),
    ];
    decodes_value(REDIS, 22, &value, &expected);
    let blob = packed(Packing::HashListpackEx, b"blob");
    decodes_value(REDIS, 23, b"\x04blob", &[blob]);
}

#[test]
fn hashes_of_valkey_with_field_expiry() {
    let value = bytes![
        [0x03],       // 3 fields
        b"\x02f1",    // field
        [0xc0, 0x01], // value: INT8 1
        LATE,         // expiry
        b"\x02f2",    // field
        [0xc0, 0x02], // value: INT8 2
        [0xff; 8],    // -1: none
        b"\x00",      // field
        b"\x00",      // value
        [0; 8],       // long expired
    ];
    let expected = [
        Part::Count(3),
        text(Role::Field, b"f1"),
        int(Role::FieldValue, 1),
        Part::FieldExpiry(Some(9_999_999_999_000)),
        text(Role::Field, b"f2"),
        int(Role::FieldValue, 2),
        Part::FieldExpiry(None),
        text(Role::Field, b""),
        text(Role::FieldValue, b""),
        Part::FieldExpiry(Some(0)),
    ];
    decodes_value(VALKEY, 22, &value, &expected);
}

#[test]
fn hashes_of_valkey_below_paths() {
    let value = bytes![
        [0x02],       // 2 paths
        b"\x02/a",    // path
        [0x02],       // 2 fields
        b"\x01f",     // field
        b"\x01v",     // value
        b"\x01n",     // field
        [0xc0, 0x01], // value: INT8 1
        b"\x04/a/b",  // path
        [0x01],       // 1 field
        b"\x01x",     // field
        b"\x00",      // value
    ];
    let expected = [
        Part::Count(2),
        text(Role::Path, b"/a"),
        Part::Count(2),
        text(Role::Field, b"f"),
        text(Role::FieldValue, b"v"),
        text(Role::Field, b"n"),
        int(Role::FieldValue, 1),
        text(Role::Path, b"/a/b"),
        Part::Count(1),
        text(Role::Field, b"x"),
        text(Role::FieldValue, b""),
    ];
    decodes_value(VALKEY, 23, &value, &expected);
}
