//! Statistics of a log, for people.

use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::fs::shown;
use rdbkit_aof::search::{Big, Count, Frequent, Span, Stats};
use rdbkit_aof::{brief_name, brief_word};

use crate::render::table::Table;
use crate::render::text::grouped;
use crate::time::Time;

/// Rows of each table for people.
const ROWS: usize = 10;

/// Writes tables.
///
/// # Errors
///
/// Of writing.
pub fn text(out: &mut dyn Write, path: &Path, names: &[String], stats: &Stats) -> io::Result<()> {
    let total = stats.total();
    writeln!(
        out,
        "{}: {} commands, {} bytes",
        shown(path),
        grouped(total.commands),
        grouped(total.bytes)
    )?;
    files(out, names, stats)?;
    by_name(out, stats)?;
    prefixes(out, stats.prefixes())?;
    databases(out, stats)?;
    biggest(out, names, stats)?;
    let mut facts = Table::new("ll");
    facts.row(["transactions".to_owned(), transactions(names, stats)]);
    facts.row(["expiries set".to_owned(), expiries(stats)]);
    facts.write(out)?;
    rates(out, stats)
}

fn files(out: &mut dyn Write, names: &[String], stats: &Stats) -> io::Result<()> {
    let mut table = Table::new("lrrrll");
    table.row([
        "file",
        "commands",
        "bytes",
        "RDB bytes",
        "first #TS",
        "last #TS",
    ]);
    let time = |time: Option<i64>| time.map_or("-".to_owned(), |t| Time(t).to_string());
    for (name, file) in names.iter().zip(stats.files()) {
        table.row([
            name.clone(),
            grouped(file.count.commands),
            grouped(file.count.bytes),
            grouped(file.preamble),
            time(file.first),
            time(file.last),
        ]);
    }
    table.write(out)
}

fn by_name(out: &mut dyn Write, stats: &Stats) -> io::Result<()> {
    let commands = stats.commands();
    let mut table = Table::new("lrr");
    table.row(["command", "count", "bytes"]);
    for (name, count) in commands.iter().take(ROWS) {
        table.row(count_row(name.clone(), *count));
    }
    let others = commands.iter().skip(ROWS).map(|(_, count)| count);
    let others = others.fold(Count::default(), |sum, count| Count {
        commands: sum.commands + count.commands,
        bytes: sum.bytes + count.bytes,
    });
    if others.commands > 0 {
        let names = commands.len() - ROWS;
        table.row(count_row(format!("{names} others"), others));
    }
    let (unknown, count) = stats.unknown();
    if count.commands > 0 {
        let top = unknown.top(5).into_iter().map(|(name, _)| brief_word(name));
        let names = top.collect::<Vec<_>>().join(", ");
        table.row(count_row(format!("unknown ({names})"), count));
    }
    table.write(out)
}

fn count_row(name: String, count: Count) -> [String; 3] {
    [name, grouped(count.commands), grouped(count.bytes)]
}

fn prefixes(out: &mut dyn Write, prefixes: &Frequent) -> io::Result<()> {
    let mut table = Table::new("lrr");
    table.row(["keys beginning with", "count", "bytes"]);
    for (name, weight) in prefixes.top(ROWS) {
        let bytes = match prefixes.error() {
            0 => grouped(weight.bytes),
            _ => format!("{} or more", grouped(weight.bytes)),
        };
        table.row([brief_word(name), grouped(weight.count), bytes]);
    }
    table.write(out)?;
    if prefixes.error() > 0 {
        writeln!(
            out,
            "    counts of prefixes may be too low by {} at most",
            grouped(prefixes.error())
        )?;
    }
    Ok(())
}

fn databases(out: &mut dyn Write, stats: &Stats) -> io::Result<()> {
    let mut table = Table::new("lrr");
    table.row(["database", "count", "bytes"]);
    let databases = stats.databases();
    for (db, count) in databases.iter().take(ROWS) {
        table.row(count_row(format!("db{db}"), *count));
    }
    let others = databases
        .values()
        .skip(ROWS)
        .chain([&stats.other_databases()])
        .fold(Count::default(), |sum, count| Count {
            commands: sum.commands + count.commands,
            bytes: sum.bytes + count.bytes,
        });
    if others.commands > 0 {
        table.row(count_row("others".to_owned(), others));
    }
    table.write(out)
}

fn biggest(out: &mut dyn Write, names: &[String], stats: &Stats) -> io::Result<()> {
    let mut table = Table::new("lrll");
    table.row(["biggest commands", "bytes", "key", "at"]);
    for big in stats.biggest() {
        table.row([
            brief_name(&big.name),
            grouped(big.bytes),
            big.key.as_deref().map_or("-".to_owned(), brief_word),
            place(names, big),
        ]);
    }
    table.write(out)
}

fn place(names: &[String], big: &Big) -> String {
    let name = names.get(big.file).map_or("", String::as_str);
    format!("{name}:{}", big.begin)
}

fn transactions(names: &[String], stats: &Stats) -> String {
    let mut text = grouped(stats.transactions());
    if let Some(longest) = stats.longest_transaction() {
        text.push_str(&format!(
            ", the longest of {} commands and {} bytes at {}",
            grouped(longest.commands),
            grouped(longest.bytes),
            place(names, longest)
        ));
    }
    if stats.open_transactions() > 0 {
        let open = grouped(stats.open_transactions());
        text.push_str(&format!(", {open} without EXEC at the end of a file"));
    }
    text
}

fn expiries(stats: &Stats) -> String {
    let (all, relative, range) = stats.expiries();
    let mut text = grouped(all);
    if let Some((low, high)) = range {
        let time = |ms: i64| Time(ms.div_euclid(1000));
        text.push_str(&format!(", from {} to {}", time(low), time(high)));
    }
    if relative > 0 {
        let relative = grouped(relative);
        text.push_str(&format!(
            ", {relative} of them relative to the time of loading"
        ));
    }
    text
}

fn rates(out: &mut dyn Write, stats: &Stats) -> io::Result<()> {
    let Some((first, last)) = stats.times() else {
        return writeln!(out, "  no #TS annotations, so no rates over time");
    };
    let timed = stats.total().commands - stats.untimed();
    let seconds = last.saturating_sub(first).saturating_add(1);
    writeln!(
        out,
        "  {} to {}: {:.1} commands a second on average{}",
        Time(first),
        Time(last),
        timed as f64 / seconds as f64,
        busiest(stats.busiest()),
    )?;
    let step = stats.timeline().step();
    let mut table = Table::new("lrrr");
    table.row(["from", "commands", "bytes", "commands/s"]);
    for (_, span) in stats.timeline().spans() {
        let length = span
            .last
            .saturating_sub(span.first)
            .saturating_add(1)
            .min(step);
        table.row([
            Time(span.first).to_string(),
            grouped(span.commands),
            grouped(span.bytes),
            format!("{:.1}", span.commands as f64 / length as f64),
        ]);
    }
    table.write(out)
}

fn busiest(span: Option<&Span>) -> String {
    span.map_or_else(String::new, |span| {
        format!(
            ", {} in the second {}",
            grouped(span.commands),
            Time(span.first)
        )
    })
}
