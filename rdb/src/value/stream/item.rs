//! What a stream is made of.

use crate::event::{StreamId, StreamMeta};
use crate::packed::Pairs;

/// One piece of a stream, see [`StreamValue`](super::StreamValue).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum StreamItem<'s> {
    /// An entry.
    Entry {
        /// Its ID.
        id: StreamId,
        /// Whether it was deleted; only seen if asked for.
        deleted: bool,
        /// Fields and values.
        fields: Pairs<'s>,
    },
    /// The numbers beside the entries.
    Numbers(StreamNumbers),
    /// A consumer group; its `Pending`s follow, then its `Consumer`s, then its
    /// `Nack`s.
    Group {
        /// Name.
        name: &'s [u8],
        /// Last delivered ID.
        last: StreamId,
        /// How many entries were read, if that is known.
        entries_read: Option<u64>,
        /// Number of `Pending`s.
        pending: u64,
    },
    /// An entry that was delivered and not acknowledged.
    Pending {
        /// Its ID.
        id: StreamId,
        /// When, in Unix milliseconds.
        delivered_ms: i64,
        /// How often.
        deliveries: u64,
    },
    /// A consumer of the group; its `Owned`s follow.
    Consumer {
        /// Name.
        name: &'s [u8],
        /// Last attempt to read, in Unix milliseconds.
        seen_ms: i64,
        /// Last success, in Unix milliseconds; `None` for never.
        active_ms: Option<i64>,
        /// Number of `Owned`s.
        owned: u64,
    },
    /// A pending entry of the group that the consumer owns.
    Owned(StreamId),
    /// A pending entry of the group that was given back, and nobody owns.
    Nack(StreamId),
    /// Settings of idempotent producers; the `Producer`s follow.
    Idempotence {
        /// Seconds an id is remembered.
        duration: u64,
        /// Ids remembered per producer.
        max_entries: u64,
        /// Number of `Producer`s.
        producers: u64,
    },
    /// A producer; its `ProducerEntry`s follow.
    Producer {
        /// Name.
        name: &'s [u8],
        /// Number of `ProducerEntry`s.
        entries: u64,
    },
    /// An id a producer used, and the entry it made.
    ProducerEntry {
        /// The producer's id.
        id: &'s [u8],
        /// The entry.
        entry: StreamId,
    },
    /// Counters of idempotent producers.
    IdempotenceTotals {
        /// Ids added.
        added: u64,
        /// Ids seen again.
        duplicates: u64,
    },
}

/// The numbers a stream has beside its entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamNumbers {
    /// Live entries.
    pub length: u64,
    /// Greatest ID ever added.
    pub last: StreamId,
    /// First live ID, 0-0 if there is none.
    pub first: StreamId,
    /// Greatest ID ever deleted, 0-0 for none.
    pub max_deleted: StreamId,
    /// Entries ever added.
    pub entries_added: u64,
}

impl StreamNumbers {
    pub(super) fn new(meta: StreamMeta, first_seen: Option<StreamId>) -> StreamNumbers {
        let (first, max_deleted, entries_added) = meta.extended.unwrap_or((
            first_seen.unwrap_or_default(),
            StreamId::default(),
            meta.length,
        ));
        StreamNumbers {
            length: meta.length,
            last: meta.last,
            first,
            max_deleted,
            entries_added,
        }
    }

    /// How many entries a group has read whose last one was `id`, where that
    /// can be told (`streamEstimateDistanceFromFirstEverEntry`). Only for
    /// streams of which no deleted ID is known.
    pub(super) fn estimate_read(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if (self.length == 0 && id <= self.last) || id == self.last {
            return Some(self.entries_added);
        }
        if id > self.last {
            return None;
        }
        let before_first = self.entries_added.saturating_sub(self.length);
        match id.cmp(&self.first) {
            std::cmp::Ordering::Less => Some(before_first),
            std::cmp::Ordering::Equal => Some(before_first + 1),
            std::cmp::Ordering::Greater => None,
        }
    }
}
