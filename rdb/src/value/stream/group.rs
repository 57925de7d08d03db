//! Consumer groups, collected.

use std::collections::HashMap;

use super::{StreamItem, StreamValue};
use crate::error::{ErrorKind, Result};
use crate::event::StreamId;

/// A consumer group with all it has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamGroup {
    /// Name.
    pub name: Vec<u8>,
    /// Last delivered ID.
    pub last: StreamId,
    /// How many entries were read, if that is known.
    pub entries_read: Option<u64>,
    /// The consumers, in the file's order.
    pub consumers: Vec<StreamConsumer>,
    /// The pending entries, in the file's order, which is that of their IDs.
    pub pending: Vec<StreamPending>,
    /// Entries that were given back, in the order of the file.
    pub nacked: Vec<StreamId>,
}

/// A consumer of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StreamConsumer {
    /// Name.
    pub name: Vec<u8>,
    /// Last attempt to read, in Unix milliseconds.
    pub seen_ms: i64,
    /// Last success, in Unix milliseconds; `None` for never.
    pub active_ms: Option<i64>,
}

/// An entry that was delivered to a group and not acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamPending {
    /// Its ID.
    pub id: StreamId,
    /// Who owns it: an index into the group's consumers.
    pub owner: Option<usize>,
    /// When it was delivered, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often.
    pub deliveries: u64,
}

impl StreamValue<'_> {
    /// The consumer groups, with every pending entry joined to its owner.
    ///
    /// # Errors
    ///
    /// Those of [`next`](StreamValue::next), and
    /// [`ErrorKind::BadRecord`] for a consumer that owns what its group does
    /// not have.
    ///
    /// # Limits
    ///
    /// Memory goes with the number of pending entries and consumers in the
    /// file. All names together are held to
    /// [`Limits::max_decompressed`](crate::Limits::max_decompressed).
    pub fn into_groups(self) -> Result<Vec<StreamGroup>> {
        let mut stream = self.without_entries();
        let limit = stream.max_decompressed;
        let mut groups: Vec<StreamGroup> = Vec::new();
        // Of the current group: where in `pending` an entry stands.
        let mut places: HashMap<StreamId, usize> = HashMap::new();
        let mut names = 0;
        loop {
            let (mut asked, mut lost) = (0, false);
            match (stream.next()?, groups.last_mut()) {
                (None, _) => return Ok(groups),
                (
                    Some(StreamItem::Group {
                        name,
                        last,
                        entries_read,
                        ..
                    }),
                    _,
                ) => {
                    places.clear();
                    asked = name.len() as u64;
                    groups.push(StreamGroup {
                        name: name.to_vec(),
                        last,
                        entries_read,
                        ..StreamGroup::default()
                    });
                }
                (
                    Some(StreamItem::Pending {
                        id,
                        delivered_ms,
                        deliveries,
                    }),
                    Some(group),
                ) => {
                    places.insert(id, group.pending.len());
                    group.pending.push(StreamPending {
                        id,
                        owner: None,
                        delivered_ms,
                        deliveries,
                    });
                }
                (
                    Some(StreamItem::Consumer {
                        name,
                        seen_ms,
                        active_ms,
                        ..
                    }),
                    Some(group),
                ) => {
                    asked = name.len() as u64;
                    group.consumers.push(StreamConsumer {
                        name: name.to_vec(),
                        seen_ms,
                        active_ms,
                    });
                }
                (Some(StreamItem::Owned(id)), Some(group)) => {
                    let place = places.get(&id).and_then(|at| group.pending.get_mut(*at));
                    match place {
                        // Of two owners the server keeps the later one.
                        Some(pending) => pending.owner = group.consumers.len().checked_sub(1),
                        None => lost = true,
                    }
                }
                (Some(StreamItem::Nack(id)), Some(group)) => group.nacked.push(id),
                _ => {}
            }
            names += asked;
            if names > limit {
                let (what, asked) = ("names of consumer groups", names);
                return Err(stream.walk.error(ErrorKind::Limit { what, asked, limit }));
            }
            if lost {
                let why = "consumer owns an entry that is not pending in its group";
                return Err(stream.walk.bad(why));
            }
        }
    }
}
