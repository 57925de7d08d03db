//! Lengths near 2^63 in every place that has one.

use crate::{END, HEADER, OF_LOG, OF_RDB, Place, command};

const LENGTHS: [u64; 5] = [
    1 << 32,
    (1 << 63) - 1,
    1 << 63,
    // What is added to it behind it, in many places, makes it overflow.
    u64::MAX - 8,
    u64::MAX,
];

/// What stands before the length.
fn places() -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut add = |parts: &[&[u8]]| found.push(parts.concat());
    // The first length of each type of value, behind a key "k".
    for kind in 0..=32u8 {
        add(&[&[kind, 1, b'k']]);
    }
    // One to three of each opcode.
    for opcode in 0xf0..=0xffu8 {
        add(&[&[opcode]]);
        add(&[&[opcode, 1]]);
        add(&[&[opcode, 1, 1]]);
    }
    add(&[b"\xfa\x09redis-ver"]);
    // A key; what a compressed string takes, what it becomes.
    add(&[b"\0"]);
    add(&[b"\0\x01k\xc3"]);
    add(&[b"\0\x01k\xc3\x05"]);
    add(&[b"\0\xc3\x05"]);
    // Elements, members, fields and their values.
    for front in [&b"\x01\x01k\x01"[..], b"\x02\x01k\x01", b"\x03\x01k\x01"] {
        add(&[front]);
    }
    for front in [
        &b"\x04\x01k\x01"[..],
        b"\x04\x01k\x01\x01f",
        b"\x05\x01k\x01",
    ] {
        add(&[front]);
    }
    // Nodes of lists: which kind, which size.
    for front in [
        &b"\x0e\x01k\x01"[..],
        b"\x12\x01k\x01",
        b"\x12\x01k\x01\x02",
        b"\x12\x01k\x01\x01",
    ] {
        add(&[front]);
    }
    // Streams: each of the numbers behind the nodes, and into the group.
    for kind in [15, 19, 21, 26, 27u8] {
        for numbers in 0..14 {
            add(&[&[kind, 1, b'k', 0], &vec![0; numbers]]);
        }
        add(&[&[kind, 1, b'k', 1, 16], &[0; 16]]);
        add(&[&[kind, 1, b'k', 0, 0, 0, 0, 0, 0, 0, 0, 1]]);
    }
    // Modules: the id, and each kind of item.
    for item in 1..=5u8 {
        add(&[b"\x07\x01k\x81\x12\x34\x56\x78\x12\x34\x56\x78", &[item]]);
        add(&[b"\xf7\x81\x12\x34\x56\x78\x12\x34\x56\x78\x02\x01", &[item]]);
    }
    found
}

#[test]
fn of_rdb_files() {
    let place = Place::new();
    let mut names = Vec::new();
    for (n, front) in places().iter().enumerate() {
        for (m, length) in LENGTHS.iter().enumerate() {
            let length = [&b"\x81"[..], &length.to_be_bytes()].concat();
            let name = format!("{n}-{m}.rdb");
            place.put(&name, &[HEADER, front, &length, &[1; 64], END].concat());
            names.push(name);
        }
    }
    let mut args = vec!["check"];
    args.extend(names.iter().map(String::as_str));
    let said = place.run(&args);
    assert!(said.code == 1 && said.peak < crate::MEMORY, "{said:?}");
    for (n, name) in names.iter().enumerate() {
        // Each command meets each place.
        for line in OF_RDB
            .iter()
            .skip(2 + n % LENGTHS.len())
            .step_by(LENGTHS.len())
        {
            place.on(name, line);
        }
    }
}

/// Sizes and counts in the headers of packed values, and in their entries.
#[test]
fn of_packed_values() {
    let place = Place::new();
    let ff = [0xff; 24];
    let blobs: [&[u8]; 9] = [
        &ff[..7],
        &ff[..11],
        &ff,
        // A listpack whose entry says that it has 2^32 - 1 bytes.
        b"\x0d\0\0\0\x01\0\xf0\xff\xff\xff\xff\x05\xff",
        // A ziplist whose entry says so, and one that begins behind the end.
        b"\x11\0\0\0\x0a\0\0\0\x01\0\0\x80\xff\xff\xff\xff\xff",
        b"\x11\0\0\0\xff\xff\xff\xff\x01\0\0\x80\x01\x01\x01\x01\xff",
        // Intsets of 2^32 - 1 integers, and of integers of 2^31 bytes.
        b"\x08\0\0\0\xff\xff\xff\xff\0\0\0\0\0\0\0\0",
        b"\x02\0\0\0\xff\xff\xff\xff",
        b"\0\0\0\x80\x02\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for kind in [9, 10, 11, 12, 13, 16, 17, 20, 23, 24, 25u8] {
        for blob in blobs {
            let blob = [&[blob.len() as u8], blob].concat();
            // Some have the soonest expiry first.
            for before in [&b""[..], &[0; 8]] {
                let record = [&[kind, 1, b'k'], before, &blob].concat();
                place.put("packed.rdb", &[HEADER, &record, END].concat());
                for line in [
                    &["check", "F"][..],
                    &["digest", "F"],
                    &["stats", "F"],
                    &["salvage", "F", "-o", "N"],
                ] {
                    let said = place.on("packed.rdb", line);
                    assert!(said.code > 0 || line[0] != "check", "{record:?}: {said:?}");
                }
            }
        }
    }
}

#[test]
fn of_logs() {
    let place = Place::new();
    let before = [command(&[b"SELECT", b"0"]), command(&[b"SET", b"k", b"v"])].concat();
    let numbers = [
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "-1",
    ];
    let huge = "1".repeat(400);
    for number in numbers.into_iter().chain(["4294967296", &huge]) {
        for damage in [
            format!("*{number}\r\n$3\r\nSET\r\n"),
            format!("*3\r\n$3\r\nSET\r\n${number}\r\nabc\r\n"),
            format!("*1\r\n${number}\r\nPING\r\n"),
            format!("#TS:{number}\r\n*1\r\n$4\r\nPING\r\n"),
        ] {
            place.put("log.aof", &[&before, damage.as_bytes()].concat());
            for line in OF_LOG {
                place.on("log.aof", line);
            }
        }
        place.copy("aof/redis-8.0-sid/mp-ops", "log");
        let manifest = format!("file appendonly.aof.1.base.rdb seq {number} type b\n");
        place.put("log/appendonly.aof.manifest", manifest.as_bytes());
        for line in OF_LOG {
            place.on("log", line);
        }
        std::fs::remove_dir_all(place.at("log")).unwrap();
    }
}
