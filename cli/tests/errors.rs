//! What is said where something is wrong: which file, what of it, and what to do.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

fn testdata(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    root.join(name).to_str().unwrap().to_owned()
}

/// What a run in `folder` says on standard error, where it ends with that code.
fn said(folder: &TempDir, args: &[&str], code: i32) -> String {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let run = command.args(args).current_dir(folder).env("NO_COLOR", "1");
    let output = run.assert().code(code).get_output().clone();
    String::from_utf8(output.stderr).unwrap()
}

/// Commands that read an RDB file, with all they need but the file.
const OF_RDB: [&[&str]; 6] = [
    &["digest"],
    &["stats"],
    &["keys"],
    &["export"],
    &["get", "--db", "0"],
    &["extract", "-o", "new.rdb"],
];

fn of(command: &[&str], file: &str) -> Vec<String> {
    let mut args: Vec<String> = command.iter().map(|arg| (*arg).to_owned()).collect();
    args.push(file.to_owned());
    if command[0] == "get" {
        args.push("k".to_owned());
    }
    args
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("empty.rdb"), b"").unwrap();
    fs::write(folder.path().join("notes.txt"), b"call me at three").unwrap();
    fs::create_dir(folder.path().join("folder")).unwrap();
    for command in OF_RDB {
        for (file, code, what) in [
            ("none.rdb", 2, "cannot open none.rdb: "),
            (
                "empty.rdb",
                1,
                "empty.rdb is empty; was it copied to its end?",
            ),
            (
                "notes.txt",
                1,
                "notes.txt: not an RDB file: it begins with \"call me a\"\n",
            ),
            ("folder", 2, "folder"),
        ] {
            let args = of(command, file);
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let said = said(&folder, &args, code);
            assert!(
                said.starts_with("rdbkit: ") && said.contains(what),
                "{args:?}: {said}"
            );
            assert!(!folder.path().join("new.rdb").exists());
        }
    }
    let said = said(&folder, &["keys", "folder"], 2);
    assert_eq!(
        said,
        "rdbkit: folder is a folder, not a file; rdbkit check and rdbkit aof take folders\n"
    );
}

#[test]
fn damage_has_a_place_and_a_way_on() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(testdata("rdb/redis-8.0-sid/dense.rdb")).unwrap();
    fs::write(folder.path().join("cut.rdb"), &whole[..5000]).unwrap();
    let said = said(&folder, &["keys", "cut.rdb"], 1);
    assert!(
        said.starts_with("rdbkit: cut.rdb: unexpected end of file at offset "),
        "{said}"
    );
    assert!(
        said.ends_with("; rdbkit salvage reads what is left\n"),
        "{said}"
    );
}

#[test]
fn an_rdb_file_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = testdata("rdb/redis-8.0-sid/dense.rdb");
    let said = said(&folder, &["aof", "log", &file], 1);
    assert!(
        said.contains("an RDB file with no command behind it; rdbkit keys"),
        "{said}"
    );
}

#[test]
fn a_folder_for_the_new_file_has_to_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = testdata("rdb/redis-8.0-sid/dense.rdb");
    for args in [
        &["extract", &file, "-o", "no/new.rdb"][..],
        &["stats", &file, "--html", "no/new.rdb"],
    ] {
        let said = said(&folder, args, 2);
        assert_eq!(
            said,
            "rdbkit: cannot write no/new.rdb: there is no folder no\n"
        );
    }
}

#[test]
fn slips_of_the_finger() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("dump.rdb"), b"").unwrap();
    for (args, meant) in [
        (&["chek", "x"][..], "'check'"),
        (&["aof", "lgo", "x"], "'log'"),
        (&["gte", "x"], "'get'"),
        (&["check", "--jsn", "x"], "'--json'"),
        (&["explain", "duplicate-kye"], "duplicate-key"),
        (&["export", "x", "--format", "jsn"], "'json'"),
        (&["dump.rdb"], "to verify that file: rdbkit check dump.rdb"),
    ] {
        let said = said(&folder, args, 2);
        assert!(said.contains(meant), "{args:?}: {said}");
    }
}
