//! Consumer groups, collected.

use std::collections::HashMap;

use super::{StreamItem, StreamValue};
use crate::error::{self, ErrorKind};
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

/// Joins the pieces of consumer groups as they come: pending entries come before
/// the consumers that own them.
///
/// # Limits
///
/// Memory goes with the number of pending entries and consumers of one group. All
/// names together are held to a bound.
#[derive(Clone, Debug)]
pub struct StreamGroups {
    group: Option<StreamGroup>,
    /// Where in `pending` an entry stands.
    places: HashMap<StreamId, usize>,
    names: u64,
    max_names: u64,
}

impl StreamGroups {
    /// Holds at most so many bytes of names.
    #[must_use]
    pub fn new(max_names: u64) -> StreamGroups {
        StreamGroups {
            group: None,
            places: HashMap::new(),
            names: 0,
            max_names,
        }
    }

    /// Takes the next piece of a stream, and gives the group that it shows to be
    /// complete.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRecord`] for a consumer that owns what its group does not
    /// have, [`ErrorKind::Limit`] for too many names.
    pub fn add(&mut self, item: &StreamItem<'_>) -> Result<Option<StreamGroup>, ErrorKind> {
        match (item, &mut self.group) {
            (
                StreamItem::Group {
                    name,
                    last,
                    entries_read,
                    ..
                },
                _,
            ) => {
                self.count(name)?;
                let complete = self.finish();
                self.group = Some(StreamGroup {
                    name: name.to_vec(),
                    last: *last,
                    entries_read: *entries_read,
                    ..StreamGroup::default()
                });
                return Ok(complete);
            }
            (
                StreamItem::Pending {
                    id,
                    delivered_ms,
                    deliveries,
                },
                Some(group),
            ) => {
                self.places.insert(*id, group.pending.len());
                group.pending.push(StreamPending {
                    id: *id,
                    owner: None,
                    delivered_ms: *delivered_ms,
                    deliveries: *deliveries,
                });
            }
            (
                StreamItem::Consumer {
                    name,
                    seen_ms,
                    active_ms,
                    ..
                },
                Some(group),
            ) => {
                group.consumers.push(StreamConsumer {
                    name: name.to_vec(),
                    seen_ms: *seen_ms,
                    active_ms: *active_ms,
                });
                self.count(name)?;
            }
            (StreamItem::Owned(id), Some(group)) => {
                let place = self.places.get(id);
                let Some(pending) = place.and_then(|at| group.pending.get_mut(*at)) else {
                    let why = "consumer owns an entry that is not pending in its group";
                    return Err(ErrorKind::BadRecord(why));
                };
                // Of two owners the server keeps the later one.
                pending.owner = group.consumers.len().checked_sub(1);
            }
            (StreamItem::Nack(id), Some(group)) => group.nacked.push(*id),
            _ => {}
        }
        Ok(None)
    }

    /// The last group, once there is nothing more; then all is forgotten.
    pub fn finish(&mut self) -> Option<StreamGroup> {
        self.places.clear();
        self.group.take()
    }

    fn count(&mut self, name: &[u8]) -> Result<(), ErrorKind> {
        let (what, limit) = ("names of consumer groups", self.max_names);
        self.names += name.len() as u64;
        match self.names {
            asked if asked > limit => Err(ErrorKind::Limit { what, asked, limit }),
            _ => Ok(()),
        }
    }
}

impl StreamValue<'_> {
    /// The consumer groups, with every pending entry joined to its owner.
    ///
    /// # Errors
    ///
    /// Those of [`next`](StreamValue::next) and of [`StreamGroups`].
    ///
    /// # Limits
    ///
    /// Memory goes with the number of pending entries and consumers in the
    /// file. All names together are held to
    /// [`Limits::max_decompressed`](crate::Limits::max_decompressed).
    pub fn into_groups(self) -> error::Result<Vec<StreamGroup>> {
        let mut stream = self.without_entries();
        let mut joined = StreamGroups::new(stream.max_decompressed);
        let mut groups = Vec::new();
        while let Some(item) = stream.next()? {
            let complete = joined.add(&item);
            groups.extend(complete.map_err(|kind| stream.walk.error(kind))?);
        }
        groups.extend(joined.finish());
        Ok(groups)
    }
}
