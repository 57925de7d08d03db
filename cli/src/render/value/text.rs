//! Values for people, much as redis-cli shows them.

use std::io::{self, Write};

use rdbkit_aof::quoted;
use rdbkit_rdb::score::shortest;
use rdbkit_rdb::{
    ArrayElement, KeyMeta, ModuleItem, Record, Scratch, StreamGroup, StreamItem, StreamValue, Value,
};

use super::Shown;
use crate::render::keys::{encoding, time};

/// Writes a key: what it is on the first line, its value below.
///
/// # Errors
///
/// Of writing, and where the value is damaged.
pub fn key(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    let name = record.key.to_vec()?;
    let kind = record.object().map_or("?", |kind| kind.name());
    write!(
        out,
        "{} (db{}): {kind}, {}, {} bytes in the file",
        quoted(&name),
        record.db,
        encoding(record.kind, record.dialect),
        record.size()
    )?;
    attributes(out, &record.meta)?;
    value(out, record)
}

fn attributes(out: &mut dyn Write, meta: &KeyMeta) -> io::Result<()> {
    if let Some(ms) = meta.expire_ms {
        write!(out, ", expires {}", time(ms))?;
    }
    if let Some(idle) = meta.idle {
        write!(out, ", idle for {idle} s")?;
    }
    if let Some(freq) = meta.freq {
        write!(out, ", use counter {freq}")?;
    }
    writeln!(out)
}

fn value(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    let mut n = 0u64;
    let mut number = || {
        n += 1;
        n
    };
    match record.value()? {
        Value::String(text) => {
            let mut scratch = Scratch::default();
            writeln!(out, "{}", quoted(text.bytes(&mut scratch)?))?;
        }
        Value::List(mut all) | Value::Set(mut all) => {
            while let Some(element) = all.next()? {
                writeln!(out, "{}) {}", number(), quoted(element))?;
            }
        }
        Value::Zset(mut all) => {
            while let Some((member, score)) = all.next()? {
                let text = shortest(score);
                let score = String::from_utf8_lossy(text.as_bytes());
                writeln!(out, "{}) {}  score {score}", number(), quoted(member))?;
            }
        }
        Value::Hash(mut all) => {
            while let Some(field) = all.next()? {
                write!(out, "{}) ", number())?;
                if let Some(path) = field.path {
                    write!(out, "[{}] ", quoted(path))?;
                }
                write!(out, "{} => {}", quoted(field.field), quoted(field.value))?;
                match field.expire_ms {
                    Some(ms) => writeln!(out, "  expires {}", time(ms))?,
                    None => writeln!(out)?,
                }
            }
        }
        Value::Stream(all) => {
            stream(out, all)?;
            // Once more: pending entries and their consumers stand apart.
            if let Value::Stream(again) = record.value()? {
                for each in again.into_groups()? {
                    group(out, &each)?;
                }
            }
        }
        Value::Module(mut all) => {
            let id = all.id();
            writeln!(
                out,
                "module {}, encoding version {}",
                id.name(),
                id.encoding_version()
            )?;
            while let Some(item) = all.next()? {
                let n = number();
                match item {
                    ModuleItem::Signed(v) => writeln!(out, "{n}) integer {v}")?,
                    ModuleItem::Unsigned(v) => writeln!(out, "{n}) unsigned {v}")?,
                    ModuleItem::Float(v) => writeln!(out, "{n}) float {v}")?,
                    ModuleItem::Double(v) => writeln!(out, "{n}) double {v}")?,
                    ModuleItem::String(v) => writeln!(out, "{n}) string {}", quoted(v))?,
                }
            }
        }
        Value::Array(mut all) => {
            while let Some(item) = all.next()? {
                write!(out, "[{}] ", item.index)?;
                match item.value {
                    ArrayElement::Bytes(bytes) => writeln!(out, "{}", quoted(bytes))?,
                    ArrayElement::Int(n) => writeln!(out, "{n}")?,
                    ArrayElement::Float(x) => writeln!(out, "{x}")?,
                }
            }
        }
        Value::Gcra(t) => writeln!(out, "theoretical arrival time {t}")?,
        _ => writeln!(out, "(a value this release cannot show)")?,
    }
    Ok(())
}

fn stream(out: &mut dyn Write, mut all: StreamValue<'_>) -> Shown {
    let mut n = 0u64;
    while let Some(item) = all.next()? {
        match item {
            StreamItem::Entry { id, fields, .. } => {
                n += 1;
                write!(out, "{n}) {id}")?;
                for (field, value) in fields {
                    let (mut a, mut b) = ([0; 20], [0; 20]);
                    write!(
                        out,
                        " {} {}",
                        quoted(field.text(&mut a)),
                        quoted(value.text(&mut b))
                    )?;
                }
                writeln!(out)?;
            }
            StreamItem::Numbers(numbers) => writeln!(
                out,
                "{} entries, last id {}, first {}, greatest deleted {}, {} ever added",
                numbers.length,
                numbers.last,
                numbers.first,
                numbers.max_deleted,
                numbers.entries_added
            )?,
            StreamItem::Idempotence {
                duration,
                max_entries,
                ..
            } => writeln!(
                out,
                "idempotent producers: ids kept for {duration} s, at most {max_entries}"
            )?,
            StreamItem::Producer { name, entries } => {
                writeln!(out, "  producer {}, {entries} ids", quoted(name))?;
            }
            StreamItem::ProducerEntry { id, entry } => {
                writeln!(out, "    {} made {entry}", quoted(id))?
            }
            StreamItem::IdempotenceTotals { added, duplicates } => {
                writeln!(out, "  {added} ids added, {duplicates} seen again")?;
            }
            // Groups follow.
            _ => {}
        }
    }
    Ok(())
}

fn group(out: &mut dyn Write, group: &StreamGroup) -> io::Result<()> {
    write!(
        out,
        "group {}: last delivered {}",
        quoted(&group.name),
        group.last
    )?;
    if let Some(read) = group.entries_read {
        write!(out, ", {read} entries read")?;
    }
    writeln!(out, ", {} pending", group.pending.len())?;
    for consumer in &group.consumers {
        write!(
            out,
            "  consumer {}: seen {}",
            quoted(&consumer.name),
            time(consumer.seen_ms)
        )?;
        match consumer.active_ms {
            Some(ms) => writeln!(out, ", active {}", time(ms))?,
            None => writeln!(out, ", never active")?,
        }
    }
    for pending in &group.pending {
        let owner = pending.owner.and_then(|at| group.consumers.get(at));
        let owner = owner.map_or("nobody".into(), |consumer| quoted(&consumer.name));
        let (id, when, times) = (pending.id, time(pending.delivered_ms), pending.deliveries);
        writeln!(
            out,
            "  pending {id}: {owner}, delivered {when}, {times} times"
        )?;
    }
    Ok(())
}
