//! Keys that have to be there, and their values.

use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::quoted_as_is;
use rdbkit_rdb::digest::{self, Outcome, Rules};
use rdbkit_rdb::extract::extract;
use rdbkit_rdb::filter::{Filter, Pattern};
use rdbkit_rdb::redact::escaped;
use rdbkit_rdb::write::Writer;
use rdbkit_rdb::{KeyHead, Limits, Record, Scratch, SliceReader, Value};
use sha2::{Digest, Sha256};

use super::measure::{Sum, digits};
use super::{Facts, KeyValue, OF_A_LOG, Violation};
use crate::args::PolicyArgs;
use crate::source::{KEYS_ALONE, Source};

/// Reads the file once more for the names, and once for the values.
pub(super) fn violations(args: &PolicyArgs, path: &Path, facts: &Facts) -> Vec<Violation> {
    let mut found = Vec::new();
    let names = !args.require_key.is_empty() || !args.require_prefix.is_empty();
    if names {
        let rule = match args.require_key.is_empty() {
            true => "require-prefix",
            false => "require-key",
        };
        match readable(path, facts).and_then(|()| of_names(args, path)) {
            Ok(violations) => found.extend(violations),
            Err(message) => found.push(Violation { rule, message }),
        }
    }
    if !args.require_value.is_empty() {
        let rule = "require-value";
        match readable(path, facts).and_then(|()| of_values(args, path, facts)) {
            Ok(violations) => found.extend(violations),
            Err(message) => found.push(Violation { rule, message }),
        }
    }
    found
}

/// What was read once already can be read again.
fn readable(path: &Path, facts: &Facts) -> Result<(), String> {
    if facts.keys.is_none() {
        return Err(OF_A_LOG.to_owned());
    }
    match path.metadata() {
        Ok(about) if about.is_file() => Ok(()),
        _ => Err("cannot be told of a pipe, which is read once: name a file".to_owned()),
    }
}

fn of_names(args: &PolicyArgs, path: &Path) -> Result<Vec<Violation>, String> {
    let mut keys: Vec<(&str, bool)> = args
        .require_key
        .iter()
        .map(|key| (key.as_str(), false))
        .collect();
    let wanted = args.require_prefix.iter();
    let mut prefixes: Vec<_> = wanted
        .map(|wanted| (wanted, Pattern::glob(wanted.glob.as_bytes()), 0u64))
        .collect();
    let mut source = Source::open(path, "check").map_err(|e| e.to_string())?;
    let mut head = KeyHead::default();
    let failed = |e| format!("{}: {e}", shown(path));
    while source.reader.read_head(&mut head).map_err(failed)? {
        let name = head.key();
        for (key, there) in &mut keys {
            *there |= key.as_bytes() == name;
        }
        for (_, pattern, count) in &mut prefixes {
            *count += u64::from(pattern.matches(name));
        }
    }
    source.end(path).map_err(|e| e.to_string())?;
    let missing = keys.into_iter().filter(|(_, there)| !there);
    let missing = missing.map(|(key, _)| Violation {
        rule: "require-key",
        message: format!("there is no key {}", quoted_as_is(key.as_bytes())),
    });
    let few = prefixes
        .into_iter()
        .filter(|(wanted, _, count)| *count < wanted.keys);
    let few = few.map(|(wanted, _, count)| Violation {
        rule: "require-prefix",
        message: format!(
            "{count} keys like {}, fewer than {}",
            wanted.glob, wanted.keys
        ),
    });
    Ok(missing.chain(few).collect())
}

fn of_values(args: &PolicyArgs, path: &Path, facts: &Facts) -> Result<Vec<Violation>, String> {
    let mut filter = Filter::new();
    for wanted in &args.require_value {
        filter = filter.key(Pattern::exact(wanted.key.as_bytes()));
    }
    let mut source = Source::open(path, "check").map_err(|e| e.to_string())?;
    // Only the keys that were named, as a file in memory.
    let mut out = Writer::new(Vec::new(), source.format).map_err(|e| e.to_string())?;
    extract(&mut source.reader, &mut filter, &mut out, KEYS_ALONE)
        .map_err(|e| format!("{}: {e}", shown(path)))?;
    source.end(path).map_err(|e| e.to_string())?;
    let held = out.finish().map_err(|e| e.to_string())?;
    let mut violations = Vec::new();
    for wanted in &args.require_value {
        if let Some(message) = of_value(wanted, &held, facts)? {
            let message = format!("key {}: {message}", quoted_as_is(wanted.key.as_bytes()));
            violations.push(Violation {
                rule: "require-value",
                message,
            });
        }
    }
    Ok(violations)
}

/// What is wrong with a value; one key of that name with this value will do.
fn of_value(wanted: &KeyValue, held: &[u8], facts: &Facts) -> Result<Option<String>, String> {
    let mut records = SliceReader::new(held).records();
    let mut wrong = Some("is not there".to_owned());
    while let Some(record) = records.next_record().map_err(|e| e.to_string())? {
        let mut scratch = Scratch::with_limit(Limits::default().max_decompressed);
        if record.key.bytes(&mut scratch).ok() != Some(wanted.key.as_bytes()) {
            continue;
        }
        match differs(&wanted.sum, &record, facts)? {
            None => return Ok(None),
            why => wrong = why,
        }
    }
    Ok(wrong)
}

/// A hash of a value tells who guesses the value that it is right.
fn of_data(sum: impl ToString) -> String {
    escaped(sum.to_string().as_bytes()).to_string()
}

fn differs(wanted: &Sum, record: &Record<'_>, facts: &Facts) -> Result<Option<String>, String> {
    match wanted {
        Sum::Sha256(wanted) => {
            let Value::String(text) = record.value().map_err(|e| e.to_string())? else {
                return Ok(Some("is no string; take its digest".to_owned()));
            };
            let mut scratch = Scratch::with_limit(Limits::default().max_decompressed);
            let bytes = text.bytes(&mut scratch).map_err(|e| e.to_string())?;
            let found: [u8; 32] = Sha256::digest(bytes).into();
            Ok((found != *wanted).then(|| format!("its SHA-256 is {}", of_data(digits(&found)))))
        }
        Sum::Digest(wanted) => {
            let rules = Rules::of(facts.server);
            match digest::of_value(record, &rules).map_err(|e| e.to_string())? {
                Outcome::Known(found) if found.as_bytes() == wanted => Ok(None),
                Outcome::Known(found) => Ok(Some(format!("its digest is {}", of_data(found)))),
                _ => Ok(Some(
                    "it has no digest that can be told without a server".to_owned(),
                )),
            }
        }
    }
}
