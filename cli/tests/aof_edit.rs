//! `rdbkit aof cut`, `drop` and `repair` as a user meets them.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod schema;

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
fn cut_before_a_command() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let before = data.files();
    let said = data.run(&["cut", "log", "--before", "FLUSHDB", "-o", "new"]);
    ok(&said);
    for part in [
        "log: cut at appendonly.aof.1.incr.aof:22628",
        "GOES   appendonly.aof.1.incr.aof:22628  -  db7    FLUSHDB",
        "loses      12 commands, 1 transaction",
        "keeps      231 commands",
        "written: new: 3 files, ",
        "verified ",
        "--appenddirname new --appendfilename appendonly.aof",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let mut after = data.files();
    let new = after.split_off(Path::new("new"));
    assert_eq!(after, before);
    assert_eq!(new.len(), 3);
    let old = &before[&Path::new("log").join(INCR)];
    assert!(new[&Path::new("new").join(INCR)] == old[..22628]);
    let kept = data.run(&["log", "new", "FLUSHDB", "-c"]);
    assert_eq!(kept.out, "0\n");
}

#[test]
fn cut_at_a_time_and_at_an_offset_agree() {
    let data = Data::of("redis-8.0-sid/ts");
    ok(&data.run(&[
        "cut",
        "log",
        "--until",
        "2026-11-20T21:11:36Z",
        "-o",
        "time",
    ]));
    let points = data.run(&["log", "time", "--tail", "1"]);
    assert!(
        points.out.contains("2026-11-20T21:11:36Z"),
        "{}",
        points.out
    );
    let length = fs::metadata(data.at("time").join(INCR))
        .unwrap()
        .len()
        .to_string();
    ok(&data.run(&[
        "cut", "log", "--at", &length, "--file", INCR, "-o", "offset",
    ]));
    for name in [INCR, "appendonly.aof.manifest", "appendonly.aof.1.base.rdb"] {
        let read = |log: &str| fs::read(data.at(log).join(name)).unwrap();
        assert!(read("time") == read("offset"), "{name}");
    }
    let said = data.refused(
        &["cut", "log", "--until", "2020-01-01T00:00:00Z", "-o", "new"],
        1,
    );
    assert!(
        said.contains("the log begins at 2026-11-20T21:11:34Z, after 2020-01-01T00:00:00Z"),
        "{said}"
    );
    let said = data.refused(&["cut", "log", "--until", "14:03", "-o", "new"], 2);
    assert!(said.contains("RFC 3339"), "{said}");
}

#[test]
fn drop_one_command_and_keep_the_rest() {
    let data = Data::of("valkey-9-sid/mp-ops");
    let old = fs::read(data.log().join(INCR)).unwrap();
    let said = data.run(&["drop", "log", "FLUSHDB", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("loses      1 command\n"), "{}", said.out);
    let new = fs::read(data.at("new").join(INCR)).unwrap();
    let flush = command("FLUSHDB");
    let at = old.windows(flush.len()).position(|w| w == flush).unwrap();
    assert!(new == [&old[..at], &old[at + flush.len()..]].concat());
}

#[test]
fn several_matches_are_a_choice() {
    let data = Data::single(&log(&[
        "SET a 1", "DEL a", "SELECT 2", "DEL a b", "SET c 1",
    ]));
    let said = data.refused(&["drop", "appendonly.aof", "DEL", "-o", "new"], 1);
    for part in [
        "2 commands match",
        "appendonly.aof:27  -  db0  DEL a",
        "db2  DEL a b",
        "--nth N",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    ok(&data.run(&[
        "drop",
        "appendonly.aof",
        "DEL",
        "--db",
        "2",
        "--key",
        "b",
        "-o",
        "one",
    ]));
    let wanted = log(&["SET a 1", "DEL a", "SELECT 2", "DEL a", "SET c 1"]);
    assert!(fs::read(data.at("one")).unwrap() == wanted);
    ok(&data.run(&["drop", "appendonly.aof", "DEL", "--all", "-o", "all"]));
    assert!(fs::read(data.at("all")).unwrap() == log(&["SET a 1", "SELECT 2", "SET c 1"]));
    let said = data.refused(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"], 1);
    assert!(said.contains("nothing matches among 5 commands"), "{said}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let data = Data::of("redis-7.0-bookworm/mp-ops");
    let before = data.files();
    for to in [
        &["--dry-run"][..],
        &["--dry-run", "-o", "new"],
        &["--in-place", "--dry-run"],
    ] {
        for edit in [
            &["cut", "log", "--before", "FLUSHDB"][..],
            &["drop", "log", "FLUSHDB"],
        ] {
            let said = data.run(&[edit, to].concat());
            ok(&said);
            assert!(
                said.out.contains("FLUSHDB")
                    && said.out.ends_with("dry run: nothing was written\n")
            );
            assert!(data.files() == before);
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn in_place_keeps_a_backup() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let before = data.files();
    let said = data.run(&[
        "drop",
        "log/appendonly.aof.manifest",
        "FLUSHDB",
        "--in-place",
    ]);
    ok(&said);
    assert!(
        said.out.contains("backup     the old log, untouched: "),
        "{}",
        said.out
    );
    let after = data.files();
    let backup = |path: &Path| path.to_str().unwrap().starts_with("log.bak-20");
    let kept: Vec<_> = after.iter().filter(|(path, _)| backup(path)).collect();
    assert_eq!(kept.len(), before.len());
    for (path, bytes) in kept {
        assert!(*bytes == before[&Path::new("log").join(path.file_name().unwrap())]);
    }
    assert_eq!(after.len(), 2 * before.len());
    assert_eq!(data.run(&["log", "log", "FLUSHDB", "-c"]).out, "0\n");
}

#[test]
fn in_place_a_single_file() {
    let old = log(&["SET a 1", "FLUSHALL", "SET b 1"]);
    let data = Data::single(&old);
    ok(&data.run(&[
        "cut",
        "appendonly.aof",
        "--before",
        "FLUSHALL",
        "--in-place",
    ]));
    let files = data.files();
    assert_eq!(files.len(), 2);
    assert!(files[Path::new("appendonly.aof")] == log(&["SET a 1"]));
    let (path, bytes) = files.last_key_value().unwrap();
    assert!(path.to_str().unwrap().starts_with("appendonly.aof.bak-20") && *bytes == old);
}

#[cfg(target_os = "linux")]
#[test]
fn who_writes_to_the_log_is_told() {
    let data = Data::single(&log(&["SET a 1", "FLUSHALL"]));
    let path = data.at("appendonly.aof");
    let held = fs::OpenOptions::new().append(true).open(&path).unwrap();
    let cut = ["cut", "appendonly.aof", "--before", "FLUSHALL"];
    let said = data.refused(&[&cut[..], &["--in-place"]].concat(), 2);
    assert!(said.contains("is open for writing by "), "{said}");
    let said = data.run(&[&cut[..], &["-o", "new"]].concat());
    assert_eq!(said.code, 0);
    assert!(
        said.err
            .contains("what it appends from now on is in no new log"),
        "{}",
        said.err
    );
    drop(held);
}

#[test]
fn what_cannot_be_is_said() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let cut = |path: &str, to: &str, code| {
        data.refused(&["cut", path, "--before", "FLUSHDB", "-o", to], code)
    };
    assert!(cut("none", "new", 2).contains("cannot open none: "));
    assert!(cut(".", "new", 2).contains("did you mean ./log?"));
    assert!(cut("log", "log", 2).contains("is there already"));
    assert!(cut("log", "none/new", 2).contains("there is no folder none"));
    assert!(cut("log", "..", 2).contains("is no name"));
    assert!(cut("-", "new", 2).contains("standard input"));
    assert!(cut("/dev/null", "new", 2).contains("no regular file"));
    let usage = |args: &[&str], part: &str| {
        let said = data.refused(args, 2);
        assert!(said.contains(part), "{part}: {said}");
    };
    usage(&["cut", "log", "--before", "FLUSHDB"], "--output");
    usage(&["cut", "log", "-o", "new"], "--before");
    usage(
        &[
            "cut", "log", "--before", "FLUSHDB", "--at", "1", "-o", "new",
        ],
        "cannot be used with",
    );
    usage(
        &[
            "cut",
            "log",
            "--before",
            "FLUSHDB",
            "-o",
            "new",
            "--in-place",
        ],
        "cannot be used with",
    );
    usage(&["drop", "log", "-o", "new"], "PATTERN");
    usage(&["drop", "log", "DEL", "--nth", "0", "-o", "new"], "--nth");
    usage(&["drop", "log", "DEL \"", "-o", "new"], "unbalanced quotes");
    usage(
        &["cut", "log", "--at", "5", "--file", "none", "-o", "new"],
        "the log has no file none",
    );
}

#[test]
fn where_nothing_can_be_written_is_said_first() {
    let data = Data::single(&log(&["SET a 1", "FLUSHALL"]));
    let cut = ["cut", "appendonly.aof", "--before", "FLUSHALL", "-o"];
    let said = data.refused(&[&cut[..], &["-"]].concat(), 2);
    assert!(said.contains("not standard output"), "{said}");
    let said = data.refused(&[&cut[..], &["new.aof/"]].concat(), 2);
    assert!(said.contains("the log is a single file"), "{said}");
}

#[test]
fn what_stays_of_a_pattern_is_said() {
    let data = Data::single(&log(&["SELECT 1", "SET a 1"]));
    let said = data.refused(&["drop", "appendonly.aof", "sel*", "-o", "new"], 1);
    assert!(
        said.contains("SELECT cannot be taken out at appendonly.aof:0"),
        "{said}"
    );
}

#[test]
fn an_offset_without_a_file_names_those_that_hold_commands() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let manifest = fs::read_to_string(data.log().join("appendonly.aof.manifest")).unwrap();
    fs::write(
        data.log().join("appendonly.aof.9.incr.aof"),
        log(&["SET a 1"]),
    )
    .unwrap();
    let more = "file appendonly.aof.9.incr.aof seq 9 type i\n";
    fs::write(data.log().join("appendonly.aof.manifest"), manifest + more).unwrap();
    let said = data.refused(&["cut", "log", "--at", "5", "-o", "new"], 2);
    assert!(
        said.contains("9.incr.aof") && said.contains("--file NAME"),
        "{said}"
    );
    assert!(!said.contains(".rdb"), "{said}");
}

#[test]
fn what_is_no_log_is_not_repaired_to_an_empty_one() {
    let data = Data::single(b"a letter\nto somebody\n");
    for more in [&[][..], &["--skip-damage"]] {
        let repair = [&["repair", "appendonly.aof", "-o", "new"][..], more].concat();
        let said = data.refused(&repair, 1);
        assert!(
            said.contains("no log at all") && said.contains("--allow-empty"),
            "{said}"
        );
    }
    ok(&data.run(&["repair", "appendonly.aof", "-o", "new", "--allow-empty"]));
    assert!(fs::read(data.at("new")).unwrap().is_empty());
    let data = Data::of("redis-8.0-sid/mp-ops");
    fs::write(data.log().join("appendonly.aof.manifest"), "# nothing\n").unwrap();
    let said = data.refused(&["repair", "log", "-o", "new"], 2);
    assert!(said.contains("names no file"), "{said}");
}

#[test]
fn an_empty_file_has_nothing_to_cut() {
    let data = Data::single(b"");
    let said = data.refused(
        &["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"],
        1,
    );
    assert!(said.contains("nothing matches among 0 commands"), "{said}");
}

#[test]
fn damage_is_in_the_way_of_a_drop() {
    let mut torn = log(&["SET a 1", "FLUSHALL", "SET b 1"]);
    torn.extend(b"*2\r\n$3\r\nDE");
    let data = Data::single(&torn);
    let said = data.refused(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"], 1);
    assert!(said.contains("rdbkit aof repair"), "{said}");
    // Behind a cut it goes anyway.
    let said = data.run(&["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(
        said.out.contains("there is damage behind the point"),
        "{}",
        said.out
    );
    assert!(fs::read(data.at("new")).unwrap() == log(&["SET a 1"]));
}

/// A user who may not write, and a limit on the size of files, as a full disk has one.
#[cfg(unix)]
#[test]
fn the_system_may_refuse() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let data = Data::of("redis-8.0-sid/mp-ops");
    let before = data.files();
    let program = data.at("rdbkit");
    fs::copy(assert_cmd::cargo::cargo_bin("rdbkit"), &program).unwrap();
    let run = |script: &str, uid: Option<u32>| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", script]).current_dir(data.dir.path());
        if let Some(uid) = uid {
            shell.uid(uid).gid(uid);
        }
        let output = shell.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{err}");
        err
    };
    let cut = "./rdbkit aof cut log --before FLUSHDB -o new";
    let said = run(&format!("trap '' XFSZ; ulimit -f 8; {cut}"), None);
    assert!(
        said.contains("cannot write ") && said.contains(INCR),
        "{said}"
    );
    let mode =
        |mode| fs::set_permissions(data.dir.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    // Root may write anywhere.
    let root = fs::metadata(data.dir.path()).unwrap().uid() == 0;
    let said = run(cut, root.then_some(65534));
    mode(0o755);
    assert!(
        said.contains("cannot make ") && said.contains("ermission denied"),
        "{said}"
    );
    fs::remove_file(program).unwrap();
    assert!(data.files() == before);
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

#[test]
fn repair_a_torn_end() {
    let good = log(&["SET a 1", "SET b 1"]);
    let torn = [&good[..], b"*2\r\n$3\r\nDE"].concat();
    let data = Data::single(&torn);
    let said = data.run(&["repair", "appendonly.aof", "-o", "new"]);
    ok(&said);
    assert!(
        said.out
            .contains("appendonly.aof:54: the file ends inside a command"),
        "{}",
        said.out
    );
    assert!(fs::read(data.at("new")).unwrap() == good);
    // A second time there is nothing to do: a new log is a copy, in place nothing changes.
    let said = data.run(&["repair", "new", "-o", "again"]);
    ok(&said);
    assert!(said.out.contains("nothing to be done"), "{}", said.out);
    assert!(fs::read(data.at("again")).unwrap() == good);
    let before = data.files();
    let said = data.run(&["repair", "new", "--in-place"]);
    ok(&said);
    assert!(
        said.out.ends_with("no change: nothing was written\n"),
        "{}",
        said.out
    );
    assert!(data.files() == before);
}

#[test]
fn repair_damage_in_the_middle() {
    let (head, tail) = (log(&["SET a 1"]), log(&["SET b 1", "SET c 1"]));
    let data = Data::single(&[&head[..], b"\0\0\0garbage\r\n", &tail].concat());
    ok(&data.run(&["repair", "appendonly.aof", "-o", "cut"]));
    assert!(fs::read(data.at("cut")).unwrap() == head);
    let said = data.run(&["repair", "appendonly.aof", "--skip-damage", "-o", "skipped"]);
    ok(&said);
    assert!(
        fs::read(data.at("skipped")).unwrap() == [head, tail].concat(),
        "{}",
        said.out
    );
}

#[test]
fn repair_goes_on_without_a_file_only_if_told() {
    let data = Data::of("redis-8.0-sid/mp-several-incr");
    let second = "appendonly.aof.2.incr.aof";
    fs::remove_file(data.log().join(second)).unwrap();
    let said = data.refused(&["repair", "log", "-o", "new"], 1);
    assert!(
        said.contains(second) && said.contains("--allow-missing"),
        "{said}"
    );
    let said = data.run(&["repair", "log", "--allow-missing", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("was not there"), "{}", said.out);
    let manifest = fs::read_to_string(data.at("new/appendonly.aof.manifest")).unwrap();
    assert!(
        !manifest.contains(second) && manifest.ends_with('\n'),
        "{manifest}"
    );
}

/// The walk-through is run by hand against servers; here, that what it says can be typed.
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
fn what_the_old_log_has_is_told_and_no_reason_to_fail() {
    let data = Data::single(&log(&["SET a 1", "JSON.SET j $ 1", "FLUSHALL", "SET b 1"]));
    let said = data.run(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"]);
    assert_eq!((said.code, said.err.as_str()), (1, ""));
    assert!(
        said.out
            .contains("refuses to start; the old log has this, too:"),
        "{}",
        said.out
    );
    assert!(said.out.contains("JSON.SET"), "{}", said.out);
    let wanted = log(&["SET a 1", "JSON.SET j $ 1", "SET b 1"]);
    assert!(fs::read(data.at("new")).unwrap() == wanted);
    // Known to the server that is meant, they are no reason for care.
    let cut = ["cut", "appendonly.aof", "--before", "FLUSHALL"];
    let known = data.run(
        &[
            &cut[..],
            &["--module-commands", "JSON.*,ft.*", "-o", "known"],
        ]
        .concat(),
    );
    ok(&known);
    assert!(!known.out.contains("with care"), "{}", known.out);
    let lines = ["HPEXPIREAT h 99 FIELDS 1 f", "FLUSHALL"];
    let data = Data::single(&log(&lines));
    for (server, code) in [("redis:8.0", 0), ("redis:7.0", 1)] {
        let said = data.run(&[&cut[..], &["--for", server, "-o", server]].concat());
        assert_eq!((said.code, said.err.as_str()), (code, ""), "{}", said.out);
    }
    // A database of a server with more of them than by default.
    let data = Data::single(&log(&["SELECT 20", "SET a 1", "FLUSHALL"]));
    let said = data.run(&["cut", "appendonly.aof", "--before", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(
        said.out.contains("with care: ") && said.out.contains("select-refused"),
        "{}",
        said.out
    );
}

#[test]
fn a_log_is_judged_for_the_product_whose_commands_it_has() {
    // Nothing but MSETEX tells that a Valkey wrote it.
    let data = Data::single(&log(&["MSETEX 1 a 1", "FLUSHALL", "SET b 1"]));
    let said = data.run(&["drop", "appendonly.aof", "FLUSHALL", "-o", "new"]);
    ok(&said);
    assert!(!said.out.contains("with care"), "{}", said.out);
}

#[cfg(target_os = "linux")]
#[test]
fn repair_mends_a_manifest() {
    let data = Data::of("valkey-9-sid/mp-ops");
    let path = data.log().join("appendonly.aof.manifest");
    let good = fs::read(&path).unwrap();
    fs::write(&path, [&good[..], &[0; 30]].concat()).unwrap();
    let said = data.refused(&["cut", "log", "--before", "FLUSHDB", "-o", "new"], 1);
    assert!(said.contains("manifest: "), "{said}");
    let said = data.run(&["repair", "log", "--in-place"]);
    ok(&said);
    assert!(
        said.out
            .contains("mended     zero bytes at the end of the manifest"),
        "{}",
        said.out
    );
    assert!(fs::read(&path).unwrap() == good);
    ok(&data.run(&["cut", "log", "--before", "FLUSHDB", "-o", "new"]));
}

#[test]
fn a_file_of_a_log_is_not_edited_alone() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let path = format!("log/{INCR}");
    for to in [&["--in-place"][..], &["-o", "new"], &["--dry-run"]] {
        let args = [&["cut", path.as_str(), "--before", "FLUSHDB"], to].concat();
        let said = data.refused(&args, 2);
        assert!(
            said.contains("is one file of the log log/appendonly.aof.manifest"),
            "{said}"
        );
    }
    // Elsewhere it is a log of its own.
    fs::copy(data.log().join(INCR), data.at("alone.aof")).unwrap();
    ok(&data.run(&["cut", "alone.aof", "--before", "FLUSHDB", "-o", "new"]));
}

#[test]
fn a_command_that_only_loses_keys_is_told() {
    let data = Data::single(&log(&["SET a 1", "DEL a b"]));
    let said = data.run(&["drop", "appendonly.aof", "DEL", "--key", "a", "-o", "new"]);
    ok(&said);
    assert!(said.out.contains("1 command loses some of the keys"));
    assert!(
        said.out.lines().all(|line| !line.trim().is_empty()),
        "{}",
        said.out
    );
}

#[test]
fn no_repair_is_promised_for_a_damaged_base() {
    let data = Data::of("redis-8.0-sid/mp-ops");
    let base = data.log().join("appendonly.aof.1.base.rdb");
    let bytes = fs::read(&base).unwrap();
    fs::write(&base, &bytes[..bytes.len() - 9]).unwrap();
    let said = data.refused(&["drop", "log", "FLUSHDB", "-o", "new"], 1);
    assert!(
        said.contains("cannot be mended here") && !said.contains("repair"),
        "{said}"
    );
}
