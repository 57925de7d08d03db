//! `rdbkit check` on append-only logs.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

mod schema;

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(path)
}

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.arg("check").args(args);
    command
}

/// The report on one path, and the exit code.
fn report(args: &[&str], stdin: Vec<u8>) -> (Value, i32) {
    let output = rdbkit(&[&["--json"], args].concat())
        .write_stdin(stdin)
        .output()
        .unwrap();
    let value: Value = serde_json::from_slice(&output.stdout).unwrap();
    let rules = fs::read(testdata("../docs/check.schema.json")).unwrap();
    let rules: Value = serde_json::from_slice(&rules).unwrap();
    if let Some(why) = schema::fault(&rules, &rules, &value) {
        panic!("{args:?}: {why}");
    }
    (value, output.status.code().unwrap())
}

/// A folder with the files of a case of `testdata/logs`.
fn case(name: &str) -> tempfile::TempDir {
    let text = fs::read_to_string(testdata("logs/cases.jsonl")).unwrap();
    let mut cases = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let case = cases.find(|case| case["name"] == name).unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in case["files"].as_object().unwrap() {
        let path = folder.path().join(path);
        let bytes: Vec<u8> = bytes.as_str().unwrap().chars().map(|c| c as u8).collect();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn path(folder: &Path, inside: &str) -> String {
    folder.join(inside).to_str().unwrap().to_owned()
}

#[test]
fn every_case_fits_the_schema_and_has_the_exit_code_of_its_effect() {
    let text = fs::read_to_string(testdata("logs/cases.jsonl")).unwrap();
    let mut seen = 0;
    for line in text.lines().step_by(9) {
        let name = serde_json::from_str::<Value>(line).unwrap()["name"].clone();
        let folder = case(name.as_str().unwrap());
        let set = folder.path().join("appendonlydir");
        let log = if set.is_dir() {
            set
        } else {
            folder.path().join("appendonly.aof")
        };
        let (report, exit) = report(&[log.to_str().unwrap()], Vec::new());
        assert_eq!(report["kind"], "aof");
        let clean = report["effect"].is_null() || report["effect"] == "loads";
        assert_eq!(exit, i32::from(!clean), "{name}: {report}");
        seen += 1;
    }
    assert!(seen > 50);
}

#[test]
fn a_folder_its_manifest_and_its_files() {
    let folder = testdata("aof/redis-8.0-sid/mp-history");
    let (whole, exit) = report(&[folder.to_str().unwrap()], Vec::new());
    assert_eq!((exit, &whole["verdict"]), (0, &Value::from("loads")));
    let manifest = path(&folder, "appendonly.aof.manifest");
    let (same, _) = report(&[&manifest], Vec::new());
    assert_eq!(
        same["files"].as_array().unwrap().len(),
        whole["files"].as_array().unwrap().len()
    );
    assert_eq!(same["commands"], whole["commands"]);
    for file in whole["files"].as_array().unwrap() {
        let (alone, exit) = report(
            &[&path(&folder, file["name"].as_str().unwrap())],
            Vec::new(),
        );
        assert_eq!((exit, &alone["commands"]), (0, &file["commands"]));
        assert_eq!(alone["kind"], "aof");
    }
}

#[test]
fn a_pipe_gets_the_same_verdict() {
    for log in [
        testdata("aof/redis-6.0-bullseye/preamble/appendonly.aof"),
        testdata("aof/redis-6.0-bullseye/plain/appendonly.aof"),
    ] {
        let bytes = fs::read(&log).unwrap();
        for cut in [0, 9] {
            let bytes = bytes[..bytes.len() - cut].to_vec();
            let folder = tempfile::tempdir().unwrap();
            let copy = path(folder.path(), "appendonly.aof");
            fs::write(&copy, &bytes).unwrap();
            let (mut file, code) = report(&[&copy], Vec::new());
            let (mut pipe, pipe_code) = report(&["-"], bytes);
            assert_eq!(code, pipe_code);
            for report in [&mut file, &mut pipe] {
                report["path"] = Value::Null;
                report["files"][0]["name"] = "".into();
                if report["files"][0]["rdb"].is_object() {
                    report["files"][0]["rdb"]["path"] = Value::Null;
                }
            }
            assert_eq!(file, pipe);
        }
    }
}

#[test]
fn a_folder_without_its_manifest_is_told() {
    let folder = case("no-manifest");
    let (report, exit) = report(&[&path(folder.path(), "appendonlydir")], Vec::new());
    assert_eq!(exit, 1);
    assert_eq!(report["findings"][0]["code"], "no-manifest");
    assert_eq!(report["effect"], "ignores");
}

#[test]
fn the_data_folder_is_checked_with_the_log_in_it() {
    let folder = case("set");
    let output = rdbkit(&[folder.path().to_str().unwrap()])
        .assert()
        .code(0)
        .get_output()
        .clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("with appendonly yes a server loads appendonlydir (loads)"),
        "{text}"
    );
}

#[test]
fn a_manifest_in_a_pipe_is_said_to_be_one() {
    let output = rdbkit(&["-"])
        .write_stdin("file a seq 1 type b\n")
        .assert()
        .code(2)
        .get_output()
        .clone();
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("manifest")
    );
}

#[test]
fn module_commands_are_named_on_the_command_line() {
    let folder = case("command-json.set");
    let log = path(folder.path(), "appendonly.aof");
    rdbkit(&["-q", &log]).assert().code(1);
    rdbkit(&["-q", "--module-commands", "ft.*,json.*", &log])
        .assert()
        .code(0);
}

#[test]
fn people_are_told_what_servers_do() {
    let folder = case("second-torn-in-multi");
    let output = rdbkit(&[&path(folder.path(), "appendonlydir")])
        .assert()
        .code(1)
        .get_output()
        .clone();
    let text = String::from_utf8(output.stdout).unwrap();
    for line in [
        "loads-truncated (judged for redis:8.0)",
        "appendonly.aof.2.incr.aof: the file ends inside a command of an open transaction",
        "it starts and leaves MULTI open: later writes are lost; 22 bytes from byte 69 on are lost",
        "elsewhere: valkey:9.1 truncates",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

fn command(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let args = words
        .iter()
        .map(|word| format!("${}\r\n{word}\r\n", word.len()));
    format!("*{}\r\n{}", words.len(), args.collect::<String>())
}

/// A folder of files that are given whole.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_commands_tell_whose_log_it_is() {
    let lines = [command("SET a 1"), command("DELIFEQ a 1")].concat();
    let own = folder(&[
        ("a.aof", &lines),
        ("m.manifest", "file b.1.incr seq 1 type i\n"),
        ("b.1.incr", &lines),
    ]);
    for name in ["a.aof", "m.manifest"] {
        let (report, exit) = report(&[&path(own.path(), name)], Vec::new());
        assert_eq!(
            (&report["verdict"], exit),
            (&Value::from("loads"), 0),
            "{name}"
        );
        assert_eq!(report["for"]["product"], "valkey", "{name}");
        assert_eq!(report["for_by"], "commands", "{name}");
    }
    // A pipe is not read twice.
    let (report, exit) = report(&["-"], lines.into_bytes());
    assert_eq!(exit, 1);
    assert_eq!(report["for_by"], "assumed");
    assert_eq!(report["suggested"]["product"], "valkey");
}

#[test]
fn a_log_that_does_not_tell_its_server_says_so() {
    let own = folder(&[("a.aof", &command("SET a 1"))]);
    let log = path(own.path(), "a.aof");
    let (report, _) = report(&[&log], Vec::new());
    assert_eq!(report["for_by"], "assumed");
    assert_eq!(report["suggested"], Value::Null);
    let output = rdbkit(&[&log]).assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("the log does not tell which server wrote it"),
        "{text}"
    );
    let output = rdbkit(&["--for", "valkey:9.1", &log])
        .assert()
        .code(0)
        .get_output()
        .clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains("does not tell"), "{text}");
}

#[test]
fn what_came_with_a_minor_release_is_known_exactly() {
    let own = folder(&[("a.aof", &command("HPEXPIREAT h 1 FIELDS 1 f"))]);
    let log = path(own.path(), "a.aof");
    rdbkit(&["-q", "--for", "redis:7.2", &log]).assert().code(1);
    let (report, exit) = report(&["--for", "redis:7.4", &log], Vec::new());
    assert_eq!((&report["verdict"], exit), (&Value::from("loads"), 0));
    assert_eq!(report["files"][0]["findings"], serde_json::json!([]));
}

/// Whoever glances at the report must not take "loads" for "my data are back".
#[test]
fn a_server_that_starts_empty_is_told_loudly() {
    let set = command("SET a 1");
    let lost = folder(&[("a.aof.1.base.aof", &set), ("a.aof.1.incr.aof", &set)]);
    let named = folder(&[
        ("a.aof.manifest", "file a.aof.2.incr.aof seq 2 type i\n"),
        ("a.aof.2.incr.aof", ""),
        ("a.aof.1.base.aof", &set),
        ("a.aof.1.incr.aof.bak", &set),
    ]);
    for own in [&lost, &named] {
        let output = rdbkit(&[own.path().to_str().unwrap()])
            .assert()
            .code(1)
            .get_output()
            .clone();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.contains("ALL LOST   the server starts, but with NO DATA of this log"),
            "{text}"
        );
        assert!(text.contains("a.aof.1.base.aof"), "{text}");
    }
    let (report, _) = report(&[named.path().to_str().unwrap()], Vec::new());
    let findings = report["findings"].as_array().unwrap();
    let of = |code: &str| {
        let found = findings.iter().filter(|finding| finding["code"] == code);
        found.count()
    };
    assert_eq!((of("unlisted-file"), of("starts-empty")), (2, 1));
}
