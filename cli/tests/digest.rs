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
fn what_is_neither_is_said() {
    let (_, err) = run(&[&testdata("aof")], 2);
    assert!(err.contains("no manifest in this folder"), "{err}");
    let (_, err) = run(&["/nowhere/dump.rdb"], 2);
    assert!(err.contains("cannot open"), "{err}");
    let manifest = fs::read(testdata("aof/redis-8.0-sid/mp-ops/appendonly.aof.manifest")).unwrap();
    let piped = rdbkit(&["-"]).write_stdin(manifest).assert().code(2);
    let err = String::from_utf8(piped.get_output().stderr.clone()).unwrap();
    assert!(err.contains("manifest of a log"), "{err}");
}

/// What Redis 8.0.6 says that was started on it.
const AOF_BASE: &str = "9eb7ab343963f4f876c1ffbf7bc6f3f97b3b2afb";

#[test]
fn a_log_has_the_digest_of_what_it_makes() {
    let folder = testdata("aof/redis-8.0-sid/mp-aofbase");
    let manifest = format!("{folder}/appendonly.aof.manifest");
    let (out, err) = run(&[&folder, &manifest], 0);
    assert_eq!(
        out,
        format!("{AOF_BASE}  {folder}\n{AOF_BASE}  {manifest}\n")
    );
    let note = format!(
        "rdbkit: {folder}: note: 136 commands read, 121 that change data applied; by the rules of redis:8.0\n"
    );
    assert!(err.starts_with(&note), "{err}");
    let (out, _) = run(&["--per-db", &folder], 0);
    assert!(
        out.contains("  db0\n") && out.ends_with(&format!("{AOF_BASE}  {folder}\n")),
        "{out}"
    );
}

#[test]
fn a_single_file_may_begin_as_rdb() {
    let log = testdata("aof/redis-6.0-bullseye/preamble/appendonly.aof");
    let said = "cbf7baaa28a23bab75a1939a99e62631e7e4ed9d";
    assert_eq!(run(&[&log], 0).0, format!("{said}  {log}\n"));
    let (base, _) = run(&["--base-only", &log], 0);
    assert!(
        base.ends_with(&format!("  {log}\n")) && !base.contains(said),
        "{base}"
    );
    // From a pipe it cannot be read again.
    let bytes = fs::read(&log).unwrap();
    let piped = rdbkit(&["-"]).write_stdin(bytes.clone()).assert().code(2);
    let err = String::from_utf8(piped.get_output().stderr.clone()).unwrap();
    assert!(err.contains("commands follow the RDB part"), "{err}");
    let piped = rdbkit(&["--base-only", "-"])
        .write_stdin(bytes)
        .assert()
        .code(0);
    let out = String::from_utf8(piped.get_output().stdout.clone()).unwrap();
    assert_eq!(out.get(..40), base.get(..40));
}

#[test]
fn commands_may_come_from_a_pipe() {
    let log = testdata("aof/redis-6.0-bullseye/rewritten-plain/appendonly.aof");
    let (out, _) = run(&["--for", "redis:6.0", &log], 0);
    let bytes = fs::read(&log).unwrap();
    let piped = |args: &[&str], code| {
        let done = rdbkit(args).write_stdin(bytes.clone()).assert().code(code);
        let output = done.get_output();
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        (text(&output.stdout), text(&output.stderr))
    };
    let (same, _) = piped(&["--for", "redis:6.0", "-"], 0);
    assert_eq!(same.get(..40), out.get(..40));
    let (_, err) = piped(&["--max-memory", "1k", "-"], 2);
    assert!(err.contains("--max-memory"), "{err}");
}

#[test]
fn where_a_server_is_needed_it_is_said() {
    let folder = testdata("aof/redis-8.0-sid/mp-ops");
    let (out, err) = run(&[&folder], 1);
    assert_eq!(out, "");
    assert!(
        err.contains("replay needed: BITFIELD at appendonly.aof.1.incr.aof:")
            || err.contains("replay needed: BITOP at appendonly.aof.1.incr.aof:"),
        "{err}"
    );
    let (out, _) = run(&["--json", &folder], 1);
    let report = json(&out).remove(0);
    assert_eq!(report["digest"], Value::Null);
    assert_eq!(report["databases"]["0"]["digest"], Value::Null);
    let replay = &report["log"]["replay"];
    assert_eq!(replay["file"], "appendonly.aof.1.incr.aof");
    assert!(
        replay["offset"].is_u64() && replay["keys"].as_u64() > Some(0),
        "{replay}"
    );
    // The base has none of it.
    let (out, _) = run(&["--base-only", "--json", &folder], 0);
    let report = json(&out).remove(0);
    assert_eq!(report["digest"], "0".repeat(40));
    assert_eq!(report["log"]["commands"], 0);
    let (_, err) = run(&["--per-key", &folder], 2);
    assert!(err.contains("--per-key is for RDB files"), "{err}");
}

#[test]
fn what_servers_cut_off_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("appendonly.aof");
    fs::write(
        &path,
        "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nhello\r\n*2\r\n$4\r\nSPOP",
    )
    .unwrap();
    let path = path.to_str().unwrap();
    let (out, err) = run(&[path], 0);
    assert_eq!(
        out,
        format!("7bba0c6c0ba7cf343554878a513cce31a28c4abb  {path}\n")
    );
    assert!(
        err.contains("servers cut the last 12 bytes off appendonly.aof, from byte 31 on"),
        "{err}"
    );
    let (out, _) = run(&["--json", path], 0);
    assert_eq!(json(&out)[0]["log"]["cut"]["at"], 31);
    fs::write(path, "*1\r\n$4\r\nPING\r\n?").unwrap();
    let (out, err) = run(&[path], 1);
    assert!(out.is_empty() && err.contains("[bad-start]"), "{err}");
    fs::write(path, "").unwrap();
    assert_eq!(run(&[path], 0).0, format!("{}  {path}\n", "0".repeat(40)));
}

#[test]
fn memory_that_runs_out_in_the_rdb_part_is_no_damage() {
    let folder = testdata("aof/redis-8.0-sid/mp-ops");
    let source = std::path::Path::new(&folder);
    let dir = tempfile::TempDir::new().unwrap();
    // All keys of the base are touched behind it.
    let rdb = fs::read(dense()).unwrap();
    let listed = rdbkit(&["keys", &dense()]).output().unwrap().stdout;
    let mut log = rdb;
    for key in listed
        .split(|byte| *byte == b'\n')
        .filter(|key| !key.is_empty())
    {
        log.extend(format!("*2\r\n$6\r\nEXISTS\r\n${}\r\n", key.len()).bytes());
        log.extend_from_slice(key);
        log.extend_from_slice(b"\r\n*2\r\n$7\r\nPERSIST\r\n");
        log.extend(format!("${}\r\n", key.len()).bytes());
        log.extend_from_slice(key);
        log.extend_from_slice(b"\r\n");
    }
    let path = dir.path().join("a.aof");
    fs::write(&path, log).unwrap();
    for path in [path.as_path(), source] {
        let (_, err) = run(&["--max-memory", "1k", path.to_str().unwrap()], 2);
        assert!(err.contains("--max-memory"), "{err}");
    }
}
