//! `rdbkit extract` as a user meets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn dense() -> PathBuf {
    testdata("rdb/redis-8.0-sid/dense.rdb")
}

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.args(args).env("NO_COLOR", "1");
    command
}

/// Runs an extract in `dir`; exit code and what was said.
fn extract(dir: &TempDir, source: &Path, args: &[&str]) -> (i32, String) {
    let mut command = rdbkit(&["extract"]);
    let output = command
        .arg(source)
        .args(args)
        .current_dir(dir)
        .output()
        .unwrap();
    assert!(output.stdout.is_empty() || args.contains(&"-"));
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

fn keys(file: &Path) -> Vec<String> {
    let output = rdbkit(&["keys"]).arg(file).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn files(dir: &TempDir) -> Vec<String> {
    let list = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = list
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_matches_is_a_file_that_loads() {
    let dir = TempDir::new().unwrap();
    let (code, said) = extract(&dir, &dense(), &["-o", "new.rdb", "-t", "hash", "-k", "h*"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("4 of 26 keys"), "{said}");
    let new = dir.path().join("new.rdb");
    assert_eq!(keys(&new), ["h", "he:lp", "he:ht", "h:ht"]);
    rdbkit(&["check", "-q"]).arg(&new).assert().code(0);
    assert_eq!(files(&dir), ["new.rdb"], "nothing else is left");
}

#[test]
fn pipes_give_the_same_keys() {
    let dir = TempDir::new().unwrap();
    let source = fs::read(dense()).unwrap();
    let output = rdbkit(&["extract", "-", "-o", "-", "--not-type", "string"])
        .write_stdin(source)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let piped = dir.path().join("piped.rdb");
    fs::write(&piped, &output.stdout).unwrap();
    let (code, _) = extract(
        &dir,
        &dense(),
        &["-o", "new.rdb", "--not-type", "string", "-q"],
    );
    assert_eq!(code, 0);
    assert_eq!(keys(&piped), keys(&dir.path().join("new.rdb")));
    assert_eq!(keys(&piped).len(), 16);
}

#[test]
fn nothing_is_overwritten_unasked_and_never_the_source() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("dump.rdb");
    fs::copy(dense(), &source).unwrap();
    let before = fs::read(&source).unwrap();
    for args in [
        &["-o", "dump.rdb", "--force"][..],
        &["-o", "./dump.rdb", "--force"],
    ] {
        let (code, said) = extract(&dir, &source, args);
        assert!(code == 2 && said.contains("is the source"), "{said}");
    }
    fs::write(dir.path().join("old.rdb"), "mine").unwrap();
    let (code, said) = extract(&dir, &source, &["-o", "old.rdb"]);
    assert!(code == 2 && said.contains("--force"), "{said}");
    assert_eq!(fs::read(dir.path().join("old.rdb")).unwrap(), b"mine");
    let (code, _) = extract(&dir, &source, &["-o", "old.rdb", "--force"]);
    assert_eq!(code, 0);
    assert_eq!(keys(&dir.path().join("old.rdb")).len(), 26);
    let (code, said) = extract(&dir, &source, &["-o", "."]);
    assert!(code == 2 && said.contains("folder"), "{said}");
    assert_eq!(fs::read(&source).unwrap(), before);
    assert_eq!(files(&dir), ["dump.rdb", "old.rdb"]);
}

#[test]
fn of_damage_nothing_is_left() {
    let dir = TempDir::new().unwrap();
    let whole = fs::read(dense()).unwrap();
    let source = dir.path().join("cut.rdb");
    fs::write(&source, &whole[..whole.len() - 100]).unwrap();
    let (code, said) = extract(&dir, &source, &["-o", "new.rdb"]);
    assert!(
        code == 1 && said.contains("unexpected end of file at offset"),
        "{said}"
    );
    let mut flipped = whole.clone();
    flipped[2000] ^= 1;
    fs::write(&source, &flipped).unwrap();
    let (code, said) = extract(&dir, &source, &["-o", "new.rdb"]);
    assert!(code == 1 && said.contains("checksum mismatch"), "{said}");
    fs::write(&source, [&whole[..], b"*1\r\n$8\r\nFLUSHALL\r\n"].concat()).unwrap();
    let (code, said) = extract(&dir, &source, &["-o", "new.rdb"]);
    assert!(code == 2 && said.contains("append-only"), "{said}");
    assert_eq!(files(&dir), ["cut.rdb"]);
}

#[test]
fn what_the_server_would_refuse_is_refused() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("old.rdb");
    // A library as release candidates of 7.0 wrote it, which 7.0 alone loads.
    let body = b"REDIS0010\xf6\x01l\x03LUA\x00\x01c\xfe\x00\x00\x01a\x01x\xff\0\0\0\0\0\0\0\0";
    fs::write(&source, body).unwrap();
    let to = ["-o", "new.rdb", "--for", "redis:7.2"];
    let (code, said) = extract(&dir, &source, &to);
    assert_eq!(code, 1);
    assert!(
        said.contains("a record FUNCTION_PRE_GA is unknown to redis:7.2; --without leaves out"),
        "{said}"
    );
    assert_eq!(files(&dir), ["old.rdb"]);
    let (code, said) = extract(
        &dir,
        &source,
        &[&to[..], &["--without", "functions"]].concat(),
    );
    assert_eq!(code, 0, "{said}");
    rdbkit(&["check", "-q", "--for", "redis:7.2"])
        .arg(dir.path().join("new.rdb"))
        .assert()
        .code(0);
}

#[test]
fn another_version_or_a_reason() {
    let dir = TempDir::new().unwrap();
    let (code, said) = extract(&dir, &dense(), &["-o", "new.rdb", "--for", "redis:7.2"]);
    assert_eq!(code, 1);
    assert!(said.contains(r#"key "he:lp" of database 0"#), "{said}");
    assert!(
        said.contains("value type 25 (hash-listpack-md) needs REDIS version 12"),
        "{said}"
    );
    assert!(files(&dir).is_empty());
    let (code, said) = extract(
        &dir,
        &dense(),
        &["-o", "new.rdb", "--for", "redis:7.2", "--not-key", "he:*"],
    );
    assert!(code == 0 && said.contains("REDIS version 11"), "{said}");
    let new = dir.path().join("new.rdb");
    rdbkit(&["check", "-q", "--for", "redis:7.2"])
        .arg(&new)
        .assert()
        .code(0);
    let (code, said) = extract(&dir, &new, &["-o", "valkey.rdb", "--to-version", "80"]);
    assert!(code == 0 && said.contains("VALKEY version 80"), "{said}");
    rdbkit(&["check", "-q", "--for", "valkey:9.0"])
        .arg(dir.path().join("valkey.rdb"))
        .assert()
        .code(0);
}

#[test]
fn what_matched_nothing_is_said() {
    let dir = TempDir::new().unwrap();
    let (code, said) = extract(&dir, &dense(), &["-o", "new.rdb", "-k", "nobody:*"]);
    assert!(
        code == 1 && said.contains(r#"no key met this condition: key "nobody:*""#),
        "{said}"
    );
    assert!(keys(&dir.path().join("new.rdb")).is_empty());
    let (code, said) = extract(&dir, &dense(), &["-o", "b.rdb", "-k", "h*", "-n", "0,7"]);
    assert!(code == 0 && said.contains("database 7"), "{said}");
    let (code, said) = extract(&dir, &dense(), &["-o", "c.rdb", "-n", "1", "--not-db", "1"]);
    assert!(
        code == 2 && said.contains("both wanted and excluded"),
        "{said}"
    );
    let (code, said) = extract(&dir, &dense(), &["-o", "c.rdb", "--key-regex", "("]);
    assert!(code == 2 && said.contains("regex"), "{said}");
}

#[test]
fn what_is_not_keys_can_stay_behind() {
    let dir = TempDir::new().unwrap();
    let all = ["-o", "new.rdb", "--without", "aux,functions,modules"];
    assert_eq!(extract(&dir, &dense(), &all).0, 0);
    let output = rdbkit(&["check", "--json"])
        .arg(dir.path().join("new.rdb"))
        .output()
        .unwrap();
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&report["keys"], &report["functions"]),
        (&26.into(), &0.into())
    );
    assert_eq!(report["aux"].as_array().unwrap().len(), 0);
}

/// Runs it with a file for standard input.
fn from_stdin(source: &Path, args: &[&str]) -> (i32, String) {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("rdbkit"));
    let stdin = fs::File::open(source).unwrap();
    let output = command.args(args).stdin(stdin).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said)
}

#[cfg(unix)]
#[test]
fn the_source_is_never_replaced_not_even_from_standard_input() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("in.rdb");
    let whole = fs::read(dense()).unwrap();
    fs::write(&source, &whole).unwrap();
    let name = source.to_str().unwrap();
    for args in [
        &["extract", "-", "-o", name, "--force"][..],
        &["export", "-", "-o", name, "--force"],
        &["stats", "-", "--html", name, "--force"],
    ] {
        let (code, said) = from_stdin(&source, args);
        assert_eq!(code, 2, "{args:?}: {said}");
        assert!(said.contains("is the source"), "{said}");
        assert!(fs::read(&source).unwrap() == whole, "{args:?}");
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_regular_file_is_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("socket");
    let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let (code, said) = extract(&dir, &dense(), &["-o", "socket", "--force"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("no regular file"), "{said}");
    assert!(fs::metadata(&path).unwrap().file_type().is_socket());
}

#[test]
fn a_server_that_reads_no_version_that_is_written() {
    let dir = TempDir::new().unwrap();
    let (code, said) = extract(&dir, &dense(), &["-o", "new.rdb", "--for", "redis:2.2"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("redis:2.2 reads none"), "{said}");
    assert_eq!(files(&dir), [""; 0]);
}
