//! Where the files of a log come from: a folder, an archive, memory.

use std::collections::BTreeMap;
use std::io::{self, Read};

/// One thing that lies beside the files of a log.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Its name, without a path.
    pub name: Vec<u8>,
    /// Its bytes; 0 for what is no file.
    pub bytes: u64,
    /// Whether it is a regular file, or a link to one.
    pub is_file: bool,
}

/// Opens the files of a log by name; the library itself opens none.
pub trait Source: Sync {
    /// The bytes of file `name` from its beginning; at every call anew.
    ///
    /// # Errors
    ///
    /// Of whatever holds the file; [`io::ErrorKind::NotFound`] where it is not there.
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>>;

    /// The bytes of file `name` from `offset` on; nothing where it has no more.
    ///
    /// Reads what is before, which a source that can seek has no need to.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    fn open_at(&self, name: &[u8], offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let mut file = self.open(name)?;
        io::copy(&mut (&mut file).take(offset), &mut io::sink())?;
        Ok(file)
    }

    /// All there is, in no order; `None` where that cannot be told, as with a pipe.
    ///
    /// # Errors
    ///
    /// Of whatever holds the files.
    fn list(&self) -> io::Result<Option<Vec<Listed>>>;

    /// How long file `name` is; `None` where that cannot be told.
    fn size(&self, name: &[u8]) -> Option<u64> {
        let listed = self.list().ok()??;
        let found = listed.iter().find(|file| file.is_file && file.name == name);
        found.map(|file| file.bytes)
    }

    /// When file `name` was last written to, in Unix milliseconds; `None` where
    /// that is not known.
    fn modified_ms(&self, name: &[u8]) -> Option<i64> {
        let _ = name;
        None
    }
}

/// Files in memory.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Source};
///
/// let mut files = Memory::default();
/// files.insert(b"appendonly.aof", b"*1\r\n$4\r\nPING\r\n");
/// assert!(files.open(b"appendonly.aof").is_ok() && files.open(b"other").is_err());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory(BTreeMap<Vec<u8>, Vec<u8>>);

impl Memory {
    /// Puts a file there, in place of the one of that name if there is one.
    pub fn insert(&mut self, name: impl Into<Vec<u8>>, bytes: impl Into<Vec<u8>>) {
        self.0.insert(name.into(), bytes.into());
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

impl Source for Memory {
    fn open(&self, name: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
        let bytes = self.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(bytes))
    }

    fn open_at(&self, name: &[u8], offset: u64) -> io::Result<Box<dyn Read + Send + '_>> {
        let bytes = self.get(name).ok_or(io::ErrorKind::NotFound)?;
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        Ok(Box::new(bytes.get(offset..).unwrap_or_default()))
    }

    fn list(&self) -> io::Result<Option<Vec<Listed>>> {
        let listed = |(name, bytes): (&Vec<u8>, &Vec<u8>)| Listed {
            name: name.clone(),
            bytes: bytes.len() as u64,
            is_file: true,
        };
        Ok(Some(self.0.iter().map(listed).collect()))
    }
}
