//! Paths as every command that looks into a file prints them.

#![allow(missing_docs, clippy::unwrap_used)]
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// A name that looks like two lines and is no UTF-8, and how it is printed.
const NAME: &[u8] = b"a\n\x1b[2Jb\xff.rdb";
const SHOWN: &str = r"a\n\x1b[2Jb\xff.rdb";

/// What a command prints to standard output and error.
fn printed(args: &[&str], file: &Path, rest: &[&OsStr]) -> String {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.args(args).arg(file).args(rest).env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn no_path_is_printed_as_it_stands() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/rdb");
    let whole = fs::read(fixtures.join("redis-7.2/dense.rdb")).unwrap();
    let dir = TempDir::new().unwrap();
    let there = |name: &[u8]| dir.path().join(OsStr::from_bytes(name));
    let plain = there(b"plain.rdb");
    fs::write(&plain, &whole).unwrap();
    let log = b"*1\r\n$4\r\nPING\r\n";
    let (file, new) = (there(NAME), there(&[NAME, b".new"].concat()));
    for (what, bytes) in [
        ("cut", Some(&whole[..whole.len() - 100])),
        ("empty", Some(&b""[..])),
        ("compressed", Some(b"\x1f\x8b\x08\x00")),
        ("a log", Some(log)),
        ("absent", None),
    ] {
        let _ = fs::remove_file(&file);
        if let Some(bytes) = bytes {
            fs::write(&file, bytes).unwrap();
        }
        let to = [OsStr::new("-o"), new.as_os_str()];
        for (args, rest) in [
            (&["digest"][..], &[][..]),
            (&["export"], &[]),
            (&["export"], &to),
            (&["stats"], &[]),
            (&["keys"], &[]),
            (&["get"], &[OsStr::new("no such key")]),
            (&["extract"], &to),
            (&["salvage"], &to),
            (&["diff"], &[plain.as_os_str()]),
        ] {
            let text = printed(args, &file, rest);
            let _ = fs::remove_file(&new);
            let at = format!("{args:?} of a file that is {what}: {text}");
            assert!(text.contains(SHOWN), "{at}");
            assert!(!text.contains("a\n") && !text.contains('\u{1b}'), "{at}");
        }
    }
}

/// In JSON a path stays what it is as far as that can be said, and is a string always.
#[test]
fn paths_in_json() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/rdb");
    let dir = TempDir::new().unwrap();
    let file = dir.path().join(OsStr::from_bytes(NAME));
    fs::copy(fixtures.join("redis-7.2/dense.rdb"), &file).unwrap();
    let told = format!("{}/a\n\u{1b}[2Jb\\xff.rdb", dir.path().to_str().unwrap());
    for args in [
        &["check", "--json"][..],
        &["digest", "--json"],
        &["stats", "--json"],
        &["salvage", "--dry-run", "--json"],
        &["diff", "--json"],
    ] {
        let rest: &[&OsStr] = match args[0] {
            "diff" => &[file.as_os_str()],
            _ => &[],
        };
        let text = printed(args, &file, rest);
        let line = text.lines().find(|line| line.starts_with('{')).unwrap();
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let path = match args[0] {
            "diff" => &json["old"]["path"],
            _ => &json["path"],
        };
        assert_eq!(path, &told, "{args:?}: {text}");
    }
}
