//! The least that writes an RDB file: header, records, trailer.

use std::io::{self, Write};

use rdbkit_rdb::Checksum;

/// Bytes gathered before they are hashed and written.
const RUN: usize = 1 << 20;

/// An element of a listpack.
#[derive(Clone, Copy, Debug)]
pub enum Element<'a> {
    /// A string of less than 4 KiB.
    Text(&'a [u8]),
    /// A number of up to 127.
    Small(u8),
}

/// Writes an RDB file of version 12.
pub struct Writer<W: Write> {
    out: W,
    buf: Vec<u8>,
    checksum: Checksum,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Writes the header and selects database 0.
    pub fn new(out: W) -> Writer<W> {
        let buf = b"REDIS0012\xfe\x00".to_vec();
        Writer {
            out,
            buf,
            checksum: Checksum::new(),
            written: 0,
        }
    }

    /// Bytes written so far.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.written + self.buf.len() as u64
    }

    /// Whether nothing has been written; never the case.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Starts a key of a value type.
    ///
    /// # Errors
    ///
    /// Of the writer below.
    pub fn key(&mut self, kind: u8, name: &[u8]) -> io::Result<()> {
        if self.buf.len() >= RUN {
            self.flush()?;
        }
        self.buf.push(kind);
        self.string(name);
        Ok(())
    }

    /// An expiry in Unix milliseconds for the next key.
    pub fn expire_ms(&mut self, at: i64) {
        self.buf.push(0xfc);
        self.buf.extend_from_slice(&at.to_le_bytes());
    }

    /// A length.
    pub fn length(&mut self, n: u64) {
        match n {
            0..=63 => self.buf.push(n as u8),
            64..=16_383 => self
                .buf
                .extend_from_slice(&(n as u16 | 0x4000).to_be_bytes()),
            _ if n <= u64::from(u32::MAX) => {
                self.buf.push(0x80);
                self.buf.extend_from_slice(&(n as u32).to_be_bytes());
            }
            _ => {
                self.buf.push(0x81);
                self.buf.extend_from_slice(&n.to_be_bytes());
            }
        }
    }

    /// A raw string.
    pub fn string(&mut self, bytes: &[u8]) {
        self.length(bytes.len() as u64);
        self.buf.extend_from_slice(bytes);
    }

    /// A compressed string: a run of one byte, `len` long (at least 10).
    pub fn run(&mut self, byte: u8, len: usize) {
        let mut data = vec![0, byte];
        let mut left = len - 1;
        while left > 0 {
            // Never leave less than a reference can copy.
            let mut n = left.min(264);
            if left - n < 9 && left != n {
                n -= 9;
            }
            if n >= 9 {
                data.extend_from_slice(&[0xe0, (n - 9) as u8, 0]);
            } else {
                data.push(n as u8 - 1);
                data.extend(std::iter::repeat_n(byte, n));
            }
            left -= n;
        }
        self.buf.push(0xc3);
        self.length(data.len() as u64);
        self.length(len as u64);
        self.buf.extend_from_slice(&data);
    }

    /// A binary double.
    pub fn double(&mut self, x: f64) {
        self.buf.extend_from_slice(&x.to_le_bytes());
    }

    /// A listpack of strings, as one string.
    pub fn listpack(&mut self, elements: &[&[u8]]) {
        let elements: Vec<Element<'_>> = elements.iter().map(|e| Element::Text(e)).collect();
        self.listpack_of(&elements);
    }

    /// A listpack, as one string.
    pub fn listpack_of(&mut self, elements: &[Element<'_>]) {
        let mut blob = vec![0; 6];
        for element in elements {
            let start = blob.len();
            match element {
                Element::Small(n) => blob.push(n & 0x7f),
                Element::Text(e) => {
                    if e.len() < 64 {
                        blob.push(0x80 | e.len() as u8);
                    } else {
                        blob.extend_from_slice(&(e.len() as u16 | 0xe000).to_be_bytes());
                    }
                    blob.extend_from_slice(e);
                }
            }
            match blob.len() - start {
                n @ 0..=127 => blob.push(n as u8),
                n => blob.extend_from_slice(&[(n >> 7) as u8, (n & 127) as u8 | 128]),
            }
        }
        blob.push(0xff);
        let total = blob.len() as u32;
        blob[..4].copy_from_slice(&total.to_le_bytes());
        blob[4..6].copy_from_slice(&(elements.len() as u16).to_le_bytes());
        self.string(&blob);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.checksum.update(&self.buf);
        self.out.write_all(&self.buf)?;
        self.written += self.buf.len() as u64;
        self.buf.clear();
        Ok(())
    }

    /// Writes the end and the checksum.
    ///
    /// # Errors
    ///
    /// Of the writer below.
    pub fn finish(mut self) -> io::Result<u64> {
        self.buf.push(0xff);
        self.flush()?;
        self.out.write_all(&self.checksum.value().to_le_bytes())?;
        self.out.flush()?;
        Ok(self.written + 8)
    }
}
