//! Edits of a log as JSON, one object; the schema stands in `docs/`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use rdbkit_aof::edit::{
    Around, Damage, Excerpt, Fate, FileChange, Kept, ManifestHarm, Plan, Spot, Tally,
};
use rdbkit_aof::fs::Written;
use serde::Serialize;

use crate::proof::Proof;
use crate::render::aof_edit::note_text;
use crate::render::json::{SCHEMA, Text, line, path_text};

#[derive(Serialize)]
struct Json<'p> {
    schema: u32,
    action: String,
    path: String,
    dry_run: bool,
    changed: bool,
    point: Option<SpotJson>,
    gone: TallyJson<'p>,
    kept: KeptJson<'p>,
    files: Vec<FileJson>,
    around: Vec<AroundJson<'p>>,
    damage: Vec<DamageJson<'p>>,
    manifest_damage: Vec<String>,
    notes: Vec<String>,
    written: Option<WrittenJson<'p>>,
}

#[derive(Serialize)]
struct SpotJson {
    file: Text,
    offset: u64,
    time: Option<i64>,
}

#[derive(Serialize)]
struct TallyJson<'p> {
    commands: u64,
    transactions: u64,
    shortened: u64,
    names: BTreeMap<&'p str, u64>,
    keys: u64,
    keys_exact: bool,
    first_keys: Vec<KeyJson>,
    databases: BTreeMap<String, u64>,
    first_time: Option<i64>,
    last_time: Option<i64>,
}

#[derive(Serialize)]
struct KeyJson {
    db: u64,
    key: Text,
}

#[derive(Serialize)]
struct KeptJson<'p> {
    commands: u64,
    last_time: Option<i64>,
    base_time: Option<i64>,
    expired: u64,
    expired_exact: bool,
    needs: NeedsJson<'p>,
}

#[derive(Serialize)]
struct NeedsJson<'p> {
    redis: Option<String>,
    valkey: Option<String>,
    annotations: bool,
    unknown: &'p [String],
}

#[derive(Serialize)]
struct FileJson {
    name: Text,
    fate: &'static str,
    kept: u64,
    removed: u64,
    inserted: u64,
}

#[derive(Serialize)]
struct AroundJson<'p> {
    before: Vec<ExcerptJson<'p>>,
    gone: Vec<ExcerptJson<'p>>,
    after: Vec<ExcerptJson<'p>>,
}

#[derive(Serialize)]
struct ExcerptJson<'p> {
    file: Text,
    offset: u64,
    end: u64,
    db: u64,
    time: Option<i64>,
    in_transaction: bool,
    text: &'p str,
}

#[derive(Serialize)]
struct DamageJson<'p> {
    file: Text,
    begin: u64,
    end: u64,
    what: String,
    commands: u64,
    text: Option<&'p str>,
}

#[derive(Serialize)]
struct WrittenJson<'p> {
    path: String,
    backup: Option<String>,
    files: usize,
    bytes: u64,
    shared: u64,
    copied_by_system: u64,
    copied: u64,
    owner_kept: bool,
    only_in_backup: Vec<Text>,
    proof: ProofJson<'p>,
}

#[derive(Serialize)]
struct ProofJson<'p> {
    server: String,
    verdict: &'static str,
    effect: &'static str,
    cautions: &'p [String],
}

/// Writes a plan and what became of it as one line.
///
/// # Errors
///
/// Of writing.
pub fn report(
    out: &mut dyn Write,
    path: &Path,
    plan: &Plan,
    manifest: &[ManifestHarm],
    dry_run: bool,
    written: Option<&(Written, Proof)>,
) -> io::Result<()> {
    let json = Json {
        schema: SCHEMA,
        action: plan.action.to_string(),
        path: path_text(path),
        dry_run,
        changed: plan.changed() || !manifest.is_empty(),
        point: plan.point.as_ref().map(spot),
        gone: tally(&plan.gone),
        kept: kept(&plan.kept),
        files: plan.files.iter().map(file).collect(),
        around: plan.around.iter().map(around).collect(),
        damage: plan.damage.iter().map(damage).collect(),
        manifest_damage: manifest.iter().map(ToString::to_string).collect(),
        notes: plan.notes.iter().map(note_text).collect(),
        written: written.map(outcome),
    };
    line(out, &json)
}

/// Writes why nothing was done as one line.
///
/// # Errors
///
/// Of writing.
pub fn failure(
    out: &mut dyn Write,
    action: &str,
    path: &Path,
    why: &str,
    hint: &[String],
) -> io::Result<()> {
    let json = serde_json::json!({
        "schema": SCHEMA,
        "action": action,
        "path": path_text(path),
        "error": why,
        "hint": hint,
    });
    line(out, &json)
}

fn spot(spot: &Spot) -> SpotJson {
    SpotJson {
        file: Text::plain(&spot.file),
        offset: spot.offset,
        time: spot.time,
    }
}

fn tally(tally: &Tally) -> TallyJson<'_> {
    let key = |(db, key): &(u64, Vec<u8>)| KeyJson {
        db: *db,
        key: Text::from(&key[..]),
    };
    TallyJson {
        commands: tally.commands,
        transactions: tally.transactions,
        shortened: tally.shortened,
        names: tally
            .names
            .iter()
            .map(|(name, n)| (name.as_str(), *n))
            .collect(),
        keys: tally.keys,
        keys_exact: tally.keys_exact,
        first_keys: tally.first_keys.iter().map(key).collect(),
        databases: tally
            .databases
            .iter()
            .map(|(db, n)| (db.to_string(), *n))
            .collect(),
        first_time: tally.times.map(|(first, _)| first),
        last_time: tally.times.map(|(_, last)| last),
    }
}

fn kept(kept: &Kept) -> KeptJson<'_> {
    KeptJson {
        commands: kept.commands,
        last_time: kept.time,
        base_time: kept.base_time,
        expired: kept.expired,
        expired_exact: kept.expired_exact,
        needs: NeedsJson {
            redis: kept.needs.redis.map(|s| format!("{}.{}", s.major, s.minor)),
            valkey: kept
                .needs
                .valkey
                .map(|s| format!("{}.{}", s.major, s.minor)),
            annotations: kept.needs.annotations,
            unknown: &kept.needs.unknown,
        },
    }
}

fn file(file: &FileChange) -> FileJson {
    FileJson {
        name: Text::plain(&file.name),
        fate: match file.fate {
            Fate::Same => "same",
            Fate::Changed => "changed",
            Fate::Left => "left-out",
            Fate::Missing => "missing",
        },
        kept: file.kept,
        removed: file.removed,
        inserted: file.inserted,
    }
}

fn around(around: &Around) -> AroundJson<'_> {
    AroundJson {
        before: around.before.iter().map(excerpt).collect(),
        gone: around.gone.iter().map(excerpt).collect(),
        after: around.after.iter().map(excerpt).collect(),
    }
}

fn excerpt(excerpt: &Excerpt) -> ExcerptJson<'_> {
    ExcerptJson {
        file: Text::plain(&excerpt.file),
        offset: excerpt.offset,
        end: excerpt.end,
        db: excerpt.db,
        time: excerpt.time,
        in_transaction: excerpt.in_transaction,
        text: &excerpt.text,
    }
}

fn damage(damage: &Damage) -> DamageJson<'_> {
    DamageJson {
        file: Text::plain(&damage.file),
        begin: damage.range.start,
        end: damage.range.end,
        what: damage.harm.to_string(),
        commands: damage.commands,
        text: damage.text.as_deref(),
    }
}

fn outcome((written, proof): &(Written, Proof)) -> WrittenJson<'_> {
    WrittenJson {
        path: path_text(&written.path),
        backup: written.backup.as_ref().map(|path| path_text(path)),
        files: written.files,
        bytes: written.copied.total(),
        shared: written.copied.cloned,
        copied_by_system: written.copied.in_kernel,
        copied: written.copied.written,
        owner_kept: written.owner_kept,
        only_in_backup: written
            .others
            .iter()
            .map(|name| Text::plain(name))
            .collect(),
        proof: ProofJson {
            server: proof.server.to_string(),
            verdict: proof.effect.verdict().name(),
            effect: proof.effect.name(),
            cautions: &proof.cautions,
        },
    }
}
