//! Compares what `rdbkit check` says with what running servers said.
//!
//! Usage: `rdbkit-live RDBKIT FOLDER [data] [asked]`, where `RDBKIT` is the program and
//! `FOLDER` holds what `live.sh` has just made; of that, only the parts named:
//!
//! ```text
//! data/SEED/SERVER/    dump.rdb, truth.json, birth.json: a data set and all the server told of it
//! asked/verdicts.jsonl damaged files, one a line, and whether a server loads them
//! asked/SERVER/        those files
//! disagree/            made here: the files of which server and rdbkit think differently
//! ```
//!
//! It is a program and no test, because it is nothing without servers: the plain
//! tests need none. Exit code: 0 all is equal, 1 something differs, 2 there was
//! nothing to compare.

mod asked;
mod dataset;
mod program;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use crate::program::Rdbkit;

/// What has been compared so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// Counts one comparison, and says where it failed.
    pub(crate) fn count(&mut self, what: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(why) => {
                self.failed += 1;
                eprintln!("FAILED {what}: {why}");
            }
        }
    }
}

/// What compares one part of the folder.
type Part = fn(&Rdbkit, &Path, &mut Tally) -> Result<(), String>;

const PARTS: [(&str, Part); 2] = [
    ("data", dataset::compare_all),
    ("asked", asked::compare_all),
];

fn main() -> ExitCode {
    let args: Vec<_> = std::env::args_os().skip(1).collect();
    let known = |named: &OsString| PARTS.iter().any(|(name, _)| named == name);
    let (rdbkit, folder, named) = match &args[..] {
        [rdbkit, folder, named @ ..] if named.iter().all(known) => (rdbkit, folder, named),
        _ => {
            eprintln!("usage: rdbkit-live RDBKIT FOLDER [data] [asked] (live.sh does it all)");
            return ExitCode::from(2);
        }
    };
    let (rdbkit, folder) = (Rdbkit::new(rdbkit), Path::new(folder));
    let mut tally = Tally::default();
    for (name, part) in PARTS {
        if !named.is_empty() && !named.iter().any(|n| n == name) {
            continue;
        }
        if let Err(why) = part(&rdbkit, folder, &mut tally) {
            eprintln!("rdbkit-live: {why}");
            return ExitCode::from(2);
        }
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    ExitCode::from(u8::from(tally.failed > 0))
}
