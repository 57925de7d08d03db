//! Demands that stand in a file.

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_aof::fs::shown;
use serde::Deserialize;

use super::{Age, AtLeast, KeyValue, Percent};
use crate::args::PolicyArgs;

/// The names of the command line. One that is unknown is an error: a demand with a
/// misspelt name would never fail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct InFile {
    max_age: Option<Age>,
    min_keys: Option<u64>,
    expect_keys: Option<u64>,
    tolerance: Option<Percent>,
    #[serde(default)]
    require_key: Vec<String>,
    #[serde(default)]
    require_prefix: Vec<AtLeast>,
    #[serde(default)]
    require_value: Vec<KeyValue>,
    max_shrink: Option<Percent>,
    against: Option<PathBuf>,
    sha256: Option<InFileSum>,
}

/// `sha256 = true` or a sum.
#[derive(Deserialize)]
#[serde(untagged)]
enum InFileSum {
    Beside(bool),
    Sum(String),
}

/// What was typed, and of the file what was not.
pub(super) fn with(args: &PolicyArgs, path: &Path) -> Result<PolicyArgs, String> {
    let place = shown(path);
    let text = fs::read_to_string(path).map_err(|e| format!("cannot read {place}: {e}"))?;
    let file: InFile =
        ::toml::from_str(&text).map_err(|e| format!("{place}: {}", e.to_string().trim_end()))?;
    let against = file
        .against
        .map(|older| match (older.is_absolute(), path.parent()) {
            (false, Some(folder)) => folder.join(older),
            _ => older,
        });
    let sha256 = file.sha256.and_then(|sum| match sum {
        InFileSum::Beside(yes) => yes.then(String::new),
        InFileSum::Sum(sum) => Some(sum),
    });
    let both = |mut typed: Vec<_>, more: Vec<_>| {
        typed.extend(more);
        typed
    };
    let merged = PolicyArgs {
        max_age: args.max_age.or(file.max_age),
        min_keys: args.min_keys.or(file.min_keys),
        expect_keys: args.expect_keys.or(file.expect_keys),
        tolerance: args.tolerance.or(file.tolerance),
        require_key: both(args.require_key.clone(), file.require_key),
        require_prefix: [args.require_prefix.clone(), file.require_prefix].concat(),
        require_value: [args.require_value.clone(), file.require_value].concat(),
        max_shrink: args.max_shrink.or(file.max_shrink),
        against: args.against.clone().or(against),
        sha256: args.sha256.clone().or(sha256),
        policy: None,
    };
    if merged.max_shrink.is_some() != merged.against.is_some() {
        return Err(format!("{place}: max-shrink and against need each other"));
    }
    if merged.tolerance.is_some() && merged.expect_keys.is_none() {
        return Err(format!("{place}: tolerance without expect-keys"));
    }
    Ok(merged)
}
