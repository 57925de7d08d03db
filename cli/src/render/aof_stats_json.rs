//! Statistics of a log, for machines.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::search::{Big, Count, Frequent, Span, Stats};
use serde::Serialize;

use crate::render::json::{self, SCHEMA, Text, path_text};

/// Names of each list.
const NAMES: usize = 1000;

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
        path: path_text(path),
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
        name: Text::command(&big.name),
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
