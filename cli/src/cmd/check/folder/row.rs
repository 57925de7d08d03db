//! One file of a folder, as a line tells it.

use std::path::{Path, PathBuf};

use rdbkit_aof::fs::shown;
use rdbkit_rdb::verify::{Options, Verdict};

use super::contents::Candidate;
use super::json_of;
use crate::args::CheckArgs;
use crate::cmd::check::one::{self, Judged};
use crate::exit::Exit;
use crate::metrics::Sample;
use crate::policy::Policy;

/// What is told of a file. Its report is not kept: there may be thousands.
#[derive(Debug)]
pub struct Row {
    pub path: PathBuf,
    /// `None` where it could not be read.
    pub verdict: Option<Verdict>,
    pub exit: Exit,
    /// Whether it loads and is not what was demanded.
    pub violates: bool,
    /// Unix seconds.
    pub time: i64,
    /// Whether the file itself says so, and not the file system.
    pub own_time: bool,
    /// What is in it, in words.
    pub what: String,
    /// Why it does not load, or what there is to say though it does.
    pub why: Option<String>,
    /// What standard error is told.
    pub failures: Vec<String>,
    /// What monitoring is told.
    pub sample: Sample,
    /// The report for machines, if that was asked for.
    pub json: Vec<u8>,
}

impl Row {
    /// Judges a file.
    #[must_use]
    pub fn of(candidate: &Candidate, args: &CheckArgs, options: &Options, policy: &Policy) -> Row {
        let path = &candidate.path;
        let judged = one::judge(path, args, options);
        let judged = judged.map(|judged| judged.held_to(policy, path));
        let json = match args.json {
            true => json_of(&judged, path),
            false => Vec::new(),
        };
        let row = Row {
            path: path.clone(),
            verdict: None,
            exit: Exit::Trouble,
            violates: false,
            time: candidate.modified,
            own_time: false,
            what: String::new(),
            why: None,
            failures: Vec::new(),
            sample: Sample::default(),
            json,
        };
        match judged {
            Ok(judged) => row.judged(path, &judged),
            Err(why) => Row {
                failures: vec![why.clone()],
                why: Some(why),
                ..row
            },
        }
    }

    fn judged(self, path: &Path, judged: &Judged) -> Row {
        let own = judged.time();
        let failures = judged.failures();
        let told = failures.iter().cloned().chain(judged.note());
        let told: Vec<String> = told.map(|why| format!("{}: {why}", shown(path))).collect();
        Row {
            verdict: failures.is_empty().then(|| judged.verdict()),
            exit: judged.exit(),
            violates: judged.violates(),
            time: own.unwrap_or(self.time),
            own_time: own.is_some(),
            what: judged.what(),
            why: failures.into_iter().next().or_else(|| judged.why()),
            failures: told,
            sample: judged.sample(),
            ..self
        }
    }
}
