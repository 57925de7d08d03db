//! The parts in which two values differ, for whoever shows them.

mod splice;
mod state;
mod tell;

pub use splice::{Sequence, Splice};
pub use state::{ConsumerState, EntryFields, FieldState, GroupState, PendingState, StreamNumber};

use crate::diff::difference::Change;
use crate::event::StreamId;
use crate::value::ArrayElement;
use crate::wire::ModuleId;

pub(super) use tell::of;

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
