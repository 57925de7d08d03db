//! `redis-check-rdb`; started as `valkey-check-rdb`, that.

use std::ffi::OsString;
use std::process::ExitCode;

use rdbkit::compat::{Tool, main as run};

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().collect();
    run(&args, Tool::CheckRdb)
}
