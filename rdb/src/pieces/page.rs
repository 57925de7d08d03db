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
    hand: Hand,
    written: u64,
}

/// What there is of the key in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hand {
    /// It is between two keys.
    Empty,
    /// The key begins here in the buffer.
    At(usize),
    /// Some of it is written.
    Torn,
}

impl<W: Write> Page<W> {
    /// An empty buffer in front of `out`.
    #[must_use]
    pub fn new(out: W) -> Page<W> {
        Page {
            out,
            buffer: Vec::with_capacity(2 * FULL),
            hand: Hand::Empty,
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
        self.hand = Hand::At(self.buffer.len());
        Ok(())
    }

    /// The key in hand is complete: it is not taken back any more.
    #[inline]
    pub fn end_key(&mut self) {
        self.hand = Hand::Empty;
    }

    /// Writes the buffer out if there is much in it, even in the middle of a key.
    ///
    /// # Errors
    ///
    /// Of writing.
    #[inline]
    pub fn relieve(&mut self) -> io::Result<()> {
        if self.buffer.len() >= 2 * FULL {
            self.tear();
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
        self.tear();
        self.write_out()?;
        self.written += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    /// What is in the buffer is about to be written.
    #[inline]
    fn tear(&mut self) {
        if let Hand::At(_) = self.hand {
            self.hand = Hand::Torn;
        }
    }

    #[cold]
    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Takes back the key in hand, if there is one, or says `false` if some of it
    /// is out already.
    pub fn take_back(&mut self) -> bool {
        if let Hand::At(at) = self.hand {
            self.buffer.truncate(at);
            self.hand = Hand::Empty;
        }
        self.hand == Hand::Empty
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
        self.tear();
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
