//! What is drawn on a terminal, and only there.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

mod colour;
mod progress;
mod pty;

use std::process::{Command, Stdio};

const DENSE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../testdata/rdb/redis-8.0-sid/dense.rdb"
);

fn rdbkit(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rdbkit"));
    command.args(args).env("TERM", "xterm");
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::piped());
    command
}
