//! A string's special encoding where a length is expected: servers take its
//! six bits for the length, so the decoder goes on and says so.

use super::*;

/// Where in the body each event took a length lightly.
fn lax(magic: &[u8], body: &[u8]) -> Vec<(String, u64)> {
    read(&file(magic, body), Limits::default())
        .into_iter()
        .filter_map(|step| Some((step.event, step.lax? - MAGIC)))
        .collect()
}

#[test]
fn the_six_bits_are_the_length() {
    let body = bytes![
        [0xfe, 0xc5],       // SELECTDB 5
        [0xfb, 0x01, 0xc0], // RESIZEDB 1, 0
        [0xf8, 0xff],       // IDLE 63
    ];
    let expected = [
        Part::SelectDb(5),
        Part::ResizeDb {
            keys: 1,
            expires: 0,
        },
        Part::Idle(63),
    ];
    decodes(REDIS, &body, &expected);
    let event = |e: Event<'_>| format!("{e:?}");
    let [a, b, c] = expected.map(event);
    assert_eq!(lax(REDIS, &body), [(a, 1), (b, 4), (c, 6)]);
}

#[test]
fn the_first_of_several_is_told() {
    let body = [0xfb, 0xc1, 0xc0]; // RESIZEDB 1, 0
    assert_eq!(lax(REDIS, &body).len(), 1);
    assert_eq!(lax(REDIS, &body)[0].1, 1);
}

#[test]
fn counts_of_collections() {
    let value = bytes![
        [0xc2], // 2 elements
        b"\x01a",
        b"\x01b",
    ];
    let expected = [
        Part::Count(2),
        text(Role::Element, b"a"),
        text(Role::Element, b"b"),
    ];
    decodes_value(REDIS, 1, &value, &expected);
    let body = bytes![[1], b"\x01k", value];
    assert_eq!(lax(REDIS, &body), [("Count(2)".to_owned(), 3)]);
}

#[test]
fn lengths_of_compressed_strings() {
    let value = bytes![
        [0xc3], // LZF
        [0xc2], // 2 bytes
        [0x01], // become 1
        [0x00, b'a'],
    ];
    let expected = Part::Item {
        role: Role::Value,
        text: Str::Lzf {
            data: b"\0a",
            len: 1,
        },
    };
    decodes_value(REDIS, 0, &value, &[expected]);
    let body = bytes![[0], b"\x01k", value];
    assert_eq!(lax(REDIS, &body)[0].1, 4);
}

#[test]
fn a_lightly_taken_length_in_a_token_that_fails_is_not_told() {
    // RESIZEDB with 5 keys, then a length that no version writes.
    fails(REDIS, &[0xfb, 0xc5, 0x82], "BadLength(130), read-len", 2, 0);
    // RESIZEDB with 5 keys, then nothing.
    fails(REDIS, &[0xfb, 0xc5], "Truncated, read-len", 2, 0);
    let steps = read(&bytes![REDIS, [0xfb, 0xc5, 0x82]], Limits::default());
    assert!(steps.iter().all(|step| step.lax.is_none()));
}
