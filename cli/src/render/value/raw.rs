//! Bytes as they are: a string alone, or one element a line.

use std::io::Write;

use rdbkit_rdb::score::shortest;
use rdbkit_rdb::{ArrayElement, Record, Scratch, StreamItem, Value};

use super::Shown;

/// Writes the bytes of a value. Elements end with a newline; whether they hold
/// some cannot be told.
///
/// # Errors
///
/// Of writing, and where the value is damaged.
pub fn value(out: &mut dyn Write, record: &Record<'_>) -> Shown {
    match record.value()? {
        Value::String(text) => {
            let limit = rdbkit_rdb::Limits::default().max_decompressed;
            out.write_all(text.bytes(&mut Scratch::with_limit(limit))?)?;
        }
        Value::List(mut all) | Value::Set(mut all) => {
            while let Some(element) = all.next()? {
                line(out, element)?;
            }
        }
        Value::Zset(mut all) => {
            while let Some((member, score)) = all.next()? {
                line(out, member)?;
                line(out, shortest(score).as_bytes())?;
            }
        }
        Value::Hash(mut all) => {
            while let Some(field) = all.next()? {
                line(out, field.field)?;
                line(out, field.value)?;
            }
        }
        Value::Stream(mut all) => {
            while let Some(item) = all.next()? {
                let StreamItem::Entry { id, fields, .. } = item else {
                    continue;
                };
                writeln!(out, "{id}")?;
                for (field, value) in fields {
                    line(out, field.text(&mut [0; 20]))?;
                    line(out, value.text(&mut [0; 20]))?;
                }
            }
        }
        Value::Array(mut all) => {
            while let Some(item) = all.next()? {
                writeln!(out, "{}", item.index)?;
                match item.value {
                    ArrayElement::Bytes(bytes) => line(out, bytes)?,
                    ArrayElement::Int(n) => writeln!(out, "{n}")?,
                    ArrayElement::Float(x) => line(out, shortest(x).as_bytes())?,
                }
            }
        }
        Value::Gcra(time) => writeln!(out, "{time}")?,
        // What a module's items mean only the module knows.
        _ => out.write_all(record.raw)?,
    }
    Ok(())
}

fn line(out: &mut dyn Write, bytes: &[u8]) -> std::io::Result<()> {
    out.write_all(bytes)?;
    out.write_all(b"\n")
}
