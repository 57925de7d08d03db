//! Which prefixes of names weigh most, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::KeyStats;

/// Bytes of a name that are looked at.
const NAME: usize = 128;

/// What is known of a prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Keys that begin with it.
    pub keys: u64,
    /// Their bytes in the file.
    pub bytes: u64,
    /// Their bytes in memory, as estimated.
    pub memory: u64,
    /// Of the keys, those with an expiry.
    pub expires: u64,
}

impl Weight {
    fn of(key: &KeyStats<'_>) -> Weight {
        Weight {
            keys: 1,
            bytes: key.size,
            memory: key.memory.allocated,
            expires: u64::from(key.meta.expire_ms.is_some()),
        }
    }

    fn add(&mut self, other: Weight) {
        self.keys += other.keys;
        self.bytes += other.bytes;
        self.memory += other.memory;
        self.expires += other.expires;
    }

    fn max(&mut self, other: Weight) {
        self.keys = self.keys.max(other.keys);
        self.bytes = self.bytes.max(other.bytes);
        self.memory = self.memory.max(other.memory);
        self.expires = self.expires.max(other.expires);
    }
}

/// Names are hashed already.
#[derive(Clone, Copy, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, n: u64) {
        self.0 = n;
    }
}

#[derive(Clone, Debug)]
struct Held {
    name: Box<[u8]>,
    /// Counted since it is held.
    weight: Weight,
    /// What is left of its memory after it paid for its place.
    credit: u64,
}

/// Prefixes that end with a separator, up to a depth, and what the keys under
/// them weigh: exactly while there are few, else so that no number is too high
/// and none is too low by more than [`error`](Self::error) says.
///
/// When there are too many, all that are held pay in memory what the first that
/// has to go has left, so a prefix that weighs more than a share of all is never
/// lost (the batched form of the Misra-Gries sketch, with weights). From then on
/// a new one is held only once what came by in its [`Gate`] is worth a place:
/// most are never seen again, and to hold each for a while would take most of
/// the time.
///
/// # Limits
///
/// Twice as many prefixes as it was made for, of 128 bytes each at most, and 160
/// KiB of gates; beyond 128 bytes of a name no separator is looked for.
#[derive(Clone, Debug)]
pub struct Prefixes {
    separators: Vec<u8>,
    /// Which bytes are.
    ends: Box<[bool; 256]>,
    depth: usize,
    most: usize,
    seed: u64,
    held: HashMap<u64, Held, BuildHasherDefault<Hashed>>,
    error: Weight,
    none: Weight,
    gates: Vec<Gate>,
    /// Memory that has to come by in a gate before one is held; 0 before there
    /// were too many.
    toll: u64,
}

/// What came by of prefixes that are not held, of those with the same hash bits.
#[derive(Clone, Copy, Debug, Default)]
struct Gate {
    /// All of it: none of them can lack more.
    missed: Weight,
    /// Memory since one of them was held.
    waiting: u64,
}

/// How many there are: a power of two.
const GATES: usize = 4096;

/// How many times what a place costs a newcomer has to be worth.
const TOLL: u64 = 16;

impl Prefixes {
    pub(super) fn new(separators: &[u8], depth: usize, most: usize) -> Prefixes {
        let mut ends = Box::new([false; 256]);
        for byte in separators {
            ends[usize::from(*byte)] = true;
        }
        Prefixes {
            separators: separators.to_vec(),
            ends,
            depth,
            most: most.max(1),
            seed: RandomState::new().hash_one(0u8),
            held: HashMap::default(),
            error: Weight::default(),
            none: Weight::default(),
            gates: Vec::new(),
            toll: 0,
        }
    }

    #[inline]
    pub(super) fn add(&mut self, key: &KeyStats<'_>) {
        let weight = Weight::of(key);
        let name = key.key.get(..NAME).unwrap_or(key.key);
        let mut found = 0;
        for (at, byte) in name.iter().enumerate() {
            if found == self.depth {
                break;
            }
            if self.ends[usize::from(*byte)] {
                found += 1;
                let prefix = name.get(..=at).unwrap_or_default();
                self.count(prefix, weight);
            }
        }
        if found == 0 {
            self.none.add(weight);
        }
    }

    #[inline]
    fn count(&mut self, prefix: &[u8], weight: Weight) {
        let hash = xxh3_64_with_seed(prefix, self.seed);
        if let Some(held) = self.held.get_mut(&hash) {
            held.weight.add(weight);
            held.credit += weight.memory;
            return;
        }
        if self.toll == 0 || self.passes(hash, weight) {
            self.hold(hash, prefix.into(), weight, weight.memory);
        }
    }

    /// Whether a prefix that is not held is worth a place; if not, it is missed.
    #[inline]
    fn passes(&mut self, hash: u64, weight: Weight) -> bool {
        // The low bits choose the place in the table.
        let Some(gate) = self.gates.get_mut((hash >> 40) as usize & (GATES - 1)) else {
            return true;
        };
        gate.waiting += weight.memory;
        if gate.waiting >= self.toll {
            gate.waiting = 0;
            return true;
        }
        gate.missed.add(weight);
        false
    }

    fn hold(&mut self, hash: u64, name: Box<[u8]>, weight: Weight, credit: u64) {
        let held = Held {
            name,
            weight,
            credit,
        };
        self.held.insert(hash, held);
        if self.held.len() > self.most.saturating_mul(2) {
            self.prune();
        }
    }

    /// Takes from each what the first that must go has.
    #[cold]
    fn prune(&mut self) {
        let mut credits: Vec<u64> = self.held.values().map(|held| held.credit).collect();
        let (_, less, _) = credits.select_nth_unstable_by(self.most, |a, b| b.cmp(a));
        let less = *less;
        self.gates.resize(GATES, Gate::default());
        self.toll = less.saturating_mul(TOLL).max(1);
        let mut lost = Weight::default();
        self.held.retain(|_, held| {
            held.credit = held.credit.saturating_sub(less);
            let stays = held.credit > 0;
            if !stays {
                lost.max(held.weight);
            }
            stays
        });
        self.error.add(lost);
    }

    /// By how much the numbers of a prefix may be too low, and how heavy one may
    /// be that is not told of. All 0 while no more than twice the prefixes it
    /// was made for came.
    #[must_use]
    pub fn error(&self) -> Weight {
        let mut missed = Weight::default();
        self.gates.iter().for_each(|gate| missed.max(gate.missed));
        missed.add(self.error);
        missed
    }

    /// Keys without a separator.
    #[must_use]
    pub fn none(&self) -> Weight {
        self.none
    }

    /// The separators.
    #[must_use]
    pub fn separators(&self) -> &[u8] {
        &self.separators
    }

    /// The heaviest prefixes by memory, the first of them first.
    #[must_use]
    pub fn top(&self, most: usize) -> Vec<(&[u8], Weight)> {
        let held = self.held.values();
        let mut all: Vec<(&[u8], Weight)> = held.map(|h| (&*h.name, h.weight)).collect();
        all.sort_by(|(a, x), (b, y)| y.memory.cmp(&x.memory).then_with(|| a.cmp(b)));
        all.truncate(most);
        all
    }

    /// How many prefixes are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn merge(&mut self, other: Prefixes) {
        self.error.add(other.error());
        self.none.add(other.none);
        for Held {
            name,
            weight,
            credit,
        } in other.held.into_values()
        {
            let hash = xxh3_64_with_seed(&name, self.seed);
            match self.held.get_mut(&hash) {
                Some(held) => {
                    held.weight.add(weight);
                    held.credit += credit;
                }
                None => self.hold(hash, name, weight, credit),
            }
        }
    }
}
