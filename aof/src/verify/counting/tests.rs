//! Several threads come to the report of one, whatever the file and the pieces.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use crate::ahead::Ahead;
use crate::source::Memory;
use crate::verify::Options;
use crate::verify::file::{By, judged};
use crate::verify::judge::Role;

fn command(args: &[&[u8]]) -> Vec<u8> {
    let mut raw = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        raw.extend(format!("${}\r\n", arg.len()).bytes());
        raw.extend_from_slice(arg);
        raw.extend_from_slice(b"\r\n");
    }
    raw
}

/// What several threads say, which has to be what one says.
fn same(log: &[u8], threads: usize, piece: u64, options: &Options) -> String {
    let mut files = Memory::default();
    files.insert(b"a.aof", log);
    let ahead = Ahead {
        source: &files,
        name: b"a.aof",
        threads,
        piece,
    };
    let told = |by| {
        let mut report = judged(log, options, None, Role::ALONE, by);
        if let Some(rdb) = &mut report.rdb {
            // The chance of a hash decides.
            rdb.index_memory = 0;
        }
        format!("{report:?}")
    };
    let one = told(By::One { window: 256 << 10 });
    let several = told(By::Several(ahead));
    assert_eq!(one, several, "{threads} threads, pieces of {piece}");
    one
}

#[test]
fn a_value_full_of_commands_misleads_nobody() {
    let inner = command(&[b"FLUSHALL"]).repeat(40);
    let one = [command(&[b"SET", b"a", &inner]), command(&[b"MULTI"])].concat();
    let log = [&one[..], &command(&[b"INCR", b"n"]), &command(&[b"EXEC"])].concat();
    let log = log.repeat(9);
    for piece in [16, 64, 100, 257, 900, 5000] {
        let report = same(&log, 3, piece, &Options::default());
        assert!(report.contains("commands: 36"), "{report}");
    }
}

#[test]
fn what_is_too_long_to_be_held_is_left_to_the_judge() {
    let long = vec![b'x'; 3 << 20];
    let short = command(&[b"SET", b"k", b"v"]).repeat(9000);
    let log = [
        &short[..],
        &command(&[b"SET", b"long", &long]),
        &short,
        &command(&[b"SELECT", b"99"]),
        b"*1\r\n$4\r\nPI",
    ]
    .concat();
    for piece in [100_000, 1 << 20] {
        let report = same(&log, 2, piece, &Options::default());
        assert!(report.contains("commands: 18002"), "{report}");
    }
}

#[test]
fn more_than_may_be_put_aside() {
    let many = (32 << 10) + 10;
    let log = b"#TS:1700000000\r\n".repeat(many);
    let log = [&log[..], &command(&[b"SET", b"k", b"v"]), &log].concat();
    let report = same(&log, 2, 1 << 20, &Options::default());
    let wanted = format!("annotations: {}", 2 * many);
    assert!(report.contains(&wanted), "{report}");
}

#[test]
fn logs_of_servers() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("aof").as_os_str()) {
                let log = fs::read(&path).unwrap();
                for piece in [40, 333, 4096] {
                    same(&log, 2, piece, &Options::default());
                }
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files}");
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    let words = |words: &[&str]| {
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        Just(command(&words))
    };
    let odd: &[&[u8]] = &[
        b"#TS:1700000000\r\n",
        b"#\n",
        b"*1\n$4\nPING\n",
        b"*+1\r\n$4\r\nPING\r\n",
        b"*2\r\n$3\r\nDEL\r\n$1\r\nk??",
        b"*0\r\n",
        b"garbage\r\n",
    ];
    prop_oneof![
        8 => words(&["SET", "k", "v"]),
        4 => "[a-z*$\r\n]{0,40}".prop_map(|v| command(&[b"set", b"key", v.as_bytes()])),
        2 => words(&["INCR", "n"]),
        1 => words(&["MULTI"]),
        1 => words(&["EXEC"]),
        1 => words(&["DISCARD"]),
        1 => words(&["MULTI", "x"]),
        1 => words(&["EXEC", "x"]),
        1 => Just(b"*01\r\n$5\r\nmulti\r\n".to_vec()),
        2 => (0usize..4).prop_map(|n| {
            let inner = command(&[b"INCR", b"n"]).repeat(n);
            [command(&[b"MULTI"]), inner, command(&[b"exec"])].concat()
        }),
        1 => words(&["SELECT", "3"]),
        1 => words(&["SELECT", "77"]),
        1 => words(&["SET", "k"]),
        1 => words(&["XGROUP", "CREATE", "k", "g", "0"]),
        1 => words(&["NOSUCH", "x"]),
        1 => words(&["FT.ADD", "x"]),
        1 => Just(command(&[b"SET", b"r", &command(&[b"SET", b"k", b"v"]).repeat(3)])),
        1 => proptest::sample::select(odd).prop_map(<[u8]>::to_vec),
    ]
}

proptest! {
    #[test]
    fn any_log(
        units in proptest::collection::vec(unit(), 0..60),
        lost in 0usize..12,
        threads in 1usize..4,
        piece in 16u64..1000,
        modules in any::<bool>(),
    ) {
        let mut log = units.concat();
        log.truncate(log.len() - lost.min(log.len()));
        let mut options = Options { max_findings: 5, ..Options::default() };
        if modules {
            options.module_commands = vec!["ft.*".to_owned()];
        }
        same(&log, threads, piece, &options);
    }
}
