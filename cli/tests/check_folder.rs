//! `rdbkit check` on folders of backups, and on the data folder of a server.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

/// An RDB file without keys that says when it was written.
fn rdb(ctime: &str) -> Vec<u8> {
    let head = b"REDIS0011\xfa\x05ctime";
    let end = b"\xff\0\0\0\0\0\0\0\0";
    [head, &[ctime.len() as u8][..], ctime.as_bytes(), end].concat()
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn copy(&self, from: &str, to: &str) {
        for entry in fs::read_dir(testdata(from)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            self.put(&format!("{to}/{name}"), fs::read(entry.path()).unwrap());
        }
    }

    fn check(&self, args: &[&str]) -> Output {
        let mut command = Command::cargo_bin("rdbkit").unwrap();
        command.current_dir(self.0.path()).env("NO_COLOR", "1");
        command.arg("check").args(args).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The position of each of these in a text, which stand in it in this order.
fn in_order(text: &str, words: &[&str]) {
    let mut at = 0;
    for word in words {
        let found = text[at..].find(word);
        at += found.unwrap_or_else(|| panic!("no {word} behind byte {at} of:\n{text}"));
    }
}

fn backups() -> Place {
    let place = Place::new();
    place.put("b/old.rdb.gz", gzip(&rdb("1700000000")));
    place.put("b/new.rdb", rdb("1700000300"));
    place.put("b/middle", rdb("1700000200"));
    place.put("b/notes.txt", "not mine");
    place.put("b/temp-77.rdb", "REDIS00");
    place.put("b/sub/deep.rdb", rdb("1"));
    place.copy("aof/redis-8.0-sid/mp-ops", "b/log");
    place
}

#[test]
fn backups_are_told_newest_first() {
    let place = backups();
    let output = place.check(&["b"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    in_order(
        &out,
        &[
            "b: 4 files and logs, newest first",
            "log ",
            "changed",
            "new.rdb ",
            "written 2023-11-14T22:18:20Z, 0 keys",
            "middle ",
            "old.rdb.gz ",
            "4 load",
            "neither RDB files nor logs: notes.txt",
            "temporary files",
            "temp-77.rdb",
            "folders that are no logs: sub",
        ],
    );
    assert!(output.stderr.is_empty());
    let one = place.check(&["b", "--threads", "1"]);
    assert_eq!(text(&one.stdout), out);
}

#[test]
fn the_worst_file_is_the_exit_code() {
    let place = backups();
    let cut = &rdb("1700000100")[..30];
    place.put("b/cut.rdb", cut);
    let output = place.check(&["b"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{out}");
    in_order(
        &out,
        &["refused", "cut.rdb", "[truncated]", "4 load, 1 does not"],
    );

    place.put("b/half.rdb.gz", &gzip(&rdb("1"))[..20]);
    // Named as a backup, it is one.
    place.put("b/rubbish.rdb", "hello, world");
    let output = place.check(&["b"]);
    assert_eq!(output.status.code(), Some(2));
    let out = text(&output.stdout);
    assert!(
        out.contains("rubbish.rdb") && out.contains("[not-rdb]"),
        "{out}"
    );
    assert!(out.contains("1 could not be read"), "{out}");
    let err = text(&output.stderr);
    assert!(
        err.contains("b/half.rdb.gz: the gzip data end too early"),
        "{err}"
    );
    let quiet = place.check(&["-q", "b"]);
    assert_eq!((quiet.status.code(), quiet.stdout.len()), (Some(2), 0));
    // One bad folder does not hide the next path.
    let both = place.check(&["b", "b/new.rdb"]);
    assert!(text(&both.stdout).contains("b/new.rdb: loads"));
}

#[test]
fn machines_get_a_line_a_file_and_nothing_else() {
    let place = backups();
    place.put("b/half.rdb.gz", &gzip(&rdb("1"))[..20]);
    let output = place.check(&["--json", "b"]);
    let rules = fs::read(testdata("../docs/check.schema.json")).unwrap();
    let rules: Value = serde_json::from_slice(&rules).unwrap();
    let mut paths = Vec::new();
    for line in text(&output.stdout).lines() {
        let report: Value = serde_json::from_str(line).unwrap();
        if let Some(why) = schema::fault(&rules, &rules, &report) {
            panic!("{line}: {why}");
        }
        paths.push(report["path"].as_str().unwrap().replace('\\', "/"));
    }
    paths.sort();
    let all = [
        "b/half.rdb.gz",
        "b/log",
        "b/middle",
        "b/new.rdb",
        "b/old.rdb.gz",
    ];
    assert_eq!(paths, all);
    let err = text(&output.stderr);
    assert!(err.contains("notes.txt") && err.contains("4 load"), "{err}");
}

#[test]
fn nothing_to_check_is_trouble() {
    let place = Place::new();
    place.put("b/notes.txt", "not mine");
    let output = place.check(&["b"]);
    assert_eq!(output.status.code(), Some(2));
    let err = text(&output.stderr);
    in_order(&err, &["notes.txt", "b: nothing to check", "no manifest"]);
    assert!(output.stdout.is_empty());
}

#[test]
fn what_a_file_system_makes_is_no_log() {
    let place = backups();
    place.copy("aof/redis-8.0-sid/mp-ops", "b/lost+found");
    let output = place.check(&["b"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{out}");
    in_order(
        &out,
        &[
            "b: 4 files and logs",
            "folders that are no logs: lost+found",
        ],
    );
}

#[test]
fn of_a_data_folder_it_is_told_what_a_server_loads() {
    let rdb = rdb("1700000000");
    let place = Place::new();
    place.put("d/dump.rdb", &rdb[..25]);
    let out = text(&place.check(&["d"]).stdout);
    assert!(
        out.contains(
            "with appendonly yes a server starts empty: there is no log, and ignores dump.rdb"
        ),
        "{out}"
    );
    assert!(
        out.contains("with appendonly no it loads dump.rdb (refused)"),
        "{out}"
    );

    place.put("d/appendonly.aof", "*1\r\n$4\r\nPING\r\n*2\r\n");
    let output = place.check(&["d"]);
    let out = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(out.contains("loads appendonly.aof (loads-truncated), and ignores dump.rdb; from Redis 7.0 on it moves it"), "{out}");

    place.copy("aof/redis-8.0-sid/mp-ops", "d/appendonlydir");
    let out = text(&place.check(&["d"]).stdout);
    assert!(out.contains("loads appendonlydir (loads), and ignores dump.rdb; appendonly.aof is ignored from Redis 7.0 on"), "{out}");
    assert!(
        out.contains("before Redis 7.0 it loads appendonly.aof (loads-truncated)"),
        "{out}"
    );

    fs::remove_file(place.0.path().join("d/dump.rdb")).unwrap();
    let out = text(&place.check(&["d"]).stdout);
    assert!(
        out.contains("with appendonly no it starts empty: there is no dump.rdb"),
        "{out}"
    );
}

/// The manifest was copied before a rewrite ended, and the files behind it, or the other
/// way round.
#[test]
fn a_log_that_was_copied_during_a_rewrite_is_named() {
    let manifest = |n: u32| {
        format!("file a.aof.{n}.base.rdb seq {n} type b\nfile a.aof.{n}.incr.aof seq {n} type i\n")
    };
    for (named, there, told) in [
        (1, 2, "base 2 is newer than the manifest, which ends at 1"),
        (
            2,
            1,
            "base 1 is older than the manifest, whose base 2 is not there",
        ),
    ] {
        let place = Place::new();
        place.put("log/a.aof.manifest", manifest(named));
        place.put("log/temp-a.aof.manifest", "");
        place.put(&format!("log/a.aof.{there}.base.rdb"), rdb("1700000000"));
        place.put(&format!("log/a.aof.{there}.incr.aof"), "");
        let output = place.check(&["log"]);
        let out = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{out}");
        for word in [
            "[missing-file]",
            "[mixed-copy]",
            told,
            "a manifest that was being written",
        ] {
            assert!(out.contains(word), "{word}: {out}");
        }
    }
}
