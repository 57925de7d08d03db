//! Arrays, hash templates, rate limiters.

use super::*;

#[test]
fn arrays_with_every_kind_of_element() {
    let value = bytes![
        [0x04], // 4 elements
        [0x00], // no insert index
        [0x00], // index 0
        [0x01], // integer
        [7, 0, 0, 0, 0, 0, 0, 0],
        [0x01], // index 1
        [0x02], // float
        [0, 0, 0, 0, 0, 0, 0xf8, 0x3f],
        [0x05], // index 5
        [0x03], // small string
        b"\x07abcdefg",
        [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe], // index 2^64-2
        [0x00],                                                 // string
        b"\x08abcdefgh",
    ];
    let expected = [
        Part::Array {
            count: 4,
            insert_at: None,
        },
        Part::ArrayIndex(0),
        Part::ArrayInt(7),
        Part::ArrayIndex(1),
        Part::ArrayFloat(1.5),
        Part::ArrayIndex(5),
        text(Role::Element, b"abcdefg"),
        Part::ArrayIndex(u64::MAX - 1),
        text(Role::Element, b"abcdefgh"),
    ];
    decodes_value(REDIS, 28, &value, &expected);
    let value = bytes![
        [0x01],       // 1 element
        [0x01],       // an insert index:
        [0x0a],       // 10
        [0x03],       // index 3
        [0x00],       // string
        [0xc0, 0x64], // INT8 100
    ];
    let expected = [
        Part::Array {
            count: 1,
            insert_at: Some(10),
        },
        Part::ArrayIndex(3),
        int(Role::Element, 100),
    ];
    decodes_value(REDIS, 28, &value, &expected);
}

#[test]
fn arrays_that_break_their_rules() {
    for (value, why) in [
        (&[0x00, 0x00][..], "array without elements"),
        (&[0x01, 0x02], "array's insert flag is not 0 or 1"),
    ] {
        let said = format!("BadRecord({why:?})");
        fails_in_value(REDIS, 28, value, &said, 0, 0);
    }
    let one = |element: &[u8]| [b"\x01\x00", element].concat();
    let fails_at = |element: &[u8], said: &str, at: u64| {
        let said = format!("BadRecord({said:?})");
        fails_in_value(REDIS, 28, &one(element), &said, at, at);
    };
    fails_at(&[0xc0, 0x01], "array index is not a plain length", 2);
    fails_at(
        &[0x81, 255, 255, 255, 255, 255, 255, 255, 255],
        "array index out of range",
        2,
    );
    // Index 0, then a tag.
    fails_at(&[0x00, 0x04], "unknown tag of an array element", 3);
    fails_at(
        b"\x00\x03\x08abcdefgh",
        "small array string above 7 bytes",
        3,
    );
}

#[test]
fn templates_and_the_hashes_that_refer_to_them() {
    let body = bytes![
        [0xf2],       // HASH_TEMPLATE
        [0x40, 0x46], // id 70
        [0x02],       // 2 fields
        b"\x02id",
        b"\x04name",
        [0xf2],       // HASH_TEMPLATE
        [0x05],       // id 5
        [0x01],       // 1 field
        [0xc0, 0x07], // INT8 7
        [0x20],       // a hash of a template, values one by one
        b"\x02h2",    // key
        [0x40, 0x46], // template 70
        [0xc0, 0x02], // value of "id"
        b"\x03bob",   // value of "name"
        [0x1e],       // a hash of a template, values in a listpack
        b"\x02h1",    // key
        b"\x04blob",
    ];
    let expected = [
        Part::Template { id: 70, fields: 2 },
        text(Role::TemplateField, b"id"),
        text(Role::TemplateField, b"name"),
        Part::Template { id: 5, fields: 1 },
        int(Role::TemplateField, 7),
        Part::Key {
            kind: ValueType(32),
            key: Str::Raw(b"h2"),
        },
        Part::TemplateRef(70),
        int(Role::FieldValue, 2),
        text(Role::FieldValue, b"bob"),
        Part::KeyEnd,
        Part::Key {
            kind: ValueType(30),
            key: Str::Raw(b"h1"),
        },
        packed(Packing::TemplateValues, b"blob"),
        Part::KeyEnd,
    ];
    decodes(REDIS, &body, &expected);
}

/// A listpack of "id", "name".
const NAMES: [u8; 17] = [
    0x11, 0, 0, 0, 0x02, 0, // 17 bytes, 2 elements
    0x82, b'i', b'd', 0x03, // "id"
    0x84, b'n', b'a', b'm', b'e', 0x05, // "name"
    0xff,
];

#[test]
fn template_hashes_that_bring_their_field_names() {
    let packed_names = bytes![
        [0x00], // names in a listpack
        [0x11], // string of 17 bytes
        NAMES,
    ];
    let plain_names = bytes![
        [0x01], // names one by one
        [0x02], // 2 of them
        b"\x02id",
        b"\x04name",
    ];
    let packed_events = [Part::NamesFormat(0), packed(Packing::TemplateNames, &NAMES)];
    let plain_events = [
        Part::NamesFormat(1),
        Part::Count(2),
        text(Role::TemplateField, b"id"),
        text(Role::TemplateField, b"name"),
    ];
    let values = [int(Role::FieldValue, 1), text(Role::FieldValue, b"ann")];
    let blob = [packed(Packing::TemplateValues, b"blob")];
    for (names, events) in [
        (packed_names, &packed_events[..]),
        (plain_names, &plain_events[..]),
    ] {
        let value = bytes![names, b"\x04blob"];
        decodes_value(REDIS, 29, &value, &[events, &blob].concat());
        let value = bytes![
            names,
            [0xc0, 0x01], // value of "id": INT8 1
            b"\x03ann",   // value of "name"
        ];
        decodes_value(REDIS, 31, &value, &[events, &values].concat());
    }
}

#[test]
fn templates_that_break_their_rules() {
    let said = |why: &str| format!("BadRecord({why:?})");
    let fails_value = |kind, value: &[u8], why: &str, at| {
        fails_in_value(REDIS, kind, value, &said(why), at, at);
    };
    fails_value(29, b"\x02", "unknown format of template names", 0);
    fails_value(31, b"\x01\x00", "template hash without fields", 1);
    // A listpack without elements, and a string that is none.
    let empty = b"\x00\x07\x07\0\0\0\0\0\xff";
    fails_value(29, empty, "template names are damaged or none", 1);
    fails_value(31, b"\x00\x03abc", "template names are damaged or none", 1);
    fails_value(
        32,
        b"\x09",
        "hash refers to a template that is not there",
        0,
    );
    let why = said("hash template without fields");
    fails(REDIS, b"\xf2\x05\x00", &format!("{why}, read-type"), 0, 0);
}

#[test]
fn rate_limiters() {
    let value = [0x81, 0, 0x06, 0x0a, 0x24, 0x18, 0x1e, 0x40, 0];
    decodes_value(REDIS, 33, &value, &[Part::Gcra(1_700_000_000_000_000)]);
    let value = [0x81, 0x80, 0, 0, 0, 0, 0, 0, 0];
    let why = "BadRecord(\"rate limiter time beyond 2^63\")";
    fails_in_value(REDIS, 33, &value, why, 0, 0);
}
