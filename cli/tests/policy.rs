//! What a backup has to be beyond loading, as `rdbkit check` is called.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn dense() -> PathBuf {
    fixture("rdb/redis-8.0-sid/dense.rdb")
}

/// Exit code, standard output, standard error.
fn check(args: &[&str], file: &Path) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command
        .arg("check")
        .args(args)
        .arg(file)
        .env("NO_COLOR", "1");
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let code = output.status.code().unwrap();
    (code, text(output.stdout), text(output.stderr))
}

/// The rules that are violated, by the report for machines.
fn violated(args: &[&str], file: &Path) -> Vec<String> {
    let (code, out, err) = check(&[args, &["--json"]].concat(), file);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out} {err}"));
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/check.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(docs).unwrap()).unwrap();
    assert_eq!(schema::fault(&schema, &schema, &report), None, "{report}");
    assert_eq!(report["verdict"], "loads");
    let policy = report["policy"].as_array().unwrap();
    assert_eq!(code, i32::from(!policy.is_empty()), "{report}");
    let rules = policy
        .iter()
        .map(|v| v["rule"].as_str().unwrap().to_owned());
    rules.collect()
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect()
}

#[test]
fn each_demand_is_met_or_told() {
    let value = format!("str={}", sum(b"hello world"));
    let wrong = format!("str={}", sum(b"hello"));
    let digest = "h=493df2069776dcbcbeafd9eb2812eabdcfdf3370";
    let another = digest.replace("h=", "str=");
    let other = dense();
    let other = other.to_str().unwrap();
    for (rule, met, not) in [
        ("max-age", vec!["--max-age=36500d"], vec!["--max-age=1s"]),
        ("min-keys", vec!["--min-keys=26"], vec!["--min-keys=27"]),
        (
            "expect-keys",
            vec!["--expect-keys=27", "--tolerance=4%"],
            vec!["--expect-keys=27"],
        ),
        (
            "require-key",
            vec!["--require-key=lzf"],
            vec!["--require-key=lz"],
        ),
        (
            "require-prefix",
            vec!["--require-prefix=he:*>=2"],
            vec!["--require-prefix=he:*>=3"],
        ),
        (
            "require-value",
            vec!["--require-value", &value],
            vec!["--require-value", &wrong],
        ),
        (
            "require-value",
            vec!["--require-value", digest],
            vec!["--require-value", &another],
        ),
        (
            "max-shrink",
            vec!["--max-shrink=0%", "--against", other],
            vec!["--max-shrink=0%", "--against", "none.rdb"],
        ),
    ] {
        assert!(violated(&met, &dense()).is_empty(), "{rule}");
        assert_eq!(violated(&not, &dense()), [rule]);
        let (_, out, _) = check(&met, &dense());
        assert!(out.ends_with("  policy     all demands are met\n"), "{out}");
        let (_, out, _) = check(&not, &dense());
        assert!(out.contains(&format!("  violated   {rule}: ")), "{out}");
    }
}

#[test]
fn what_shrank_is_told() {
    let older = dense();
    let args = ["--max-shrink=10%", "--against", older.to_str().unwrap()];
    let (code, out, _) = check(&args, &fixture("rdb/redis-8.0-sid/mini.rdb"));
    assert_eq!(code, 1);
    assert!(
        out.contains("violated   max-shrink: ") && out.contains("% fewer than the 26 of "),
        "{out}"
    );
    assert_eq!(out.matches("violated").count(), 2, "keys and bytes: {out}");
}

#[test]
fn sums_of_files() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("dump.rdb");
    let bytes = fs::read(dense()).unwrap();
    fs::write(&file, &bytes).unwrap();
    assert_eq!(violated(&["--sha256"], &file), ["sha256"]);
    fs::write(
        dir.path().join("dump.rdb.sha256"),
        format!("{}  dump.rdb\n", sum(&bytes)),
    )
    .unwrap();
    assert!(violated(&["--sha256"], &file).is_empty());
    assert!(violated(&[&format!("--sha256={}", sum(&bytes))], &file).is_empty());
    assert_eq!(
        violated(&[&format!("--sha256={}", sum(b""))], &file),
        ["sha256"]
    );
}

#[test]
fn demands_of_a_file() {
    let dir = TempDir::new().unwrap();
    let policy = dir.path().join("policy.toml");
    let arg = format!("--policy={}", policy.display());
    fs::copy(dense(), dir.path().join("old.rdb")).unwrap();
    let demands = [
        "max-age = \"1h\"",
        "min-keys = 27",
        "require-key = [\"lzf\", \"none\"]",
        "require-prefix = [\"he:*>=2\"]",
        "max-shrink = \"5%\"",
        "against = \"old.rdb\"",
    ];
    fs::write(&policy, demands.join("\n")).unwrap();
    // What is typed goes before; paths are beside the file.
    assert_eq!(
        violated(&[&arg, "--max-age=36500d"], &dense()),
        ["min-keys", "require-key"]
    );
    for (text, why) in [
        ("max-agee = \"1h\"", "unknown field"),
        ("max-age = \"1 fortnight\"", "fortnight"),
        ("max-shrink = \"5%\"", "need each other"),
        ("tolerance = \"5%\"", "without expect-keys"),
        ("min-keys = ", "TOML"),
    ] {
        fs::write(&policy, text).unwrap();
        let (code, out, err) = check(&[&arg], &dense());
        assert_eq!((code, out.as_str()), (2, ""), "{text}");
        assert!(
            err.starts_with("rdbkit: policy: ") && err.contains(why),
            "{err}"
        );
    }
    let (code, _, err) = check(&["--policy=none.toml"], &dense());
    assert!(code == 2 && err.contains("cannot read none.toml"), "{err}");
}

#[test]
fn what_cannot_be_told_is_not_met() {
    let log = fixture("aof/redis-3.2/plain/appendonly.aof");
    let demands = [
        "--min-keys=1",
        "--expect-keys=1",
        "--require-key=a",
        "--max-age=1h",
    ];
    assert_eq!(
        violated(&demands, &log),
        ["max-age", "min-keys", "expect-keys", "require-key"]
    );
    // A pipe is read once.
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let command = command.args(["check", "--require-key=lzf", "--min-keys=26", "-"]);
    let output = command
        .write_stdin(fs::read(dense()).unwrap())
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        out.contains("require-key: cannot be told of a pipe") && !out.contains("min-keys"),
        "{out}"
    );
}

#[test]
fn in_a_folder_each_file_is_held_to_it() {
    let dir = TempDir::new().unwrap();
    fs::copy(dense(), dir.path().join("a.rdb")).unwrap();
    fs::copy(
        fixture("rdb/redis-8.0-sid/mini.rdb"),
        dir.path().join("b.rdb"),
    )
    .unwrap();
    let (code, out, _) = check(&["--min-keys=26"], dir.path());
    assert_eq!(code, 1);
    assert!(
        out.contains("2 load, of which 1 do not meet the policy"),
        "{out}"
    );
    assert!(out.contains("min-keys: "), "{out}");
}

#[test]
fn a_folder_is_as_old_as_the_newest_of_it() {
    let dir = TempDir::new().unwrap();
    fs::copy(
        fixture("rdb/redis-7.2/dense.rdb"),
        dir.path().join("old.rdb"),
    )
    .unwrap();
    fs::copy(dense(), dir.path().join("new.rdb")).unwrap();
    let age = |file: &str| {
        let (_, out, _) = check(&["--max-age=1s", "--json"], &dir.path().join(file));
        let json: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["policy"][0]["rule"], "max-age", "{out}");
    };
    age("old.rdb");
    age("new.rdb");
    let (code, out, _) = check(&["--max-age=1s"], dir.path());
    assert_eq!(code, 1);
    assert_eq!(out.matches("max-age").count(), 1, "{out}");
    assert!(out.contains("of which 1 do not meet the policy"), "{out}");
    let (code, out, _) = check(&["--max-age=1s", "--json"], dir.path());
    let lines: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!((code, lines.len()), (1, 2));
    assert_eq!(lines[0]["policy"][0]["rule"], "max-age");
    assert_eq!(lines[1]["policy"], serde_json::json!([]));
    assert_eq!(check(&["--max-age=99999d"], dir.path()).0, 0);
}
