//! `redis-check-aof` and `valkey-check-aof`, as their users and scripts know them.
//!
//! What is printed on standard output, the exit code, and what becomes of the
//! file are those of redis-check-aof 8.0.6 and valkey-check-aof 9.1.2, byte for
//! byte, except where the tool would lose data or refuse to look. Where this
//! one differs it says so, in a line that begins with `[info] rdbkit:`:
//!
//! * It opens files for writing only to cut them, so it checks what may not be
//!   written to, and what comes through a pipe.
//! * RDB files are known by both magics, and in increments: the tools take them
//!   for damaged commands there, and cut them to nothing. So are manifests in
//!   every form that servers read.
//! * A cut leaves no open transaction behind, and no annotation without line end.
//! * A file that changed since it was read is not cut.
//! * Where the tool finds everything in order and the server would not, that is
//!   the last line.
//!
//! What is not copied:
//!
//! * Stated lengths that cannot be allocated crash the tools; here the file
//!   ends too early, as it does.
//! * Of a line that is torn the tools print bytes that were in their memory. So
//!   does this one, as far as earlier lines left them there.

mod cut;
mod input;
mod manifest;
mod part;
mod source;
mod walk;

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::strtoll;

use part::{Part, Role, Verdict};
use source::{Kind, Source};
use walk::Carried;

pub use super::persona::Persona;

/// Longest path, where the tools know one.
const PATH_MAX: usize = 4096;

/// Where a program reads and writes, and what time it is.
pub struct Streams<'s> {
    /// Answers to its question.
    pub input: &'s mut dyn Read,
    /// What it prints.
    pub out: &'s mut dyn Write,
    /// Reasons the tools do not print.
    pub err: &'s mut dyn Write,
    /// Unix milliseconds: what has expired in an RDB file.
    pub now_ms: i64,
}

/// A log that was found in order, all of it in files that can be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked<'p> {
    /// The file that was named.
    pub path: &'p Path,
    /// Whether it is a manifest.
    pub is_manifest: bool,
}

/// Says what a server has against a log that the tool finds in order, if anything.
pub type SecondOpinion<'a> = &'a dyn Fn(Checked<'_>) -> Option<String>;

/// What to do with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Check,
    /// Cut what is damaged, if the answer is yes.
    Fix,
    /// Cut what is later, in Unix seconds.
    TruncateTo(i64),
}

/// Why the program ends early.
enum Stop {
    /// It has said why; the exit code is 1.
    Failed,
    /// The output could not be written.
    Output(io::Error),
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Stop {
        Stop::Output(e)
    }
}

type Result<T> = std::result::Result<T, Stop>;

/// Runs the tool. `args` begins with the program's name.
///
/// Returns the exit code: 0 if the tool finds the log in order or has cut it, else 1.
///
/// # Errors
///
/// Writing to the streams.
///
/// # Examples
///
/// ```
/// use rdbkit::compat::check_aof::{Persona, Streams, run};
///
/// let args = ["redis-check-aof".into(), "/no/such/file".into()];
/// let (mut out, mut err) = (Vec::new(), Vec::new());
/// let mut streams = Streams {
///     input: &mut std::io::empty(),
///     out: &mut out,
///     err: &mut err,
///     now_ms: 0,
/// };
/// assert_eq!(run(Persona::Redis, &args, &mut streams)?, 1);
/// assert_eq!(out, b"Cannot open file /no/such/file: No such file or directory\n");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn run(persona: Persona, args: &[OsString], streams: &mut Streams<'_>) -> io::Result<u8> {
    run_with(persona, args, streams, &|_| None)
}

/// As [`run`], with somebody to ask about logs the tool finds in order.
///
/// What `opinion` says becomes the last line. It changes the exit code to 1
/// only if `--strict` stands anywhere among the arguments.
///
/// # Errors
///
/// As [`run`].
pub fn run_with(
    persona: Persona,
    args: &[OsString],
    streams: &mut Streams<'_>,
    opinion: SecondOpinion<'_>,
) -> io::Result<u8> {
    let mut program = Program {
        persona,
        streams,
        mode: Mode::Check,
        carried: Carried::new(),
        checked: None,
        has_pipes: false,
    };
    let strict = args.iter().skip(1).any(|a| a == "--strict");
    match program.run(args) {
        Ok(()) => {}
        Err(Stop::Failed) => return Ok(1),
        Err(Stop::Output(e)) => return Err(e),
    }
    let checked = program.checked.filter(|_| !program.has_pipes);
    match checked.and_then(opinion) {
        Some(text) => {
            program.info(text.as_bytes())?;
            Ok(u8::from(strict))
        }
        None => Ok(0),
    }
}

/// One run of the tool.
struct Program<'p, 's, 'a> {
    persona: Persona,
    streams: &'p mut Streams<'s>,
    mode: Mode,
    carried: Carried,
    /// The log that was found in order.
    checked: Option<Checked<'a>>,
    /// Whether any of its files comes only once.
    has_pipes: bool,
}

impl<'a> Program<'_, '_, 'a> {
    fn name(&self) -> String {
        format!("{}-check-aof", self.persona.brand())
    }

    /// Prints a line.
    fn say(&mut self, text: impl AsRef<[u8]>) -> io::Result<()> {
        self.streams.out.write_all(text.as_ref())?;
        self.streams.out.write_all(b"\n")
    }

    /// Prints a line of ours.
    fn info(&mut self, text: &[u8]) -> io::Result<()> {
        self.say([b"[info] rdbkit: ", text].concat())
    }

    /// Prints a line and ends the program.
    fn fail<T>(&mut self, text: impl AsRef<[u8]>) -> Result<T> {
        self.say(text)?;
        Err(Stop::Failed)
    }

    /// Tells why, where the tool does not.
    fn because(&mut self, file: &OsStr, error: &io::Error) -> io::Result<()> {
        writeln!(self.streams.err, "{}: {error}", shown(file))
    }

    fn run(&mut self, args: &'a [OsString]) -> Result<()> {
        let name = self.name();
        let program = args.first().map_or(OsStr::new(&name), |p| p);
        let given = args.iter().skip(1).map(OsString::as_os_str);
        let given: Vec<&OsStr> = given.filter(|a| *a != "--strict").collect();
        let file = match given.as_slice() {
            [what] if *what == "-v" || *what == "--version" => {
                let (theirs, ours) = (self.persona.emulates(), env!("CARGO_PKG_VERSION"));
                self.say(format!("{name} v={theirs} rdbkit={ours}"))?;
                return Ok(());
            }
            [file] => file,
            [option, file] if *option == "--fix" => {
                self.mode = Mode::Fix;
                file
            }
            [option, time, file] if *option == "--truncate-to-timestamp" => {
                match timestamp(time.as_encoded_bytes()) {
                    // To the tools this is no time at all.
                    Some(0) => {}
                    Some(time) => self.mode = Mode::TruncateTo(time),
                    None => return self.fail("Invalid timestamp, aborting..."),
                }
                file
            }
            _ => return self.usage(program),
        };
        if file.len() > PATH_MAX {
            self.say("Error: filepath is too long (exceeds PATH_MAX)")?;
            return self.usage(program);
        }
        self.file(file)
    }

    fn usage(&mut self, program: &OsStr) -> Result<()> {
        let options = b" [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>";
        self.fail([b"Usage: ", program.as_encoded_bytes(), options].concat())
    }

    /// What was named: a log, or the manifest of one.
    fn file(&mut self, file: &'a OsStr) -> Result<()> {
        let bytes = file.as_encoded_bytes();
        let mut source = self.open(file)?;
        let kind = match source.kind {
            Kind::File => manifest::kind(&mut source.file),
            Kind::Folder => Err(io::ErrorKind::IsADirectory.into()),
            Kind::Pipe => Ok(manifest::Kind::Log),
        };
        let is_manifest = !matches!(kind, Ok(manifest::Kind::Log));
        match kind {
            Ok(manifest::Kind::Log) => self.old_style(file, source)?,
            Ok(manifest::Kind::Manifest) => self.multi_part(file, source)?,
            Ok(manifest::Kind::UnknownManifest) => {
                let tool = self.name();
                let text = format!(" is a manifest, which {tool} does not see");
                self.info(&[bytes, text.as_bytes()].concat())?;
                self.multi_part(file, source)?;
            }
            Err(e) => {
                self.because(file, &e)?;
                return self.fail([b"Cannot read file: ", bytes].concat());
            }
        }
        self.checked = Some(Checked {
            path: Path::new(file),
            is_manifest,
        });
        Ok(())
    }

    /// Opens a file to look what it is.
    fn open(&mut self, file: &OsStr) -> Result<Source> {
        Source::open(Path::new(file), false).or_else(|e| {
            let reason = source::reason(&e);
            let file = file.as_encoded_bytes();
            self.fail([b"Cannot open file ", file, b": ", reason.as_bytes()].concat())
        })
    }

    fn old_style(&mut self, file: &OsStr, source: Source) -> Result<()> {
        self.say("Start checking Old-Style AOF")?;
        let part = Part {
            path: file.to_owned(),
            name: file.as_encoded_bytes().to_vec(),
            role: Role::Log,
            is_last: true,
        };
        let verdict = self.part(&part, Some(source))?;
        self.conclude(&part, verdict)
    }

    fn multi_part(&mut self, file: &OsStr, mut source: Source) -> Result<()> {
        self.say("Start checking Multi Part AOF")?;
        let Streams { out, now_ms, .. } = &mut *self.streams;
        let loaded = manifest::load(&mut source.file, self.persona, *out, *now_ms);
        let manifest = match loaded {
            Ok(Some(manifest)) => manifest,
            Ok(None) => return Err(Stop::Failed),
            Err(e) => {
                self.because(file, &e)?;
                return self.fail([b"Cannot read file: ", file.as_encoded_bytes()].concat());
            }
        };
        let mut left = manifest.loaded().count();
        let mut part = |name: &[u8], role| {
            left -= 1;
            Part {
                path: source::beside(file, name),
                name: name.to_vec(),
                role,
                is_last: left == 0,
            }
        };
        if let Some(base) = manifest.base() {
            let part = part(&base.name, Role::Base);
            let source = self.open(&part.path)?;
            let format = match part.has_preamble(&source) {
                true => "RDB",
                false => "RESP",
            };
            self.say(format!("Start to check BASE AOF ({format} format)."))?;
            let verdict = self.part(&part, Some(source))?;
            self.conclude(&part, verdict)?;
        }
        if manifest.increments().next().is_some() {
            self.say("Start to check INCR files.")?;
        }
        for increment in manifest.increments() {
            let part = part(&increment.name, Role::Increment);
            let verdict = self.part(&part, None)?;
            self.conclude(&part, verdict)?;
        }
        self.say("All AOF files and manifest are valid")?;
        Ok(())
    }

    /// The line that ends the check of one file.
    fn conclude(&mut self, part: &Part, verdict: Verdict) -> Result<()> {
        let (name, role) = (part.name.as_slice(), part.role.title());
        let named =
            |before: &str, after: &str| [role, before.as_bytes(), name, after.as_bytes()].concat();
        let line = match verdict {
            Verdict::Valid => named("AOF ", " is valid"),
            Verdict::Empty => named("AOF ", " is empty"),
            Verdict::Fixed => [b"Successfully truncated AOF ", name].concat(),
            Verdict::TruncatedTo(time) => {
                let to = format!(" to timestamp {time}");
                [b"Successfully truncated AOF ", name, to.as_bytes()].concat()
            }
            Verdict::Broken => {
                let text = b" is not valid. Use the --fix option to try fixing it.";
                return self.fail([b"AOF ", name, text].concat());
            }
        };
        Ok(self.say(line)?)
    }
}

/// A whole argument as C's `strtol` reads it; `None` if it is no such number.
fn timestamp(text: &[u8]) -> Option<i64> {
    let (time, used) = strtoll(text);
    (text.len() == used && walk::fits(text, used)).then_some(time)
}
