//! What monitoring is told of checks: a file in the text format of Prometheus.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;

use crate::output::NewFile;
use crate::render::json::path_text;

const LAST_SUCCESS: &str = "redis_backup_last_success_timestamp_seconds";

/// What is told of one path that was named.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Whether it loads and meets its policy; of a folder of backups, whether the newest
    /// one does.
    pub ok: bool,
    /// `None` where it could not be read.
    pub verdict: Option<&'static str>,
    /// When it was written, in Unix seconds, where it says so.
    pub time: Option<i64>,
    /// Keys, of an RDB file.
    pub keys: Option<u64>,
    /// Bytes, unpacked.
    pub bytes: Option<u64>,
    /// How many findings of each code there are.
    pub findings: BTreeMap<&'static str, u64>,
    /// How many demands of each rule are not met.
    pub violations: BTreeMap<&'static str, u64>,
    /// Of a folder of backups, of which the rest is told of the newest one: how many
    /// there are, and how many of them are all right.
    pub files: Option<(u64, u64)>,
}

/// Writes the metrics of all paths; the file changes in one step. When a path was
/// last all right is kept of the file that was there.
///
/// # Errors
///
/// In words.
pub fn write(path: &Path, samples: &[(&Path, Sample)], now_ms: i64) -> Result<(), String> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(format!("cannot read {}: {error}", shown(path))),
    };
    let text = text(samples, &before, now_ms / 1000);
    let mut file = NewFile::create(path, true, Path::new(""))?;
    let failed = |error: io::Error| format!("cannot write {}: {error}", shown(path));
    file.file().write_all(text.as_bytes()).map_err(failed)?;
    file.keep().map_err(failed)
}

/// What a metric says of one path: more labels, as they are written, and the value.
type Lines = Vec<(String, i64)>;

/// One metric: its name, what it is, and what it says of each path.
struct Metric<'s> {
    name: &'static str,
    help: &'static str,
    lines: Vec<(&'s str, String, i64)>,
}

fn text(samples: &[(&Path, Sample)], before: &str, now: i64) -> String {
    // A path that was named twice is one series: its last check counts.
    let named: BTreeMap<String, &Sample> = samples
        .iter()
        .map(|(path, sample)| (label(&path_text(path)), sample))
        .collect();
    let mut out = String::new();
    let mut metric = |name: &'static str, help, of: &dyn Fn(&str, &Sample) -> Lines| {
        let lines = named.iter().flat_map(|(path, sample)| {
            let of_path = of(path, sample).into_iter();
            of_path.map(move |(labels, value)| (path.as_str(), labels, value))
        });
        let lines: Vec<_> = lines.collect();
        Metric { name, help, lines }.write(&mut out);
    };
    let one = |value: Option<i64>| {
        value
            .map(|value| (String::new(), value))
            .into_iter()
            .collect()
    };
    let number = |n: Option<u64>| n.and_then(|n| i64::try_from(n).ok());
    metric(
        "redis_backup_check_timestamp_seconds",
        "When this check was made.",
        &|_, _| one(Some(now)),
    );
    metric(
        LAST_SUCCESS,
        "When a check last found that the backup loads and meets its policy.",
        &|path, sample| {
            one(if sample.ok {
                Some(now)
            } else {
                last_success(before, path)
            })
        },
    );
    metric(
        "redis_backup_ok",
        "Whether it loads and meets its policy.",
        &|_, sample| one(Some(sample.ok.into())),
    );
    metric(
        "redis_backup_verdict",
        "What a server does with it.",
        &|_, sample| {
            let verdict = sample.verdict.unwrap_or("no-verdict");
            vec![(format!(",verdict=\"{verdict}\""), 1)]
        },
    );
    metric(
        "redis_backup_written_timestamp_seconds",
        "When it was written, as it says.",
        &|_, sample| one(sample.time),
    );
    metric(
        "redis_backup_age_seconds",
        "How long ago that was at the check.",
        &|_, sample| one(sample.time.map(|time| now.saturating_sub(time))),
    );
    metric("redis_backup_keys", "Keys in an RDB file.", &|_, sample| {
        one(number(sample.keys))
    });
    metric("redis_backup_bytes", "Bytes, unpacked.", &|_, sample| {
        one(number(sample.bytes))
    });
    metric(
        "redis_backup_files",
        "Backups in a folder.",
        &|_, sample| one(number(sample.files.map(|(all, _)| all))),
    );
    metric(
        "redis_backup_files_ok",
        "Those of them that load and meet their policy.",
        &|_, sample| one(number(sample.files.map(|(_, ok)| ok))),
    );
    let each = |name: &str, counts: &BTreeMap<&'static str, u64>| {
        let lines = counts.iter();
        lines
            .map(|(key, n)| {
                (
                    format!(",{name}=\"{key}\""),
                    i64::try_from(*n).unwrap_or(i64::MAX),
                )
            })
            .collect()
    };
    metric(
        "redis_backup_findings",
        "Findings of each code.",
        &|_, sample| each("code", &sample.findings),
    );
    metric(
        "redis_backup_policy_violations",
        "Demands that are not met.",
        &|_, sample| each("rule", &sample.violations),
    );
    out
}

impl Metric<'_> {
    fn write(&self, out: &mut String) {
        if self.lines.is_empty() {
            return;
        }
        let (name, help) = (self.name, self.help);
        // Memory takes all that is written.
        let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge");
        for (path, labels, value) in &self.lines {
            let _ = writeln!(out, "{name}{{path=\"{path}\"{labels}}} {value}");
        }
    }
}

/// What an earlier file says of a path.
fn last_success(before: &str, path: &str) -> Option<i64> {
    let begin = format!("{LAST_SUCCESS}{{path=\"{path}\"}} ");
    let mut lines = before.lines();
    lines.find_map(|line| line.strip_prefix(&begin)?.parse().ok())
}

/// A text as the value of a label.
fn label(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_success_outlives_failures() {
        let path = Path::new("a\"b\\c\nd.rdb");
        let good = Sample {
            ok: true,
            verdict: Some("loads"),
            keys: Some(7),
            ..Sample::default()
        };
        let first = text(&[(path, good)], "", 100);
        assert!(
            first.contains("redis_backup_keys{path=\"a\\\"b\\\\c\\nd.rdb\"} 7\n"),
            "{first}"
        );
        assert!(
            first.contains("_last_success_timestamp_seconds{path=\"a\\\"b\\\\c\\nd.rdb\"} 100\n")
        );
        let second = text(&[(path, Sample::default())], &first, 200);
        assert!(
            second.contains("_last_success_timestamp_seconds{path=\"a\\\"b\\\\c\\nd.rdb\"} 100\n"),
            "{second}"
        );
        assert!(second.contains("redis_backup_ok{path=\"a\\\"b\\\\c\\nd.rdb\"} 0\n"));
        assert!(second.contains("_check_timestamp_seconds{path=\"a\\\"b\\\\c\\nd.rdb\"} 200\n"));
        // Nothing is said of what is not known.
        assert!(!second.contains("redis_backup_keys") && !second.contains("redis_backup_findings"));
        let other = text(&[(Path::new("other"), Sample::default())], &first, 200);
        assert!(!other.contains("last_success"), "{other}");
    }

    #[test]
    fn a_path_that_is_named_twice_and_a_time_that_cannot_be() {
        let path = Path::new("dump.rdb");
        let sample = |time| Sample {
            time: Some(time),
            ..Sample::default()
        };
        let text = text(&[(path, sample(7)), (path, sample(i64::MIN))], "", 100);
        let age = "redis_backup_age_seconds{path=\"dump.rdb\"}";
        assert_eq!(text.matches(age).count(), 1, "{text}");
        assert!(text.contains(&format!("{age} {}\n", i64::MAX)), "{text}");
    }
}
