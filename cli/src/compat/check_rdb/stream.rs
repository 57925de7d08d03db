//! Streams: nodes, numbers, consumer groups and who owns what in them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use rdbkit_rdb::packed::StreamNode;

use super::Persona;
use super::blob::{backlen, element_size};
use super::lines::Reason;
use super::stop::{OrCorrupt, Result, Stop};
use super::unique::Unique;
use super::walk::Walk;

/// Pending entries of a group, and the consumer that owns each.
type Pending = HashMap<[u8; 16], Option<u64>>;

impl Walk<'_> {
    /// A stream; `generation` is 1 to 3 for types 15, 19 and 21.
    pub fn stream(&mut self, generation: u8) -> Result<()> {
        let nodes = self.input.len().or_corrupt(Reason::StreamNodes)?;
        let live = self.nodes(nodes)?;
        let length = self.input.full_len().or_corrupt(Reason::StreamMeta)?;
        let more = if generation >= 2 { 7 } else { 2 };
        for _ in 0..more {
            self.input.full_len().or_corrupt(Reason::StreamMeta)?;
        }
        self.sizes.set_count(length);
        if length > 0 && nodes == 0 {
            return Err(Stop::corrupt(Reason::StreamLengthWithoutNodes));
        }
        if self.report.persona == Persona::Valkey && length != live {
            return Err(Stop::corrupt(Reason::StreamLengthMismatch));
        }
        let mut names = Unique::new();
        for _ in 0..self.input.len().or_corrupt(Reason::StreamGroups)? {
            self.group(generation, &mut names)?;
        }
        Ok(())
    }

    /// The nodes; how many entries live in them.
    fn nodes(&mut self, nodes: u64) -> Result<u64> {
        let mut keys = Unique::new();
        let mut live = 0u64;
        for _ in 0..nodes {
            let key = &mut self.other_text;
            self.input.string(key).or_corrupt(Reason::StreamNodeKey)?;
            if key.len() != 16 {
                return Err(Stop::corrupt(Reason::StreamNodeKeySize));
            }
            let node = self.input.string(&mut self.text);
            node.or_corrupt(Reason::StreamNode)?;
            live = live.wrapping_add(self.node()?);
            if !keys.insert(&self.other_text) {
                return Err(Stop::corrupt(Reason::StreamNodeTwice));
            }
        }
        Ok(live)
    }

    /// The node just read; how many entries live in it.
    fn node(&mut self) -> Result<u64> {
        let persona = self.report.persona;
        let damaged = |_| Stop::corrupt(Reason::StreamNodeDamaged);
        let node = StreamNode::with_backlen(&self.text, backlen(persona));
        let mut node = node.map_err(damaged)?;
        while let Some(entry) = node.next().map_err(damaged)? {
            if !entry.deleted {
                for (field, value) in entry.pairs {
                    self.sizes.add(element_size(field) + element_size(value));
                }
            }
        }
        let summary = node.summary();
        if persona == Persona::Valkey && !summary.is_strict() {
            return Err(Stop::corrupt(Reason::StreamNodeDamaged));
        }
        Ok(summary.count as u64)
    }

    fn group(&mut self, generation: u8, names: &mut Unique) -> Result<()> {
        let name = self.input.string(&mut self.text);
        name.or_corrupt(Reason::GroupName)?;
        self.input.full_len().or_corrupt(Reason::GroupId)?;
        self.input.full_len().or_corrupt(Reason::GroupId)?;
        if generation >= 2 {
            self.input.full_len().or_corrupt(Reason::GroupOffset)?;
        }
        if !names.insert(&self.text) {
            return Err(Stop::corrupt(Reason::GroupDuplicate(self.text.clone())));
        }
        let mut pending = self.pending()?;
        let consumers = self.input.len().or_corrupt(Reason::Consumers)?;
        let mut names = Unique::new();
        for number in 0..consumers {
            self.consumer(generation, number, &mut names, &mut pending)?;
        }
        if pending.values().any(Option::is_none) {
            return Err(Stop::corrupt(Reason::PendingWithoutConsumer));
        }
        Ok(())
    }

    fn pending(&mut self) -> Result<Pending> {
        let count = self.input.len().or_corrupt(Reason::PendingCount)?;
        let mut pending = Pending::new();
        for _ in 0..count {
            let id = self.input.array().or_corrupt(Reason::PendingId)?;
            self.input.i64().or_corrupt(Reason::Pending)?;
            self.input.full_len().or_corrupt(Reason::Pending)?;
            match pending.entry(id) {
                Entry::Vacant(free) => free.insert(None),
                Entry::Occupied(_) => return Err(Stop::corrupt(Reason::PendingDuplicate)),
            };
        }
        Ok(pending)
    }

    fn consumer(
        &mut self,
        generation: u8,
        number: u64,
        names: &mut Unique,
        pending: &mut Pending,
    ) -> Result<()> {
        let name = self.input.string(&mut self.text);
        name.or_corrupt(Reason::ConsumerName)?;
        if !names.insert(&self.text) {
            return Err(Stop::corrupt(Reason::ConsumerDuplicate));
        }
        self.input.i64().or_corrupt(Reason::ConsumerSeen)?;
        if generation >= 3 {
            self.input.i64().or_corrupt(Reason::ConsumerActive)?;
        }
        let owned = self.input.len().or_corrupt(Reason::OwnedCount)?;
        for _ in 0..owned {
            let id: [u8; 16] = self.input.array().or_corrupt(Reason::OwnedId)?;
            let Some(owner) = pending.get_mut(&id) else {
                return Err(Stop::corrupt(Reason::OwnedUnknown));
            };
            match (owner.replace(number), self.report.persona) {
                (None, _) => {}
                (Some(before), Persona::Valkey) if before == number => {
                    return Err(Stop::corrupt(Reason::OwnedDuplicate));
                }
                (Some(_), _) => return Err(Stop::corrupt(Reason::OwnedTaken)),
            }
        }
        Ok(())
    }
}
