//! A million tiny records of each kind.

use std::fs::File;
use std::io::{BufWriter, Write};

use crate::{END, HEADER, OF_LOG, OF_RDB, Place, command, length};

const MANY: u32 = 1_000_000;

/// Makes one of the parts a file has.
type Part = dyn Fn(u32, &mut Vec<u8>);

/// Writes a file of so many parts, without having it in memory.
fn write(place: &Place, name: &str, ends: [&[u8]; 2], part: impl Fn(u32, &mut Vec<u8>)) {
    let mut out = BufWriter::new(File::create(place.at(name)).unwrap());
    let mut bytes = Vec::new();
    out.write_all(ends[0]).unwrap();
    for n in 0..MANY {
        bytes.clear();
        part(n, &mut bytes);
        out.write_all(&bytes).unwrap();
    }
    out.write_all(ends[1]).unwrap();
    out.flush().unwrap();
}

fn name(n: u32) -> String {
    format!("{n:07}")
}

/// Databases and types of modules are counted one by one, so a file of a million of
/// them is not here: each takes some 130 bytes, as `docs/verification.md` says.
#[test]
fn records_of_rdb_files() {
    let place = Place::new();
    let key = |front: &'static [u8], behind: &'static [u8]| {
        move |n: u32, out: &mut Vec<u8>| {
            out.extend(front);
            out.push(7);
            out.extend(name(n).as_bytes());
            out.extend(behind);
        }
    };
    let kinds: [(&str, Box<Part>); 8] = [
        ("keys", Box::new(key(b"\0", b"\0"))),
        (
            "keys that are past",
            Box::new(key(b"\xfc\x01\0\0\0\0\0\0\0\0", b"\0")),
        ),
        ("lists of nothing", Box::new(key(b"\x01", b"\0"))),
        (
            "sets that refuse",
            Box::new(key(b"\x02", b"\x02\xc0\x01\xc0\x01")),
        ),
        ("AUX fields", Box::new(key(b"\xfa", b"\x01v"))),
        (
            "databases without keys",
            Box::new(|n, out| out.extend([b"\xfe", &length(n.into())[..]].concat())),
        ),
        (
            "expiries of no key",
            Box::new(|_, out| out.extend(b"\xfc\x01\0\0\0\0\0\0\0")),
        ),
        (
            "libraries that refuse",
            Box::new(|n, out| {
                out.extend(b"\xf5\x18#!lua name=");
                out.extend(name(n).as_bytes());
                out.extend(b"\ncall(");
            }),
        ),
    ];
    for (n, (kind, part)) in kinds.into_iter().enumerate() {
        write(&place, "many.rdb", [HEADER, END], part);
        for (m, line) in OF_RDB.into_iter().enumerate() {
            // Each command meets each third kind. Functions are compared whole, up to a
            // limit of 64 MiB of them.
            let too_many = kind == "libraries that refuse" && line[0] == "diff";
            if (n == 0 || m % 3 == n % 3) && !too_many {
                place.on("many.rdb", line);
            }
        }
    }
}

#[test]
fn elements_of_one_value() {
    let place = Place::new();
    let count = length(MANY.into());
    let member = |behind: &'static [u8]| {
        move |n: u32, out: &mut Vec<u8>| {
            out.push(7);
            out.extend(name(n).as_bytes());
            out.extend(behind);
        }
    };
    let kinds = [(1, &b""[..]), (2, b""), (4, b"\0"), (3, b"\x011")];
    for (n, (kind, behind)) in kinds.into_iter().enumerate() {
        let front = [HEADER, &[kind, 1, b'k'], &count[..]].concat();
        write(&place, "one.rdb", [&front, END], member(behind));
        for (m, line) in OF_RDB.into_iter().enumerate() {
            // What is shown of a key is held.
            if m % 2 == n % 2 && line[0] != "get" {
                place.on("one.rdb", line);
            }
        }
    }
}

#[test]
fn commands_of_logs() {
    let place = Place::new();
    let say = |words: &'static [&'static [u8]]| {
        move |_: u32, out: &mut Vec<u8>| out.extend(command(words))
    };
    let kinds: [(&str, Box<Part>); 7] = [
        ("one key", Box::new(say(&[b"SET", b"k", b"v"]))),
        ("nothing but MULTI", Box::new(say(&[b"MULTI"]))),
        ("nothing but FLUSHALL", Box::new(say(&[b"FLUSHALL"]))),
        (
            "databases",
            Box::new(|n, out| out.extend(command(&[b"SELECT", name(n).as_bytes()]))),
        ),
        (
            "unknown commands",
            Box::new(|n, out| out.extend(command(&[name(n).as_bytes()]))),
        ),
        ("annotations", Box::new(|_, out| out.extend(b"#x\r\n"))),
        (
            "times that run back",
            Box::new(|n, out| out.extend(format!("#TS:{}\r\n", u32::MAX - n).bytes())),
        ),
    ];
    for (kind, part) in kinds {
        write(&place, "many.aof", [b"", b""], part);
        for line in OF_LOG {
            // What is mended is held: 60 bytes for each place.
            if kind != "nothing but MULTI" || line[1] != "repair" {
                place.on("many.aof", line);
            }
        }
    }
}
