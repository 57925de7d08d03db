//! Conditions on when a key expires.

use std::fmt;

/// A condition on a key's expiry. Times are Unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// There is one.
    Set,
    /// There is none.
    Unset,
    /// There is one, and it is before this time. With the present for it: the
    /// key has expired.
    Before(i64),
    /// There is one, and it is at this time or later.
    From(i64),
    /// There is none, or it is at this time or later. With the present for it:
    /// the key has not expired.
    AliveAt(i64),
}

impl Expiry {
    /// Whether it holds for a key that expires then, or never.
    #[must_use]
    pub fn holds(self, expire_ms: Option<i64>) -> bool {
        match (self, expire_ms) {
            (Expiry::Set, at) => at.is_some(),
            (Expiry::Unset, at) => at.is_none(),
            (Expiry::Before(t), Some(at)) => at < t,
            (Expiry::From(t) | Expiry::AliveAt(t), Some(at)) => at >= t,
            (Expiry::Before(_) | Expiry::From(_), None) => false,
            (Expiry::AliveAt(_), None) => true,
        }
    }
}

/// Why not all rules can hold at once.
pub(super) fn contradiction(rules: &[Expiry]) -> Option<String> {
    // What all rules agree on, they agree on for one of these.
    let bounds = rules.iter().filter_map(|rule| match *rule {
        Expiry::Before(t) => Some(t.saturating_sub(1)),
        Expiry::From(t) | Expiry::AliveAt(t) => Some(t),
        Expiry::Set | Expiry::Unset => None,
    });
    let mut times = bounds.map(Some).chain([None, Some(0)]);
    if times.any(|at| rules.iter().all(|rule| rule.holds(at))) {
        return None;
    }
    let rules: Vec<String> = rules.iter().map(ToString::to_string).collect();
    Some(format!("no key can be {}", rules.join(" and ")))
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expiry::Set => f.write_str("with an expiry"),
            Expiry::Unset => f.write_str("without an expiry"),
            Expiry::Before(t) => write!(f, "expiring before {t} ms"),
            Expiry::From(t) => write!(f, "expiring at {t} ms or later"),
            Expiry::AliveAt(t) => write!(f, "alive at {t} ms"),
        }
    }
}
