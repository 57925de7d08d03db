//! Writing RDB files: of parts of other files, untouched, and what goes around
//! them.
//!
//! ```text
//! header  AUX*  MODULE_AUX*  FUNCTION2*  (SELECTDB  RESIZEDB  key*)*  EOF  crc64
//! ```

mod format;
mod primitive;
#[cfg(test)]
mod tests;

use std::io::{self, Seek, SeekFrom, Write};

pub use format::{BadFormat, Format, Inexpressible};
pub(crate) use primitive::len;

use crate::checksum::Checksum;
use crate::record::Record;
use crate::text::Str;
use crate::wire::{Dialect, Opcode, ValueType};

/// Bytes gathered before they are hashed and written: long runs are what the
/// checksum and the system are fast with.
const RUN: usize = 256 << 10;

/// Databases whose size is written when it is known. A file with more is not
/// from a server, and the sizes are but hints.
const MAX_SIZES: usize = 1 << 16;

/// Why a file was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Writing failed.
    #[error("write failed: {0}")]
    Io(#[from] io::Error),
    /// The version has no words for it.
    #[error(transparent)]
    Inexpressible(#[from] Inexpressible),
}

/// The result of writing.
pub type Result<T> = std::result::Result<T, WriteError>;

/// Writes an RDB file, front to back.
///
/// What goes in is taken as it is; the writer makes sure only that the file's
/// version knows it, and that header, sizes and checksum are right. It refuses
/// rather than writing what readers of that version do not understand.
///
/// # Limits
///
/// Holds 256 KiB, and some 40 bytes for each of the first 65,536 databases.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::write::{Format, Writer};
/// use rdbkit_rdb::{Dialect, SliceReader, Str};
///
/// let source = b"REDIS0009\xfe\x02\xfc\x10\x27\0\0\0\0\0\0\x00\x01k\x01v\xff\0\0\0\0\0\0\0\0";
/// let mut writer = Writer::new(Vec::new(), Format::new(Dialect::Redis, 11)?)?;
/// writer.aux(Str::Raw(b"origin"), Str::Raw(b"example"))?;
/// for record in SliceReader::new(source).records() {
///     writer.record(&record?)?;
/// }
/// let file = writer.finish()?;
/// let mut records = SliceReader::new(&file).records();
/// let record = records.next_record()?.expect("one key");
/// assert_eq!((record.db, record.meta.expire_ms, record.version), (2, Some(10_000), 11));
/// assert!(records.next_record()?.is_none(), "and the checksum is right");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Writer<W: ?Sized> {
    format: Format,
    /// Bytes not hashed and written yet.
    run: Vec<u8>,
    /// Of the bytes since the last of `sizes`.
    checksum: Checksum,
    checksummed: bool,
    /// Places of sizes to be filled in.
    sizes: Vec<Sizes>,
    db: Option<u64>,
    written: u64,
    /// Comes last, so that a `Writer<dyn Write>` is at hand: see
    /// [`extract`](crate::extract).
    out: W,
}

/// A RESIZEDB that is filled in at the end.
#[derive(Debug)]
struct Sizes {
    /// Where it stands.
    at: u64,
    /// Checksum of the bytes between the one before and this one.
    before: Checksum,
    keys: u64,
    expires: u64,
}

impl Sizes {
    /// In a form whose length does not depend on the numbers. Numbers above 32
    /// bits are cut: they are hints.
    fn bytes(&self) -> [u8; 11] {
        let cut = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).to_be_bytes();
        let ([a, b, c, d], [e, f, g, h]) = (cut(self.keys), cut(self.expires));
        [Opcode::RESIZEDB.0, 0x80, a, b, c, d, 0x80, e, f, g, h]
    }
}

/// A database whose sizes are counted and filled in, see [`Writer::sizes_later`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SizesAt(usize);

impl<W: Write> Writer<W> {
    /// A file of this format, with its header written.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn new(out: W, format: Format) -> Result<Writer<W>> {
        let mut writer = Writer {
            format,
            run: Vec::with_capacity(RUN),
            checksum: Checksum::new(),
            checksummed: true,
            sizes: Vec::new(),
            db: None,
            written: 0,
            out,
        };
        writer.raw(format.header().as_bytes())?;
        Ok(writer)
    }

    /// Whether a checksum is computed; it is by default. Without, servers take
    /// the file unchecked.
    #[must_use]
    pub fn with_checksum(mut self, yes: bool) -> Writer<W> {
        self.checksummed = yes;
        self
    }
}

impl<W: Write + ?Sized> Writer<W> {
    /// What the file can say.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Bytes of the file so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.written + self.run.len() as u64
    }

    /// Bytes as they stand in another file. The caller has asked
    /// [`Format::takes_type`] or [`Format::takes_opcode`].
    ///
    /// # Errors
    ///
    /// Of writing.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        if self.run.len() + bytes.len() > RUN {
            self.flush_run()?;
            if bytes.len() > RUN {
                self.checksum.update(bytes);
                self.out.write_all(bytes)?;
                self.written += bytes.len() as u64;
                return Ok(());
            }
        }
        self.run.extend_from_slice(bytes);
        Ok(())
    }

    #[cold]
    fn flush_run(&mut self) -> Result<()> {
        self.checksum.update(&self.run);
        self.out.write_all(&self.run)?;
        self.written += self.run.len() as u64;
        self.run.clear();
        Ok(())
    }

    fn opcode(&mut self, opcode: Opcode) -> Result<()> {
        self.format.takes_opcode(opcode, self.format.dialect())?;
        self.raw(&[opcode.0])
    }

    fn len(&mut self, n: u64) -> Result<()> {
        if n > u64::from(u32::MAX) {
            self.format.takes_long_lengths()?;
        }
        let mut bytes = Vec::with_capacity(9);
        primitive::len(&mut bytes, n);
        self.raw(&bytes)
    }

    fn string(&mut self, text: Str<'_>) -> Result<()> {
        if text.len() > u64::from(u32::MAX) {
            self.format.takes_long_lengths()?;
        }
        if let Str::Raw(bytes) = text {
            self.len(bytes.len() as u64)?;
            return self.raw(bytes);
        }
        let mut bytes = Vec::new();
        primitive::string(&mut bytes, text);
        self.raw(&bytes)
    }

    /// A text about the file.
    ///
    /// # Errors
    ///
    /// Of writing, and for a version before 7.
    pub fn aux(&mut self, name: Str<'_>, value: Str<'_>) -> Result<()> {
        self.opcode(Opcode::AUX)?;
        self.string(name)?;
        self.string(value)
    }

    /// The keys that follow belong to this database. Does nothing if those
    /// before do, too.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn select_db(&mut self, db: u64) -> Result<()> {
        if self.db == Some(db) {
            return Ok(());
        }
        self.opcode(Opcode::SELECTDB)?;
        self.db = Some(db);
        self.len(db)
    }

    /// The database the next key belongs to, if one was selected.
    #[must_use]
    pub fn db(&self) -> Option<u64> {
        self.db
    }

    /// How many keys the database has, for servers to size their tables.
    ///
    /// # Errors
    ///
    /// Of writing, and for a version before 7.
    pub fn resize_db(&mut self, keys: u64, expires: u64) -> Result<()> {
        self.opcode(Opcode::RESIZEDB)?;
        self.len(keys)?;
        self.len(expires)
    }

    /// As [`resize_db`](Writer::resize_db), with numbers that are told with
    /// [`count`](Writer::count) as they become known. The file must be finished
    /// with [`finish_in_place`](Writer::finish_in_place). `None` if there are so
    /// many databases that it is not worth it.
    ///
    /// # Errors
    ///
    /// Of writing, and for a version before 7.
    pub fn sizes_later(&mut self) -> Result<Option<SizesAt>> {
        let format = self.format;
        format.takes_opcode(Opcode::RESIZEDB, format.dialect())?;
        if self.sizes.len() >= MAX_SIZES {
            return Ok(None);
        }
        self.flush_run()?;
        let sizes = Sizes {
            at: self.written,
            before: std::mem::take(&mut self.checksum),
            keys: 0,
            expires: 0,
        };
        let bytes = sizes.bytes();
        self.out.write_all(&bytes)?;
        self.written += bytes.len() as u64;
        self.sizes.push(sizes);
        Ok(Some(SizesAt(self.sizes.len() - 1)))
    }

    /// One more key in a database.
    pub fn count(&mut self, sizes: SizesAt, expires: bool) {
        if let Some(sizes) = self.sizes.get_mut(sizes.0) {
            sizes.keys += 1;
            sizes.expires += u64::from(expires);
        }
    }

    /// Whether a key of this type can be in the file, with these attributes.
    ///
    /// # Errors
    ///
    /// [`WriteError::Inexpressible`].
    pub fn takes_key(
        &self,
        kind: ValueType,
        attributes: impl IntoIterator<Item = Opcode>,
        from: Dialect,
    ) -> Result<()> {
        self.format.takes_type(kind, from)?;
        for opcode in attributes {
            self.format.takes_opcode(opcode, from)?;
        }
        Ok(())
    }

    /// A key of another file: in its database, with its expiry and the like,
    /// its value untouched.
    ///
    /// # Errors
    ///
    /// Of writing, and where the version does not know the value's type or what
    /// stands before the key. Hashes that refer to a template need it to be
    /// [written](Writer::raw) before.
    pub fn record(&mut self, record: &Record<'_>) -> Result<()> {
        let meta = &record.meta;
        let attributes = [
            meta.idle.map(|_| Opcode::IDLE),
            meta.freq.map(|_| Opcode::FREQ),
            (!record.key_meta.is_empty()).then_some(Opcode::KEY_META),
        ];
        self.takes_key(
            record.kind,
            attributes.into_iter().flatten(),
            record.dialect,
        )?;
        self.select_db(record.db)?;
        if let Some(t) = meta.expire_ms {
            self.opcode(Opcode::EXPIRETIME_MS)?;
            self.raw(&t.to_le_bytes())?;
        }
        if let Some(idle) = meta.idle {
            self.opcode(Opcode::IDLE)?;
            self.len(idle)?;
        }
        if let Some(freq) = meta.freq {
            self.raw(&[Opcode::FREQ.0, freq])?;
        }
        self.raw(record.key_meta)?;
        self.raw(&[record.kind.0])?;
        self.string(record.key)?;
        self.raw(record.raw)
    }

    /// Writes the end and the checksum, and hands back what was written to.
    ///
    /// # Errors
    ///
    /// Of writing, and where [`sizes_later`](Writer::sizes_later) left places
    /// to fill in.
    pub fn finish(mut self) -> Result<W>
    where
        W: Sized,
    {
        if !self.sizes.is_empty() {
            let why = "sizes are left to fill in";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why).into());
        }
        self.end()?;
        Ok(self.out)
    }

    fn end(&mut self) -> Result<()> {
        self.raw(&[Opcode::EOF.0])?;
        self.flush_run()?;
        if self.format.has_checksum() {
            let checksum = match self.checksummed {
                true => self.total(),
                false => 0,
            };
            self.out.write_all(&checksum.to_le_bytes())?;
            self.written += 8;
        }
        self.out.flush()?;
        Ok(())
    }

    /// The checksum of all bytes, the sizes as they will be.
    fn total(&self) -> u64 {
        let mut total = Checksum::new();
        for sizes in &self.sizes {
            total.combine(&sizes.before);
            total.update(&sizes.bytes());
        }
        total.combine(&self.checksum);
        total.value()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// As [`finish`](Writer::finish), and fills in the sizes that were left
    /// for later. Leaves the output at its end.
    ///
    /// # Errors
    ///
    /// Of writing and seeking.
    pub fn finish_in_place(mut self) -> Result<W> {
        self.end()?;
        // The file need not begin where the output does.
        let end = self.out.stream_position()?;
        let begin = end.saturating_sub(self.written);
        for sizes in &self.sizes {
            self.out.seek(SeekFrom::Start(begin + sizes.at))?;
            self.out.write_all(&sizes.bytes())?;
        }
        self.out.seek(SeekFrom::Start(end))?;
        self.out.flush()?;
        Ok(self.out)
    }
}
