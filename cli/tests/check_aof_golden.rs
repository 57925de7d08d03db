//! The drop-in `redis-check-aof` against what the real ones printed and did.
//!
//! `testdata/golden/*-check-aof-*.jsonl` hold the answers of redis-check-aof
//! 8.0.6 and valkey-check-aof 9.1.2; `testdata/record_golden.py` records them
//! anew. Where ours does otherwise on purpose, `check_aof_program` tests it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rdbkit::compat::check_aof::{Persona, Streams, run};
use serde_json::Value;

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

/// Bytes from the code points 0 to 255.
fn bytes(text: &str) -> Vec<u8> {
    let byte = |c| u8::try_from(u32::from(c)).expect("a code point of one byte");
    text.chars().map(byte).collect()
}

/// `123:C 21 Nov 2026 02:56:31.933 # text` becomes `PID:C # text`.
fn without_pid(line: &[u8]) -> Vec<u8> {
    let pid = format!("{}:", std::process::id());
    match line.strip_prefix(pid.as_bytes()) {
        Some(log) => [
            b"PID:",
            &log[..2],
            &log["C 21 Nov 2026 02:56:31.933 ".len()..],
        ]
        .concat(),
        None => line.to_vec(),
    }
}

/// Puts the files of a case where they are to be checked; their paths and bytes.
fn unpack(golden: &Value, to: &Path) -> Vec<(String, Vec<u8>)> {
    let files: Vec<(String, Vec<u8>)> = match golden["folder"].as_str() {
        Some(folder) => {
            let entries = fs::read_dir(testdata().join(folder)).expect("a folder");
            let paths = entries.map(|entry| entry.expect("an entry").path());
            let name = |path: &Path| path.file_name().expect("a name").to_owned();
            let file = |path: PathBuf| {
                let name = name(&path).into_string().expect("UTF-8");
                (format!("d/{name}"), fs::read(&path).expect("a file"))
            };
            paths.map(file).collect()
        }
        None => {
            let files = golden["files"].as_object().expect("files");
            let file = |(path, text): (&String, &Value)| {
                (path.clone(), bytes(text.as_str().expect("a text")))
            };
            files.iter().map(file).collect()
        }
    };
    fs::create_dir(to.join("d")).expect("a folder in a temporary folder");
    for (path, data) in &files {
        fs::write(to.join(path), data).expect("a file in a temporary folder");
    }
    files
}

/// Runs a case; what differs.
fn differs(persona: Persona, golden: &Value) -> Option<String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = unpack(golden, folder.path());
    let given = golden["args"].as_array().expect("arguments");
    let mut args: Vec<OsString> = vec!["check-aof".into()];
    args.extend(given.iter().filter_map(Value::as_str).map(OsString::from));
    let file = args.pop().expect("a file");
    args.push(folder.path().join(file).into());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams {
        input: &mut golden["stdin"].as_str().expect("a text").as_bytes(),
        out: &mut out,
        err: &mut err,
        now_ms: golden["now_ms"].as_i64().expect("a time"),
    };
    let code = run(persona, &args, &mut streams).expect("buffers take everything");
    let lines = out.split_inclusive(|b| *b == b'\n');
    let out: Vec<u8> = lines.flat_map(without_pid).collect();
    // The tool was run in the folder.
    let here = format!("{}/", folder.path().display());
    let out: String = out.iter().map(|b| char::from(*b)).collect();
    let out = out.replace(&here, "");
    let theirs = golden["out"].as_str().expect("what the tool printed");
    let mut wrong = String::new();
    if golden["rc"].as_u64() != Some(code.into()) {
        wrong += &format!("  exit code {}, ours {code}\n", golden["rc"]);
    }
    if out != theirs {
        let mut pairs = theirs.lines().zip(out.lines());
        let pair = pairs.find(|(theirs, ours)| theirs != ours);
        wrong += &format!("  theirs, ours: {pair:#?}\n");
    }
    for (path, data) in files {
        let length = golden["after"][&path].as_u64();
        let length = length.map_or(data.len(), |n| usize::try_from(n).expect("a small number"));
        let after = fs::read(folder.path().join(&path)).expect("a file that is still there");
        if after != data[..length] {
            wrong += &format!("  {path}: {length} bytes of it, ours {}\n", after.len());
        }
    }
    (!wrong.is_empty()).then_some(wrong)
}

fn golden(persona: Persona, name: &str) {
    let path = testdata().join("golden").join(name);
    let text = fs::read_to_string(path).expect("a file of answers; testdata/README.md says whence");
    let mut wrong = Vec::new();
    for line in text.lines() {
        let golden: Value = serde_json::from_str(line).expect("a line of JSON");
        let what = golden["probe"].as_str().or(golden["folder"].as_str());
        if let Some(why) = differs(persona, &golden) {
            let args = &golden["args"];
            wrong.push(format!("{} {args}\n{why}", what.expect("a name")));
        }
    }
    let compared = text.lines().count();
    assert!(compared >= 200, "only {compared} answers");
    assert!(
        wrong.is_empty(),
        "{} of {compared} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn redis_golden() {
    golden(Persona::Redis, "redis-check-aof-8.0.6.jsonl");
}

#[test]
fn valkey_golden() {
    golden(Persona::Valkey, "valkey-check-aof-9.1.2.jsonl");
}
