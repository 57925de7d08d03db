//! What the verifiers have against files that a check tool finds in order.

use std::fs::File;
use std::path::Path;

use rdbkit_aof::fs::Log;
use rdbkit_aof::verify::{self as aof, Code, Effect, FileReport};
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
    let options = Options {
        server: Some(server(persona)),
        now_ms: Some(now_ms),
        ..Options::default()
    };
    let report = verify::stream(file, &options);
    if report.failure.is_some() || report.verdict() != Verdict::Refused {
        return None;
    }
    let heavy = report
        .findings
        .iter()
        .find(|f| f.severity >= Severity::Refused)?;
    Some(heavy.to_string())
}

fn server(persona: Persona) -> Server {
    match persona {
        Persona::Redis => Server::REDIS,
        Persona::Valkey => Server::VALKEY,
    }
}

/// What the server of this persona has against a log, if anything: the first of
/// what is worst. Of a log that cannot be read any more there is no opinion.
pub(super) fn of_log(log: Checked<'_>, persona: Persona) -> Option<String> {
    let options = aof::Options {
        server: Some(server(persona)),
        ..aof::Options::default()
    };
    let report = if log.is_manifest {
        let log = Log::find(log.path).ok()?;
        aof::set(log.folder(), log.name(), &options)
    } else {
        let name = log.path.as_os_str().as_encoded_bytes();
        aof::single(name, File::open(log.path).ok()?, &options)
    };
    if report.has_failed() {
        return None;
    }
    let worst = report.worst_of_all()?;
    let file = report.files.iter().find(|file| file.worst == Some(worst));
    let (name, why) = match file {
        Some(file) => (&file.name, reason(file, worst)),
        None => {
            let finding = report.findings.iter().find(|f| f.effect == worst);
            let why = finding.map(ToString::to_string);
            (report.manifest.as_ref()?, why)
        }
    };
    // It came after more findings than are kept.
    let why = why.unwrap_or_else(|| worst.summary().to_owned());
    let name = String::from_utf8_lossy(name);
    let does = match worst {
        Effect::Loads => return None,
        Effect::BreaksLater => format!("would load {name} once, and fail or lose data later"),
        Effect::Undecided => format!("might refuse {name}"),
        Effect::Loses
        | Effect::Truncates
        | Effect::LeavesOpen
        | Effect::Empties
        | Effect::Ignores => format!("would lose data of {name}"),
        Effect::Refuses | Effect::Crashes | Effect::Destroys => format!("would refuse {name}"),
    };
    Some(format!("the server {does}: {why}"))
}

/// What is behind the worst effect on a file.
fn reason(file: &FileReport, worst: Effect) -> Option<String> {
    let finding = file.findings.iter().find(|f| f.effect == worst)?;
    let heavy = match finding.code {
        Code::RdbRefused => Severity::Refused,
        Code::RdbUndecided => Severity::Undecided,
        _ => return Some(finding.to_string()),
    };
    let mut inside = file.rdb.iter().flat_map(|rdb| &rdb.findings);
    let inside = inside.find(|f| f.severity >= heavy);
    Some(inside.map_or_else(|| finding.to_string(), ToString::to_string))
}
