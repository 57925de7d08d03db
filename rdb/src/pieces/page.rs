//! What a visitor writes, until it is written.

use std::io::{self, Write};

/// Bytes after which the buffer is written out.
const FULL: usize = 64 << 10;

/// A buffer in front of a writer that knows where the key in hand begins in it,
/// so that what there is of a key that turns out to be damaged, or to have
/// nothing to tell, can be taken back.
///
/// # Limits
///
/// Holds 64 KiB, and what was put in since [`relieve`](Page::relieve) was called.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::pieces::Page;
///
/// let mut page = Page::new(Vec::new());
/// page.begin_key()?;
/// page.buffer().extend_from_slice(b"a whole key\n");
/// page.end_key();
/// page.begin_key()?;
/// page.buffer().extend_from_slice(b"half of");
/// assert!(page.take_back());
/// assert_eq!(page.finish()?, b"a whole key\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Page<W> {
    out: W,
    buffer: Vec<u8>,
    /// Where the key in hand begins, if it is in the buffer whole.
    key_at: Option<usize>,
    written: u64,
}

impl<W: Write> Page<W> {
    /// An empty buffer in front of `out`.
    #[must_use]
    pub fn new(out: W) -> Page<W> {
        Page {
            out,
            buffer: Vec::with_capacity(2 * FULL),
            key_at: None,
            written: 0,
        }
    }

    /// What has been put in and not been written.
    #[inline]
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// From here on it is the next key.
    ///
    /// # Errors
    ///
    /// Of writing.
    #[inline]
    pub fn begin_key(&mut self) -> io::Result<()> {
        if self.buffer.len() >= FULL {
            self.write_out()?;
        }
        self.key_at = Some(self.buffer.len());
        Ok(())
    }

    /// The key in hand is complete: it is not taken back any more.
    #[inline]
    pub fn end_key(&mut self) {
        self.key_at = None;
    }

    /// Writes the buffer out if there is much in it, even in the middle of a key.
    ///
    /// # Errors
    ///
    /// Of writing.
    #[inline]
    pub fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() >= 2 * FULL {
            self.key_at = None;
            self.write_out()?;
        }
        Ok(())
    }

    /// Puts bytes in, or writes them at once if they are many.
    ///
    /// # Errors
    ///
    /// Of writing.
    #[inline]
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.len() < FULL {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        self.key_at = None;
        self.write_out()?;
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    #[cold]
    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Takes back the key in hand, or says `false` if some of it is out already.
    pub fn take_back(&mut self) -> bool {
        match self.key_at.take() {
            Some(at) => {
                self.buffer.truncate(at);
                true
            }
            None => false,
        }
    }

    /// Bytes put in and not taken back.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    /// Writes what is left.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn flush(&mut self) -> io::Result<()> {
        self.key_at = None;
        self.write_out()?;
        self.out.flush()
    }

    /// Writes what is left, and gives the writer back.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn finish(mut self) -> io::Result<W> {
        self.flush()?;
        Ok(self.out)
    }
}
