//! The keys that a filter takes, as a new file: bytes copied, nothing decoded
//! or encoded anew.
//!
//! Keys are copied as they come by: a value of any size passes through a pipe
//! in the memory of one window. Only a condition on size has to hold a key
//! until it is known on which side of it the key is.

mod copier;
#[cfg(test)]
mod tests;

use std::io::{Read, Write};

use copier::Copier;

use crate::error::Error;
use crate::filter::Filter;
use crate::redact;
use crate::stream::StreamReader;
use crate::verify::Server;
use crate::write::{Format, Inexpressible, WriteError, Writer};

/// What goes into the new file beside the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// Texts about the file (AUX), but for what would be wrong of a part of the
    /// data: the replication position, and sizes of cluster slots.
    pub aux: bool,
    /// Function libraries.
    pub functions: bool,
    /// Data of modules that belongs to no key.
    pub module_aux: bool,
    /// Sizes of databases (RESIZEDB). They are known at the end only, so the
    /// output must be one that can be finished
    /// [in place](Writer::finish_in_place).
    pub sizes: bool,
    /// Who shall load the new file, if that is known: what this server does not
    /// know is refused, even where the version has words for it.
    pub server: Option<Server>,
}

impl Default for Keep {
    /// All but the sizes, for whoever reads it.
    fn default() -> Keep {
        Keep {
            aux: true,
            functions: true,
            module_aux: true,
            sizes: false,
            server: None,
        }
    }
}

/// What became of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Keys looked at.
    pub seen: u64,
    /// Keys written.
    pub keys: u64,
    /// Of these, keys with an expiry.
    pub expires: u64,
    /// Databases written. One that comes twice counts twice.
    pub databases: u64,
    /// Function libraries written.
    pub functions: u64,
    /// AUX fields left out that nobody asked to: for what they say, or because
    /// the version has none.
    pub aux_left_out: u64,
    /// Slot migrations that were under way, which are always left out: on
    /// loading them servers drop the keys of their slots.
    pub imports_left_out: u64,
}

/// Why no new file came about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The source cannot be read, or is damaged.
    #[error(transparent)]
    Source(#[from] Error),
    /// Writing failed.
    #[error("cannot write: {0}")]
    Write(#[source] std::io::Error),
    /// The new file's version has no words for something that is to be kept, or the
    /// server it is for does not know it.
    #[error("{} at offset {offset} cannot be kept: {why}", .key.as_ref().map_or_else(|| "what stands".to_owned(), ToString::to_string))]
    Inexpressible {
        /// The key, if it is one.
        key: Option<KeyName>,
        /// Where it stands in the source.
        offset: u64,
        /// What the version lacks.
        why: Inexpressible,
    },
    /// The source is no snapshot but a replication stream: among its keys there
    /// are commands that change them.
    #[error("a replicated command at offset {0}: keys before it may not be what they were")]
    Command(u64),
}

/// A key with its database, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName {
    /// Database.
    pub db: u64,
    /// The first bytes of the key.
    pub key: Vec<u8>,
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (db, key) = (self.db, redact::escaped(&self.key));
        write!(f, "key \"{key}\" of database {db}")
    }
}

/// Copies what `filter` takes from `source`, of which the header has been read,
/// to `out`, which is to be finished afterwards. Where `out` is of the same
/// format as the source, what the source holds is taken to belong there. The
/// source stands behind the end of the file then, where the commands of an
/// append-only log may follow.
///
/// # Errors
///
/// [`ExtractError`]. Then what was written is of no use.
///
/// # Limits
///
/// Holds the windows of both; with a condition on size, a key up to that size,
/// at most [`Limits::max_record`](crate::Limits::max_record).
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::extract::{Keep, extract};
/// use rdbkit_rdb::filter::{Filter, Pattern};
/// use rdbkit_rdb::write::{Format, Writer};
/// use rdbkit_rdb::{Part, StreamReader};
///
/// let file: &[u8] = b"REDIS0007\xfe\x01\x00\x01a\xc0\x07\x00\x01b\x00\xff\0\0\0\0\0\0\0\0";
/// let mut source = StreamReader::new(file);
/// let Some(Part::Header { dialect, version, .. }) = source.next_event()? else { panic!() };
/// let mut out = Writer::new(Vec::new(), Format::of_source(dialect, version))?;
/// let mut filter = Filter::new().key(Pattern::glob("a*"));
/// let summary = extract(&mut source, &mut filter, &mut out, Keep::default())?;
/// assert_eq!((summary.seen, summary.keys), (2, 1));
/// let new = out.finish()?;
/// assert!(new.starts_with(b"REDIS0007\xfe\x01\x00\x01a\xc0\x07\xff"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn extract<R: Read, W: Write>(
    source: &mut StreamReader<R>,
    filter: &mut Filter,
    out: &mut Writer<W>,
    keep: Keep,
) -> Result<Summary, ExtractError> {
    let decoder = source.decoder();
    let format = Format::of_source(decoder.dialect(), decoder.version());
    let limit = decoder.limits().max_record;
    let copier = Copier::new(format, limit, filter, out, keep);
    let (summary, stored) = copy(source, copier)?;
    source.compare_checksum(stored)?;
    Ok(summary)
}

/// Copies to the end of the file; gives the checksum that stands there, too.
fn copy(
    reader: &mut StreamReader<dyn Read + '_>,
    mut copier: Copier<'_>,
) -> Result<(Summary, Option<u64>), ExtractError> {
    loop {
        let more = reader.drive(&mut copier);
        // What went wrong here first comes before what went wrong later there.
        if let Some(error) = copier.take_error() {
            return Err(error);
        }
        if !more? {
            return copier.finish();
        }
    }
}

impl ExtractError {
    fn of_write(error: WriteError, key: Option<KeyName>, offset: u64) -> ExtractError {
        match error {
            WriteError::Io(error) => ExtractError::Write(error),
            WriteError::Inexpressible(why) => ExtractError::Inexpressible { key, offset, why },
        }
    }
}
