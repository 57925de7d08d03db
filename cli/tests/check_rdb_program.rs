//! `redis-check-rdb` as a program: names, arguments, exit codes, pipes.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use rdbkit::compat::check_rdb::{Persona, run_with};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redis-check-rdb");

/// One key `a` = "7" in database 0; version 4 has no checksum.
const FILE: &[u8] = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff";

fn start(program: &Path, args: &[&str]) -> Output {
    let done = Command::new(program).args(args).output();
    done.expect("the program starts")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn usage_and_version() {
    let program = Path::new(PROGRAM);
    for args in [&[][..], &["a", "b"], &["--strict"]] {
        let done = start(program, args);
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert_eq!(text(&done.stdout), "");
        let usage = format!("Usage: {PROGRAM} <rdb-file-name>\n");
        assert_eq!(text(&done.stderr), usage);
    }
    let done = start(program, &["-v"]);
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stdout).starts_with("redis-check-rdb v=8.0.6 rdbkit="));
}

#[test]
fn a_file_that_is_not_there() {
    let done = start(Path::new(PROGRAM), &["nosuchfile"]);
    assert_eq!(done.status.code(), Some(1));
    let out = "[offset 0] Checking RDB file nosuchfile\n";
    assert_eq!(text(&done.stdout), out);
    assert!(text(&done.stderr).starts_with("nosuchfile: "));
}

#[cfg(unix)]
#[test]
fn the_name_chooses_the_persona() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let link = folder.path().join("valkey-check-rdb");
    std::os::unix::fs::symlink(PROGRAM, &link).expect("a link");
    let file = folder.path().join("dump.rdb");
    std::fs::write(&file, FILE).expect("a file");
    let file = file.to_str().expect("UTF-8");
    let done = start(&link, &[file, "--stats", "--format", "info"]);
    assert_eq!(done.status.code(), Some(0));
    let out = text(&done.stdout);
    assert!(out.contains("Check RDB returned error code 0 (0 means success)"));
    assert!(out.ends_with("[info] db.0.type.stream.elements.size.p50:0.00\n"));
    for args in [
        &[file, "--format"][..],
        &[file, "--format", "xml"],
        &[file, "--output"],
        &[file, "other"],
        &["--stats"],
    ] {
        let done = start(&link, args);
        assert_eq!(done.status.code(), Some(1), "{args:?}");
    }
    // What was in the file before is gone; the statistics are all there.
    let rows = folder.path().join("rows.csv");
    std::fs::write(&rows, vec![b'x'; 100_000]).expect("a file");
    let path = rows.to_str().expect("UTF-8");
    let done = start(
        &link,
        &[file, "--stats", "--output", path, "--format", "csv"],
    );
    assert!(text(&done.stdout).ends_with("[info] 0 functions\n"));
    let rows = std::fs::read_to_string(rows).expect("the statistics");
    assert!(rows.starts_with("db.0.type.name,string,list,set,zset,hash,module,stream\n"));
    assert_eq!(rows.lines().count(), 18);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_a_file() {
    let mut child = Command::new(PROGRAM)
        .arg("/dev/stdin")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // In two parts, the border in the middle of the header.
    stdin.write_all(&FILE[..5]).expect("a reader");
    stdin.flush().expect("a reader");
    stdin.write_all(&FILE[5..]).expect("a reader");
    drop(stdin);
    let done = child.wait_with_output().expect("an end");
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stdout).contains("[offset 17] \\o/ RDB looks OK! \\o/\n"));
}

#[test]
fn a_second_opinion_is_the_last_line() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("dump.rdb");
    std::fs::write(&file, FILE).expect("a file");
    for (args, code) in [
        (vec!["x".into(), file.clone().into()], 0),
        (vec!["x".into(), "--strict".into(), file.clone().into()], 1),
        (vec!["x".into(), file.into(), "--strict".into()], 1),
    ] {
        for persona in [Persona::Redis, Persona::Valkey] {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let opinion = |_: &Path| Some("duplicate key a".to_owned());
            let got = run_with(persona, &args, &mut out, &mut err, 0, &opinion);
            assert_eq!(got.expect("buffers"), code, "{args:?}");
            let last = text(&out).lines().last();
            let line = "[info] rdbkit: the server would refuse this file: duplicate key a";
            assert_eq!(last, Some(line));
        }
    }
}

/// The same key twice: the tool says OK, the server panics.
#[test]
fn what_the_server_would_refuse_is_said_in_one_line_more() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("dump.rdb");
    std::fs::write(
        &file,
        b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\x00\x01a\xc0\x07\xff",
    )
    .expect("a file");
    let file = file.to_str().expect("UTF-8");
    let done = start(Path::new(PROGRAM), &[file]);
    assert_eq!(done.status.code(), Some(0), "as the tool");
    let last = text(&done.stdout).lines().last().expect("a line");
    assert!(last.starts_with("[info] rdbkit: the server would refuse this file: the same key"));
    let strict = start(Path::new(PROGRAM), &["--strict", file]);
    assert_eq!(strict.status.code(), Some(1));
    assert_eq!(strict.stdout, done.stdout);
}

/// `rdbkit` under the name of a check tool is that tool.
#[cfg(unix)]
#[test]
fn rdbkit_by_another_name() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("dump.rdb");
    std::fs::write(&file, FILE).expect("a file");
    let file = file.to_str().expect("UTF-8");
    for name in ["redis-check-rdb", "valkey-check-rdb"] {
        let link = folder.path().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_rdbkit"), &link).expect("a link");
        let done = start(&link, &[file]);
        assert_eq!(done.status.code(), Some(0));
        assert!(text(&done.stdout).contains("\\o/ RDB looks OK! \\o/"));
    }
}
