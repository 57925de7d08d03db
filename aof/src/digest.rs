//! The digest of the data set that a log makes: what `DEBUG DIGEST` says of a
//! server that has loaded it.
//!
//! A log says what data there are only to a server. Much of it can be told
//! without one: the keys of an RDB file at the front that no command comes to,
//! and what commands do whose effect hangs on nothing but the keys they name.
//! All else is an [`Obstacle`], and then there is no digest: unless what it has
//! made uncertain is later replaced or removed.
//!
//! ```text
//! verify     how far is each file loaded?
//! commands   which keys do they come to, once or again?     two bits a key
//! all        RDB keys no command comes to  ----------------> digest
//!            RDB keys that one comes to  --> in memory  ---> digest, when no
//!            commands                    --> in memory  ---> other comes to it
//! ```
//!
//! What is [not in a digest](rdbkit_rdb::digest) is passed over: when keys
//! expire, groups of streams, functions.

mod apply;
mod error;
mod follow;
mod halt;
mod keyspace;
mod model;
mod number;
mod touched;

#[cfg(test)]
mod tests;

pub use error::Error;
pub use halt::Obstacle;
pub use keyspace::Obstacles;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use rdbkit_rdb::digest::{Dataset, Rules, Writer};
use rdbkit_rdb::verify::{Product, Server, Severity};
use rdbkit_rdb::{RecordBuf, StreamReader as RdbReader};

use crate::limits::Limits;
use crate::manifest::FileKind;
use crate::reader::{StreamReader, is_preamble};
use crate::set::Set;
use crate::source::Source;
use crate::verify::{self, Code, Cut, Effect, FileReport, SetReport};
use crate::walk::{self, State, Visitor};
use follow::{Collect, Follow};
use keyspace::Keyspace;
use touched::Touched;

/// Window of one file.
const WINDOW: usize = 256 << 10;

/// What to digest, and by whose rules.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server whose digest it is; by default the one that wrote the RDB
    /// file at the front, or else the one [`verify`] judges for.
    pub server: Option<Server>,
    /// The time, in Unix milliseconds: what has expired is counted then.
    pub now_ms: Option<i64>,
    /// Whether to leave out what has expired, see [`Rules::without_expired`].
    pub skip_expired: bool,
    /// How many databases the server is configured for; 16 by default, as it is.
    pub databases: u64,
    /// Whether to digest the base alone: of a log with a manifest the file that
    /// is its base, of a single file the RDB file at its front.
    pub base_only: bool,
    /// Bytes that keys in memory may take, 1 GiB by default.
    pub max_memory: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: None,
            now_ms: None,
            skip_expired: false,
            databases: 16,
            base_only: false,
            max_memory: 1 << 30,
        }
    }
}

/// What came of a log.
#[derive(Debug)]
pub struct Report {
    /// All keys that could be told; of [`obstacles`](Self::obstacles) there is no
    /// digest, whatever this one says.
    pub dataset: Dataset,
    /// Commands that were read, without those that a server cuts off.
    pub commands: u64,
    /// Commands that change data, and were applied.
    pub applied: u64,
    /// What a server cuts off: the file, by its index in [`Set::files`].
    pub cut: Option<(usize, Cut)>,
    /// What only a server could tell.
    pub obstacles: Option<Obstacles>,
    /// Why keys have no digest that could be computed, and how many.
    pub unknown: BTreeMap<String, u64>,
}

/// Digests a log.
///
/// # Errors
///
/// [`Error`]: a log that servers refuse, what cannot be read, too little memory.
///
/// # Limits
///
/// [`Options::max_memory`] for the keys that commands come to, a quarter of it
/// more for the longest command, and what the walk of one value of an RDB file needs.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::digest::{self, Options};
/// use rdbkit_aof::{Memory, Set};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nhello\r\n");
/// let report = digest::digest(&Set::single(b"a.aof"), &files, &Options::default())?;
/// assert_eq!(report.applied, 1);
/// let digest = report.digest().expect("nothing stands in its way").to_string();
/// assert_eq!(digest, "7bba0c6c0ba7cf343554878a513cce31a28c4abb");
///
/// files.insert(b"a.aof", b"*2\r\n$4\r\nSPOP\r\n$1\r\na\r\n");
/// let report = digest::digest(&Set::single(b"a.aof"), &files, &Options::default())?;
/// let obstacles = report.obstacles.expect("which member goes, only the server knows");
/// assert_eq!((&obstacles.first.command[..], obstacles.keys), (&b"SPOP"[..], Some(1)));
/// # Ok::<(), digest::Error>(())
/// ```
pub fn digest(set: &Set, source: &dyn Source, options: &Options) -> Result<Report, Error> {
    let judged = judge(set, source, options)?;
    let files = loaded(set, &judged, options)?;
    let cut = files
        .iter()
        .find_map(|file| Some((file.index, file.report.cut?)));

    let server = match options.server {
        Some(server) => server,
        None => writer(source, &files)?.unwrap_or(judged.server),
    };
    let rules = rules(server, options);
    let limits = Limits {
        command: usize::try_from(options.max_memory / 4)
            .unwrap_or(usize::MAX)
            .max(1 << 20),
        ..Limits::default()
    };
    let mut collect = Collect::new(touched(&files, options));
    for file in &files {
        let bytes = source
            .open_at(file.name(), file.rdb_bytes())
            .map_err(|e| file.unread(e))?;
        let reader = StreamReader::behind(file.rdb_bytes(), Vec::new(), bytes, WINDOW, limits);
        collect.file(file.whole());
        file.walk(reader, &mut collect)?;
    }
    let mut keys = Keyspace::new(rules, collect.touched, options.max_memory);
    let mut follow = Follow::new(&mut keys, options.databases);
    for file in &files {
        follow.file(file.index, file.whole());
        let bytes = source.open(file.name()).map_err(|e| file.unread(e))?;
        let reader = file.records(bytes, limits, &mut follow)?;
        // Where memory ran out the RDB part was not read to its end.
        follow.check(file.name(), options.max_memory)?;
        file.walk(reader, &mut follow)?;
        follow.check(file.name(), options.max_memory)?;
    }
    let (commands, applied) = (follow.commands, follow.applied);
    Ok(Report {
        obstacles: keys.finish(),
        commands,
        applied,
        cut,
        unknown: keys.unknown(),
        dataset: keys.dataset,
    })
}

impl Report {
    /// The digest; `None` if there is something that only a server could tell.
    #[must_use]
    pub fn digest(&self) -> Option<rdbkit_rdb::digest::Digest> {
        match self.obstacles {
            None => self.dataset.digest(),
            Some(_) => None,
        }
    }
}

fn rules(server: Server, options: &Options) -> Rules {
    let mut rules = Rules::of(server);
    if let Some(now_ms) = options.now_ms {
        rules = rules.at(now_ms);
    }
    match options.skip_expired {
        true => rules.without_expired(),
        false => rules,
    }
}

fn touched(files: &[File<'_>], options: &Options) -> Touched {
    let behind = |file: &File<'_>| file.whole().saturating_sub(file.rdb_bytes());
    let commands = files.iter().map(behind).sum();
    Touched::new(commands, options.max_memory / 4)
}

/// What would a server do with the log? The first one that loads it is asked:
/// that whose digest is wanted; the one that wrote it, for a digest is no
/// verdict; and Valkey, for commands alone do not say whose they are.
fn judge(set: &Set, source: &dyn Source, options: &Options) -> Result<SetReport, Error> {
    let servers = match options.server {
        Some(server) => [Some(server), None],
        None => [None, Some(Server::VALKEY)],
    };
    let mut first = None;
    for server in servers {
        let report = judged_for(server, set, source, options)?;
        match loaded(set, &report, options) {
            Ok(_) => return Ok(report),
            Err(error) => _ = first.get_or_insert(error),
        }
    }
    Err(first.unwrap_or(Error::NoBase))
}

fn judged_for(
    server: Option<Server>,
    set: &Set,
    source: &dyn Source,
    options: &Options,
) -> Result<SetReport, Error> {
    let how = verify::Options {
        server,
        databases: options.databases,
        // A module's command is an obstacle, not a reason to refuse the log.
        module_commands: vec!["*.*".to_owned()],
        duplicates: false,
        ..verify::Options::default()
    };
    let report = match (set.manifest_name(), set.files()) {
        (Some(name), _) => verify::set(source, name, &how),
        (None, [file, ..]) => match source.open(&file.name) {
            Ok(bytes) => verify::single(&file.name, bytes, &how),
            Err(error) => return Err(Error::unread(&file.name, error)),
        },
        (None, []) => return Err(Error::NoBase),
    };
    let mut failures = report.failures();
    match failures.is_empty() {
        true => Ok(report),
        false => Err(Error::Unread(failures.swap_remove(0))),
    }
}

/// A file of the log, as far as it is loaded.
struct File<'r> {
    index: usize,
    report: &'r FileReport,
    /// Whether the commands behind its RDB file do not count.
    head_only: bool,
}

/// The files that count.
fn loaded<'r>(set: &Set, judged: &'r SetReport, options: &Options) -> Result<Vec<File<'r>>, Error> {
    if let Some(finding) = judged.findings.iter().find(|f| stops(f.code, f.effect)) {
        return Err(Error::Refused {
            file: finding.file.clone().unwrap_or_default(),
            finding: Box::new(finding.clone()),
            server: judged.server,
        });
    }
    let mut files = Vec::new();
    for (index, report) in judged.files.iter().enumerate() {
        let is_base = report.kind == Some(FileKind::Base);
        let head_only = options.base_only && set.manifest().is_none();
        if options.base_only && !is_base && !(head_only && report.rdb.is_some()) {
            continue;
        }
        if let Some(finding) = report.findings.iter().find(|f| stops(f.code, f.effect)) {
            let rdb = report.rdb.iter().flat_map(|rdb| &rdb.findings);
            let mut rdb = rdb.filter(|_| finding.code == Code::RdbRefused);
            return Err(match rdb.find(|f| f.severity >= Severity::Refused) {
                Some(finding) => Error::RdbRefused {
                    file: report.name.clone(),
                    finding: Box::new(finding.clone()),
                    server: judged.server,
                },
                None => Error::Refused {
                    file: report.name.clone(),
                    finding: Box::new(finding.clone()),
                    server: judged.server,
                },
            });
        }
        files.push(File {
            index,
            report,
            head_only,
        });
    }
    match options.base_only && files.is_empty() {
        true => Err(Error::NoBase),
        false => Ok(files),
    }
}

/// Whether there is no telling what data a server has because of a finding.
fn stops(code: Code, effect: Effect) -> bool {
    match effect {
        Effect::Loads
        | Effect::BreaksLater
        | Effect::Loses
        | Effect::Truncates
        | Effect::LeavesOpen
        | Effect::Empties => false,
        // Whether it loads is not asked here, only what there is if it does.
        Effect::Undecided => !matches!(code, Code::RdbUndecided | Code::PerhapsUnknown),
        Effect::Ignores | Effect::Refuses | Effect::Crashes | Effect::Destroys => true,
    }
}

/// Who wrote the first RDB file of the log. A log with a manifest is loaded by
/// later servers than those that knew none.
fn writer(source: &dyn Source, files: &[File<'_>]) -> Result<Option<Server>, Error> {
    let Some(file) = files.iter().find(|file| file.report.rdb.is_some()) else {
        return Ok(None);
    };
    let bytes = source.open(file.name()).map_err(|e| file.unread(e))?;
    let (mut writer, mut buf) = (Writer::default(), RecordBuf::new());
    let mut reader = RdbReader::new(bytes);
    let first = reader.read_record_with(&mut buf, |event| writer.event(event));
    first.map_err(|error| file.damaged(error))?;
    let server = writer.server();
    let old = server.product == Product::Redis && server.major < 7;
    Ok(Some(server).filter(|_| !(old && file.report.kind.is_some())))
}

impl File<'_> {
    fn name(&self) -> &[u8] {
        &self.report.name
    }

    /// Bytes of the RDB file at its front.
    fn rdb_bytes(&self) -> u64 {
        self.report.rdb.as_ref().map_or(0, |rdb| rdb.bytes)
    }

    /// Up to which byte it is loaded, and every command run.
    fn whole(&self) -> u64 {
        match self.head_only {
            true => self.rdb_bytes(),
            false => self.report.whole.max(self.rdb_bytes()),
        }
    }

    fn unread(&self, error: std::io::Error) -> Error {
        Error::unread(self.name(), error)
    }

    fn damaged(&self, error: rdbkit_rdb::Error) -> Error {
        Error::Rdb {
            file: self.name().to_vec(),
            error,
        }
    }

    /// Takes the keys of the RDB file at the front, if there is one; gives what
    /// is behind it.
    fn records<R: Read>(
        &self,
        mut bytes: R,
        limits: Limits,
        follow: &mut Follow<'_>,
    ) -> Result<StreamReader<impl Read + use<R>>, Error> {
        let mut head = Vec::with_capacity(9);
        let read = (&mut bytes).take(9).read_to_end(&mut head);
        read.map_err(|error| self.unread(error))?;
        let has_rdb = is_preamble(&head);
        let whole = Cursor::new(head).chain(bytes);
        if !has_rdb {
            return Ok(StreamReader::behind(0, Vec::new(), whole, WINDOW, limits));
        }
        let (mut reader, mut buf) = (RdbReader::new(whole), RecordBuf::new());
        while reader.read_record(&mut buf).map_err(|e| self.damaged(e))? {
            follow.record(&buf).map_err(|e| self.damaged(e))?;
            if follow.is_full() {
                break;
            }
        }
        let begin = reader.offset();
        let (held, source) = reader.into_rest();
        Ok(StreamReader::behind(begin, held, source, WINDOW, limits))
    }

    /// Lets `visitor` see the commands up to where it is whole.
    fn walk(
        &self,
        reader: StreamReader<impl Read>,
        visitor: &mut dyn Visitor,
    ) -> Result<(), Error> {
        let state = State::new(reader.preamble_len(), None);
        let end = walk::walk_rest(self.index, state, reader, visitor);
        match end.error {
            Some(error) if error.is_io() || end.end < self.whole() => Err(Error::Log {
                file: self.name().to_vec(),
                error,
            }),
            None if end.end < self.whole() && !visitor.enough() => {
                Err(Error::Changed(self.name().to_vec()))
            }
            _ => Ok(()),
        }
    }
}
