//! `rdbkit stats`: what a file is made of, and what it will take in memory.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::stats::{Options, Stats};

use crate::Streams;
use crate::args::RdbStatsArgs;
use crate::exit::Exit;
use crate::output::NewFile;
use crate::render::stats::{self as render, html, json, key as key_line};
use crate::source::{Failure, Source};

/// Counts, and tells.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &RdbStatsArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match tell(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            // Where that is for the page, it is no place for another thing.
            if args.json && !is_page_only(args) {
                json::failure(streams.out, &args.file, &why)?;
            }
            Ok(exit)
        }
    }
}

fn tell(args: &RdbStatsArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let filter = args
        .filter
        .filter(streams.now_ms)
        .map_err(Failure::trouble)?;
    // Begun first: better to learn at once that it cannot be written.
    let page_only = is_page_only(args);
    if page_only && (args.json || args.per_key) {
        let why = "--html - writes the page to standard output, where nothing else can be: \
                   name a file, or leave out --json and --per-key";
        return Err(Failure::trouble(why));
    }
    let new = args.html.as_ref().filter(|_| !page_only);
    let new = new.map(|path| NewFile::create(path, args.force, &args.file));
    let new = new.transpose().map_err(Failure::trouble)?;
    let mut source = Source::open(&args.file, "stats")?;
    let separators = match args.separator.is_empty() {
        true => b":".to_vec(),
        false => args.separator.clone(),
    };
    let options = Options {
        server: args.server,
        allocator: args.allocator.into(),
        now_ms: streams.now_ms,
        top: args.top as usize,
        separators,
        depth: args.depth as usize,
        ..Options::default()
    };
    let mut stats = Stats::new(options).filtered(filter);
    let counted = match args.per_key {
        true => per_key(args, &mut source, &mut stats, streams),
        false => source
            .reader
            .read_stats(&mut stats)
            .map_err(|e| Failure::of_file(&args.file, &e)),
    };
    let damage = match counted {
        Ok(()) => {
            if let Some(note) = source.end(&args.file)? {
                writeln!(streams.err, "rdbkit: note: {note}")?;
            }
            None
        }
        // What stands before damage is worth knowing; trouble is not.
        Err(Failure::Job(Exit::Problems, why)) => Some(why),
        Err(other) => return Err(other),
    };
    if let Some(new) = new {
        write_html(args, new, &stats, damage.as_deref(), streams.now_ms)?;
    }
    match args.json {
        _ if page_only => {
            html::page(
                streams.out,
                &args.file,
                &stats,
                damage.as_deref(),
                streams.now_ms,
            )?;
        }
        true => json::json(streams.out, &args.file, &stats, damage.as_deref())?,
        false => render::text(streams.out, &args.file, &stats)?,
    }
    end(args, &stats, damage, streams)
}

/// Whether the page goes to standard output.
fn is_page_only(args: &RdbStatsArgs) -> bool {
    args.html.as_deref() == Some(Path::new("-"))
}

/// Each key as it comes.
fn per_key(
    args: &RdbStatsArgs,
    source: &mut Source,
    stats: &mut Stats,
    streams: &mut Streams<'_>,
) -> Result<(), Failure> {
    let failed = |e| Failure::of_file(&args.file, &e);
    stats.begin(source.format.dialect(), source.format.version());
    if !args.json {
        key_line::heading(streams.out)?;
    }
    loop {
        let at = source.reader.offset();
        let Some(event) = source.reader.next_event().map_err(failed)? else {
            return Ok(());
        };
        let Some(key) = stats.event(at, &event).map_err(failed)? else {
            continue;
        };
        match args.json {
            true => key_line::json(streams.out, &key)?,
            false => key_line::row(streams.out, &key)?,
        }
    }
}

fn write_html(
    args: &RdbStatsArgs,
    mut new: NewFile,
    stats: &Stats,
    damage: Option<&str>,
    now_ms: i64,
) -> Result<(), Failure> {
    let path = args.html.as_deref().unwrap_or(&args.file);
    let cannot = |e: io::Error| Failure::trouble(format!("cannot write {}: {e}", shown(path)));
    let mut out = BufWriter::new(new.file());
    html::page(&mut out, &args.file, stats, damage, now_ms).map_err(cannot)?;
    out.flush().map_err(cannot)?;
    drop(out);
    new.keep().map_err(cannot)
}

/// Says what the user may not have meant.
fn end(
    args: &RdbStatsArgs,
    stats: &Stats,
    damage: Option<String>,
    streams: &mut Streams<'_>,
) -> Result<Exit, Failure> {
    let err = &mut streams.err;
    let mut exit = Exit::Ok;
    if let Some(filter) = stats.filter() {
        for condition in filter.unmet() {
            writeln!(err, "rdbkit: no key met this condition: {condition}")?;
        }
        if filter.taken() == 0 {
            writeln!(err, "rdbkit: none of {} keys matched", filter.seen())?;
            exit = Exit::Problems;
        }
    }
    if let Some(why) = damage {
        writeln!(err, "rdbkit: {why}; what is before it was counted")?;
        exit = Exit::Problems;
    }
    if let Some(path) = args.html.as_deref().filter(|path| *path != Path::new("-")) {
        writeln!(err, "rdbkit: report written to {}", shown(path))?;
    }
    Ok(exit)
}
