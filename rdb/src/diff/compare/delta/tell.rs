//! From the lines of two tables to the parts in which they differ.

use super::{ConsumerState, Delta, EntryFields, FieldState, GroupState, PendingState};
use super::{Sequence, Splice, StreamNumber};
use crate::diff::compare::ValueChange;
use crate::diff::compare::edits::Edit;
use crate::diff::compare::layout::{Parts, tag};
use crate::diff::compare::table::Line;
use crate::diff::difference::Change;
use crate::value::ArrayElement;
use crate::wire::ObjectKind;

/// The parts in which the values differ.
pub(in crate::diff::compare) fn of(
    change: &ValueChange,
) -> Box<dyn Iterator<Item = Delta<'_>> + '_> {
    let (tables, rules) = (&change.tables, change.rules);
    let exact = |a: &[u8], b: &[u8]| a == b;
    match change.object {
        ObjectKind::List => Box::new(splices(change, Sequence::List)),
        ObjectKind::Module => {
            let module = change.modules.filter(|(old, new)| old != new);
            let module = module.map(|(old, new)| Delta::Module { old, new });
            Box::new(module.into_iter().chain(splices(change, Sequence::Module)))
        }
        ObjectKind::Hash => {
            let same = move |a: &[u8], b: &[u8]| {
                let (a, b) = (field_state(a), field_state(b));
                a.value == b.value && rules.same_expiry(a.expire_ms, b.expire_ms)
            };
            Box::new(tables.lines(same).map(field))
        }
        ObjectKind::Set => Box::new(tables.lines(exact).map(|(member, old, new)| {
            let change = Change::of(&old, &new);
            Delta::Member { member, change }
        })),
        ObjectKind::Zset => Box::new(tables.lines(exact).map(|(member, old, new)| {
            let score = |bytes: &[u8]| f64::from_le_bytes(Parts(bytes).array());
            let (old, new) = (old.map(score), new.map(score));
            Delta::Score { member, old, new }
        })),
        ObjectKind::String => Box::new(tables.lines(exact).map(|(_, old, new)| {
            let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
            let at = old.iter().zip(new).take_while(|(a, b)| a == b).count() as u64;
            Delta::Text { old, new, at }
        })),
        ObjectKind::Gcra => Box::new(tables.lines(exact).map(|(_, old, new)| {
            let time = |bytes: Option<&[u8]>| Parts(bytes.unwrap_or_default()).number();
            let (old, new) = (time(old), time(new));
            Delta::Time { old, new }
        })),
        ObjectKind::Array => Box::new(tables.lines(exact).map(index)),
        ObjectKind::Stream => Box::new(tables.lines(exact).map(stream)),
    }
}

fn splices(change: &ValueChange, of: Sequence) -> impl Iterator<Item = Delta<'_>> {
    let (old, new) = (&change.tables.old, &change.tables.new);
    change.edits.iter().map(move |edit| {
        let &Edit {
            old_at,
            old_len,
            new_at,
            new_len,
        } = edit;
        Delta::Splice(Splice {
            of,
            old_at,
            old_len,
            new_at,
            new_len,
            old,
            new,
        })
    })
}

fn field_state(content: &[u8]) -> FieldState<'_> {
    let mut parts = Parts(content);
    let expire_ms = parts.optional();
    let value = parts.0;
    FieldState { value, expire_ms }
}

fn field<'t>((name, old, new): Line<'t>) -> Delta<'t> {
    let mut name = Parts(name);
    let path = (name.byte() == tag::PATH).then(|| name.string());
    Delta::Field {
        path,
        field: name.0,
        old: old.map(field_state),
        new: new.map(field_state),
    }
}

fn index<'t>((name, old, new): Line<'t>) -> Delta<'t> {
    let mut name = Parts(name);
    if name.byte() == tag::INSERT {
        let at = |content: &[u8]| Parts(content).number();
        let (old, new) = (old.map(at), new.map(at));
        return Delta::InsertAt { old, new };
    }
    fn element(content: &[u8]) -> ArrayElement<'_> {
        let mut parts = Parts(content);
        match parts.byte() {
            tag::FLOAT => ArrayElement::Float(f64::from_le_bytes(parts.array())),
            _ => ArrayElement::Bytes(parts.0),
        }
    }
    Delta::Index {
        index: u64::from_be_bytes(name.array()),
        old: old.map(element),
        new: new.map(element),
    }
}

fn stream<'t>((name, old, new): Line<'t>) -> Delta<'t> {
    let mut name = Parts(name);
    match name.byte() {
        tag::ENTRY => Delta::Entry {
            id: name.id(),
            old: old.map(|fields| EntryFields(Parts(fields))),
            new: new.map(|fields| EntryFields(Parts(fields))),
        },
        tag::NUMBER => number(name.byte(), old, new),
        tag::GROUP => {
            let state = |content: &[u8]| {
                let mut parts = Parts(content);
                GroupState {
                    last: parts.id(),
                    entries_read: parts.optional().map(|n| n as u64),
                }
            };
            Delta::Group {
                group: name.0,
                old: old.map(state),
                new: new.map(state),
            }
        }
        tag::CONSUMER => {
            let state = |content: &[u8]| {
                let mut parts = Parts(content);
                ConsumerState {
                    seen_ms: parts.number() as i64,
                    active_ms: parts.optional(),
                }
            };
            Delta::Consumer {
                group: name.string(),
                consumer: name.0,
                old: old.map(state),
                new: new.map(state),
            }
        }
        tag::PENDING => Delta::Pending {
            group: name.string(),
            id: name.id(),
            old: old.map(pending),
            new: new.map(pending),
        },
        _ => {
            let entry = |content: &[u8]| Parts(content).id();
            Delta::Produced {
                producer: name.string(),
                id: name.0,
                old: old.map(entry),
                new: new.map(entry),
            }
        }
    }
}

fn number<'t>(which: u8, old: Option<&[u8]>, new: Option<&[u8]>) -> Delta<'t> {
    let all = StreamNumber::ALL;
    let number = *all.get(usize::from(which)).unwrap_or(&StreamNumber::Length);
    if matches!(number, StreamNumber::LastId | StreamNumber::MaxDeletedId) {
        let id = |content: &[u8]| Parts(content).id();
        let (old, new) = (old.map(id), new.map(id));
        return Delta::Id { number, old, new };
    }
    let n = |content: &[u8]| Parts(content).number();
    let (old, new) = (old.map(n), new.map(n));
    Delta::Number { number, old, new }
}

fn pending(content: &[u8]) -> PendingState<'_> {
    let mut parts = Parts(content);
    let nacked = parts.byte() == 1;
    let (delivered_ms, deliveries) = (parts.number() as i64, parts.number());
    let owned = parts.byte() == 1;
    PendingState {
        consumer: owned.then_some(parts.0),
        delivered_ms,
        deliveries,
        nacked,
    }
}
