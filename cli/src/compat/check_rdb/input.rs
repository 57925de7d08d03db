//! The file as the C tools read it: one small read after the other, counted.
//!
//! What those tools print depends on which read failed and on how many bytes
//! were read before it, and they take some bytes for what they are not (a
//! foreign type for one of their own, an unknown module item for nothing at
//! all). So this reads as they read, instead of asking the decoder of
//! `rdbkit-rdb`, which knows better. Checksum, decompression and packed blobs
//! are that crate's.

use std::io::{self, Read};

use rdbkit_rdb::{Checksum, lzf};

use super::lines::Reason;
use super::stop::{Result, Stop};

/// Bytes read at once: see [`Input`].
const WINDOW: usize = 256 << 10;

/// Strings above this many bytes do not fit into the 47-bit address space, and
/// the tools log that they cannot be allocated. Below, malloc only promises.
const UNALLOCATABLE: u64 = 7 << 44;

/// A counted, checksummed source of primitives.
///
/// # Limits
///
/// Holds a window of 256 KiB. Strings go into the caller's buffer as their
/// bytes arrive: a stated length allocates nothing.
pub(super) struct Input<'a> {
    source: Box<dyn Read + 'a>,
    window: Vec<u8>,
    /// `hashed..at` is consumed but not in the checksum; `at..end` is next.
    hashed: usize,
    at: usize,
    end: usize,
    offset: u64,
    checksum: Checksum,
    failure: Option<io::Error>,
    compressed: Vec<u8>,
    log: Vec<String>,
}

/// What a LEN turned out to be.
#[derive(Clone, Copy)]
pub(super) enum Len {
    Plain(u64),
    /// Number of a string encoding. Where a length is expected, these six bits are it.
    Special(u64),
}

impl Len {
    fn value(self) -> u64 {
        match self {
            Len::Plain(n) | Len::Special(n) => n,
        }
    }
}

impl<'a> Input<'a> {
    pub fn new(source: Box<dyn Read + 'a>) -> Input<'a> {
        Input {
            source,
            window: vec![0; WINDOW],
            hashed: 0,
            at: 0,
            end: 0,
            offset: 0,
            checksum: Checksum::new(),
            failure: None,
            compressed: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Bytes read so far; a read that fails counts for nothing.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The checksum of the bytes read so far.
    pub fn checksum(&mut self) -> u64 {
        self.hash();
        self.checksum.value()
    }

    /// Why reading failed, if it was not the end of the file.
    pub fn failure(&self) -> Option<&io::Error> {
        self.failure.as_ref()
    }

    /// What was read from the source and not consumed.
    pub fn rest(&self) -> &[u8] {
        self.window.get(self.at..self.end).unwrap_or_default()
    }

    /// Keeps a line for the server's log, see [`Input::take_log`].
    pub fn log(&mut self, line: String) {
        self.log.push(line);
    }

    /// What the loader logged since this was last asked.
    pub fn take_log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn hash(&mut self) {
        let seen = self.window.get(self.hashed..self.at).unwrap_or_default();
        self.checksum.update(seen);
        self.hashed = self.at;
    }

    /// Has at least `n` bytes ready, `n` being at most the window.
    #[cold]
    fn fill(&mut self, n: usize) -> Result<()> {
        self.hash();
        self.window.copy_within(self.at..self.end, 0);
        self.end -= self.at;
        self.at = 0;
        self.hashed = 0;
        while self.end < n {
            let room = self.window.get_mut(self.end..).unwrap_or_default();
            match self.source.read(room) {
                Ok(0) => return Err(Stop::Short),
                Ok(n) => self.end += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                // To fread a failed read and the end of the file are one.
                Err(e) => {
                    self.failure = Some(e);
                    return Err(Stop::Short);
                }
            }
        }
        Ok(())
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        if self.end - self.at < N {
            self.fill(N)?;
        }
        let ready = self.window.get(self.at..self.end).unwrap_or_default();
        let bytes = *ready.first_chunk().ok_or(Stop::Short)?;
        self.at += N;
        self.offset += N as u64;
        Ok(bytes)
    }

    pub fn byte(&mut self) -> Result<u8> {
        let [b] = self.array()?;
        Ok(b)
    }

    /// Reads `n` bytes and hands them out in pieces. Short of them all, none count.
    fn pieces(&mut self, n: u64, mut take: impl FnMut(&[u8])) -> Result<()> {
        let begin = self.offset;
        let mut left = n;
        while left > 0 {
            if self.at == self.end
                && let Err(stop) = self.fill(1)
            {
                self.offset = begin;
                return Err(stop);
            }
            let ready = self.window.get(self.at..self.end).unwrap_or_default();
            let n = usize::try_from(left).map_or(ready.len(), |left| left.min(ready.len()));
            take(ready.get(..n).unwrap_or_default());
            self.at += n;
            self.offset += n as u64;
            left -= n as u64;
        }
        Ok(())
    }

    /// At most 255 bytes, whole.
    pub fn bytes(&mut self, n: u8) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(n.into());
        self.pieces(n.into(), |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }

    pub fn any_len(&mut self) -> Result<Len> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Len::Plain(first.into()),
            1 => {
                let low = self.byte()?;
                Len::Plain(u64::from(first & 0x3f) << 8 | u64::from(low))
            }
            3 => Len::Special((first & 0x3f).into()),
            _ if first == 0x80 => Len::Plain(u32::from_be_bytes(self.array()?).into()),
            _ if first == 0x81 => Len::Plain(u64::from_be_bytes(self.array()?)),
            encoding => return Err(Stop::corrupt(Reason::LengthEncoding(encoding))),
        })
    }

    /// A LEN that may be 2^64-1.
    pub fn full_len(&mut self) -> Result<u64> {
        Ok(self.any_len()?.value())
    }

    /// A LEN for which 2^64-1 stands for "could not be read".
    pub fn len(&mut self) -> Result<u64> {
        match self.full_len()? {
            u64::MAX => Err(Stop::Short),
            n => Ok(n),
        }
    }

    pub fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// Reads a string and returns how many bytes a client sees. They are put
    /// into `text`, where given, instead of what is there.
    fn read_string(&mut self, mut text: Option<&mut Vec<u8>>) -> Result<u64> {
        if let Some(text) = &mut text {
            text.clear();
        }
        match self.any_len()? {
            Len::Plain(u64::MAX) => Err(Stop::Short),
            Len::Plain(n) => {
                if n > UNALLOCATABLE {
                    self.log(format!(
                        "rdbGenericLoadStringObject failed allocating {n} bytes"
                    ));
                    return Err(Stop::Short);
                }
                self.pieces(n, |piece| {
                    if let Some(text) = &mut text {
                        text.extend_from_slice(piece);
                    }
                })?;
                Ok(n)
            }
            Len::Special(n @ 0..=2) => {
                let n = match n {
                    0 => i8::from_le_bytes(self.array()?).into(),
                    1 => i16::from_le_bytes(self.array()?).into(),
                    _ => i32::from_le_bytes(self.array()?),
                };
                let digits = n.to_string();
                if let Some(text) = text {
                    text.extend_from_slice(digits.as_bytes());
                }
                Ok(digits.len() as u64)
            }
            Len::Special(3) => self.compressed(text),
            Len::Special(e) => Err(Stop::corrupt(Reason::StringEncoding(e))),
        }
    }

    fn compressed(&mut self, text: Option<&mut Vec<u8>>) -> Result<u64> {
        let stored = self.len()?;
        let full = self.len()?;
        if let Some(n) = [stored, full].into_iter().find(|n| *n > UNALLOCATABLE) {
            self.log(format!(
                "rdbLoadLzfStringObject failed allocating {n} bytes"
            ));
            return Err(Stop::Short);
        }
        let mut data = std::mem::take(&mut self.compressed);
        data.clear();
        let read = self.pieces(stored, |piece| data.extend_from_slice(piece));
        let checked = read.and_then(|()| {
            // Only a length that passes this is worth the memory.
            lzf::check(&data, full).map_err(|_| Stop::corrupt(Reason::Lzf))?;
            match (text, usize::try_from(full)) {
                (Some(text), Ok(full)) => {
                    text.resize(full, 0);
                    lzf::decompress_into(&data, text).map_err(|_| Stop::corrupt(Reason::Lzf))
                }
                _ => Ok(()),
            }
        });
        self.compressed = data;
        checked.map(|()| full)
    }

    /// A string, into `text` instead of what is there.
    pub fn string(&mut self, text: &mut Vec<u8>) -> Result<()> {
        self.read_string(Some(text)).map(|_| ())
    }

    /// A string nobody looks at; how many bytes it has.
    pub fn skip_string(&mut self) -> Result<u64> {
        self.read_string(None)
    }
}
