//! `--redact`: whatever a command tells, and however the file is damaged, no data are in it.
//!
//! In one process, as hiding is decided once for all of it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use clap::Parser;
use fixture::{MARK, NUMBER, log, rdb};
use rdbkit::{Cli, Exit, Streams, run};
use tempfile::TempDir;

/// What a command says, on both streams.
fn said(args: &[&str]) -> (Exit, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        now_ms: 1_760_000_000_000,
    };
    let args = ["rdbkit", "--redact"].iter().chain(args);
    let exit = run(&Cli::try_parse_from(args).unwrap(), &mut streams).unwrap();
    out.extend(err);
    (exit, String::from_utf8(out).unwrap())
}

/// The same, having looked that it tells nothing.
fn silent(args: &[&str]) -> String {
    let (_, text) = said(args);
    let lower = text.to_lowercase();
    // What is no text is base64 in JSON.
    let mark = MARK.to_lowercase();
    let leaks = lower.contains(&mark) || lower.contains(NUMBER);
    assert!(!leaks && !text.contains("TEVBS"), "{args:?}:\n{text}");
    text
}

struct Files {
    folder: TempDir,
}

impl Files {
    fn new() -> Files {
        Files {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// Every report on an RDB file; `other` is one to compare it with.
fn rdb_reports(file: &str, other: &str) -> Vec<String> {
    let mut said = Vec::new();
    for args in [
        &["check", "--for", "redis:7.2"][..],
        &["check", "--json"],
        &["keys"],
        &["keys", "--long"],
        &["keys", "--json"],
        &["digest", "--per-key"],
        &["digest", "--per-key", "--json"],
        &["stats"],
        &["stats", "--json"],
        &["stats", "--per-key"],
        &["stats", "--per-key", "--json"],
        &["stats", "--html", "-"],
        &["salvage", "--dry-run"],
        &["salvage", "--dry-run", "--json"],
        &["diff", "--full", other],
        &["diff", "--json", other],
        &["diff", "--summary", other],
    ] {
        said.push(silent(&[args, &[file]].concat()));
    }
    said
}

/// Every report on a log.
fn log_reports(file: &str) -> Vec<String> {
    let mut said = Vec::new();
    for args in [
        &["check"][..],
        &["check", "--json"],
        &["digest"],
        &["digest", "--json"],
        &["aof", "stats"],
        &["aof", "stats", "--json"],
        &["aof", "points"],
        &["aof", "points", "--json"],
        &["aof", "log"],
        &["aof", "log", "--full"],
        &["aof", "log", "--json"],
        &["aof", "repair", "--dry-run", "--skip-damage"],
        &["aof", "repair", "--dry-run", "--skip-damage", "--json"],
    ] {
        said.push(silent(&[args, &[file]].concat()));
    }
    for args in [
        &["aof", "history", file, "own", "--follow"][..],
        &["aof", "history", file, "own", "--follow", "--json"],
        &["aof", "cut", file, "--before", "DEL", "--dry-run"],
        &["aof", "cut", file, "--before", "DEL", "--dry-run", "--json"],
        &["aof", "drop", file, "DEL", "--dry-run"],
        &["aof", "drop", file, "DEL", "--dry-run", "--json"],
    ] {
        said.push(silent(args));
    }
    said
}

#[test]
fn no_report_on_a_file_has_its_data() {
    let files = Files::new();
    let file = files.write("a.rdb", &rdb());
    let other = files.write("b.rdb", &changed(&rdb()));
    let said = rdb_reports(&file, &other);
    let (exit, text) = self::said(&["check", &file]);
    assert_eq!(exit, Exit::Ok, "{text}");
    // It tells of all of it, and names none.
    assert_eq!(said[2].matches("<hidden>").count(), 10, "{}", said[2]);
    assert!(said[14].contains("<hidden>"), "{}", said[14]);
}

/// Other values under the same keys, and another key.
fn changed(file: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    for (from, to) in [
        (&b"LEAKvalue"[..], &b"LEAKwhole"[..]),
        (b"LEAK:set:lp", b"LEAK:set:xx"),
    ] {
        while let Some(at) = file.windows(from.len()).position(|w| w == from) {
            file[at..at + from.len()].copy_from_slice(to);
        }
    }
    file
}

#[test]
fn no_report_on_a_log_has_its_data() {
    let files = Files::new();
    let file = files.write("a.aof", &log());
    let said = log_reports(&file);
    let (commands, history) = (&said[8], &said[13]);
    assert!(commands.contains("SET <hidden> <hidden>"), "{commands}");
    assert!(commands.contains("<hidden> <hidden>\n"), "{commands}");
    assert!(history.contains("RENAME <hidden> <hidden>"), "{history}");
}

/// Findings, gaps and errors name what stands at the place. Every byte is damaged in turn.
#[test]
fn no_report_on_a_damaged_file_has_its_data() {
    let files = Files::new();
    let whole = rdb();
    let other = files.write("whole.rdb", &whole);
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= [1, 0x80, 0xff][at % 3];
        rdb_reports(&files.write("damaged.rdb", &damaged), &other);
    }
}

#[test]
fn no_report_on_a_damaged_log_has_its_data() {
    let files = Files::new();
    let whole = log();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= [1, 0xff][at % 2];
        log_reports(&files.write("damaged.aof", &damaged));
    }
    // A single byte is no less data.
    for (bytes, what) in [
        (&b"\xc3ING\r\n"[..], "a command must begin with '*'"),
        (
            b"*1\r\n\xc34\r\nPING\r\n",
            "an argument must begin with '$'",
        ),
    ] {
        let said = log_reports(&files.write("byte.aof", bytes));
        assert!(said[0].contains(what), "{}", said[0]);
        assert!(said.iter().all(|text| !text.contains("xc3")), "{said:?}");
    }
}

/// Files of a server, with all types: no key and no text of them is in a report.
#[test]
fn no_report_on_a_servers_file_has_its_data() {
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/rdb");
    let dense = testdata.join("redis-8.0-sid/dense.rdb");
    let exported = rdbkit(&["export"]).arg(&dense).output().unwrap();
    let mut names: Vec<String> = Vec::new();
    for line in exported
        .stdout
        .split(|b| *b == b'\n')
        .filter(|line| !line.is_empty())
    {
        texts(&serde_json::from_slice(line).unwrap(), &mut names);
    }
    // What might be a word or a number of ours is no proof.
    let telling = |name: &String| {
        name.len() > 3
            && name.contains(|c: char| !c.is_ascii_lowercase())
            && name.parse::<f64>().is_err()
    };
    names.retain(telling);
    assert!(names.len() > 12, "{names:?}");
    let dense = dense.to_str().unwrap();
    let other = testdata.join("valkey-9-sid/dense.rdb");
    for text in rdb_reports(dense, other.to_str().unwrap()) {
        let text = text.replace(dense, "");
        let told: Vec<_> = names
            .iter()
            .filter(|name| text.contains(name.as_str()))
            .collect();
        assert!(told.is_empty(), "{told:?} in\n{text}");
    }
}

/// All strings that are data.
fn texts(json: &serde_json::Value, into: &mut Vec<String>) {
    match json {
        serde_json::Value::String(text) => into.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| texts(one, into)),
        serde_json::Value::Object(all) => {
            let data = all.iter().filter(|(name, _)| *name != "type");
            data.for_each(|(_, one)| texts(one, into));
        }
        _ => {}
    }
}

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.args(args);
    command
}

#[test]
fn a_hash_is_the_same_in_every_report() {
    let files = Files::new();
    let (file, aof) = (files.write("a.rdb", &rdb()), files.write("a.aof", &log()));
    let out = |args: &[&str]| {
        let output = rdbkit(args).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    // printf LEAK:string | sha256sum
    let hash = "<e3>";
    let keys = out(&["keys", "--redact=hash", &file]);
    let hash = keys.lines().next().unwrap_or(hash).to_owned();
    assert_eq!(hash.len(), 18, "{keys}");
    for args in [
        &["keys", "--json", "--redact=hash", &file][..],
        &["stats", "--redact=hash", &file],
        &["digest", "--per-key", "--redact=hash", &file],
        &["aof", "log", "--redact=hash", &aof],
        &["aof", "drop", &aof, "DEL", "--dry-run", "--redact=hash"],
    ] {
        assert!(out(args).contains(&hash), "{args:?}");
    }
    let salt = files.write("salt", b"sea");
    let salted = ["keys", "--redact=hash", "--redact-salt-file", &salt, &file];
    assert!(!out(&salted).contains(&hash));
    assert_eq!(out(&salted), out(&salted));
    assert_eq!(out(&salted).lines().count(), keys.lines().count());
}

#[test]
fn what_gives_data_refuses() {
    let files = Files::new();
    let file = files.write("a.rdb", &rdb());
    let new = files.path("new.rdb");
    for args in [
        &["get", &file, "own"][..],
        &["export", &file],
        &["extract", &file, "-o", new.to_str().unwrap()],
        &["inspect", &file, "--at", "9"],
    ] {
        let (exit, text) = said(args);
        assert_eq!(exit, Exit::Trouble);
        assert!(text.contains("leave it out"), "{text}");
    }
    assert!(!new.exists());
    for (args, why) in [
        (
            &["keys", &file, "--redact-salt-file", &file][..],
            "is for --redact=hash",
        ),
        (
            &["keys", &file, "--redact", "--redact-salt-file", &file],
            "is for --redact=hash",
        ),
        (
            &[
                "keys",
                &file,
                "--redact=hash",
                "--redact-salt-file",
                "/none",
            ],
            "cannot read the salt /none",
        ),
    ] {
        let output = rdbkit(args).assert().code(2).get_output().clone();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(why), "{said}");
    }
}
