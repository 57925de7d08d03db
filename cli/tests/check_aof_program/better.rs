//! Where it does better than the original.

use super::*;

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
