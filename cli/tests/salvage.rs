//! `rdbkit salvage` as a user meets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

/// Runs it in `dir`.
fn salvage(dir: &TempDir, args: &[&str], stdin: &[u8]) -> Said {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let output = command
        .arg("salvage")
        .args(args)
        .env("NO_COLOR", "1")
        .current_dir(dir)
        .write_stdin(stdin)
        .output()
        .unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn files(dir: &TempDir) -> Vec<String> {
    let list = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = list
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// A folder with `broken.rdb`: a real file, changed.
fn broken(change: impl FnOnce(&mut Vec<u8>)) -> TempDir {
    let dir = TempDir::new().unwrap();
    let mut bytes = fs::read(testdata("rdb/redis-8.0-sid/dense.rdb")).unwrap();
    change(&mut bytes);
    fs::write(dir.path().join("broken.rdb"), bytes).unwrap();
    dir
}

fn check(dir: &TempDir, name: &str, code: i32) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command
        .args(["check", "-q", name])
        .current_dir(dir)
        .assert()
        .code(code);
}

fn json(said: &Said) -> Value {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/salvage.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    let value: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(schema::fault(&schema, &schema, &value), None, "{value}");
    value
}

#[test]
fn a_whole_file() {
    let dir = broken(|_| ());
    let said = salvage(&dir, &["broken.rdb", "-o", "new.rdb"], b"");
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(
        said.out
            .starts_with("broken.rdb: whole (judged for redis:8.0)\n"),
        "{}",
        said.out
    );
    assert!(said.out.contains("26 keys"), "{}", said.out);
    check(&dir, "new.rdb", 0);
    assert_eq!(files(&dir), ["broken.rdb", "new.rdb"]);
}

#[test]
fn damage_is_skipped_and_told() {
    let dir = broken(|b| b.truncate(9000));
    let before = fs::read(dir.path().join("broken.rdb")).unwrap();
    let said = salvage(&dir, &["broken.rdb", "-o", "new.rdb"], b"");
    assert_eq!(said.code, 1, "{} {}", said.out, said.err);
    assert!(said.out.contains("broken.rdb: damaged"), "{}", said.out);
    assert!(
        said.out.contains("[truncated]") && said.out.contains("behind \""),
        "{}",
        said.out
    );
    check(&dir, "broken.rdb", 1);
    check(&dir, "new.rdb", 0);
    assert_eq!(fs::read(dir.path().join("broken.rdb")).unwrap(), before);
}

#[test]
fn json_fits_its_schema() {
    for cut in [0, 500, 9000, 10_700] {
        let dir = broken(|b| b.truncate(b.len() - cut));
        let said = salvage(&dir, &["broken.rdb", "-n", "--json"], b"");
        let report = json(&said);
        assert_eq!(
            (report["whole"] == true, said.code == 0),
            (cut == 0, cut == 0),
            "{report}"
        );
        assert_eq!(files(&dir), ["broken.rdb"], "a dry run writes nothing");
    }
    let dir = broken(|b| b[0] = 0);
    let report = json(&salvage(&dir, &["broken.rdb", "-o", "n", "--json"], b""));
    assert_eq!(report["format"]["assumed"], "writer");
    let report = json(&salvage(&dir, &["no.rdb", "-o", "m", "--json"], b""));
    assert!(report["error"].as_str().unwrap().contains("no.rdb"));
}

#[test]
fn from_a_pipe() {
    let dir = broken(|_| ());
    let bytes = fs::read(dir.path().join("broken.rdb")).unwrap();
    let said = salvage(&dir, &["-", "-o", "new.rdb"], &bytes[..8000]);
    assert_eq!(said.code, 1, "{}", said.err);
    check(&dir, "new.rdb", 0);
    assert_eq!(files(&dir), ["broken.rdb", "new.rdb"], "the copy is gone");
}

#[test]
fn what_cannot_be_done() {
    let dir = broken(|_| ());
    fs::create_dir(dir.path().join("folder")).unwrap();
    fs::write(dir.path().join("empty"), b"").unwrap();
    fs::write(dir.path().join("noise"), vec![7; 5000]).unwrap();
    fs::write(dir.path().join("log"), b"*1\r\n$4\r\nPING\r\n").unwrap();
    fs::write(dir.path().join("there"), b"precious").unwrap();
    for (args, why) in [
        (&["none.rdb", "-o", "new"][..], "cannot open none.rdb"),
        (&["folder", "-o", "new"], "is a folder"),
        (&["empty", "-o", "new"], "is empty"),
        (&["noise", "-o", "new"], "nothing can be read of it"),
        (&["log", "-o", "new"], "rdbkit aof repair"),
        (&["broken.rdb", "-o", "there"], "there already"),
        (&["broken.rdb", "-o", "broken.rdb"], "there already"),
        (&["broken.rdb", "-o", "folder"], "is a folder"),
        (&["broken.rdb", "-o", "no/such/new"], "there is no folder"),
        (&["broken.rdb", "-o", "-"], "name of a file"),
        (
            &["broken.rdb", "-o", "new", "--for", "redis:7.0"],
            "does not read",
        ),
        (&["broken.rdb"], "--output"),
        (&["broken.rdb", "-o", "new", "-n"], "cannot be used with"),
    ] {
        let said = salvage(&dir, args, b"");
        assert_eq!(said.code, 2, "{args:?} {}", said.err);
        assert!(said.err.contains(why), "{args:?}: {}", said.err);
    }
    let left = ["broken.rdb", "empty", "folder", "log", "noise", "there"];
    assert_eq!(files(&dir), left);
    assert_eq!(fs::read(dir.path().join("there")).unwrap(), b"precious");
}

#[test]
fn the_examples_of_the_help() {
    let dir = broken(|b| b.truncate(9000));
    let help = salvage(&dir, &["--help"], b"").out;
    let lines: Vec<_> = help
        .lines()
        .map(str::trim)
        .filter(|l| l.starts_with("rdbkit "))
        .collect();
    assert!(lines.len() >= 3, "{help}");
    for line in lines {
        let command = line.split(" | ").next().unwrap();
        let args: Vec<_> = command.split_whitespace().skip(2).collect();
        let said = salvage(&dir, &args, b"");
        assert_eq!(said.code, 1, "{line}: {}", said.err);
        let _ = fs::remove_file(dir.path().join("new.rdb"));
    }
}

#[test]
fn every_damaged_file_gives_one_that_loads_or_says_why() {
    let dir = TempDir::new().unwrap();
    let mut salvaged = 0;
    for entry in fs::read_dir(testdata("damaged")).unwrap().step_by(7) {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "rdb") {
            continue;
        }
        let said = salvage(&dir, &[path.to_str().unwrap(), "-o", "new.rdb"], b"");
        match said.code {
            2 => assert!(
                !said.err.is_empty() && !said.err.contains("would not load"),
                "{}: {}",
                path.display(),
                said.err
            ),
            _ => {
                salvaged += 1;
                fs::remove_file(dir.path().join("new.rdb")).unwrap();
            }
        }
    }
    assert!(salvaged > 20);
}
