//! Sizes in sorted sets: member and score, the score as text.

use rdbkit_rdb::score;

use super::Sizes;

/// `zset-max-listpack-entries`.
const SMALL_ENTRIES: usize = 128;

/// The sizes of a sorted set's elements, until it is known how the server keeps it.
///
/// A listpack the server makes itself keeps the score -0 as the integer 0.
pub(in super::super) struct ZsetSizes {
    /// Sizes in a skip list and in a listpack.
    first: Vec<(u64, u64)>,
    small: bool,
    packed: bool,
}

impl ZsetSizes {
    /// `packed` says that the file has a listpack or a ziplist.
    pub fn new(packed: bool) -> ZsetSizes {
        ZsetSizes {
            first: Vec::new(),
            small: true,
            packed,
        }
    }

    /// A member and its score.
    pub fn add(&mut self, member: &[u8], score: f64, sizes: &mut Sizes) {
        if sizes.off {
            return;
        }
        let member = member.len() as u64;
        let size = member + score::shortest(score).as_bytes().len() as u64;
        // 0.0 == -0.0
        let packed = if score == 0.0 && !self.packed {
            member + 1
        } else {
            size
        };
        if self.first.len() == SMALL_ENTRIES {
            self.no_listpack();
        }
        if self.small {
            self.first.push((size, packed));
        } else {
            self.finish(sizes);
            sizes.add(size);
        }
    }

    /// The server will not keep it in a listpack.
    pub fn no_listpack(&mut self) {
        self.small = false;
    }

    /// There are no more elements.
    ///
    /// Of a listpack the tool counts members and scores, each as an element.
    pub fn finish(&mut self, sizes: &mut Sizes) {
        if self.small {
            sizes.set_count(2 * self.first.len() as u64);
        }
        for (size, packed) in self.first.drain(..) {
            sizes.add(if self.small { packed } else { size });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_set_counts_twice_and_has_no_negative_zero() {
        let (mut sizes, mut zset) = (Sizes::new(true), ZsetSizes::new(false));
        zset.add(b"ab", -0.0, &mut sizes);
        zset.finish(&mut sizes);
        assert_eq!((sizes.count, sizes.total), (Some(2), 3));
        sizes.clear();
        let mut zset = ZsetSizes::new(false);
        for _ in 0..129 {
            zset.add(b"ab", -0.0, &mut sizes);
        }
        zset.finish(&mut sizes);
        assert_eq!((sizes.count, sizes.added), (None, 129));
        assert_eq!(sizes.total, 129 * 4);
    }
}
