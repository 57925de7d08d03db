//! `rdbkit diff`: which keys differ between two files.

mod input;

use std::io;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::diff::{Diff, DiffError, Difference, Side, Summary, Tally, ValueDifference};
use rdbkit_rdb::filter::Filter;

use self::input::Compared;
use crate::Streams;
use crate::args::DiffArgs;
use crate::exit::Exit;
use crate::positioned::Temporary;
use crate::progress::Job;
use crate::render::diff as render;
use crate::source::Failure;

/// Compares.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &DiffArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match compare(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            if args.json {
                render::json::failure(streams.out, &args.old, &args.new, &why)?;
            }
            Ok(exit)
        }
    }
}

fn compare(args: &DiffArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut filter = args
        .filter
        .filter(streams.now_ms)
        .map_err(Failure::trouble)?;
    let mut old = Compared::open(&args.old, args.temp_dir.as_deref()).map_err(Failure::trouble)?;
    let mut new = Compared::open(&args.new, args.temp_dir.as_deref()).map_err(Failure::trouble)?;
    let _job = Job::named(
        || format!("{} and {}", shown(&args.old), shown(&args.new)),
        || Some(old.len()? + new.len()?),
    );
    let mut temporary = Temporary::new(args.temp_dir.clone());
    let mut tally = Tally::new();
    let mut first_unknown = None;
    let diff = Diff::new(&old.file, &new.file)
        .ttl_tolerance_ms(args.ttl_tolerance.0)
        .max_memory(args.max_memory.0)
        .temp(&mut temporary)
        .threads(args.threads.map_or(0, usize::from))
        .filter(&mut filter);
    let summary = diff.run(|difference| {
        if let Difference::Key(key) = difference {
            tally.add(key);
            if let ValueDifference::Unknown { side, error } = &key.value
                && first_unknown.is_none()
            {
                let hint = match error.is_limit() {
                    true => "; --max-memory allows larger ones",
                    false => "",
                };
                first_unknown = Some(format!("{side} file: {error}{hint}"));
            }
        }
        match difference {
            _ if args.quiet || args.summary => Ok(()),
            difference if args.json => render::json::difference(streams.out, difference),
            difference => {
                let parts = args.full.then_some(args.max_parts);
                render::text::difference(streams.out, difference, parts)
            }
        }
    });
    let summary = summary.map_err(|error| failed(&old, &new, error))?;
    old.note_rest(summary.old.end);
    new.note_rest(summary.new.end);
    let unmet: Vec<String> = filter.unmet().collect();
    if args.json {
        let (paths, notes) = ([&*old.named, &*new.named], [&*old.notes, &*new.notes]);
        render::json::summary(streams.out, paths, &summary, &tally, notes)?;
    } else if !args.quiet {
        if args.summary {
            render::text::tally(streams.out, &tally)?;
        }
        render::text::summary(streams.out, &summary)?;
    }
    // What belongs to it is said even where the differences are not asked for.
    streams.out.flush()?;
    for note in old.notes.iter().chain(&new.notes) {
        writeln!(streams.err, "rdbkit: note: {note}")?;
    }
    for condition in unmet {
        writeln!(
            streams.err,
            "rdbkit: no key met this condition: {condition}"
        )?;
    }
    Ok(judge(&summary, &filter, first_unknown, streams)?)
}

/// What it comes to, and what else has to be said for that.
fn judge(
    summary: &Summary,
    filter: &Filter,
    first_unknown: Option<String>,
    streams: &mut Streams<'_>,
) -> io::Result<Exit> {
    if summary.duplicates > 0 {
        let n = summary.duplicates;
        writeln!(
            streams.err,
            "rdbkit: {n} keys are more than once in a file, which no server loads; they are not \
             compared"
        )?;
    }
    if let Some(why) = first_unknown {
        let n = summary.unknown;
        writeln!(
            streams.err,
            "rdbkit: {n} values could not be compared; of the first, the {why}"
        )?;
        return Ok(Exit::Trouble);
    }
    if !filter.is_empty() && filter.taken() == 0 {
        let seen = filter.seen();
        writeln!(
            streams.err,
            "rdbkit: none of {seen} keys of both files matched: nothing was compared"
        )?;
        return Ok(Exit::Trouble);
    }
    Ok(match summary.is_same() {
        true => Exit::Ok,
        false => Exit::Problems,
    })
}

fn failed(old: &Compared, new: &Compared, error: DiffError) -> Failure {
    let path = |side| match side {
        Side::Old => shown(&old.path),
        Side::New => shown(&new.path),
    };
    match error {
        DiffError::Visitor(error) => Failure::Output(error),
        DiffError::Source { side, error } => Failure::trouble(format!(
            "{}: {error}; nothing is said of a part",
            path(side)
        )),
        DiffError::Command { side, .. }
        | DiffError::Changed { side, .. }
        | DiffError::Databases { side, .. } => Failure::trouble(format!("{}: {error}", path(side))),
        error => Failure::trouble(error.to_string()),
    }
}
