//! Outputs that cannot be written: a full disk, a reader that went away.

use std::fs;
use std::process::Stdio;

use crate::{OF_LOG, OF_RDB, Place, command, program};

/// Of files, at most one block: as a disk that is full. The signal that would end the
/// program at the limit is off, so that it hears of an error instead.
const FULL: &str = "trap '' XFSZ; ulimit -f 1; \"$@\"";

fn data() -> Place {
    let place = Place::new();
    place.copy("rdb/redis-8.0-sid/dense.rdb", "dump.rdb");
    place.copy("aof/redis-8.0-sid/mp-ops", "log");
    place
}

/// Names and bytes of all there is.
fn all(place: &Place) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for folder in ["", "log"] {
        for entry in fs::read_dir(place.at(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let bytes = fs::read(&path).unwrap();
                found.push((path.display().to_string(), bytes));
            } else {
                found.push((path.display().to_string(), Vec::new()));
            }
        }
    }
    found.sort();
    found
}

/// Those that write a new file, from files of more than a block.
fn writers() -> impl Iterator<Item = Vec<&'static str>> {
    let all = OF_RDB.into_iter().chain(OF_LOG);
    all.filter(|line| line.contains(&"N") && line[1] != "repair")
        .map(|line| {
            let file = if line[0] == "aof" { "log" } else { "dump.rdb" };
            let name = |word: &&'static str| match *word {
                "F" => file,
                "N" => "new",
                "FLUSHALL" => "FLUSHDB",
                word => word,
            };
            line.iter().map(name).collect()
        })
}

#[test]
fn a_full_disk_leaves_nothing() {
    let place = data();
    let before = all(&place);
    for args in writers() {
        let said = place.shell(FULL, &args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(said.err.contains("too large"), "{args:?}: {said:?}");
        assert!(all(&place) == before, "{args:?} left something");
        // There is nothing else that stops it.
        assert!(place.run(&args).code < 2, "{args:?}");
        let new = place.at("new");
        match new.is_dir() {
            true => fs::remove_dir_all(new).unwrap(),
            false => fs::remove_file(new).unwrap(),
        }
    }
}

#[test]
fn a_full_disk_keeps_what_was_to_be_replaced() {
    let place = data();
    place.put("new", b"precious");
    let before = all(&place);
    for args in writers().filter(|args| matches!(args[0], "extract" | "export")) {
        let args = [&args[..], &["--force"]].concat();
        let said = place.shell(FULL, &args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(all(&place) == before, "{args:?} changed something");
    }
    for args in [
        &["aof", "cut", "log", "--before", "FLUSHDB", "--in-place"][..],
        &["aof", "drop", "log", "FLUSHDB", "--in-place"],
    ] {
        let said = place.shell(FULL, args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(all(&place) == before, "{args:?} changed something");
    }
}

/// Logs of more than a block: what is named, and the file of it that is to be torn.
const LOGS: [(&str, &str); 2] = [
    ("log", "log/appendonly.aof.1.incr.aof"),
    ("single.aof", "single.aof"),
];

/// The front of a command.
const TEAR: &[u8] = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$9\r\nlos";

/// With a log whose `file` ends inside a command, and that file before the tear.
fn torn(file: &str) -> (Place, Vec<u8>) {
    let place = data();
    let single = command(&[b"SET", b"k", &[b'v'; 4000]]);
    place.put("single.aof", &single);
    let good = fs::read(place.at(file)).unwrap();
    place.put(file, &[&good[..], TEAR].concat());
    (place, good)
}

#[test]
fn a_full_disk_keeps_the_log_that_was_to_be_repaired() {
    for (log, file) in LOGS {
        let (place, good) = torn(file);
        let before = all(&place);
        for line in [&["--in-place"][..], &["-o", "new"]] {
            let args = [&["aof", "repair", log], line].concat();
            let said = place.shell(FULL, &args);
            assert_eq!(said.code, 2, "{args:?}: {said:?}");
            assert!(said.err.contains("too large"), "{args:?}: {said:?}");
            assert!(all(&place) == before, "{args:?} changed something");
        }
        // There is nothing else that stops it.
        let said = place.run(&["aof", "repair", log, "--in-place"]);
        assert_eq!(said.code, 0, "{said:?}");
        let mended = all(&place);
        assert!(mended.iter().any(|(_, bytes)| *bytes == good), "{log}");
    }
}

/// `redis-check-aof --fix` only ever cuts: that takes no room, and nothing goes that it
/// could not tell of.
#[test]
fn a_full_disk_is_room_enough_to_cut() {
    let (_, file) = LOGS[1];
    for (around, heard) in [(FULL, true), ("\"$@\" > /dev/full", false)] {
        let (place, good) = torn(file);
        let mut sh = place.command("sh");
        sh.args(["-c", &format!("echo y | ({around})"), "sh"]);
        sh.arg(assert_cmd::cargo::cargo_bin("redis-check-aof"));
        sh.args(["--fix", file]);
        let said = place.start(sh).end();
        assert_eq!(said.code == 0, heard, "{said:?}");
        let wanted = if heard {
            good
        } else {
            [&good[..], TEAR].concat()
        };
        let now = fs::read(place.at(file)).unwrap();
        assert!(now == wanted, "{around}: {} bytes: {said:?}", now.len());
    }
}

/// Those that write to standard output.
fn talkers() -> impl Iterator<Item = Vec<&'static str>> {
    let rdb: [&[&str]; 12] = [
        &["check", "dump.rdb"],
        &["check", "--json", "dump.rdb"],
        &["digest", "--per-key", "dump.rdb"],
        &["keys", "dump.rdb"],
        &["get", "dump.rdb", "he:lp"],
        &["stats", "dump.rdb"],
        &["stats", "--json", "dump.rdb"],
        &["export", "dump.rdb"],
        &["export", "dump.rdb", "--format", "resp"],
        &["extract", "dump.rdb", "-o", "-"],
        &["salvage", "dump.rdb", "--dry-run"],
        &["diff", "dump.rdb", "other.rdb"],
    ];
    let log: [&[&str]; 6] = [
        &["check", "log"],
        &["aof", "log", "log"],
        &["aof", "points", "log"],
        &["aof", "stats", "log"],
        &["aof", "cut", "log", "--before", "FLUSHDB", "--dry-run"],
        &["--help"],
    ];
    rdb.into_iter().chain(log).map(<[_]>::to_vec)
}

#[test]
fn standard_output_that_is_full() {
    let place = data();
    for args in talkers() {
        let said = place.shell("\"$@\" > /dev/full", &args);
        assert_eq!(said.code, 2, "{args:?}: {said:?}");
        assert!(said.err.contains("No space left"), "{args:?}: {said:?}");
    }
}

#[test]
fn a_reader_that_went_away() {
    let place = data();
    for args in talkers() {
        let mut command = place.command(program());
        command.args(&args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let done = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&done.stderr);
        // No signal, no complaint; what was found before may still be told.
        let code = done.status.code().unwrap();
        assert!(code < 2, "{args:?}: {code} {err}");
        assert!(!err.contains("rdbkit: cannot write"), "{args:?}: {err}");
        assert!(!err.contains("panicked"), "{args:?}: {err}");
    }
}
