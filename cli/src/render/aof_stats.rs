//! Statistics of a log, for people and machines.

use rdbkit_aof::fs::shown;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::search::{Big, Count, Frequent, Span, Stats};
use serde::Serialize;

use crate::render::command::word;
use crate::render::json::{self, SCHEMA, Text};
use crate::render::table::Table;
use crate::render::text::grouped;
use crate::time::Time;

/// Rows of each table for people.
const ROWS: usize = 10;

/// Names of each list for machines.
const NAMES: usize = 1000;

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
        let top = unknown.top(5).into_iter().map(|(name, _)| word(name));
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
        table.row([word(name), grouped(weight.count), bytes]);
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
            word(&big.name),
            grouped(big.bytes),
            big.key.as_deref().map_or("-".to_owned(), word),
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

#[derive(Serialize)]
struct Json<'j> {
    schema: u32,
    kind: &'static str,
    path: String,
    commands: u64,
    bytes: u64,
    files: Vec<FileJson<'j>>,
    by_name: BTreeMap<String, CountJson>,
    unknown: FrequentJson,
    prefixes: FrequentJson,
    databases: BTreeMap<String, CountJson>,
    transactions: u64,
    open_transactions: u64,
    longest_transaction: Option<BigJson<'j>>,
    biggest: Vec<BigJson<'j>>,
    expiries: ExpiriesJson,
    first_time: Option<i64>,
    last_time: Option<i64>,
    untimed: u64,
    busiest_second: Option<SpanJson>,
    timeline_step: i64,
    timeline: Vec<SpanJson>,
}

#[derive(Serialize)]
struct FileJson<'j> {
    file: &'j str,
    commands: u64,
    bytes: u64,
    annotations: u64,
    preamble: u64,
    end: u64,
    first_time: Option<i64>,
    last_time: Option<i64>,
}

#[derive(Serialize)]
struct CountJson {
    commands: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct FrequentJson {
    error: u64,
    top: Vec<NameJson>,
}

#[derive(Serialize)]
struct NameJson {
    name: Text,
    count: u64,
    bytes: u64,
}

#[derive(Serialize)]
struct BigJson<'j> {
    name: Text,
    key: Option<Text>,
    file: &'j str,
    offset: u64,
    bytes: u64,
    db: u64,
    commands: u64,
}

#[derive(Serialize)]
struct ExpiriesJson {
    count: u64,
    relative: u64,
    first_ms: Option<i64>,
    last_ms: Option<i64>,
}

#[derive(Serialize)]
struct SpanJson {
    first: i64,
    last: i64,
    seconds: u64,
    commands: u64,
    bytes: u64,
}

/// Writes one object on one line.
///
/// # Errors
///
/// Of writing.
pub fn json(out: &mut dyn Write, path: &Path, names: &[String], stats: &Stats) -> io::Result<()> {
    let total = stats.total();
    let (expiries, relative, range) = stats.expiries();
    let mut databases: BTreeMap<String, CountJson> = stats
        .databases()
        .iter()
        .map(|(db, count)| (db.to_string(), count_json(*count)))
        .collect();
    if stats.other_databases() != Count::default() {
        databases.insert("others".to_owned(), count_json(stats.other_databases()));
    }
    let json = Json {
        schema: SCHEMA,
        kind: "stats",
        path: path.display().to_string(),
        commands: total.commands,
        bytes: total.bytes,
        files: file_rows(names, stats),
        by_name: stats
            .commands()
            .into_iter()
            .map(|(name, count)| (name, count_json(count)))
            .collect(),
        unknown: frequent_json(stats.unknown().0),
        prefixes: frequent_json(stats.prefixes()),
        databases,
        transactions: stats.transactions(),
        open_transactions: stats.open_transactions(),
        longest_transaction: stats.longest_transaction().map(|big| big_json(names, big)),
        biggest: stats
            .biggest()
            .iter()
            .map(|big| big_json(names, big))
            .collect(),
        expiries: ExpiriesJson {
            count: expiries,
            relative,
            first_ms: range.map(|(low, _)| low),
            last_ms: range.map(|(_, high)| high),
        },
        first_time: stats.times().map(|(first, _)| first),
        last_time: stats.times().map(|(_, last)| last),
        untimed: stats.untimed(),
        busiest_second: stats.busiest().map(span_json),
        timeline_step: stats.timeline().step(),
        timeline: stats
            .timeline()
            .spans()
            .map(|(_, span)| span_json(span))
            .collect(),
    };
    json::line(out, &json)
}

fn file_rows<'j>(names: &'j [String], stats: &Stats) -> Vec<FileJson<'j>> {
    let files = names.iter().zip(stats.files());
    files
        .map(|(name, file)| FileJson {
            file: name,
            commands: file.count.commands,
            bytes: file.count.bytes,
            annotations: file.annotations,
            preamble: file.preamble,
            end: file.end,
            first_time: file.first,
            last_time: file.last,
        })
        .collect()
}

fn count_json(count: Count) -> CountJson {
    CountJson {
        commands: count.commands,
        bytes: count.bytes,
    }
}

fn frequent_json(frequent: &Frequent) -> FrequentJson {
    let top = frequent.top(NAMES).into_iter();
    FrequentJson {
        error: frequent.error(),
        top: top
            .map(|(name, weight)| NameJson {
                name: Text::from(name),
                count: weight.count,
                bytes: weight.bytes,
            })
            .collect(),
    }
}

fn big_json<'j>(names: &'j [String], big: &Big) -> BigJson<'j> {
    BigJson {
        name: Text::from(&big.name[..]),
        key: big.key.as_deref().map(Text::from),
        file: names.get(big.file).map_or("", String::as_str),
        offset: big.begin,
        bytes: big.bytes,
        db: big.db,
        commands: big.commands,
    }
}

fn span_json(span: &Span) -> SpanJson {
    SpanJson {
        first: span.first,
        last: span.last,
        seconds: span.seconds,
        commands: span.commands,
        bytes: span.bytes,
    }
}
