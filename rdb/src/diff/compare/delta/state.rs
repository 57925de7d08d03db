//! What a part of a value was, and is.

use crate::diff::compare::layout::Parts;
use crate::event::StreamId;

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
pub struct EntryFields<'a>(pub(super) Parts<'a>);

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
    pub(super) const ALL: [StreamNumber; 8] = [
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
