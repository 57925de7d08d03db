//! `redis-check-rdb`; started as `valkey-check-rdb`, that.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    rdbkit::compat::main(&args)
}
