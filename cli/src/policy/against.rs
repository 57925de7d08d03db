//! How much smaller a backup is than an older one.

use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_rdb::KeyHead;

use super::{Facts, OF_A_LOG, Percent, Violation};
use crate::source::Source;

/// Compares the numbers of keys and of bytes.
pub(super) fn violations(most: Percent, older: &Path, facts: &Facts) -> Vec<Violation> {
    let violation = |message| Violation {
        rule: "max-shrink",
        message,
    };
    let Some(keys) = facts.keys else {
        return vec![violation(OF_A_LOG.to_owned())];
    };
    let before = match count(older) {
        Ok(before) => before,
        Err(why) => return vec![violation(format!("nothing to compare with: {why}"))],
    };
    let mut found = Vec::new();
    let bytes = facts.bytes.unwrap_or(before.1);
    for (what, then, now) in [("keys", before.0, keys), ("bytes", before.1, bytes)] {
        if !most.holds(then, then.saturating_sub(now)) {
            let less = 100.0 - 100.0 * now as f64 / then as f64;
            found.push(violation(format!(
                "{now} {what}, {less:.1}% fewer than the {then} of {}, more than {most}",
                shown(older)
            )));
        }
    }
    found
}

/// Keys and bytes of an RDB file.
fn count(path: &Path) -> Result<(u64, u64), String> {
    let mut source = Source::open(path, "check").map_err(|e| e.to_string())?;
    let mut head = KeyHead::default();
    let mut keys = 0;
    while source
        .reader
        .read_head(&mut head)
        .map_err(|e| format!("{}: {e}", shown(path)))?
    {
        keys += 1;
    }
    let bytes = source.reader.offset();
    source.end(path).map_err(|e| e.to_string())?;
    Ok((keys, bytes))
}
