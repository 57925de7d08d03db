//! The check tools of Redis and Valkey, as their users and scripts know them.

pub mod check_rdb;
mod opinion;

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use check_rdb::Persona;

/// Whether a program of this name is to behave as `redis-check-rdb` or
/// `valkey-check-rdb`.
#[must_use]
pub fn is_check_rdb(program: &OsStr) -> bool {
    let stem = Path::new(program).file_stem().unwrap_or_default();
    stem == "redis-check-rdb" || stem == "valkey-check-rdb"
}

/// The program `redis-check-rdb`; started as `valkey-check-rdb`, that.
#[must_use]
pub fn main(args: &[OsString]) -> ExitCode {
    let persona = Persona::of_program(args.first().map_or("".as_ref(), |name| name));
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut err = io::stderr().lock();
    let opinion = |path: &Path| opinion::of(path, persona, now_ms);
    let ran = check_rdb::run_with(persona, args, &mut out, &mut err, now_ms, &opinion);
    match ran.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Nobody reads on: what was said was said.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(e) => {
            // If this fails too there is nobody left to tell.
            let _ = writeln!(err, "redis-check-rdb: {e}");
            ExitCode::FAILURE
        }
    }
}
