//! Values nobody wrote: no panic, no endless walk, no memory for nothing.

use proptest::prelude::*;

use super::{record, show};
use crate::packed::encode;
use crate::wire::Dialect;

proptest! {
    #[test]
    fn random_bytes_never_panic(
        kind in 0u8..=34,
        valkey: bool,
        raw in prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..80),
    ) {
        let dialect = if valkey { Dialect::Valkey } else { Dialect::Redis };
        let _ = show(&record(kind, dialect, &raw));
    }

    #[test]
    fn random_blobs_never_panic(
        kind in prop::sample::select(vec![9u8, 10, 11, 12, 13, 16, 17, 20, 23, 30]),
        elements in prop::collection::vec(encode::any_element(), 0..6),
        ziplist: bool,
        damage in prop::option::of((any::<prop::sample::Index>(), any::<u8>())),
    ) {
        let elements: Vec<_> = elements.iter().map(|e| e.borrow()).collect();
        let mut blob = match ziplist {
            true => encode::ziplist(&elements),
            false => encode::listpack(&elements),
        };
        if let Some((at, byte)) = damage {
            *at.get_mut(&mut blob) = byte;
        }
        prop_assume!(blob.len() < 0x4000);
        let raw = super::raw_string(&blob);
        let _ = show(&record(kind, Dialect::Redis, &raw));
    }

    #[test]
    fn lists_are_what_was_packed(
        nodes in prop::collection::vec(prop::collection::vec(encode::any_element(), 0..5), 0..4),
        squeeze: bool,
    ) {
        let mut raw = vec![nodes.len() as u8];
        let mut expected = Vec::new();
        for node in &nodes {
            let elements: Vec<_> = node.iter().map(|e| e.borrow()).collect();
            for element in &elements {
                let text = element.text(&mut [0; 20]).escape_ascii().to_string();
                expected.push(format!("{text}."));
            }
            let blob = encode::listpack(&elements);
            prop_assume!(blob.len() < 0x3000);
            raw.push(2);
            raw.extend(if squeeze { super::lzf_string(&blob) } else { super::raw_string(&blob) });
        }
        let shown = show(&record(18, Dialect::Redis, &raw)).unwrap();
        prop_assert_eq!(shown, expected.join(" "));
    }
}

#[test]
fn a_stated_size_alone_takes_no_memory() {
    // a set of one member: LZF, 3 bytes for 2^62
    let raw = b"\x01\xc3\x03\x81\x40\0\0\0\0\0\0\0\x01ab";
    let error = show(&record(2, Dialect::Redis, raw)).unwrap_err();
    assert!(matches!(error.kind(), crate::ErrorKind::Lzf(_)));
    // within what 2 MiB compressed may become, but above the limit of 1 MiB
    let run = [0xe0, 0xff, 0x00].repeat(5000); // 264 bytes each
    let full = 1 + 264 * 5000u32;
    let data = [&b"\x00a"[..], &run].concat();
    let raw = [
        &b"\x01\xc3\x80"[..],
        &(data.len() as u32).to_be_bytes(),
        b"\x80",
        &full.to_be_bytes(),
        &data,
    ]
    .concat();
    let error = show(&record(2, Dialect::Redis, &raw)).unwrap_err();
    assert!(error.is_limit());
}

#[test]
fn counts_beyond_the_end_are_truncation() {
    for kind in [1u8, 2, 3, 4, 5, 14, 18] {
        let error = show(&record(kind, Dialect::Redis, b"\x81\xff\0\0\0\0\0\0\0")).unwrap_err();
        assert!(error.is_truncation(), "type {kind}");
    }
}
