//! Paths that lead to what is no file, or to one that may not be read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::{OF_LOG, OF_RDB, Place, program};

fn fifo(place: &Place, name: &str) {
    let made = Command::new("mkfifo").arg(place.at(name)).status();
    assert!(made.unwrap().success());
}

#[test]
fn what_is_no_file() {
    let place = Place::new();
    let _socket = UnixListener::bind(place.at("socket")).unwrap();
    fs::create_dir(place.at("folder")).unwrap();
    symlink("nowhere", place.at("dangling")).unwrap();
    symlink("loop", place.at("loop")).unwrap();
    for name in ["socket", "folder", "dangling", "loop", "absent", "absent/x"] {
        for line in OF_RDB.iter().chain(&OF_LOG) {
            let said = place.on(name, line);
            assert_eq!(said.code, 2, "{name} {line:?}: {said:?}");
            assert!(said.err.contains(name), "{name} {line:?}: {said:?}");
        }
    }
    // Endless, and without end of a file. Salvage would copy it to look at it twice.
    for name in ["/dev/zero", "/dev/full"] {
        for line in OF_RDB.iter().filter(|line| line[0] != "salvage") {
            assert!(place.on(name, line).code > 0, "{name} {line:?}");
        }
    }
}

/// A manifest may name what never ends, and what never begins.
#[test]
fn files_of_a_log_that_are_none() {
    let place = Place::new();
    for part in ["1.incr.aof", "1.base.rdb", "manifest"] {
        for kind in ["fifo", "socket", "zero"] {
            place.copy("aof/redis-8.0-sid/mp-ops", "log");
            let name = format!("log/appendonly.aof.{part}");
            fs::remove_file(place.at(&name)).unwrap();
            let mut held = None;
            match kind {
                "fifo" => fifo(&place, &name),
                "socket" => held = Some(UnixListener::bind(place.at(&name)).unwrap()),
                _ => symlink("/dev/zero", place.at(&name)).unwrap(),
            }
            let diff: &[&str] = &["diff", "F", "other.rdb"];
            for line in OF_LOG.iter().chain([&diff]) {
                if line[0] == "diff" && part == "1.incr.aof" {
                    continue;
                }
                let said = place.on("log", line);
                assert_eq!(said.code, 2, "{kind} {name} {line:?}: {said:?}");
            }
            drop(held);
            fs::remove_dir_all(place.at("log")).unwrap();
        }
    }
}

/// Pipes by name are read as far as they can be read once.
#[test]
fn a_pipe_by_name() {
    let place = Place::new();
    place.copy("rdb/redis-8.0-sid/dense.rdb", "dump.rdb");
    place.put("log.aof", &crate::command(&[b"SET", b"k", b"v"]));
    for (file, line) in [
        ("dump.rdb", OF_RDB[0]),
        ("dump.rdb", OF_RDB[2]),
        ("dump.rdb", OF_RDB[6]),
        ("dump.rdb", OF_RDB[10]),
        ("log.aof", OF_LOG[0]),
        ("log.aof", OF_LOG[4]),
        ("log.aof", OF_LOG[5]),
    ] {
        let _ = fs::remove_file(place.at("pipe"));
        fifo(&place, "pipe");
        let mut cat = place.command("sh");
        cat.args(["-c", "cat \"$0\" > pipe", file]);
        let mut cat = cat.spawn().unwrap();
        assert_eq!(place.on("pipe", line).code, 0, "{line:?}");
        cat.wait().unwrap();
    }
}

/// Root may read anything, so root becomes somebody else.
#[test]
fn what_may_not_be_read() {
    let place = Place::new();
    place.copy("rdb/redis-8.0-sid/dense.rdb", "dump.rdb");
    fs::copy(program(), place.at("rdbkit")).unwrap();
    let root = fs::metadata("/proc/self")
        .is_ok_and(|about| std::os::unix::fs::MetadataExt::uid(&about) == 0);
    let mode = |name: &str, mode| {
        fs::set_permissions(place.at(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("dump.rdb", 0);
    for line in OF_RDB {
        let mut command = place.command("./rdbkit");
        command.args(line.iter().map(|word| match *word {
            "F" => "dump.rdb",
            "N" => "new",
            word => word,
        }));
        if root {
            command.uid(65534).gid(65534);
        }
        let said = place.start(command).end();
        assert_eq!(said.code, 2, "{line:?}: {said:?}");
        assert!(said.err.contains("ermission denied"), "{line:?}: {said:?}");
    }
}
