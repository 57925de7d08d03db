//! What the verifier has against a file that a check tool finds in order.

use std::fs::File;
use std::path::Path;

use rdbkit_rdb::verify::{self, Options, Server, Severity, Verdict};

use crate::compat::check_rdb::Persona;

/// Why the server of this persona would refuse the file, if it would. A pipe
/// has gone by when the tool is done with it: of that there is no opinion.
pub(super) fn of(path: &Path, persona: Persona, now_ms: i64) -> Option<String> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let options = Options {
        server: Some(match persona {
            Persona::Redis => Server::REDIS,
            Persona::Valkey => Server::VALKEY,
        }),
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
