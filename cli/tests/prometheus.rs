//! `rdbkit check --prometheus`, as it is called.

#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

/// Exit code, and standard error.
fn check(metrics: &Path, args: &[&str], paths: &[&Path]) -> (i32, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    command
        .arg("check")
        .arg("-q")
        .arg("--prometheus")
        .arg(metrics)
        .args(args)
        .args(paths);
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// The value of a series.
fn value(metrics: &Path, series: &str) -> Option<i64> {
    let text = fs::read_to_string(metrics).unwrap();
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok())
}

#[test]
fn what_was_found_is_written_and_the_last_success_kept() {
    let dir = TempDir::new().unwrap();
    let metrics = dir.path().join("redis_backup.prom");
    let file = dir.path().join("dump.rdb");
    fs::copy(fixture("rdb/redis-8.0-sid/dense.rdb"), &file).unwrap();
    let series = |name: &str, more: &str| {
        format!("redis_backup_{name}{{path=\"{}\"{more}}}", file.display())
    };

    assert_eq!(check(&metrics, &[], &[&file]), (0, String::new()));
    let first = value(&metrics, &series("last_success_timestamp_seconds", "")).unwrap();
    assert_eq!(
        value(&metrics, &series("check_timestamp_seconds", "")),
        Some(first)
    );
    assert_eq!(value(&metrics, &series("ok", "")), Some(1));
    assert_eq!(value(&metrics, &series("keys", "")), Some(26));
    assert_eq!(value(&metrics, &series("bytes", "")), Some(10_732));
    assert_eq!(
        value(&metrics, &series("verdict", ",verdict=\"loads\"")),
        Some(1)
    );
    let written = value(&metrics, &series("written_timestamp_seconds", "")).unwrap();
    assert_eq!(
        value(&metrics, &series("age_seconds", "")),
        Some(first - written)
    );

    // It loads, and is not what was demanded.
    assert_eq!(check(&metrics, &["--min-keys=27"], &[&file]).0, 1);
    assert_eq!(value(&metrics, &series("ok", "")), Some(0));
    assert_eq!(
        value(&metrics, &series("policy_violations", ",rule=\"min-keys\"")),
        Some(1)
    );
    assert_eq!(
        value(&metrics, &series("last_success_timestamp_seconds", "")),
        Some(first)
    );

    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..5000]).unwrap();
    assert_eq!(check(&metrics, &[], &[&file]).0, 1);
    assert_eq!(
        value(&metrics, &series("findings", ",code=\"truncated\"")),
        Some(1)
    );
    assert_eq!(
        value(&metrics, &series("verdict", ",verdict=\"refused\"")),
        Some(1)
    );
    assert_eq!(
        value(&metrics, &series("last_success_timestamp_seconds", "")),
        Some(first)
    );

    fs::remove_file(&file).unwrap();
    assert_eq!(check(&metrics, &[], &[&file]).0, 2);
    assert_eq!(
        value(&metrics, &series("verdict", ",verdict=\"no-verdict\"")),
        Some(1)
    );
    assert_eq!(
        value(&metrics, &series("last_success_timestamp_seconds", "")),
        Some(first)
    );
    // Each metric is introduced once, and nothing is left beside the file.
    let text = fs::read_to_string(&metrics).unwrap();
    assert_eq!(text.matches("# TYPE redis_backup_ok gauge").count(), 1);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn of_a_folder_the_newest_counts() {
    let dir = TempDir::new().unwrap();
    let metrics = dir.path().join("redis_backup.prom");
    let folder = dir.path().join("backups");
    fs::create_dir(&folder).unwrap();
    fs::copy(fixture("rdb/redis-7.2/dense.rdb"), folder.join("old.rdb")).unwrap();
    fs::copy(
        fixture("rdb/redis-8.0-sid/dense.rdb"),
        folder.join("new.rdb"),
    )
    .unwrap();
    let log = fixture("aof/redis-3.2/plain/appendonly.aof");
    assert_eq!(check(&metrics, &["--min-keys=26"], &[&folder, &log]).0, 1);
    let series =
        |name: &str, path: &Path| format!("redis_backup_{name}{{path=\"{}\"}}", path.display());
    assert_eq!(value(&metrics, &series("files", &folder)), Some(2));
    assert!(value(&metrics, &series("keys", &folder)).is_some());
    // Of a log, only a server knows.
    assert_eq!(value(&metrics, &series("keys", &log)), None);
    assert_eq!(value(&metrics, &series("ok", &log)), Some(0));
    let text = fs::read_to_string(&metrics).unwrap();
    assert!(!text.contains("new.rdb"), "{text}");
}

#[test]
fn what_cannot_be_written_is_told() {
    let dir = TempDir::new().unwrap();
    let file = fixture("rdb/redis-8.0-sid/dense.rdb");
    let (code, err) = check(&dir.path().join("none/x.prom"), &[], &[&file]);
    assert_eq!(code, 2);
    assert!(err.contains(": there is no folder "), "{err}");
    let (code, err) = check(dir.path(), &[], &[&file]);
    assert_eq!(code, 2, "{err}");
}
