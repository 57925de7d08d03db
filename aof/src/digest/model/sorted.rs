//! Sorted sets.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use rdbkit_rdb::digest::{Building, Kind, Rules};
use rdbkit_rdb::{Record, Value, ValueType};

use super::super::halt::Halt;
use super::{Content, ELEMENT, Typed};

/// A sorted set.
#[derive(Clone, Debug)]
pub(in crate::digest) struct Sorted {
    scores: HashMap<Rc<[u8]>, f64>,
    /// Made when somebody asks for the order.
    order: Option<BTreeSet<Ranked>>,
    bytes: usize,
    /// Kept in a listpack by servers that lose the sign of a zero there.
    packed: bool,
}

/// A member in the order of servers: by score, then by name.
#[derive(Clone, Debug)]
struct Ranked(f64, Rc<[u8]>);

impl Ord for Ranked {
    fn cmp(&self, other: &Ranked) -> Ordering {
        // Zeros are equal, and nothing is NaN.
        let scores = self.0.partial_cmp(&other.0).unwrap_or(Ordering::Equal);
        scores.then_with(|| self.1.cmp(&other.1))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Ranked) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Ranked) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}

impl Sorted {
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.scores.get(member).copied()
    }

    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// Sets a score. As in servers, a score that equals the old one leaves it.
    pub fn set(&mut self, member: &[u8], score: f64) {
        if let Some((name, old)) = self.scores.get_key_value(member) {
            let (name, old) = (Rc::clone(name), *old);
            if old == score {
                return;
            }
            let score = self.kept(score);
            if let Some(order) = &mut self.order {
                order.remove(&Ranked(old, Rc::clone(&name)));
                order.insert(Ranked(score, Rc::clone(&name)));
            }
            self.scores.insert(name, score);
            return;
        }
        let members = self.scores.len() as u64 + 1;
        self.packed &= Rules::is_small(members, member.len());
        let score = self.kept(score);
        let name: Rc<[u8]> = member.into();
        self.bytes += name.len();
        if let Some(order) = &mut self.order {
            order.insert(Ranked(score, Rc::clone(&name)));
        }
        self.scores.insert(name, score);
    }

    /// The score as it is there after it was put there.
    fn kept(&self, score: f64) -> f64 {
        match self.packed && score == 0.0 {
            true => 0.0,
            false => score,
        }
    }

    pub fn remove(&mut self, member: &[u8]) {
        if let Some((name, score)) = self.scores.remove_entry(member) {
            self.bytes -= name.len();
            if let Some(order) = &mut self.order {
                order.remove(&Ranked(score, name));
            }
        }
    }

    fn order(&mut self) -> &BTreeSet<Ranked> {
        let scores = &self.scores;
        self.order.get_or_insert_with(|| {
            let ranked = scores.iter();
            ranked
                .map(|(name, score)| Ranked(*score, Rc::clone(name)))
                .collect()
        })
    }

    /// The members from one rank to another.
    pub fn ranks(&mut self, first: usize, last: usize) -> Vec<Rc<[u8]>> {
        let count = last.saturating_sub(first).saturating_add(1);
        let found = self.order().iter().skip(first).take(count);
        found.map(|ranked| Rc::clone(&ranked.1)).collect()
    }

    /// The first or last members, in no order.
    pub fn ends(&mut self, last: bool, count: usize) -> Vec<Rc<[u8]>> {
        let name = |ranked: &Ranked| Rc::clone(&ranked.1);
        let order = self.order();
        match last {
            true => order.iter().rev().take(count).map(name).collect(),
            false => order.iter().take(count).map(name).collect(),
        }
    }

    /// The members that `wanted` wants, by name and score, in no order.
    pub fn filtered(&self, wanted: impl Fn(&[u8], f64) -> bool) -> Vec<Rc<[u8]>> {
        let found = self
            .scores
            .iter()
            .filter(|(name, score)| wanted(name, **score));
        found.map(|(name, _)| Rc::clone(name)).collect()
    }

    /// Whether all scores are the same.
    pub fn is_level(&self) -> bool {
        let mut scores = self.scores.values();
        let first = scores.next();
        scores.all(|score| Some(score) == first)
    }
}

impl Typed for Sorted {
    const KIND: Kind = Kind::Zset;

    fn new(rules: &Rules) -> Sorted {
        Sorted {
            scores: HashMap::new(),
            order: None,
            bytes: 0,
            packed: rules.packs_zero(),
        }
    }

    fn read(record: &Record<'_>, value: Value<'_>, rules: &Rules) -> Result<Sorted, Halt> {
        let mut sorted = Sorted {
            packed: false,
            ..Sorted::new(rules)
        };
        let mut longest = 0;
        if let Value::Zset(mut members) = value {
            while let Some((member, score)) = members.next()? {
                longest = longest.max(member.len());
                sorted.set(member, score);
            }
            if !rules.reads_alike(&members) {
                return Err(Halt::BEYOND);
            }
        }
        // Servers pack what is small, and leave packed what is few.
        let packed = matches!(
            record.kind,
            ValueType::ZSET_ZIPLIST | ValueType::ZSET_LISTPACK
        );
        let longest = if packed { 0 } else { longest };
        sorted.packed = rules.packs_zero() && Rules::is_small(sorted.len() as u64, longest);
        if sorted.packed && !packed {
            let zeros = sorted.scores.values_mut().filter(|score| **score == 0.0);
            zeros.for_each(|score| *score = 0.0);
        }
        Ok(sorted)
    }

    fn of(content: &mut Content) -> Option<&mut Sorted> {
        match content {
            Content::Zset(sorted) => Some(sorted),
            _ => None,
        }
    }

    fn memory(&self) -> usize {
        let each = if self.order.is_some() {
            3 * ELEMENT
        } else {
            2 * ELEMENT
        };
        self.bytes + self.scores.len() * each + size_of::<Sorted>()
    }

    fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    fn build(&self, key: &mut Building<'_>) {
        for (member, score) in &self.scores {
            key.scored(member, *score);
        }
    }
}
