//! Hashes, of which there are more encodings than of all else.

use std::sync::Arc;

use super::{blob_sees, cat, lzf_string, raw_string, record, refused, sees, sees_in, show};
use crate::event::{Part, Role};
use crate::packed::{
    Element::{Bytes, Int},
    encode,
};
use crate::record::Collector;
use crate::text::StrToken;
use crate::wire::Dialect;

/// 9999999999000, in little-endian.
const T: &[u8] = b"\x18\x9c\x72\x4e\x18\x09\0\0";

#[test]
fn fields_by_strings() {
    let raw = cat(&[b"\x02\x01f\x01v", &lzf_string(b"field"), b"\xc0\x07"]);
    sees(4, &raw, "f=v field=7");
}

#[test]
fn fields_in_one_blob() {
    let pairs = [Bytes(b"f"), Bytes(b"v"), Int(7), Int(-129)];
    blob_sees(13, b"", &encode::ziplist(&pairs), "f=v 7=-129");
    blob_sees(16, b"", &encode::listpack(&pairs), "f=v 7=-129");
    // two bytes of slack behind "bar"
    let zipmap = b"\x02\x03foo\x03\x02bar..\x05hello\x05\x00world\xff";
    blob_sees(9, b"", zipmap, "foo=bar hello=world");
}

#[test]
fn expiry_before_the_field() {
    // type 24: the smallest expiry T, then f1 at T, f3 at T+5, f2 without
    let raw = cat(&[
        T,
        b"\x03",
        b"\x01\x02f1\xc0\x01", // T + 1 - 1
        b"\x06\x02f3\xc0\x03", // T + 6 - 1
        b"\x00\x02f2\xc0\x02", // none
    ]);
    sees(24, &raw, "f1=1@9999999999000 f3=3@9999999999005 f2=2");
    // type 22 of the release candidates: absolute, 64-bit LEN
    let raw = b"\x02\x81\0\0\x09\x18\x4e\x72\x9c\x18\x02f1\xc0\x01\x00\x02f2\xc0\x02";
    sees(22, raw, "f1=1@9999999999000 f2=2");
}

#[test]
fn expiry_in_a_listpack() {
    let triples = [
        Bytes(b"f1"),
        Int(1),
        Int(9_999_999_999_000),
        Bytes(b"f2"),
        Int(2),
        Int(0), // none
    ];
    let listpack = encode::listpack(&triples);
    blob_sees(25, T, &listpack, "f1=1@9999999999000 f2=2");
    // release candidates: without the smallest expiry before it
    blob_sees(23, b"", &listpack, "f1=1@9999999999000 f2=2");
    refused(
        23,
        &raw_string(&encode::listpack(&[Bytes(b"f"), Int(1), Bytes(b"x")])),
        "expiry of a hash field is no integer at offset 1002",
    );
    refused(
        23,
        &raw_string(&encode::listpack(&[Bytes(b"f"), Int(1)])),
        "elements of a packed hash are not in threes at offset 1002",
    );
}

#[test]
fn expiry_after_the_value() {
    let raw = cat(&[
        b"\x02",
        b"\x02f1\xc0\x01",
        T,
        b"\x02f2\xc0\x02",
        &[0xff; 8], // none
    ]);
    sees_in(Dialect::Valkey, 22, &raw, "f1=1@9999999999000 f2=2");
}

#[test]
fn fields_below_paths() {
    let raw = cat(&[
        b"\x03",                              // 3 paths
        b"\x02/a\x02\x01f\x01v\xc0\x07\x01w", // "/a" with 2 fields
        &lzf_string(b"/a/b"),
        b"\x02\x01x\x00\x01y\x01z", // 2 fields
        b"\xc0\x05\x01\x01f\x01v",  // path "5" with 1 field
    ]);
    let seen = "/a:f=v /a:7=w /a/b:x= /a/b:y=z 5:f=v";
    sees_in(Dialect::Valkey, 23, &raw, seen);
}

/// A registry with template 0 of "id" and "name", and template 70 of "only".
fn templates() -> Collector {
    let mut collector = Collector::default();
    let mut define = |id: u64, names: &[&[u8]]| {
        let fields = names.len() as u64;
        let head = Part::<StrToken>::Template { id, fields };
        collector.token(&head, b"", 1000).unwrap();
        for name in names {
            let role = Role::TemplateField;
            let text = StrToken::Raw { start: 1, len: 0 };
            collector
                .token(&Part::Item { role, text }, name, 1000)
                .unwrap();
        }
    };
    // The names as they stand in the file: raw, and LZF.
    define(0, &[b"\x02id", &lzf_string(b"name")]);
    define(70, &[b"\x04only"]);
    collector
}

#[track_caller]
fn with_templates(kind: u8, raw: &[u8]) -> Result<String, String> {
    let mut record = record(kind, Dialect::Redis, raw);
    record.templates = templates().templates();
    show(&record).map_err(|e| e.to_string())
}

#[test]
fn templates_of_the_file() {
    let seen = |text: &str| Ok(text.to_owned());
    // type 30: the id, then a value for each field
    let blob = encode::listpack(&[Int(0), Int(-1), Bytes(b"ann")]);
    assert_eq!(
        with_templates(30, &raw_string(&blob)),
        seen("id=-1 name=ann")
    );
    assert_eq!(
        with_templates(30, &lzf_string(&blob)),
        seen("id=-1 name=ann")
    );
    // type 32: the same as strings
    assert_eq!(
        with_templates(32, b"\x00\xc0\x02\x03bob"),
        seen("id=2 name=bob")
    );
    // id 70 takes two bytes
    assert_eq!(with_templates(32, b"\x40\x46\x01x"), seen("only=x"));
}

#[test]
fn templates_that_do_not_fit() {
    let fails = |kind, raw: &[u8]| with_templates(kind, raw).unwrap_err();
    let gone = "hash refers to a template that is not there at offset 1000 (read-object-value)";
    assert_eq!(fails(32, b"\x05\x01x"), gone);
    let blob = |elements: &[_]| raw_string(&encode::listpack(elements));
    assert_eq!(fails(30, &blob(&[Int(5), Int(1)])), gone);
    assert_eq!(
        fails(30, &blob(&[Int(0), Int(1)])),
        // Where the value ends.
        "template hash with fewer values than fields at offset 1013 (read-object-value)"
    );
    assert_eq!(
        fails(30, &blob(&[Int(70), Int(1), Int(2)])),
        "template hash with more values than fields at offset 1000 (read-object-value)"
    );
    for id in [&[][..], &[Int(-1)], &[Bytes(b"x")]] {
        assert_eq!(
            fails(30, &blob(id)),
            "template hash without a template id at offset 1002 (read-object-value)"
        );
    }
    // no registry at all
    refused(
        32,
        b"\x00\x01x",
        "hash refers to a template that is not there at offset 1000",
    );
}

#[test]
fn templates_of_the_value() {
    let packed_names = encode::listpack(&[Bytes(b"id"), Int(7)]);
    let values = encode::listpack(&[Int(9), Bytes(b"a"), Int(1)]); // 9: not looked up
    for string in [raw_string, lzf_string] {
        let names = string(&packed_names);
        // type 29, names packed; then one by one
        sees(29, &cat(&[b"\x00", &names, &string(&values)]), "id=a 7=1");
        let raw = cat(&[b"\x01\x02\x02id\xc0\x07", &string(&values)]);
        sees(29, &raw, "id=a 7=1");
        // type 31, the same
        sees(31, &cat(&[b"\x00", &names, b"\x01a\xc0\x01"]), "id=a 7=1");
        let raw = cat(&[b"\x01\x02\x02id", &string(b"name"), b"\x01a", &string(b"b")]);
        sees(31, &raw, "id=a name=b");
    }
}

#[test]
fn a_hash_that_leaves_its_template_behind() {
    let template = |kind, raw: &[u8]| {
        let mut record = record(kind, Dialect::Redis, raw);
        record.templates = templates().templates();
        record
            .unshared()
            .map(|(kind, template, values)| (kind.0, Arc::clone(&template).fields, values.to_vec()))
    };
    assert_eq!(
        template(32, b"\x40\x46\x01x"),
        Some((31, 1, b"\x01x".to_vec()))
    );
    let blob = raw_string(&encode::listpack(&[Int(0), Int(1), Int(2)]));
    assert_eq!(template(30, &blob), Some((29, 2, blob.clone())));
    assert_eq!(template(32, b"\x05\x01x"), None);
    assert_eq!(template(4, b"\x00"), None);
}
