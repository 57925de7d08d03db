//! `rdbkit export`: keys with their values in other formats.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::commands::{Commands, DATABASES, Loss, Lost, Options, Target};
use rdbkit_rdb::filter::Filter;
use rdbkit_rdb::pieces::{Expired, Summary, VisitError, Visitor, visit};

use crate::Streams;
use crate::args::{ExportArgs, ExportFormat};
use crate::exit::Exit;
use crate::output::NewFile;
use crate::render::export::csv::CsvKeys;
use crate::render::export::json::{JsonKeys, Shape};
use crate::render::export::loss;
use crate::render::text::grouped;
use crate::source::{Failure, Source};

/// Exports. What was written before damage stays written on standard output.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &ExportArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match export(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            Ok(exit)
        }
    }
}

/// What became of it.
#[derive(Debug, Default)]
struct Done {
    summary: Summary,
    bytes: u64,
    /// What could not be expressed, in words.
    left_out: Vec<String>,
    /// What is not among what was asked for, but may be missed.
    notes: Vec<String>,
    /// What is wrong with the file, or behind it.
    damage: Option<Failure>,
}

fn export(args: &ExportArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    fits(args).map_err(Failure::trouble)?;
    let mut filter = args
        .filter
        .filter(streams.now_ms)
        .map_err(Failure::trouble)?;
    let to_stdout = args.output == Path::new("-");
    if to_stdout && args.format.is_commands() && io::stdout().is_terminal() {
        let why = "commands are nothing to look at: they need a pipe or a file (-o)";
        return Err(Failure::trouble(why));
    }
    let source = Source::open(&args.file, "export")?;
    let expired = Expired {
        now_ms: streams.now_ms,
        skip: args.skip_expired,
    };
    let mut job = Job {
        args,
        source,
        filter: &mut filter,
        expired,
    };
    let done = if to_stdout {
        // Not the stream of the others, which may change what it takes for colours.
        job.write(&mut io::stdout().lock(), Failure::Output)?
    } else {
        let mut new =
            NewFile::create(&args.output, args.force, &args.file).map_err(Failure::trouble)?;
        let cannot =
            |e: io::Error| Failure::trouble(format!("cannot write {}: {e}", shown(&args.output)));
        let done = job.write(new.file(), cannot)?;
        if done.damage.is_none() || args.partial {
            new.keep().map_err(cannot)?;
        }
        done
    };
    tell(args, &filter, &done, streams)?;
    if let Some(damage) = done.damage {
        return Err(damage);
    }
    Ok(match filter.taken() {
        0 if !filter.is_empty() => Exit::Problems,
        _ if !done.left_out.is_empty() => Exit::Problems,
        _ => Exit::Ok,
    })
}

/// Whether the options mean something to the format.
fn fits(args: &ExportArgs) -> Result<(), String> {
    let (format, name) = (args.format, args.format.name());
    let json = matches!(format, ExportFormat::Ndjson | ExportFormat::Json);
    for (given, flag, takes) in [
        (args.meta, "--meta", json),
        (args.server.is_some(), "--for", format.is_commands()),
        (args.replace, "--replace", format.is_commands()),
        (
            args.databases.is_some(),
            "--databases",
            format.is_commands(),
        ),
    ] {
        if given && !takes {
            return Err(format!("{flag} means nothing to the format {name}"));
        }
    }
    if args.partial && args.output == Path::new("-") {
        return Err("--partial is for a new file (-o); standard output is always so".to_owned());
    }
    Ok(())
}

/// An export under way.
struct Job<'j> {
    args: &'j ExportArgs,
    source: Source,
    filter: &'j mut Filter,
    expired: Expired,
}

impl Job<'_> {
    fn write(
        &mut self,
        out: &mut dyn Write,
        failed: impl Fn(io::Error) -> Failure,
    ) -> Result<Done, Failure> {
        let done = match self.args.format {
            ExportFormat::Ndjson => self.json(out, Shape::Lines),
            ExportFormat::Json => self.json(out, Shape::Document),
            ExportFormat::Csv => self.csv(out),
            ExportFormat::Resp | ExportFormat::Restore => {
                let target = self.target().map_err(Failure::trouble)?;
                self.commands(out, target)
            }
        };
        done.map_err(failed)
    }

    /// Hands the keys to a visitor; an error of the file is part of the outcome.
    fn visit(&mut self, to: &mut dyn Visitor<Error = VisitError>) -> io::Result<Done> {
        let visited = visit(&mut self.source.reader, self.filter, self.expired, to);
        let damage = match visited {
            Ok(summary) => {
                let (notes, damage) = match self.source.end(&self.args.file) {
                    Ok(note) => (note.into_iter().collect(), None),
                    Err(damage) => (Vec::new(), Some(damage)),
                };
                return Ok(Done {
                    summary,
                    notes,
                    damage,
                    ..Done::default()
                });
            }
            Err(VisitError::Output(error)) => return Err(error),
            Err(VisitError::File(error)) => Failure::of_file(&self.args.file, &error),
            Err(error) => {
                let why = format!("{}: {error}", shown(&self.args.file));
                Failure::Job(Exit::Problems, why)
            }
        };
        Ok(Done {
            damage: Some(damage),
            ..Done::default()
        })
    }

    fn json(&mut self, out: &mut dyn Write, shape: Shape) -> io::Result<Done> {
        let mut json = JsonKeys::new(out, shape, self.args.meta);
        if self.args.no_functions {
            json = json.without_functions();
        }
        let (dialect, version) = (self.source.format.dialect(), self.source.format.version());
        json.begin(&dialect.to_string(), version);
        let mut done = self.visit(&mut json)?;
        if done.damage.is_some() && !json.page().take_back() {
            // What is cut must not look whole.
            json.page().flush()?;
            done.notes.push(TORN.to_owned());
        } else {
            let error = done.damage.as_ref().map(ToString::to_string);
            json.finish(error.as_deref())?;
        }
        done.bytes = json.page().bytes();
        done.left_out.extend(in_words(json.beside().losses()));
        match (json.functions_left_out(), shape) {
            (0, _) => {}
            (n, Shape::Lines) => done.notes.push(functions(n)),
            (n, Shape::Document) => done
                .left_out
                .push(format!("{n} function libraries that stand behind keys")),
        }
        Ok(done)
    }

    fn csv(&mut self, out: &mut dyn Write) -> io::Result<Done> {
        let mut csv = CsvKeys::new(out);
        let mut done = self.visit(&mut csv)?;
        if done.damage.is_some() && !csv.page().take_back() {
            done.notes.push(TORN.to_owned());
        }
        csv.page().flush()?;
        done.bytes = csv.page().bytes();
        let left_out = csv.left_out();
        if left_out.functions > 0 && !self.args.no_functions {
            done.notes.push(functions(left_out.functions));
        }
        done.left_out.extend(in_words(csv.beside().losses()));
        for (n, what) in [
            (
                left_out.stream_numbers,
                "numbers of streams that do not follow from their entries: last and greatest \
                 deleted id, entries ever added",
            ),
            (
                left_out.streams,
                "consumer groups and idempotent producers of streams",
            ),
            (left_out.insert_at, "insertion points of arrays"),
        ] {
            if n > 0 {
                done.left_out.push(format!("{what} ({n})"));
            }
        }
        Ok(done)
    }

    fn target(&self) -> Result<Target, String> {
        let format = self.source.format;
        match self.args.server {
            Some(server) => Target::of_server(server, format).map_err(|e| e.to_string()),
            None => Ok(Target::of_file(format)),
        }
    }

    fn commands(&mut self, out: &mut dyn Write, target: Target) -> io::Result<Done> {
        let options = Options {
            restore: self.args.format == ExportFormat::Restore,
            replace: self.args.replace,
            batch: self.args.batch as usize,
            functions: !self.args.no_functions,
            databases: self.args.databases.unwrap_or(DATABASES),
            without_expired: self.expired.skip.then_some(self.expired.now_ms),
        };
        let mut commands = Commands::new(out, target, options);
        let mut done = self.visit(&mut commands)?;
        if done.damage.is_some() && !commands.page().take_back() {
            done.notes.push(TORN.to_owned());
        }
        commands.page().flush()?;
        done.bytes = commands.page().bytes();
        done.left_out = in_words(commands.losses()).collect();
        let needed = commands.databases();
        if needed > options.databases {
            let given = options.databases;
            done.left_out.push(format!(
                "all keys of databases from {given} on, as servers have {given} unless their \
                 configuration says otherwise: where SELECT fails, keys go to the database before; \
                 --databases {needed} writes them, for a server that has so many"
            ));
        } else if needed > DATABASES {
            done.notes.push(format!(
                "the server needs databases {needed} in its configuration, where {DATABASES} are \
                 the default: where SELECT fails, keys go to the database before"
            ));
        }
        done.summary.expired_fields += commands.expired_fields();
        done.summary.emptied += commands.emptied();
        done.summary.keys -= commands.emptied();
        for (n, note) in [
            (
                commands.as_plain(),
                "keys are plain commands, as the server does not know their encoding \
                 or takes no payload of their size, or as fields of them had expired",
            ),
            (
                commands.empty(),
                "keys have no elements; no command makes such, and no server loads them",
            ),
        ] {
            if n > 0 {
                done.notes.push(format!("{} {note}", grouped(n)));
            }
        }
        Ok(done)
    }
}

fn in_words<'l>(losses: impl Iterator<Item = (Loss, &'l Lost)>) -> impl Iterator<Item = String> {
    losses.map(|(loss, lost)| loss::line(loss, lost))
}

const TORN: &str = "the last key that was written is cut off";

fn functions(n: u64) -> String {
    format!("{n} function libraries of the file are no keys; json, resp and restore have them")
}

/// Says what was done, and what the user may not have meant or may miss.
fn tell(
    args: &ExportArgs,
    filter: &Filter,
    done: &Done,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let err = &mut streams.err;
    for condition in filter.unmet() {
        writeln!(err, "rdbkit: no key met this condition: {condition}")?;
    }
    for what in &done.left_out {
        writeln!(err, "rdbkit: left out: {what}")?;
    }
    for note in &done.notes {
        writeln!(err, "rdbkit: note: {note}")?;
    }
    if args.quiet {
        return Ok(());
    }
    let Summary {
        expired,
        expired_fields,
        emptied,
        keys,
        ..
    } = done.summary;
    if expired + expired_fields > 0 {
        let left = match (args.skip_expired, emptied) {
            (true, 0) => "and were left out".to_owned(),
            (true, n) => format!("and were left out, and with them {n} hashes that had no others"),
            (false, _) => {
                "all the same they were written; --skip-expired leaves them out".to_owned()
            }
        };
        writeln!(
            err,
            "rdbkit: note: {expired} keys and {expired_fields} hash fields had expired, {left}"
        )?;
    }
    if done.damage.is_some() {
        return Ok(());
    }
    let (keys, seen, bytes) = (grouped(keys), grouped(filter.seen()), grouped(done.bytes));
    let to = match args.output == Path::new("-") {
        true => "standard output".to_owned(),
        false => shown(&args.output).to_string(),
    };
    let format = args.format.name();
    writeln!(
        err,
        "rdbkit: {keys} of {seen} keys, {bytes} bytes of {format}, to {to}"
    )
}
