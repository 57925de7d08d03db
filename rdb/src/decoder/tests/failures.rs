//! What the decoder refuses: the error, where it stands, what was being read.

use super::*;

#[test]
fn files_that_are_not_rdb() {
    let said = |file: &[u8]| {
        let step = read(file, Limits::default()).remove(0);
        (step.event, step.offset, step.token)
    };
    let short = |offset| ("Truncated, start".to_owned(), offset, 0);
    assert_eq!(said(b""), short(0));
    assert_eq!(said(b"REDIS001"), short(0));
    let (event, offset, token) = said(b"RADIS0012\xff");
    assert!(event.starts_with("BadMagic([82, 65,"), "{event}");
    // Behind the magic, where C tools stand when they look at it.
    assert_eq!((offset, token), (9, 0));
    for version in [b"REDIS-001", b"REDIS0000", b"REDISabcd", b"VALKEY000"] {
        let (event, offset, token) = said(version);
        assert!(event.starts_with("BadVersion("), "{event}");
        assert_eq!((offset, token), (9, 0));
    }
    let (event, ..) = said(b"VCS\x01\x01\x00\x01\x04\x22");
    assert!(
        event.starts_with("Unsupported(\"Valkey's streaming-compressed"),
        "{event}"
    );
}

#[test]
fn types_nobody_has() {
    // Whatever stands where the key would be: one, none, or no length.
    for key in [&b"\x01k"[..], b"", b"\x82"] {
        fails(REDIS, &bytes![[8], key], "UnknownType(8), read-type", 0, 0);
        for kind in 34..=241u8 {
            let said = format!("UnknownType({kind}), read-type");
            fails(REDIS, &bytes![[kind], key], &said, 0, 0);
            fails(VALKEY, &bytes![[kind], key], &said, 0, 0);
        }
        for kind in 24..34u8 {
            let said = format!("UnknownType({kind}), read-type");
            fails(VALKEY, &bytes![[kind], key], &said, 0, 0);
        }
    }
}

#[test]
fn records_that_are_refused() {
    let container = "BadQuicklistNode(\"neither plain nor packed\")";
    fails_in_value(REDIS, 18, &[0x01, 0x03], container, 2, 1);
    fails_in_value(REDIS, 18, &[0x01, 0x00], container, 2, 1);
    // A score of no text, and of a text without a number.
    fails_in_value(REDIS, 3, b"\x01\x01m\x00", "BadScore", 4, 3);
    fails_in_value(REDIS, 3, b"\x01\x01m\x02ab", "BadScore", 6, 3);
    let path = "BadRecord(\"path without fields\")";
    fails_in_value(VALKEY, 23, b"\x01\x01p\x00", path, 3, 3);
}

#[test]
fn lengths_and_encodings_that_do_not_exist() {
    for byte in 0x82..=0xbfu8 {
        let said = format!("BadLength({byte})");
        fails(REDIS, &[0xfe, byte], &format!("{said}, read-len"), 1, 0);
        fails_in_value(REDIS, 1, &[byte], &said, 0, 0);
        fails_in_value(REDIS, 0, &[byte], &said, 0, 0);
    }
    for byte in 0xc4..=0xffu8 {
        let said = format!("BadStringEncoding({})", byte & 0x3f);
        // Behind the byte.
        let body = [0x00, byte];
        let offset = read(&bytes![REDIS, body], Limits::default())
            .pop()
            .unwrap()
            .offset
            - MAGIC;
        fails(REDIS, &body, &format!("{said}, read-key"), offset, 0);
        assert!((1..=2).contains(&offset), "{offset}");
    }
}

#[test]
fn commands_that_are_not_in_the_protocol() {
    let said = "BadRecord(\"inline command is not in the Redis protocol\"), read-type";
    // Behind the opcode.
    for body in [
        &b"\xf2$3\r\n"[..],
        b"\xf2*\r\n",
        b"\xf2*+1\r\n",
        b"\xf2*-1\r\n",
        b"\xf2*1\n",
        b"\xf2* 1\r\n",
        b"\xf2*99999999999999999999\r\n",
        b"\xf2*1111111111111111111111111",
    ] {
        fails(VALKEY, body, said, 1, 0);
    }
    fails(VALKEY, b"\xf2*1\r\n*1\r\na\r\n", said, 5, 5);
    let said = "BadRecord(\"inline command argument without its end\"), read-type";
    fails(VALKEY, b"\xf2*1\r\n$1\r\nab\n", said, 5, 5);
    fails(VALKEY, b"\xf2*1\r\n$1", "Truncated, read-type", 5, 5);
}

/// What was being read where the input ends, as the check tools call it.
#[test]
fn the_stage_of_every_record() {
    for (body, stage, offset, token) in [
        (&b""[..], "read-type", 0, 0),
        (b"\xff\0\0\0", "check-sum", 1, 0),
        (b"\xfe", "read-len", 1, 0),
        (b"\xfd\0\0\0", "read-expire", 1, 0),
        (b"\xfc\0\0\0\0\0\0\0", "read-expire", 1, 0),
        (b"\xfb\x01", "read-len", 2, 0),
        (b"\xfa\x01n\x02v", "read-aux", 4, 0),
        (b"\xf9", "read-type", 1, 0),
        (b"\xf8\x40", "read-type", 2, 0),
        (b"\xf7\x01\x02", "read-module-aux", 3, 0),
        (b"\xf7\x01\x02\x01\x05\x02a", "read-module-aux", 6, 4),
        (b"\xf5\x05#!lu", "read-functions", 2, 0),
        (b"\xf6\x01n\x03LUA\x01", "read-functions", 8, 0),
        (b"\xf4\x01\x01", "read-type", 3, 0),
        (b"\xf3", "read-type", 1, 0),
        (b"\xf3\x01\x00\x00", "read-type", 2, 2),
        (b"\xf2\x01\x01\x02a", "read-type", 4, 3),
        (b"\x00", "read-key", 1, 0),
        (b"\x00\x02k", "read-key", 2, 0),
        (b"\x00\x01k", "read-object-value", 3, 3),
        (b"\x00\x01k\xc1\x00", "read-object-value", 4, 3),
        (b"\x05\x01k\x01\x01m\0\0\0", "read-object-value", 6, 6),
        (b"\x18\x01k\0\0\0", "read-object-value", 3, 3),
    ] {
        fails(REDIS, body, &format!("Truncated, {stage}"), offset, token);
    }
    fails(VALKEY, b"\xf3\x01j\x01\x00", "Truncated, read-type", 5, 4);
}
