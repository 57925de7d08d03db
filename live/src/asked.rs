//! Damaged files: the verdict is what the server did.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::Tally;
use crate::program::Rdbkit;

/// Fewer files than this for a server are a mistake, not a test.
const AT_LEAST: u64 = 60;

/// How the files of one server went.
#[derive(Default)]
struct Count {
    loads: u64,
    refused: u64,
    differs: u64,
    /// Only running a function library tells.
    undecided: u64,
    /// Whether the server survives depends on the memory of its machine.
    huge: u64,
    /// Of those that load: of so many the digest was compared, too.
    digests: u64,
}

enum Outcome {
    Loads {
        /// Whether the digest was compared.
        digest: bool,
    },
    Refused,
    Undecided,
    Huge,
}

/// Compares every file of `asked/verdicts.jsonl`.
///
/// # Errors
///
/// If the list cannot be read, or is too short to mean anything.
pub(crate) fn compare_all(rdbkit: &Rdbkit, folder: &Path, tally: &mut Tally) -> Result<(), String> {
    let asked = folder.join("asked");
    let list = asked.join("verdicts.jsonl");
    let text = fs::read_to_string(&list).map_err(|e| format!("{}: {e}", list.display()))?;
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    for line in text.lines() {
        let line: Value =
            serde_json::from_str(line).map_err(|e| format!("{}: {e}", list.display()))?;
        let file = line["file"].as_str().ok_or("a line without file")?;
        let name = line["version"].as_str().ok_or("a line without version")?;
        let count = counts.entry(name.to_owned()).or_default();
        let outcome = compare(rdbkit, &asked.join(file), &line);
        match &outcome {
            Ok(Outcome::Loads { digest }) => {
                count.loads += 1;
                count.digests += u64::from(*digest);
            }
            Ok(Outcome::Refused) => count.refused += 1,
            Ok(Outcome::Undecided) => count.undecided += 1,
            Ok(Outcome::Huge) => count.huge += 1,
            Err(_) => count.differs += 1,
        }
        // What cannot be compared counts neither way; the line below tells how many.
        if !matches!(outcome, Ok(Outcome::Undecided | Outcome::Huge)) {
            let outcome = outcome.map(drop).map_err(|why| {
                let kept = keep(folder, file).unwrap_or_else(|e| format!("not kept: {e}"));
                format!(
                    "{why}\n  {} of {}, {}\n  kept: {kept}",
                    line["mut"], line["base"], line["info"]
                )
            });
            tally.count(&format!("{name} {file}"), outcome);
        }
    }
    for (name, count) in &counts {
        println!(
            "{name}: {} load ({} digests compared), {} are refused, {} differ; not compared: {} undecided, {} for want of memory",
            count.loads, count.digests, count.refused, count.differs, count.undecided, count.huge
        );
        if count.loads + count.refused + count.differs < AT_LEAST {
            return Err(format!(
                "{name} was asked about fewer than {AT_LEAST} files"
            ));
        }
        if count.loads == 0 || count.refused == 0 {
            return Err(format!("{name} takes all files, or none: that is no test"));
        }
        if count.digests == 0 {
            return Err(format!("{name}: no digest was compared"));
        }
    }
    match counts.is_empty() {
        true => Err(format!("{} is empty", list.display())),
        false => Ok(()),
    }
}

fn compare(rdbkit: &Rdbkit, file: &Path, line: &Value) -> Result<Outcome, String> {
    let server = line["for"].as_str().ok_or("a line without server")?;
    let loads = line["loads"].as_bool().ok_or("a line without verdict")?;
    let answer = rdbkit.check(file, server)?;
    if answer.has("huge-hint") {
        return Ok(Outcome::Huge);
    }
    if answer.verdict() == "undecided" {
        return match answer.has("function-undecided") {
            true => Ok(Outcome::Undecided),
            false => Err(format!("undecided without a function: {}", answer.json)),
        };
    }
    if loads != (answer.verdict() == "loads") {
        let did = match loads {
            true => format!("loads it: {}", line["keys"]),
            false => format!("ends with {}: {}", line["exit"], line["log"]),
        };
        return Err(format!(
            "the server {did}\n  rdbkit check --for {server}: {}: {}",
            answer.verdict(),
            answer.findings()
        ));
    }
    if !loads {
        return Ok(Outcome::Refused);
    }
    let digest = compare_keys(&answer.json["databases"], line)?;
    let libraries = Value::from(answer.libraries());
    if libraries != line["libraries"] {
        return Err(format!(
            "libraries: ours {libraries}, the server's {}",
            line["libraries"]
        ));
    }
    // What stands behind the end may make a log of the file for one who digests it.
    if !digest || answer.has("trailing-bytes") {
        return Ok(Outcome::Loads { digest: false });
    }
    let Some(ours) = rdbkit.digest_for(file, server)? else {
        return Ok(Outcome::Loads { digest: false });
    };
    if ours["digest"] != line["digest"] {
        return Err(format!(
            "digest: ours {}, the server's {}",
            ours["digest"], line["digest"]
        ));
    }
    Ok(Outcome::Loads { digest: true })
}

/// Keys of each database after loading: those past their time are dropped.
/// Redis drops hashes all of whose fields are past only later, but soon: then
/// no database has more keys than ours, and it has read as many. Whether the server
/// still has all that it read.
fn compare_keys(databases: &Value, line: &Value) -> Result<bool, String> {
    let ours = keys_left(databases);
    let theirs: BTreeMap<_, _> = numbers(&line["keys"]).collect();
    let sum = |keys: &BTreeMap<_, u64>| keys.values().sum::<u64>();
    let read = line["loaded"].as_u64().ok_or("a line without count")?;
    let all_there = sum(&theirs) == read;
    let fewer = || {
        let mut databases = theirs.iter();
        databases.all(|(db, n)| ours.get(db).is_some_and(|ours| n <= ours))
    };
    if sum(&ours) == read && (ours == theirs || (!all_there && fewer())) {
        return Ok(all_there);
    }
    Err(format!(
        "keys: ours {ours:?}, the server read {read} and has {theirs:?}"
    ))
}

fn numbers(map: &Value) -> impl Iterator<Item = (&str, u64)> {
    let map = map.as_object().into_iter().flatten();
    map.filter_map(|(name, n)| Some((name.as_str(), n.as_u64()?)))
}

fn keys_left(databases: &Value) -> BTreeMap<&str, u64> {
    let databases = databases.as_object().into_iter().flatten();
    let left = databases.filter_map(|(db, d)| {
        let left = d["keys"].as_u64()?.checked_sub(d["expired"].as_u64()?)?;
        (left > 0).then_some((db.as_str(), left))
    });
    left.collect()
}

/// Copies a file to where the next run does not throw it away.
fn keep(folder: &Path, file: &str) -> Result<String, std::io::Error> {
    let kept = folder.join("disagree");
    fs::create_dir_all(&kept)?;
    let path = kept.join(file.replace('/', "-"));
    fs::copy(folder.join("asked").join(file), &path)?;
    Ok(path.display().to_string())
}
