//! Why a check ends before the end of the file.

use std::io;

use super::lines::Reason;

pub(super) type Result<T> = std::result::Result<T, Stop>;

/// Why a check ends before the end of the file.
#[derive(Debug)]
pub(super) enum Stop {
    /// A read failed: "Unexpected EOF reading RDB file".
    Short,
    /// A message of the tool's own.
    Message(String),
    /// Damage that the server's loader reports, which ends the process at once.
    Corrupt(Box<Reason>),
    /// The report could not be written.
    Output(io::Error),
}

impl Stop {
    #[cold]
    pub fn corrupt(reason: Reason) -> Stop {
        Stop::Corrupt(Box::new(reason))
    }
}

impl From<io::Error> for Stop {
    fn from(e: io::Error) -> Stop {
        Stop::Output(e)
    }
}

/// Names the damage that a failed read is.
pub(super) trait OrCorrupt<T> {
    /// A read that failed is reported as `reason`; worse things stay what they are.
    fn or_corrupt(self, reason: Reason) -> Result<T>;
}

impl<T> OrCorrupt<T> for Result<T> {
    fn or_corrupt(self, reason: Reason) -> Result<T> {
        match self {
            Err(Stop::Short) => Err(Stop::corrupt(reason)),
            other => other,
        }
    }
}
