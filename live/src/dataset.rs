//! Fresh data sets: the file loads, and holds what the server had.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Tally;
use crate::program::{Answer, Rdbkit};

/// What is counted of one database.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    keys: u64,
    expires: u64,
    expired: u64,
    types: BTreeMap<String, u64>,
}

/// Compares every data set below `data`.
///
/// # Errors
///
/// If there is none.
pub(crate) fn compare_all(rdbkit: &Rdbkit, folder: &Path, tally: &mut Tally) -> Result<(), String> {
    let mut found = 0;
    for seed in entries(&folder.join("data"))? {
        for set in entries(&seed)? {
            found += 1;
            tally.count(&set.display().to_string(), compare(rdbkit, &set));
            let name = format!("digest of {}", set.display());
            tally.count(&name, compare_digests(rdbkit, &set));
        }
    }
    match found {
        0 => Err(format!("no data set in {}", folder.join("data").display())),
        _ => Ok(()),
    }
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let list = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut paths: Vec<_> = list.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    Ok(paths)
}

fn json(path: &Path) -> Result<Value, String> {
    let text = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", path.display()))
}

fn compare(rdbkit: &Rdbkit, set: &Path) -> Result<(), String> {
    let (truth, birth) = (
        json(&set.join("truth.json"))?,
        json(&set.join("birth.json"))?,
    );
    let server = server(birth["version"].as_str().unwrap_or_default())
        .ok_or_else(|| format!("who made it? {}", birth["version"]))?;
    let file = set.join("dump.rdb");
    let answer = rdbkit.check(&file, &server)?;
    if answer.verdict() != "loads" {
        return Err(format!("{} it: {}", answer.verdict(), answer.findings()));
    }

    // Nothing to complain of, unless it was saved without checksum.
    let (checksum, complaints) = match birth["conf"]["rdbchecksum"].as_str() {
        Some("no") => ("off", 1),
        _ => ("ok", 0),
    };
    equal("checksum", &answer.json["checksum"], &Value::from(checksum))?;
    let findings = answer.json["findings"].as_array().map(Vec::len);
    if findings != Some(complaints) || answer.has("checksum-off") != (complaints == 1) {
        return Err(format!("findings in a good file: {}", answer.findings()));
    }

    let size = fs::metadata(&file).map_err(|e| e.to_string())?.len();
    equal("bytes", &answer.json["bytes"], &Value::from(size))?;
    equal("databases", &ours(&answer), &theirs(&truth)?)?;
    let functions = truth["functions"].as_array();
    let mut libraries: Vec<_> = functions
        .into_iter()
        .flatten()
        .filter_map(|f| f["name"].as_str())
        .collect();
    libraries.sort_unstable();
    equal("libraries", &answer.libraries(), &libraries)
}

/// DEBUG DIGEST, and DEBUG DIGEST-VALUE of each key. Which server it was, the
/// file has to tell.
fn compare_digests(rdbkit: &Rdbkit, set: &Path) -> Result<(), String> {
    let truth = json(&set.join("truth.json"))?;
    let mut ours = rdbkit.digest(&set.join("dump.rdb"))?;
    let whole = ours.pop().ok_or("no digest")?;
    equal("digest", &whole["digest"], &truth["digest"])?;
    let values: Vec<_> = ours.iter().map(|key| key["digest"].as_str()).collect();
    let mut values: Vec<_> = values.into_iter().flatten().collect();
    let databases = truth["dbs"].as_object().into_iter().flatten();
    let keys = databases.filter_map(|(_, told)| told["keys"].as_array());
    let said = keys.flatten().map(|key| key["digest"].as_str());
    let mut said: Vec<_> = said
        .collect::<Option<_>>()
        .ok_or("the server gave no digest of a key")?;
    values.sort_unstable();
    said.sort_unstable();
    equal("digests of keys", &values, &said)
}

fn equal<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    match ours == theirs {
        true => Ok(()),
        false => Err(format!("{what}: ours {ours:?}, the server's {theirs:?}")),
    }
}

/// `redis:8.0` of `Redis server v=8.0.6 sha=...`
fn server(version_line: &str) -> Option<String> {
    let product = version_line.split(' ').next()?.to_lowercase();
    let version = version_line.split("v=").nth(1)?.split(' ').next()?;
    let mut numbers = version.split('.');
    Some(format!("{product}:{}.{}", numbers.next()?, numbers.next()?))
}

fn ours(answer: &Answer) -> BTreeMap<String, Counts> {
    let number = |v: &Value| v.as_u64().unwrap_or(u64::MAX);
    let databases = answer.json["databases"].as_object();
    let counts = databases.into_iter().flatten().map(|(db, d)| {
        let types = d["types"].as_object();
        let types = types.into_iter().flatten();
        let counts = Counts {
            keys: number(&d["keys"]),
            expires: number(&d["expires"]),
            expired: number(&d["expired"]),
            types: types.map(|(name, n)| (name.clone(), number(n))).collect(),
        };
        (db.clone(), counts)
    });
    counts.collect()
}

/// DBSIZE, and what the server said of each key. Hidden keys are those that had
/// expired when it saved: in the file, in DBSIZE, and nowhere else.
fn theirs(truth: &Value) -> Result<BTreeMap<String, Counts>, String> {
    let mut out: BTreeMap<String, Counts> = BTreeMap::new();
    let databases = truth["dbs"]
        .as_object()
        .ok_or("a truth without databases")?;
    for (db, told) in databases {
        let counts = out.entry(db.clone()).or_default();
        counts.keys = told["dbsize"].as_u64().ok_or("no DBSIZE")?;
        for key in told["keys"].as_array().ok_or("no keys")? {
            counts.expires += u64::from(!key["pexpireat"].is_null());
            let kind = key["type"].as_str().ok_or("a key without type")?;
            *counts.types.entry(kind.to_owned()).or_default() += 1;
        }
    }
    for key in truth["hidden"].as_array().into_iter().flatten() {
        let counts = out.entry(key["db"].to_string()).or_default();
        counts.expires += 1;
        counts.expired += 1;
        let kind = key["type"].as_str().ok_or("a key without type")?;
        *counts.types.entry(kind.to_owned()).or_default() += 1;
    }
    for (db, counts) in &out {
        let sum: u64 = counts.types.values().sum();
        if sum != counts.keys {
            return Err(format!(
                "database {db}: DBSIZE {}, but the server told of {sum} keys",
                counts.keys
            ));
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::server;

    #[test]
    fn servers_by_their_version_line() {
        let name = |line| server(line).unwrap();
        assert_eq!(name("Redis server v=8.0.6 sha=0:0"), "redis:8.0");
        assert_eq!(name("Valkey server v=9.1.2 sha=0:0"), "valkey:9.1");
        assert_eq!(server("no server"), None);
    }
}
