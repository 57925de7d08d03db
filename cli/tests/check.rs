//! `rdbkit check` as a user meets it: files, pipes, folders, nothing at all.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.arg("check").args(args).env("NO_COLOR", "1");
    command
}

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn good() -> String {
    testdata("rdb/redis-8.0-sid/dense.rdb")
        .to_str()
        .unwrap()
        .to_owned()
}

fn damaged(kind: &str) -> String {
    let mut all: Vec<_> = fs::read_dir(testdata("damaged"))
        .unwrap()
        .map(|e| e.unwrap().path())
        .filter(|p| p.to_str().unwrap().ends_with(&format!("-{kind}.rdb")))
        .collect();
    all.sort();
    all.first().unwrap().to_str().unwrap().to_owned()
}

fn json(output: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(output).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_good_file() {
    let output = rdbkit(&[&good()]).assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("loads (judged for redis:8.0)"), "{text}");
    assert!(text.contains("checksum ok"), "{text}");
    assert!(text.lines().count() < 24, "one screen: {text}");
    assert!(output.stderr.is_empty());
}

#[test]
fn quiet_says_it_with_the_exit_code() {
    rdbkit(&["-q", &good()])
        .assert()
        .code(0)
        .stdout("")
        .stderr("");
    rdbkit(&["-q", &damaged("dup-key")])
        .assert()
        .code(1)
        .stdout("")
        .stderr("");
}

#[test]
fn a_duplicate_key_is_named() {
    let path = damaged("dup-key");
    let output = rdbkit(&["--json", &path])
        .assert()
        .code(1)
        .get_output()
        .clone();
    let [report] = json(&output.stdout).try_into().unwrap();
    assert_eq!(report["verdict"], "refused");
    let finding = &report["findings"][0];
    assert_eq!(finding["code"], "duplicate-key");
    assert_eq!(finding["severity"], "refused");
    assert!(
        finding["key"].is_string() && finding["db"].is_number(),
        "{finding}"
    );
}

/// A pipe cannot be read twice: the place is told, the name is not.
#[test]
fn a_pipe_gets_the_same_verdict() {
    for path in [
        good(),
        damaged("dup-key"),
        damaged("trunc"),
        damaged("ins-select-16"),
    ] {
        let bytes = fs::read(&path).unwrap();
        let file = rdbkit(&["--json", &path]).output().unwrap();
        let pipe = rdbkit(&["--json", "-"])
            .write_stdin(bytes)
            .output()
            .unwrap();
        assert_eq!(file.status.code(), pipe.status.code(), "{path}");
        let ([mut file], [mut pipe]) = (
            json(&file.stdout).try_into().unwrap(),
            json(&pipe.stdout).try_into().unwrap(),
        );
        for report in [&mut file, &mut pipe] {
            let report: &mut Value = report;
            report["path"] = Value::Null;
            for finding in report["findings"].as_array_mut().unwrap() {
                if finding["code"] == "duplicate-key" {
                    finding["key"] = Value::Null;
                }
            }
        }
        assert_eq!(file, pipe, "{path}");
    }
}

#[test]
fn several_files_and_the_worst_of_them_counts() {
    let bad = damaged("crc-bit");
    let output = rdbkit(&["--json", &good(), &bad, &good()])
        .assert()
        .code(1)
        .get_output()
        .clone();
    let verdicts: Vec<_> = json(&output.stdout)
        .iter()
        .map(|r| r["verdict"].clone())
        .collect();
    assert_eq!(verdicts, ["loads", "refused", "loads"]);
    let output = rdbkit(&["--json", "/nowhere/dump.rdb", &bad])
        .assert()
        .code(2)
        .get_output()
        .clone();
    let reports = json(&output.stdout);
    assert_eq!(reports.len(), 2, "goes on after a file that cannot be read");
    assert!(
        reports[0]["error"]
            .as_str()
            .unwrap()
            .contains("/nowhere/dump.rdb")
    );
}

#[test]
fn what_cannot_be_read_is_said_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    for (arg, word) in [
        ("/nowhere", "No such file"),
        (
            path.as_str(),
            "nothing to check: no manifest in this folder",
        ),
    ] {
        let output = rdbkit(&[arg]).assert().code(2).get_output().clone();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(word) && text.contains(arg), "{text}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn other_kinds_of_file_are_recognised() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, word) in [
        ("a.xz", &b"\xfd7zXZ\0\0"[..], "xz -dc"),
        ("a.bz2", b"BZh91AY&SY", "bzip2 -dc"),
        ("a.gz", b"\x1f\x8b\x08\x00", "the gzip data end too early"),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let output = rdbkit(&[path.to_str().unwrap()])
            .assert()
            .code(2)
            .get_output()
            .clone();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn an_empty_file_and_rubbish_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (bytes, code) in [(&b""[..], "truncated"), (b"hello, world", "not-rdb")] {
        let path = folder.path().join("x.rdb");
        fs::write(&path, bytes).unwrap();
        let output = rdbkit(&["--json", path.to_str().unwrap()])
            .assert()
            .code(1)
            .get_output()
            .clone();
        let [report] = json(&output.stdout).try_into().unwrap();
        assert_eq!(report["findings"][0]["code"], code);
        assert_eq!(report["for"], Value::Null);
    }
}

#[test]
fn bad_usage_is_trouble_and_help_is_not() {
    for args in [
        &[][..],
        &["--for", "redis:x", "f"],
        &["--nonsense"],
        &["-q", "--json", "f"],
    ] {
        rdbkit(args).assert().code(2);
    }
    let output = rdbkit(&["--help"]).assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [
        "--for",
        "--databases",
        "--modules",
        "--json",
        "Examples:",
        "Exit code",
    ] {
        assert!(text.contains(word), "{word} is not in the help");
    }
}

#[test]
fn the_server_and_its_settings_decide() {
    let many = testdata("rdb/redis-7.0-bookworm/manydb.rdb")
        .to_str()
        .unwrap()
        .to_owned();
    rdbkit(&["-q", &many]).assert().code(1);
    rdbkit(&["-q", "--databases", "100000", &many])
        .assert()
        .code(0);
    rdbkit(&["-q", "--for", "redis:6.2", "--databases", "100000", &many])
        .assert()
        .code(1);
    rdbkit(&["-q", "--for", "valkey:9.1", &good()])
        .assert()
        .code(1);
}

#[test]
fn a_file_may_follow_the_flag_of_a_base() {
    rdbkit(&["-q", "--base", &good()]).assert().code(0);
    rdbkit(&["-q", "--base=false", &good()]).assert().code(0);
}

#[test]
fn findings_are_counted_beyond_those_shown() {
    let many = testdata("rdb/redis-7.0-bookworm/manydb.rdb")
        .to_str()
        .unwrap()
        .to_owned();
    let output = rdbkit(&["--json", "--max-findings", "1", &many])
        .assert()
        .code(1)
        .get_output()
        .clone();
    let [report] = json(&output.stdout).try_into().unwrap();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert!(report["finding_counts"]["database-limit"].as_u64().unwrap() > 1);
}

#[test]
fn a_read_only_file_in_a_read_only_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.rdb");
    fs::copy(good(), &path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    rdbkit(&["-q", path.to_str().unwrap()]).assert().code(0);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn no_record_is_to_blame_where_the_magic_is() {
    let folder = tempfile::tempdir().unwrap();
    // SLOT_INFO, which Redis 7.2 does not know either.
    let slots = folder.path().join("slots.rdb");
    let bytes = b"VALKEY080\xf4\x01\x01\x00\x00\x01a\x01x\xff\0\0\0\0\0\0\0\0";
    fs::write(&slots, bytes).unwrap();
    for (server, path) in [
        ("redis:8.0", &testdata("rdb/valkey-9-sid/dense.rdb")),
        ("redis:7.2", &slots),
    ] {
        let run = rdbkit(&["--for", server, path.to_str().unwrap()]).assert();
        let output = run.code(1).get_output().stdout.clone();
        let text = String::from_utf8(output).unwrap();
        assert_eq!(text.matches("[version-unsupported]").count(), 1, "{text}");
        assert!(!text.contains("[type-unsupported]"), "{text}");
    }
}

#[test]
fn json_fits_its_schema() {
    let schema = fs::read(testdata("../docs/check.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let mut files = vec![good(), "/nowhere".to_owned()];
    for folder in [
        "damaged",
        "rdb/valkey-9-sid",
        "rdb/redis-2.2",
        "rdb/redis-7.0-bookworm",
    ] {
        for entry in fs::read_dir(testdata(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == "rdb") {
                files.push(path.to_str().unwrap().to_owned());
            }
        }
    }
    let args: Vec<&str> = ["--json"]
        .into_iter()
        .chain(files.iter().map(String::as_str))
        .collect();
    let reports = json(&rdbkit(&args).output().unwrap().stdout);
    assert_eq!(reports.len(), files.len());
    assert!(files.len() > 400);
    let mut lacking = reports[0].clone();
    lacking.as_object_mut().unwrap().remove("keys");
    assert!(
        schema::fault(&schema, &schema, &lacking).is_some(),
        "a field may not be missing"
    );
    lacking["keys"] = "many".into();
    assert!(
        schema::fault(&schema, &schema, &lacking).is_some(),
        "nor be of another type"
    );
    for report in &reports {
        if let Some(why) = schema::fault(&schema, &schema, report) {
            panic!("{}: {why}", report["path"]);
        }
    }
}

/// The reader of a report may go away; what was found by then still counts.
#[test]
fn a_reader_that_goes_away_hides_nothing() {
    let (bad, good) = (damaged("crc-bit"), good());
    for more in [0, 60] {
        let mut files = vec![bad.as_str()];
        files.extend(std::iter::repeat_n(good.as_str(), more));
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("rdbkit"))
            .args(["check", "--json"])
            .args(files)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(1), "{more} files behind");
    }
}

#[cfg(unix)]
#[test]
fn no_name_of_a_file_changes_what_a_terminal_shows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a\n\u{1b}[2Jb.rdb");
    fs::copy(good(), &path).unwrap();
    let name = path.to_str().unwrap();
    let output = rdbkit(&[name]).assert().code(0).get_output().clone();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(r"a\n\x1b[2Jb.rdb: loads"), "{text}");
    let output = rdbkit(&[&(name.to_owned() + "\n")])
        .assert()
        .code(2)
        .get_output()
        .clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(r"a\n\x1b[2Jb.rdb\n: "), "{text}");
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn vector_sets_are_part_of_redis_8() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dump.rdb");
    let mut bytes = b"REDIS0012\xfe\x00".to_vec();
    // A key of type 7, whose module is vectorset, version 0; no items; no checksum.
    bytes.extend(b"\x07\x01v\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00\x00\xff\0\0\0\0\0\0\0\0");
    fs::write(&path, bytes).unwrap();
    let path = path.to_str().unwrap();
    rdbkit(&["-q", "--modules", "none", "--for", "redis:8.0", path])
        .assert()
        .code(0);
    rdbkit(&["-q", "--modules", "none", "--for", "redis:7.4", path])
        .assert()
        .code(1);
}

#[test]
fn servers_and_settings_there_are_none_of() {
    rdbkit(&["--databases", "0", &good()]).assert().code(2);
    let output = rdbkit(&["--for", "redis:99", &good()])
        .assert()
        .code(0)
        .get_output()
        .clone();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("redis:99.0 is newer than the rules, which end at redis:8.10"),
        "{text}"
    );
}

/// A file that is worth several threads: string keys, one in ten there twice,
/// with a checksum of zero.
fn large() -> Vec<u8> {
    let mut bytes = b"REDIS0012\xfe\x00".to_vec();
    for n in 0..100_000u32 {
        bytes.extend(b"\x00\x0c");
        bytes.extend(format!("key:{:08}", n % 90_000).as_bytes());
        bytes.extend(b"\x3c");
        bytes.extend([b'v'; 60]);
    }
    bytes.extend(b"\xff\0\0\0\0\0\0\0\0");
    bytes
}

#[test]
fn threads_change_nothing_but_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large.rdb");
    let mut bytes = large();
    for damage in [false, true] {
        if damage {
            let at = bytes.len() * 9 / 10;
            bytes[at..at + 200].fill(0xee);
        }
        fs::write(&path, &bytes).unwrap();
        let said = |args: &[&str]| {
            let command = rdbkit(args).arg(&path).assert().code(1);
            command.get_output().stdout.clone()
        };
        for output in [&["--json"][..], &[]] {
            let alone = said(&[output, &["--threads", "1"]].concat());
            assert_eq!(alone, said(&[output, &["--threads", "3"]].concat()));
            assert_eq!(alone, said(output));
        }
        let piped = |threads: &str| {
            let mut command = rdbkit(&["--json", "--threads", threads, "-"]);
            let command = command.write_stdin(bytes.clone()).assert().code(1);
            command.get_output().stdout.clone()
        };
        assert_eq!(piped("1"), piped("2"));
    }
    for wrong in ["0", "17", "many"] {
        rdbkit(&["--threads", wrong]).arg(&path).assert().code(2);
    }
}
