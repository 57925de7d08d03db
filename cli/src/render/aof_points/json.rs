//! Points in time of a log, for machines: a line each.

use rdbkit_aof::search::{Danger, DangerKind, Hint, Point};
use serde::Serialize;

use crate::render::aof_points::Estimate;
use crate::render::json::SCHEMA;

/// A point to go back to.
#[derive(Serialize)]
pub struct PointJson<'j> {
    schema: u32,
    kind: &'static str,
    time: Option<i64>,
    annotated: bool,
    file: &'j str,
    /// Cut here to lose this second.
    begin: u64,
    /// Cut here to keep it.
    end: u64,
    gap: Option<i64>,
    commands: u64,
    bytes: u64,
    deleted: u64,
    danger_count: u64,
    dangers: Vec<DangerJson>,
}

#[derive(Serialize)]
struct DangerJson {
    does: &'static str,
    offset: u64,
    cut: u64,
    db: u64,
    keys: Option<u64>,
    swaps: Option<[u64; 2]>,
}

/// A file, and what is known of its time.
#[derive(Serialize)]
pub struct FileJson<'j> {
    schema: u32,
    kind: &'static str,
    file: &'j str,
    annotations: u64,
    commands: u64,
    bytes: u64,
    untimed: u64,
    end: u64,
    created: Option<i64>,
    modified_ms: Option<i64>,
    before_ms: Option<i64>,
    before_offset: Option<u64>,
}

/// When a command was written, as far as can be guessed.
#[derive(Serialize)]
pub struct EstimateJson<'j> {
    schema: u32,
    kind: &'static str,
    file: &'j str,
    offset: u64,
    time_ms: i64,
    from: &'static str,
}

/// A point in a file of that name.
pub fn point<'j>(point: &Point, file: &'j str) -> PointJson<'j> {
    PointJson {
        schema: SCHEMA,
        kind: "point",
        time: point.time,
        annotated: point.annotated,
        file,
        begin: point.begin,
        end: point.end,
        gap: point.gap,
        commands: point.commands,
        bytes: point.bytes,
        deleted: point.deleted,
        danger_count: point.danger_count,
        dangers: point.dangers.iter().map(danger_json).collect(),
    }
}

fn danger_json(danger: &Danger) -> DangerJson {
    DangerJson {
        does: match danger.kind {
            DangerKind::FlushAll => "flush-all",
            DangerKind::FlushDb => "flush-db",
            DangerKind::SwapDb(..) => "swap-db",
            DangerKind::Deletes(_) => "deletes",
            DangerKind::DropsFunctions => "drops-functions",
        },
        offset: danger.begin,
        cut: danger.cut,
        db: danger.db,
        keys: match danger.kind {
            DangerKind::Deletes(keys) => Some(keys),
            _ => None,
        },
        swaps: match danger.kind {
            DangerKind::SwapDb(a, b) => Some([a, b]),
            _ => None,
        },
    }
}

/// What is known of a file of that name.
pub fn file<'j>(name: &'j str, estimate: &Estimate) -> FileJson<'j> {
    let points = &estimate.points;
    FileJson {
        schema: SCHEMA,
        kind: "file",
        file: name,
        annotations: points.annotations,
        commands: points.commands,
        bytes: points.bytes,
        untimed: points.untimed,
        end: points.end,
        created: points.created,
        modified_ms: estimate.modified_ms,
        before_ms: points.before_ms.map(|(ms, _)| ms),
        before_offset: points.before_ms.map(|(_, at)| at),
    }
}

/// A hint at an offset of a file of that name.
pub fn estimate(file: &str, offset: u64, hint: Hint) -> EstimateJson<'_> {
    EstimateJson {
        schema: SCHEMA,
        kind: "estimate",
        file,
        offset,
        time_ms: hint.time_ms,
        from: hint.kind.name(),
    }
}
