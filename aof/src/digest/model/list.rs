//! Lists.

use std::collections::VecDeque;

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, Value};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Typed};

/// A list.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct List {
    items: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl List {
    pub fn push(&mut self, left: bool, item: &[u8]) {
        self.bytes += item.len();
        match left {
            true => self.items.push_front(item.into()),
            false => self.items.push_back(item.into()),
        }
    }

    pub fn pop(&mut self, left: bool) -> Option<Box<[u8]>> {
        let item = match left {
            true => self.items.pop_front(),
            false => self.items.pop_back(),
        }?;
        self.bytes -= item.len();
        Some(item)
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// The place that an index means, a negative one from the end.
    fn place(&self, index: i64) -> Option<usize> {
        let len = self.items.len();
        let place = match usize::try_from(index) {
            Ok(place) => place,
            Err(_) => len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?)?,
        };
        (place < len).then_some(place)
    }

    /// Replaces an item, if the index is in the list.
    pub fn set(&mut self, index: i64, item: &[u8]) {
        let place = self.place(index);
        if let Some(old) = place.and_then(|place| self.items.get_mut(place)) {
            self.bytes = self.bytes - old.len() + item.len();
            *old = item.into();
        }
    }

    /// Keeps what is from `first` to `last`.
    pub fn keep(&mut self, first: usize, last: usize) {
        self.items.truncate(last.saturating_add(1));
        self.items.drain(..first.min(self.items.len()));
        self.count_bytes();
    }

    pub fn clear(&mut self) {
        *self = List::default();
    }

    /// Removes the first `most` items that are equal, or the last.
    pub fn remove(&mut self, item: &[u8], most: usize, from_end: bool) {
        let mut left = most;
        let mut gone = |found: &[u8]| {
            let goes = left > 0 && found == item;
            left -= usize::from(goes);
            goes
        };
        let mut kept: VecDeque<Box<[u8]>> = VecDeque::with_capacity(self.items.len());
        let items = std::mem::take(&mut self.items);
        if from_end {
            for found in items.into_iter().rev() {
                if !gone(&found) {
                    kept.push_front(found);
                }
            }
        } else {
            kept.extend(items.into_iter().filter(|found| !gone(found)));
        }
        self.items = kept;
        self.count_bytes();
    }

    /// Inserts before or behind the first item that equals `pivot`, if there is one.
    pub fn insert(&mut self, pivot: &[u8], behind: bool, item: &[u8]) {
        if let Some(place) = self.items.iter().position(|found| **found == *pivot) {
            self.bytes += item.len();
            self.items.insert(place + usize::from(behind), item.into());
        }
    }

    fn count_bytes(&mut self) {
        self.bytes = self.items.iter().map(|item| item.len()).sum();
    }
}

impl Typed for List {
    const KIND: Kind = Kind::List;

    fn new(_: &Rules) -> List {
        List::default()
    }

    fn read(_: &Record<'_>, value: Value<'_>, _: &Rules) -> Result<List, Halt> {
        let mut list = List::default();
        if let Value::List(mut elements) = value {
            while let Some(element) = elements.next()? {
                list.push(false, element);
            }
        }
        Ok(list)
    }

    fn of(content: &mut Content) -> Option<&mut List> {
        match content {
            Content::List(list) => Some(list),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        self.bytes + self.items.len() * ELEMENT + size_of::<List>()
    }

    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    fn build(&self, key: &mut Building<'_>) {
        self.items.iter().for_each(|item| key.text(item));
    }
}
