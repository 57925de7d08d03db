//! The `rdbkit` binary; under the name of a check tool it behaves as that tool.

use std::process::ExitCode;

fn main() -> ExitCode {
    rdbkit::defect::is_exit_code_2();
    rdbkit::main_with(std::env::args_os())
}
