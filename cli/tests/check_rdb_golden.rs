//! The drop-in check tools against what the real ones printed.
//!
//! `testdata/golden/*.jsonl` and `testdata/damaged/verdicts.jsonl` hold the
//! answers of redis-check-rdb 8.0.6 and valkey-check-rdb 9.1.2;
//! `testdata/record_golden.py` and `testdata/judge.py` record them anew.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rdbkit::compat::check_rdb::{Persona, run};
use serde_json::Value;

/// When the damaged files were judged, within some days.
const JUDGED_MS: i64 = 1_795_226_400_000;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).expect("a file of answers; testdata/README.md says whence");
    let parse = |line: &str| serde_json::from_str(line).expect("a line of JSON");
    text.lines().map(parse).collect()
}

/// Bytes from the code points 0 to 255.
fn bytes(text: &str) -> Vec<u8> {
    let byte = |c| u8::try_from(u32::from(c)).expect("a code point of one byte");
    text.chars().map(byte).collect()
}

/// What we print about a file, called `dump.rdb`, and return.
fn ours(persona: Persona, file: &Path, args: &[&str], now_ms: i64) -> (Vec<u8>, u8) {
    let mut all: Vec<OsString> = vec!["check-rdb".into(), file.into()];
    all.extend(args.iter().map(OsString::from));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let code = run(persona, &all, &mut out, &mut err, now_ms).expect("a buffer takes everything");
    let first = format!("[offset 0] Checking RDB file {}\n", file.display());
    let rest = out.strip_prefix(first.as_bytes()).expect("the first line");
    let mut named = b"[offset 0] Checking RDB file dump.rdb\n".to_vec();
    for line in rest.split_inclusive(|b| *b == b'\n') {
        named.extend_from_slice(&without_pid(line, persona));
    }
    (named, code)
}

/// `123:M 21 Nov 2026 02:56:31.933 # text` becomes `PID # text`. The role of
/// the process is C with Redis.
fn without_pid(line: &[u8], persona: Persona) -> Vec<u8> {
    let role = if persona == Persona::Redis { 'C' } else { 'M' };
    let pid = format!("{}:{role} ", std::process::id());
    match line.strip_prefix(pid.as_bytes()) {
        Some(log) => [b"PID ", &log["21 Nov 2026 02:56:31.933 ".len()..]].concat(),
        None => line.to_vec(),
    }
}

/// Compares, and says what differs.
fn compare(what: &str, golden: &Value, got: (Vec<u8>, u8), wrong: &mut Vec<String>) {
    let out = bytes(golden["out"].as_str().expect("what the tool printed"));
    let code = golden["rc"].as_u64().expect("the exit code");
    if (&out, code) == (&got.0, u64::from(got.1)) {
        return;
    }
    let pairs = out.split(|b| *b == b'\n').zip(got.0.split(|b| *b == b'\n'));
    let differing = pairs.clone().find(|(theirs, ours)| theirs != ours);
    let (theirs, ours) = differing.unwrap_or_default();
    wrong.push(format!(
        "{what}: exit code {code}, ours {}\n  theirs {}\n  ours   {}",
        got.1,
        rdbkit_rdb::redact::plain(theirs),
        rdbkit_rdb::redact::plain(ours)
    ));
}

fn report(wrong: &[String], compared: usize) {
    assert!(compared > 0, "no golden output was found");
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn golden(persona: Persona, name: &str, at_least: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut wrong = Vec::new();
    let answers = lines(&testdata().join("golden").join(name));
    for answer in &answers {
        let (what, file) = match answer["file"].as_str() {
            Some(file) => (file, testdata().join(file)),
            None => {
                let hex = answer["hex"].as_str().expect("a file or its bytes");
                let digits = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16);
                let data = (0..hex.len()).step_by(2).map(digits).collect();
                let data: Vec<u8> = Result::expect(data, "pairs of hex digits");
                let file = folder.path().join("probe.rdb");
                fs::write(&file, data).expect("a file in a temporary folder");
                (answer["probe"].as_str().expect("a name"), file)
            }
        };
        assert!(file.exists(), "{}", file.display());
        let args = answer["args"].as_array().expect("arguments");
        let args: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
        let now_ms = answer["now_ms"].as_i64().expect("a time");
        let what = format!("{what} {}", args.join(" "));
        compare(
            &what,
            answer,
            ours(persona, &file, &args, now_ms),
            &mut wrong,
        );
    }
    assert!(answers.len() >= at_least, "only {} answers", answers.len());
    report(&wrong, answers.len());
}

fn damaged(persona: Persona, tool: &str) {
    let folder = testdata().join("damaged");
    let (mut wrong, mut compared) = (Vec::new(), 0);
    for verdict in lines(&folder.join("verdicts.jsonl")) {
        let name = verdict["file"].as_str().expect("a file name");
        let got = ours(persona, &folder.join(name), &[], JUDGED_MS);
        compare(name, &verdict["check"][tool], got, &mut wrong);
        compared += 1;
    }
    report(&wrong, compared);
}

#[test]
fn redis_golden() {
    golden(Persona::Redis, "redis-check-rdb-8.0.6.jsonl", 500);
}

#[test]
fn valkey_golden() {
    golden(Persona::Valkey, "valkey-check-rdb-9.1.2.jsonl", 600);
}

#[test]
fn redis_damaged() {
    damaged(Persona::Redis, "redis-check-rdb-8.0.6");
}

#[test]
fn valkey_damaged() {
    damaged(Persona::Valkey, "valkey-check-rdb-9.1.2");
}
