//! `rdbkit salvage`: what can still be read of a damaged RDB file.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::{Layout, sniff};
use rdbkit_rdb::salvage::{Options, Report, Salvage, SalvageError, Source};
use rdbkit_rdb::verify::{self, Verdict};
use rdbkit_rdb::write::{WriteError, Writer};

use crate::Streams;
use crate::args::SalvageArgs;
use crate::exit::Exit;
use crate::input::{Compression, Damage, Fault, Input, packed_otherwise};
use crate::output::NewFile;
use crate::progress::{self, Counted, Job};
use crate::render;
use crate::source::Failure;

/// Salvages. Either the new file is proven to load, or there is none.
///
/// # Errors
///
/// Only of writing to the streams.
pub fn run(args: &SalvageArgs, streams: &mut Streams<'_>) -> io::Result<Exit> {
    match make(args, streams) {
        Ok(exit) => Ok(exit),
        Err(Failure::Output(error)) => Err(error),
        Err(Failure::Job(exit, why)) => {
            writeln!(streams.err, "rdbkit: {why}")?;
            if args.json {
                render::json::failure(streams.out, &args.file, &why)?;
            }
            Ok(exit)
        }
    }
}

fn make(args: &SalvageArgs, streams: &mut Streams<'_>) -> Result<Exit, Failure> {
    let new = args.output.as_deref().map(|path| begin(path, &args.file));
    let new = new.transpose()?;
    let file = open(&args.file, args.output.as_deref())?;
    for note in &file.notes {
        writeln!(streams.err, "rdbkit: {}: {note}", shown(&args.file))?;
    }
    let options = Options {
        server: args.server,
        databases: args.databases,
        format: args.assume_version,
        sizes: new.is_some(),
        max_gaps: args.max_gaps,
        ..Options::default()
    };
    let of_source = |e: SalvageError| failed(args, e);
    let job = Job::begin(&args.file, || Some(file.len));
    let salvage = Salvage::open(&file, &options).map_err(of_source)?;
    let format = salvage.format();
    let report = match new {
        None => {
            let mut out = Writer::new(io::sink(), format).map_err(|e| failed(args, e.into()))?;
            salvage.run(&mut out).map_err(of_source)?
        }
        Some(mut new) => {
            let to_new = |e: WriteError| failed(args, e.into());
            let mut out = Writer::new(new.file(), format).map_err(to_new)?;
            let report = salvage.run(&mut out).map_err(of_source)?;
            out.finish_in_place().map_err(to_new)?;
            drop(job);
            if is_worth_keeping(&report) {
                prove(new.file(), &report, args.databases)?;
                new.keep().map_err(|e| to_new(e.into()))?;
            }
            report
        }
    };
    let kept = is_worth_keeping(&report);
    if args.json {
        render::salvage_json::report(streams.out, args, &report)?;
    } else {
        render::salvage::report(streams.out, args, &report)?;
    }
    if !kept {
        let why = "nothing can be read of it; no file was written";
        writeln!(streams.err, "rdbkit: {}: {why}", shown(&args.file))?;
        return Ok(Exit::Trouble);
    }
    Ok(
        match report.is_whole() && !report.commands_behind && !file.cut {
            true => Exit::Ok,
            false => Exit::Problems,
        },
    )
}

/// A new file without keys is a result only if the old one has none.
fn is_worth_keeping(report: &Report) -> bool {
    report.keys > 0 || report.functions > 0 || report.is_whole()
}

fn begin(path: &Path, source: &Path) -> Result<NewFile, Failure> {
    let name = shown(path);
    if path == Path::new("-") {
        let why = "the new file is verified before it is handed over: -o needs the name of a file";
        return Err(Failure::trouble(why));
    }
    if fs::symlink_metadata(path).is_ok_and(|there| !there.is_dir()) {
        let why = format!("{name} is there already; nothing is overwritten");
        return Err(Failure::trouble(why));
    }
    NewFile::create(path, false, source).map_err(Failure::trouble)
}

/// Bytes that tell what a file is, where it is none of ours.
const HEAD: usize = 512;

/// A file that can be read from anywhere.
struct Broken {
    file: File,
    len: u64,
    /// Of compressed data that could not be unpacked to their end, and what else
    /// there is to say of them.
    notes: Vec<String>,
    /// Whether some of it is missing.
    cut: bool,
}

impl Source for Broken {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start(offset))?;
        let read = file.read(buf)?;
        progress::count(read);
        Ok(read)
    }
}

/// Opens the damaged file. What cannot be read twice is copied to a file
/// without a name, beside the new one.
fn open(path: &Path, output: Option<&Path>) -> Result<Broken, Failure> {
    let cannot = |e: io::Error| Failure::trouble(format!("cannot read {}: {e}", shown(path)));
    let input = Input::open(path).map_err(|e| Failure::trouble(e.to_string()))?;
    let (mut notes, mut cut) = (Vec::new(), false);
    let mut file = match input.into_file() {
        Ok(file) => file,
        Err(mut input) => {
            let beside = output
                .and_then(Path::parent)
                .filter(|p| *p != Path::new(""));
            let mut copy = match (output, beside) {
                (None, _) => tempfile::tempfile(),
                (_, beside) => tempfile::tempfile_in(beside.unwrap_or(Path::new("."))),
            }
            .map_err(|e| Failure::trouble(format!("cannot copy {}: {e}", shown(path))))?;
            match io::copy(&mut input, &mut copy) {
                Ok(_) => notes.extend(input.compression().and_then(Compression::note)),
                // What came before is what there is to salvage.
                Err(error) => match damage(&error) {
                    Some(damage) => {
                        notes.push(format!("{damage}; what was unpacked before is salvaged"));
                        cut = true;
                    }
                    None => return Err(cannot(error)),
                },
            }
            copy
        }
    };
    let len = file.seek(SeekFrom::End(0)).map_err(cannot)?;
    let mut head = Vec::with_capacity(HEAD);
    file.rewind().map_err(cannot)?;
    (&file)
        .take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(cannot)?;
    let other = match sniff(&head) {
        _ if head.is_empty() => Some("empty".to_owned()),
        Layout::Commands => {
            Some("an append-only file of commands: see rdbkit aof repair".to_owned())
        }
        Layout::Manifest => Some("the manifest of an append-only log, no RDB file".to_owned()),
        _ => packed_otherwise(&head, "salvage"),
    };
    match other {
        Some(other) => Err(Failure::trouble(format!("{} is {other}", shown(path)))),
        None => Ok(Broken {
            file,
            len,
            notes,
            cut,
        }),
    }
}

/// Damage that compressed data have, and no trouble with reading them.
fn damage(error: &io::Error) -> Option<&Damage> {
    let damage = error.get_ref()?.downcast_ref::<Damage>()?;
    (!matches!(damage.fault, Fault::Unreadable(_))).then_some(damage)
}

/// Reads what was written as a server would.
fn prove(file: &mut File, report: &Report, databases: u64) -> Result<(), Failure> {
    let options = verify::Options {
        server: Some(report.server),
        databases,
        ..verify::Options::default()
    };
    let cannot = |e: io::Error| Failure::trouble(format!("cannot read the new file: {e}"));
    file.rewind().map_err(cannot)?;
    let len = file.metadata().map_err(cannot)?.len();
    let _job = Job::named(|| "reading the new file".to_owned(), || Some(len));
    let proof = verify::stream(Counted(&*file), &options);
    let undecided = report.functions_undecided > 0;
    match proof.verdict() {
        Verdict::Loads => Ok(()),
        Verdict::Undecided if undecided && proof.failure.is_none() => Ok(()),
        _ => {
            let finding = proof
                .findings
                .iter()
                .find(|f| f.severity > verify::Severity::Warning);
            let why = match (&proof.failure, finding) {
                (Some(failure), _) => failure.to_string(),
                (_, Some(f)) => format!("{} at offset {} [{}]", f.message, f.offset, f.code),
                _ => "no reason given".to_owned(),
            };
            let said = format!("the new file would not load, so it was not kept: {why}");
            Err(Failure::trouble(said))
        }
    }
}

fn failed(args: &SalvageArgs, error: SalvageError) -> Failure {
    let path = match (&error, &args.output) {
        (SalvageError::Write(_), Some(new)) => new,
        _ => &args.file,
    };
    Failure::trouble(format!("{}: {error}", shown(path)))
}
