//! Exit codes, in one place.

use std::process::ExitCode;

/// How a run ended. The worst of several inputs counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Clean, or whoever read our output went away before anything else was found.
    Ok,
    /// Problems were found.
    Problems,
    /// The job could not be done: I/O, usage, a limit.
    Trouble,
}

impl Exit {
    /// The number a shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Problems => 1,
            Exit::Trouble => 2,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}
