//! `rdbkit stats` as a user meets it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

fn dense() -> String {
    let path = testdata("rdb/redis-8.0-sid/dense.rdb");
    path.to_str().unwrap().to_owned()
}

/// Exit code, stdout, stderr.
fn rdbkit(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("rdbkit").unwrap();
    let output = command.args(args).env("NO_COLOR", "1").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn lines(args: &[&str]) -> Vec<Value> {
    let (code, out, said) = rdbkit(args);
    assert_eq!((code, said.as_str()), (0, ""), "{args:?}");
    let lines: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    for line in &lines {
        fits_schema(line);
    }
    lines
}

fn fits_schema(value: &Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/stats.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    // By its kind, so that what is wrong is named.
    let part = &schema["$defs"][value["kind"].as_str().unwrap()];
    assert_eq!(schema::fault(&schema, part, value), None);
    assert_eq!(schema::fault(&schema, &schema, value), None);
}

#[test]
fn tables_for_people() {
    let (code, out, said) = rdbkit(&["stats", &dense()]);
    assert_eq!((code, said.as_str()), (0, ""));
    for part in [
        "written by Redis 8.0.6",
        "keys       26 in 2 databases, 2 with an expiry",
        "on redis:8.0, with its own jemalloc",
        "functions  mylib",
        "quicklist-v2",
        "(no separator)",
        "a year or more",
        "use counter",
        "Largest keys by memory",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("approximate"), "{out}");
    let (code, out, _) = rdbkit(&["stats", &dense(), "--top", "0", "--for", "redis:7.4"]);
    assert_eq!(code, 0);
    assert!(!out.contains("Largest keys"), "{out}");
    assert!(
        out.contains("on redis:7.4, as measured on redis:8.0"),
        "{out}"
    );
}

#[test]
fn json_of_every_fixture_fits_and_adds_up() {
    let mut files = 0;
    for server in fs::read_dir(testdata("rdb")).unwrap() {
        for file in fs::read_dir(server.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let name = file.to_str().unwrap();
            let chosen = [
                "dense.rdb",
                "mini.rdb",
                "lfu.rdb",
                "hash-ttl.rdb",
                "empty.rdb",
            ];
            // Hash layouts of a release candidate are not to be read.
            if !chosen.iter().any(|n| name.ends_with(n)) || name.contains("m01") {
                continue;
            }
            let told = lines(&["stats", "--json", "--per-key", name]);
            let (stats, keys) = told.split_last().unwrap();
            assert_eq!(stats["total"]["keys"], keys.len(), "{name}");
            let sum: u64 = keys
                .iter()
                .map(|key| key["allocated"].as_u64().unwrap())
                .sum();
            assert_eq!(stats["memory"]["keys"], sum, "{name}");
            // Driven, the same comes out.
            assert_eq!(
                &lines(&["stats", "--json", name])[0]["types"],
                &stats["types"]
            );
            files += 1;
        }
    }
    assert!(files > 20, "{files}");
}

#[test]
fn a_filter_that_meets_nothing_says_so() {
    let told = &lines(&["stats", "--json", &dense(), "--type", "hash"])[0];
    assert_eq!(
        (&told["total"]["keys"], &told["seen"]),
        (&4.into(), &26.into())
    );
    let (code, _, said) = rdbkit(&["stats", &dense(), "-k", "nobody"]);
    assert_eq!(code, 1);
    assert!(
        said.contains("none of 26 keys matched") && said.contains("nobody"),
        "{said}"
    );
    let (code, _, said) = rdbkit(&["stats", &dense(), "--min-size", "9", "--max-size", "3"]);
    assert!(code == 2 && said.contains("exclude each other"), "{said}");
}

#[test]
fn separators_and_depth() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("a.rdb");
    fs::write(
        &file,
        b"REDIS0004\x00\x05a:b.c\xc0\x01\x00\x05a:b.d\xc0\x01\x00\x02\xff:\xc0\x01\xff",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let prefixes = |args: &[&str]| {
        let args = [&["stats", "--json", file], args].concat();
        let told = lines(&args)[0]["prefixes"]["top"].clone();
        let mut names: Vec<String> = told
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["prefix"].to_string())
            .collect();
        names.sort();
        names
    };
    assert_eq!(prefixes(&[]), ["\"a:\"", "{\"base64\":\"/zo=\"}"]);
    assert_eq!(prefixes(&["--separator", "."]), ["\"a:b.\""]);
    let both = ["--separator", ".", "--separator", ":"];
    assert_eq!(prefixes(&both).len(), 3);
    assert_eq!(prefixes(&[&both[..], &["--depth", "1"]].concat()).len(), 2);
    let (code, _, said) = rdbkit(&["stats", file, "--separator", "::"]);
    assert!(code == 2 && said.contains("one byte"), "{said}");
    // Names that are no text are quoted.
    let (_, out, _) = rdbkit(&["stats", file]);
    assert!(out.contains("\"\\xff:\""), "{out}");
}

#[test]
fn inputs_of_all_kinds() {
    let bytes = fs::read(dense()).unwrap();
    let mut piped = Command::cargo_bin("rdbkit").unwrap();
    let piped = piped
        .args(["stats", "-", "--json"])
        .write_stdin(bytes.clone())
        .output()
        .unwrap();
    let told: Value = serde_json::from_slice(&piped.stdout).unwrap();
    assert_eq!(
        told["total"],
        lines(&["stats", "--json", &dense()])[0]["total"]
    );

    let dir = TempDir::new().unwrap();
    let empty = dir.path().join("empty.rdb");
    fs::write(&empty, b"").unwrap();
    for (path, code, why) in [
        ("no such file", 2, "cannot open"),
        (dir.path().to_str().unwrap(), 2, "is a folder"),
        (empty.to_str().unwrap(), 1, "is empty"),
        (
            testdata("README.md").to_str().unwrap(),
            1,
            "not an RDB file",
        ),
    ] {
        let (found, out, said) = rdbkit(&["stats", path]);
        assert_eq!((found, out.as_str()), (code, ""), "{path}: {said}");
        assert!(said.contains(why), "{path}: {said}");
    }

    // Damage: what is before it is told, and that it is not all.
    let cut = dir.path().join("cut.rdb");
    fs::write(&cut, &bytes[..9_000]).unwrap();
    let (code, out, said) = rdbkit(&["stats", cut.to_str().unwrap(), "--json"]);
    let told: Value = serde_json::from_str(&out).unwrap();
    fits_schema(&told);
    assert_eq!(code, 1);
    assert!(told["damage"].is_string() && told["file_bytes"].is_null());
    assert!(said.contains("what is before it was counted"), "{said}");

    let (code, out, _) = rdbkit(&["stats", "--help"]);
    assert!(code == 0 && out.contains("--html") && out.contains("Exit code"));
}

#[test]
fn a_reader_that_went_away_is_no_trouble() {
    let mut child = Process::new(assert_cmd::cargo::cargo_bin("rdbkit"))
        .args(["stats", "--per-key", &dense()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn the_page_is_whole_and_nothing_in_it_runs() {
    let dir = TempDir::new().unwrap();
    let (file, page) = (dir.path().join("<b>.rdb"), dir.path().join("new.html"));
    let name = b"<script>alert('1')</script>&\"\xff:";
    let mut rdb = b"REDIS0004\x00".to_vec();
    rdb.push(name.len() as u8);
    rdb.extend_from_slice(name);
    rdb.extend_from_slice(b"\xc0\x01\xff");
    fs::write(&file, rdb).unwrap();
    let args = [
        "stats",
        file.to_str().unwrap(),
        "--html",
        page.to_str().unwrap(),
    ];
    let (code, _, said) = rdbkit(&args);
    assert!(code == 0 && said.contains("report written to"), "{said}");
    let html = fs::read_to_string(&page).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
    assert!(html.contains("&lt;script&gt;alert(&#39;1&#39;)"), "{html}");
    for part in [
        "<script", "<b>.rdb", "src=", "href=", "url(", "http", "onerror",
    ] {
        assert!(!html.contains(part), "{part}: {html}");
    }
    balanced(&html);

    // Written once; a second time only if asked to, and never over the source.
    let (code, _, said) = rdbkit(&args);
    assert!(code == 2 && said.contains("is there already"), "{said}");
    let (code, _, _) = rdbkit(&[&args[..], &["--force"]].concat());
    assert_eq!(code, 0);
    let (code, _, said) = rdbkit(&["stats", args[1], "--html", args[1], "--force"]);
    assert!(code == 2 && said.contains("is the source"), "{said}");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        2,
        "nothing is left behind"
    );
}

#[test]
fn the_page_alone_on_standard_output() {
    let dir = TempDir::new().unwrap();
    let output = Command::cargo_bin("rdbkit")
        .unwrap()
        .args(["stats", &dense(), "--html", "-"])
        .current_dir(&dir)
        .output()
        .unwrap();
    let html = String::from_utf8(output.stdout).unwrap();
    assert!(html.starts_with("<!DOCTYPE html>") && html.ends_with("</html>\n"));
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
    assert_eq!(fs::read_dir(&dir).unwrap().count(), 0);
    for more in ["--json", "--per-key"] {
        let (code, out, said) = rdbkit(&["stats", &dense(), "--html", "-", more]);
        assert!(
            code == 2 && out.is_empty() && said.contains("--html -"),
            "{said}"
        );
    }
}

/// Makes sure that every element that is opened is closed, in order.
fn balanced(html: &str) {
    let mut open = Vec::new();
    let mut rest = html.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(at) = rest.find('<') {
        let end = rest[at..].find('>').expect("a tag ends") + at;
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name.to_owned()), "{html}"),
            None => {
                let name = tag.split(' ').next().unwrap();
                if name != "meta" {
                    open.push(name.to_owned());
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn a_checksum_that_is_not_the_files_is_damage() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("bad.rdb");
    let mut file = fs::read(dense()).unwrap();
    *file.last_mut().unwrap() ^= 1;
    fs::write(&path, file).unwrap();
    let (code, out, said) = rdbkit(&["stats", path.to_str().unwrap()]);
    assert_eq!(code, 1, "{said}");
    assert!(format!("{out}{said}").contains("checksum"), "{out}{said}");
}
