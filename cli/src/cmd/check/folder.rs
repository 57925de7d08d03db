//! A folder that is no log: backups, or the data of a server, each judged, and newest first.

mod contents;
mod data;
mod row;

use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::verify::Options;

use self::contents::{Candidate, Contents};
pub use self::contents::{Skipped, Why};
pub use self::row::Row;
use super::{log, one};
use crate::args::CheckArgs;
use crate::exit::Exit;
use crate::metrics::Sample;
use crate::policy::Policy;
use crate::progress::Job;
use crate::render::folder as render;
use crate::{Streams, render::json};

/// Whether a path is such a folder. Those with a manifest, or with files that had one,
/// are logs.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path != Path::new("-") && path.is_dir() && !log::is_log_folder(path)
}

/// Judges all persistence files in a folder, and logs that are folders in it.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn check(
    path: &Path,
    args: &CheckArgs,
    options: &Options,
    policy: &Policy,
    streams: &mut Streams<'_>,
) -> io::Result<(Exit, Sample)> {
    let contents = match Contents::of(path) {
        Ok(contents) => contents,
        Err(error) => {
            let why = format!("cannot read the folder {}: {error}", shown(path));
            one::tell_failure(path, &why, args, streams)?;
            return Ok((Exit::Trouble, Sample::default()));
        }
    };
    if contents.candidates.is_empty() {
        for line in render::skipped(&contents.skipped) {
            writeln!(streams.err, "rdbkit: {}: {line}", shown(path))?;
        }
        let why = format!(
            "{}: nothing to check: no manifest in this folder, no RDB file and no log",
            shown(path)
        );
        one::tell_failure(path, &why, args, streams)?;
        return Ok((Exit::Trouble, Sample::default()));
    }
    let judged = policy.of_any_age();
    let mut rows = judge_all(path, &contents.candidates, args, options, &judged);
    // Newest first; what is of the same second by name.
    rows.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.path.cmp(&b.path)));
    hold_to_age(&mut rows, &contents.candidates, args, options, policy);
    let worst = rows.iter().map(|row| row.exit).max().unwrap_or(Exit::Ok);
    for row in &rows {
        for why in &row.failures {
            writeln!(streams.err, "rdbkit: {why}")?;
        }
    }
    let statement = data::statement(path, &rows);
    if args.json {
        for row in &rows {
            streams.out.write_all(&row.json)?;
        }
        // Standard output is for what a program reads.
        let summary = render::summary(&rows, &contents.skipped);
        for line in statement.iter().chain(&summary) {
            writeln!(streams.err, "rdbkit: {}: {line}", shown(path))?;
        }
    } else if !args.quiet {
        render::report(streams.out, path, &rows, &contents.skipped, &statement)?;
    }
    Ok((worst, sample(&rows)))
}

/// Backups are as old as the newest of them. Which one that is shows when all are judged,
/// and reports are made by then: if it is too old, it is judged once more.
fn hold_to_age(
    rows: &mut [Row],
    candidates: &[Candidate],
    args: &CheckArgs,
    options: &Options,
    policy: &Policy,
) {
    if let Some(newest) = rows.first_mut()
        && (policy.age_violation(newest.own_time.then_some(newest.time))).is_some()
        && let Some(candidate) = candidates.iter().find(|c| c.path == newest.path)
    {
        *newest = Row::of(candidate, args, options, policy);
    }
}

/// What monitoring is told: of the newest backup, and how many there are. A series for
/// each file would begin anew every night.
fn sample(rows: &[Row]) -> Sample {
    let ok = rows.iter().filter(|row| row.exit == Exit::Ok).count();
    let newest = rows.first().map(|row| row.sample.clone());
    Sample {
        files: Some((rows.len() as u64, ok as u64)),
        ..newest.unwrap_or_default()
    }
}

/// Judges several files at a time, or one after the other with all threads where one is
/// most of it all.
fn judge_all(
    path: &Path,
    candidates: &[Candidate],
    args: &CheckArgs,
    options: &Options,
    policy: &Policy,
) -> Vec<Row> {
    let available = || thread::available_parallelism().map_or(1, usize::from);
    let threads = match args.threads() {
        0 => available(),
        threads => threads,
    };
    let bytes = |candidate: &Candidate| candidate.bytes;
    let total: u64 = candidates.iter().map(bytes).sum();
    let most = candidates.iter().map(bytes).max().unwrap_or_default();
    let at_once = match most > total / 2 {
        true => 1,
        false => threads.min(candidates.len()),
    };
    let each = u8::try_from(threads / at_once.max(1)).unwrap_or(1).max(1);
    let args = &CheckArgs {
        threads: Some(each),
        ..args.clone()
    };
    let options = &Options {
        threads: usize::from(each),
        ..options.clone()
    };
    // The largest first, so that none of them is left alone at the end.
    let mut order: Vec<&Candidate> = candidates.iter().collect();
    order.sort_by_key(|candidate| std::cmp::Reverse(candidate.bytes));
    let _job = Job::begin(path, || Some(total));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(order.len()));
    let work = || {
        while let Some(candidate) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            let row = Row::of(candidate, args, options, policy);
            // A job that panics does so before the lock is taken.
            if let Ok(mut done) = done.lock() {
                done.push(row);
            }
        }
    };
    if at_once <= 1 {
        work();
    } else {
        thread::scope(|scope| {
            for _ in 0..at_once {
                scope.spawn(work);
            }
        });
    }
    done.into_inner().unwrap_or_default()
}

/// A report as one line of JSON.
fn json_of(judged: &Result<one::Judged, String>, path: &Path) -> Vec<u8> {
    let mut line = Vec::new();
    // Memory takes all that is written.
    let _ = match judged {
        Ok(judged) => judged.json(path, &mut line),
        Err(why) => json::failure(&mut line, path, why),
    };
    line
}
