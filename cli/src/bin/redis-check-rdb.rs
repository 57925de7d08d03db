//! `redis-check-rdb`; started as `valkey-check-rdb`, that.

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use rdbkit::compat::check_rdb::{Persona, run};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    let persona = Persona::of_program(args.first().map_or("".as_ref(), |name| name));
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_ms = since_epoch.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX));
    let mut out = io::BufWriter::new(io::stdout().lock());
    let ran = run(persona, &args, &mut out, &mut io::stderr().lock(), now_ms);
    match ran.and_then(|code| out.flush().map(|()| code)) {
        Ok(code) => ExitCode::from(code),
        // Nobody reads on: what was said was said.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(e) => {
            eprintln!("redis-check-rdb: {e}");
            ExitCode::FAILURE
        }
    }
}
