//! Sets.

use std::collections::HashSet;

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, Value};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Typed};

/// A set.
#[derive(Clone, Debug, Default)]
pub(in crate::digest) struct Members {
    members: HashSet<Box<[u8]>>,
    bytes: usize,
}

impl Members {
    /// Whether it was not there.
    pub fn add(&mut self, member: &[u8]) -> bool {
        // Without a copy of what is there.
        let new = !self.members.contains(member) && self.members.insert(member.into());
        self.bytes += if new { member.len() } else { 0 };
        new
    }

    /// Whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let gone = self.members.remove(member);
        self.bytes -= if gone { member.len() } else { 0 };
        gone
    }

    pub fn contains(&self, member: &[u8]) -> bool {
        self.members.contains(member)
    }

    /// Keeps what `wanted` wants.
    pub fn retain(&mut self, wanted: impl Fn(&[u8]) -> bool) {
        self.members.retain(|member| wanted(member));
        self.bytes = self.iter().map(<[u8]>::len).sum();
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.members.iter().map(|member| &**member)
    }
}

impl Typed for Members {
    const KIND: Kind = Kind::Set;

    fn new(_: &Rules) -> Members {
        Members::default()
    }

    fn read(_: &Record<'_>, value: Value<'_>, _: &Rules) -> Result<Members, Halt> {
        let mut set = Members::default();
        if let Value::Set(mut members) = value {
            while let Some(member) = members.next()? {
                set.add(member);
            }
        }
        Ok(set)
    }

    fn of(content: &mut Content) -> Option<&mut Members> {
        match content {
            Content::Set(set) => Some(set),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        self.bytes + self.members.len() * ELEMENT + size_of::<Members>()
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn build(&self, key: &mut Building<'_>) {
        self.iter().for_each(|member| key.member(member));
    }
}
