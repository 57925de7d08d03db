//! Where the files and their truths are.

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_rdb::Checksum;

pub type Json = serde_json::Value;

/// A file of a server, and what the server said about it.
pub struct Fixture {
    pub name: String,
    rdb: PathBuf,
    truth: PathBuf,
}

impl Fixture {
    pub fn rdb(&self) -> Vec<u8> {
        let bytes = fs::read(&self.rdb).expect("a fixture can be read");
        match self.rdb.extension().is_some_and(|e| e == "hex") {
            true => hex(&String::from_utf8(bytes).expect("hex is text")),
            false => bytes,
        }
    }

    pub fn truth(&self) -> Json {
        let text = fs::read(&self.truth).expect("a truth can be read");
        serde_json::from_slice(&text).expect("a truth is JSON")
    }

    /// Whether the truth says that the file cannot be read to its end.
    pub fn is_unreadable(&self, truth: &Json) -> bool {
        truth.get("error").is_some()
    }

    /// Whether commands among its keys change them: whoever tells of keys refuses it.
    pub fn is_replication_stream(&self) -> bool {
        self.name == "handmade/valkey081-update"
    }
}

/// Reads hex with comments: `hex | "text" | crc | zerocrc`, `#` to the line's end.
fn hex(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in text.lines() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next().filter(|c| *c != '#') {
            if first == '"' {
                let (text, behind) = rest[1..].split_once('"').expect("a string has an end");
                bytes.extend_from_slice(text.as_bytes());
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix("crc") {
                bytes.extend_from_slice(&Checksum::of(&bytes).to_le_bytes());
                rest = behind;
            } else if let Some(behind) = rest.strip_prefix("zerocrc") {
                bytes.extend_from_slice(&[0; 8]);
                rest = behind;
            } else {
                let (digits, behind) = rest.split_at(2);
                bytes.push(u8::from_str_radix(digits, 16).expect("two hex digits"));
                rest = behind;
            }
            rest = rest.trim_start();
        }
    }
    bytes
}

/// The folder of the test data.
fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// Every fixture, sorted by name.
pub fn all() -> Vec<Fixture> {
    let mut found = Vec::new();
    for server in entries(&testdata().join("rdb")) {
        for rdb in entries(&server) {
            let truth = rdb.with_extension("truth.json");
            if rdb.extension().is_some_and(|e| e == "rdb") && truth.exists() {
                found.push(Fixture {
                    name: name(&rdb.with_extension("")),
                    rdb,
                    truth,
                });
            }
        }
    }
    for rdb in entries(&testdata().join("handmade")) {
        let truth = rdb.with_extension("expect.json");
        if rdb.extension().is_some_and(|e| e == "hex") {
            let name = name(&rdb.with_extension(""));
            found.push(Fixture { name, rdb, truth });
        }
    }
    if let Some(dir) = std::env::var_os("RDBKIT_CORPUS") {
        let of_project = found.len();
        add_corpus(Path::new(&dir), &mut found);
        assert!(found.len() > of_project, "no file in {}", dir.display());
    }
    found
}

/// What is in `DIR/SERVER/CASE`.
fn add_corpus(dir: &Path, found: &mut Vec<Fixture>) {
    for case in entries(dir).iter().flat_map(|server| entries(server)) {
        let rdb = case.join("dump.rdb");
        let reload = case.join("truth-reload.json");
        let truth = match reload.exists() {
            true => reload,
            false => case.join("truth.json"),
        };
        if rdb.exists() && truth.exists() {
            let name = name(&case);
            found.push(Fixture { name, rdb, truth });
        }
    }
}

/// What is in a folder, sorted; nothing if it is not there.
fn entries(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    paths.sort();
    paths
}

/// `SERVER/CASE`.
fn name(path: &Path) -> String {
    let parts: Vec<_> = path.iter().rev().take(2).collect();
    let parts: Vec<_> = parts.iter().rev().map(|p| p.to_string_lossy()).collect();
    parts.join("/")
}
