//! Keys as the commands that make them: for a server that shall have them and
//! cannot load the file, or not all of it.
//!
//! [`Commands`] is a [`Visitor`] that writes commands in the
//! protocol of clients, for `redis-cli --pipe`. Either **plain** ones (`SET`,
//! `RPUSH`, `HSET`, `XADD` ...), which every server understands that has the
//! type, or **`RESTORE`** with the value as it stands in the file, which is exact
//! to the last bit, module types included, but only for servers that know the
//! value's encoding; what they do not know is written as plain commands.
//!
//! What cannot be said is left out and counted, as a [`Loss`].

mod key;
mod live;
mod loss;
mod restore;
mod stream;
mod target;
#[cfg(test)]
mod tests;
mod words;

use std::io::{self, Write};

pub use loss::{Loss, Lost};
pub use target::{Target, TooOld};

use crate::digest::Writer;
use crate::event::{Event, Part};
use crate::pieces::{End, Key, Page, Piece, VisitError, Visitor, Want};
use crate::record::Record;
use crate::text::Scratch;
use crate::value::StreamGroups;
use crate::wire::ObjectKind;
use key::KeyInHand;
use live::LiveIds;
use loss::Losses;
use words::{bulk, head};

/// Bytes of elements after which a command is complete, however few they are.
const BATCH_BYTES: usize = 1 << 20;

/// Bytes that names of one stream's groups may take in memory.
const NAMES: u64 = 1 << 30;

/// Bytes of the largest `RESTORE` payload: servers take no longer argument unless
/// they are told to (`proto-max-bulk-len`).
const LARGEST_PAYLOAD: u64 = 512 << 20;

/// Databases that a server has, unless its configuration says otherwise.
pub const DATABASES: u64 = 16;

/// How commands are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether values are `RESTORE`d as they stand in the file, where that can be.
    pub restore: bool,
    /// Whether keys and libraries that are there already are replaced.
    pub replace: bool,
    /// Elements of a plain command at most; at least one.
    pub batch: usize,
    /// Whether function libraries are written.
    pub functions: bool,
    /// Databases that the server has. `SELECT` of another fails, and what comes
    /// behind it would go to the database before; so keys of those are left out,
    /// as [`Loss::Database`].
    pub databases: u64,
    /// Fields of hashes whose time is over at this Unix millisecond are left out of
    /// what is restored: a payload has them, and servers keep them until somebody
    /// comes to them. Such hashes are written as plain commands, but for what only
    /// a payload can say (paths, metadata of modules).
    pub without_expired: Option<i64>,
}

impl Default for Options {
    /// Plain commands of at most 64 elements (as servers rewrite their logs), with
    /// libraries, for 16 databases; nothing is replaced.
    fn default() -> Options {
        Options {
            restore: false,
            replace: false,
            batch: 64,
            functions: true,
            databases: DATABASES,
            without_expired: None,
        }
    }
}

/// Writes the keys that are handed to it as commands.
///
/// Databases are selected as they change. A key's expiry comes after its value.
/// Function libraries are loaded where they stand in the file.
///
/// # Limits
///
/// Holds one batch of elements, and what [`Page`] holds. Of a stream with groups:
/// about three bytes an entry, up to 64 MiB, to tell which pending entries are
/// gone, and one group. With `RESTORE`: one payload, up to 512 MiB, beside the record.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::commands::{Commands, Options, Target};
/// use rdbkit_rdb::filter::Filter;
/// use rdbkit_rdb::pieces::{Expired, visit};
/// use rdbkit_rdb::write::Format;
/// use rdbkit_rdb::{Dialect, StreamReader};
///
/// let file: &[u8] = b"REDIS0004\xfe\x03\x02\x01s\x02\x01a\x01b\xff";
/// let mut source = StreamReader::new(file);
/// source.next_event()?;
/// let target = Target::of_file(Format::of_source(Dialect::Redis, 4));
/// let mut commands = Commands::new(Vec::new(), target, Options::default());
/// let expired = Expired { now_ms: 0, skip: false };
/// visit(&mut source, &mut Filter::new(), expired, &mut commands)?;
/// assert_eq!(
///     commands.finish()?,
///     b"*2\r\n$6\r\nSELECT\r\n$1\r\n3\r\n*4\r\n$4\r\nSADD\r\n$1\r\ns\r\n$1\r\na\r\n$1\r\nb\r\n",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Commands<W> {
    page: Page<W>,
    target: Target,
    writer: Writer,
    options: Options,
    /// That the commands so far have selected.
    db: Option<u64>,
    key: KeyInHand,
    /// Elements of the next command, and how many.
    args: Vec<u8>,
    count: usize,
    /// Commands that follow the one in `args`.
    behind: Vec<u8>,
    groups: StreamGroups,
    live: LiveIds,
    losses: Losses,
    as_plain: u64,
    empty: u64,
    /// One more than the highest database of a key.
    databases: u64,
    expired_fields: u64,
    emptied: u64,
}

impl<W: Write> Commands<W> {
    /// Writes to `out`, for `target`.
    #[must_use]
    pub fn new(out: W, target: Target, options: Options) -> Commands<W> {
        Commands {
            page: Page::new(out),
            target,
            writer: Writer::default(),
            options,
            db: None,
            key: KeyInHand::default(),
            args: Vec::new(),
            count: 0,
            behind: Vec::new(),
            groups: StreamGroups::new(NAMES),
            live: LiveIds::default(),
            losses: Losses::default(),
            as_plain: 0,
            empty: 0,
            databases: 0,
            expired_fields: 0,
            emptied: 0,
        }
    }

    /// What could not be said so far, by kind.
    pub fn losses(&self) -> impl Iterator<Item = (Loss, &Lost)> {
        self.losses.iter()
    }

    /// Databases that a server needs for all keys so far, those that were left out
    /// for [want of one](Options::databases) too.
    #[must_use]
    pub fn databases(&self) -> u64 {
        self.databases
    }

    /// Fields that were left out of hashes to be restored, see
    /// [`Options::without_expired`].
    #[must_use]
    pub fn expired_fields(&self) -> u64 {
        self.expired_fields
    }

    /// Of these hashes, those that had no other fields, and were left out.
    #[must_use]
    pub fn emptied(&self) -> u64 {
        self.emptied
    }

    /// Keys that were to be restored, and were written as plain commands, because
    /// the server does not know the encoding or takes no payload of that size, or
    /// because fields of them had expired.
    #[must_use]
    pub fn as_plain(&self) -> u64 {
        self.as_plain
    }

    /// Keys without elements, which no command can make; servers that load the
    /// file leave them out too.
    #[must_use]
    pub fn empty(&self) -> u64 {
        self.empty
    }

    /// The output, to take back a damaged key, and to be flushed.
    pub fn page(&mut self) -> &mut Page<W> {
        &mut self.page
    }

    /// Writes what is left, and gives the writer back.
    ///
    /// # Errors
    ///
    /// Of writing.
    pub fn finish(self) -> io::Result<W> {
        self.page.finish()
    }

    fn lose(&mut self, loss: Loss) {
        self.losses.add(loss, self.key.db, &self.key.name);
    }

    #[inline]
    fn select(&mut self, db: u64) {
        if self.db != Some(db) {
            self.db = Some(db);
            let out = self.page.buffer();
            head(out, 2, b"SELECT");
            words::number(out, db);
        }
    }

    fn function(&mut self, source: &[u8]) {
        let out = self.page.buffer();
        match self.options.replace {
            true => {
                head(out, 4, b"FUNCTION");
                bulk(out, b"LOAD");
                bulk(out, b"REPLACE");
            }
            false => {
                head(out, 3, b"FUNCTION");
                bulk(out, b"LOAD");
            }
        }
        bulk(out, source);
    }
}

impl<W: Write> Visitor for Commands<W> {
    type Error = VisitError;

    #[inline(always)]
    fn key(&mut self, key: &Key<'_>) -> Result<Want, VisitError> {
        self.page.begin_key()?;
        self.key.set(key);
        self.databases = self.databases.max(key.db.saturating_add(1));
        if key.db >= self.options.databases {
            self.lose(Loss::Database);
            return Ok(Want::Nothing);
        }
        self.restores(key)
    }

    #[inline(always)]
    fn piece(&mut self, piece: Piece<'_>) -> Result<(), VisitError> {
        match piece {
            Piece::String(value) => self.string(value)?,
            Piece::Element(bytes) => self.element(b"RPUSH", bytes),
            Piece::Member(bytes) => self.element(b"SADD", bytes),
            Piece::Scored(member, score) => self.scored(member, score),
            Piece::Field(field) => self.field(&field),
            Piece::Stream(item) => self.stream(&item)?,
            // A module's, an array's: said to be lost when the value ends.
            _ => {}
        }
        Ok(self.page.relieve()?)
    }

    #[inline(always)]
    fn end(&mut self, end: End) -> Result<(), VisitError> {
        if self.key.object == ObjectKind::String {
            self.expire();
            return Ok(());
        }
        self.end_collection(end)
    }

    fn record(&mut self, record: &Record<'_>) -> Result<(), VisitError> {
        self.restore(record)
    }

    fn event(&mut self, event: &Event<'_>) -> Result<(), VisitError> {
        // Beside all keys.
        self.key = KeyInHand::default();
        match event {
            Part::Function(source) if self.options.functions => {
                if !self.target.has_functions() {
                    self.lose(Loss::Function);
                    return Ok(());
                }
                let mut scratch = Scratch::default();
                let source = source.bytes(&mut scratch);
                let source = source.map_err(|kind| VisitError::Inside { offset: 0, kind })?;
                self.function(source);
            }
            Part::FunctionPreGa { .. } if self.options.functions => {
                self.lose(Loss::FunctionPreGa);
            }
            Part::Aux { .. } => {
                self.writer.event(event);
                if let Some(writer) = self.writer.told() {
                    self.target = self.target.written_by(writer);
                }
            }
            Part::ModuleAux { .. } => self.lose(Loss::ModuleAux),
            Part::SlotImport { .. } => self.lose(Loss::SlotImport),
            _ => {}
        }
        Ok(self.page.relieve()?)
    }
}
