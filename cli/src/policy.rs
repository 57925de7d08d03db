//! What a backup has to be, beyond loading: fresh, large enough, with these keys.
//!
//! A demand that cannot be looked at counts as not met: a backup is not good
//! because nobody could tell.

mod against;
mod keys;
mod measure;
mod sum;
mod toml;

use std::fmt;
use std::path::Path;

use rdbkit_rdb::verify::Server;
use serde::Serialize;

pub use measure::{Age, AtLeast, KeyValue, Percent};

use crate::args::PolicyArgs;

/// Demands.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    args: PolicyArgs,
    now_ms: i64,
    /// Whether `max-age` is let pass.
    any_age: bool,
}

/// What is known of a file that was judged.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// When it was written, in Unix seconds, where it says so.
    pub time: Option<i64>,
    /// How many keys it has; `None` of a log, of which only a server knows.
    pub keys: Option<u64>,
    /// Bytes, unpacked.
    pub bytes: Option<u64>,
    /// The server that it was judged for.
    pub server: Server,
}

/// A demand that is not met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// As it is typed, without its dashes.
    pub rule: &'static str,
    /// What is, and what should be.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule, self.message)
    }
}

/// A number is not known of a log.
const OF_A_LOG: &str = "cannot be told of an append-only log: only a server that loads it knows";

impl Policy {
    /// The demands that were typed, with those of the file that was named.
    ///
    /// # Errors
    ///
    /// In words: that file cannot be read, or says what is no demand.
    pub fn new(args: &PolicyArgs, now_ms: i64) -> Result<Policy, String> {
        let args = match &args.policy {
            Some(file) => toml::with(args, file)?,
            None => args.clone(),
        };
        Ok(Policy {
            args,
            now_ms,
            any_age: false,
        })
    }

    /// The same without `max-age`: for backups that have newer ones beside them.
    #[must_use]
    pub fn of_any_age(&self) -> Policy {
        Policy {
            any_age: true,
            ..self.clone()
        }
    }

    /// Whether anything is demanded.
    #[must_use]
    pub fn is_some(&self) -> bool {
        let a = &self.args;
        let lists = [
            a.require_key.len(),
            a.require_prefix.len(),
            a.require_value.len(),
        ];
        a.max_age.is_some()
            || a.min_keys.is_some()
            || a.expect_keys.is_some()
            || a.max_shrink.is_some()
            || a.sha256.is_some()
            || lists.iter().any(|n| *n > 0)
    }

    /// What there is against a file that was written then, by `max-age`; Unix
    /// seconds, `None` where the file does not say.
    #[must_use]
    pub fn age_violation(&self, time: Option<i64>) -> Option<String> {
        let Age(most) = self.args.max_age?;
        let Some(time) = time else {
            return Some("the file does not say when it was written".to_owned());
        };
        let seconds = (self.now_ms / 1000).saturating_sub(time);
        if seconds > most {
            let (is, most) = (Age(seconds), Age(most));
            Some(format!("written {is} ago, more than {most}"))
        } else if seconds < -60 {
            let ahead = Age(seconds.saturating_neg());
            Some(format!("written {ahead} in the future, by its own time"))
        } else {
            None
        }
    }

    /// The demands that a file does not meet.
    #[must_use]
    pub fn violations(&self, path: &Path, facts: &Facts) -> Vec<Violation> {
        let args = &self.args;
        let mut found = Vec::new();
        let mut violated = |rule, message: String| found.push(Violation { rule, message });
        if let Some(why) = self.age_violation(facts.time).filter(|_| !self.any_age) {
            violated("max-age", why);
        }
        if let Some(least) = args.min_keys {
            match facts.keys {
                None => violated("min-keys", OF_A_LOG.to_owned()),
                Some(keys) if keys < least => {
                    violated("min-keys", format!("{keys} keys, fewer than {least}"));
                }
                Some(_) => {}
            }
        }
        if let Some(expected) = args.expect_keys {
            let tolerance = args.tolerance.unwrap_or_default();
            match facts.keys {
                None => violated("expect-keys", OF_A_LOG.to_owned()),
                Some(keys) if !tolerance.holds(expected, keys.abs_diff(expected)) => violated(
                    "expect-keys",
                    format!("{keys} keys, not {expected} to within {tolerance}"),
                ),
                Some(_) => {}
            }
        }
        if let (Some(most), Some(older)) = (args.max_shrink, &args.against) {
            found.extend(against::violations(most, older, facts));
        }
        if !(args.require_key.is_empty()
            && args.require_prefix.is_empty()
            && args.require_value.is_empty())
        {
            found.extend(keys::violations(args, path, facts));
        }
        if let Some(expected) = &args.sha256 {
            found.extend(sum::violation(expected, path));
        }
        found
    }
}
