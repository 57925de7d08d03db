//! What servers answered to `DEBUG DIGEST` that were started on the logs of
//! `testdata/aof` and `testdata/logs`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rdbkit_aof::digest::{self, Options, Report};
use rdbkit_aof::fs::Log;
use rdbkit_aof::{Memory, Set, Source};
use rdbkit_rdb::verify::{Product, Server};
use serde_json::Value as Json;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// The lines of `digests.jsonl` that are about logs.
fn recorded() -> Vec<Json> {
    let text = std::fs::read_to_string(testdata().join("digests.jsonl")).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    lines.filter(|line| line["log"].is_string()).collect()
}

/// `Redis 8.0.6`
fn server(by: &Json) -> Server {
    let (product, version) = by.as_str().unwrap().split_once(' ').unwrap();
    format!("{}:{version}", product.to_lowercase())
        .parse()
        .unwrap()
}

/// What came of it: the digest, a command to replay, or no start.
fn said(set: &Set, source: &dyn Source, line: &Json) -> Result<Report, digest::Error> {
    let options = Options {
        server: Some(server(&line["by"])),
        now_ms: line["asked_at_ms"].as_i64(),
        ..Options::default()
    };
    digest::digest(set, source, &options)
}

/// Counts what agrees, and keeps what does not.
#[derive(Debug, Default)]
struct Tally {
    same: usize,
    replay: usize,
    refused: usize,
    hidden: usize,
    failed: Vec<String>,
}

impl Tally {
    fn take(&mut self, report: Result<Report, digest::Error>, line: &Json) {
        let (what, said) = (
            format!("{} by {}", line["log"], line["by"]),
            &line["digest"],
        );
        match report {
            Err(error) if error.is_damage() => self.refused += 1,
            Err(error) => self.failed.push(format!("{what}: {error}")),
            Ok(report) => {
                let valkey = server(&line["by"]).product == Product::Valkey;
                match report.digest() {
                    None => self.replay += 1,
                    // Valkey never shows a field that has expired.
                    Some(_) if valkey && report.dataset.tally().expired_fields > 0 => {
                        self.hidden += 1;
                    }
                    // A digest is no verdict: a server may not load it.
                    Some(_) if said.is_null() => self.refused += 1,
                    Some(ours) if ours.to_string() == *said => self.same += 1,
                    Some(ours) => self.failed.push(format!("{what}: {ours}, not {said}")),
                }
            }
        }
    }
}

#[test]
fn logs_of_servers() {
    let mut tally = Tally::default();
    for line in recorded() {
        let Some(name) = line["log"].as_str().unwrap().strip_prefix("aof/") else {
            continue;
        };
        let path = testdata().join("aof").join(name);
        let single = path.join("appendonly.aof");
        let has_manifest = Log::find(&path).is_ok();
        let log = Log::find(if has_manifest { &path } else { &single }).unwrap();
        tally.take(said(&log.set().unwrap(), log.folder(), &line), &line);
    }
    println!("{tally:?}");
    assert!(tally.failed.is_empty(), "{}", tally.failed.join("\n"));
    assert!(tally.same > 80 && tally.replay > 20, "{tally:?}");
}

#[test]
fn small_logs() {
    let cases = std::fs::read_to_string(testdata().join("logs/cases.jsonl")).unwrap();
    let cases = cases
        .lines()
        .map(|line| serde_json::from_str::<Json>(line).unwrap());
    let cases: BTreeMap<String, Json> = cases
        .map(|case| (case["name"].as_str().unwrap().to_owned(), case))
        .collect();
    let mut tally = Tally::default();
    for line in recorded() {
        let Some(name) = line["log"].as_str().unwrap().strip_prefix("logs/") else {
            continue;
        };
        let mut files = Memory::default();
        let mut manifest = None;
        for (path, bytes) in cases[name]["files"].as_object().unwrap() {
            let bytes: Vec<u8> = bytes.as_str().unwrap().chars().map(|c| c as u8).collect();
            let file = path.rsplit('/').next().unwrap();
            if file.ends_with(".manifest") {
                manifest = Some(file);
            }
            files.insert(file, bytes);
        }
        let set = match manifest {
            Some(name) => Set::open(&files, name.as_bytes()),
            None => Ok(Set::single(b"appendonly.aof")),
        };
        match set {
            Ok(set) => tally.take(said(&set, &files, &line), &line),
            Err(_) => tally.refused += 1,
        }
    }
    println!("{tally:?}");
    assert!(tally.failed.is_empty(), "{}", tally.failed.join("\n"));
    assert!(tally.same > 400, "{tally:?}");
}
