//! Logs made at random: several files of commands, transactions, annotations.

use proptest::collection::vec;
use proptest::prelude::*;
use rdbkit_aof::{Memory, Set};

pub fn command(line: &str) -> Vec<u8> {
    let args: Vec<&str> = line.split(' ').collect();
    let mut raw = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        raw.extend(format!("${}\r\n{arg}\r\n", arg.len()).bytes());
    }
    raw
}

/// `#` lines as they are, all else as commands.
pub fn log(lines: &[&str]) -> Vec<u8> {
    let unit = |line: &&str| match line.strip_prefix('#') {
        Some(_) => format!("{line}\r\n").into_bytes(),
        None => command(line),
    };
    lines.iter().flat_map(unit).collect()
}

/// A log of these files: a manifest if there are several.
pub fn set(files: &[Vec<u8>]) -> (Set, Memory) {
    let mut memory = Memory::default();
    if let [one] = files {
        memory.insert(b"a.aof", one.clone());
        return (Set::single(b"a.aof"), memory);
    }
    let mut manifest = String::new();
    for (index, bytes) in files.iter().enumerate() {
        let line = match index {
            0 => "file a.1.base.aof seq 1 type b\n".to_owned(),
            n => format!("file a.{n}.incr.aof seq {n} type i startoffset 7 endoffset 99\n"),
        };
        memory.insert(line.split(' ').nth(1).unwrap(), bytes.clone());
        manifest += &line;
    }
    memory.insert(b"a.manifest", manifest);
    let set = Set::open(&memory, b"a.manifest").unwrap();
    (set, memory)
}

pub fn plain() -> impl Strategy<Value = Vec<u8>> {
    let fixed = prop_oneof![
        6 => (0..9u8, 0..9u8).prop_map(|(k, v)| format!("SET key:{k} {v}")),
        3 => (0..9u8).prop_map(|k| format!("incr key:{k}")),
        2 => (0..9u8, 0..9u8).prop_map(|(a, b)| format!("DEL key:{a} key:{b}")),
        1 => (0..9u8, 0..9u8).prop_map(|(a, b)| format!("MSET key:{a} 1 key:{b} 2")),
        1 => (0..9u8, 0..99u8).prop_map(|(k, t)| format!("PEXPIREAT key:{k} {t}")),
        1 => Just("FLUSHALL".to_owned()),
        2 => (0..4u8).prop_map(|db| format!("SELECT {db}")),
    ];
    let tricky = vec(any::<u8>(), 0..9).prop_map(|bytes| {
        // Bytes that look like commands, inside of a value.
        let inner = [b"*1\r\n$8\r\nFLUSHALL\r\n", &bytes[..]].concat();
        let head = format!("*3\r\n$3\r\nSET\r\n$1\r\nt\r\n${}\r\n", inner.len());
        [head.as_bytes(), &inner, b"\r\n"].concat()
    });
    prop_oneof![
        20 => fixed.prop_map(|line| command(&line)),
        1 => tricky,
    ]
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => plain(),
        2 => vec(plain(), 0..5).prop_map(|inner| {
            [command("MULTI"), inner.concat(), command("EXEC")].concat()
        }),
    ]
}

/// Files whose annotations grow from file to file; the units of each.
pub fn files() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let file = vec((unit(), any::<bool>()), 0..12);
    vec(file, 1..4).prop_map(|files| {
        let mut time = 0;
        files
            .into_iter()
            .map(|units| {
                let mut bytes = Vec::new();
                for (unit, annotated) in units {
                    if annotated {
                        time += 10;
                        bytes.extend(format!("#TS:{time}\r\n").bytes());
                    }
                    bytes.extend(unit);
                }
                bytes
            })
            .collect()
    })
}
