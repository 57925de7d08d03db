//! What the test suites of Redis and Valkey expect of their redis-check-aof:
//! the same situations and the same patterns, with logs written by hand.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use rdbkit::compat::check_aof::{Persona, Streams, run};

/// A command as servers write it.
fn command(words: &[&str]) -> String {
    let word = |word: &&str| format!("${}\r\n{word}\r\n", word.len());
    let words: Vec<String> = words.iter().map(word).collect();
    format!("*{}\r\n{}", words.len(), words.concat())
}

/// Whether a text is made of these pieces, in this order, with anything between.
fn matches(text: &str, pieces: &[&str]) -> bool {
    let mut rest = text;
    pieces.iter().all(|piece| match rest.split_once(piece) {
        Some((_, after)) => {
            rest = after;
            true
        }
        None => false,
    })
}

/// A folder of files that are checked.
struct Log(tempfile::TempDir);

impl Log {
    fn new(files: &[(&str, &[u8])]) -> Log {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (name, data) in files {
            fs::write(folder.path().join(name), data).expect("a file");
        }
        Log(folder)
    }

    /// What both tools say of a file, "y" being the answer to whatever they ask.
    #[track_caller]
    fn says(&self, options: &[&str], name: &str, pieces: &[&str]) {
        for persona in [Persona::Redis, Persona::Valkey] {
            self.one_says(persona, options, name, pieces);
        }
    }

    #[track_caller]
    fn one_says(&self, persona: Persona, options: &[&str], name: &str, pieces: &[&str]) {
        let mut args: Vec<OsString> = vec!["redis-check-aof".into()];
        args.extend(options.iter().map(OsString::from));
        args.push(self.0.path().join(name).into());
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut streams = Streams {
            input: &mut &b"y\n"[..],
            out: &mut out,
            err: &mut err,
            now_ms: 1_700_000_000_000,
        };
        run(persona, &args, &mut streams).expect("buffers take everything");
        let out = String::from_utf8_lossy(&out);
        assert!(matches(&out, pieces), "{persona:?} {options:?}:\n{out}");
    }

    fn read(&self, name: &str) -> String {
        let data = fs::read(self.0.path().join(name)).expect("the file");
        String::from_utf8(data).expect("UTF-8")
    }
}

const MANIFEST: &[u8] = b"file base seq 1 type b\nfile incr seq 1 type i\n";

fn hybrid() -> Vec<u8> {
    let path = "../testdata/aof/redis-5.0/preamble/appendonly.aof";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read(path).expect("a hybrid log of Redis 5.0")
}

#[test]
fn a_short_read_is_not_valid() {
    let whole = command(&["set", "foo", "hello"]);
    let torn = command(&["incr", "foo"]);
    let log = whole.clone() + &torn[..torn.len() - 1];
    let log = Log::new(&[("a.aof", log.as_bytes())]);
    log.says(&[], "a.aof", &["not valid"]);
    log.one_says(
        Persona::Redis,
        &["--fix"],
        "a.aof",
        &["Successfully truncated AOF"],
    );
    assert_eq!(log.read("a.aof"), whole);
    log.says(&[], "a.aof", &["is valid"]);
}

#[test]
fn the_line_of_the_damage_is_told() {
    let log = command(&["set", "foo", "hello"]) + "!!!";
    let log = Log::new(&[("a.aof", log.as_bytes())]);
    log.says(&[], "a.aof", &["ok_up_to_line=8"]);
}

#[test]
fn an_unfinished_transaction_is_cut_off() {
    let whole = command(&["set", "foo", "hello"]);
    let log = whole.clone() + &command(&["multi"]) + &command(&["set", "bar", "world"]);
    for end in [String::new(), command(&["exec"])[..9].to_owned()] {
        let log = Log::new(&[("a.aof", (log.clone() + &end).as_bytes())]);
        log.says(&[], "a.aof", &["not valid"]);
        log.one_says(
            Persona::Valkey,
            &["--fix"],
            "a.aof",
            &["Successfully truncated AOF"],
        );
        assert_eq!(log.read("a.aof"), whole);
    }
}

/// A key for each second, with its time in front.
fn timed() -> (String, [String; 3]) {
    let part = |time: u64, key: &str| format!("#TS:{time}\r\n{}", command(&["set", key, "v"]));
    let parts = [
        part(1_628_217_470, "foo1"),
        part(1_628_217_471, "foo2"),
        part(1_628_217_473, "foo3"),
    ];
    (parts.concat(), parts)
}

#[test]
fn a_log_goes_back_in_time() {
    let (whole, [first, second, _]) = timed();
    let log = Log::new(&[("a.aof", whole.as_bytes())]);
    assert!(log.read("a.aof").starts_with("#TS:"));
    let option = "--truncate-to-timestamp";
    let to = |time, pieces: &[&str]| log.one_says(Persona::Redis, &[option, time], "a.aof", pieces);
    to("1628217473", &["Truncate nothing in AOF", "is valid"]);
    assert_eq!(log.read("a.aof"), whole);
    to(
        "1628217471",
        &["Successfully truncated AOF", "to timestamp 1628217471"],
    );
    assert_eq!(log.read("a.aof"), first.clone() + &second);
    to("1628217470", &["Successfully truncated AOF"]);
    assert_eq!(log.read("a.aof"), first);
    to("1628217469", &["aborting"]);
    assert_eq!(log.read("a.aof"), first);
}

#[test]
fn an_old_log_is_valid() {
    let log = command(&["set", "foo", "hello"]);
    let like_a_manifest = command(&["set", "foo", "a\nfile b seq 1 type b\n"]);
    let hybrid = hybrid();
    let log = Log::new(&[
        ("a.aof", log.as_bytes()),
        ("b.aof", like_a_manifest.as_bytes()),
        ("c.aof", &hybrid),
    ]);
    log.says(&[], "a.aof", &["Start checking Old-Style AOF", "is valid"]);
    log.says(&[], "b.aof", &["Start checking Old-Style AOF", "is valid"]);
    let pieces = [
        "Start checking Old-Style AOF",
        "RDB preamble is OK, proceeding with AOF tail",
        "is valid",
    ];
    log.says(&[], "c.aof", &pieces);
}

#[test]
fn a_log_of_several_files_is_valid() {
    let set = command(&["set", "foo", "hello"]);
    let log = Log::new(&[
        ("m", MANIFEST),
        ("base", set.as_bytes()),
        ("incr", set.as_bytes()),
    ]);
    let pieces = [
        "Start checking Multi Part AOF",
        "Start to check BASE AOF (RESP format)",
        "BASE AOF",
        "is valid",
        "Start to check INCR files",
        "INCR AOF",
        "is valid",
        "All AOF files and manifest are valid",
    ];
    log.says(&[], "m", &pieces);
    let log = Log::new(&[
        ("m", MANIFEST),
        ("base", &hybrid()),
        ("incr", set.as_bytes()),
    ]);
    let pieces = [
        "Start checking Multi Part AOF",
        "Start to check BASE AOF (RDB format)",
        "DB preamble is OK, proceeding with AOF tail",
        "BASE AOF",
        "is valid",
        "Start to check INCR files",
        "INCR AOF",
        "is valid",
        "All AOF files and manifest are valid",
    ];
    log.says(&[], "m", &pieces);
}

#[test]
fn a_manifest_that_is_none() {
    let set = command(&["set", "foo", "hello"]);
    let text = [MANIFEST, b"\n"].concat();
    let log = Log::new(&[
        ("m", &text),
        ("base", set.as_bytes()),
        ("incr", set.as_bytes()),
    ]);
    log.says(&[], "m", &["Invalid AOF manifest file format"]);
}

#[test]
fn only_the_last_file_is_cut() {
    let set = command(&["set", "foo", "hello"]);
    let torn = set.clone() + &set[..9];
    let log = Log::new(&[
        ("m", MANIFEST),
        ("base", torn.as_bytes()),
        ("incr", set.as_bytes()),
    ]);
    log.says(
        &["--fix"],
        "m",
        &["Failed to truncate AOF", "because it is not the last file"],
    );
    assert_eq!(log.read("base"), torn);

    let (timed, _) = timed();
    let log = Log::new(&[
        ("m", MANIFEST),
        ("base", timed.as_bytes()),
        ("incr", set.as_bytes()),
    ]);
    let pieces = [
        "Failed to truncate AOF",
        "to timestamp",
        "because it is not the last file",
    ];
    log.says(&["--truncate-to-timestamp", "1628217471"], "m", &pieces);
    assert_eq!(log.read("base"), timed);
}
