//! Where the result goes, and what is in the way.

use super::*;

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
fn where_nothing_can_be_written_is_said_first() {
    let data = Data::single(&log(&["SET a 1", "FLUSHALL"]));
    let cut = ["cut", "appendonly.aof", "--before", "FLUSHALL", "-o"];
    let said = data.refused(&[&cut[..], &["-"]].concat(), 2);
    assert!(said.contains("not standard output"), "{said}");
    let said = data.refused(&[&cut[..], &["new.aof/"]].concat(), 2);
    assert!(said.contains("the log is a single file"), "{said}");
}
