//! `redis-check-aof` as a program: names, arguments, exit codes, prompts, pipes,
//! and where it does better than the original.

mod better;
mod opinion;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rdbkit::compat::check_aof::{Checked, Persona, Streams, run, run_with};

const PROGRAM: &str = env!("CARGO_BIN_EXE_redis-check-aof");

const PING: &str = "*1\r\n$4\r\nPING\r\n";
const MULTI: &str = "*1\r\n$5\r\nMULTI\r\n";
const EXEC: &str = "*1\r\n$4\r\nEXEC\r\n";

/// A key in an RDB file; version 4 has no checksum.
const RDB: &[u8] = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff";

fn spawn(program: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    child.expect("the program starts")
}

fn start(program: &Path, args: &[&str], answer: &[u8]) -> Output {
    let mut child = spawn(program, args);
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that asks nothing may be gone.
    let _ = stdin.write_all(answer);
    drop(stdin);
    child.wait_with_output().expect("an end")
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("UTF-8")
}

/// A folder with a file in it.
fn file(data: impl AsRef<[u8]>) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("a.aof");
    fs::write(&path, data).expect("a file");
    let path = path.to_str().expect("UTF-8").to_owned();
    (folder, path)
}

/// What our own lines say.
fn ours(out: &[u8]) -> Vec<String> {
    let lines = text(out).lines();
    lines
        .filter_map(|line| line.strip_prefix("[info] rdbkit: "))
        .map(str::to_owned)
        .collect()
}

/// The program under another name.
#[cfg(unix)]
fn link(program: &str, name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let link = folder.path().join(name);
    std::os::unix::fs::symlink(program, &link).expect("a link");
    (folder, link)
}

#[test]
fn usage_and_version() {
    let program = Path::new(PROGRAM);
    let usage = format!(
        "Usage: {PROGRAM} [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>\n"
    );
    for args in [
        &[][..],
        &["a", "b"],
        &["--strict"],
        &["--fix", "a", "b"],
        &["--truncate-to-timestamp", "1"],
        &["--truncate", "1", "a"],
    ] {
        let done = start(program, args, b"");
        assert_eq!(done.status.code(), Some(1), "{args:?}");
        assert_eq!(text(&done.stdout), usage);
        assert_eq!(text(&done.stderr), "");
    }
    let done = start(program, &[&"a".repeat(4097)], b"");
    let text_of_both = format!("Error: filepath is too long (exceeds PATH_MAX)\n{usage}");
    assert_eq!(
        (done.status.code(), text(&done.stdout)),
        (Some(1), &*text_of_both)
    );
    for arg in ["-v", "--version"] {
        let done = start(program, &[arg], b"");
        assert_eq!(done.status.code(), Some(0));
        assert!(text(&done.stdout).starts_with("redis-check-aof v=8.0.6 rdbkit="));
    }
}

#[test]
fn files_that_are_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let here = folder.path().to_str().expect("UTF-8");
    let done = start(Path::new(PROGRAM), &[here], b"");
    let out = format!("Cannot read file: {here}\n");
    assert_eq!((done.status.code(), text(&done.stdout)), (Some(1), &*out));
    for args in [&["nosuchfile"][..], &["--fix"], &["--fix", "nosuchfile"]] {
        let done = start(Path::new(PROGRAM), args, b"");
        let file = args[args.len() - 1];
        let out = format!("Cannot open file {file}: No such file or directory\n");
        assert_eq!((done.status.code(), text(&done.stdout)), (Some(1), &*out));
    }
}

#[cfg(unix)]
#[test]
fn the_name_chooses_the_tool() {
    let (_folder, path) = file(PING);
    for program in [
        PROGRAM,
        env!("CARGO_BIN_EXE_redis-check-rdb"),
        env!("CARGO_BIN_EXE_rdbkit"),
    ] {
        for name in ["redis-check-aof", "valkey-check-aof"] {
            let (_folder, link) = link(program, name);
            let done = start(&link, &[&path], b"");
            assert_eq!(done.status.code(), Some(0));
            assert!(text(&done.stdout).ends_with(&format!("AOF {path} is valid\n")));
            let done = start(&link, &["-v"], b"");
            assert!(text(&done.stdout).starts_with(&format!("{name} v=")));
        }
    }
}

/// The question is asked before the answer is awaited, and the file is as it
/// was until then.
#[test]
fn asks_before_it_cuts() {
    let torn = format!("{PING}*1\r\n$4\r\nPI");
    for (answer, code, left) in [(b"y", 0, PING), (b"n", 1, &*torn)] {
        let (_folder, path) = file(&torn);
        let mut child = spawn(Path::new(PROGRAM), &["--fix", &path]);
        let mut stdout = child.stdout.take().expect("a pipe");
        let mut out = Vec::new();
        while !out.ends_with(b"Continue? [y/N]: ") {
            let mut byte = [0];
            stdout.read_exact(&mut byte).expect("a question");
            out.extend(byte);
        }
        let shrink = format!("shrink the AOF {path} from 24 bytes, with 10 bytes, to 14 bytes\n");
        assert!(text(&out).contains(&shrink));
        assert_eq!(fs::read(&path).expect("the file"), torn.as_bytes());
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(answer).expect("a reader");
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).expect("the rest");
        let end = match code {
            0 => format!("Successfully truncated AOF {path}\n"),
            _ => "Aborting...\n".to_owned(),
        };
        assert_eq!(rest, end);
        assert_eq!(child.wait().expect("an end").code(), Some(code));
        assert_eq!(fs::read(&path).expect("the file"), left.as_bytes());
    }
}

#[test]
fn a_file_that_may_not_be_written_to_is_checked() {
    let (_folder, path) = file(PING);
    let mut permissions = fs::metadata(&path).expect("the file").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("to be the owner");
    // The superuser may write to it nevertheless.
    let may = fs::OpenOptions::new().write(true).open(&path).is_ok();
    let done = start(Path::new(PROGRAM), &[&path], b"");
    assert_eq!(done.status.code(), Some(0));
    assert!(text(&done.stdout).ends_with(&format!("AOF {path} is valid\n")));
    let line = format!("{path} may only be read; redis-check-aof would not open it");
    let wanted = if may { vec![] } else { vec![line] };
    assert_eq!(ours(&done.stdout), wanted);
    if !may {
        let done = start(Path::new(PROGRAM), &["--fix", &path], b"");
        assert_eq!(done.status.code(), Some(1));
        let end = format!("Cannot open file {path}: Permission denied, aborting...\n");
        assert!(text(&done.stdout).ends_with(&end));
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_to_its_end() {
    let program = Path::new(PROGRAM);
    let line = "/dev/stdin is read to its end; to redis-check-aof it is empty, being no file";
    let hybrid = [RDB, PING.repeat(40_000).as_bytes()].concat();
    let (size, lines) = (hybrid.len(), 3 * 40_000 + 1);
    let done = start(program, &["/dev/stdin"], &hybrid);
    assert_eq!(done.status.code(), Some(0));
    let end = format!(
        "size={size}, ok_up_to={size}, ok_up_to_line={lines}, diff=0\nAOF /dev/stdin is valid\n"
    );
    assert!(text(&done.stdout).ends_with(&end));
    assert_eq!(ours(&done.stdout), [line]);
    // What is behind the damage counts.
    let done = start(
        program,
        &["/dev/stdin"],
        format!("{PING}x{PING}").as_bytes(),
    );
    assert_eq!(done.status.code(), Some(1));
    assert!(text(&done.stdout).contains("size=29, ok_up_to=14, ok_up_to_line=4, diff=15\n"));
    // An empty one is what the original says it is.
    let done = start(program, &["/dev/stdin"], b"");
    assert_eq!(done.status.code(), Some(0));
    let empty = "Start checking Old-Style AOF\nAOF /dev/stdin is empty\n";
    assert_eq!(text(&done.stdout), empty);
    // It cannot be cut.
    let timed = format!("{PING}#TS:10\r\n{PING}");
    let args = ["--truncate-to-timestamp", "5", "/dev/stdin"];
    let done = start(program, &args, timed.as_bytes());
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(ours(&done.stdout), [line, "only a file can be cut"]);
}

/// Runs one persona on a file; exit code and output.
fn persona(persona: Persona, args: &[&str], answer: &[u8]) -> (u8, Vec<u8>) {
    let mut all: Vec<OsString> = vec!["x".into()];
    all.extend(args.iter().map(OsString::from));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        input: &mut &*answer,
        out: &mut out,
        err: &mut err,
        now_ms: 0,
    };
    let code = run(persona, &all, &mut streams).expect("buffers take everything");
    assert_eq!(text(&err), "");
    (code, out)
}
