//! Reading one file of a log for the judge.

use std::io::{Cursor, ErrorKind as IoKind, Read};

use rdbkit_rdb::verify::{self as rdb, Report, Server, Severity, Verdict};

use crate::ahead::{self, Ahead, Metered};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::reader::{StreamReader, is_preamble};
use crate::verify::Options;
use crate::verify::finding::{Code, Finding, Findings};
use crate::verify::judge::{Ended, Judge, Role};
use crate::verify::report::{Counts, FileReport};

/// Window of one file.
pub(super) const WINDOW: usize = 256 << 10;

/// Who reads the commands of a file.
pub(super) enum By<'s> {
    /// One thread, from the source as it comes.
    One { window: usize },
    /// Several threads, which open the file on their own.
    Several(Ahead<'s>),
}

/// Verifies a file as if it were a log of its own: from a pipe, a file, memory.
///
/// # Limits
///
/// A window of 256 KiB, more while a single command is longer, up to 1 MiB; the
/// table of names; and for an RDB file at the front as
/// [`rdbkit_rdb::verify::stream`].
pub fn file(source: impl Read + Send, options: &Options) -> FileReport {
    judged(
        source,
        options,
        options.server,
        Role::ALONE,
        By::One { window: WINDOW },
    )
}

/// As [`file()`], for a file of a log. Without `server` the file says which.
pub(super) fn judged<R: Read + Send>(
    source: R,
    options: &Options,
    server: Option<Server>,
    role: Role,
    by: By<'_>,
) -> FileReport {
    let mut source = Metered { source, bytes: 0 };
    let mut report = FileReport::new(server.unwrap_or(Server::REDIS));
    let mut head = Vec::with_capacity(16);
    if let Err(error) = (&mut source).take(9).read_to_end(&mut head) {
        report.failure = Some(Error::new(ErrorKind::Io(error), 0, 0, 1));
        return report;
    }
    if !is_preamble(&head) {
        let front = Front {
            begin: 0,
            held: head,
            source,
        };
        return log(report, front, options, role, by);
    }
    let whole = Cursor::new(head).chain(source);
    let (rdb, held, chain) = rdb::front(whole, &options.rdb(server));
    report.server = rdb.server.unwrap_or(report.server);
    let (begin, goes_on) = (rdb.bytes, rdb.reached_end());
    // An RDB file is longer than its magic: of the chain the source is left.
    let (_, mut source) = chain.into_inner();
    if goes_on {
        report.rdb = Some(rdb);
        let front = Front {
            begin,
            held,
            source,
        };
        return log(report, front, options, role, by);
    }
    // Nothing behind can be found; but how much there is.
    report.failure = Rest::of(&[], 0).read(&mut source).err();
    report.counts.bytes = source.bytes;
    report.rdb = Some(rdb);
    let mut findings = Findings::default();
    preamble(&report, &mut findings, options);
    report.put(findings);
    report
}

/// What the RDB file at the front means for the file.
fn preamble(report: &FileReport, findings: &mut Findings, options: &Options) {
    let Some(rdb) = &report.rdb else { return };
    let code = match rdb.verdict() {
        _ if rdb.failure.is_some() => return,
        Verdict::Refused => Code::RdbRefused,
        Verdict::Undecided => Code::RdbUndecided,
        Verdict::Loads | Verdict::LoadsTruncated => return,
    };
    let effect = code.effect(report.server);
    let max = options.max_findings;
    findings.add(code, effect, max, || Finding {
        code,
        effect,
        file: None,
        offset: Some(blamed(rdb)),
        line: None,
        db: None,
        command: None,
        message: "the RDB file at the front".to_owned(),
    });
}

/// Where the first finding of an RDB file is that weighs something.
fn blamed(rdb: &Report) -> u64 {
    let mut heavy = rdb
        .findings
        .iter()
        .filter(|finding| finding.severity > Severity::Warning);
    heavy.next().map_or(0, |finding| finding.offset)
}

/// Where commands begin: behind the first `begin` bytes, of which `held` has
/// been read.
struct Front<R> {
    begin: u64,
    held: Vec<u8>,
    source: Metered<R>,
}

/// The commands.
fn log<R: Read>(
    mut report: FileReport,
    front: Front<R>,
    options: &Options,
    role: Role,
    by: By<'_>,
) -> FileReport {
    let Front {
        begin,
        held,
        source,
    } = front;
    let mut judge = Judge::new(options, report.server, role, begin);
    preamble(&report, &mut judge.findings, options);
    let ahead = match by {
        By::One { window } => {
            let reader = StreamReader::behind(begin, held, source, window, Limits::default());
            return rest(report, judge, reader, None);
        }
        By::Several(ahead) => ahead,
    };
    let (at, stopped) = ahead.read(begin, &mut judge);
    if let Some((reader, error)) = stopped {
        return rest(report, judge, reader, Some(error));
    }
    match ahead.open(at, judge.line(), ahead::WINDOW) {
        Ok(reader) => rest(report, judge, reader, None),
        Err(error) => {
            report.failure = Some(Error::new(ErrorKind::Io(error), begin, begin, 1));
            report
        }
    }
}

/// What is from where `reader` stands, unless that is an error, to the end.
fn rest<R: Read>(
    mut report: FileReport,
    mut judge: Judge<'_>,
    mut reader: StreamReader<Metered<R>>,
    error: Option<Error>,
) -> FileReport {
    let error = error.or_else(|| reader.drive(&mut judge).err());
    let stopped = reader.offset();
    let skipped = error.as_ref().map_or(0, |e| e.offset() - stopped);
    let at = error.as_ref().map_or(stopped, Error::token_offset);
    let (held, mut source) = reader.into_rest();
    let mut rest = Rest::of(&held, skipped);
    let (failed, error) = match error {
        Some(error) if error.is_io() => (Some(error), None),
        error => (None, error),
    };
    let failed = match failed {
        Some(error) => Some(error),
        None => rest.read(&mut source).err(),
    };
    let ended = Ended {
        at,
        bytes: source.bytes,
        zeros: rest.zeros,
        error,
    };
    if failed.is_none() {
        (report.whole, report.cut) = judge.end(&ended);
    } else {
        report.whole = at;
    }
    report.failure = failed;
    report.counts = Counts {
        bytes: ended.bytes,
        commands: judge.commands,
        transactions: judge.transactions,
        annotations: judge.annotations,
        first_time: judge.first_time,
        last_time: judge.last_time,
        names: judge.names(),
        databases: std::mem::take(&mut judge.databases),
    };
    report.put(judge.findings);
    report
}

/// Bytes behind the place where decoding stopped.
struct Rest {
    bytes: u64,
    /// Bytes that do not count for `zeros`.
    skip: u64,
    zeros: bool,
}

impl Rest {
    fn of(held: &[u8], skip: u64) -> Rest {
        let mut rest = Rest {
            bytes: 0,
            skip,
            zeros: true,
        };
        rest.take(held);
        rest
    }

    fn take(&mut self, bytes: &[u8]) {
        let skipped = self.skip.saturating_sub(self.bytes);
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
        let looked_at = bytes.get(skipped..).unwrap_or_default();
        self.zeros = self.zeros && looked_at.iter().all(|&byte| byte == 0);
        self.bytes += bytes.len() as u64;
    }

    /// Reads to the end of the source.
    fn read(&mut self, source: &mut impl Read) -> Result<()> {
        let mut window = vec![0; 64 << 10];
        loop {
            match source.read(&mut window) {
                Ok(0) => return Ok(()),
                Ok(n) => self.take(window.get(..n).unwrap_or_default()),
                Err(error) if error.kind() == IoKind::Interrupted => {}
                Err(error) => {
                    let at = self.bytes;
                    return Err(Error::new(ErrorKind::Io(error), at, at, 1));
                }
            }
        }
    }
}
