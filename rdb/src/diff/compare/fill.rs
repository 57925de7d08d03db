//! Putting a value into a table.

use super::at_value;
use super::layout::{id, length, optional, tag};
use super::table::Table;
use crate::error::{Error, ErrorKind, Result};
use crate::record::Record;
use crate::text::{Decimal, Scratch};
use crate::value::{
    ArrayElement, ModuleItem, ModuleValue, StreamGroup, StreamItem, StreamValue, Value,
};
use crate::wire::ModuleId;

/// Puts the value of `record` into `table`. Gives the module, if it is one's.
///
/// # Errors
///
/// Of the value, and [`ErrorKind::Limit`] of the table.
pub(super) fn fill(record: &Record<'_>, table: &mut Table) -> Result<Option<ModuleId>> {
    // The table has to take it anyway.
    let mut record = record.clone();
    record.max_decompressed = record.max_decompressed.min(table.limit());
    let record = &record;
    let fit = |kind: ErrorKind| at_value(kind, record);
    match record.value()? {
        Value::String(text) => {
            let mut scratch = Scratch::with_limit(record.max_decompressed);
            let text = text.bytes(&mut scratch).map_err(fit)?;
            table.push([], [text]).map_err(fit)?;
        }
        Value::List(mut all) => {
            while let Some(element) = all.next()? {
                table.push([], [element]).map_err(fit)?;
            }
        }
        Value::Set(mut all) => {
            while let Some(member) = all.next()? {
                table.push([member], []).map_err(fit)?;
            }
        }
        Value::Zset(mut all) => {
            while let Some((member, score)) = all.next()? {
                // Packed scores have no negative zero: adding zero makes one
                // positive, and changes nothing else.
                let score = (score + 0.0).to_le_bytes();
                table.push([member], [&score]).map_err(fit)?;
            }
        }
        Value::Hash(mut all) => {
            while let Some(f) = all.next()? {
                let content: [&[u8]; 2] = [&optional(f.expire_ms), f.value];
                let pushed = match f.path {
                    None => table.push([&[tag::PLAIN], f.field], content),
                    Some(path) => table.push([&[tag::PATH], &length(path), path, f.field], content),
                };
                pushed.map_err(fit)?;
            }
        }
        Value::Stream(all) => stream(all, record, table)?,
        Value::Module(all) => {
            let module = all.id();
            items(all, table, &fit)?;
            return Ok(Some(module));
        }
        Value::Array(mut all) => {
            if let Some(at) = all.insert_at() {
                table
                    .push([&[tag::INSERT]], [&at.to_le_bytes()])
                    .map_err(fit)?;
            }
            while let Some(item) = all.next()? {
                let name = [&[tag::PLAIN], &item.index.to_be_bytes()[..]];
                let pushed = match item.value {
                    ArrayElement::Bytes(bytes) => table.push(name, [&[tag::TEXT], bytes]),
                    // To a client an integer is its digits.
                    ArrayElement::Int(n) => {
                        table.push(name, [&[tag::TEXT], Decimal::new(n).as_bytes()])
                    }
                    ArrayElement::Float(x) => {
                        table.push(name, [&[tag::FLOAT], &x.to_le_bytes()[..]])
                    }
                };
                pushed.map_err(fit)?;
            }
        }
        Value::Gcra(time) => table.push([], [&time.to_le_bytes()]).map_err(fit)?,
    }
    Ok(None)
}

fn items(
    mut all: ModuleValue<'_>,
    table: &mut Table,
    fit: &impl Fn(ErrorKind) -> Error,
) -> Result<()> {
    while let Some(item) = all.next()? {
        let pushed = match item {
            ModuleItem::Signed(n) => table.push([], [&[tag::SIGNED], &n.to_le_bytes()[..]]),
            ModuleItem::Unsigned(n) => table.push([], [&[tag::UNSIGNED], &n.to_le_bytes()[..]]),
            ModuleItem::Float(x) => table.push([], [&[tag::SINGLE], &x.to_le_bytes()[..]]),
            ModuleItem::Double(x) => table.push([], [&[tag::DOUBLE], &x.to_le_bytes()[..]]),
            ModuleItem::String(bytes) => table.push([], [&[tag::STRING], bytes]),
        };
        pushed.map_err(fit)?;
    }
    Ok(())
}

fn stream(mut all: StreamValue<'_>, record: &Record<'_>, table: &mut Table) -> Result<()> {
    let fit = |kind: ErrorKind| at_value(kind, record);
    let mut producer = Vec::new();
    while let Some(item) = all.next()? {
        let mut number = |which: u8, n: &[u8]| table.push([&[tag::NUMBER], &[which]], [n]);
        let pushed = match item {
            StreamItem::Entry { id: at, fields, .. } => entry(table, id(at), fields),
            StreamItem::Numbers(n) => number(0, &n.length.to_le_bytes())
                .and_then(|()| number(1, &id(n.last)))
                .and_then(|()| number(2, &id(n.max_deleted)))
                .and_then(|()| number(3, &n.entries_added.to_le_bytes())),
            StreamItem::Idempotence {
                duration,
                max_entries,
                ..
            } => number(4, &duration.to_le_bytes())
                .and_then(|()| number(5, &max_entries.to_le_bytes())),
            StreamItem::IdempotenceTotals { added, duplicates } => {
                number(6, &added.to_le_bytes()).and_then(|()| number(7, &duplicates.to_le_bytes()))
            }
            StreamItem::Producer { name, .. } => {
                producer.clear();
                producer.extend_from_slice(name);
                Ok(())
            }
            StreamItem::ProducerEntry { id: used, entry } => {
                let name = [&[tag::PRODUCER], &length(&producer)[..], &producer, used];
                table.push(name, [&id(entry)])
            }
            // Groups follow.
            _ => Ok(()),
        };
        pushed.map_err(fit)?;
    }
    // Once more: pending entries and their consumers stand apart.
    let Value::Stream(again) = record.value()? else {
        return Ok(());
    };
    for group in again.into_groups()? {
        self::group(&group, table).map_err(fit)?;
    }
    Ok(())
}

fn entry(
    table: &mut Table,
    id: [u8; 16],
    fields: crate::packed::Pairs<'_>,
) -> std::result::Result<(), ErrorKind> {
    table.push([&[tag::ENTRY], &id[..]], [])?;
    for (field, value) in fields {
        for text in [field.text(&mut [0; 20]), value.text(&mut [0; 20])] {
            table.extend(&length(text))?;
            table.extend(text)?;
        }
    }
    Ok(())
}

fn group(group: &StreamGroup, table: &mut Table) -> std::result::Result<(), ErrorKind> {
    let read = optional(group.entries_read.map(|n| n as i64));
    table.push([&[tag::GROUP], &group.name], [&id(group.last)[..], &read])?;
    let len = length(&group.name);
    for consumer in &group.consumers {
        let name = [&[tag::CONSUMER], &len[..], &group.name, &consumer.name];
        let times = [
            &consumer.seen_ms.to_le_bytes()[..],
            &optional(consumer.active_ms),
        ];
        table.push(name, times)?;
    }
    let nacked: std::collections::HashSet<_> = group.nacked.iter().collect();
    for pending in &group.pending {
        let name = [&[tag::PENDING], &len[..], &group.name, &id(pending.id)];
        let owner = pending.owner.and_then(|at| group.consumers.get(at));
        let content = [
            &[u8::from(nacked.contains(&pending.id))][..],
            &pending.delivered_ms.to_le_bytes(),
            &pending.deliveries.to_le_bytes(),
            &[u8::from(owner.is_some())],
            owner.map_or(&[], |consumer| &consumer.name),
        ];
        table.push(name, content)?;
    }
    Ok(())
}
