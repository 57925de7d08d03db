//! `rdbkit aof cut`, `drop` and `repair` as a user meets them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod cut_drop;
mod repair;
#[path = "../schema/mod.rs"]
mod schema;
mod writing;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

const INCR: &str = "appendonly.aof.1.incr.aof";

/// A data folder with a copy of a log that a server wrote.
struct Data {
    dir: tempfile::TempDir,
}

/// What a run said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Data {
    fn of(fixture: &str) -> Data {
        let data = Data {
            dir: tempfile::tempdir().unwrap(),
        };
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../testdata/aof")
            .join(fixture);
        fs::create_dir(data.log()).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), data.log().join(entry.file_name())).unwrap();
        }
        data
    }

    /// A single file.
    fn single(bytes: &[u8]) -> Data {
        let data = Data {
            dir: tempfile::tempdir().unwrap(),
        };
        fs::write(data.at("appendonly.aof"), bytes).unwrap();
        data
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn log(&self) -> PathBuf {
        self.at("log")
    }

    /// Runs `rdbkit aof` in the folder.
    fn run(&self, args: &[&str]) -> Said {
        let output = Command::cargo_bin("rdbkit")
            .unwrap()
            .current_dir(self.dir.path())
            .env("NO_COLOR", "1")
            .arg("aof")
            .args(args)
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Every file in the folder, with its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut folders = vec![self.dir.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let bytes = fs::read(&path).unwrap();
                    found.insert(
                        path.strip_prefix(self.dir.path()).unwrap().to_owned(),
                        bytes,
                    );
                }
            }
        }
        found
    }

    /// Runs what must fail, and leave everything as it is.
    fn refused(&self, args: &[&str], code: i32) -> String {
        let before = self.files();
        let said = self.run(args);
        assert_eq!(said.code, code, "{args:?}: {}{}", said.out, said.err);
        assert!(
            said.err.starts_with("rdbkit: ") || said.err.starts_with("error: "),
            "{}",
            said.err
        );
        assert!(self.files() == before, "{args:?} changed files");
        said.err
    }
}

fn command(line: &str) -> Vec<u8> {
    let args: Vec<&str> = line.split(' ').collect();
    let mut raw = format!("*{}\r\n", args.len());
    for arg in args {
        raw += &format!("${}\r\n{arg}\r\n", arg.len());
    }
    raw.into_bytes()
}

fn log(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|line| command(line)).collect()
}

fn ok(said: &Said) {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
}

#[test]
fn json_fits_its_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/aof-edit.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    let data = Data::of("redis-8.0-sid/mp-ops");
    let json = |args: &[&str], code| -> Value {
        let said = data.run(args);
        assert_eq!(said.code, code, "{}", said.err);
        assert_eq!(said.out.lines().count(), 1);
        let json = serde_json::from_str(&said.out).unwrap();
        if let Some(why) = schema::fault(&schema, &schema, &json) {
            panic!("{args:?}: {why}");
        }
        json
    };
    let cut = json(
        &["cut", "log", "--before", "FLUSHDB", "-o", "new", "--json"],
        0,
    );
    assert_eq!(cut["point"]["offset"], 22628);
    assert_eq!(cut["written"]["files"], 3);
    assert_eq!(cut["gone"]["names"]["FLUSHDB"], 1);
    let dry = json(&["drop", "log", "FLUSHDB", "--dry-run", "--json"], 0);
    assert_eq!(
        (&dry["written"], &dry["dry_run"]),
        (&Value::Null, &Value::Bool(true))
    );
    let failed = json(&["drop", "log", "DEL", "--dry-run", "--json"], 1);
    assert!(failed["error"].as_str().unwrap().contains("commands match"));
    assert!(failed["hint"].as_array().unwrap().len() > 2);
    // The schema can be broken.
    let mut lacking = dry.clone();
    lacking.as_object_mut().unwrap().remove("kept");
    assert!(schema::fault(&schema, &schema, &lacking).is_some());
}

/// `live.sh` runs the walk-through with servers; here, without any, that what it says can be typed.
#[test]
fn the_commands_of_the_documentation_can_be_typed() {
    use clap::Parser;
    let mut typed = 0;
    for name in ["docs/recovery.md", "README.md"] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name);
        for line in fs::read_to_string(path).unwrap().lines() {
            let line = line.trim_start_matches("$ ");
            if !line.starts_with("rdbkit aof ") {
                continue;
            }
            let (line, _) = line.split_once(" #").unwrap_or((line, ""));
            // Outside and inside of quotes by turns.
            let words = line
                .split('\'')
                .enumerate()
                .flat_map(|(at, part)| match at % 2 {
                    0 => part.split_whitespace().collect(),
                    _ => vec![part],
                });
            if let Err(error) = rdbkit::Cli::try_parse_from(words) {
                panic!("{line}: {error}");
            }
            typed += 1;
        }
    }
    assert!(typed > 15, "{typed}");
}

#[test]
fn a_log_is_judged_for_the_product_whose_commands_it_has() {
    // Nothing but MSETEX tells that a Valkey wrote it.
    let data = Data::single(&log(&["MSETEX 1 a 1", "FLUSHALL", "SET b 1"]));
    let said = data.run(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(!said.out.contains("with care"), "{}", said.out);
}
