//! What is frequent among more names than memory holds.

use std::collections::HashMap;

/// Bytes kept of a name.
const NAME: usize = 128;

/// What is known of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Weight {
    /// How often it came, or a little more: see [`Frequent::error`].
    pub count: u64,
    /// Bytes that came with it while it was held.
    pub bytes: u64,
}

/// Counts names in bounded memory: exactly while there are few, else so that
/// every count is right within [`error`](Self::error), and no name more frequent
/// than that is missing (the batched form of the Misra-Gries sketch).
///
/// # Limits
///
/// Holds twice as many names as it was made for, of 128 bytes each.
#[derive(Clone, Debug)]
pub struct Frequent {
    most: usize,
    held: HashMap<Box<[u8]>, Weight>,
    error: u64,
}

impl Frequent {
    /// For the `most` most frequent names.
    #[must_use]
    pub fn new(most: usize) -> Frequent {
        Frequent {
            most: most.max(1),
            held: HashMap::new(),
            error: 0,
        }
    }

    /// Counts a name once; beyond 128 bytes of it are not told apart.
    pub fn add(&mut self, name: &[u8], bytes: u64) {
        let name = name.get(..NAME).unwrap_or(name);
        if let Some(weight) = self.held.get_mut(name) {
            weight.count += 1;
            weight.bytes += bytes;
            return;
        }
        self.held.insert(name.into(), Weight { count: 1, bytes });
        if self.held.len() > self.most.saturating_mul(2) {
            self.prune();
        }
    }

    /// Takes from each what the first that must go has.
    #[cold]
    fn prune(&mut self) {
        let mut counts: Vec<u64> = self.held.values().map(|weight| weight.count).collect();
        let (_, less, _) = counts.select_nth_unstable_by(self.most, |a, b| b.cmp(a));
        let less = *less;
        self.error += less;
        self.held.retain(|_, weight| {
            weight.count = weight.count.saturating_sub(less);
            weight.count > 0
        });
    }

    /// By how much a count may be too low. 0 while no more than twice the names
    /// it was made for came.
    #[must_use]
    pub fn error(&self) -> u64 {
        self.error
    }

    /// The most frequent names, the first of them first.
    #[must_use]
    pub fn top(&self, most: usize) -> Vec<(&[u8], Weight)> {
        let mut all: Vec<(&[u8], Weight)> = self.held.iter().map(|(n, w)| (&**n, *w)).collect();
        all.sort_by(|(a, x), (b, y)| y.count.cmp(&x.count).then_with(|| a.cmp(b)));
        all.truncate(most);
        all
    }

    /// How many names are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether no name came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_names_are_counted_exactly() {
        let mut frequent = Frequent::new(2);
        for name in [b"a", b"b", b"a", b"c", b"d", b"a"] {
            frequent.add(name, 10);
        }
        let weight = |count| Weight {
            count,
            bytes: count * 10,
        };
        assert_eq!(frequent.error(), 0);
        assert_eq!(frequent.top(2), [(&b"a"[..], weight(3)), (b"b", weight(1))]);
    }

    #[test]
    fn the_error_bound_holds() {
        let mut frequent = Frequent::new(10);
        let mut truth = HashMap::new();
        let mut state = 1u64;
        for _ in 0..20_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            // Small numbers come far more often.
            let name = (((state >> 40) % 1000).pow(2) / 1000).to_string();
            frequent.add(name.as_bytes(), 1);
            *truth.entry(name).or_insert(0u64) += 1;
        }
        assert!(frequent.len() <= 20 && frequent.error() > 0);
        assert!(frequent.error() <= 20_000 / 10);
        let held: HashMap<&[u8], Weight> = frequent.top(100).into_iter().collect();
        for (name, count) in &truth {
            let found = held.get(name.as_bytes()).map_or(0, |w| w.count);
            assert!(found <= *count && *count <= found + frequent.error());
        }
    }

    #[test]
    fn long_names_are_cut() {
        let mut frequent = Frequent::new(1);
        frequent.add(&[b'x'; 1000], 0);
        assert_eq!(frequent.top(1)[0].0.len(), NAME);
    }
}
