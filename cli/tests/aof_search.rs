//! `rdbkit aof log`, `points`, `history` and `stats` as a user meets them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.arg("aof").args(args).env("NO_COLOR", "1");
    command
}

fn testdata(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof");
    path.join(name).to_str().unwrap().to_owned()
}

/// A log with many kinds of commands, and one with annotations.
fn ops() -> String {
    testdata("valkey-9-sid/mp-ops")
}

fn timed() -> String {
    testdata("redis-7.0-bookworm/ts")
}

fn of(args: &[&str], code: i32) -> Output {
    rdbkit(args).assert().code(code).get_output().clone()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn json(output: &Output) -> Vec<Value> {
    out(output)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn log(lines: &[&str]) -> Vec<u8> {
    let mut log = String::new();
    for line in lines {
        if line.starts_with('#') {
            log += &format!("{line}\r\n");
            continue;
        }
        let words: Vec<&str> = line.split(' ').collect();
        log += &format!("*{}\r\n", words.len());
        for word in words {
            log += &format!("${}\r\n{word}\r\n", word.len());
        }
    }
    log.into_bytes()
}

/// A single file of these lines, and the folder that holds it.
fn file(lines: &[&str]) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("appendonly.aof");
    fs::write(&path, log(lines)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[test]
fn a_flush_is_found_with_its_place() {
    let output = of(&["log", &ops(), "flush*", "-C", "1"], 0);
    let lines: Vec<&str> = out(&output).lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[1].starts_with("> appendonly.aof.1.incr.aof:"));
    assert!(lines[1].ends_with("db7    FLUSHDB"), "{}", lines[1]);
    assert!(lines[0].starts_with("  ") && lines[2].contains("SET kept"));
    assert_eq!(err(&output), "");
    let [found] = json(&of(&["log", "--json", &ops(), "FLUSHDB"], 0))
        .try_into()
        .unwrap();
    let found: Value = found;
    let offset = found["offset"].as_u64().unwrap() as usize;
    let file = fs::read(format!("{}/appendonly.aof.1.incr.aof", ops())).unwrap();
    let end = found["end"].as_u64().unwrap() as usize;
    assert_eq!(&file[offset..end], log(&["FLUSHDB"]));
    assert_eq!((&found["db"], &found["time"]), (&7.into(), &Value::Null));
}

#[test]
fn times_databases_and_keys() {
    let count = |args: &[&str]| {
        let path = timed();
        let all = [&["log", "--count", &path], args].concat();
        let output = rdbkit(&all).output().unwrap();
        out(&output).trim().parse::<u64>().unwrap()
    };
    assert_eq!(count(&[]), 22);
    assert_eq!(
        count(&["--since", "2026-11-20T21:09:20Z", "--until", "1795208960"]),
        10
    );
    assert_eq!(count(&["--until", "2026-11-20T21:09:18Z"]), 4);
    assert_eq!(count(&["--db", "3"]), 2);
    assert_eq!(count(&["--key", "t:n", "--writes-only"]), 5);
    assert_eq!(count(&["INCR"]), 5);
    assert_eq!(count(&["INCR", "SET t:tx"]), 6);
    let file = ["--file", "appendonly.aof.1.incr.aof"];
    assert_eq!(
        count(&[&file[..], &["--from", "1", "--to", "124"]].concat()),
        4
    );
    let tail = of(&["log", &timed(), "--tail", "2"], 0);
    assert!(out(&tail).ends_with("RPUSH t:l s3\n") && out(&tail).lines().count() == 2);
    let limit = of(&["log", &timed(), "--limit", "3"], 0);
    assert_eq!(out(&limit).lines().count(), 3);
    assert!(err(&limit).contains("stopped after 3 matches"));
    // The whole transaction is marked.
    let all = of(&["log", &timed()], 0);
    let marks = |mark| {
        out(&all)
            .lines()
            .filter(|l| l.contains(&format!(" {mark}  ")))
            .count()
    };
    assert_eq!((marks("("), marks("|"), marks(")")), (1, 2, 1));
}

#[test]
fn a_filter_that_matches_nothing_says_so() {
    let output = of(&["log", &ops(), "NOSUCH"], 1);
    assert!(
        err(&output).contains("none of 246 commands matches"),
        "{}",
        err(&output)
    );
    let output = of(&["log", &ops(), "--since", "0", "SET"], 1);
    assert!(err(&output).contains("no #TS annotations") && err(&output).contains("left out"));
    let output = of(&["log", &ops(), "--until", "0", "SET", "--count"], 0);
    assert!(err(&output).contains("taken in"));
    let output = of(&["log", &timed(), "--file", "nosuch.aof"], 2);
    assert!(err(&output).contains("appendonly.aof.1.base.rdb, appendonly.aof.1.incr.aof"));
    let output = of(&["log", &timed(), "--from", "7"], 2);
    assert!(err(&output).contains("--file"));
}

#[test]
fn wrong_paths_and_usage() {
    for command in ["log", "points", "stats"] {
        let output = of(&[command, "/nowhere/appendonlydir"], 2);
        assert!(
            err(&output).contains("/nowhere/appendonlydir"),
            "{}",
            err(&output)
        );
        assert_eq!(out(&output), "");
    }
    of(&["history", "/nowhere", "k"], 2);
    of(&["log"], 2);
    of(&["log", &timed(), ""], 2);
    of(&["log", &timed(), "--since", "yesterday"], 2);
    of(&["log", &timed(), "--tail", "1", "--limit", "1"], 2);
    let folder = tempfile::tempdir().unwrap();
    let output = of(&["log", folder.path().to_str().unwrap()], 2);
    assert!(err(&output).contains("no manifest"));
    for command in ["log", "points", "history", "stats"] {
        let output = of(&[command, "--help"], 0);
        assert!(out(&output).contains("Examples:") && out(&output).contains("Exit code:"));
    }
}

#[test]
fn an_empty_file_has_nothing() {
    let (_folder, path) = file(&[]);
    assert!(err(&of(&["log", &path], 1)).contains("none of 0 commands"));
    assert!(err(&of(&["points", &path], 1)).contains("no #TS annotation"));
    assert!(err(&of(&["history", &path, "k"], 1)).contains("none of 0 commands"));
    assert!(out(&of(&["stats", &path], 0)).contains("0 commands, 0 bytes"));
}

#[test]
fn pipes_are_read_once() {
    let (_folder, path) = file(&["#TS:1700000000", "SET k 1", "FLUSHALL"]);
    let bytes = fs::read(&path).unwrap();
    for args in [
        &["log", "-", "FLUSH*"][..],
        &["points", "-", "--all"],
        &["history", "-", "k"],
        &["stats", "-"],
    ] {
        let piped = rdbkit(args).write_stdin(bytes.clone()).assert().code(0);
        let piped = piped.get_output().clone();
        let named: Vec<&str> = args
            .iter()
            .map(|a| if *a == "-" { &path } else { *a })
            .collect();
        let named = of(&named, 0);
        let named = out(&named)
            .replace(&path, "-")
            .replace("appendonly.aof", "-");
        let columns = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(columns(out(&piped)), columns(&named), "{args:?}");
    }
}

#[test]
fn damage_is_told_and_what_is_before_it_shown() {
    let (folder, path) = file(&["SET a 1", "FLUSHALL", "SET b 1"]);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 3]).unwrap();
    let output = of(&["log", &path, "FLUSHALL"], 1);
    assert!(out(&output).contains("appendonly.aof:27  -  db0    FLUSHALL"));
    let told = err(&output);
    assert!(
        told.contains("unexpected end of file") && told.contains("offset 45"),
        "{told}"
    );
    assert_eq!(json(&of(&["stats", "--json", &path], 1))[0]["commands"], 2);
    // In the middle, in a transaction, and a file that is missing.
    let mut bad = whole.clone();
    bad[27] = b'x';
    fs::write(&path, bad).unwrap();
    let told = of(&["history", &path, "a"], 1);
    assert!(
        err(&told).contains("not with 'x' at offset 27"),
        "{}",
        err(&told)
    );
    assert_eq!(out(&told).lines().count(), 1);
    fs::write(&path, log(&["SET a 1", "MULTI", "SET b 1"])).unwrap();
    let told = of(&["log", &path], 1);
    assert!(err(&told).contains("inside a transaction that begins at offset 27"));
    fs::write(
        folder.path().join("m.manifest"),
        "file no.aof seq 1 type i\n",
    )
    .unwrap();
    let told = of(&["stats", folder.path().to_str().unwrap()], 2);
    assert!(err(&told).contains("no.aof: read failed"), "{}", err(&told));
}

#[test]
fn points_can_be_cut_at() {
    let text = of(&["points", &timed()], 0);
    assert!(out(&text).contains("4 points, by second"));
    assert!(out(&text).contains("--until TIME") && out(&text).contains("--at OFFSET --file NAME"));
    let points: Vec<Value> = json(&of(&["points", "--json", &timed()], 0))
        .into_iter()
        .filter(|line| line["kind"] == "point")
        .collect();
    assert_eq!(points.len(), 4);
    let file = fs::read(format!("{}/appendonly.aof.1.incr.aof", timed())).unwrap();
    for pair in points.windows(2) {
        assert_eq!(pair[0]["end"], pair[1]["begin"]);
    }
    for point in &points {
        let at = point["begin"].as_u64().unwrap() as usize;
        let line = format!("#TS:{}\r\n", point["time"]);
        assert!(file[at..].starts_with(line.as_bytes()), "{point}");
    }
    let last = points[3]["end"].as_u64().unwrap() as usize;
    assert_eq!(last, file.len());
}

#[test]
fn a_long_log_fits_a_screen() {
    let lines: Vec<String> = (0..5000)
        .flat_map(|n| {
            [
                format!("#TS:{}", 1_700_000_000 + n * 7),
                "INCR n".to_owned(),
            ]
        })
        .chain(["FLUSHALL".to_owned()])
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (_folder, path) = file(&lines);
    let text = of(&["points", &path], 0);
    assert!(out(&text).lines().count() <= 35, "{}", out(&text));
    assert!(out(&text).contains("5,000 points"));
    assert!(out(&text).contains("empties all databases"));
    assert_eq!(
        out(&of(&["points", &path, "--all"], 0))
            .matches("#")
            .count(),
        0
    );
    let all = of(&["points", &path, "--all"], 0);
    assert!(out(&all).lines().count() > 5000);
    let stats = of(&["stats", &path], 0);
    assert!(out(&stats).lines().count() <= 60);
}

#[test]
fn without_annotations_points_are_estimates() {
    let output = of(&["points", &ops()], 1);
    let text = out(&output);
    assert!(text.contains("estimates") && text.contains("(ctime)") && text.contains("stream-id"));
    assert!(text.contains("swaps databases 5 and 6"), "{text}");
    assert!(!text.contains("--until"), "a time cannot be cut at: {text}");
    assert!(err(&output).contains("no exact points"));
}

#[test]
fn a_history_follows_on_request() {
    let lines = ["SET a 1", "RENAME a b", "INCR b", "MOD.SET x 1", "FLUSHALL"];
    let (_folder, path) = file(&lines);
    let plain = of(&["history", &path, "a", "--db", "0"], 0);
    assert_eq!(out(&plain).lines().count(), 3);
    assert!(out(&plain).contains("RENAME a b  [it is b now]"));
    assert!(err(&plain).contains("1 command of unknown kind may have touched it (mod.set)"));
    let followed = of(&["history", &path, "a", "--follow"], 0);
    assert!(
        out(&followed).contains("> appendonly.aof:"),
        "{}",
        out(&followed)
    );
    let none = of(&["history", &path, "zz", "--db", "9"], 0);
    assert!(out(&none).contains("FLUSHALL  [its database was emptied]"));
    let base = of(
        &["history", &testdata("redis-8.0-sid/mp-rdbbase"), "nosuch"],
        1,
    );
    assert!(err(&base).contains("no base holds it"));
}

#[test]
fn bytes_stay_recoverable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("appendonly.aof");
    let raw = b"*3\r\n$3\r\nSET\r\n$2\r\n\xff\n\r\n$1\r\nv\r\n";
    fs::write(&path, raw).unwrap();
    let path = path.to_str().unwrap();
    let text = of(&["log", path], 0);
    assert!(
        out(&text).ends_with("SET \"\\xff\\n\" v\n"),
        "{}",
        out(&text)
    );
    let [line] = json(&of(&["log", "--json", path], 0)).try_into().unwrap();
    let line: Value = line;
    assert_eq!(line["args"][1]["base64"], "/wo=");
    let long = format!("SET k {}", "v".repeat(5000));
    fs::write(path, log(&[&long])).unwrap();
    assert!(out(&of(&["log", path], 0)).len() < 300);
    assert!(out(&of(&["log", path, "--full"], 0)).contains(&long));
}

#[test]
fn json_fits_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/aof-search.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let mut kinds = std::collections::BTreeSet::new();
    let mut cases = 0;
    for server in [
        "redis-2.6",
        "redis-5.0",
        "redis-7.0-bookworm",
        "redis-8.0-sid",
        "valkey-9-sid",
    ] {
        for case in fs::read_dir(testdata(server)).unwrap() {
            let case = case.unwrap().path();
            if !case.is_dir() {
                continue;
            }
            let single = case.join("appendonly.aof");
            let manifest = case.join("appendonly.aof.manifest");
            let path = if single.exists() && !manifest.exists() {
                single
            } else {
                case
            };
            let path = path.to_str().unwrap();
            cases += 1;
            for args in [
                &["log", "--json", path][..],
                &["log", "--json", "--count", path],
                &["points", "--json", path],
                &["history", "--json", path, "a:str"],
                &["stats", "--json", path],
            ] {
                let output = rdbkit(args).output().unwrap();
                assert_ne!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
                for line in json(&output) {
                    kinds.insert(line["kind"].as_str().unwrap().to_owned());
                    if let Some(why) = schema::fault(&schema, &schema, &line) {
                        panic!("{args:?}: {why}");
                    }
                }
            }
        }
    }
    assert!(cases > 20, "{cases}");
    let all = "base command count estimate file point stats summary touch";
    let seen: Vec<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(seen.join(" "), all);
}

/// Names of files and keys need not be text.
#[cfg(unix)]
#[test]
fn names_that_are_no_text_can_be_typed() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"a\xff.aof");
    fs::write(folder.path().join(name), log(&["SET a 1", "SET b 1"])).unwrap();
    let manifest: &[u8] = b"file \"a\\xff.aof\" seq 1 type i\n";
    fs::write(folder.path().join("m.manifest"), manifest).unwrap();
    let command = |key: &[u8]| {
        let mut command = rdbkit(&["log", "--count"]);
        command.arg(folder.path()).arg("--file").arg(name);
        command.arg("--key").arg(OsStr::from_bytes(key));
        command
    };
    command(b"a").assert().code(0).stdout("1\n");
    command(b"\xff").assert().code(1);
    let output = rdbkit(&["log", "--file", "no\u{1b}"])
        .arg(folder.path())
        .assert()
        .code(2);
    let text = String::from_utf8(output.get_output().stderr.clone()).unwrap();
    assert!(
        text.contains(r#"no file "no\x1b" in this log; it consists of a\xff.aof"#),
        "{text}"
    );
}
