//! Long plain values in chunks, and limits.

use super::*;

const LIMITS: Limits = Limits {
    chunk: 4,
    max_piece: 8,
    max_decompressed: 1 << 30,
    max_record: 1 << 32,
};

fn begin(role: Role, stored: u64, full: Option<u64>) -> Event<'static> {
    Part::ItemBegin { role, stored, full }
}

fn chunk(bytes: &[u8], last: bool) -> Event<'_> {
    let bytes = Str::Raw(bytes);
    Part::Chunk { bytes, last }
}

#[test]
fn values_longer_than_a_chunk() {
    decodes_value_within(LIMITS, REDIS, 0, b"\x04abcd", &[text(Role::Value, b"abcd")]);
    let expected = [
        begin(Role::Value, 5, None),
        chunk(b"abcd", false),
        chunk(b"e", true),
    ];
    decodes_value_within(LIMITS, REDIS, 0, b"\x05abcde", &expected);
    let expected = [
        begin(Role::Value, 8, None),
        chunk(b"abcd", false),
        chunk(b"efgh", true),
    ];
    decodes_value_within(LIMITS, REDIS, 0, b"\x08abcdefgh", &expected);
}

#[test]
fn compressed_values_come_as_they_are_stored() {
    let value = bytes![
        [0xc3, 0x05, 0x10], // LZF: 5 bytes become 16
        [0x00, b'a'],       // one literal byte
        [0xe0, 0x06, 0x00], // 15 more
    ];
    let expected = [
        begin(Role::Value, 5, Some(16)),
        chunk(&value[3..7], false),
        chunk(&value[7..], true),
    ];
    decodes_value_within(LIMITS, REDIS, 0, &value, &expected);
}

#[test]
fn only_strings_without_meaning_come_in_chunks() {
    let list = bytes![
        [0x02], // 2 elements
        b"\x05abcde",
        b"\x01f",
    ];
    let expected = [
        Part::Count(2),
        begin(Role::Element, 5, None),
        chunk(b"abcd", false),
        chunk(b"e", true),
        text(Role::Element, b"f"),
    ];
    decodes_value_within(LIMITS, REDIS, 1, &list, &expected);
    // Members, fields and blobs come whole up to the limit.
    let hash = bytes![
        [0x01], // 1 pair
        b"\x05field",
        b"\x05value",
    ];
    let expected = [
        Part::Count(1),
        text(Role::Field, b"field"),
        begin(Role::FieldValue, 5, None),
        chunk(b"valu", false),
        chunk(b"e", true),
    ];
    decodes_value_within(LIMITS, REDIS, 4, &hash, &expected);
    let blob = [packed(Packing::SetIntset, b"abcdefgh")];
    decodes_value_within(LIMITS, REDIS, 11, b"\x08abcdefgh", &blob);
}

#[test]
fn strings_of_modules_and_plain_nodes() {
    let value = bytes![
        [0x01], // id
        [0x05], // STRING
        b"\x05abcde",
        [0x00], // end of items
    ];
    let expected = [
        Part::Module(crate::ModuleId(1)),
        begin(Role::ModuleString, 5, None),
        chunk(b"abcd", false),
        chunk(b"e", true),
        Part::ModuleEnd,
    ];
    decodes_value_within(LIMITS, REDIS, 7, &value, &expected);
    let value = bytes![
        [0x01], // 1 node
        [0x01], // plain
        b"\x05abcde",
    ];
    let expected = [
        Part::Count(1),
        Part::Container(1),
        begin(Role::Element, 5, None),
        chunk(b"abcd", false),
        chunk(b"e", true),
    ];
    decodes_value_within(LIMITS, REDIS, 18, &value, &expected);
}

#[test]
fn chunks_of_no_bytes_would_never_end() {
    let limits = Limits { chunk: 0, ..LIMITS };
    let expected = [
        begin(Role::Value, 2, None),
        chunk(b"a", false),
        chunk(b"b", true),
    ];
    decodes_value_within(limits, REDIS, 0, b"\x02ab", &expected);
}

#[test]
fn chunks_above_the_limit_of_a_piece_are_as_long_as_that() {
    let limits = Limits {
        chunk: 1 << 20,
        ..LIMITS
    };
    let expected = [
        begin(Role::Value, 9, None),
        chunk(b"abcdefgh", false),
        chunk(b"i", true),
    ];
    decodes_value_within(limits, REDIS, 0, b"\x09abcdefghi", &expected);
}

#[test]
fn what_must_be_whole_has_a_limit() {
    let said = "Limit { what: \"string\", asked: 9, limit: 8 }";
    let set = bytes![
        [0x02],   // type: a set
        b"\x01k", // key
        [0x01],   // 1 member
        b"\x09abcdefghi",
        [0xff], // more
    ];
    let value = format!("{said}, read-object-value");
    fails_within(LIMITS, REDIS, &set, &value, 5, 4);
    let key = b"\x00\x09abcdefghi\x00";
    fails_within(LIMITS, REDIS, key, &format!("{said}, read-key"), 2, 0);
    let aux = b"\xfa\x01n\x09abcdefghi\xff";
    fails_within(LIMITS, REDIS, aux, &format!("{said}, read-aux"), 4, 0);
    let argument = b"\xf2*1\r\n$9\r\nabcdefghi\r\n";
    fails_within(
        LIMITS,
        VALKEY,
        argument,
        &format!("{said}, read-type"),
        9,
        5,
    );
}

#[test]
fn what_is_not_there_is_truncated_whatever_its_length() {
    let set = |len: &[u8], member: &[u8]| {
        bytes![
            [0x02],   // type: a set
            b"\x01k", // key
            [0x01],   // 1 member
            len,
            member,
        ]
    };
    let said = "Truncated, read-object-value";
    // One byte is missing.
    fails_within(LIMITS, REDIS, &set(&[9], b"abcdefgh"), said, 5, 4);
    fails_within(
        LIMITS,
        REDIS,
        &set(&[40], b"abcdefghijklmnopqrstuvwxyz"),
        said,
        5,
        4,
    );
    // 2^60 bytes and 2^64-1 bytes are.
    let huge = [0x81, 0x10, 0, 0, 0, 0, 0, 0, 0];
    fails_within(LIMITS, REDIS, &set(&huge, b"abc"), said, 13, 4);
    let most = [0x81, 255, 255, 255, 255, 255, 255, 255, 255];
    fails_within(LIMITS, REDIS, &set(&most, b"abc"), said, 13, 4);
    fails(REDIS, &set(&most, b"abc"), said, 13, 4);
}
