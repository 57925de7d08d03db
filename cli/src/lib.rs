//! The command line of rdbkit: arguments in, exit code out.
//!
//! [`main_with`] is the whole program; [`run`] is the same with the streams
//! and the clock handed in, so that tests need no process.
#![deny(unsafe_code)]
#![cfg_attr(test, allow(clippy::disallowed_methods))]

mod args;
mod cmd;
pub mod compat;
pub mod defect;
mod exit;
mod explain;
mod input;
mod inspect;
mod metrics;
mod output;
mod policy;
mod positioned;
mod progress;
mod proof;
mod redact;
mod render;
mod source;
mod time;

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;

use progress::{Screen, Shared};

pub use args::{
    AllocatorArg, AofCommand, CheckArgs, Cli, Command, CompletionsArgs, CutArgs, Destination,
    DiffArgs, DigestArgs, DropArgs, Duration, ExpiryArg, ExplainArgs, ExportArgs, ExportFormat,
    ExtractArgs, FilterArgs, GetArgs, HistoryArgs, InspectArgs, KeysArgs, LogArgs, ManArgs,
    PointsArgs, RdbStatsArgs, Redact, RedactArgs, RepairArgs, SalvageArgs, Size, StatsArgs,
    Without,
};
pub use exit::Exit;
pub use input::{Compression, Damage, Fault, Format, Input, OpenError, Totals};
pub use time::{BadTime, Time};

/// Where output goes, and what time it is.
pub struct Streams<'s> {
    /// Data.
    pub out: &'s mut dyn Write,
    /// Trouble.
    pub err: &'s mut dyn Write,
    /// Unix milliseconds.
    pub now_ms: i64,
}

/// Runs a parsed command line. `--redact` holds for the rest of the process: see
/// [`hide_with`](rdbkit_rdb::redact::hide_with).
///
/// # Errors
///
/// Only of writing to the streams; a reader that went away is not one.
pub fn run(cli: &Cli, streams: &mut Streams<'_>) -> io::Result<Exit> {
    if let Err(why) = redact::begin(cli) {
        writeln!(streams.err, "rdbkit: {why}")?;
        return Ok(Exit::Trouble);
    }
    match &cli.command {
        Command::Check(args) => cmd::check::run(args, streams),
        Command::Aof(command) => cmd::aof::run(command, streams),
        Command::Digest(args) => cmd::digest::run(args, streams),
        Command::Export(args) => cmd::export::run(args, streams),
        Command::Diff(args) => cmd::diff::run(args, streams),
        Command::Extract(args) => cmd::extract::run(args, streams),
        Command::Keys(args) => cmd::keys::run(args, streams),
        Command::Get(args) => cmd::get::run(args, streams),
        Command::Stats(args) => cmd::stats::run(args, streams),
        Command::Salvage(args) => cmd::salvage::run(args, streams),
        Command::Explain(args) => cmd::explain::run(args, streams),
        Command::Inspect(args) => cmd::inspect::run(args, streams),
        Command::Completions(args) => cmd::setup::completions(args, streams),
        Command::Man(args) => cmd::setup::man(args, streams),
    }
}

/// The program: parses `args`, runs, and turns the outcome into an exit code.
/// Under the name of a check tool it is that tool.
pub fn main_with(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(tool) = args.first().and_then(|name| compat::Tool::of_program(name)) {
        return compat::main(&args, tool);
    }
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(e) => {
            let e = args::with_suggestion(e, &args);
            // Help and version are no errors; the rest is bad usage.
            let exit = if e.use_stderr() {
                Exit::Trouble
            } else {
                Exit::Ok
            };
            return match e.print() {
                Ok(()) => exit.into(),
                // Help of which enough was read.
                Err(e) if e.kind() == io::ErrorKind::BrokenPipe => exit.into(),
                Err(e) => cannot_write(&mut anstream::stderr(), &e),
            };
        }
    };
    let _screen = Screen::new(cli.command.is_quiet());
    let stdout = Shared::new(anstream::stdout(), io::stdout().is_terminal());
    let mut out = io::BufWriter::new(stdout);
    let mut err = Shared::new(anstream::stderr(), true);
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let mut streams = Streams {
        out: &mut out,
        err: &mut err,
        now_ms,
    };
    let outcome = run(&cli, &mut streams).and_then(|exit| match out.flush() {
        // Whoever read our output has seen enough, but not asked less.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(exit),
        flushed => flushed.map(|()| exit),
    });
    match outcome {
        Ok(exit) => exit.into(),
        // What was left to be done is not known to be bad.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Exit::Ok.into(),
        Err(e) => cannot_write(&mut err, &e),
    }
}

/// Nothing is left to say it on if this fails too.
fn cannot_write(err: &mut dyn io::Write, error: &io::Error) -> ExitCode {
    let _ = writeln!(err, "rdbkit: cannot write: {error}");
    Exit::Trouble.into()
}
