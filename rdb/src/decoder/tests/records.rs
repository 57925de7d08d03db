//! Headers, opcodes, attributes, strings and lengths.

use super::*;
use crate::{Dialect, MetaClass, ModuleId};

#[test]
fn the_header_chooses_the_dialect() {
    for (magic, dialect, version) in [
        (b"REDIS0001", Dialect::Redis, 1),
        (b"REDIS0012", Dialect::Redis, 12),
        (b"VALKEY080", Dialect::Valkey, 80),
        // As C reads numbers: blanks and a sign before, anything behind.
        (b"REDIS  +7", Dialect::Redis, 7),
        (b"REDIS12ab", Dialect::Redis, 12),
    ] {
        let steps = read(magic, Limits::default());
        let header: Event<'_> = Part::Header {
            dialect,
            version,
            raw: *magic,
        };
        assert_eq!(steps[0].event, format!("{header:?}"));
        assert_eq!((steps[0].offset, steps[0].token), (9, 0));
        assert_eq!(steps[1].event, "Truncated, read-type", "no EOF");
    }
}

#[test]
fn files_end_with_or_without_a_checksum() {
    let end = |file: &[u8]| read(file, Limits::default()).pop().unwrap().event;
    assert_eq!(end(b"REDIS0004\xff"), "Eof { checksum: None }");
    // What follows the end is not looked at.
    assert_eq!(end(b"REDIS0004\xff\xff"), "Eof { checksum: None }");
    let file = b"REDIS0005\xff\0\0\0\0\0\0\0\0";
    assert_eq!(end(file), "Eof { checksum: Some(0) }");
    let file = bytes![
        b"REDIS0010",
        [0xfe, 0x00],                                     // SELECTDB 0
        [0xfb, 0x01, 0x00],                               // RESIZEDB 1, 0
        [0x00],                                           // a string
        b"\x01a",                                         // key
        b"\x011",                                         // value
        [0xff],                                           // EOF
        [0xd7, 0x20, 0x9e, 0x3e, 0xe0, 0x33, 0xee, 0xfa], // CRC-64
    ];
    assert_eq!(end(&file), "Eof { checksum: Some(18081446592155361495) }");
    let mut damaged = file;
    damaged[18] = b'2';
    let said = read(&damaged, Limits::default()).pop().unwrap();
    assert!(
        said.event
            .starts_with("Checksum { stored: 18081446592155361495")
    );
    assert!(said.event.ends_with("check-sum"));
    // Behind the trailer, and at the EOF opcode.
    assert_eq!((said.offset, said.token), (28, 19));
}

#[test]
fn databases_and_hints() {
    let body = bytes![
        [0xfe, 0x0f],                         // SELECTDB 15
        [0xfb, 0x43, 0xe8, 0x05],             // RESIZEDB 1000 keys, 5 with expiry
        [0xf4, 0x7c, 0x87, 0x02, 0x01],       // SLOT_INFO slot 15495, 2 keys, 1 with expiry
        [0xfe, 0x80, 0x00, 0x00, 0x40, 0x00], // SELECTDB 16384 in 32 bits
    ];
    let expected = [
        Part::SelectDb(15),
        Part::ResizeDb {
            keys: 1000,
            expires: 5,
        },
        Part::SlotInfo {
            slot: 15495,
            keys: 2,
            expires: 1,
        },
        Part::SelectDb(16384),
    ];
    decodes(REDIS, &body, &expected);
    decodes(VALKEY, &body, &expected);
}

#[test]
fn aux_fields_and_functions() {
    let body = bytes![
        [0xfa],              // AUX
        b"\x0aredis-bits",   // name
        [0xc0, 0x40],        // value: INT8 64
        [0xfa],              // AUX
        b"\x00",             // empty name
        b"\x00",             // empty value
        [0xf5],              // FUNCTION2
        b"\x0c#!lua name=m", // source
    ];
    let expected = [
        Part::Aux {
            name: Str::Raw(b"redis-bits"),
            value: Str::Int(64),
        },
        Part::Aux {
            name: Str::Raw(b""),
            value: Str::Raw(b""),
        },
        Part::Function(Str::Raw(b"#!lua name=m")),
    ];
    decodes(REDIS, &body, &expected);
}

#[test]
fn functions_of_release_candidates() {
    let body = bytes![
        [0xf6],     // FUNCTION_PRE_GA
        b"\x03lib", // name
        b"\x03LUA", // engine
        [0x01],     // has a description
        b"\x04says",
        b"\x04code",
        [0xf6],     // FUNCTION_PRE_GA
        b"\x01l",   // name
        b"\x03LUA", // engine
        [0x00],     // has none
        b"\x00",    // code
    ];
    let function = |name, code| Part::FunctionPreGa {
        name: Str::Raw(name),
        code: Str::Raw(code),
    };
    decodes(
        REDIS,
        &body,
        &[function(b"lib", b"code"), function(b"l", b"")],
    );
}

#[test]
fn attributes_come_before_their_key() {
    let body = bytes![
        [0xfd, 0x00, 0x94, 0x35, 0x77], // EXPIRETIME 2000000000 s
        [0xfc, 0x18, 0x9c, 0x72, 0x4e, 0x18, 0x09, 0x00, 0x00], // EXPIRETIME_MS 9999999999000
        [0xfd, 0xff, 0xff, 0xff, 0xff], // EXPIRETIME -1
        [0xf8, 0x40, 0x64],             // IDLE 100 s
        [0xf9, 0xff],                   // FREQ 255: a byte, not a length
        [0x00],                         // a string
        b"\x01a",                       // key
        [0xc0, 0x01],                   // value: INT8 1
    ];
    let expected = [
        Part::ExpireSeconds(2_000_000_000),
        Part::ExpireMs(9_999_999_999_000),
        Part::ExpireSeconds(-1),
        Part::Idle(100),
        Part::Freq(255),
        Part::Key {
            kind: ValueType::STRING,
            key: Str::Raw(b"a"),
        },
        int(Role::Value, 1),
        Part::KeyEnd,
    ];
    decodes(REDIS, &body, &expected);
}

#[test]
fn strings_in_every_form() {
    let lzf = [0x01, b'a', b'a', 0xe0, 0x11, 0x00, 0x01, b'a', b'a'];
    let compressed = Part::Item {
        role: Role::Value,
        text: Str::Lzf {
            data: &lzf,
            len: 30,
        },
    };
    for (value, expected) in [
        (bytes![b"\x00"], text(Role::Value, b"")),
        (bytes![b"\x02hi"], text(Role::Value, b"hi")),
        // The same in 14, 32 and 64 bits.
        (bytes![[0x40, 2], b"hi"], text(Role::Value, b"hi")),
        (bytes![[0x80, 0, 0, 0, 2], b"hi"], text(Role::Value, b"hi")),
        (
            bytes![[0x81, 0, 0, 0, 0, 0, 0, 0, 2], b"hi"],
            text(Role::Value, b"hi"),
        ),
        (bytes![[0xc0, 0x64]], int(Role::Value, 100)),
        (bytes![[0xc1, 0x7f, 0xff]], int(Role::Value, -129)),
        (
            bytes![[0xc2, 0x00, 0x00, 0x00, 0x80]],
            int(Role::Value, i32::MIN),
        ),
        // 9 bytes that become 30.
        (bytes![[0xc3, 0x09, 0x1e], lzf], compressed),
    ] {
        decodes_value(REDIS, 0, &value, &[expected]);
    }
}

#[test]
fn a_string_as_long_as_its_length_form_reaches() {
    for n in [63usize, 64, 16383, 16384] {
        let long = vec![b'x'; n];
        let head = match n {
            63 => bytes![[0x3f]],
            64 => bytes![[0x40, 0x40]],
            16383 => bytes![[0x7f, 0xff]],
            _ => bytes![[0x80, 0x00, 0x00, 0x40, 0x00]],
        };
        let value = bytes![head, long];
        decodes_value(REDIS, 0, &value, &[text(Role::Value, &long)]);
    }
}

#[test]
fn metadata_of_a_key() {
    let body = bytes![
        [0xf3, 0x02],             // KEY_META, 2 classes
        [0x11, 0x2c, 0xa8, 0xb5], // class "tags", version 2, may be ignored
        [0x05],                   // STRING
        b"\x03red",
        [0x02, 0x05],             // UINT 5
        [0x00],                   // end of items
        [0xf9, 0xfd, 0xef, 0x03], // class "A_-9", version 31, may be ignored
        [0x00],                   // end of items: there are none
        [0xf3, 0x00],             // KEY_META, no class
        [0x00],                   // a string
        b"\x01a",                 // key
        [0xc0, 0x01],             // value: INT8 1
    ];
    assert_eq!(MetaClass(0xb5a8_2c11).name(), "tags");
    let expected = [
        Part::KeyMeta(2),
        Part::MetaClass(MetaClass(0xb5a8_2c11)),
        Part::ModuleString(Str::Raw(b"red")),
        Part::ModuleUnsigned(5),
        Part::ModuleEnd,
        Part::MetaClass(MetaClass(0x03ef_fdf9)),
        Part::ModuleEnd,
        Part::KeyMeta(0),
        Part::Key {
            kind: ValueType::STRING,
            key: Str::Raw(b"a"),
        },
        int(Role::Value, 1),
        Part::KeyEnd,
    ];
    decodes(REDIS, &body, &expected);
}

#[test]
fn slot_imports_of_valkey() {
    let body = bytes![
        [0xf3], // SLOT_IMPORT
        [40],
        b"0123456789abcdef0123456789abcdef01234567", // name of the job
        [0x02],                                      // 2 ranges
        [0x00, 0x00],                                // 0 to 0
        [0x40, 0x64, 0x7f, 0xff],                    // 100 to 16383
        [0xf3],                                      // SLOT_IMPORT
        b"\x01j", // name of the job: its length is the verifier's business
        [0x00],   // no range
    ];
    let expected = [
        Part::SlotImport {
            job: Str::Raw(b"0123456789abcdef0123456789abcdef01234567"),
            ranges: 2,
        },
        Part::SlotRange { start: 0, end: 0 },
        Part::SlotRange {
            start: 100,
            end: 16383,
        },
        Part::SlotImport {
            job: Str::Raw(b"j"),
            ranges: 0,
        },
    ];
    decodes(VALKEY, &body, &expected);
}

#[test]
fn commands_of_valkey_in_a_replication_stream() {
    let body = bytes![
        [0xf2],    // UPDATE
        b"*3\r\n", // 3 words
        b"$3\r\nSET\r\n",
        b"$1\r\na\r\n",
        b"$2\r\n\r\n\r\n", // a value of CR LF
        [0xf2],            // UPDATE
        b"*0\r\n",         // no word
    ];
    let expected = [
        Part::Update(3),
        text(Role::Argument, b"SET"),
        text(Role::Argument, b"a"),
        text(Role::Argument, b"\r\n"),
        Part::Update(0),
    ];
    decodes(VALKEY, &body, &expected);
}

#[test]
fn module_data_of_no_key() {
    let body = bytes![
        [0xf7],                                                 // MODULE_AUX
        [0x81, 0xbd, 0xe7, 0x2d, 0xa2, 0xbb, 0x1e, 0xb4, 0x03], // vectorset, version 3
        [0x02, 0x01],                                           // when: before the keys
        [0x02, 0x2a],                                           // UINT 42
        [0x00],                                                 // end of items
        [0xf7],                                                 // MODULE_AUX
        [0x81, 0x03, 0xec, 0xf4, 0xf7, 0xf6, 0xdc, 0x77, 0xff], // A-z09_bcd, version 1023
        [0x02, 0x02],                                           // when: after the keys
        [0x00],                                                 // end of items: there are none
    ];
    let expected = [
        Part::ModuleAux {
            module: ModuleId(0xbde7_2da2_bb1e_b403),
            when: 1,
        },
        Part::ModuleUnsigned(42),
        Part::ModuleEnd,
        Part::ModuleAux {
            module: ModuleId(0x03ec_f4f7_f6dc_77ff),
            when: 2,
        },
        Part::ModuleEnd,
    ];
    decodes(REDIS, &body, &expected);
    decodes(VALKEY, &body, &expected);
}
