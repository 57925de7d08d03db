//! The check tools of Redis and Valkey, as their users and scripts know them.

pub mod check_aof;
pub mod check_rdb;
mod log;
mod opinion;
mod persona;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use persona::Persona;
use rdbkit_aof::fs::shown;

/// A check tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `redis-check-rdb`, `valkey-check-rdb`.
    CheckRdb,
    /// `redis-check-aof`, `valkey-check-aof`.
    CheckAof,
}

impl Tool {
    /// The tool that a program of this name is to behave as, if any.
    #[must_use]
    pub fn of_program(program: &OsStr) -> Option<Tool> {
        let stem = Path::new(program).file_stem().unwrap_or_default();
        match stem.to_str()? {
            "redis-check-rdb" | "valkey-check-rdb" => Some(Tool::CheckRdb),
            "redis-check-aof" | "valkey-check-aof" => Some(Tool::CheckAof),
            _ => None,
        }
    }
}

/// A check tool as a program: whose it is, and which one, says its name, the
/// first of `args`. Under a name that does not tell it is `otherwise`.
#[must_use]
pub fn main(args: &[OsString], otherwise: Tool) -> ExitCode {
    let name = args.first().map_or("".as_ref(), OsString::as_os_str);
    let persona = Persona::of_program(name);
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    let ran = match Tool::of_program(name).unwrap_or(otherwise) {
        Tool::CheckRdb => {
            let opinion = |path: &Path| opinion::of(path, persona, now_ms);
            check_rdb::run_with(persona, args, &mut out, &mut err, now_ms, &opinion)
        }
        Tool::CheckAof => {
            let mut streams = check_aof::Streams {
                input: &mut io::stdin().lock(),
                out: &mut out,
                err: &mut err,
                now_ms,
            };
            let opinion = |log: check_aof::Checked<'_>| opinion::of_log(log, persona);
            check_aof::run_with(persona, args, &mut streams, &opinion)
        }
    };
    match ran.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Nobody reads on: what was said was said.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(e) => {
            // If this fails too there is nobody left to tell.
            let _ = writeln!(err, "{}: {e}", shown(name));
            ExitCode::FAILURE
        }
    }
}
