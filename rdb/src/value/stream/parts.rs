//! What an event of a stream says, once what old types lack is filled in.

use super::{StreamItem, StreamNumbers};
use crate::event::{Event, Part, StreamId};
use crate::text::Str;
use crate::wire::ValueType;

/// Follows a stream by its events. Nodes are for others; they tell which live
/// entry came first.
#[derive(Clone, Debug)]
pub(crate) struct StreamParts {
    kind: ValueType,
    /// First live entry seen.
    first: Option<StreamId>,
    numbers: StreamNumbers,
}

impl StreamParts {
    pub fn new(kind: ValueType) -> StreamParts {
        StreamParts {
            kind,
            first: None,
            numbers: StreamNumbers::default(),
        }
    }

    /// Told of a live entry.
    #[inline]
    pub fn saw(&mut self, id: StreamId) {
        self.first.get_or_insert(id);
    }

    pub fn has_first(&self) -> bool {
        self.first.is_some()
    }

    /// Whether the first entry has to be looked for, as the type does not say.
    pub fn wants_first(&self) -> bool {
        self.is_before(19) && self.first.is_none()
    }

    fn is_before(&self, kind: u8) -> bool {
        self.kind.0 < kind
    }

    /// The only string of an event; empty if it has none.
    pub fn text<'a>(event: &Event<'a>) -> Str<'a> {
        match *event {
            Part::Group { name, .. } | Part::Consumer { name, .. } => name,
            Part::Producer { name, .. } => name,
            Part::ProducerEntry { id, .. } => id,
            _ => Str::Raw(&[]),
        }
    }

    /// What the event says; `text` is its string as a client sees it. `None` for
    /// nodes and counts.
    pub fn item<'s>(&mut self, event: &Event<'_>, text: &'s [u8]) -> Option<StreamItem<'s>> {
        if let Part::StreamMeta(meta) = *event {
            self.numbers = StreamNumbers::new(meta, self.first);
        }
        Some(match *event {
            Part::StreamMeta(_) => StreamItem::Numbers(self.numbers),
            Part::Group {
                last,
                entries_read,
                pending,
                ..
            } => StreamItem::Group {
                name: text,
                last,
                entries_read: match self.is_before(19) {
                    true => self.numbers.estimate_read(last),
                    false => entries_read,
                },
                pending,
            },
            Part::Pending {
                id,
                delivered_ms,
                deliveries,
            } => StreamItem::Pending {
                id,
                delivered_ms,
                deliveries,
            },
            Part::Consumer {
                seen_ms,
                active_ms,
                owned,
                ..
            } => StreamItem::Consumer {
                name: text,
                seen_ms,
                active_ms: match self.is_before(21) {
                    true => Some(seen_ms),
                    false => active_ms.filter(|ms| *ms != -1),
                },
                owned,
            },
            Part::Owned(id) => StreamItem::Owned(id),
            Part::Nack(id) => StreamItem::Nack(id),
            Part::Idempotence {
                duration,
                max_entries,
                producers,
            } => StreamItem::Idempotence {
                duration,
                max_entries,
                producers,
            },
            Part::Producer { entries, .. } => StreamItem::Producer {
                name: text,
                entries,
            },
            Part::ProducerEntry { entry, .. } => StreamItem::ProducerEntry { id: text, entry },
            Part::IdempotenceTotals { added, duplicates } => {
                StreamItem::IdempotenceTotals { added, duplicates }
            }
            _ => return None,
        })
    }
}
