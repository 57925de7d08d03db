//! `rdbkit extract`: the keys that match, as a new RDB file.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::extract::{ExtractError, Keep, Summary, extract};
use rdbkit_rdb::filter::Filter;
use rdbkit_rdb::write::{Format, WriteError, Writer};

use crate::Streams;
use crate::args::{ExtractArgs, Without};
use crate::exit::Exit;
use crate::output::NewFile;
use crate::render::extract as render;
use crate::render::text::grouped;
use crate::source::{Failure, Source};

/// Extracts. Either the new file is whole, or there is none.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &ExtractArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match make(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            // Where that is the new file, it is no place for words.
            if args.json && args.output != Path::new("-") {
                render::failure(streams.out, args, &why)?;
            }
            Ok(exit)
        }
    }
}

fn make(args: &ExtractArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let mut filter = args
        .filter
        .filter(streams.now_ms)
        .map_err(Failure::trouble)?;
    let to_stdout = args.output == Path::new("-");
    if to_stdout && args.json {
        let why = "--json writes to standard output, and so does -o -: name a file";
        return Err(Failure::trouble(why));
    }
    if to_stdout && io::stdout().is_terminal() {
        let why = "an RDB file is nothing to look at: -o - needs a pipe or a file";
        return Err(Failure::trouble(why));
    }
    let mut source = Source::open(&args.file, "extract")?;
    let format = match (args.to_version, args.server) {
        (Some(format), _) => format,
        (None, Some(server)) => source.format.for_server(server),
        (None, None) => source.format,
    };
    if let Some(server) = args.server
        && !server.reads(format.dialect(), format.version())
    {
        let why = format!("{server} reads none of the versions that can be written");
        return Err(Failure::trouble(why));
    }
    let keep = Keep {
        aux: !args.without.contains(&Without::Aux),
        functions: !args.without.contains(&Without::Functions),
        module_aux: !args.without.contains(&Without::Modules),
        sizes: !to_stdout,
        server: args.server,
    };
    let (summary, bytes, note) = if to_stdout {
        // Not the stream of the others, which may change what it takes for colours.
        let written = write(&mut source, &mut filter, io::stdout().lock(), format, keep);
        let (summary, out) = written.map_err(|e| failed(&args.file, e))?;
        let bytes = whole(&out);
        let finished = out.finish().map_err(|e| failed(&args.file, of_write(e)));
        drop(finished?);
        (summary, bytes, source.end(&args.file)?)
    } else {
        let mut new =
            NewFile::create(&args.output, args.force, &args.file).map_err(Failure::trouble)?;
        let cannot =
            |e: io::Error| Failure::trouble(format!("cannot write {}: {e}", shown(&args.output)));
        let written = write(&mut source, &mut filter, new.file(), format, keep);
        let (summary, out) = written.map_err(|e| match e {
            ExtractError::Write(e) => cannot(e),
            other => failed(&args.file, other),
        })?;
        let bytes = whole(&out);
        out.finish_in_place().map_err(|e| match e {
            WriteError::Io(e) => cannot(e),
            other => Failure::trouble(other.to_string()),
        })?;
        let note = source.end(&args.file)?;
        new.keep().map_err(cannot)?;
        (summary, bytes, note)
    };
    if let Some(note) = note {
        writeln!(streams.err, "rdbkit: note: {note}")?;
    }
    tell(args, &filter, &summary, bytes, format, streams)?;
    Ok(match summary.keys {
        0 if !filter.is_empty() => Exit::Problems,
        _ => Exit::Ok,
    })
}

fn write<W: Write>(
    source: &mut Source,
    filter: &mut Filter,
    out: W,
    format: Format,
    keep: Keep,
) -> Result<(Summary, Writer<W>), ExtractError> {
    let mut out = Writer::new(out, format).map_err(of_write)?;
    let summary = extract(&mut source.reader, filter, &mut out, keep)?;
    Ok((summary, out))
}

/// Bytes of the file when its end will have been written.
fn whole<W: Write>(out: &Writer<W>) -> u64 {
    out.bytes() + 1 + u64::from(out.format().has_checksum()) * 8
}

fn of_write(error: WriteError) -> ExtractError {
    ExtractError::Write(match error {
        WriteError::Io(error) => error,
        other => io::Error::other(other),
    })
}

fn failed(path: &Path, error: ExtractError) -> Failure {
    match error {
        ExtractError::Source(error) => Failure::of_file(path, &error),
        // Standard output: a reader that went away is no trouble.
        ExtractError::Write(error) => Failure::Output(error),
        ExtractError::Inexpressible { key: None, .. } => {
            let why = format!(
                "{}: {error}; --without leaves out what is no key",
                shown(path)
            );
            Failure::Job(Exit::Problems, why)
        }
        ExtractError::Command(_) => Failure::trouble(format!("{}: {error}", shown(path))),
        _ => Failure::Job(Exit::Problems, format!("{}: {error}", shown(path))),
    }
}

/// Says what was done, and what the user may not have meant.
fn tell(
    args: &ExtractArgs,
    filter: &Filter,
    summary: &Summary,
    bytes: u64,
    format: Format,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let err = &mut streams.err;
    for condition in filter.unmet() {
        writeln!(err, "rdbkit: no key met this condition: {condition}")?;
    }
    if summary.imports_left_out > 0 {
        let n = summary.imports_left_out;
        writeln!(
            err,
            "rdbkit: left out: {n} slot migrations that were under way"
        )?;
    }
    if args.json {
        return render::report(streams.out, args, filter, summary, bytes, format);
    }
    if args.quiet {
        return Ok(());
    }
    let (keys, seen, bytes) = (grouped(summary.keys), grouped(summary.seen), grouped(bytes));
    let to = match args.output == Path::new("-") {
        true => "standard output".to_owned(),
        false => shown(&args.output).to_string(),
    };
    writeln!(
        err,
        "rdbkit: {keys} of {seen} keys, {bytes} bytes, {format}, to {to}"
    )
}
