//! Cutting a file: the one thing these tools ever write.

use std::fs::File;
use std::io;

/// Why a file was not cut.
#[derive(Debug)]
pub(super) enum Failure {
    /// Somebody else wrote to it: it has as many bytes now.
    Changed(u64),
    /// The operating system refused.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Failure {
        Failure::Io(e)
    }
}

/// Cuts a file that had `size` bytes when it was read down to `length`, and
/// waits until that has reached the disk.
pub(super) fn cut(file: &File, size: u64, length: u64) -> Result<(), Failure> {
    let now = file.metadata()?.len();
    if now != size {
        return Err(Failure::Changed(now));
    }
    file.set_len(length)?;
    file.sync_all()?;
    Ok(())
}
