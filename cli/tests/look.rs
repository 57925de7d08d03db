//! `rdbkit keys` and `rdbkit get` as a user meets them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn dense() -> String {
    testdata("rdb/redis-8.0-sid/dense.rdb")
        .to_str()
        .unwrap()
        .to_owned()
}

/// Exit code, stdout, stderr.
fn rdbkit(args: &[&str]) -> (i32, Vec<u8>, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let output = command.args(args).env("NO_COLOR", "1").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), output.stdout, said)
}

fn text(args: &[&str]) -> String {
    let (code, out, said) = rdbkit(args);
    assert_eq!((code, said.as_str()), (0, ""), "{args:?}");
    String::from_utf8(out).unwrap()
}

fn lines(args: &[&str]) -> Vec<Value> {
    let text = text(args);
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

fn fits_schema(name: &str, value: &Value) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let schema = docs.join(name).with_extension("schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    assert_eq!(schema::fault(&schema, &schema, value), None, "{value}");
}

#[test]
fn keys_by_name_and_in_columns() {
    let all = text(&["keys", &dense()]);
    assert_eq!(all.lines().count(), 26);
    assert!(all.contains("\n\"bin\\x00\\xc3\\xbf\"\n"), "{all}");
    let long = text(&["keys", "-l", &dense(), "--type", "hash,string", "-k", "??"]);
    let long: Vec<_> = long.lines().collect();
    assert_eq!(long.len(), 2, "{long:?}");
    assert!(long[0].trim_start().starts_with("db type"));
    assert_eq!(
        long[1].split_whitespace().collect::<Vec<_>>(),
        ["0", "string", "string", "6", "-", "-", "f5", "i8"]
    );
}

#[test]
fn keys_that_are_not_there_are_missed() {
    let (code, out, said) = rdbkit(&["keys", &dense(), "-k", "nobody"]);
    assert_eq!((code, out.len()), (1, 0));
    assert!(
        said.contains("none of 26 keys matched") && said.contains("nobody"),
        "{said}"
    );
    let (code, _, said) = rdbkit(&["keys", testdata("README.md").to_str().unwrap()]);
    assert!(code == 1 && said.contains("not an RDB file"), "{said}");
    let (code, _, said) = rdbkit(&["keys", "no such file"]);
    assert!(code == 2 && said.contains("cannot open"), "{said}");
}

#[test]
fn every_key_of_every_server_can_be_got_again() {
    let (mut files, mut got) = (0, 0);
    for server in [
        "redis-2.2",
        "redis-7.0-bookworm",
        "redis-8.0-sid",
        "valkey-9-sid",
    ] {
        for case in ["dense", "multidb", "streams"] {
            let file = testdata(&format!("rdb/{server}/{case}.rdb"));
            if !file.exists() {
                continue;
            }
            files += 1;
            let file = file.to_str().unwrap();
            for key in lines(&["keys", "--json", file]).iter().take(30) {
                fits_schema("keys", key);
                // No argument can hold a zero byte; such names are given quoted.
                let name = key["key"].as_str().filter(|name| !name.contains('\0'));
                let Some(name) = name else {
                    continue;
                };
                let db = key["db"].to_string();
                let found = lines(&["get", "--json", "-n", &db, file, name]);
                let [found] = &found[..] else {
                    panic!("{found:?}");
                };
                fits_schema("export", found);
                for field in [
                    "db",
                    "key",
                    "type",
                    "encoding",
                    "bytes",
                    "expire_ms",
                    "freq",
                ] {
                    assert_eq!(found[field], key[field], "{name}: {field}");
                }
                if let (Some(n), Some(list)) = (key["elements"].as_u64(), found["value"].as_array())
                {
                    assert_eq!(list.len() as u64, n, "{name}");
                }
                got += 1;
            }
        }
    }
    assert!(files > 8 && got > 100, "{files} {got}");
}

#[test]
fn a_stream_with_all_that_belongs_to_it() {
    let shown = text(&["get", &dense(), "x"]);
    let lines: Vec<_> = shown.lines().collect();
    assert!(
        lines[0].starts_with("x (db0): stream, stream-v3, 378 bytes"),
        "{shown}"
    );
    assert_eq!(lines[1], "1) 1-1 a 1 b t1");
    assert!(
        shown.contains("5 entries, last id 6-1, first 1-1, greatest deleted 2-1, 6 ever added")
    );
    assert!(shown.contains("\ngroup g: last delivered 5-1"), "{shown}");
    assert!(
        shown.contains("\n  consumer ") && shown.contains("\n  pending "),
        "{shown}"
    );
}

#[test]
fn fields_tell_when_they_expire() {
    let shown = text(&["get", &dense(), "he:lp"]);
    assert!(
        shown.contains("a => 1  expires 2100-01-01T00:00:00.126Z\n"),
        "{shown}"
    );
    let json = &lines(&["get", "--json", &dense(), "he:lp"])[0];
    assert_eq!(json["value"][0]["expire_ms"], 4_102_444_800_126_i64);
}

#[test]
fn raw_is_the_bytes_alone() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("colours.rdb");
    // Escape sequences and bytes that are no text must come out as they went in.
    fs::write(
        &file,
        b"REDIS0004\x00\x01k\x0a\x1b[31m\xff\x00\n\x80\x1b\xff",
    )
    .unwrap();
    let (code, out, _) = rdbkit(&["get", "--raw", file.to_str().unwrap(), "k"]);
    assert_eq!((code, out), (0, b"\x1b[31m\xff\x00\n\x80\x1b".to_vec()));
}

#[test]
fn names_as_they_are_shown() {
    let shown = text(&["get", &dense(), r#""bin\x00\xc3\xbf""#]);
    assert!(
        shown.starts_with("\"bin\\x00\\xc3\\xbf\" (db0): string"),
        "{shown}"
    );
    let (code, _, said) = rdbkit(&["get", &dense(), "nobody", "-n", "9"]);
    assert!(
        code == 1 && said.contains("no key nobody in database 9 of"),
        "{said}"
    );
}

#[test]
fn what_stands_before_damage_is_shown() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("cut.rdb");
    fs::write(&file, b"REDIS0004\x00\x01a\x02va\x00\x01b\x05v").unwrap();
    let path = file.to_str().unwrap();
    let (code, out, said) = rdbkit(&["get", path, "a"]);
    assert_eq!(code, 1);
    assert!(String::from_utf8(out).unwrap().ends_with("\nva\n"));
    assert!(said.contains("unexpected end of file"), "{said}");
    let (code, out, said) = rdbkit(&["get", path, "b"]);
    assert!(
        code == 1 && out.is_empty() && said.contains("unexpected end"),
        "{said}"
    );
    let (code, out, _) = rdbkit(&["keys", path]);
    assert_eq!((code, out), (1, b"a\n".to_vec()));
}

#[test]
fn half_a_value_is_not_completed_by_what_stands_behind_it() {
    let dir = tempfile::TempDir::new().unwrap();
    let whole = fs::read(dense()).unwrap();
    let mut cuts = 0;
    for key in lines(&["keys", "--json", &dense()]) {
        let (Some(name), Some(offset)) = (key["key"].as_str(), key["offset"].as_u64()) else {
            continue;
        };
        if name.contains('\0') {
            continue;
        }
        let end = (offset + key["bytes"].as_u64().unwrap()) as usize;
        let db = key["db"].to_string();
        let shown = text(&["get", "-n", &db, &dense(), name]);
        for lost in 1..12 {
            let path = dir.path().join("cut.rdb");
            fs::write(&path, &whole[..end - lost]).unwrap();
            let (code, out, _) = rdbkit(&["get", "-n", &db, path.to_str().unwrap(), name]);
            assert_eq!(code, 1, "{name}");
            for line in String::from_utf8(out).unwrap().lines().skip(1) {
                assert!(shown.contains(line), "{name}, {lost} bytes less: {line}");
            }
            cuts += 1;
        }
    }
    assert!(cuts > 100);
}

/// A server that loads the file drops the keys of their slots.
#[test]
fn migrations_under_way_are_told() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("moving.rdb");
    let import = [b"VALKEY080\xf3\x28", &[b'a'; 40][..], b"\x01\x00\x05"].concat();
    let key = b"\x00\x01a\x01x\xff\0\0\0\0\0\0\0\0";
    fs::write(&file, [&import[..], key].concat()).unwrap();
    let path = file.to_str().unwrap();
    let (code, _, said) = rdbkit(&["digest", path]);
    assert_eq!(code, 0);
    assert!(said.contains("1 slot migrations were under way"), "{said}");
    let stats = text(&["stats", path]);
    assert!(stats.contains("1 slot migration under way"), "{stats}");
    assert_eq!(lines(&["stats", "--json", path])[0]["slot_imports"], 1);
}

/// A full sync stream of Valkey may hold commands among its keys; none who tells of
/// keys may tell of those as if nothing had come behind them.
#[test]
fn files_with_commands_among_their_keys_are_no_answer() {
    let dir = tempfile::TempDir::new().unwrap();
    let file = dir.path().join("stream.rdb");
    fs::write(
        &file,
        b"VALKEY080\x00\x01a\x01x\xf2*1\r\n$8\r\nFLUSHALL\r\n\xff\0\0\0\0\0\0\0\0",
    )
    .unwrap();
    let path = file.to_str().unwrap();
    for args in [
        &["keys", path][..],
        &["digest", path],
        &["stats", path],
        &["stats", "--per-key", path],
        &["get", path, "a"],
        &["export", path],
        &["extract", path, "-o", "-"],
        &["diff", path, path],
    ] {
        let (code, _, said) = rdbkit(args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(
            said.contains("a replicated command") && said.contains("at offset 14"),
            "{args:?}: {said}"
        );
    }
}
