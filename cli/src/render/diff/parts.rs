//! The parts of a value that differ, for people.

use std::borrow::Cow;
use std::io::{self, Write};

use rdbkit_aof::quoted;
use rdbkit_rdb::diff::{Delta, EntryFields, FieldState, PendingState, Sequence, Splice};
use rdbkit_rdb::redact;
use rdbkit_rdb::score::shortest;
use rdbkit_rdb::{ArrayElement, ModuleItem};

use super::text::sign;
use crate::render::keys::time;

/// Bytes of a string that are shown.
const SHOWN: usize = 64;

/// Writes a part, in at most `room` lines where it has several, and says how
/// many it took.
pub fn text(out: &mut dyn Write, delta: &Delta<'_>, room: usize) -> io::Result<usize> {
    let sign = sign(delta.change());
    let part = delta.part();
    let head = format!("      {sign} {part}");
    match delta {
        Delta::Text { old, new, at } => {
            // A little of what both have, then what differs.
            let from = usize::try_from(*at).unwrap_or(0).saturating_sub(16);
            let cut = |text: &[u8]| {
                if let Some(hidden) = redact::hidden(text) {
                    return hidden;
                }
                let rest = text.get(from..).unwrap_or_default();
                let before = if from > 0 { "..." } else { "" };
                format!("{before}{}", short(rest))
            };
            writeln!(out, "{head} {} -> {}", cut(old), cut(new))?;
        }
        Delta::Splice(splice) => return self::splice(out, splice, room),
        Delta::Member { member, .. } => writeln!(out, "{head} {}", short(member))?,
        Delta::Score { member, old, new } => {
            writeln!(
                out,
                "{head} {}  {}",
                short(member),
                change(old, new, |x| score(*x))
            )?;
        }
        Delta::Field {
            path,
            field,
            old,
            new,
        } => {
            let path = path.map_or(String::new(), |path| format!("[{}] ", short(path)));
            let name = short(field);
            writeln!(
                out,
                "{head} {path}{name}  {}",
                change(old, new, self::field)
            )?;
        }
        Delta::Index { index, old, new } => {
            writeln!(out, "{head} {index}  {}", change(old, new, element))?;
        }
        Delta::InsertAt { old, new } | Delta::Number { old, new, .. } => {
            writeln!(out, "{head}  {}", change(old, new, u64::to_string))?;
        }
        Delta::Entry { id, old, new } => {
            writeln!(out, "{head} {id}  {}", change(old, new, entry))?;
        }
        Delta::Id { old, new, .. } => {
            writeln!(out, "{head}  {}", change(old, new, ToString::to_string))?;
        }
        Delta::Group { group, old, new } => {
            let state = |state: &rdbkit_rdb::diff::GroupState| match state.entries_read {
                Some(n) => format!("at {}, {n} read", state.last),
                None => format!("at {}", state.last),
            };
            writeln!(out, "{head} {}  {}", short(group), change(old, new, state))?;
        }
        Delta::Consumer {
            group,
            consumer,
            old,
            new,
        } => {
            let state = |state: &rdbkit_rdb::diff::ConsumerState| {
                let active = state.active_ms.map_or("never".to_owned(), time);
                format!("seen {}, active {active}", time(state.seen_ms))
            };
            let (group, consumer) = (short(group), short(consumer));
            writeln!(
                out,
                "{head} {consumer} of {group}  {}",
                change(old, new, state)
            )?;
        }
        Delta::Pending {
            group,
            id,
            old,
            new,
        } => {
            writeln!(
                out,
                "{head} {id} of {}  {}",
                short(group),
                change(old, new, pending)
            )?;
        }
        Delta::Produced {
            producer,
            id,
            old,
            new,
        } => {
            let (producer, id) = (short(producer), short(id));
            let state = change(old, new, ToString::to_string);
            writeln!(out, "{head} {id} of {producer}  {state}")?;
        }
        Delta::Module { old, new } => {
            let id = |id: &rdbkit_rdb::ModuleId| format!("{}/{}", id.name(), id.encoding_version());
            writeln!(out, "{head}  {} -> {}", id(old), id(new))?;
        }
        Delta::Time { old, new } => writeln!(out, "{head}  {old} -> {new}")?,
        _ => writeln!(out, "{head}")?,
    }
    Ok(1)
}

fn splice(out: &mut dyn Write, splice: &Splice<'_>, room: usize) -> io::Result<usize> {
    let mut lines = 0;
    let mut hidden = 0;
    let mut line = |out: &mut dyn Write, sign, at: usize, what: &dyn Fn() -> String| {
        if lines >= room {
            hidden += 1;
            return Ok(());
        }
        lines += 1;
        writeln!(out, "      {sign} [{at}] {}", what())
    };
    match splice.of {
        Sequence::List => {
            for (n, one) in splice.old_elements().enumerate() {
                line(out, '-', splice.old_at + n, &|| short(one).into_owned())?;
            }
            for (n, one) in splice.new_elements().enumerate() {
                line(out, '+', splice.new_at + n, &|| short(one).into_owned())?;
            }
        }
        Sequence::Module => {
            for (n, one) in splice.old_items().enumerate() {
                line(out, '-', splice.old_at + n, &|| item(&one))?;
            }
            for (n, one) in splice.new_items().enumerate() {
                line(out, '+', splice.new_at + n, &|| item(&one))?;
            }
        }
    }
    if hidden > 0 {
        writeln!(out, "      ... {hidden} more here")?;
    }
    Ok(lines)
}

fn change<T>(old: &Option<T>, new: &Option<T>, show: impl Fn(&T) -> String) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("{} -> {}", show(old), show(new)),
        (Some(one), None) | (None, Some(one)) => show(one),
        (None, None) => String::new(),
    }
}

/// Text as it can be shown, cut where it is long.
fn short(bytes: &[u8]) -> Cow<'_, str> {
    if let Some(hidden) = redact::hidden(bytes) {
        return Cow::from(hidden);
    }
    match bytes.get(..SHOWN) {
        Some(begin) if bytes.len() > SHOWN => Cow::from(format!("{}...", quoted(begin))),
        _ => quoted(bytes),
    }
}

fn score(x: f64) -> String {
    redact::escaped(shortest(x).as_bytes()).to_string()
}

/// A number that is a value, or a part of one.
fn number(n: impl ToString) -> String {
    redact::escaped(n.to_string().as_bytes()).to_string()
}

fn field(state: &FieldState<'_>) -> String {
    let value = short(state.value);
    match state.expire_ms {
        Some(ms) => format!("{value} (expires {})", time(ms)),
        None => value.into_owned(),
    }
}

fn element(element: &ArrayElement<'_>) -> String {
    match element {
        ArrayElement::Bytes(bytes) => short(bytes).into_owned(),
        ArrayElement::Int(n) => number(n),
        ArrayElement::Float(x) => score(*x),
    }
}

fn entry(fields: &EntryFields<'_>) -> String {
    let pairs: Vec<String> = fields
        .take(8)
        .map(|(field, value)| format!("{} {}", short(field), short(value)))
        .collect();
    let more = fields.count().saturating_sub(8);
    match more {
        0 => pairs.join(" "),
        n => format!("{} ... and {n} more fields", pairs.join(" ")),
    }
}

fn pending(state: &PendingState<'_>) -> String {
    let owner = state.consumer.map_or("nobody".into(), short);
    let back = if state.nacked { ", given back" } else { "" };
    let (when, times) = (time(state.delivered_ms), state.deliveries);
    format!("{owner}, delivered {when}, {times} times{back}")
}

fn item(item: &ModuleItem<'_>) -> String {
    match item {
        ModuleItem::Signed(n) => format!("integer {}", number(n)),
        ModuleItem::Unsigned(n) => format!("unsigned {}", number(n)),
        ModuleItem::Float(x) => format!("float {}", number(x)),
        ModuleItem::Double(x) => format!("double {}", number(x)),
        ModuleItem::String(bytes) => format!("string {}", short(bytes)),
    }
}
