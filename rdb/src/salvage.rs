//! What can still be read of a damaged RDB file, as a new one that loads.
//!
//! ```text
//! header  key key key [damage] key key [lost] SELECTDB key [damage, cut off]
//!         `- kept ---'         `------ kept -------------'
//! ```
//!
//! Records have no frame: where one ends is known only by reading it. A record
//! whose lengths lead to an end is skipped alone, however broken it is inside.
//! Behind any other the next one has to be searched for, and what decodes there
//! need not be one: values hold bytes of all kinds. A place is taken if records
//! follow from there on that a server would take, and that say enough for
//! themselves, by their length, by what has to meet inside of them, and by how
//! keys look in this file. A record that swallowed the beginning of another,
//! because its length is damaged, is found out and taken back.
//!
//! What is written was judged as [`verify`](crate::verify) judges; each key
//! stands there once. Nothing is made up: a value is kept byte for byte, or not
//! at all. What is lost is told as [`Gap`]s.
//!
//! # What nobody can see
//!
//! Damage inside a text is another text. A file whose checksum does not match
//! and whose records are all good has such damage
//! ([`Report::damage_unlocated`]).

mod examine;
mod habits;
mod header;
mod output;
mod piece;
mod report;
mod scan;
mod search;
mod source;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub use report::{Assumed, Database, Doubts, Gap, Kind, Record, Report};
pub use source::Source;

use crate::limits::Limits;
use crate::verify::{Product, Server};
use crate::wire::Dialect;
use crate::write::{Format, WriteError, Writer};
use examine::Examiner;
use header::Header;
use output::Output;
use scan::Scan;
use source::Window;

/// How to salvage.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server that shall load the new file; by default one of the file's
    /// own product, see [`Server::for_file`].
    pub server: Option<Server>,
    /// How many databases that server is configured for; 16 by default. Keys
    /// of others go to one it has, see [`Kind::Selector`].
    pub databases: u64,
    /// Magic and version, whatever the header says.
    pub format: Option<Format>,
    /// Whether to write the sizes of databases: the output must then be finished
    /// [in place](Writer::finish_in_place).
    pub sizes: bool,
    /// How many gaps to keep; more are only counted. 10,000 by default.
    pub max_gaps: usize,
    /// Bounds on memory.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: None,
            databases: 16,
            format: None,
            sizes: false,
            max_gaps: 10_000,
            limits: Limits::default(),
        }
    }
}

/// Why a salvage came to no end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SalvageError {
    /// The damaged file cannot be read.
    #[error("read failed: {0}")]
    Read(#[from] io::Error),
    /// The new file cannot be written.
    #[error("cannot write: {0}")]
    Write(#[from] WriteError),
    /// The server that shall load the new file reads no files of this version.
    #[error("{server} does not read {format}")]
    Unreadable {
        /// The server that was asked for.
        server: Server,
        /// Magic and version of the file.
        format: Format,
    },
    /// A layout whose records cannot be told apart.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
}

/// A damaged file, of which the header was looked at.
#[derive(Debug)]
pub struct Salvage<'o, S> {
    examiner: Examiner<S>,
    header: Header,
    options: &'o Options,
}

impl<'o, S: Source> Salvage<'o, S> {
    /// Looks at the header.
    ///
    /// # Errors
    ///
    /// Of reading; [`SalvageError::Unreadable`] and [`SalvageError::Unsupported`].
    pub fn open(source: S, options: &'o Options) -> Result<Salvage<'o, S>, SalvageError> {
        let mut window = Window::new(source);
        if window.get(0, 4)?.starts_with(b"VCS\x01") {
            let what = "Valkey's streaming-compressed RDB (VCS envelope, LZ4)";
            return Err(SalvageError::Unsupported(what));
        }
        let header = header::read(&mut window, options.format, options.server)?;
        let format = header.format;
        let product = match format.dialect() {
            Dialect::Redis => Product::Redis,
            Dialect::Valkey => Product::Valkey,
        };
        let by_file = Server::for_file(product, format.dialect(), format.version());
        let server = options.server.unwrap_or(by_file);
        if !server.reads(format.dialect(), format.version()) {
            return Err(SalvageError::Unreadable { server, format });
        }
        let examiner = Examiner::new(window, format, server, options.limits);
        Ok(Salvage {
            examiner,
            header,
            options,
        })
    }

    /// Magic and version, which the new file has to have.
    #[must_use]
    pub fn format(&self) -> Format {
        self.header.format
    }

    /// Reads all that can be read and writes it to `out`, which is to be
    /// finished afterwards.
    ///
    /// # Errors
    ///
    /// Only of reading and writing: whatever is in the file, there is a report.
    ///
    /// # Limits
    ///
    /// Holds a window of 256 KiB, or of the largest string that has to be whole
    /// ([`Limits::max_piece`]); some 40 bytes for each key, to leave out those
    /// that come twice; and what verifying one value needs. Searching takes at
    /// most a fixed multiple of the file's size, in bytes read and decoded;
    /// above it candidates are looked at less closely
    /// ([`Doubts::search_limited`]).
    pub fn run<W: Write>(self, out: &mut Writer<W>) -> Result<Report, SalvageError> {
        let mut output = Output::new(out, self.options);
        let scan = Scan::new(self.examiner, &self.header, self.options);
        scan.run(&self.header, &mut output)
    }
}

/// Salvages what lies in memory.
///
/// # Errors
///
/// As [`Salvage::open`].
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::salvage::{self, Kind, Options};
/// use rdbkit_rdb::verify::{self, Code, Verdict};
///
/// // The second key is compressed, and damaged inside.
/// let file = b"REDIS0011\xfe\x00\x00\x01a\x01x\x00\x01b\xc3\x04\x0a\xff\xff\xff\xff\
///     \x00\x01c\x01z\xff\0\0\0\0\0\0\0\0";
/// let (new, report) = salvage::bytes(file, &Options::default())?;
/// assert_eq!(report.keys, 2);
/// let gap = &report.gaps[0];
/// assert_eq!((gap.kind, gap.code), (Kind::Record, Code::BadLzf));
/// assert_eq!((gap.offset, gap.bytes, gap.key.as_deref()), (16, 10, Some(&b"b"[..])));
/// let proof = verify::slice(&new, &verify::Options::default());
/// assert_eq!(proof.verdict(), Verdict::Loads);
/// # Ok::<(), rdbkit_rdb::salvage::SalvageError>(())
/// ```
pub fn bytes(source: &[u8], options: &Options) -> Result<(Vec<u8>, Report), SalvageError> {
    let salvage = Salvage::open(source, options)?;
    let mut out = Writer::new(io::Cursor::new(Vec::new()), salvage.format())?;
    let report = salvage.run(&mut out)?;
    Ok((out.finish_in_place()?.into_inner(), report))
}
