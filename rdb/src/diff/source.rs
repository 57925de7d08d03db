//! Where the bytes of a file come from, and where what does not fit goes to.

use std::io::{self, Read};

/// A file that can be read at any place. The library opens none; a `&[u8]`
/// is one. Two threads may read two of them, or one, at the same time.
pub trait ReadAt: Sync {
    /// Fills `buf` with bytes from `offset` on, and says with how many; 0 only
    /// at the end, or if `buf` is empty.
    ///
    /// # Errors
    ///
    /// Of whatever holds the file.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl ReadAt for [u8] {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let at = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(at..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        buf[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }
}

impl ReadAt for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.as_slice().read_at(buf, offset)
    }
}

impl<T: ReadAt + ?Sized> ReadAt for &T {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

/// Room for what does not fit into the memory allowed: a file that grows, such
/// as an unnamed one of the system's. A `Vec<u8>` is one, for tests.
pub trait TempSpace: ReadAt + Send {
    /// Adds bytes at the end.
    ///
    /// # Errors
    ///
    /// Of whatever holds them.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
}

impl TempSpace for Vec<u8> {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

/// A file from some place on, front to back.
pub(super) struct Sequential<'s> {
    source: &'s dyn ReadAt,
    at: u64,
}

impl<'s> Sequential<'s> {
    pub fn new(source: &'s dyn ReadAt) -> Sequential<'s> {
        Sequential { source, at: 0 }
    }

    /// The same file from `at` on.
    pub fn from(&self, at: u64) -> Sequential<'s> {
        Sequential {
            source: self.source,
            at,
        }
    }
}

impl Read for Sequential<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read_at(buf, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Reads `buf.len()` bytes.
pub(super) fn read_whole(
    source: &(impl ReadAt + ?Sized),
    buf: &mut [u8],
    offset: u64,
) -> io::Result<()> {
    let mut done = 0;
    while done < buf.len() {
        match source.read_at(&mut buf[done..], offset + done as u64) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
