//! A key put together from what it holds, where there is no record of it.

use super::dataset::Dataset;
use super::mix::Digest;
use super::value::{self, Left, Outcome};
use crate::event::StreamId;

/// Types of values that have a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    String,
    List,
    Set,
    Zset,
    Hash,
    Stream,
}

/// A key that [`Dataset::build`] began. What it holds is added by the method of
/// its type; [`finish`](Self::finish) puts it into the data set.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::digest::{Dataset, Kind, Rules};
/// use rdbkit_rdb::verify::Server;
///
/// let mut dataset = Dataset::new(Rules::of(Server::REDIS));
/// let mut key = dataset.build(0, b"a", Kind::String, None);
/// key.text(b"hello");
/// let _ = key.finish();
/// let digest = dataset.digest().expect("no key is of a module");
/// assert_eq!(digest.to_string(), "7bba0c6c0ba7cf343554878a513cce31a28c4abb");
/// ```
#[derive(Debug)]
#[must_use = "it is in the data set when it is finished"]
pub struct Building<'d> {
    dataset: &'d mut Dataset,
    db: u64,
    expire_ms: Option<i64>,
    digest: Digest,
    left: Left,
}

impl<'d> Building<'d> {
    pub(super) fn new(
        dataset: &'d mut Dataset,
        db: u64,
        key: &[u8],
        kind: Kind,
        expire_ms: Option<i64>,
    ) -> Building<'d> {
        let marks = &dataset.workshop().1.marks;
        let (mark, left) = match kind {
            Kind::String => (marks.string, Left::Something),
            Kind::List => (marks.list, Left::Nothing),
            Kind::Set => (marks.set, Left::Nothing),
            Kind::Zset => (marks.zset, Left::Nothing),
            Kind::Hash => (marks.hash, Left::Nothing),
            Kind::Stream => (marks.stream, Left::Something),
        };
        let mut digest = Digest::default();
        digest.mix(key);
        digest.mix_sum(mark);
        Building {
            dataset,
            db,
            expire_ms,
            digest,
            left,
        }
    }

    /// The string, or the next element of a list.
    pub fn text(&mut self, text: &[u8]) {
        self.digest.mix(text);
        self.left = Left::Something;
    }

    /// A member of a set, in any order.
    pub fn member(&mut self, member: &[u8]) {
        self.digest.xor(member);
        self.left = Left::Something;
    }

    /// A member of a sorted set, in any order. The score counts as it is: that
    /// [small sets have no -0](super) is for the caller to know.
    pub fn scored(&mut self, member: &[u8], score: f64) {
        let (rules, _) = self.dataset.workshop();
        self.digest ^= value::scored_pair(member, score, rules);
        self.left = Left::Something;
    }

    /// A field of a hash, in any order.
    pub fn field(&mut self, field: &[u8], value: &[u8], expire_ms: Option<i64>) {
        let rules = *self.dataset.rules();
        let (_, work) = self.dataset.workshop();
        let left = work.field(field, value, expire_ms, &rules, &mut self.digest);
        self.left = self.left.or(left);
    }

    /// The next entry of a stream: its ID, and fields and values by turns.
    pub fn entry<'t>(&mut self, id: StreamId, texts: impl IntoIterator<Item = &'t [u8]>) {
        value::add_id(id, &mut self.digest);
        for text in texts {
            self.digest.mix(text);
        }
    }

    /// Puts the key into the data set.
    pub fn finish(mut self) -> Outcome {
        let (rules, work) = self.dataset.workshop();
        if self.expire_ms.is_some() {
            self.digest ^= work.marks.key_expires;
        }
        let outcome = match rules.skips_expired() && rules.is_past(self.expire_ms) {
            true => {
                // They go with the key.
                work.expired_fields = 0;
                Outcome::Expired
            }
            false => self.left.outcome(self.digest),
        };
        self.dataset.built(self.db, outcome, self.expire_ms);
        outcome
    }
}
