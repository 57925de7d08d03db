//! `rdbkit inspect` and `rdbkit explain`, as they are called.

#![allow(missing_docs, clippy::unwrap_used)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// Exit code, standard output, standard error.
fn run(args: &[&str], file: Option<&Path>) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.args(args).args(file).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

fn inspect(file: &Path, at: u64, around: u64) -> (i32, Value) {
    let (at, around) = (at.to_string(), around.to_string());
    let args = ["inspect", "--json", "--at", &at, "--around", &around];
    let (code, out, err) = run(&args, Some(file));
    assert_eq!(err, "", "{}", file.display());
    let place = serde_json::from_str(&out).unwrap();
    fits_schema("inspect", &place);
    (code, place)
}

fn fits_schema(name: &str, value: &Value) {
    let file = format!("../docs/{name}.schema.json");
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let schema: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    assert_eq!(schema::fault(&schema, &schema, value), None, "{value}");
}

/// The fields' bytes, one behind the other.
fn joined(place: &Value) -> String {
    let fields = place["fields"].as_array().unwrap();
    fields.iter().map(|f| f["hex"].as_str().unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn every_byte_around_belongs_to_a_field() {
    let root = fixtures();
    let files = [
        "rdb/redis-8.0-sid/dense.rdb",
        "rdb/valkey-9-sid/dense.rdb",
        "rdb/redis-7.2/dense.rdb",
        "rdb/redis-3.2/dense.rdb",
        "aof/redis-3.2/plain/appendonly.aof",
    ];
    let mut places = 0;
    for file in files.map(|file| root.join(file)) {
        let bytes = fs::read(&file).unwrap();
        for at in (0..bytes.len()).step_by(bytes.len() / 7) {
            let (code, place) = inspect(&file, at as u64, 100);
            assert_eq!(code, 0, "{} {at}", file.display());
            let range = at.saturating_sub(100)..(at + 101).min(bytes.len());
            assert_eq!(
                joined(&place),
                hex(&bytes[range]),
                "{} {at}",
                file.display()
            );
            places += 1;
        }
    }
    assert!(places >= 35);
}

#[test]
fn behind_the_rdb_part_of_a_log_are_its_commands() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("hybrid.aof");
    let log = b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*1\r\n$8\r\nFLUSHALL\r\n";
    let rdb = fs::read(fixtures().join("rdb/redis-7.2/dense.rdb")).unwrap();
    fs::write(&file, [&rdb, &log[..]].concat()).unwrap();
    let (code, place) = inspect(&file, rdb.len() as u64 + 30, 40);
    assert_eq!((code, &place["db"]), (0, &Value::from(3)));
    let said: Vec<_> = place["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["meaning"].as_str().unwrap())
        .collect();
    assert!(
        said.iter().any(|s| s.starts_with("end, checksum")),
        "{said:?}"
    );
    assert!(said.contains(&"its name, \"FLUSHALL\""), "{said:?}");
}

#[test]
fn where_reading_stops_is_told() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("torn.rdb");
    let whole = fs::read(fixtures().join("rdb/redis-7.2/dense.rdb")).unwrap();
    fs::write(&file, &whole[..500]).unwrap();
    let (code, place) = inspect(&file, 499, 64);
    assert_eq!(code, 1);
    let message = place["fault"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("unexpected end of file, reading"),
        "{message}"
    );
    let (code, out, _) = run(&["inspect", "--at", "499"], Some(&file));
    assert_eq!(code, 1);
    assert!(
        out.contains("\n! at byte 500: unexpected end of file"),
        "{out}"
    );
    assert!(out.lines().last().unwrap().starts_with('>'), "{out}");

    let file = dir.path().join("bad.aof");
    fs::write(&file, b"*1\r\n$4\r\nPING\r\nxyz\r\n").unwrap();
    let (code, out, _) = run(&["inspect", "--at", "15"], Some(&file));
    assert_eq!(code, 1);
    assert!(
        out.contains("its name, \"PING\"") && out.contains("! at byte 14:"),
        "{out}"
    );
}

#[test]
fn a_place_that_is_none() {
    let dir = TempDir::new().unwrap();
    let file = fixtures().join("rdb/redis-7.2/dense.rdb");
    let len = fs::metadata(&file).unwrap().len();
    for (path, at, why) in [
        (file.as_path(), len, "there is no byte"),
        (dir.path(), 0, "is a folder"),
        (&dir.path().join("none"), 0, "cannot open"),
        (Path::new("-"), 0, "no regular file"),
    ] {
        let (code, out, err) = run(&["inspect", "--at", &at.to_string()], Some(path));
        assert_eq!((code, out.as_str()), (2, ""), "{err}");
        assert!(err.starts_with("rdbkit: ") && err.contains(why), "{err}");
    }
}

#[test]
fn findings_are_explained() {
    let (code, list, _) = run(&["explain"], None);
    assert_eq!(code, 0);
    assert!(list.lines().any(|line| line.starts_with("torn-tail ")));
    // In brackets, as reports have it.
    let (code, out, _) = run(&["explain", "[duplicate-key]"], None);
    assert!(code == 0 && out.contains("rdbkit salvage FILE"), "{out}");
    // A name of both kinds.
    let (_, out, _) = run(&["explain", "--json", "bad-length"], None);
    let found: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    found.iter().for_each(|found| fits_schema("explain", found));
    let of: Vec<&str> = found
        .iter()
        .map(|found| found["of"].as_str().unwrap())
        .collect();
    assert_eq!(of, ["rdb", "log"]);
    let (code, out, err) = run(&["explain", "dupilcate-key"], None);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("did you mean duplicate-key"), "{err}");
}
