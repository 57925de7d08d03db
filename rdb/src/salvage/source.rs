//! Bytes that can be read again, through one window.

use std::io;

/// A damaged file: bytes that can be read more than once, from anywhere.
pub trait Source {
    /// How many bytes there are.
    fn len(&self) -> u64;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads bytes from `offset` on into `buf`; says how many, 0 at the end.
    ///
    /// # Errors
    ///
    /// Of reading.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;
}

impl Source for [u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let rest = self.get(from..).unwrap_or_default();
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }
}

impl<S: Source + ?Sized> Source for &S {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        (**self).read_at(buf, offset)
    }
}

/// Bytes read at once.
pub(super) const READ: usize = 256 << 10;

/// A part of the source in memory. It moves to where it is looked at.
#[derive(Debug)]
pub(super) struct Window<S> {
    source: S,
    len: u64,
    bytes: Vec<u8>,
    begin: u64,
    /// From here on bytes are kept when more are read: a search comes back.
    anchor: u64,
    /// Bytes read so far, those read again included.
    pub read: u64,
}

impl<S: Source> Window<S> {
    pub fn new(source: S) -> Window<S> {
        Window {
            len: source.len(),
            source,
            bytes: Vec::new(),
            begin: 0,
            anchor: u64::MAX,
            read: 0,
        }
    }

    /// Bytes of the source.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whatever is looked at next, bytes from `at` on will be asked for again.
    pub fn anchor(&mut self, at: u64) {
        self.anchor = at;
    }

    /// What is at `at`: at least `want` bytes, or all there are.
    pub fn get(&mut self, at: u64, want: usize) -> io::Result<&[u8]> {
        let have = self.held(at).len();
        let left = self.len.saturating_sub(at);
        if (have as u64) < left && have < want.max(1) {
            self.fill(at, want)?;
        }
        Ok(self.held(at))
    }

    /// Whether that can be had without reading.
    pub fn has(&self, at: u64, want: usize) -> bool {
        let have = self.held(at).len();
        have >= want || have as u64 >= self.len.saturating_sub(at)
    }

    fn held(&self, at: u64) -> &[u8] {
        let from = at
            .checked_sub(self.begin)
            .and_then(|n| usize::try_from(n).ok());
        from.and_then(|n| self.bytes.get(n..)).unwrap_or_default()
    }

    #[cold]
    fn fill(&mut self, at: u64, want: usize) -> io::Result<()> {
        let near = self.anchor <= at && at - self.anchor <= READ as u64;
        let begin = if near { self.anchor } else { at };
        let need = (at - begin) as usize + want;
        let size = need.max(READ);
        let size = (self.len - begin).min(size as u64) as usize;
        self.bytes.clear();
        self.begin = begin;
        self.bytes.resize(size, 0);
        let mut got = 0;
        while let Some(room) = self.bytes.get_mut(got..).filter(|room| !room.is_empty()) {
            match self.source.read_at(room, begin + got as u64) {
                Ok(0) => {
                    let why = "the file became shorter while it was read";
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, why));
                }
                Ok(n) => got += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        self.read += size as u64;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_and_comes_back() {
        let data: Vec<u8> = (0..=255).cycle().take(3 * READ).collect();
        let mut window = Window::new(&data[..]);
        assert_eq!(window.get(0, 1).unwrap().len(), READ);
        let near_end = READ as u64 - 10;
        window.anchor(near_end);
        assert_eq!(
            window.get(near_end + 5, 100).unwrap()[..3],
            data[READ - 5..READ - 2]
        );
        let read = window.read;
        assert_eq!(
            window.get(near_end, 50).unwrap()[..3],
            data[READ - 10..READ - 7]
        );
        assert_eq!(window.read, read, "still there");
        assert_eq!(window.get(3 * READ as u64 - 2, 100).unwrap().len(), 2);
        assert!(window.get(3 * READ as u64 + 2, 100).unwrap().is_empty());
    }
}
