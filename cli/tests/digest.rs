//! `rdbkit digest` as a user meets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

/// What Redis 8.0.6 and Redis 7.0.15 say of them.
const DENSE: &str = "d2e62e44e8bc5d59c9e6f92355173d15aa4160a9";
const DENSE_7_0: &str = "9e45c943c8fe393d6da1e510629a76beed2233d7";

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.arg("digest").args(args).env("NO_COLOR", "1");
    command
}

fn testdata(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    folder.join(name).to_str().unwrap().to_owned()
}

fn dense() -> String {
    testdata("rdb/redis-8.0-sid/dense.rdb")
}

fn run(args: &[&str], code: i32) -> (String, String) {
    let output = rdbkit(args).assert().code(code).get_output().clone();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn json(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_line_a_file() {
    let (old, new) = (testdata("rdb/redis-7.0-bookworm/dense.rdb"), dense());
    let (out, err) = run(&[&old, &new], 0);
    assert_eq!(out, format!("{DENSE_7_0}  {old}\n{DENSE}  {new}\n"));
    assert_eq!(err, "");
}

#[test]
fn a_pipe_has_the_same() {
    let bytes = fs::read(dense()).unwrap();
    let piped = rdbkit(&["-"]).write_stdin(bytes).output().unwrap();
    assert_eq!(piped.stdout, format!("{DENSE}  -\n").into_bytes());
}

#[test]
fn databases_and_keys_come_first() {
    let (out, _) = run(&["--per-db", "--per-key", &dense()], 0);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 26 + 2 + 1);
    let path = dense();
    let last = format!("{DENSE}  {path}");
    assert_eq!(lines.last(), Some(&last.as_str()));
    let db9 = format!("29bfe9c077a9c1d8e83aa3c128da8c381ef6b765  {path}  db9");
    assert_eq!(lines[27], db9);
    let binary =
        format!("f00200e12f8bfef8c73fd2a1e48e7ad4b5e8a4ee  {path}  db0  \"bin\\x00\\xc3\\xbf\"");
    assert!(lines.contains(&binary.as_str()), "{out}");
}

#[test]
fn json_has_all_of_it() {
    let (out, err) = run(&["--json", "--per-key", &dense()], 0);
    assert_eq!(err, "");
    let mut lines = json(&out);
    let file = lines.pop().unwrap();
    assert_eq!(file["digest"], DENSE);
    assert_eq!(file["for"]["product"], "redis");
    assert_eq!(file["for"]["version"], "8.0");
    assert_eq!(file["databases"]["9"]["keys"], 1);
    assert_eq!(file["error"], Value::Null);
    assert_eq!(lines.len(), 26);
    assert!(
        lines
            .iter()
            .all(|l| l["digest"].is_string() && l["type"].is_string())
    );
}

/// A fixture of Redis 8.0 with expiring fields, in the words of Valkey.
#[test]
fn the_server_can_be_chosen() {
    let path = testdata("rdb/redis-8.0-sid/zsets.rdb");
    let digest = |args: &[&str]| run(args, 0).0;
    let (redis_8, valkey) = (digest(&[&path]), digest(&["--for", "valkey:9.1", &path]));
    assert_eq!(redis_8, valkey);
    assert_ne!(redis_8, digest(&["--for", "redis:7.0", &path]));
    run(&["--for", "memcached:1", &path], 2);
}

#[test]
fn what_has_expired_is_noted_and_left_out_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("past.rdb");
    fs::write(
        &path,
        b"REDIS0004\xfe\0\xfc\x10\x27\0\0\0\0\0\0\0\x01a\x011\xff",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    let (all, note) = run(&[path], 0);
    assert!(
        note.contains("1 keys and 0 hash fields have expired"),
        "{note}"
    );
    let (left, note) = run(&["--skip-expired", path], 0);
    assert_eq!(left, format!("{}  {path}\n", "0".repeat(40)));
    assert_ne!(all, left);
    assert_eq!(note, "");
}

#[test]
fn half_a_file_has_none() {
    let bytes = fs::read(dense()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.rdb");
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let path = path.to_str().unwrap();
    let (out, err) = run(&[path], 1);
    assert_eq!(out, "");
    assert!(err.contains("unexpected end of file"), "{err}");
    let [file] = json(&run(&["--json", path], 1).0).try_into().unwrap();
    assert_eq!(file["digest"], Value::Null);
    assert!(file["error"].as_str().unwrap().contains("end of file"));

    let mut flipped = bytes.clone();
    let middle = flipped.len() - 4;
    flipped[middle] ^= 1;
    fs::write(path, &flipped).unwrap();
    let (out, err) = run(&[path], 1);
    assert_eq!(out, "");
    assert!(err.contains("checksum"), "{err}");
}

#[test]
fn a_module_is_named_and_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.rdb");
    let bytes = b"REDIS0009\xfe\x00\x07\x01m\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00\x02\x05\x00\
                  \xfe\x01\x00\x01a\x011\xff\0\0\0\0\0\0\0\0";
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    let (out, err) = run(&["--per-db", path], 1);
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], format!("{}  {path}  db0", "-".repeat(40)));
    assert!(lines[1].ends_with("db1") && lines.len() == 2, "{out}");
    assert!(err.contains("module type vectorset (1)"), "{err}");
}

#[test]
fn logs_are_no_rdb_files() {
    let logs = [
        (
            "redis-8.0-sid/mp-ops/appendonly.aof.1.incr.aof",
            "append-only file of commands",
        ),
        ("redis-8.0-sid/mp-ops/appendonly.aof.manifest", "manifest"),
        (
            "redis-6.0-bullseye/preamble/appendonly.aof",
            "commands follow the RDB part",
        ),
    ];
    for (log, why) in logs {
        let (out, err) = run(&[&testdata(&format!("aof/{log}"))], 2);
        assert_eq!(out, "");
        assert!(err.contains(why) && err.contains("replayed"), "{err}");
    }
    let (_, err) = run(&[&testdata("aof")], 2);
    assert!(err.contains("is a folder"), "{err}");
    let (_, err) = run(&["/nowhere/dump.rdb"], 2);
    assert!(err.contains("cannot open"), "{err}");
}
