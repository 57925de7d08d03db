//! `rdbkit export` as a user meets it, and against what servers said of files.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods
)]

#[path = "../../../rdb/tests/truth/fixture.rs"]
mod fixture;
mod forms;
mod left_out;
mod program;
mod roundtrip;
#[path = "../schema/mod.rs"]
mod schema;
mod truth;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value as Json;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn dense() -> PathBuf {
    testdata("rdb/redis-8.0-sid/dense.rdb")
}

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command.args(args).env("NO_COLOR", "1");
    command
}

/// What came of an export.
struct Outcome {
    code: i32,
    out: Vec<u8>,
    said: String,
}

impl Outcome {
    fn lines(&self) -> Vec<Json> {
        let lines = self.out.split(|b| *b == b'\n').filter(|l| !l.is_empty());
        lines.map(|l| serde_json::from_slice(l).unwrap()).collect()
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.out).unwrap()
    }
}

/// Exports a file.
fn export(file: &Path, args: &[&str]) -> Outcome {
    let output = rdbkit(&["export"]).arg(file).args(args).output().unwrap();
    Outcome {
        code: output.status.code().unwrap(),
        out: output.stdout,
        said: String::from_utf8(output.stderr).unwrap(),
    }
}
