//! `redis-check-aof` as a program: names, arguments, exit codes, prompts, pipes,
//! and where it does better than the original.

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

/// The original takes it for damaged commands, and cuts it to nothing.
#[test]
fn a_valkey_base_is_an_rdb_file() {
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof/valkey-9-sid/mp-rdbbase");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for entry in fs::read_dir(log).expect("a log of Valkey 9") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        fs::copy(&path, folder.path().join(name)).expect("a copy");
    }
    let path = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let manifest = path("appendonly.aof.manifest");
    let base = path("appendonly.aof.2.base.rdb");
    let before = fs::read(&base).expect("the base");
    assert!(before.starts_with(b"VALKEY"));
    let begins = |tool: &str| format!("{base} begins with an RDB file, which {tool} does not see");

    let (code, out) = persona(Persona::Valkey, &[&manifest], b"");
    let out = String::from_utf8_lossy(&out);
    assert_eq!(code, 0);
    assert!(out.contains("Start to check BASE AOF (RDB format).\n"));
    assert!(out.contains("RDB preamble is OK, proceeding with AOF tail...\n"));
    assert!(out.ends_with("All AOF files and manifest are valid\n"));
    assert!(out.contains(&begins("valkey-check-aof")));

    let (code, _) = persona(Persona::Valkey, &["--fix", &base], b"y");
    assert_eq!(code, 0);
    // No Redis loads it, but it is no log either.
    let (code, out) = persona(Persona::Redis, &["--fix", &base], b"y");
    let out = String::from_utf8_lossy(&out);
    assert_eq!(code, 1);
    assert!(out.ends_with("RDB preamble of AOF file is not sane, aborting.\n"));
    assert!(out.contains(&begins("redis-check-aof")));
    assert_eq!(fs::read(&base).expect("the base"), before);
}

#[test]
fn an_rdb_file_in_an_increment_is_not_cut_off() {
    let (folder, path) = file("file i seq 1 type i\n");
    let increment = folder.path().join("i");
    let torn = [RDB, b"*1\r\n$4\r\nPI"].concat();
    for (data, code) in [(RDB, 0), (&torn, 0)] {
        fs::write(&increment, data).expect("a file");
        let (found, out) = persona(Persona::Redis, &["--fix", &path], b"y");
        assert_eq!(found, code);
        let name = increment.display();
        let line = format!("{name} begins with an RDB file, which redis-check-aof does not see");
        assert_eq!(ours(&out), [line]);
        assert_eq!(fs::read(&increment).expect("the file"), RDB);
    }
}

#[test]
fn a_torn_hybrid_is_cut_behind_the_rdb_file() {
    for tail in ["*", "*1\r\n$4\r\nPI", "x", MULTI, "#TS:1"] {
        let (_folder, path) = file([RDB, tail.as_bytes()].concat());
        let (code, _) = persona(Persona::Redis, &["--fix", &path], b"y");
        assert_eq!(
            (code, fs::read(&path).expect("the file")),
            (0, RDB.to_vec()),
            "{tail}"
        );
    }
}

#[test]
fn manifests_in_every_form_are_seen() {
    for line in [
        "FILE b SEQ 1 TYPE b\n",
        "type b seq 1 file b\n",
        " file b seq 1 type b\n",
        "\"file\" b seq 1 type b\n",
    ] {
        let (folder, path) = file(line);
        fs::write(folder.path().join("b"), PING).expect("a file");
        let (code, out) = persona(Persona::Redis, &["--fix", &path], b"y");
        assert_eq!(code, 0, "{line}");
        let said = format!("{path} is a manifest, which redis-check-aof does not see");
        assert_eq!(ours(&out), [said]);
        assert!(text(&out).ends_with("All AOF files and manifest are valid\n"));
        assert_eq!(fs::read(&path).expect("the manifest"), line.as_bytes());
    }
}

#[test]
fn a_cut_leaves_no_transaction_open() {
    let before = format!("{PING}#TS:10\r\n{PING}");
    let log = format!("{before}{MULTI}{PING}#TS:20\r\n{PING}{EXEC}");
    let (at, theirs) = (before.len(), before.len() + MULTI.len() + PING.len());
    let (_folder, path) = file(&log);
    let args = ["--truncate-to-timestamp", "15", &path];
    let (code, out) = persona(Persona::Redis, &args, b"");
    let line = format!("at offset {at} begins an open transaction: cut there, not at {theirs}");
    assert_eq!((code, ours(&out)), (0, vec![line]));
    assert!(text(&out).ends_with(" to timestamp 15\n"));
    assert_eq!(fs::read(&path).expect("the file"), before.as_bytes());
    // Nothing would be left.
    let log = format!("{MULTI}#TS:20\r\n{PING}{EXEC}");
    let (_folder, path) = file(&log);
    let args = ["--truncate-to-timestamp", "15", &path];
    let (code, out) = persona(Persona::Redis, &args, b"");
    assert_eq!((code, ours(&out).len()), (1, 1));
    assert!(text(&out).ends_with("has nothing before timestamp 15, aborting...\n"));
    assert_eq!(fs::read(&path).expect("the file"), log.as_bytes());
}

#[test]
fn a_cut_leaves_no_annotation_without_line_end() {
    let long = format!("#{}\r\n", "a".repeat(1023));
    let chained = format!("#{}#{}", "a".repeat(1022), "b".repeat(1500));
    for tail in [
        "#",
        "#TS:17",
        &long,
        &chained,
        &format!("#{}{MULTI}", "a".repeat(1022)),
    ] {
        let (_folder, path) = file(format!("{PING}{tail}"));
        let (code, out) = persona(Persona::Redis, &["--fix", &path], b"y");
        assert_eq!(code, 0, "{tail}");
        let line = "at offset 14 begins an annotation without line end: cut there, not at ";
        assert!(ours(&out)[0].starts_with(line), "{out:?}");
        assert_eq!(fs::read(&path).expect("the file"), PING.as_bytes());
    }
    // Where the server does not go on writing it does no harm.
    let (folder, path) = file("file b seq 1 type b\nfile i seq 1 type i\n");
    let torn = format!("{PING}#TS:17");
    fs::write(folder.path().join("b"), &torn).expect("a file");
    fs::write(folder.path().join("i"), PING).expect("a file");
    let (code, out) = persona(Persona::Redis, &["--fix", &path], b"y");
    assert_eq!((code, ours(&out).len()), (0, 0));
}

#[test]
fn a_file_that_has_changed_is_not_cut() {
    /// Somebody who writes to the file before he answers.
    struct Writer(PathBuf);
    impl Read for Writer {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let mut file = fs::OpenOptions::new().append(true).open(&self.0)?;
            file.write_all(PING.as_bytes())?;
            let mut answer: &[u8] = b"y";
            answer.read(buffer)
        }
    }
    let (_folder, path) = file(format!("{PING}*"));
    let args = ["x".into(), "--fix".into(), OsString::from(&path)];
    let mut out = Vec::new();
    let mut streams = Streams {
        input: &mut Writer(PathBuf::from(&path)),
        out: &mut out,
        err: &mut io::sink(),
        now_ms: 0,
    };
    let code = run(Persona::Redis, &args, &mut streams).expect("buffers");
    assert_eq!(code, 1);
    let said = ["the file has 29 bytes now, not 15: somebody writes to it"];
    assert_eq!(ours(&out), said);
    assert!(text(&out).ends_with(&format!("Failed to truncate AOF {path}\n")));
    assert_eq!(fs::metadata(&path).expect("the file").len(), 29);
}

/// The original dies of it.
#[test]
fn a_length_that_cannot_be_allocated() {
    for length in ["9223372036854775805", "200000000000000"] {
        let (_folder, path) = file(format!("{PING}*1\r\n${length}\r\nab"));
        let (code, out) = persona(Persona::Redis, &[&path], b"");
        assert_eq!(code, 1);
        assert!(text(&out).contains(" bytes, got 2 bytes\n"), "{length}");
        assert!(text(&out).ends_with("is not valid. Use the --fix option to try fixing it.\n"));
    }
}

#[test]
fn a_second_opinion_is_the_last_line() {
    let (_folder, path) = file([RDB, PING.as_bytes()].concat());
    let opinion = |log: Checked<'_>| {
        let path = Path::new(&path);
        let is_manifest = false;
        assert_eq!(log, Checked { path, is_manifest });
        Some("the server would refuse it".to_owned())
    };
    for (args, code) in [(vec![], 0), (vec![OsString::from("--strict")], 1)] {
        let mut args = [vec!["x".into()], args].concat();
        args.push(OsString::from(&path));
        let mut out = Vec::new();
        let mut streams = Streams {
            input: &mut io::empty(),
            out: &mut out,
            err: &mut io::sink(),
            now_ms: 0,
        };
        let got = run_with(Persona::Redis, &args, &mut streams, &opinion);
        assert_eq!(got.expect("buffers"), code);
        let last = text(&out).lines().last();
        assert_eq!(last, Some("[info] rdbkit: the server would refuse it"));
    }
}

/// What the tool finds in order, although the server does not start with it, or
/// not a second time.
#[test]
fn what_the_server_would_refuse_is_said_in_one_line_more() {
    let twice = [&RDB[..11], b"\x00\x01a\xc0\x07", &RDB[11..]].concat();
    let select = "*2\r\n$6\r\nSELECT\r\n$2\r\n16\r\n";
    let refuse = "the server would refuse";
    for (log, does, why) in [
        (
            &b"*0\r\n"[..],
            refuse,
            "a command of 0 arguments; 4 bytes from here on are not read at offset 0",
        ),
        (
            b"*1\r\n$4\r\nPING\r\n*-1\r\n",
            refuse,
            "a command of -1 arguments; 5 bytes from here on are not read at offset 14",
        ),
        (&twice, refuse, "the same key again in this database"),
        (
            b"*1\r\n$6\r\nNOSUCH\r\n",
            refuse,
            "does not know the command NOSUCH at offset 0",
        ),
        (
            b"*1\r\n$3\r\nSET\r\n",
            refuse,
            "set with 0 arguments: it needs 2 at offset 0",
        ),
        (
            b"*2\r\n$3\r\nSET\r\n$1\r\na\r\n",
            "the server might refuse",
            "set with 1 arguments: it needs 2 at offset 0",
        ),
        (
            select.as_bytes(),
            "the server would lose data of",
            "SELECT 16: a server of 16 databases stays where it is at offset 0",
        ),
        (
            b"#TS:1",
            "the server would load",
            "once, and fail or lose data later: an annotation without line end",
        ),
    ] {
        let (_folder, path) = file(log);
        let done = start(Path::new(PROGRAM), &[&path], b"");
        assert_eq!(done.status.code(), Some(0), "as the tool");
        let last = text(&done.stdout).lines().last().expect("a line");
        assert!(
            last.starts_with(&format!("[info] rdbkit: {does} {path}")),
            "{last}"
        );
        assert!(last.contains(why), "{last}");
        let strict = start(Path::new(PROGRAM), &["--strict", &path], b"");
        assert_eq!(strict.status.code(), Some(1));
        assert_eq!(strict.stdout, done.stdout);
    }
}

/// Of several files, the one that is to blame is named; or the manifest.
#[test]
fn what_the_server_has_against_a_set_is_said() {
    let (folder, path) = file("file b seq 1 type b\nfile a.aof.1.incr.aof seq 1 type i\n");
    let put = |name: &str, data: &str| fs::write(folder.path().join(name), data).expect("a file");
    put("b", PING);
    put("a.aof.1.incr.aof", PING);
    let said = || ours(&start(Path::new(PROGRAM), &[&path], b"").stdout);
    assert_eq!(said(), [""; 0]);
    put("a.aof.1.incr.aof", "*1\r\n$6\r\nNOSUCH\r\n");
    let line = "the server would refuse a.aof.1.incr.aof: ";
    assert!(said()[0].starts_with(line), "{:?}", said());
    // Worse than what comes later.
    put("b", "*2\r\n$6\r\nSELECT\r\n$2\r\n16\r\n");
    assert!(said()[0].starts_with(line), "{:?}", said());
    put("a.aof.1.incr.aof", "");
    let line = "the server would lose data of b: SELECT 16";
    assert!(said()[0].starts_with(line), "{:?}", said());
}

/// What servers wrote, they load: of that nothing is to be said.
#[test]
fn nothing_is_said_of_logs_that_servers_wrote() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let valkey = folder.path().join("valkey-check-aof");
    fs::copy(PROGRAM, &valkey).expect("a copy");
    for (server, program) in [
        ("redis-7.0-bookworm", Path::new(PROGRAM)),
        ("redis-8.0-sid", Path::new(PROGRAM)),
        ("valkey-9-sid", &valkey),
    ] {
        let mut logs = 0;
        for case in fs::read_dir(top.join(server)).expect("logs of a server") {
            let case = case.expect("an entry").path();
            let Ok(files) = fs::read_dir(&case) else {
                continue;
            };
            let paths = files.map(|file| file.expect("an entry").path());
            for path in paths.filter(|path| path.extension().is_some_and(|e| e == "manifest")) {
                let done = start(program, &[path.to_str().expect("UTF-8")], b"");
                assert_eq!(done.status.code(), Some(0), "{}", path.display());
                let mut said = ours(&done.stdout).into_iter();
                let of_server = said.find(|line| line.starts_with("the server"));
                assert_eq!(of_server, None, "{}", path.display());
                logs += 1;
            }
        }
        assert!(logs > 0, "no log of {server}");
    }
}
