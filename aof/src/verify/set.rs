//! Judging all files of a log, several at a time.

use std::collections::BTreeMap;
use std::io::{ErrorKind as IoKind, Read};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{io, thread};

use rdbkit_rdb::verify::{self as rdb, Server};

use crate::ahead::{self, Ahead, LARGE, PIECE, Threads};
use crate::error::{Error, ErrorKind};
use crate::manifest::{Entry, FileKind};
use crate::set::{Set, SetError};
use crate::source::Source;
use crate::verify::chosen::{Chosen, by_commands, by_manifest};
use crate::verify::file::{By, WINDOW, judged};
use crate::verify::finding::{Code, Finding, Findings};
use crate::verify::judge::Role;
use crate::verify::manifest;
use crate::verify::report::{FileReport, SetReport};
use crate::verify::{Options, file};

/// Bytes of a base that are looked at to tell whose it is.
const HEAD: u64 = 64 << 10;

/// Verifies a log that is one file: from a pipe, a file, memory.
///
/// # Limits
///
/// As [`file()`].
pub fn single(name: &[u8], source: impl Read + Send, options: &Options) -> SetReport {
    alone(name, file(source, options), options)
}

/// As [`single`], for a file that can be opened more than once: if it is large,
/// [`Options::threads`] read it, and come to the same report.
///
/// # Limits
///
/// As [`file()`], and 8 MiB for each thread, of which there are 8 at most.
pub fn single_of(source: &dyn Source, name: &[u8], options: &Options) -> SetReport {
    let by = by(source, name, options);
    let report = match source.open(name) {
        Ok(bytes) => judged(bytes, options, options.server, Role::ALONE, by),
        Err(error) => {
            let mut report = FileReport::new(options.server.unwrap_or(Server::REDIS));
            report.failure = Some(Error::new(ErrorKind::Io(error), 0, 0, 1));
            report
        }
    };
    alone(name, report, options)
}

fn alone(name: &[u8], mut report: FileReport, options: &Options) -> SetReport {
    report.name = name.to_vec();
    let told = report.rdb.as_ref().is_some_and(|rdb| rdb.server.is_some());
    SetReport {
        manifest: None,
        server: report.server,
        chosen: match options.server {
            Some(_) => Chosen::Asked,
            None if told => Chosen::Rdb,
            None => Chosen::Assumed,
        },
        files: vec![report],
        findings: Vec::new(),
        totals: BTreeMap::new(),
        worst: None,
        failure: None,
    }
}

/// Verifies the log of manifest `name` with all files it names. The report is
/// the same for any number of threads, but for
/// [`index_memory`](rdb::Report::index_memory). A log whose commands speak for another
/// server than was thought at first is read twice.
///
/// # Limits
///
/// As [`file()`] for each of [`Options::threads`] files; a file that is larger
/// than all others together is read as by [`single_of`].
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, verify::{self, Options}};
///
/// let mut files = Memory::default();
/// files.insert(b"a.manifest", b"file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type i\n");
/// files.insert(b"a.1.base.aof", b"*1\r\n$8\r\nFLUSH");
/// let report = verify::set(&files, b"a.manifest", &Options::default());
/// let found = report.files.iter().flat_map(|file| &file.findings);
/// let found: Vec<_> = found.map(|f| f.code.name()).collect();
/// assert_eq!(found, ["torn-not-last", "missing-file"]);
/// ```
pub fn set(source: &dyn Source, name: &[u8], options: &Options) -> SetReport {
    let mut findings = Findings::default();
    let (set, failure) = match Set::open(source, name) {
        Ok(set) => (Some(set), None),
        Err(SetError::Io(error)) if error.kind() == IoKind::NotFound => (None, None),
        Err(SetError::Manifest(error)) => {
            let target = named(options);
            manifest::refused(&error, name, target.0, options, &mut findings);
            return ended(name, target, Vec::new(), findings, None);
        }
        Err(error) => (None, Some(error.to_string())),
    };
    let (listed, failure) = match source.list() {
        Ok(listed) => (listed, failure),
        Err(error) => (
            None,
            failure.or(Some(format!("cannot list the folder: {error}"))),
        ),
    };
    let Some(set) = set else {
        let target = named(options);
        if failure.is_none() {
            manifest::missing(name, listed.as_deref(), target.0, options, &mut findings);
        }
        return ended(name, target, Vec::new(), findings, failure);
    };
    let mut target = match options.server {
        Some(server) => (server, Chosen::Asked),
        None => writer(source, &set),
    };
    let mut files = all(source, &set, options, target.0);
    let mut names = BTreeMap::new();
    for file in &files {
        names.extend(file.counts.names.iter().map(|(name, n)| (name.clone(), *n)));
    }
    if let Some(server) = by_commands(&names, target.0, target.1) {
        target = (server, Chosen::Commands);
        files = all(source, &set, options, server);
    }
    manifest::judge(
        &set,
        &files,
        listed.as_deref(),
        target.0,
        options,
        &mut findings,
    );
    ended(name, target, files, findings, failure)
}

/// The server that was named, where the log does not come to tell.
fn named(options: &Options) -> (Server, Chosen) {
    match options.server {
        Some(server) => (server, Chosen::Asked),
        None => (Server::REDIS, Chosen::Assumed),
    }
}

/// Judges all files: several at a time, or one after the other where one is most
/// of it all, and several threads can read that.
fn all(source: &dyn Source, set: &Set, options: &Options, server: Server) -> Vec<FileReport> {
    let count = set.files().len();
    let last = count.saturating_sub(1);
    // Where it cannot be told nothing is large.
    let size = |entry: &Entry| source.size(&entry.name).unwrap_or_default();
    let sizes: Vec<u64> = set.files().iter().map(size).collect();
    let total = sizes
        .iter()
        .fold(0u64, |sum, bytes| sum.saturating_add(*bytes));
    let most = sizes.iter().copied().max().unwrap_or_default();
    let by_pieces = most > LARGE && most > total / 2;
    let threads = ahead::available(options.threads);
    let files_at_once = if by_pieces {
        1
    } else {
        threads.min(count).max(1)
    };
    // One file has what the others leave: there are never more than `threads`.
    let with = |threads| Options {
        threads,
        ..options.clone()
    };
    let left_over = with(1 + threads - files_at_once);
    let one_each = with(1);
    in_parallel(count, files_at_once, |index| {
        let Some(entry) = set.files().get(index) else {
            return unread(&Entry::new(b"", 1, FileKind::Base), server);
        };
        let role = Role {
            last: index == last,
            appended: index == last && entry.kind == FileKind::Increment,
        };
        let options = match entry.kind {
            _ if by_pieces => &left_over,
            FileKind::Base => &left_over,
            _ => &one_each,
        };
        let by = match by_pieces {
            true => by(source, &entry.name, options),
            false => ONE,
        };
        one(source, entry, options, server, role, by)
    })
}

const ONE: By<'static> = By::One { window: WINDOW };

/// Several threads for a large file, if there may be several.
fn by<'s>(source: &'s dyn Source, name: &'s [u8], options: &Options) -> By<'s> {
    let threads = Threads {
        count: options.threads,
        piece: PIECE,
    };
    Ahead::of(source, name, threads).map_or(ONE, By::Several)
}

fn ended(
    name: &[u8],
    (server, chosen): (Server, Chosen),
    files: Vec<FileReport>,
    findings: Findings,
    failure: Option<String>,
) -> SetReport {
    SetReport {
        manifest: Some(name.to_vec()),
        server,
        chosen,
        files,
        findings: findings.kept,
        totals: findings.totals,
        worst: findings.worst,
        failure,
    }
}

/// The server to judge for when nobody says which: of the product that wrote
/// the base, or else the manifest.
fn writer(source: &dyn Source, set: &Set) -> (Server, Chosen) {
    if let Some(server) = base_writer(source, set) {
        return (server, Chosen::Rdb);
    }
    match set.manifest().is_some_and(by_manifest) {
        true => (Server::REDIS, Chosen::Manifest),
        false => (Server::REDIS, Chosen::Assumed),
    }
}

fn base_writer(source: &dyn Source, set: &Set) -> Option<Server> {
    let base = set.files().first().filter(|e| e.kind == FileKind::Base)?;
    let bytes = source.open(&base.name).ok()?;
    let options = rdb::Options {
        duplicates: false,
        max_findings: 0,
        ..rdb::Options::default()
    };
    // The AUX fields stand at the front: that the rest is missing does not matter.
    rdb::stream(bytes.take(HEAD), &options).server
}

fn one(
    source: &dyn Source,
    entry: &Entry,
    options: &Options,
    server: Server,
    role: Role,
    by: By<'_>,
) -> FileReport {
    let mut report = match source.open(&entry.name) {
        Ok(bytes) => judged(bytes, options, Some(server), role, by),
        Err(error) => absent(entry, error, server, options),
    };
    report.name.clone_from(&entry.name);
    report.kind = Some(entry.kind);
    report.seq = Some(entry.seq);
    report
}

/// A file that cannot be opened: that is the log's fault if it is not there.
fn absent(entry: &Entry, error: io::Error, server: Server, options: &Options) -> FileReport {
    let mut report = unread(entry, server);
    let (code, message) = match error.kind() {
        IoKind::NotFound => (Code::MissingFile, "the file is not there"),
        // No plain name: of those, servers take "." and "..", and find folders.
        IoKind::IsADirectory | IoKind::InvalidInput => (Code::NotAFile, "this is no file"),
        _ => {
            report.failure = Some(Error::new(ErrorKind::Io(error), 0, 0, 1));
            return report;
        }
    };
    let mut findings = Findings::default();
    let effect = code.effect(server);
    findings.add(code, effect, options.max_findings, || Finding {
        code,
        effect,
        file: None,
        offset: None,
        line: None,
        db: None,
        command: None,
        message: message.to_owned(),
    });
    report.put(findings);
    report
}

fn unread(entry: &Entry, server: Server) -> FileReport {
    FileReport {
        name: entry.name.clone(),
        kind: Some(entry.kind),
        seq: Some(entry.seq),
        ..FileReport::new(server)
    }
}

/// Does `count` jobs, `threads` at a time, and gives their results in order.
fn in_parallel<T: Send>(count: usize, threads: usize, job: impl Fn(usize) -> T + Sync) -> Vec<T> {
    if threads.min(count) <= 1 {
        return (0..count).map(job).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(count));
    thread::scope(|scope| {
        for _ in 0..threads.min(count) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= count {
                        return;
                    }
                    let result = job(index);
                    // A job that panics does so before the lock is taken.
                    if let Ok(mut done) = done.lock() {
                        done.push((index, result));
                    }
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_default();
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
