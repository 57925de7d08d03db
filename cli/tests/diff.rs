//! `rdbkit diff` as a user meets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn testdata(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    root.join(name).to_str().unwrap().to_owned()
}

/// Exit code, stdout, stderr.
fn diff(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let output = command
        .arg("diff")
        .args(args)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// A file of these records, of version 11 without checksum.
fn file(folder: &TempDir, name: &str, records: &[&[u8]]) -> String {
    let path = folder.path().join(name);
    let bytes = [b"REDIS0011", &records.concat()[..], b"\xff\0\0\0\0\0\0\0\0"].concat();
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

/// Two files that differ in all there is to say.
fn two(folder: &TempDir) -> (String, String) {
    let old = file(
        folder,
        "old.rdb",
        &[
            b"\xfe\x00\x00\x04gone\x011",
            b"\x00\x06same:1\x011",
            b"\x04\x06user:1\x02\x01a\x011\x01b\x012",
            b"\xfc\x10\x27\0\0\0\0\0\0\x00\x03ttl\x01v",
            b"\xfe\x02\x00\x04\xff\x00:x\x03old",
            b"\x01\x04list\x03\x01a\x01b\x01c",
        ],
    );
    let new = file(
        folder,
        "new.rdb",
        &[
            b"\xfe\x02\x01\x04list\x03\x01a\x01x\x01c",
            b"\x02\x04\xff\x00:x\x01\x01m",
            b"\xfe\x00\x00\x06same:1\xc0\x01",
            b"\x04\x06user:1\x02\x01b\x013\x01c\x011",
            b"\x00\x03ttl\x01v",
            b"\x00\x05fresh\x011",
        ],
    );
    (old, new)
}

fn lines(text: &str) -> Vec<Value> {
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    lines.iter().for_each(fits_schema);
    lines
}

fn fits_schema(value: &Value) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diff.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    assert_eq!(schema::fault(&schema, &schema, value), None, "{value}");
}

#[test]
fn a_line_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (code, out, said) = diff(&[&old, &new]);
    assert_eq!((code, said.as_str()), (1, ""));
    let expected = "\
- db0 string  gone
~ db0 hash    user:1  field +1 -1 ~1
t db0 string  ttl  expires 1970-01-01T00:00:10Z -> never
~ db2 set     \"\\xff\\x00:x\"  string -> set
~ db2 list    list  element +1 -1
+ db0 string  fresh
6 keys differ: 1 added, 1 removed, 3 changed, 1 with another expiry; 1 key is the same
";
    assert_eq!(out, expected);
}

#[test]
fn full_has_the_parts() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (_, out, _) = diff(&["--full", &old, &new, "--key", "user:*", "--key", "list"]);
    let expected = "\
~ db0 hash    user:1  field +1 -1 ~1
      - field a  1
      ~ field b  2 -> 3
      + field c  1
~ db2 list    list  element +1 -1
      - [1] b
      + [1] x
2 keys differ: 2 changed; 0 keys are the same
";
    assert_eq!(out, expected);
    let (_, out, _) = diff(&["-f", "--max-parts", "1", &old, &new, "--key", "user:*"]);
    assert!(
        out.contains("- field a  1\n      ... and 2 more\n"),
        "{out}"
    );
}

#[test]
fn sums_by_database_type_and_prefix() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (code, out, _) = diff(&["--summary", &old, &new]);
    assert_eq!(code, 1);
    for row in [
        "database added removed changed ttl unknown",
        "db0 1 1 1 1 0",
        "hash 0 0 1 0 0",
        "user:* 0 0 1 0 0",
    ] {
        let words = |line: &str| line.split_whitespace().eq(row.split(' '));
        assert!(out.lines().any(words), "{row}:\n{out}");
    }
    assert!(!out.contains("gone"));
}

#[test]
fn json_has_all_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (code, out, _) = diff(&["--json", &old, &new]);
    let mut all = lines(&out);
    let summary = all.pop().unwrap();
    assert_eq!((code, all.len()), (1, 6));
    assert_eq!(summary["keys"]["changed"], 3);
    assert_eq!(summary["keys"]["type_changed"], 1);
    assert_eq!(summary["databases"]["2"]["changed"], 2);
    let hash = all.iter().find(|line| line["type"] == "hash").unwrap();
    assert_eq!(hash["parts"][1]["new"]["value"], "3");
    let binary = all.iter().find(|line| line["value"] == "type").unwrap();
    assert_eq!(binary["key"]["base64"], "/wA6eA==");
    let ttl = all.iter().find(|line| line["key"] == "ttl").unwrap();
    assert_eq!(
        (&ttl["ttl"], &ttl["value"]),
        (&Value::Bool(true), &Value::from("same"))
    );
    let (_, out, _) = diff(&["--json", "--summary", &old, &new]);
    assert_eq!(lines(&out), [summary]);
}

#[test]
fn every_pair_of_servers_fits_the_schema() {
    let mut compared = 0;
    for case in [
        "dense",
        "streams",
        "zsets",
        "functions",
        "hash-ttl",
        "expires",
        "multidb",
    ] {
        let of = |server: &str| testdata(&format!("rdb/{server}/{case}.rdb"));
        let servers = [
            "redis-2.2",
            "redis-7.0-bookworm",
            "redis-8.0-sid",
            "valkey-9-sid",
        ];
        for pair in servers.windows(2) {
            let (old, new) = (of(pair[0]), of(pair[1]));
            if !Path::new(&old).exists() || !Path::new(&new).exists() {
                continue;
            }
            let (code, out, _) = diff(&["--json", &old, &new]);
            assert!(code < 2 && !lines(&out).is_empty());
            let (again, full, _) = diff(&["--full", &old, &new]);
            assert!(again == code && !full.is_empty());
            assert_eq!(diff(&[&new, &new]).0, 0);
            compared += 1;
        }
    }
    assert!(compared > 8, "{compared}");
}

#[test]
fn the_same_is_zero_and_quiet_is_quiet() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (code, out, said) = diff(&[&old, &old]);
    assert_eq!((code, said.as_str()), (0, ""));
    assert_eq!(out, "no difference: 6 keys are the same\n");
    assert_eq!(diff(&["-q", &old, &new]), (1, String::new(), String::new()));
    assert_eq!(diff(&["-q", &old, &old]), (0, String::new(), String::new()));
}

#[test]
fn expiries_may_be_tolerated() {
    let folder = tempfile::tempdir().unwrap();
    let key = |ms: u16| [b"\xfc", &u64::from(ms).to_le_bytes()[..], b"\x00\x01a\x01v"].concat();
    let old = file(&folder, "old", &[&key(1000)]);
    let new = file(&folder, "new", &[&key(2500)]);
    assert_eq!(diff(&[&old, &new, "--ttl-tolerance", "2s"]).0, 0);
    assert_eq!(diff(&[&old, &new, "--ttl-tolerance", "1499ms"]).0, 1);
    let (code, _, said) = diff(&[&old, &new, "--ttl-tolerance", "2 weeks"]);
    assert!(code == 2 && said.contains("units"), "{said}");
}

#[test]
fn a_filter_that_meets_nothing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = two(&folder);
    let (code, _, said) = diff(&[&old, &new, "--key", "nobody:*"]);
    assert_eq!(code, 2);
    assert!(
        said.contains("no key met this condition: key \"nobody:*\""),
        "{said}"
    );
    assert!(
        said.contains("none of 12 keys of both files matched"),
        "{said}"
    );
    let (code, out, said) = diff(&[&old, &new, "--key", "same:*", "--key", "nobody:*"]);
    assert!(
        code == 0 && out.contains("1 key is the same") && said.contains("nobody"),
        "{said}"
    );
    let (code, _, said) = diff(&[&old, &new, "--min-size", "10", "--max-size", "1"]);
    assert!(code == 2 && said.contains("exclude each other"), "{said}");
}

#[test]
fn duplicates_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let old = file(&folder, "old", &[b"\x00\x01a\x011", b"\x00\x01a\x012"]);
    let new = file(&folder, "new", &[b"\x00\x01a\x011"]);
    let (code, out, said) = diff(&[&old, &new]);
    assert_eq!(code, 1);
    assert!(
        out.starts_with("! db0 ?       a  2 times in OLD, 1 time in NEW\n"),
        "{out}"
    );
    assert!(said.contains("more than once in a file"), "{said}");
    let (code, _, said) = diff(&[&old, &old]);
    assert!(code == 0 && said.contains("more than once"), "{said}");
    let (_, out, _) = diff(&["--json", &old, &new]);
    assert_eq!(lines(&out)[0]["kind"], "duplicate");
}

#[test]
fn what_cannot_be_compared_is_trouble() {
    let folder = tempfile::tempdir().unwrap();
    let (old, _) = two(&folder);
    let path = |name: &str, bytes: &[u8]| -> String {
        let path: PathBuf = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let bytes = fs::read(&old).unwrap();
    let half = &bytes[..bytes.len() / 2];
    for (other, why) in [
        ("/nowhere/dump.rdb".to_owned(), "cannot open"),
        (path("empty", b""), "is empty"),
        (path("half", half), "unexpected end of file"),
        (path("text", b"hello, world"), "not an RDB file"),
        (
            path("dump.gz", b"\x1f\x8b\x08\0\0\0\0\0"),
            "the gzip data end too early",
        ),
        ("-".to_owned(), "standard input is no regular file"),
        (testdata("aof"), "no manifest"),
        (
            testdata("aof/redis-8.0-sid/mp-ops/appendonly.aof.1.incr.aof"),
            "append-only file",
        ),
        (testdata("aof/redis-8.0-sid/mp-aofbase"), "of commands"),
    ] {
        for args in [[&old, &other], [&other, &old]] {
            let (code, out, said) = diff(&[args[0], args[1]]);
            assert_eq!((code, out.as_str()), (2, ""), "{other}: {said}");
            assert!(said.contains(why), "{other}: {said}");
        }
        let (code, out, _) = diff(&["--json", &old, &other]);
        assert_eq!((code, &lines(&out)[0]["same"]), (2, &Value::Null));
    }
    // Bytes that a server would not load, of which the meaning is not known.
    let key = |last: u8| {
        [
            b"\x14\x01s\x0d\x0d\0\0\0\x02\0\x81",
            &[last][..],
            b"\x02\x81b\x09\xff",
        ]
        .concat()
    };
    let (one, two) = (
        file(&folder, "one", &[&key(1)]),
        file(&folder, "two", &[&key(2)]),
    );
    let (code, out, said) = diff(&[&one, &two]);
    assert!(
        code == 2 && out.starts_with("! db0 set     s  not compared: "),
        "{out}"
    );
    assert!(said.contains("1 values could not be compared"), "{said}");
    assert_eq!(diff(&[&one, &one]).0, 0, "the same bytes are the same");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (old, _) = two(&folder);
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let (code, _, said) = diff(&[&old, pipe.to_str().unwrap()]);
    assert!(code == 2 && said.contains("no regular file"), "{said}");
}

#[test]
fn logs_are_compared_by_their_base() {
    let folder = testdata("aof/redis-8.0-sid/mp-rdbbase");
    let base = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_str().unwrap().ends_with("base.rdb"))
        .unwrap();
    let manifest = format!("{folder}/appendonly.aof.manifest");
    for log in [&folder, &manifest] {
        let (code, out, said) = diff(&[base.to_str().unwrap(), log]);
        assert!(code == 0 && out.starts_with("no difference"), "{out}{said}");
        assert!(
            said.contains("increments behind it are not replayed"),
            "{said}"
        );
    }
    let preamble = testdata("aof/redis-6.0-bullseye/preamble/appendonly.aof");
    let (code, _, said) = diff(&[&preamble, &preamble]);
    assert_eq!(code, 0);
    assert!(said.contains("commands follow from byte"), "{said}");
}

#[test]
fn little_memory_spills_and_says_where_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    for n in 0..1_000_000u32 {
        records.extend_from_slice(b"\x00\x04");
        records.extend_from_slice(&n.to_be_bytes());
        records.extend_from_slice(b"\x011");
    }
    let old = file(&folder, "old", &[&records]);
    *records.last_mut().unwrap() = b'2';
    let new = file(&folder, "new", &[&records]);
    let (code, out, _) = diff(&["--json", &old, &new, "--max-memory", "1M"]);
    let all = lines(&out);
    assert_eq!((code, all.len()), (1, 2));
    assert!(
        all[1]["spilled_bytes"].as_u64().unwrap() > 10_000_000,
        "{}",
        all[1]
    );
    let (code, _, said) = diff(&[&old, &new, "--max-memory", "1M", "--temp-dir", "/nowhere"]);
    assert!(
        code == 2 && said.contains("temporary file: in /nowhere"),
        "{said}"
    );
}

/// More memory makes no damaged value whole.
#[test]
fn the_way_out_is_told_where_there_is_one() {
    let folder = tempfile::tempdir().unwrap();
    // A hash whose listpack ends before it begins, and not in the same bytes.
    let old = file(&folder, "old", &[b"\x10\x01h\x07\x07\0\0\0\x01\0\xff"]);
    let new = file(&folder, "new", &[b"\x10\x01h\x07\x07\0\0\0\x02\0\xff"]);
    let (code, _, said) = diff(&[&old, &new]);
    assert_eq!(code, 2);
    assert!(
        said.contains("1 values could not be compared") && !said.contains("--max-memory"),
        "{said}"
    );
    let large = |byte: u8| [&b"\x00\x01s\x80\x00\x10\x00\x00"[..], &[byte; 1 << 20]].concat();
    let old = file(&folder, "old", &[&large(b'a')]);
    let new = file(&folder, "new", &[&large(b'b')]);
    let (code, _, said) = diff(&[&old, &new, "--max-memory", "1M"]);
    assert_eq!(code, 2);
    assert!(said.contains("--max-memory allows larger ones"), "{said}");
}

#[test]
fn help_has_examples() {
    let (code, out, _) = diff(&["--help"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("Examples:") && out.contains("Exit code: 0 the data is the same"),
        "{out}"
    );
}
