//! What the verifiers have against files that a check tool finds in order.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rdbkit_aof::{Event, StreamReader};
use rdbkit_rdb::verify::{self, Options, Server, Severity, Verdict};

use crate::compat::Persona;
use crate::compat::check_aof::Checked;

/// Why the server of this persona would refuse the file, if it would. A pipe
/// has gone by when the tool is done with it: of that there is no opinion.
pub(super) fn of(path: &Path, persona: Persona, now_ms: i64) -> Option<String> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    of_rdb(file, persona, now_ms)
}

fn of_rdb(source: impl Read, persona: Persona, now_ms: i64) -> Option<String> {
    let options = Options {
        server: Some(match persona {
            Persona::Redis => Server::REDIS,
            Persona::Valkey => Server::VALKEY,
        }),
        now_ms: Some(now_ms),
        ..Options::default()
    };
    let report = verify::stream(source, &options);
    if report.failure.is_some() || report.verdict() != Verdict::Refused {
        return None;
    }
    let heavy = report
        .findings
        .iter()
        .find(|f| f.severity >= Severity::Refused)?;
    Some(heavy.to_string())
}

/// What the server of this persona has against a log, if anything.
///
/// Of the commands only the form is looked at: a verifier of what they do
/// belongs here.
pub(super) fn of_log(files: &[Checked], persona: Persona, now_ms: i64) -> Option<String> {
    let last = files.len().checked_sub(1)?;
    let each = files.iter().enumerate();
    each.map(|(index, file)| of_part(file, index == last, persona, now_ms))
        // What cannot be read any more was said to be in order when it could.
        .find_map(|opinion| opinion.ok().flatten())
}

fn of_part(
    part: &Checked,
    is_last: bool,
    persona: Persona,
    now_ms: i64,
) -> io::Result<Option<String>> {
    let name = part.path.display();
    let mut file = File::open(&part.path)?;
    if part.preamble > 0
        && let Some(reason) = of_rdb(file.by_ref().take(part.preamble), persona, now_ms)
    {
        return Ok(Some(format!("the server would refuse {name}: {reason}")));
    }
    file.seek(SeekFrom::Start(part.preamble))?;
    let mut log = StreamReader::new(file);
    let mut torn = None;
    loop {
        let at = part.preamble + log.offset();
        match log.next_event() {
            Ok(Some(Event::Annotation(line))) if !line.is_complete() => torn = Some(at),
            Ok(Some(_)) => torn = None,
            Ok(None) => break,
            Err(e) if e.is_io() => break,
            Err(e) => {
                let (reason, at) = (e.kind(), part.preamble + e.offset());
                return Ok(Some(format!(
                    "the server would refuse {name}: {reason} at offset {at}"
                )));
            }
        }
    }
    Ok(torn.filter(|_| is_last).map(|at| {
        format!(
            "the server would refuse {name} once it has appended to it: an annotation without \
             line end at offset {at}"
        )
    }))
}
