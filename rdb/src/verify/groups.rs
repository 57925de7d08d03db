//! Consumer groups of a stream: who may own which pending entry.

use std::collections::HashSet;

use crate::event::StreamId;

/// The pending list of the group being read.
///
/// Servers write IDs in ascending order, so appending and binary search do;
/// a file that does not is sorted once.
///
/// # Limits
///
/// 24 bytes a pending entry, which takes 25 or more in the file, and some 20 bytes a
/// group and consumer: names are known by their seeded hash of 128 bits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups {
    names: HashSet<u128>,
    consumers: HashSet<u128>,
    pending: Vec<Pending>,
    sorted: bool,
    consumer: u32,
    owned: Vec<StreamId>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    id: StreamId,
    /// Number of the consumer that owns it, from 1; 0 for none.
    owner: u32,
}

/// What a server refuses in a group.
pub(crate) type Fault = &'static str;

impl Groups {
    pub fn start_stream(&mut self) {
        self.names.clear();
    }

    pub fn start_group(&mut self, name: u128) -> Result<(), Fault> {
        self.pending.clear();
        self.consumers.clear();
        self.sorted = true;
        self.consumer = 0;
        match self.names.insert(name) {
            true => Ok(()),
            false => Err("the same consumer group twice"),
        }
    }

    pub fn pending(&mut self, id: StreamId) {
        self.sorted &= self.pending.last().is_none_or(|last| last.id < id);
        self.pending.push(Pending { id, owner: 0 });
    }

    /// All pending entries of the group are read.
    pub fn start_consumers(&mut self) -> Result<(), Fault> {
        if self.sorted {
            return Ok(());
        }
        self.pending.sort_unstable_by_key(|p| p.id);
        match self
            .pending
            .windows(2)
            .any(|w| matches!(w, [a, b] if a.id == b.id))
        {
            false => Ok(()),
            true => Err("the same pending entry twice in a consumer group"),
        }
    }

    pub fn start_consumer(&mut self, name: u128) -> Result<(), Fault> {
        self.consumer = self.consumer.saturating_add(1);
        self.owned.clear();
        match self.consumers.insert(name) {
            true => Ok(()),
            false => Err("the same consumer twice in a group"),
        }
    }

    /// An entry the current consumer owns. `exclusive`: an entry may have one
    /// owner only; older servers let the last one win.
    pub fn owned(&mut self, id: StreamId, exclusive: bool) -> Result<(), Fault> {
        let Ok(at) = self.pending.binary_search_by_key(&id, |p| p.id) else {
            return Err("a consumer owns an entry that is not pending in its group");
        };
        let consumer = self.consumer;
        let Some(entry) = self.pending.get_mut(at) else {
            return Ok(());
        };
        match entry.owner {
            0 => {}
            owner if owner == consumer => {
                return Err("the same pending entry twice for one consumer");
            }
            _ if exclusive => return Err("a pending entry with two owners"),
            _ => {}
        }
        entry.owner = consumer;
        Ok(())
    }

    /// A pending entry that was given back: it must be there, and be nobody's.
    pub fn nack(&mut self, id: StreamId) -> Result<(), Fault> {
        let Ok(at) = self.pending.binary_search_by_key(&id, |p| p.id) else {
            return Err("an entry was given back that is not pending");
        };
        match self.pending.get_mut(at) {
            Some(entry) if entry.owner == 0 => {
                entry.owner = u32::MAX;
                Ok(())
            }
            _ => Err("an entry was given back that has an owner"),
        }
    }

    /// The group is complete.
    pub fn end_group(&self) -> Result<(), Fault> {
        match self.pending.iter().any(|p| p.owner == 0) {
            true => Err("a pending entry that no consumer owns"),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(seq: u64) -> StreamId {
        StreamId { ms: 1, seq }
    }

    #[test]
    fn a_good_group() {
        let mut g = Groups::default();
        g.start_stream();
        g.start_group(1).unwrap();
        (1..=3).for_each(|n| g.pending(id(n)));
        g.start_consumers().unwrap();
        g.start_consumer(1).unwrap();
        g.owned(id(1), true).unwrap();
        g.start_consumer(2).unwrap();
        g.owned(id(3), true).unwrap();
        assert!(g.end_group().is_err(), "entry 2 has no owner");
        g.nack(id(2)).unwrap();
        g.end_group().unwrap();
    }

    #[test]
    fn what_servers_refuse() {
        let mut g = Groups::default();
        g.start_stream();
        g.start_group(1).unwrap();
        assert!(g.start_group(1).is_err());
        (1..=2).chain(1..=1).for_each(|n| g.pending(id(n)));
        assert!(g.start_consumers().is_err(), "1 twice, out of order");
        g.start_consumer(1).unwrap();
        assert!(g.owned(id(9), true).is_err());
        g.owned(id(2), true).unwrap();
        assert!(g.owned(id(2), true).is_err());
        assert!(g.start_consumer(1).is_err());
        g.start_consumer(2).unwrap();
        assert!(g.owned(id(2), true).is_err());
        g.owned(id(2), false).unwrap();
        assert!(g.nack(id(2)).is_err());
    }
}
