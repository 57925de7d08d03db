//! What a server would load that has the folder as its `dir`, going by default names.

use std::path::Path;

use super::row::Row;

const RDB: &str = "dump.rdb";
const FOLDER: &str = "appendonlydir";
const OLD: &str = "appendonly.aof";

/// Which of the files that is, by configuration; nothing where none has a name that
/// servers look for.
#[must_use]
pub fn statement(folder: &Path, rows: &[Row]) -> Vec<String> {
    // Of a log that is named so but was skipped, as it is an empty folder, nothing loads.
    let verdict = |name: &str| {
        let row = rows.iter().find(|row| row.path == folder.join(name))?;
        let verdict = row.verdict.map_or("no verdict", |verdict| verdict.name());
        Some(format!("{name} ({verdict})"))
    };
    let (rdb, parts, old) = (verdict(RDB), verdict(FOLDER), verdict(OLD));
    if rdb.is_none() && parts.is_none() && old.is_none() {
        return Vec::new();
    }
    let ignores = match &rdb {
        Some(_) => format!(", and ignores {RDB}"),
        None => String::new(),
    };
    let mut lines = Vec::new();
    let yes = "with appendonly yes a server loads";
    match (&parts, &old) {
        (Some(parts), None) => lines.push(format!("{yes} {parts}{ignores}")),
        (Some(parts), Some(old)) => {
            lines.push(format!(
                "{yes} {parts}{ignores}; {OLD} is ignored from Redis 7.0 on"
            ));
            lines.push(format!(
                "before Redis 7.0 it loads {old}, and ignores {FOLDER}"
            ));
        }
        (None, Some(old)) => lines.push(format!(
            "{yes} {old}{ignores}; from Redis 7.0 on it moves it to {FOLDER}"
        )),
        (None, None) => lines.push(format!(
            "with appendonly yes a server starts empty: there is no log{ignores}"
        )),
    }
    lines.push(match &rdb {
        Some(rdb) => format!("with appendonly no it loads {rdb}"),
        None => format!("with appendonly no it starts empty: there is no {RDB}"),
    });
    lines
}
