//! What the tables of statistics say, for text and for the page.

use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::stats::{Allocator, BigKey, Database, Histogram, Lifetime, Stats, Tally, Weight};

use crate::render::keys::{encoding, time};
use crate::render::text::{counted, grouped, origin};
use rdbkit_aof::brief_word as word;

/// One table.
pub struct Section {
    pub title: &'static str,
    /// One letter a column: `l` to the left, `r` to the right.
    pub align: &'static str,
    pub columns: Vec<&'static str>,
    pub rows: Vec<Row>,
    /// What has to be known to read it.
    pub notes: Vec<String>,
}

/// One row of a table.
pub struct Row {
    pub cells: Vec<String>,
    /// Its share of all, 0 to 1, where it has one.
    pub share: Option<f64>,
}

/// What is said of the whole file, in pairs.
pub fn facts(stats: &Stats) -> Vec<(&'static str, String)> {
    let (total, file) = (stats.total(), stats.file());
    let mut facts = Vec::new();
    if let Some((dialect, version)) = file.format {
        let bytes = match stats.file_bytes() {
            0 => "end not reached".to_owned(),
            n => format!("{} bytes", grouped(n)),
        };
        facts.push(("format", format!("{dialect} version {version}, {bytes}")));
    }
    facts.extend(origin(|name| file.aux(name)));
    let mut keys = grouped(total.keys);
    if let Some(filter) = stats.filter() {
        keys = format!("{keys} of {} match", grouped(filter.seen()));
    }
    keys.push_str(&format!(
        " in {}, {} with an expiry",
        counted(stats.databases().len() as u64, "database", "databases"),
        grouped(total.expires)
    ));
    facts.push(("keys", keys));
    facts.push(("memory", memory(stats)));
    facts.push(("expired", expired(&total)));
    if total.saved > 0 {
        let whole = total.compressed + total.saved;
        facts.push((
            "compressed",
            format!(
                "strings of {} bytes to {}: {} saved ({} of the keys' {} bytes in the file)",
                grouped(whole),
                grouped(total.compressed),
                grouped(total.saved),
                percent(total.saved, total.saved + total.bytes),
                grouped(total.saved + total.bytes),
            ),
        ));
    }
    if file.functions > 0 {
        let names = file.libraries.iter().take(10).map(|name| word(name));
        let names: Vec<String> = names.collect();
        let more = file.functions.saturating_sub(names.len() as u64);
        let more = match more {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        let bytes = grouped(file.function_bytes);
        facts.push((
            "functions",
            format!("{}{more}, {bytes} bytes", names.join(", ")),
        ));
    }
    if file.module_aux > 0 {
        facts.push((
            "modules",
            format!("{} records of their own", file.module_aux),
        ));
    }
    if file.slot_imports > 0 {
        let n = counted(file.slot_imports, "slot migration", "slot migrations");
        let what =
            format!("{n} under way; a server that loads the file drops the keys of their slots");
        facts.push(("migrations", what));
    }
    facts
}

fn memory(stats: &Stats) -> String {
    let (total, model) = (stats.total(), stats.model());
    let tables = stats.tables();
    let built = match model.allocator() {
        Allocator::Bundled => "its own jemalloc",
        Allocator::System => "the system's jemalloc",
        Allocator::SystemPages => "the system's jemalloc 5.3.1",
    };
    let measured = match model.measured() == model.server() {
        true => String::new(),
        false => format!(", as measured on {}", model.measured()),
    };
    let mut text = format!(
        "about {} on {}{measured}, with {built}: keys {}, tables {}",
        size(total.memory.allocated + tables),
        model.server(),
        size(total.memory.allocated),
        size(tables)
    );
    if stats.unmodelled() > 0 {
        let keys = counted(stats.unmodelled(), "key", "keys");
        text.push_str(&format!("; of {keys} only the bytes in the file are known"));
    }
    text
}

fn expired(total: &Tally) -> String {
    let mut text = format!(
        "{} ({})",
        counted(total.expired, "key", "keys"),
        percent(total.expired, total.keys)
    );
    if total.expiring_fields > 0 {
        text.push_str(&format!(
            ", {} of {} with an expiry",
            counted(total.expired_fields, "field", "fields"),
            grouped(total.expiring_fields)
        ));
    }
    text
}

/// A number of bytes for people.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut number = bytes as f64;
    let mut unit = "bytes";
    for next in UNITS {
        if number < 1024.0 {
            break;
        }
        number /= 1024.0;
        unit = next;
    }
    match unit {
        "bytes" => format!("{bytes} bytes"),
        unit => format!("{number:.1} {unit}"),
    }
}

fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * share(part, whole))
}

fn share(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        whole => part as f64 / whole as f64,
    }
}

/// All tables that have something to say, with at most so many rows where
/// there may be many.
pub fn sections(stats: &Stats, rows: usize) -> Vec<Section> {
    let mut all = vec![
        types(stats),
        encodings(stats),
        databases(stats, rows),
        prefixes(stats, rows),
        lifetimes(stats),
        spread(
            stats,
            "Elements of a key (of strings: bytes)",
            |stats, kind| &stats.spread(kind).elements,
        ),
        spread(stats, "Memory of a key, in bytes", |stats, kind| {
            &stats.spread(kind).memory
        }),
        usage(stats),
        biggest("Largest keys by memory", stats.biggest_by_memory()),
        biggest(
            "Largest keys by bytes in the file",
            stats.biggest_by_bytes(),
        ),
        biggest("Largest keys by elements", stats.biggest_by_elements()),
    ];
    all.retain(|section| !section.rows.is_empty());
    all
}

fn types(stats: &Stats) -> Section {
    let total = stats.total();
    let rows = stats.types().map(|(kind, dialect, tally)| {
        let object = kind.object(dialect).map_or("?", ObjectKind::name);
        let elements = match object {
            "string" => "-".to_owned(),
            _ => grouped(tally.elements),
        };
        Row {
            cells: vec![
                object.to_owned(),
                encoding(kind, dialect).to_owned(),
                grouped(tally.keys),
                percent(tally.keys, total.keys),
                grouped(tally.bytes),
                grouped(tally.memory.allocated),
                percent(tally.memory.allocated, total.memory.allocated),
                elements,
            ],
            share: Some(share(tally.memory.allocated, total.memory.allocated)),
        }
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_by(|a, b| {
        b.share
            .partial_cmp(&a.share)
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    Section {
        title: "Types and their encodings in the file",
        align: "llrrrrrr",
        columns: vec![
            "type",
            "in the file",
            "keys",
            "",
            "bytes",
            "memory",
            "",
            "elements",
        ],
        rows,
        notes: Vec::new(),
    }
}

fn encodings(stats: &Stats) -> Section {
    let keys = stats.total().keys;
    let rows = stats.encodings().map(|(encoding, n)| Row {
        cells: vec![encoding.to_string(), grouped(n), percent(n, keys)],
        share: Some(share(n, keys)),
    });
    Section {
        title: "Encodings a server gives them, with its default settings",
        align: "lrr",
        columns: vec!["in memory", "keys", ""],
        rows: rows.collect(),
        notes: Vec::new(),
    }
}

fn databases(stats: &Stats, most: usize) -> Section {
    let total = stats.total();
    let row = |name: String, db: &Database| {
        let tally = &db.tally;
        Row {
            cells: vec![
                name,
                grouped(tally.keys),
                grouped(tally.bytes),
                grouped(tally.memory.allocated),
                grouped(tally.expires),
                grouped(tally.expired),
            ],
            share: Some(share(tally.memory.allocated, total.memory.allocated)),
        }
    };
    let databases = stats.databases();
    let shown = databases.iter().take(most);
    let mut rows: Vec<Row> = shown.map(|(n, db)| row(format!("db{n}"), db)).collect();
    let hidden = databases.len().saturating_sub(most);
    let mut notes = Vec::new();
    if hidden > 0 {
        notes.push(format!(
            "{} more; --json has them",
            counted(hidden as u64, "database", "databases")
        ));
    }
    let other = stats.other_databases();
    if other.tally.keys > 0 {
        rows.push(row("others".to_owned(), &other));
    }
    Section {
        title: "Databases",
        align: "lrrrrr",
        columns: vec!["database", "keys", "bytes", "memory", "expiring", "expired"],
        rows,
        notes,
    }
}

fn prefixes(stats: &Stats, most: usize) -> Section {
    let (total, prefixes) = (stats.total(), stats.prefixes());
    let row = |name: String, weight: Weight| Row {
        cells: vec![
            name,
            grouped(weight.keys),
            grouped(weight.bytes),
            grouped(weight.memory),
            percent(weight.memory, total.memory.allocated),
            grouped(weight.expires),
        ],
        share: Some(share(weight.memory, total.memory.allocated)),
    };
    let top = prefixes.top(most);
    let mut rows: Vec<Row> = top.iter().map(|(name, w)| row(word(name), *w)).collect();
    if prefixes.none().keys > 0 {
        rows.push(row("(no separator)".to_owned(), prefixes.none()));
    }
    let mut notes = Vec::new();
    let more = prefixes.len().saturating_sub(most);
    if more > 0 {
        notes.push(format!(
            "{} more that weigh less",
            counted(more as u64, "prefix", "prefixes")
        ));
    }
    let error = prefixes.error();
    if error.keys > 0 {
        notes.push(format!(
            "approximate: there were too many prefixes to hold. Each has at least what is told, and at \
             most {} keys, {} in the file, {} in memory more",
            grouped(error.keys),
            size(error.bytes),
            size(error.memory)
        ));
    }
    Section {
        title: "Prefixes of names",
        align: "lrrrrr",
        columns: vec!["prefix", "keys", "bytes", "memory", "", "expiring"],
        rows,
        notes,
    }
}

fn lifetimes(stats: &Stats) -> Section {
    let total = stats.total();
    let classes = Lifetime::ALL.into_iter();
    let classes = classes.map(|class| (class, stats.lifetime(class)));
    let rows = classes
        .filter(|(_, tally)| tally.keys > 0)
        .map(|(class, tally)| Row {
            cells: vec![
                class.name().to_owned(),
                grouped(tally.keys),
                percent(tally.keys, total.keys),
                grouped(tally.bytes),
                grouped(tally.memory.allocated),
            ],
            share: Some(share(tally.keys, total.keys)),
        });
    Section {
        title: "Time left to live",
        align: "lrrrr",
        columns: vec!["time left", "keys", "", "bytes", "memory"],
        rows: rows.collect(),
        notes: Vec::new(),
    }
}

fn percentiles(name: &str, histogram: &Histogram) -> Row {
    let mut cells = vec![name.to_owned(), grouped(histogram.total())];
    let at = |percent| histogram.percentile(percent).unwrap_or(0);
    let numbers = [
        histogram.min().unwrap_or(0),
        at(50.0),
        at(90.0),
        at(99.0),
        histogram.max().unwrap_or(0),
    ];
    cells.extend(numbers.map(grouped));
    Row { cells, share: None }
}

const SPREAD: [&str; 7] = ["", "keys", "least", "median", "p90", "p99", "most"];

fn spread<'s>(
    stats: &'s Stats,
    title: &'static str,
    of: impl Fn(&'s Stats, ObjectKind) -> &'s Histogram,
) -> Section {
    let kinds = ObjectKind::ALL.into_iter();
    let all = kinds.map(|kind| (kind, of(stats, kind)));
    let rows = all.filter(|(_, histogram)| histogram.total() > 0);
    Section {
        title,
        align: "lrrrrrr",
        columns: SPREAD.to_vec(),
        rows: rows
            .map(|(kind, histogram)| percentiles(kind.name(), histogram))
            .collect(),
        notes: vec![format!(
            "percentiles above 63 may be up to {:.1} % too high",
            100.0 * Histogram::ERROR
        )],
    }
}

fn usage(stats: &Stats) -> Section {
    let usage = stats.usage();
    let all = [("idle seconds", &usage.idle), ("use counter", &usage.freq)];
    let rows = all
        .into_iter()
        .filter(|(_, histogram)| histogram.total() > 0);
    Section {
        title: "Use of keys",
        align: "lrrrrrr",
        columns: SPREAD.to_vec(),
        rows: rows
            .map(|(name, histogram)| percentiles(name, histogram))
            .collect(),
        notes: Vec::new(),
    }
}

fn biggest<'b>(title: &'static str, keys: impl Iterator<Item = &'b BigKey>) -> Section {
    let rows = keys.map(|key| {
        let mut name = word(&key.key);
        if key.key_len > key.key.len() as u64 {
            name.push_str(&format!(" (a name of {} bytes)", grouped(key.key_len)));
        }
        let object = key.kind.object(key.dialect).map_or("?", ObjectKind::name);
        Row {
            cells: vec![
                name,
                key.db.to_string(),
                object.to_owned(),
                grouped(key.memory.allocated),
                grouped(key.size),
                key.elements.map_or_else(|| "-".to_owned(), grouped),
                key.expire_ms.map_or_else(|| "-".to_owned(), time),
            ],
            share: None,
        }
    });
    Section {
        title,
        align: "lrlrrrl",
        columns: vec![
            "key", "db", "type", "memory", "bytes", "elements", "expires",
        ],
        rows: rows.collect(),
        notes: Vec::new(),
    }
}
