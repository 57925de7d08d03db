//! `redis-check-rdb` and `valkey-check-rdb`, as their users and scripts know them.
//!
//! What is printed on standard output, and the exit code, are those of
//! redis-check-rdb 8.0.6 and valkey-check-rdb 9.1.2, byte for byte, in all their
//! oddities: a missing reason, an empty key called the end of the file, the
//! line of a C file. Where the tool is wrong, [`run_with`] can say so in one
//! line more, at the very end.
//!
//! What is not copied:
//!
//! * A file that cannot be opened: the reason is added, on standard error.
//! * Log lines have the time of day in UTC.
//! * The tools hang on a module's data that is cut off; here that is the
//!   unexpected end of the file.
//! * Which absurd lengths the tools report as a failed allocation, and which as
//!   a short read, is as on a machine with a 47-bit address space that promises
//!   more memory than it has.
//! * A text score that ends in an `e` without digits is a number, as it is in
//!   older C libraries; with newer ones the tools refuse it.
//! * `--stats` of a file without a database number crashes the tool, and one
//!   of a database with a high number takes all memory.
//! * `-v` and `--version` print our version, also under the name of
//!   valkey-check-rdb, which takes them for files.
//! * `--output` without a file name is a usage error instead of a crash, and the
//!   file holds the statistics, all of them, and nothing that was there before.

mod blob;
mod input;
mod lines;
mod profile;
mod report;
mod stop;
mod stream;
mod unique;
mod value;
mod walk;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;

use input::Input;
use profile::{Format, Sizes, Statistics};
use report::Report;
use stop::Stop;
use walk::Walk;

pub use super::persona::Persona;

fn name(persona: Persona) -> String {
    format!("{}-check-rdb", persona.brand())
}

fn usage(persona: Persona) -> &'static str {
    match persona {
        Persona::Redis => "<rdb-file-name>",
        Persona::Valkey => "<rdb-file-name> [--format table|info|csv] [--stats] [--output <file>]",
    }
}

/// Says why a server would refuse a file that the tool finds in order, if it would.
pub type SecondOpinion<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// What the command line asks for.
struct Request<'a> {
    file: &'a OsStr,
    stats: bool,
    format: Format,
    output: Option<&'a OsStr>,
}

/// Runs the tool. `args` begins with the program's name; `now_ms` is the time
/// of day in Unix milliseconds, which decides what has expired.
///
/// Returns the exit code: 0 if the tool finds the file in order, else 1.
///
/// # Errors
///
/// Writing to `stdout` or `stderr`, or to the file of `--output`.
///
/// # Examples
///
/// ```
/// use rdbkit::compat::check_rdb::{Persona, run};
///
/// let args = ["redis-check-rdb".into(), "/no/such/file".into()];
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let code = run(Persona::Redis, &args, &mut out, &mut err, 0)?;
/// assert_eq!(code, 1);
/// assert_eq!(out, b"[offset 0] Checking RDB file /no/such/file\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run(
    persona: Persona,
    args: &[OsString],
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    now_ms: i64,
) -> io::Result<u8> {
    run_with(persona, args, stdout, stderr, now_ms, &|_| None)
}

/// As [`run`], with somebody to ask about files the tool finds in order.
///
/// What `opinion` has against a file becomes the last line. It changes the exit
/// code to 1 only if `--strict` stands anywhere among the arguments.
///
/// # Errors
///
/// As [`run`].
pub fn run_with(
    persona: Persona,
    args: &[OsString],
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    now_ms: i64,
    opinion: SecondOpinion<'_>,
) -> io::Result<u8> {
    let name = name(persona);
    let program = args.first().map_or(OsStr::new(&name), |p| p);
    let given: Vec<&OsStr> = args.iter().skip(1).map(OsString::as_os_str).collect();
    let strict = given.iter().any(|a| *a == "--strict");
    let given: Vec<&OsStr> = given.into_iter().filter(|a| *a != "--strict").collect();
    if given == ["-v"] || given == ["--version"] {
        let ours = env!("CARGO_PKG_VERSION");
        writeln!(stdout, "{name} v={} rdbkit={ours}", persona.emulates())?;
        return Ok(0);
    }
    let Some(request) = request(persona, &given) else {
        write!(stderr, "Usage: ")?;
        stderr.write_all(program.as_encoded_bytes())?;
        writeln!(stderr, " {}", usage(persona))?;
        return Ok(1);
    };
    let found = check(persona, &request, stdout, stderr, now_ms)?;
    if !found {
        return Ok(1);
    }
    match opinion(Path::new(request.file)) {
        Some(reason) => {
            writeln!(
                stdout,
                "[info] rdbkit: the server would refuse this file: {reason}"
            )?;
            Ok(u8::from(strict))
        }
        None => Ok(0),
    }
}

/// What the arguments ask for; `None` if that is not to be understood.
fn request<'a>(persona: Persona, given: &[&'a OsStr]) -> Option<Request<'a>> {
    let (file, options) = given.split_first()?;
    let mut request = Request {
        file,
        stats: false,
        format: Format::default(),
        output: None,
    };
    if persona == Persona::Redis && !options.is_empty() {
        return None;
    }
    let mut options = options.iter();
    while let Some(option) = options.next() {
        match option.as_encoded_bytes() {
            b"--stats" => request.stats = true,
            b"--format" => {
                request.format = Format::named(options.next()?.as_encoded_bytes())?;
            }
            b"--output" => request.output = Some(options.next()?),
            _ => return None,
        }
    }
    Some(request)
}

/// Checks one file; whether the tool finds it in order.
fn check(
    persona: Persona,
    request: &Request<'_>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    now_ms: i64,
) -> io::Result<bool> {
    let mut report = Report::new(persona, stdout, now_ms);
    report.begin(request.file.as_encoded_bytes())?;
    let source = match File::open(request.file) {
        Ok(source) => source,
        Err(e) => {
            if persona == Persona::Valkey {
                report.info(0, b"Check RDB returned error code 1 (0 means success)")?;
            }
            writeln!(stderr, "{}: {e}", shown(request.file))?;
            return Ok(false);
        }
    };
    let output = request.output.map(OsStr::to_os_string);
    report.statistics = request
        .stats
        .then(|| Statistics::new(request.format, output));
    let checked = check_opened(report, Box::new(source), stderr, request.file)?;
    Ok(checked.outcome == Outcome::Sane)
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// In order.
    Sane,
    /// Not in order, as the tool has found.
    Insane,
    /// Not in order, as the server's loader has found, which ends the process.
    Fatal,
}

/// An RDB file that was checked, and what came with it.
pub(super) struct Checked {
    pub outcome: Outcome,
    /// Bytes up to the end of the checksum.
    pub length: u64,
    /// What was read behind it.
    pub rest: Vec<u8>,
}

/// The RDB file at the front of a log, read from its first byte on.
///
/// # Errors
///
/// Of writing.
pub(super) fn preamble(
    persona: Persona,
    file: &OsStr,
    source: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
    now_ms: i64,
) -> io::Result<Checked> {
    let mut report = Report::new(persona, stdout, now_ms);
    report.begin(file.as_encoded_bytes())?;
    check_opened(report, Box::new(source), stderr, file)
}

fn check_opened<'a>(
    mut report: Report<'a>,
    source: Box<dyn Read + 'a>,
    stderr: &mut dyn Write,
    file: &OsStr,
) -> io::Result<Checked> {
    if report.persona == Persona::Valkey {
        let text = "Cleaning slot migration log in anticipation of a load operation.";
        report.log('*', text)?;
    }
    let mut walk = Walk {
        input: Input::new(source),
        sizes: Sizes::new(report.statistics.is_some()),
        text: Vec::new(),
        other_text: Vec::new(),
        now_ms: report.now_ms,
        report,
        version: 0,
    };
    let result = walk.file();
    let outcome = conclude(&mut walk, result)?;
    if let Some(e) = walk.input.failure() {
        writeln!(stderr, "{}: {e}", shown(file))?;
    }
    Ok(Checked {
        outcome,
        length: walk.input.offset(),
        rest: walk.input.rest().to_vec(),
    })
}

/// What comes after the last record, or after the first damage.
fn conclude(walk: &mut Walk<'_>, result: stop::Result<()>) -> io::Result<Outcome> {
    for line in walk.input.take_log() {
        walk.report.log('#', &line)?;
    }
    let offset = walk.input.offset();
    let valkey = walk.report.persona == Persona::Valkey;
    let returned = |code| format!("Check RDB returned error code {code} (0 means success)");
    match result {
        Ok(()) => {}
        Err(Stop::Corrupt(reason)) => {
            walk.report.corrupt(offset, &reason)?;
            return Ok(Outcome::Fatal);
        }
        Err(stop) => {
            walk.report.stopped(offset, stop)?;
            if valkey {
                walk.report.info(offset, returned(1).as_bytes())?;
            }
            return Ok(Outcome::Insane);
        }
    }
    if valkey {
        walk.report.info(offset, returned(0).as_bytes())?;
    }
    walk.report.info(
        offset,
        if walk.needs_relaxed() {
            b"\\o/ RDB looks OK, but loading requires config 'rdb-version-check relaxed'".as_slice()
        } else {
            b"\\o/ RDB looks OK! \\o/".as_slice()
        },
    )?;
    walk.report.counters()?;
    Ok(Outcome::Sane)
}
