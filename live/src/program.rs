//! The program under test, run as its users run it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The built program.
pub(crate) struct Rdbkit(PathBuf);

/// What it said of one file.
pub(crate) struct Answer {
    /// The report.
    pub(crate) json: Value,
}

impl Rdbkit {
    pub(crate) fn new(path: impl Into<PathBuf>) -> Rdbkit {
        Rdbkit(path.into())
    }

    /// Checks a file for a server, and again through a pipe: both have to say
    /// the same, and the exit code has to say what the report says.
    ///
    /// # Errors
    ///
    /// Where they do not, or no report comes.
    pub(crate) fn check(&self, file: &Path, server: &str) -> Result<Answer, String> {
        let answer = answer(&self.of_file(file, server)?)?;
        let piped = self::answer(&self.of_pipe(file, server)?)?;
        if essence(&answer.json) != essence(&piped.json) {
            return Err(format!(
                "the file gives {}, a pipe {}",
                answer.json, piped.json
            ));
        }
        Ok(answer)
    }

    /// Digests a file, key by key: the lines it prints, of which the last is the
    /// file's.
    ///
    /// # Errors
    ///
    /// Where a file has no digest.
    pub(crate) fn digest(&self, file: &Path) -> Result<Vec<Value>, String> {
        let done = self.digests(file, &["--per-key"])?;
        succeeded(&done)?;
        lines(&done)
    }

    /// The digest of a file as this server computes it; `None` if it says that a key has
    /// none that could be computed.
    ///
    /// # Errors
    ///
    /// Where a file has no digest for another reason.
    pub(crate) fn digest_for(&self, file: &Path, server: &str) -> Result<Option<Value>, String> {
        let done = self.digests(file, &["--for", server])?;
        let report = lines(&done)?.pop().ok_or("no digest")?;
        if report["unknown"].as_u64().is_some_and(|keys| keys > 0) {
            return Ok(None);
        }
        succeeded(&done).map(|()| Some(report))
    }

    fn digests(&self, file: &Path, more: &[&str]) -> Result<Output, String> {
        let mut command = Command::new(&self.0);
        command.args(["digest", "--json", "--skip-expired"]);
        let done = command.args(more).arg(file).output();
        done.map_err(|e| format!("{}: {e}", self.0.display()))
    }

    fn of_file(&self, file: &Path, server: &str) -> Result<Output, String> {
        let done = self.command(server, file.as_os_str()).output();
        done.map_err(|e| format!("{}: {e}", self.0.display()))
    }

    /// `cat FILE | rdbkit check -`
    fn of_pipe(&self, file: &Path, server: &str) -> Result<Output, String> {
        let mut cat = Command::new("cat")
            .arg(file)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cat: {e}"))?;
        let pipe = cat.stdout.take().ok_or("cat has no output")?;
        let done = self
            .command(server, OsStr::new("-"))
            .stdin(Stdio::from(pipe))
            .output();
        // It may have been cut short: nobody reads behind the first fatal finding.
        cat.wait().map_err(|e| format!("cat: {e}"))?;
        done.map_err(|e| format!("{}: {e}", self.0.display()))
    }

    fn command(&self, server: &str, file: &OsStr) -> Command {
        let mut command = Command::new(&self.0);
        // The servers asked have no modules, and take each file for their dump.rdb,
        // whatever its AUX fields say.
        command.args(["check", "--json", "--base=false", "--modules", "none"]);
        command.args(["--for", server]);
        command.arg(file);
        command
    }
}

fn succeeded(done: &Output) -> Result<(), String> {
    let complaint = String::from_utf8_lossy(&done.stderr);
    match done.status.success() && complaint.is_empty() {
        true => Ok(()),
        false => Err(format!("exit {}: {complaint}", done.status)),
    }
}

fn lines(done: &Output) -> Result<Vec<Value>, String> {
    let said = String::from_utf8_lossy(&done.stdout);
    let lines = said.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().map_err(|e| e.to_string())
}

fn answer(done: &Output) -> Result<Answer, String> {
    let said = String::from_utf8_lossy(&done.stdout);
    let complaint = String::from_utf8_lossy(&done.stderr);
    let json: Value = serde_json::from_str(&said)
        .map_err(|e| format!("no report ({e}); exit {}, {complaint:?}", done.status))?;
    let expected = match json["verdict"].as_str() {
        Some("loads") => 0,
        Some("refused" | "undecided") => 1,
        _ => return Err(format!("no verdict: {json}")),
    };
    if done.status.code() != Some(expected) {
        return Err(format!("exit {} with {}", done.status, json["verdict"]));
    }
    Ok(Answer { json })
}

/// A report without what a pipe cannot tell: its name, and the names of keys
/// found to be duplicates when they have gone by.
fn essence(report: &Value) -> Value {
    let mut report = report.clone();
    report["path"] = Value::Null;
    for finding in report["findings"].as_array_mut().into_iter().flatten() {
        finding["key"] = Value::Null;
    }
    report
}

impl Answer {
    /// `loads`, `refused` or `undecided`.
    pub(crate) fn verdict(&self) -> &str {
        self.json["verdict"].as_str().unwrap_or_default()
    }

    /// Whether there is a finding of this kind.
    pub(crate) fn has(&self, code: &str) -> bool {
        self.json["finding_counts"].get(code).is_some()
    }

    /// The findings in short.
    pub(crate) fn findings(&self) -> String {
        let findings = self.json["findings"].as_array();
        let lines: Vec<_> = findings
            .into_iter()
            .flatten()
            .take(8)
            .map(|f| format!("{} at {}: {}", f["code"], f["offset"], f["message"]))
            .collect();
        lines.join("; ")
    }

    /// Function libraries by name, sorted.
    pub(crate) fn libraries(&self) -> Vec<&str> {
        let names = self.json["libraries"].as_array();
        let mut names: Vec<_> = names
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        names.sort_unstable();
        names
    }
}
