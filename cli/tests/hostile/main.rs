//! Files and surroundings that mean harm: whatever they are, the program ends by
//! itself, says why, leaves nothing half done, and takes no more memory than it says.

#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod bombs;
mod changing;
mod flowing;
mod large;
mod lengths;
mod many;
mod nesting;
mod packed;
mod places;
mod writing;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use wait4::Wait4;

/// What a command may take, in MiB, whatever the file. Tests keep little in their own
/// memory: what the test has at its start counts as the program's.
const MEMORY: u64 = 64;

const HEADER: &[u8] = b"REDIS0012";
/// The end of a file that was saved without a checksum.
const END: &[u8] = b"\xff\0\0\0\0\0\0\0\0";

/// Every command that reads an RDB file: `F` is the file, `N` the new one.
const OF_RDB: [&[&str]; 14] = [
    &["check", "F"],
    &["check", "--json", "F"],
    &["digest", "F"],
    &["keys", "--long", "F"],
    &["get", "F", "k"],
    &["stats", "F"],
    &["export", "F", "-o", "N"],
    &["export", "F", "-o", "N", "--format", "csv"],
    &["export", "F", "-o", "N", "--format", "resp"],
    &["export", "F", "-o", "N", "--format", "restore"],
    &["extract", "F", "-o", "N"],
    &["salvage", "F", "-o", "N"],
    &["diff", "F", "other.rdb"],
    &["diff", "other.rdb", "F"],
];

/// The same of logs.
const OF_LOG: [&[&str]; 9] = [
    &["check", "F"],
    &["digest", "F"],
    &["aof", "log", "F"],
    &["aof", "points", "F"],
    &["aof", "stats", "F"],
    &["aof", "history", "F", "k"],
    &["aof", "cut", "F", "--before", "FLUSHALL", "-o", "N"],
    &["aof", "drop", "F", "FLUSHALL", "-o", "N"],
    &["aof", "repair", "F", "-o", "N"],
];

/// A folder to work in.
struct Place {
    dir: TempDir,
}

/// How a run ended.
#[derive(Debug)]
struct Said {
    code: i32,
    /// The first 64 KiB of each.
    out: String,
    err: String,
    /// MiB.
    peak: u64,
}

/// A run that has not ended.
struct Running {
    what: String,
    child: Child,
    out: File,
    err: File,
}

impl Place {
    /// With `other.rdb`, a file without keys.
    fn new() -> Place {
        let place = Place {
            dir: TempDir::new().unwrap(),
        };
        fs::write(place.at("other.rdb"), [HEADER, END].concat()).unwrap();
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        fs::write(self.at(name), bytes).unwrap();
    }

    /// Copies files of the test data.
    fn copy(&self, from: &str, to: &str) {
        let from = testdata(from);
        if from.is_file() {
            fs::copy(from, self.at(to)).unwrap();
            return;
        }
        fs::create_dir(self.at(to)).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), self.at(to).join(entry.file_name())).unwrap();
        }
    }

    /// A command line that is given up after two minutes.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("timeout");
        command.args(["-s", "KILL", "120"]).arg(program);
        command.current_dir(self.dir.path()).env("NO_COLOR", "1");
        command.stdin(Stdio::null());
        command
    }

    fn start(&self, mut command: Command) -> Running {
        let (out, err) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        command.stdout(out.try_clone().unwrap());
        command.stderr(err.try_clone().unwrap());
        Running {
            what: format!("{:?}", command.get_args().skip(3).collect::<Vec<_>>()),
            child: command.spawn().unwrap(),
            out,
            err,
        }
    }

    fn begin(&self, args: &[&str]) -> Running {
        let mut command = self.command(program());
        command.args(args);
        self.start(command)
    }

    fn run(&self, args: &[&str]) -> Said {
        self.begin(args).end()
    }

    /// Runs it with a line of shell around, which has `"$@"` where the program is.
    fn shell(&self, line: &str, args: &[&str]) -> Said {
        let mut command = self.command("sh");
        command.args(["-c", line, "sh"]).arg(program()).args(args);
        self.start(command).end()
    }

    /// Runs a line of the tables on `file`, within [`MEMORY`]. What fails leaves no
    /// new file.
    fn on(&self, file: &str, line: &[&str]) -> Said {
        let new = self.at("new");
        let args: Vec<_> = line
            .iter()
            .map(|word| match *word {
                "F" => file,
                "N" => "new",
                word => word,
            })
            .collect();
        let said = self.run(&args);
        assert!(said.peak < MEMORY, "{file}: {args:?}: {} MiB", said.peak);
        // What a format has no words for, what was lost to damage, and what a repair
        // cannot mend, is exit code 1 and told.
        let partly = match line {
            ["salvage", ..] => true,
            ["aof", "repair", ..] => said.out.contains("written: "),
            _ => said.err.contains("left out"),
        };
        let partly = partly && said.code == 1;
        assert!(
            said.code == 0 || partly || !new.exists(),
            "{file}: {args:?} left a file: {said:?}"
        );
        match new.is_dir() {
            true => fs::remove_dir_all(new).unwrap(),
            false => drop(fs::remove_file(new)),
        }
        said
    }
}

impl Running {
    /// Waits. It ends by itself, by no signal and no panic, and a failure is told.
    fn end(mut self) -> Said {
        let used = self.child.wait4().unwrap();
        let text = |mut file: File| {
            let mut text = Vec::new();
            file.rewind().unwrap();
            file.take(64 << 10).read_to_end(&mut text).unwrap();
            String::from_utf8_lossy(&text).into_owned()
        };
        let said = Said {
            code: used.status.code().unwrap_or(-1),
            out: text(self.out),
            err: text(self.err),
            peak: used.rusage.maxrss >> 20,
        };
        let what = self.what;
        assert!((0..=2).contains(&said.code), "{what}: {said:?}");
        assert!(!said.err.contains("panicked"), "{what}: {said:?}");
        let told = said.out.len() + said.err.len() > 0;
        assert!(said.code == 0 || told, "{what} says nothing");
        said
    }
}

fn program() -> PathBuf {
    assert_cmd::cargo::cargo_bin("rdbkit")
}

fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata")
        .join(name)
}

/// A length as the format has it, the longest form where it is needed.
fn length(n: u64) -> Vec<u8> {
    match n {
        0..64 => vec![n as u8],
        64..0x4000 => vec![0x40 | (n >> 8) as u8, n as u8],
        _ => [&b"\x81"[..], &n.to_be_bytes()].concat(),
    }
}

fn string(bytes: &[u8]) -> Vec<u8> {
    [&length(bytes.len() as u64), bytes].concat()
}

/// A compressed string that is said to have `len` bytes.
fn compressed(data: &[u8], len: u64) -> Vec<u8> {
    let sizes = [length(data.len() as u64), length(len)].concat();
    [b"\xc3", &sizes[..], data].concat()
}

/// Words as a command of a log.
fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut raw = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        raw.extend(format!("${}\r\n", word.len()).bytes());
        raw.extend(*word);
        raw.extend(b"\r\n");
    }
    raw
}
