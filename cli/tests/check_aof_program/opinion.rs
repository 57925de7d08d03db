//! What it adds: what the server would do.

use super::*;

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
