//! What a user sees where the program itself is at fault.

use std::io::Write;
use std::panic;

use crate::Exit;

/// Said behind the message of a panic.
const WORDS: &str = "rdbkit: this is a defect of rdbkit, whatever the file holds: please report it with the lines above. \
                     What was being written is not there; it may have left a file with a temporary name beside it.";

/// From now on a panic, in whichever thread, ends the process with the exit code of
/// what could not be done: to a script it is that, and never "problems were found".
///
/// Release builds do not unwind, which takes a tenth of the program's size; nothing
/// here depends on it.
pub fn is_exit_code_2() {
    let told = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        told(panic);
        // Where standard error is gone, nobody can be told.
        _ = writeln!(std::io::stderr(), "{WORDS}");
        std::process::exit(Exit::Trouble.code().into());
    }));
}
