//! The parts in which two values differ, for whoever shows them.

use super::ValueChange;
use super::edits::Edit;
use super::layout::{Parts, tag};
use super::table::{Line, Table};
use crate::diff::difference::Change;
use crate::event::StreamId;
use crate::value::{ArrayElement, ModuleItem};
use crate::wire::{ModuleId, ObjectKind};

/// One part of a value that differs. Of `old` and `new` that is `None` where
/// the part is not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Delta<'a> {
    /// A string as a whole.
    Text {
        /// As it was.
        old: &'a [u8],
        /// As it is.
        new: &'a [u8],
        /// The first byte that differs, or where the shorter one ends.
        at: u64,
    },
    /// Elements of a list, or items of a module.
    Splice(Splice<'a>),
    /// A member of a set.
    Member {
        /// The member.
        member: &'a [u8],
        /// Whether it is added, or else removed.
        change: Change,
    },
    /// A member of a sorted set.
    Score {
        /// The member.
        member: &'a [u8],
        /// Its score.
        old: Option<f64>,
        /// Its score.
        new: Option<f64>,
    },
    /// A field of a hash.
    Field {
        /// The path, for a path hash of Valkey.
        path: Option<&'a [u8]>,
        /// The field.
        field: &'a [u8],
        /// Its value and expiry.
        old: Option<FieldState<'a>>,
        /// Its value and expiry.
        new: Option<FieldState<'a>>,
    },
    /// An element of an array.
    Index {
        /// Its index.
        index: u64,
        /// What is there.
        old: Option<ArrayElement<'a>>,
        /// What is there.
        new: Option<ArrayElement<'a>>,
    },
    /// Where the next insertion into an array goes.
    InsertAt {
        /// The index.
        old: Option<u64>,
        /// The index.
        new: Option<u64>,
    },
    /// An entry of a stream.
    Entry {
        /// Its ID.
        id: StreamId,
        /// Its fields.
        old: Option<EntryFields<'a>>,
        /// Its fields.
        new: Option<EntryFields<'a>>,
    },
    /// A number of a stream.
    Number {
        /// Which.
        number: StreamNumber,
        /// Its value.
        old: Option<u64>,
        /// Its value.
        new: Option<u64>,
    },
    /// An ID that a stream keeps.
    Id {
        /// Which.
        number: StreamNumber,
        /// Its value.
        old: Option<StreamId>,
        /// Its value.
        new: Option<StreamId>,
    },
    /// A consumer group.
    Group {
        /// Its name.
        group: &'a [u8],
        /// Its position.
        old: Option<GroupState>,
        /// Its position.
        new: Option<GroupState>,
    },
    /// A consumer of a group.
    Consumer {
        /// The group.
        group: &'a [u8],
        /// The consumer.
        consumer: &'a [u8],
        /// When it was there.
        old: Option<ConsumerState>,
        /// When it was there.
        new: Option<ConsumerState>,
    },
    /// An entry that was delivered to a group and not acknowledged.
    Pending {
        /// The group.
        group: &'a [u8],
        /// The entry.
        id: StreamId,
        /// Its delivery.
        old: Option<PendingState<'a>>,
        /// Its delivery.
        new: Option<PendingState<'a>>,
    },
    /// An id that an idempotent producer used.
    Produced {
        /// The producer.
        producer: &'a [u8],
        /// The id.
        id: &'a [u8],
        /// The entry it made.
        old: Option<StreamId>,
        /// The entry it made.
        new: Option<StreamId>,
    },
    /// The module, or the version of its encoding.
    Module {
        /// As it was.
        old: ModuleId,
        /// As it is.
        new: ModuleId,
    },
    /// The time of a rate limiter.
    Time {
        /// As it was.
        old: u64,
        /// As it is.
        new: u64,
    },
}

impl Delta<'_> {
    /// What became of the part.
    #[must_use]
    pub fn change(&self) -> Change {
        match self {
            Delta::Text { .. } | Delta::Module { .. } | Delta::Time { .. } => Change::Changed,
            Delta::Splice(splice) => match (splice.old_len, splice.new_len) {
                (0, _) => Change::Added,
                (_, 0) => Change::Removed,
                _ => Change::Changed,
            },
            Delta::Member { change, .. } => *change,
            Delta::Score { old, new, .. } => Change::of(old, new),
            Delta::Field { old, new, .. } => Change::of(old, new),
            Delta::Index { old, new, .. } => Change::of(old, new),
            Delta::InsertAt { old, new } | Delta::Number { old, new, .. } => Change::of(old, new),
            Delta::Entry { old, new, .. } => Change::of(old, new),
            Delta::Id { old, new, .. } | Delta::Produced { old, new, .. } => Change::of(old, new),
            Delta::Group { old, new, .. } => Change::of(old, new),
            Delta::Consumer { old, new, .. } => Change::of(old, new),
            Delta::Pending { old, new, .. } => Change::of(old, new),
        }
    }

    /// What the part is: `element`, `member`, `field`, ...
    #[must_use]
    pub const fn part(&self) -> &'static str {
        match self {
            Delta::Text { .. } => "text",
            Delta::Splice(Splice { of, .. }) => match of {
                Sequence::List => "element",
                Sequence::Module => "item",
            },
            Delta::Member { .. } | Delta::Score { .. } => "member",
            Delta::Field { .. } => "field",
            Delta::Index { .. } => "index",
            Delta::InsertAt { .. } => "insert-at",
            Delta::Entry { .. } => "entry",
            Delta::Number { number, .. } | Delta::Id { number, .. } => number.name(),
            Delta::Group { .. } => "group",
            Delta::Consumer { .. } => "consumer",
            Delta::Pending { .. } => "pending",
            Delta::Produced { .. } => "producer",
            Delta::Module { .. } => "module",
            Delta::Time { .. } => "time",
        }
    }
}

/// Value and expiry of a hash's field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldState<'a> {
    /// The value.
    pub value: &'a [u8],
    /// When it expires, in Unix milliseconds.
    pub expire_ms: Option<i64>,
}

/// Fields and values of a stream's entry, in order.
#[derive(Clone, Copy, Debug)]
pub struct EntryFields<'a>(Parts<'a>);

impl<'a> Iterator for EntryFields<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        (!self.0.0.is_empty()).then(|| (self.0.string(), self.0.string()))
    }
}

/// Where a consumer group stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// Last delivered ID.
    pub last: StreamId,
    /// How many entries were read, if that is known.
    pub entries_read: Option<u64>,
}

/// When a consumer was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsumerState {
    /// Last attempt to read, in Unix milliseconds.
    pub seen_ms: i64,
    /// Last success, in Unix milliseconds; `None` for never.
    pub active_ms: Option<i64>,
}

/// A delivery that was not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingState<'a> {
    /// Whom it was delivered to.
    pub consumer: Option<&'a [u8]>,
    /// When, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
    /// Whether it was given back.
    pub nacked: bool,
}

/// The numbers of a stream beside its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum StreamNumber {
    Length,
    LastId,
    MaxDeletedId,
    EntriesAdded,
    IdempotenceSeconds,
    IdempotenceEntries,
    IdsAdded,
    IdsSeenAgain,
}

impl StreamNumber {
    const ALL: [StreamNumber; 8] = [
        StreamNumber::Length,
        StreamNumber::LastId,
        StreamNumber::MaxDeletedId,
        StreamNumber::EntriesAdded,
        StreamNumber::IdempotenceSeconds,
        StreamNumber::IdempotenceEntries,
        StreamNumber::IdsAdded,
        StreamNumber::IdsSeenAgain,
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            StreamNumber::Length => "length",
            StreamNumber::LastId => "last-id",
            StreamNumber::MaxDeletedId => "max-deleted-id",
            StreamNumber::EntriesAdded => "entries-added",
            StreamNumber::IdempotenceSeconds => "idempotence-seconds",
            StreamNumber::IdempotenceEntries => "idempotence-entries",
            StreamNumber::IdsAdded => "ids-added",
            StreamNumber::IdsSeenAgain => "ids-seen-again",
        }
    }
}

/// What a [`Splice`] is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// The elements of a list.
    List,
    /// The items of a module's value.
    Module,
}

/// Elements that stand in the place of others.
#[derive(Clone, Copy, Debug)]
pub struct Splice<'a> {
    /// What of.
    pub of: Sequence,
    /// Index of the first element that goes.
    pub old_at: usize,
    /// How many go.
    pub old_len: usize,
    /// Index of the first element that comes.
    pub new_at: usize,
    /// How many come.
    pub new_len: usize,
    old: &'a Table,
    new: &'a Table,
}

impl<'a> Splice<'a> {
    /// The elements of a list that go.
    pub fn old_elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        contents(self.old, self.old_at, self.old_len)
    }

    /// The elements of a list that come.
    pub fn new_elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        contents(self.new, self.new_at, self.new_len)
    }

    /// The items of a module that go.
    pub fn old_items(&self) -> impl Iterator<Item = ModuleItem<'a>> + use<'a> {
        self.old_elements().map(item)
    }

    /// The items of a module that come.
    pub fn new_items(&self) -> impl Iterator<Item = ModuleItem<'a>> + use<'a> {
        self.new_elements().map(item)
    }
}

fn contents(table: &Table, at: usize, len: usize) -> impl Iterator<Item = &[u8]> {
    (at..at + len).filter_map(|n| table.content(n))
}

fn item(content: &[u8]) -> ModuleItem<'_> {
    let mut parts = Parts(content);
    match parts.byte() {
        tag::SIGNED => ModuleItem::Signed(parts.number() as i64),
        tag::UNSIGNED => ModuleItem::Unsigned(parts.number()),
        tag::SINGLE => ModuleItem::Float(f32::from_le_bytes(parts.array())),
        tag::DOUBLE => ModuleItem::Double(f64::from_le_bytes(parts.array())),
        _ => ModuleItem::String(parts.0),
    }
}

/// The parts in which the values differ.
pub(super) fn of(change: &ValueChange) -> Box<dyn Iterator<Item = Delta<'_>> + '_> {
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
