//! Edits of a log for people: what goes, what stays, why not.

use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::brief_word;
use rdbkit_aof::edit::{
    Around, Damage, Error, Excerpt, Fate, Harm, ManifestHarm, Needs, Note, Plan, Spot,
};
use rdbkit_aof::fs::shown;
use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::Server;

use crate::render::table::Table;
use crate::render::text::{CARE, counted, grouped, row};
use crate::time::Time;

/// Damaged places and places of removed commands shown one by one.
const SHOWN: usize = 10;

/// Names of commands, and keys, that are listed.
const LISTED: usize = 8;

/// Writes what a plan does.
///
/// # Errors
///
/// Of writing.
pub fn plan(
    out: &mut dyn Write,
    path: &Path,
    plan: &Plan,
    manifest: &[ManifestHarm],
) -> io::Result<()> {
    let action = plan.action;
    match &plan.point {
        Some(at) => writeln!(out, "{}: {action} at {}", shown(path), spot(at))?,
        None if plan.changed() || !manifest.is_empty() => {
            writeln!(out, "{}: {action}", shown(path))?
        }
        None => writeln!(out, "{}: {action}: nothing to be done", shown(path))?,
    }
    around(out, &plan.around)?;
    for harm in manifest {
        writeln!(out, "  {CARE}mended{CARE:#}     {harm}")?;
    }
    for damage in plan.damage.iter().take(SHOWN) {
        writeln!(out, "  {CARE}damaged{CARE:#}    {}", damaged(damage))?;
    }
    if let Some(more @ 1..) = plan.damage.len().checked_sub(SHOWN) {
        row(
            out,
            "",
            &format!("and {} places more", grouped(more as u64)),
        )?;
    }
    gone(out, plan)?;
    kept(out, plan)?;
    files(out, plan)?;
    for note in &plan.notes {
        writeln!(out, "  {CARE}note{CARE:#}       {}", note_text(note))?;
    }
    Ok(())
}

fn around(out: &mut dyn Write, all: &[Around]) -> io::Result<()> {
    for one in all.iter().take(SHOWN) {
        let mut table = Table::new("lllll");
        for (mark, excerpts) in [
            ("stays", &one.before),
            ("GOES", &one.gone),
            ("stays", &one.after),
        ] {
            for excerpt in excerpts {
                table.row([vec![mark.to_owned()], columns(excerpt)].concat());
            }
        }
        table.write(out)?;
    }
    if let Some(more @ 1..) = all.len().checked_sub(SHOWN) {
        row(
            out,
            "",
            &format!("and {} places more", grouped(more as u64)),
        )?;
    }
    Ok(())
}

/// A command as `rdbkit aof log` shows it.
fn columns(excerpt: &Excerpt) -> Vec<String> {
    let mark = if excerpt.in_transaction { " |" } else { "" };
    vec![
        format!("{}:{}", plain(&excerpt.file), excerpt.offset),
        excerpt.time.map_or("-".to_owned(), time),
        format!("db{}{mark}", excerpt.db),
        excerpt.text.clone(),
    ]
}

fn damaged(damage: &Damage) -> String {
    let at = format!("{}:{}", plain(&damage.file), damage.range.start);
    let bytes = grouped(damage.range.end.saturating_sub(damage.range.start));
    let mut text = format!("{at}: {}; {bytes} bytes go", damage.harm);
    if damage.commands > 0 {
        text.push_str(&format!(
            " with {}",
            counted(damage.commands, "command", "commands")
        ));
    }
    if let Some(command) = &damage.text {
        text.push_str(&format!(": {command}"));
    }
    text
}

fn gone(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let gone = &plan.gone;
    let mut text = counted(gone.commands, "command", "commands");
    if gone.transactions > 0 {
        let transactions = counted(gone.transactions, "transaction", "transactions");
        text.push_str(&format!(", {transactions}"));
    }
    if gone.shortened > 0 {
        let shortened = counted(gone.shortened, "command loses", "commands lose");
        text.push_str(&format!("; {shortened} some of the keys"));
    }
    // How many commands there were in them, nobody can tell; "0 commands" alone would be no loss.
    let unread = plan
        .damage
        .iter()
        .filter(|damage| matches!(damage.harm, Harm::Torn | Harm::Bytes(_) | Harm::Rest(_)));
    let unread: u64 = unread
        .map(|damage| damage.range.end.saturating_sub(damage.range.start))
        .sum();
    if unread > 0 {
        let bytes = counted(unread, "byte", "bytes");
        text.push_str(&format!(", and what {bytes} held that could not be read"));
    }
    if let Some((first, last)) = gone.times {
        text.push_str(&format!("; {}", span(first, last)));
    }
    row(out, "loses", &text)?;
    if gone.commands == 0 && gone.shortened == 0 {
        return Ok(());
    }
    let mut names: Vec<String> = gone
        .names
        .iter()
        .take(LISTED)
        .map(|(name, count)| format!("{name} {}", grouped(*count)))
        .collect();
    if let Some(more @ 1..) = gone.names.len().checked_sub(LISTED) {
        names.push(format!("{more} other names"));
    }
    if !names.is_empty() {
        row(out, "", &names.join(", "))?;
    }
    if gone.keys > 0 {
        let about = if gone.keys_exact { "" } else { "about " };
        let mut keys: Vec<String> = gone
            .first_keys
            .iter()
            .take(LISTED)
            .map(|(db, key)| format!("{} (db{db})", brief_word(key)))
            .collect();
        if gone.keys > keys.len() as u64 {
            keys.push("...".to_owned());
        }
        let count = counted(gone.keys, "key", "keys");
        row(out, "", &format!("{about}{count}: {}", keys.join(", ")))?;
    }
    Ok(())
}

fn kept(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let kept = &plan.kept;
    let mut text = counted(kept.commands, "command", "commands");
    match (kept.base_time, kept.time) {
        (_, Some(last)) => text.push_str(&format!(", the last at {}", time(last))),
        (Some(base), None) => text.push_str(&format!(" behind a base made at {}", time(base))),
        (None, None) => {}
    }
    row(out, "keeps", &text)?;
    if kept.expired > 0 {
        let about = if kept.expired_exact { "" } else { "about " };
        let keys = counted(kept.expired, "key has", "keys have");
        row(
            out,
            "",
            &format!("{about}{keys} expired since and will be gone when a server has loaded it"),
        )?;
    }
    row(out, "needs", &needs(&kept.needs))
}

/// What a server must be to load the new log.
fn needs(needs: &Needs) -> String {
    let release = |server: Option<Server>, product| match server {
        Some(server) => format!("{product} {}.{} or later", server.major, server.minor),
        None => format!("no {product} known here"),
    };
    let (redis, valkey) = (
        release(needs.redis, "Redis"),
        release(needs.valkey, "Valkey"),
    );
    let mut text = format!("{redis}; {valkey}");
    if !needs.unknown.is_empty() {
        let names: Vec<&str> = needs.unknown.iter().map(String::as_str).collect();
        text.push_str(&format!("; what knows {}", names.join(", ")));
    }
    text
}

fn files(out: &mut dyn Write, plan: &Plan) -> io::Result<()> {
    let mut table = Table::new("llrrr");
    for file in &plan.files {
        table.row([
            plain(&file.name).to_string(),
            fate(file.fate).to_owned(),
            format!("{} bytes stay", grouped(file.kept)),
            format!("{} go", grouped(file.removed)),
            match file.inserted {
                0 => String::new(),
                bytes => format!("{} put in", grouped(bytes)),
            },
        ]);
    }
    table.write(out)
}

/// What becomes of a file, in words.
fn fate(fate: Fate) -> &'static str {
    match fate {
        Fate::Same => "as it is",
        Fate::Changed => "changed",
        Fate::Left => "left out",
        Fate::Missing => "was not there",
    }
}

/// A note with its times readable.
pub fn note_text(note: &Note) -> String {
    match note {
        Note::LastSecond { time: last } => format!(
            "times are recorded in whole seconds: all of {} stays",
            time(*last)
        ),
        Note::ClockWentBack { wanted, first } => format!(
            "the clock went back: the point is before the first time after {}, and commands behind it of {} and \
             later go, too",
            time(*wanted),
            time(*first)
        ),
        Note::AllBefore { time: last } => {
            format!(
                "the last time in the log is {}: nothing is later",
                time(*last)
            )
        }
        other => other.to_string(),
    }
}

/// Why there is no plan, with its times readable.
pub fn why(error: &Error) -> String {
    match error {
        Error::BeforeBase { wanted, earliest } => format!(
            "the log begins at {}, after {}: the base cannot be divided, and what is before it is not recorded",
            time(*earliest),
            time(*wanted)
        ),
        Error::InsideRdb {
            at,
            end,
            base_time: Some(base),
        } => format!(
            "{at} is inside an RDB file, which cannot be divided: the earliest point is its end at offset {end}, \
             made at {}",
            time(*base)
        ),
        Error::NoTimes {
            base_time: Some(base),
        } => format!(
            "the log records no times (aof-timestamp-enabled was off, base made at {}): cut before a command or \
             at an offset",
            time(*base)
        ),
        other => other.to_string(),
    }
}

/// What to do about it, where there is a choice.
pub fn hint(error: &Error) -> Vec<String> {
    match error {
        Error::Ambiguous { total, first } => {
            let mut lines: Vec<String> = first
                .iter()
                .map(|excerpt| columns(excerpt).join("  "))
                .collect();
            if *total > first.len() as u64 {
                lines.push(format!("and {} more", grouped(total - first.len() as u64)));
            }
            lines.push("choose with --nth N, --last, --all, or --at OFFSET --file NAME".to_owned());
            lines
        }
        Error::Damaged { .. } => vec!["rdbkit aof repair PATH -o NEW makes it whole".to_owned()],
        Error::NothingReadable { .. } => {
            vec!["--allow-empty makes an empty log of it all the same".to_owned()]
        }
        Error::MoreThanTorn { .. } => {
            vec![
                "rdbkit aof repair PATH --dry-run tells what would stay, and with --skip-damage"
                    .to_owned(),
            ]
        }
        Error::WhichFile { .. } => vec!["say so with --file NAME".to_owned()],
        Error::MissingIncrement { .. } => vec!["--allow-missing goes on without it".to_owned()],
        _ => Vec::new(),
    }
}

fn spot(spot: &Spot) -> String {
    match spot.time {
        Some(at) => format!("{spot} ({})", time(at)),
        None => spot.to_string(),
    }
}

fn time(seconds: i64) -> String {
    Time(seconds).to_string()
}

fn span(first: i64, last: i64) -> String {
    if first == last {
        return format!("at {}", time(first));
    }
    format!("{} to {}", time(first), time(last))
}
