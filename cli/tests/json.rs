//! Every command that has `--json` has a schema in `docs/`, and keeps to it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use clap::CommandFactory;
use serde_json::Value;

/// What prints no reports.
const NO_REPORTS: [&str; 4] = ["completions", "export", "help", "man"];

/// A file in the repository.
fn path(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(name).to_str().unwrap().to_owned()
}

/// A command, its schema, and what to give it, where FILE is what it reads.
const COMMANDS: [(&str, &str, &[&str]); 16] = [
    ("check", "check", &["FILE"]),
    ("digest", "digest", &["--per-key", "FILE"]),
    ("diff", "diff", &["FILE", "OTHER"]),
    ("extract", "extract", &["FILE", "-o", "NEW", "--key", "*"]),
    ("keys", "keys", &["FILE"]),
    ("get", "export", &["FILE", "he:lp"]),
    ("stats", "stats", &["FILE"]),
    ("salvage", "salvage", &["FILE", "--dry-run"]),
    ("explain", "explain", &["truncated"]),
    ("inspect", "inspect", &["FILE", "--at", "30"]),
    ("aof log", "aof-search", &["LOG"]),
    ("aof points", "aof-search", &["LOG"]),
    ("aof history", "aof-search", &["LOG", "k"]),
    ("aof stats", "aof-search", &["LOG"]),
    (
        "aof cut",
        "aof-edit",
        &["LOG", "--before", "SET", "--dry-run", "--nth", "1"],
    ),
    ("aof repair", "aof-edit", &["LOG", "--dry-run"]),
];

/// `aof drop`, which has nothing of its own to be told.
const SAME: [&str; 1] = ["aof drop"];

/// What it prints, line by line, with FILE and LOG replaced.
fn lines(command: &str, args: &[&str], file: &str, log: &str, new: &Path) -> Vec<Value> {
    let args = args.iter().map(|arg| match *arg {
        "FILE" => file.to_owned(),
        "OTHER" if file.ends_with(".rdb") => path("testdata/rdb/valkey-9-sid/dense.rdb"),
        "OTHER" => file.to_owned(),
        "LOG" => log.to_owned(),
        "NEW" => new.to_str().unwrap().to_owned(),
        other => other.to_owned(),
    });
    let mut run = Command::cargo_bin("rdbkit").unwrap();
    let output = run
        .args(command.split(' '))
        .arg("--json")
        .args(args)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn fits(command: &str, schema: &str, lines: &[Value]) {
    let rules = fs::read(path(&format!("docs/{schema}.schema.json"))).unwrap();
    let rules: Value = serde_json::from_slice(&rules).unwrap();
    for line in lines {
        let fault = schema::fault(&rules, &rules, line);
        assert_eq!(fault, None, "{command}: {line}");
    }
}

#[test]
fn every_report_keeps_to_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = path("testdata/rdb/redis-8.0-sid/dense.rdb");
    let log = path("testdata/aof/redis-7.0-bookworm/ts");
    for (command, schema, args) in COMMANDS {
        let lines = lines(command, args, &file, &log, &folder.path().join("new"));
        assert!(!lines.is_empty(), "{command}");
        fits(command, schema, &lines);
    }
}

#[test]
fn so_does_one_without_its_data() {
    let folder = tempfile::tempdir().unwrap();
    let file = path("testdata/rdb/redis-8.0-sid/dense.rdb");
    let log = path("testdata/aof/redis-7.0-bookworm/ts");
    for (command, schema, args) in COMMANDS {
        if ["extract", "get", "inspect"].contains(&command) {
            continue;
        }
        let args = [&["--redact"], args].concat();
        let lines = lines(command, &args, &file, &log, &folder.path().join("new"));
        assert!(!lines.is_empty(), "{command}");
        fits(command, schema, &lines);
    }
}

#[test]
fn so_does_what_is_said_of_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let none: PathBuf = folder.path().join("none");
    let none = none.to_str().unwrap();
    let mut told = BTreeSet::new();
    for (command, schema, args) in COMMANDS {
        let lines = lines(command, args, none, none, &folder.path().join("new"));
        fits(command, schema, &lines);
        if command != "explain" && !lines.is_empty() {
            assert!(lines[0]["error"].is_string(), "{command}: {lines:?}");
            told.insert(command);
        }
    }
    // All that print one object a file.
    let wanted = [
        "aof cut",
        "aof repair",
        "check",
        "diff",
        "digest",
        "extract",
        "inspect",
        "salvage",
        "stats",
    ];
    assert_eq!(told, BTreeSet::from(wanted));
}

#[test]
fn no_command_is_forgotten() {
    let mut all = BTreeSet::new();
    let root = rdbkit::Cli::command();
    for command in root.get_subcommands() {
        let inner: Vec<_> = command.get_subcommands().collect();
        if inner.is_empty() {
            all.insert(command.get_name().to_owned());
        }
        for inner in inner {
            all.insert(format!("{} {}", command.get_name(), inner.get_name()));
        }
    }
    let known = COMMANDS.iter().map(|(command, ..)| *command);
    let known = known.chain(NO_REPORTS).chain(SAME).map(str::to_owned);
    let known: BTreeSet<String> = known.collect();
    all.retain(|name| name != "aof help");
    all.insert("help".to_owned());
    assert_eq!(all, known);
}
