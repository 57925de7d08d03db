//! Compressed files: each command does with them what it does with plain ones.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use lz4_flex::frame::{FrameEncoder, FrameInfo};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::Value;
use tempfile::TempDir;

type Pack = fn(&[u8]) -> Vec<u8>;

const FORMATS: [(&str, Pack); 3] = [("gzip", gzip), ("zstd", zstd), ("lz4", lz4)];

const RDB: &str = "rdb/redis-8.0-sid/dense.rdb";
const AOF: &str = "aof/redis-7.0-bookworm/mp-ops/appendonly.aof.1.incr.aof";

/// Commands that take an RDB file at `F`.
const OF_RDB: [&[&str]; 10] = [
    &["check", "F"],
    &["check", "--for", "redis:6.2", "F"],
    &["digest", "--per-db", "F"],
    &["keys", "--long", "F"],
    &["get", "F", "he:lp"],
    &["stats", "F"],
    &["export", "-q", "F"],
    &["export", "-q", "F", "--format", "restore"],
    &["extract", "-q", "F", "-o", "-"],
    &["salvage", "F", "--dry-run"],
];

/// The same of logs.
const OF_LOG: [&[&str]; 6] = [
    &["check", "F"],
    &["digest", "F"],
    &["aof", "log", "F", "SET"],
    &["aof", "points", "F"],
    &["aof", "stats", "F"],
    &["aof", "history", "F", "k"],
];

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

fn zstd(data: &[u8]) -> Vec<u8> {
    compress_to_vec(data, CompressionLevel::Fastest)
}

fn lz4(data: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new().content_checksum(true);
    let mut out = FrameEncoder::with_frame_info(info, Vec::new());
    out.write_all(data).unwrap();
    out.finish().unwrap()
}

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

struct Place(TempDir);

impl Place {
    fn new() -> Place {
        Place(TempDir::new().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.0.path().join(name), bytes).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::cargo_bin("rdbkit").unwrap();
        command.current_dir(self.0.path()).env("NO_COLOR", "1");
        command.args(args);
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The report of `check --json` on one path, which fits the schema.
    fn report(&self, path: &str) -> (Value, Output) {
        let output = self.run(&["check", "--json", path]);
        let rules = fs::read(testdata("../docs/check.schema.json")).unwrap();
        let rules: Value = serde_json::from_slice(&rules).unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        if let Some(why) = schema::fault(&rules, &rules, &report) {
            panic!("{path}: {why}");
        }
        (report, output)
    }
}

/// The words of a command, with a path for `F`.
fn on<'w>(line: &[&'w str], path: &'w str) -> Vec<&'w str> {
    let word = |word: &&'w str| if *word == "F" { path } else { *word };
    line.iter().map(word).collect()
}

fn said(output: &Output) -> String {
    let text = [&output.stdout[..], &output.stderr].concat();
    String::from_utf8_lossy(&text).into_owned()
}

/// A report without the line on how the file is compressed.
fn without_wrapping(out: &[u8]) -> String {
    let text = String::from_utf8_lossy(out);
    let wrapping = |line: &&str| {
        let formats = FORMATS.map(|(format, _)| format!("  compressed {format}, "));
        formats.iter().any(|front| line.starts_with(front))
    };
    let lines = text.lines().filter(|line| !wrapping(line));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_command_takes_compressed_files_and_pipes() {
    for (file, commands) in [(RDB, &OF_RDB[..]), (AOF, &OF_LOG[..])] {
        let data = fs::read(testdata(file)).unwrap();
        for (format, pack) in FORMATS {
            // The name tells nothing: it is the same, so what is printed is the same too.
            let (plain, packed) = (Place::new(), Place::new());
            plain.put("file", &data);
            packed.put("file", &pack(&data));
            for line in commands {
                let (want, got) = (plain.run(&on(line, "file")), packed.run(&on(line, "file")));
                assert_eq!(
                    got.status.code(),
                    want.status.code(),
                    "{format} {line:?}: {}",
                    said(&got)
                );
                assert!(want.status.code() < Some(2), "{line:?}: {}", said(&want));
                let lines = without_wrapping(&got.stdout);
                // A log that passes by once has no time of its own, and one verdict.
                if line[..2] != ["aof", "points"] {
                    assert_eq!(lines, without_wrapping(&want.stdout), "{format} {line:?}");
                }
                let piped = packed
                    .command(&on(line, "-"))
                    .write_stdin(pack(&data))
                    .output()
                    .unwrap();
                assert_eq!(
                    piped.status.code(),
                    want.status.code(),
                    "{format} {line:?}: {}",
                    said(&piped)
                );
            }
        }
    }
}

#[test]
fn a_report_tells_how_a_file_is_compressed() {
    let data = fs::read(testdata(RDB)).unwrap();
    let place = Place::new();
    place.put("plain", &data);
    assert_eq!(place.report("plain").0["compression"], Value::Null);
    for (format, pack) in FORMATS {
        place.put("packed", &pack(&data));
        let (report, output) = place.report("packed");
        assert_eq!(output.status.code(), Some(0));
        let compression = serde_json::json!({
            "format": format,
            "bytes": pack(&data).len(),
            "unpacked": data.len(),
            "garbage": 0,
        });
        assert_eq!(report["compression"], compression);
        assert_eq!(report["bytes"], data.len());
    }
    let log = fs::read(testdata(AOF)).unwrap();
    place.put("log", &gzip(&log));
    let (report, _) = place.report("log");
    assert_eq!(
        (&report["kind"], &report["compression"]["unpacked"]),
        (&"aof".into(), &log.len().into())
    );
}

#[test]
fn damage_of_the_compressed_data_is_told_as_that() {
    let data = fs::read(testdata(RDB)).unwrap();
    let place = Place::new();
    for (format, pack) in FORMATS {
        let packed = pack(&data);
        let mut wrong = packed.clone();
        let at = wrong.len() - 4 - 4 * usize::from(format == "gzip");
        wrong[at] ^= 1;
        for (name, bytes, why) in [
            ("cut", &packed[..packed.len() / 2], "end too early, at byte"),
            (
                "short",
                &packed[..packed.len() - 1],
                "end too early, at byte",
            ),
            ("wrong", &wrong, "are damaged, at byte"),
        ] {
            place.put(name, bytes);
            let why = format!("the {format} data {why} ");
            let (report, output) = place.report(name);
            assert_eq!(output.status.code(), Some(2), "{format} {name}");
            assert_eq!(report["verdict"], Value::Null);
            let error = report["error"].as_str().unwrap();
            assert!(
                error.contains(&why) && error.contains("bytes unpacked"),
                "{error}"
            );
            for line in OF_RDB {
                if ["check", "salvage"].contains(&line[0]) {
                    continue;
                }
                let args = on(line, name);
                let output = place.run(&args);
                assert_eq!(
                    output.status.code(),
                    Some(2),
                    "{format} {line:?}: {}",
                    said(&output)
                );
                assert!(
                    said(&output).contains(&why),
                    "{format} {line:?}: {}",
                    said(&output)
                );
            }
        }
    }
}

/// A new file is not written from data of which some are missing.
#[test]
fn nothing_is_made_of_half_a_file() {
    let data = fs::read(testdata(RDB)).unwrap();
    let place = Place::new();
    for (_, pack) in FORMATS {
        let packed = pack(&data);
        place.put("cut", &packed[..packed.len() - 1]);
        for command in ["extract", "export"] {
            assert_eq!(
                place.run(&[command, "cut", "-o", "new"]).status.code(),
                Some(2)
            );
            assert!(!place.0.path().join("new").exists());
        }
    }
}

#[test]
fn a_salvage_takes_what_can_be_unpacked() {
    let data = fs::read(testdata(RDB)).unwrap();
    let packed = gzip(&data);
    let place = Place::new();
    place.put("cut.gz", &packed[..packed.len() * 2 / 3]);
    let output = place.run(&["salvage", "cut.gz", "-o", "new.rdb"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("what was unpacked before is salvaged"));
    assert_eq!(
        place.run(&["check", "-q", "new.rdb"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_diff_unpacks_to_the_side() {
    let data = fs::read(testdata(RDB)).unwrap();
    let place = Place::new();
    place.put("plain", &data);
    for (format, pack) in FORMATS {
        place.put("packed", &pack(&data));
        let output = place.run(&["diff", "packed", "plain", "--temp-dir", "."]);
        assert_eq!(output.status.code(), Some(0), "{format}: {}", said(&output));
        assert_eq!(fs::read_dir(place.0.path()).unwrap().count(), 2);
    }
    let output = place.run(&["diff", "packed", "plain", "--temp-dir", "nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("in nowhere"), "{}", said(&output));
}

#[test]
fn an_edit_wants_the_unpacked_log() {
    let place = Place::new();
    let log = fs::read(testdata(AOF)).unwrap();
    for (format, pack) in FORMATS {
        place.put("log it", &pack(&log));
        for args in [
            &["aof", "cut", "log it", "--before", "SET", "-o", "new"][..],
            &["aof", "drop", "log it", "SET", "-o", "new"],
            &["aof", "repair", "log it", "-o", "new"],
            &["aof", "repair", "log it", "--in-place"],
        ] {
            let output = place.run(args);
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let todo = format!("decompress it first: {format} -dc 'log it' > FILE");
            assert!(said(&output).contains(&todo), "{}", said(&output));
        }
        assert_eq!(fs::read(place.0.path().join("log it")).unwrap(), pack(&log));
    }
}

/// What comes twice is known when all has gone by, and then looked up.
#[test]
fn keys_that_come_twice_have_names() {
    // Twice each; the second and third of them close together, the last far behind.
    let far = vec![b'x'; 40_000];
    let string = |name: &[u8; 1], value: &[u8]| {
        let len = (value.len() as u32).to_be_bytes();
        [b"\x00\x01", &name[..], b"\x80", &len, value].concat()
    };
    let keys = [
        string(b"a", b"1"),
        string(b"b", b"1"),
        string(b"c", &far),
        string(b"a", b"1"),
        string(b"b", &far),
        string(b"c", b"1"),
    ];
    let data = [&b"REDIS0011"[..], &keys.concat(), b"\xff", &[0; 8]].concat();
    let log = [
        &data[..9],
        b"\xfa\x08aof-base\x011",
        &data[9..],
        b"*1\r\n$4\r\nPING\r\n",
    ]
    .concat();
    let place = Place::new();
    for (format, pack) in FORMATS {
        place.put("dump", &pack(&data));
        place.put("log", &pack(&log));
        let names = |report: &Value| {
            let found = report["findings"].as_array().unwrap().iter();
            let twice = found.filter(|f| f["code"] == "duplicate-key");
            let names: Vec<_> = twice.map(|f| f["key"].as_str().unwrap_or("?")).collect();
            names.join(" ")
        };
        let (report, _) = place.report("dump");
        assert_eq!(names(&report), "a b c", "{format}: {report}");
        let (report, _) = place.report("log");
        assert_eq!(
            names(&report["files"][0]["rdb"]),
            "a b c",
            "{format}: {report}"
        );
    }
}

#[test]
fn garbage_behind_gzip_is_a_warning() {
    let data = fs::read(testdata(RDB)).unwrap();
    let place = Place::new();
    place.put("dump.gz", &[gzip(&data), b"garbage".to_vec()].concat());
    let (report, output) = place.report("dump.gz");
    assert_eq!(
        (&report["verdict"], &report["compression"]["garbage"]),
        (&"loads".into(), &7.into())
    );
    assert_eq!(output.status.code(), Some(0));
    for line in OF_RDB {
        let args = on(line, "dump.gz");
        let output = place.run(&args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            said.contains("trailing garbage: 7 bytes"),
            "{line:?}: {said}"
        );
    }
}

#[test]
fn two_wrappings_are_one_too_many() {
    let place = Place::new();
    place.put(
        "a.tar.gz",
        &gzip(&[&[0; 257][..], b"ustar\0", &[0; 249]].concat()),
    );
    place.put("a.gz.gz", &gzip(&gzip(b"REDIS0012")));
    for (name, why) in [
        ("a.tar.gz", "a tar archive"),
        ("a.gz.gz", "compressed twice"),
    ] {
        for command in ["check", "digest", "keys", "stats", "salvage"] {
            let dry: &[&str] = if command == "salvage" {
                &["--dry-run"]
            } else {
                &[]
            };
            let output = place.run(&[&[command, name], dry].concat());
            assert_eq!(output.status.code(), Some(2), "{command}");
            assert!(said(&output).contains(why), "{command}: {}", said(&output));
        }
        let output = place.run(&["aof", "stats", name]);
        assert!(said(&output).contains(why), "{}", said(&output));
    }
}

/// They are what the originals are, and those know no compression.
#[test]
fn drop_in_tools_take_no_compressed_files() {
    let place = Place::new();
    let data = fs::read(testdata(RDB)).unwrap();
    place.put("dump.rdb", &gzip(&data));
    for (tool, why) in [
        ("redis-check-rdb", "Wrong signature"),
        ("redis-check-aof", "is not valid"),
    ] {
        let mut command = Command::cargo_bin(tool).unwrap();
        let output = command
            .arg("dump.rdb")
            .current_dir(place.0.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = said(&output);
        assert!(said.contains(why) && !said.contains("gzip"), "{said}");
    }
}

/// An offset in a report is one of the unpacked data, and there it is looked at.
#[test]
fn places_are_those_of_the_unpacked_data() {
    let data = fs::read(testdata(RDB)).unwrap();
    let (plain, packed) = (Place::new(), Place::new());
    plain.put("file", &data);
    packed.put("file", &zstd(&data));
    for at in ["0", "937", "10731"] {
        let args = ["inspect", "file", "--at", at];
        let (want, got) = (plain.run(&args), packed.run(&args));
        assert_eq!(said(&got), said(&want));
    }
    packed.put("file", &zstd(&data)[..500]);
    let output = packed.run(&["inspect", "file", "--at", "1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("the zstd data end too early"));
}
