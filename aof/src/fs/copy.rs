//! Bytes from one file to the end of another, by the cheapest means there are.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;

/// How bytes came into new files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Shared with the old file by the file system: they take no space.
    pub cloned: u64,
    /// Copied by the operating system, which may share them, too.
    pub in_kernel: u64,
    /// Read and written.
    pub written: u64,
}

impl Copied {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.cloned + self.in_kernel + self.written
    }
}

/// Bytes copied by hand at a time.
const BUFFER: usize = 256 << 10;

/// Makes the empty file `to` share the first `len` bytes of `from`. `false` if
/// the file system cannot; `to` is empty then.
pub(super) fn clone_head(from: &File, len: u64, to: &File) -> io::Result<bool> {
    #[cfg(target_os = "linux")]
    if len > 0 && rustix::fs::ioctl_ficlone(to, from).is_ok() {
        // A clone has all bytes, those appended just now as well.
        let whole = to.metadata()?.len() >= len;
        to.set_len(if whole { len } else { 0 })?;
        return Ok(whole);
    }
    let _ = (from, len, to);
    Ok(false)
}

/// Appends bytes of `from` to `to`, which is written nowhere else.
///
/// # Errors
///
/// [`io::ErrorKind::UnexpectedEof`] if `from` has fewer bytes.
pub(super) fn append(
    from: &mut File,
    range: &Range<u64>,
    to: &mut File,
    copied: &mut Copied,
) -> io::Result<()> {
    let mut range = range.clone();
    to.seek(SeekFrom::End(0))?;
    in_kernel(from, &mut range, to, copied)?;
    from.seek(SeekFrom::Start(range.start))?;
    let mut left = range.end.saturating_sub(range.start);
    let mut buffer = Vec::new();
    while left > 0 {
        buffer.resize(BUFFER.min(usize::try_from(left).unwrap_or(BUFFER)), 0);
        from.read_exact(&mut buffer)?;
        to.write_all(&buffer)?;
        left -= buffer.len() as u64;
        copied.written += buffer.len() as u64;
    }
    Ok(())
}

/// Has the kernel copy as much of the range as it is able to; takes that off it.
#[cfg(target_os = "linux")]
fn in_kernel(
    from: &File,
    range: &mut Range<u64>,
    to: &File,
    copied: &mut Copied,
) -> io::Result<()> {
    use rustix::io::Errno;

    /// Bytes asked for at once; the kernel does 2 GiB at most.
    const STEP: u64 = 1 << 30;

    while range.start < range.end {
        let len = STEP.min(range.end - range.start) as usize;
        let mut at = range.start;
        match rustix::fs::copy_file_range(from, Some(&mut at), to, None, len) {
            // The end of the file, or a file system that says so falsely; reading will tell.
            Ok(0) => break,
            Ok(n) => {
                range.start += n as u64;
                copied.in_kernel += n as u64;
            }
            Err(Errno::INTR) => {}
            Err(error @ (Errno::NOSPC | Errno::DQUOT | Errno::FBIG | Errno::IO)) => {
                return Err(error.into());
            }
            // Not between these two files, or not here at all.
            Err(_) => break,
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn in_kernel(_: &File, _: &mut Range<u64>, _: &File, _: &mut Copied) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_appended() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let bytes: Vec<u8> = (0..600_000u32).map(|n| (n % 251) as u8).collect();
        std::fs::write(&old, &bytes).unwrap();
        let mut from = File::open(&old).unwrap();
        let mut to = File::create(&new).unwrap();
        let mut copied = Copied::default();
        for range in [0..0, 3..300_000, 599_000..600_000] {
            append(&mut from, &range, &mut to, &mut copied).unwrap();
        }
        let wanted = [&bytes[3..300_000], &bytes[599_000..]].concat();
        assert!(std::fs::read(&new).unwrap() == wanted);
        assert_eq!(copied.total(), wanted.len() as u64);
        let short = append(&mut from, &(599_999..600_001), &mut to, &mut copied);
        assert_eq!(short.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_clone_has_the_bytes_asked_for_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        std::fs::write(&old, [7; 10_000]).unwrap();
        let from = File::open(&old).unwrap();
        let to = File::create(&new).unwrap();
        let cloned = clone_head(&from, 9_999, &to).unwrap();
        let wanted = if cloned { 9_999 } else { 0 };
        assert_eq!(to.metadata().unwrap().len(), wanted);
    }
}
