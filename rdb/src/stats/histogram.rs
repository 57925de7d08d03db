//! How values are spread, in bounded memory.
//!
//! ```text
//! 0 ..= 63          a bucket each
//! 64 ..= 127        32 buckets of 2
//! 128 ..= 255       32 buckets of 4, and so on
//! ```

/// Buckets to a doubling.
const STEPS: u64 = 32;

/// How often values were seen, each within 3.2 % of what it was; exactly up to
/// 63.
///
/// # Limits
///
/// At most 1,920 numbers, as many as the largest value needs.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::stats::Histogram;
///
/// let mut histogram = Histogram::default();
/// for n in 1..=100 {
///     histogram.record(n);
/// }
/// assert_eq!(histogram.percentile(50.0), Some(50));
/// assert_eq!((histogram.min(), histogram.max()), (Some(1), Some(100)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: u128,
    range: Option<(u64, u64)>,
}

#[inline]
fn bucket(value: u64) -> usize {
    let shift = (value | (2 * STEPS - 1)).ilog2() - STEPS.ilog2();
    (u64::from(shift) * STEPS + (value >> shift)) as usize
}

/// The highest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / STEPS).saturating_sub(1);
    let low = bucket - shift * STEPS;
    ((u128::from(low) + 1) << shift).saturating_sub(1) as u64
}

impl Histogram {
    /// The largest share by which a percentile may be above the true one.
    pub const ERROR: f64 = 1.0 / STEPS as f64;

    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        let at = bucket(value);
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        self.counts[at] += 1;
        self.total += 1;
        self.sum += u128::from(value);
        self.range = Some(match self.range {
            Some((min, max)) => (min.min(value), max.max(value)),
            None => (value, value),
        });
    }

    /// The smallest value that `percent` of all values do not exceed: exact up
    /// to 63, and above that at most [`ERROR`](Self::ERROR) too high. `None` if
    /// there is no value.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> Option<u64> {
        let (min, max) = self.range?;
        let rank = ((percent / 100.0 * self.total as f64).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        for (at, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Some(highest(at).clamp(min, max));
            }
        }
        Some(max)
    }

    /// Values counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// The smallest one.
    #[must_use]
    pub fn min(&self) -> Option<u64> {
        self.range.map(|(min, _)| min)
    }

    /// The largest one.
    #[must_use]
    pub fn max(&self) -> Option<u64> {
        self.range.map(|(_, max)| max)
    }

    /// Adds another histogram's values.
    pub fn merge(&mut self, other: &Histogram) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (sum, n) in self.counts.iter_mut().zip(&other.counts) {
            *sum += n;
        }
        self.total += other.total;
        self.sum += other.sum;
        self.range = match (self.range, other.range) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (range, None) | (None, range) => range,
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_lie_side_by_side() {
        for at in 0..1920 {
            let high = highest(at);
            assert_eq!(bucket(high), at);
            if high < u64::MAX {
                assert_eq!(bucket(high + 1), at + 1);
            }
        }
        assert_eq!(bucket(u64::MAX), 1919);
        assert_eq!(Histogram::default().percentile(50.0), None);
    }

    proptest! {
        #[test]
        fn percentiles_are_near_and_merging_is_adding(
            mut values in prop::collection::vec(prop_oneof![0u64..200, any::<u64>()], 1..200),
            split in 0usize..200,
            percent in 0.0..100.0f64,
        ) {
            let mut all = Histogram::default();
            values.iter().for_each(|n| all.record(*n));
            let (mut left, mut right) = (Histogram::default(), Histogram::default());
            for (at, n) in values.iter().enumerate() {
                if at < split { left.record(*n) } else { right.record(*n) }
            }
            left.merge(&right);
            prop_assert_eq!(&left, &all);

            values.sort_unstable();
            let rank = ((percent / 100.0 * values.len() as f64).ceil() as usize).max(1);
            let truth = values[rank - 1];
            let found = all.percentile(percent).unwrap();
            prop_assert!(found >= truth);
            prop_assert!((found - truth) as f64 <= truth as f64 * Histogram::ERROR);
        }
    }
}
