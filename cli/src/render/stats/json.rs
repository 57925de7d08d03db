//! Statistics of an RDB file for machines; the schema stands in `docs/`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_rdb::ObjectKind;
use rdbkit_rdb::stats::{Allocator, BigKey, Database, Histogram, Lifetime, Stats, Tally, Weight};
use serde::{Serialize, Serializer};

use crate::render::json::{self, SCHEMA, Text, path_text};
use crate::render::keys::encoding;

/// Prefixes told.
const PREFIXES: usize = 1000;

#[derive(Serialize)]
struct Json<'r> {
    schema: u32,
    kind: &'static str,
    path: String,
    format: Option<FormatJson>,
    file_bytes: Option<u64>,
    damage: Option<String>,
    aux: Vec<[Text; 2]>,
    functions: FunctionsJson,
    module_aux: u64,
    slot_imports: u64,
    seen: Option<u64>,
    now_ms: i64,
    total: TallyJson,
    memory: MemoryJson,
    types: Vec<TypeJson>,
    encodings: BTreeMap<&'static str, u64>,
    databases: DatabasesJson<'r>,
    other_databases: Option<DatabaseJson>,
    prefixes: PrefixesJson,
    lifetimes: Vec<LifetimeJson>,
    spread: BTreeMap<&'static str, SpreadJson>,
    percentile_error: f64,
    idle: Option<HistogramJson>,
    freq: Option<HistogramJson>,
    biggest: BiggestJson,
}

#[derive(Serialize)]
struct FormatJson {
    magic: String,
    version: u32,
}

#[derive(Serialize)]
struct FunctionsJson {
    count: u64,
    bytes: u64,
    libraries: Vec<Text>,
}

#[derive(Serialize)]
struct TallyJson {
    keys: u64,
    bytes: u64,
    key_bytes: u64,
    memory: u64,
    elements: u64,
    expires: u64,
    expired: u64,
    expiring_fields: u64,
    expired_fields: u64,
    compressed: u64,
    saved: u64,
}

#[derive(Serialize)]
struct MemoryJson {
    #[serde(rename = "for")]
    server: String,
    measured_on: String,
    allocator: &'static str,
    total: u64,
    keys: u64,
    tables: u64,
    usage: u64,
    unmodelled: u64,
}

#[derive(Serialize)]
struct TypeJson {
    #[serde(rename = "type")]
    object: Option<&'static str>,
    file_encoding: &'static str,
    number: u8,
    #[serde(flatten)]
    tally: TallyJson,
}

/// One after the other: there may be 65536 of them.
struct DatabasesJson<'r>(&'r BTreeMap<u64, Database>);

impl Serialize for DatabasesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(n, db)| (n, database(db))))
    }
}

#[derive(Serialize)]
struct DatabaseJson {
    #[serde(flatten)]
    tally: TallyJson,
    types: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct PrefixesJson {
    separators: Vec<Text>,
    depth: usize,
    exact: bool,
    error: WeightJson,
    none: WeightJson,
    held: usize,
    top: Vec<PrefixJson>,
}

#[derive(Serialize)]
struct WeightJson {
    keys: u64,
    bytes: u64,
    memory: u64,
    expires: u64,
}

#[derive(Serialize)]
struct PrefixJson {
    prefix: Text,
    #[serde(flatten)]
    weight: WeightJson,
}

#[derive(Serialize)]
struct LifetimeJson {
    class: &'static str,
    #[serde(flatten)]
    tally: TallyJson,
}

#[derive(Serialize)]
struct SpreadJson {
    elements: Option<HistogramJson>,
    memory: Option<HistogramJson>,
    uncounted: u64,
}

#[derive(Serialize)]
struct HistogramJson {
    keys: u64,
    min: u64,
    p50: u64,
    p90: u64,
    p99: u64,
    max: u64,
    mean: f64,
}

#[derive(Serialize)]
struct BiggestJson {
    memory: Vec<BigJson>,
    bytes: Vec<BigJson>,
    elements: Vec<BigJson>,
}

#[derive(Serialize)]
struct BigJson {
    db: u64,
    key: Text,
    key_bytes: u64,
    #[serde(rename = "type")]
    object: Option<&'static str>,
    file_encoding: &'static str,
    memory: u64,
    bytes: u64,
    elements: Option<u64>,
    expire_ms: Option<i64>,
    offset: u64,
}

/// Writes one object on one line.
///
/// # Errors
///
/// Of writing.
pub fn json(
    out: &mut dyn Write,
    path: &Path,
    stats: &Stats,
    damage: Option<&str>,
) -> io::Result<()> {
    let (file, options) = (stats.file(), stats.options());
    let other = stats.other_databases();
    let (usage, kinds) = (stats.usage(), ObjectKind::ALL.into_iter());
    let json = Json {
        schema: SCHEMA,
        kind: "stats",
        path: path_text(path),
        format: file.format.map(|(dialect, version)| FormatJson {
            magic: dialect.to_string(),
            version,
        }),
        file_bytes: Some(stats.file_bytes()).filter(|n| *n > 0),
        damage: damage.map(str::to_owned),
        aux: json::aux(&file.aux),
        functions: FunctionsJson {
            count: file.functions,
            bytes: file.function_bytes,
            libraries: file.libraries.iter().map(|name| text(name)).collect(),
        },
        module_aux: file.module_aux,
        slot_imports: file.slot_imports,
        seen: stats.filter().map(|filter| filter.seen()),
        now_ms: options.now_ms,
        total: tally(&stats.total()),
        memory: memory(stats),
        types: types(stats),
        encodings: stats.encodings().map(|(e, n)| (e.name(), n)).collect(),
        databases: DatabasesJson(&stats.databases()),
        other_databases: (other.tally.keys > 0).then(|| database(&other)),
        prefixes: prefixes(stats),
        lifetimes: Lifetime::ALL
            .into_iter()
            .map(|class| LifetimeJson {
                class: class.name(),
                tally: tally(stats.lifetime(class)),
            })
            .collect(),
        spread: kinds
            .filter(|kind| stats.kind(*kind).keys > 0)
            .map(|kind| (kind.name(), spread(stats, kind)))
            .collect(),
        percentile_error: Histogram::ERROR,
        idle: histogram(&usage.idle),
        freq: histogram(&usage.freq),
        biggest: BiggestJson {
            memory: stats.biggest_by_memory().map(big).collect(),
            bytes: stats.biggest_by_bytes().map(big).collect(),
            elements: stats.biggest_by_elements().map(big).collect(),
        },
    };
    json::line(out, &json)
}

/// Writes why nothing can be told of a file, as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(out: &mut dyn Write, path: &Path, why: &str) -> io::Result<()> {
    let json = serde_json::json!({
        "schema": SCHEMA,
        "kind": "failure",
        "path": path_text(path),
        "error": why,
    });
    json::line(out, &json)
}

fn text(bytes: &[u8]) -> Text {
    Text::from(bytes)
}

fn tally(tally: &Tally) -> TallyJson {
    TallyJson {
        keys: tally.keys,
        bytes: tally.bytes,
        key_bytes: tally.key_bytes,
        memory: tally.memory.allocated,
        elements: tally.elements,
        expires: tally.expires,
        expired: tally.expired,
        expiring_fields: tally.expiring_fields,
        expired_fields: tally.expired_fields,
        compressed: tally.compressed,
        saved: tally.saved,
    }
}

fn memory(stats: &Stats) -> MemoryJson {
    let (total, model) = (stats.total().memory, stats.model());
    let tables = stats.tables();
    MemoryJson {
        server: model.server().to_string(),
        measured_on: model.measured().to_string(),
        allocator: match model.allocator() {
            Allocator::Bundled => "bundled",
            Allocator::System => "system",
            Allocator::SystemPages => "system-5.3.1",
        },
        total: total.allocated + tables,
        keys: total.allocated,
        tables,
        usage: total.usage,
        unmodelled: stats.unmodelled(),
    }
}

fn types(stats: &Stats) -> Vec<TypeJson> {
    let types = stats.types();
    types
        .map(|(kind, dialect, sum)| TypeJson {
            object: kind.object(dialect).map(ObjectKind::name),
            file_encoding: encoding(kind, dialect),
            number: kind.0,
            tally: tally(sum),
        })
        .collect()
}

fn database(db: &Database) -> DatabaseJson {
    let kinds = ObjectKind::ALL
        .into_iter()
        .map(|kind| (kind.name(), db.of(kind)));
    DatabaseJson {
        tally: tally(&db.tally),
        types: kinds.filter(|(_, n)| *n > 0).collect(),
    }
}

fn weight(weight: Weight) -> WeightJson {
    WeightJson {
        keys: weight.keys,
        bytes: weight.bytes,
        memory: weight.memory,
        expires: weight.expires,
    }
}

fn prefixes(stats: &Stats) -> PrefixesJson {
    let prefixes = stats.prefixes();
    let top = prefixes.top(PREFIXES).into_iter();
    PrefixesJson {
        separators: prefixes
            .separators()
            .iter()
            .map(|b| Text::plain(&[*b]))
            .collect(),
        depth: stats.options().depth,
        exact: prefixes.error() == Weight::default(),
        error: weight(prefixes.error()),
        none: weight(prefixes.none()),
        held: prefixes.len(),
        top: top
            .map(|(prefix, w)| PrefixJson {
                prefix: text(prefix),
                weight: weight(w),
            })
            .collect(),
    }
}

fn spread(stats: &Stats, kind: ObjectKind) -> SpreadJson {
    let spread = stats.spread(kind);
    SpreadJson {
        elements: histogram(&spread.elements),
        memory: histogram(&spread.memory),
        uncounted: spread.uncounted,
    }
}

fn histogram(histogram: &Histogram) -> Option<HistogramJson> {
    let at = |percent| histogram.percentile(percent);
    Some(HistogramJson {
        keys: histogram.total(),
        min: histogram.min()?,
        p50: at(50.0)?,
        p90: at(90.0)?,
        p99: at(99.0)?,
        max: histogram.max()?,
        mean: histogram.sum() as f64 / histogram.total() as f64,
    })
}

fn big(key: &BigKey) -> BigJson {
    BigJson {
        db: key.db,
        key: text(&key.key),
        key_bytes: key.key_len,
        object: key.kind.object(key.dialect).map(ObjectKind::name),
        file_encoding: encoding(key.kind, key.dialect),
        memory: key.memory.allocated,
        bytes: key.size,
        elements: key.elements,
        expire_ms: key.expire_ms,
        offset: key.offset,
    }
}
