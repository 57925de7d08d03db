//! Payloads of servers, and payloads for servers.

use super::{Footer, parse, parse_with};
use crate::checksum::Checksum;
use crate::error::ErrorKind;
use crate::slice::SliceReader;
use crate::value::Value;
use crate::wire::{Dialect, ValueType};
use crate::write::len as write_len;

/// The value "100", from a server of RDB 14.
const HUNDRED: &[u8] = b"\x00\xc0\x64\x0e\x00\xf5\x72\x4d\x4e\x33\x3d\x99\xc2";

/// A payload with a right footer.
fn payload(body: &[u8], version: u16) -> Vec<u8> {
    let mut payload = [body, &version.to_le_bytes()].concat();
    let checksum = Checksum::of(&payload);
    payload.extend(checksum.to_le_bytes());
    payload
}

#[test]
fn the_payload_of_a_server_there_and_back() {
    let dump = parse(HUNDRED).unwrap();
    assert_eq!((dump.version, dump.checksum), (14, 0xc299_3d33_4e4d_72f5));
    assert_eq!(dump.record.kind, ValueType::STRING);
    assert_eq!(
        (dump.record.raw, dump.trailing),
        (&b"\xc0\x64"[..], &b""[..])
    );
    assert_eq!(dump.record.dump_payload(None).unwrap(), HUNDRED);
    assert_eq!(payload(b"\x00\xc0\x64", 14), HUNDRED);
}

#[test]
fn what_is_asked_of_the_checksum() {
    let mut wrong = HUNDRED.to_vec();
    wrong[12] ^= 1;
    let error = parse(&wrong).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Checksum { .. }));
    assert!(parse_with(&wrong, Footer::ZeroPasses).is_err());
    assert!(parse_with(&wrong, Footer::Unchecked).is_ok());
    let zero = [&HUNDRED[..5], &[0; 8]].concat();
    assert!(parse(&zero).is_err());
    assert!(parse_with(&zero, Footer::ZeroPasses).is_ok());
}

#[test]
fn too_short() {
    for len in 0..10 {
        assert!(parse(&HUNDRED[..len]).unwrap_err().is_truncation());
    }
    // a footer and nothing else; a type byte and nothing else
    assert!(parse(&payload(b"", 11)).unwrap_err().is_truncation());
    assert!(parse(&payload(b"\x00", 11)).unwrap_err().is_truncation());
    // the value must not reach into the footer
    assert!(
        parse(&payload(b"\x00\x05abc", 11))
            .unwrap_err()
            .is_truncation()
    );
}

#[test]
fn the_version_tells_the_dialect() {
    // type 22, 1 field, f = v without expiry, in the way of Valkey
    let body = b"\x16\x01\x01f\x01v\xff\xff\xff\xff\xff\xff\xff\xff";
    let valkey = payload(body, 80);
    let dump = parse(&valkey).unwrap();
    assert_eq!(dump.record.dialect, Dialect::Valkey);
    assert!(dump.trailing.is_empty());
    let Value::Hash(mut hash) = dump.record.value().unwrap() else {
        panic!("a hash")
    };
    assert_eq!(hash.next().unwrap().unwrap().value, b"v");
    // the same bytes are something else, and damaged, for Redis
    assert!(parse(&payload(body, 79)).is_err());
}

#[test]
fn bytes_behind_the_value_are_passed_over() {
    let payload = payload(b"\x00\x01xyz", 11);
    let dump = parse(&payload).unwrap();
    assert_eq!(
        (dump.record.raw, dump.trailing),
        (&b"\x01x"[..], &b"yz"[..])
    );
}

#[test]
fn unknown_types() {
    let error = parse(&payload(b"\x08\x01x", 11)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownType(8)));
    assert!(parse(&payload(b"\xfe\x01x", 11)).is_err());
}

#[test]
fn metadata_goes_with_the_value() {
    // KEY_META of one class with a string
    let meta = b"\xf3\x01\x11\xb2\x06\xb6\x05\x03red\x00";
    let file = [
        &b"REDIS0013"[..],
        meta,
        b"\x00\x01k\xc0\x64\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let record = SliceReader::new(&file).records().next_record().unwrap();
    let made = record.unwrap().dump_payload(None).unwrap();
    assert_eq!(made, payload(&[&meta[..], b"\x00\xc0\x64"].concat(), 13));
    let dump = parse(&made).unwrap();
    assert_eq!(
        (dump.record.key_meta, dump.record.raw),
        (&meta[..], &b"\xc0\x64"[..])
    );
    // cut short inside the metadata
    assert!(parse(&payload(&meta[..8], 13)).unwrap_err().is_truncation());
    assert!(parse(&payload(meta, 13)).unwrap_err().is_truncation());
}

#[test]
fn templates_stay_behind() {
    // listpack of 70, 2, "bob": 16 bytes, 3 elements
    let listpack = b"\x10\0\0\0\x03\0\x46\x01\x02\x01\x83bob\x04\xff";
    let file = [
        &b"REDIS0015"[..],
        b"\xf2\x40\x46\x02\x02id\x04name", // template 70: "id", "name"
        b"\x20\x01a\x40\x46\xc0\x02\x03bob", // type 32: 70, then the values
        b"\x1e\x01b\x10",                  // type 30
        listpack,
        b"\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let records: Vec<_> = SliceReader::new(&file)
        .records()
        .map(|record| record.unwrap().dump_payload(None).unwrap())
        .collect();
    // types 31 and 29: names one by one, 2 of them; then the values
    let array = b"\x1f\x01\x02\x02id\x04name\xc0\x02\x03bob";
    let packed = [&b"\x1d\x01\x02\x02id\x04name\x10"[..], listpack].concat();
    assert_eq!(records, [payload(array, 15), payload(&packed, 15)]);
    for made in &records {
        let dump = parse(made).unwrap();
        assert!(dump.trailing.is_empty());
        let Value::Hash(mut hash) = dump.record.value().unwrap() else {
            panic!("a hash")
        };
        let mut fields = Vec::new();
        while let Some(f) = hash.next().unwrap() {
            fields.push((f.field.to_vec(), f.value.to_vec()));
        }
        let pair = |f: &[u8], v: &[u8]| (f.to_vec(), v.to_vec());
        assert_eq!(fields, [pair(b"id", b"2"), pair(b"name", b"bob")]);
    }
}

#[test]
fn references_to_templates_mean_nothing_without_a_file() {
    for kind in [30, 32] {
        let error = parse(&payload(&[kind, 0, 0], 15)).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::BadRecord(_)), "{error}");
    }
}

#[test]
fn lengths_in_their_shortest_form() {
    for (n, bytes) in [
        (5, &b"\x05"[..]),
        (63, b"\x3f"),
        (64, b"\x40\x40"),
        (1000, b"\x43\xe8"),
        (16383, b"\x7f\xff"),
        (16384, b"\x80\x00\x00\x40\x00"),
        (1 << 32, b"\x81\x00\x00\x00\x01\x00\x00\x00\x00"),
    ] {
        let mut out = Vec::new();
        write_len(&mut out, n);
        assert_eq!(out, bytes, "{n}");
    }
}

proptest::proptest! {
    #[test]
    fn random_payloads_never_panic(body: Vec<u8>, version in 0u16..90) {
        if let Ok(dump) = parse_with(&payload(&body, version), Footer::Checked) {
            let _ = dump.record.value();
        }
        let _ = parse_with(&body, Footer::Unchecked);
    }
}
