//! One value of every type, byte by byte, and what a client sees of it.

mod hash;
mod hostile;
mod simple;
mod stream;

use super::{ArrayElement, Elements, ModuleItem, Scored, StreamItem, Value};
use crate::error::Result;
use crate::record::{KeyMeta, Record};
use crate::text::{Scratch, Str};
use crate::wire::{Dialect, ValueType};

/// A record of one value, which begins at offset 1000 of its file.
pub(super) fn record(kind: u8, dialect: Dialect, raw: &[u8]) -> Record<'_> {
    Record {
        db: 0,
        meta: KeyMeta::default(),
        key_meta: &[],
        kind: ValueType(kind),
        dialect,
        version: 11,
        key: Str::Raw(b"k"),
        raw,
        offset: 997,
        value_offset: 1000,
        max_decompressed: 1 << 20,
        templates: None,
    }
}

/// Joins the pieces of a value: each is bytes, so that tests read like files.
pub(super) fn cat(pieces: &[&[u8]]) -> Vec<u8> {
    pieces.concat()
}

/// `blob` as a string of the file.
pub(super) fn raw_string(blob: &[u8]) -> Vec<u8> {
    let len = u16::try_from(blob.len()).expect("a small blob") | 0x4000;
    cat(&[&len.to_be_bytes(), blob])
}

/// `blob` as an LZF string of literal runs.
pub(super) fn lzf_string(blob: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    for run in blob.chunks(32) {
        data.push(run.len() as u8 - 1);
        data.extend_from_slice(run);
    }
    let len = |n: usize| (u16::try_from(n).expect("a small blob") | 0x4000).to_be_bytes();
    cat(&[b"\xc3", &len(data.len()), &len(blob.len()), &data])
}

/// All of a value in one text, pieces separated by blanks.
pub(super) fn show(record: &Record<'_>) -> Result<String> {
    let mut out: Vec<String> = Vec::new();
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match record.value()? {
        Value::String(s) => out.push(text(s.bytes(&mut Scratch::default()).unwrap())),
        Value::List(e) | Value::Set(e) => elements(e, &mut out)?,
        Value::Zset(z) => scored(z, &mut out)?,
        Value::Hash(mut hash) => {
            while let Some(f) = hash.next()? {
                let path = f.path.map(|p| format!("{}:", text(p))).unwrap_or_default();
                let expiry = f.expire_ms.map(|t| format!("@{t}")).unwrap_or_default();
                out.push(format!("{path}{}={}{expiry}", text(f.field), text(f.value)));
            }
            assert!(hash.next()?.is_none(), "the end stays the end");
        }
        Value::Stream(mut stream) => {
            while let Some(item) = stream.next()? {
                out.push(stream_item(&item));
            }
            assert!(stream.next()?.is_none(), "the end stays the end");
        }
        Value::Module(mut module) => {
            out.push(format!(
                "{}/{}",
                module.id().name(),
                module.id().encoding_version()
            ));
            while let Some(item) = module.next()? {
                out.push(match item {
                    ModuleItem::String(s) => text(s),
                    other => format!("{other:?}"),
                });
            }
            assert!(module.next()?.is_none(), "the end stays the end");
        }
        Value::Array(mut array) => {
            out.push(format!("{}/{:?}", array.count(), array.insert_at()));
            while let Some(item) = array.next()? {
                let value = match item.value {
                    ArrayElement::Bytes(s) => text(s),
                    other => format!("{other:?}"),
                };
                out.push(format!("[{}]={value}", item.index));
            }
            assert!(array.next()?.is_none(), "the end stays the end");
        }
        Value::Gcra(time) => out.push(time.to_string()),
    }
    Ok(out.join(" "))
}

fn elements(mut elements: Elements<'_>, out: &mut Vec<String>) -> Result<()> {
    let mut twin = elements.clone();
    while let Some(element) = elements.next()? {
        let same = twin.next_element()?.expect("the same elements");
        assert!(same.eq_bytes(element));
        out.push(format!("{}.", element.escape_ascii()));
    }
    assert!(elements.next()?.is_none(), "the end stays the end");
    assert!(twin.next_element()?.is_none());
    Ok(())
}

fn scored(mut zset: Scored<'_>, out: &mut Vec<String>) -> Result<()> {
    let mut twin = zset.clone();
    while let Some((member, score)) = zset.next()? {
        let (same, twin_score) = twin.next_element()?.expect("the same members");
        assert!(same.eq_bytes(member) && score.to_bits() == twin_score.to_bits());
        out.push(format!("{}={score:?}", member.escape_ascii()));
    }
    assert!(zset.next()?.is_none(), "the end stays the end");
    Ok(())
}

pub(super) fn stream_item(item: &StreamItem<'_>) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match item {
        StreamItem::Entry {
            id,
            deleted,
            fields,
        } => {
            let mut shown = format!("{id}{}", if *deleted { "(deleted)" } else { "" });
            for (field, value) in fields.clone() {
                let (mut a, mut b) = ([0; 20], [0; 20]);
                let (field, value) = (field.text(&mut a), value.text(&mut b));
                shown += &format!(",{}={}", text(field), text(value));
            }
            shown
        }
        StreamItem::Numbers(n) => format!(
            "length={},last={},first={},deleted={},added={}",
            n.length, n.last, n.first, n.max_deleted, n.entries_added
        ),
        StreamItem::Group {
            name,
            last,
            entries_read,
            ..
        } => format!("group:{}@{last},read={entries_read:?}", text(name)),
        StreamItem::Pending {
            id,
            delivered_ms,
            deliveries,
        } => format!("pending:{id}@{delivered_ms}x{deliveries}"),
        StreamItem::Consumer {
            name,
            seen_ms,
            active_ms,
            ..
        } => format!("consumer:{}@{seen_ms}/{active_ms:?}", text(name)),
        StreamItem::Owned(id) => format!("owned:{id}"),
        StreamItem::Nack(id) => format!("nack:{id}"),
        StreamItem::Idempotence {
            duration,
            max_entries,
            ..
        } => format!("idempotent:{duration}s,{max_entries}"),
        StreamItem::Producer { name, .. } => format!("producer:{}", text(name)),
        StreamItem::ProducerEntry { id, entry } => format!("made:{}={entry}", text(id)),
        StreamItem::IdempotenceTotals { added, duplicates } => {
            format!("ids:{added}+{duplicates}")
        }
    }
}

/// Asserts what a client sees of a value with the numbers of `dialect`.
#[track_caller]
pub(super) fn sees_in(dialect: Dialect, kind: u8, raw: &[u8], expected: &str) {
    let shown = show(&record(kind, dialect, raw)).expect("a good value");
    assert_eq!(shown, expected, "type {kind}");
}

/// Asserts what a client sees of a value with the numbers of Redis.
#[track_caller]
pub(super) fn sees(kind: u8, raw: &[u8], expected: &str) {
    sees_in(Dialect::Redis, kind, raw, expected);
}

/// Asserts what a client sees of a value that is one blob, compressed or not.
#[track_caller]
pub(super) fn blob_sees(kind: u8, before: &[u8], blob: &[u8], expected: &str) {
    sees(kind, &cat(&[before, &raw_string(blob)]), expected);
    sees(kind, &cat(&[before, &lzf_string(blob)]), expected);
}

/// Asserts that a value is refused: the message, which ends in the offset.
#[track_caller]
pub(super) fn refused(kind: u8, raw: &[u8], message: &str) {
    let error = show(&record(kind, Dialect::Redis, raw)).expect_err("a bad value");
    assert_eq!(error.to_string(), format!("{message} (read-object-value)"));
}
