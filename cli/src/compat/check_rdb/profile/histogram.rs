//! Histograms with three exact digits, as the tool keeps them.
//!
//! ```text
//! 0 ..= 2047           a bucket each
//! 2048 ..= 4095        1024 buckets of 2
//! 4096 ..= 8191        1024 buckets of 4, and so on
//! ```

/// Values below this have a bucket each.
const EXACT: u64 = 2048;
const HALF: u64 = EXACT / 2;

/// How often values of each bucket were seen.
pub(super) struct Histogram {
    limit: u64,
    counts: Vec<u64>,
    total: u64,
}

/// How far up buckets reach that have to take `limit`: a power of two above it.
fn end(limit: u64) -> u64 {
    let mut end = EXACT;
    while end <= limit {
        end *= 2;
    }
    end
}

/// The bucket of `value`, or `None` if a histogram up to `limit` has none for it.
pub(super) fn bucket(value: u64, limit: u64) -> Option<u16> {
    if value >= end(limit) {
        return None;
    }
    let shift = (value | (EXACT - 1)).ilog2() - HALF.ilog2();
    u16::try_from(u64::from(shift) * HALF + (value >> shift)).ok()
}

/// The highest value of a bucket.
fn highest(bucket: u64) -> u64 {
    let shift = (bucket / HALF).saturating_sub(1);
    let low = bucket - shift * HALF;
    ((low + 1) << shift) - 1
}

impl Histogram {
    /// For values up to `limit`, and some more; what is too high is not counted.
    pub fn new(limit: u64) -> Histogram {
        Histogram {
            limit,
            counts: Vec::new(),
            total: 0,
        }
    }

    pub fn record(&mut self, value: u64) {
        if let Some(bucket) = bucket(value, self.limit) {
            self.record_bucket(bucket, 1);
        }
    }

    pub fn record_bucket(&mut self, bucket: u16, times: u64) {
        let at = usize::from(bucket);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count += times;
        }
        self.total += times;
    }

    /// The value that so many percent of the values do not exceed.
    pub fn percentile(&self, percent: f64) -> u64 {
        let wanted = (percent / 100.0 * self.total as f64 + 0.5) as u64;
        let mut seen = 0;
        for (bucket, count) in (0..).zip(&self.counts) {
            seen += count;
            if seen >= wanted.max(1) {
                return highest(bucket);
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_and_their_highest_values() {
        for (value, top) in [
            (0, 0),
            (2047, 2047),
            (2048, 2049),
            (2049, 2049),
            (4095, 4095),
            (4096, 4099),
            (262_143, 262_143),
        ] {
            let bucket = bucket(value, 204_800).unwrap();
            assert_eq!(highest(bucket.into()), top, "{value}");
        }
        assert_eq!(bucket(262_144, 204_800), None);
        assert!(bucket(2_097_151, 1_048_576).is_some());
        assert_eq!(bucket(2_097_152, 1_048_576), None);
    }

    #[test]
    fn percentiles() {
        let mut histogram = Histogram::new(204_800);
        assert_eq!(histogram.percentile(50.0), 0);
        for value in 1..=100 {
            histogram.record(value);
        }
        assert_eq!(histogram.percentile(50.0), 50);
        assert_eq!(histogram.percentile(99.0), 99);
        histogram.record(1 << 40);
        assert_eq!(histogram.percentile(100.0), 100, "too high to be counted");
    }
}
