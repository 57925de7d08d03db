//! One file or log: judged, told, and what it means for the exit code.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;

use rdbkit_aof::fs::{shown, shown_name};
use rdbkit_aof::verify::{Effect, FileReport, SetReport};
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::verify::{self, Options, Report, Server, Verdict};

use super::log;
use super::names::name_duplicates;
use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::input::{Input, packed_otherwise};
use crate::metrics::Sample;
use crate::policy::{Facts, Policy, Violation};
use crate::render::text::counted;
use crate::render::wrapping::Wrapping;
use crate::{Streams, render};

/// What was found out about one path.
pub struct Judged {
    found: Found,
    wrapping: Wrapping,
    /// Demands that are not met; `None` where none were made.
    violations: Option<Vec<Violation>>,
}

enum Found {
    Rdb(Box<Report>),
    Log(Box<SetReport>),
}

/// Bytes of a file that tell what it is: its AUX fields stand among them.
const HEAD: u64 = 4 << 10;

/// Judges what `path` names.
///
/// # Errors
///
/// In words, why it cannot be read or is neither an RDB file nor a log.
pub fn judge(path: &Path, args: &CheckArgs, options: &Options) -> Result<Judged, String> {
    if log::is_set(path)? {
        let report = log::check(path, args)?;
        return Ok(Judged {
            found: Found::Log(Box::new(report)),
            wrapping: Wrapping::default(),
            violations: None,
        });
    }
    let mut input = Input::open(path).map_err(|e| e.to_string())?;
    let mut head = Vec::with_capacity(HEAD as usize);
    (&mut input)
        .take(HEAD)
        .read_to_end(&mut head)
        .map_err(|e| format!("cannot read {}: {e}", shown(path)))?;
    if let Some(what) = unreadable(&head) {
        return Err(format!("{} is {what}", shown(path)));
    }
    let mut found = match is_log(path, args, &head) {
        true => Found::Log(Box::new(single(path, args, &head, &mut input))),
        false => {
            let mut report = verify::stream(head.as_slice().chain(&mut input), options);
            name_duplicates(&mut report, &input, path);
            Found::Rdb(Box::new(report))
        }
    };
    let mut wrapping = Wrapping {
        compression: input.compression().cloned(),
        damage: None,
    };
    // Where judging ended early, nobody has seen yet whether that is all's fault.
    if !found.has_failed()
        && let Err(error) = input.finish()
    {
        match &mut found {
            Found::Rdb(_) => wrapping.damage = Some(error.to_string()),
            Found::Log(report) => report.failure = Some(error.to_string()),
        }
    }
    Ok(Judged {
        found,
        wrapping,
        violations: None,
    })
}

/// A log that is one file. A pipe is gone behind that; the report tells what it should
/// be judged for.
fn single(path: &Path, args: &CheckArgs, head: &[u8], input: &mut Input) -> SetReport {
    let mut report = match input.compression() {
        Some(_) => log::compressed(path, head.chain(&mut *input), args),
        None if input.is_file() => log::file(path, args),
        None => log::single(path, head.chain(&mut *input), args),
    };
    for rdb in report.files.iter_mut().filter_map(|f| f.rdb.as_mut()) {
        name_duplicates(rdb, input, path);
    }
    report
}

/// Whether a file is a log: by its content, or its name. An RDB file may be one
/// with nothing behind it yet; its AUX fields say so.
fn is_log(path: &Path, args: &CheckArgs, head: &[u8]) -> bool {
    if is_named_aof(path) {
        return true;
    }
    match sniff(head) {
        Layout::Commands => true,
        Layout::Rdb if args.base.is_none() => {
            let front = verify::slice(head, &Options::default());
            let says = |name| front.aux(name).is_some_and(|value| value == b"1");
            says("aof-base") || says("aof-preamble")
        }
        _ => false,
    }
}

/// `a.aof`, and `a.aof.gz` and the like.
fn is_named_aof(path: &Path) -> bool {
    let aof = Some(OsStr::new("aof"));
    let packed = path
        .extension()
        .is_some_and(|end| ["gz", "zst", "lz4"].iter().any(|packed| end == *packed));
    path.extension() == aof
        || packed
            && path
                .file_stem()
                .is_some_and(|stem| Path::new(stem).extension() == aof)
}

/// What a file is that is clearly meant to be something else.
fn unreadable(head: &[u8]) -> Option<String> {
    match sniff(head) {
        Layout::Manifest => {
            Some("a manifest; its files cannot be found from a pipe: name its path".to_owned())
        }
        _ => packed_otherwise(head, "check"),
    }
}

impl Found {
    fn has_failed(&self) -> bool {
        match self {
            Found::Rdb(report) => report.failure.is_some(),
            Found::Log(report) => report.has_failed(),
        }
    }
}

impl Judged {
    /// What it means for the exit code.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match &self.found {
            _ if self.found.has_failed() || self.wrapping.damage.is_some() => Exit::Trouble,
            Found::Rdb(report) => match report.verdict() {
                Verdict::Loads => self.of_policy(),
                Verdict::LoadsTruncated | Verdict::Refused | Verdict::Undecided => Exit::Problems,
            },
            Found::Log(report) => match report.worst_of_all() {
                None | Some(Effect::Loads) => self.of_policy(),
                Some(_) => Exit::Problems,
            },
        }
    }

    fn of_policy(&self) -> Exit {
        let violates = |found: &[Violation]| !found.is_empty();
        match self.violations.as_deref().is_some_and(violates) {
            true => Exit::Problems,
            false => Exit::Ok,
        }
    }

    /// Whether nothing is wrong with it but that it is not what was demanded.
    #[must_use]
    pub fn violates(&self) -> bool {
        let good = match &self.found {
            Found::Rdb(report) => report.verdict() == Verdict::Loads,
            Found::Log(report) => matches!(report.worst_of_all(), None | Some(Effect::Loads)),
        };
        good && self.exit() == Exit::Problems
    }

    /// Compares with what was demanded.
    #[must_use]
    pub fn held_to(mut self, policy: &Policy, path: &Path) -> Judged {
        // Of what could not be read to its end, nothing else can be said.
        if policy.is_some() && self.failures().is_empty() {
            self.violations = Some(policy.violations(path, &self.facts()));
        }
        self
    }

    /// What monitoring is told of it.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let facts = self.facts();
        let mut findings = BTreeMap::new();
        let mut count = |name, n| *findings.entry(name).or_default() += n;
        match &self.found {
            Found::Rdb(report) => {
                for (code, n) in &report.totals {
                    count(code.name(), *n);
                }
            }
            Found::Log(report) => {
                let files = report.files.iter().map(|file| &file.totals);
                for (code, n) in files.chain([&report.totals]).flatten() {
                    count(code.name(), *n);
                }
            }
        }
        let mut violations = BTreeMap::new();
        for violation in self.violations.iter().flatten() {
            *violations.entry(violation.rule).or_default() += 1;
        }
        Sample {
            ok: self.exit() == Exit::Ok,
            verdict: self.failures().is_empty().then(|| self.verdict().name()),
            time: facts.time,
            keys: facts.keys,
            bytes: facts.bytes,
            findings,
            violations,
            files: None,
        }
    }

    fn facts(&self) -> Facts {
        let (keys, bytes, server) = match &self.found {
            Found::Rdb(report) => (Some(report.total().keys), Some(report.bytes), report.server),
            Found::Log(report) => (None, None, Some(report.server)),
        };
        Facts {
            time: self.time(),
            keys,
            bytes,
            server: server.unwrap_or(Server::REDIS),
        }
    }

    /// Tells it as it was asked for.
    ///
    /// # Errors
    ///
    /// Of writing to the streams.
    pub fn tell(&self, path: &Path, args: &CheckArgs, streams: &mut Streams<'_>) -> io::Result<()> {
        for why in self.failures() {
            writeln!(streams.err, "rdbkit: {}: {why}", shown(path))?;
        }
        if let Some(note) = self.note() {
            writeln!(streams.err, "rdbkit: {}: note: {note}", shown(path))?;
        }
        let (out, wrapping) = (&mut *streams.out, &self.wrapping);
        match &self.found {
            _ if args.quiet => Ok(()),
            _ if args.json => self.json(path, out),
            Found::Rdb(report) => render::text::report(out, path, report, wrapping),
            Found::Log(report) => render::text::log::report(out, path, report, wrapping),
        }?;
        match &self.violations {
            Some(violations) if !args.quiet && !args.json => {
                render::policy::rows(streams.out, violations)
            }
            _ => Ok(()),
        }
    }

    /// Writes the report as a line of JSON.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn json(&self, path: &Path, out: &mut dyn io::Write) -> io::Result<()> {
        let (wrapping, policy) = (&self.wrapping, self.violations.as_deref());
        match &self.found {
            Found::Rdb(report) => render::json::report(out, path, report, wrapping, policy),
            Found::Log(report) => render::json::log::report(out, path, report, wrapping, policy),
        }
    }

    /// What a server does; of no meaning where there are [`failures`](Self::failures).
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match &self.found {
            Found::Rdb(report) => report.verdict(),
            Found::Log(report) => report.verdict(),
        }
    }

    /// When it was written, as far as it says: Unix seconds. Of a log, the time of its
    /// last annotation.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        let of_rdb = |report: &Report| std::str::from_utf8(report.aux("ctime")?).ok()?.parse().ok();
        match &self.found {
            Found::Rdb(report) => of_rdb(report),
            Found::Log(report) => report.counts().last_time,
        }
    }

    /// What is in it, in a few words.
    #[must_use]
    pub fn what(&self) -> String {
        match &self.found {
            Found::Rdb(report) => counted(report.total().keys, "key", "keys"),
            Found::Log(report) => {
                let rdb = report.files.iter().filter_map(|file| file.rdb.as_ref());
                let keys: u64 = rdb.map(|rdb| rdb.total().keys).sum();
                let commands = counted(report.counts().commands, "command", "commands");
                match keys {
                    0 => commands,
                    keys => format!("{} and {commands}", counted(keys, "key", "keys")),
                }
            }
        }
    }

    /// The worst of what was found, and how much else there is, where that is a problem.
    #[must_use]
    pub fn why(&self) -> Option<String> {
        if self.exit() == Exit::Ok {
            return None;
        }
        if let Some([first, more @ ..]) = self.violations.as_deref() {
            return Some(match more.len() {
                0 => first.to_string(),
                n => format!("{first}, and {n} more"),
            });
        }
        let (first, all) = match &self.found {
            Found::Rdb(report) => {
                let worst = report.findings.iter().rev().max_by_key(|f| f.severity);
                let worst = worst.map(|f| format!("{f} [{}]", f.code));
                (worst, report.totals.values().sum::<u64>())
            }
            Found::Log(report) => worst_of(report),
        };
        let more = all.saturating_sub(1);
        let first = first?;
        Some(match more {
            0 => first,
            _ => format!("{first}, and {} more", counted(more, "finding", "findings")),
        })
    }

    /// What there is to say though there is a verdict.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        self.wrapping.compression.as_ref()?.note()
    }

    /// Why there is no verdict.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        match &self.found {
            Found::Rdb(report) => {
                let failure = report.failure.as_ref().map(ToString::to_string);
                failure
                    .into_iter()
                    .chain(self.wrapping.damage.clone())
                    .collect()
            }
            Found::Log(report) => report.failures(),
        }
    }
}

/// The worst finding of a log and its files, and how many there are.
fn worst_of(report: &SetReport) -> (Option<String>, u64) {
    let beside = report.findings.iter().map(|f| (f, f.file.as_deref()));
    let inside = report.files.iter().flat_map(|file| {
        let name = report.manifest.as_ref().map(|_| file.name.as_slice());
        file.findings.iter().map(move |f| (f, name))
    });
    let mut all: Vec<_> = beside.chain(inside).collect();
    // The first of the worst.
    all.reverse();
    let worst = all.iter().max_by_key(|(finding, _)| finding.effect);
    let worst = worst.map(|(finding, file)| {
        let file = file.map_or_else(String::new, |file| format!("{}: ", shown_name(file)));
        format!("{file}{finding} [{}]", finding.code)
    });
    let totals = |file: &FileReport| file.totals.values().sum::<u64>();
    let files: u64 = report.files.iter().map(totals).sum();
    (worst, files + report.totals.values().sum::<u64>())
}

/// Tells of a path that could not be judged.
///
/// # Errors
///
/// Of writing to the streams.
pub fn tell_failure(
    path: &Path,
    why: &str,
    args: &CheckArgs,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    writeln!(streams.err, "rdbkit: {why}")?;
    if args.json {
        render::json::failure(streams.out, path, why)?;
    }
    Ok(())
}
