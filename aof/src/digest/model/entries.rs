//! Streams: entries and the last ID. Nothing else of them counts.

use std::collections::BTreeMap;

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, StreamId, StreamItem, Value};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Typed};

/// A stream.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct Entries {
    /// Fields and values by turns.
    entries: BTreeMap<StreamId, Box<[Box<[u8]>]>>,
    bytes: usize,
    /// An entry has to be behind it.
    pub last: StreamId,
}

fn bytes(texts: &[Box<[u8]>]) -> usize {
    texts.iter().map(|text| text.len() + ELEMENT).sum()
}

impl Entries {
    pub fn add(&mut self, id: StreamId, texts: Box<[Box<[u8]>]>) {
        self.bytes += bytes(&texts);
        self.entries.insert(id, texts);
        self.last = self.last.max(id);
    }

    pub fn remove(&mut self, id: StreamId) {
        if let Some(texts) = self.entries.remove(&id) {
            self.bytes -= bytes(&texts);
        }
    }

    /// The ID of the newest entry.
    pub fn top(&self) -> Option<StreamId> {
        self.entries.last_key_value().map(|(id, _)| *id)
    }

    /// Removes the oldest while there are more than `most`.
    pub fn keep_last(&mut self, most: usize) {
        while self.entries.len() > most {
            self.pop();
        }
    }

    /// Removes what is before `first`.
    pub fn keep_from(&mut self, first: StreamId) {
        while self
            .entries
            .first_key_value()
            .is_some_and(|(id, _)| *id < first)
        {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some((_, texts)) = self.entries.pop_first() {
            self.bytes -= bytes(&texts);
        }
    }
}

impl Typed for Entries {
    const KIND: Kind = Kind::Stream;

    fn new(_: &Rules) -> Entries {
        Entries::default()
    }

    fn read(_: &Record<'_>, value: Value<'_>, _: &Rules) -> Result<Entries, Halt> {
        let mut stream = Entries::default();
        let Value::Stream(mut items) = value else {
            return Ok(stream);
        };
        let (mut field_digits, mut value_digits) = ([0; 20], [0; 20]);
        while let Some(item) = items.next()? {
            match item {
                StreamItem::Entry { id, fields, .. } => {
                    // Servers take a damaged one, and go through it as its
                    // nodes stand. Which entries a command finds then is theirs to tell.
                    if stream.top().is_some_and(|top| id <= top) {
                        return Err(Halt::BEYOND);
                    }
                    let mut texts: Vec<Box<[u8]>> = Vec::new();
                    for (field, value) in fields {
                        texts.push(field.text(&mut field_digits).into());
                        texts.push(value.text(&mut value_digits).into());
                    }
                    stream.add(id, texts.into());
                }
                StreamItem::Numbers(numbers) => stream.last = stream.last.max(numbers.last),
                _ => {}
            }
        }
        match items.is_sorted() {
            true => Ok(stream),
            false => Err(Halt::BEYOND),
        }
    }

    fn of(content: &mut Content) -> Option<&mut Entries> {
        match content {
            Content::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        self.bytes + self.entries.len() * ELEMENT + size_of::<Entries>()
    }

    fn is_empty(&self) -> bool {
        false
    }

    fn build(&self, key: &mut Building<'_>) {
        for (id, texts) in &self.entries {
            key.entry(*id, texts.iter().map(|text| &**text));
        }
    }
}
