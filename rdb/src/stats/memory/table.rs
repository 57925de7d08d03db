//! Hash tables: what their slots and entries take.

use super::Allocator;

/// Slots of a table of a power of two that holds `n` without growing.
pub(crate) fn slots(n: u64) -> u64 {
    n.max(4)
        .checked_next_power_of_two()
        .unwrap_or(u64::MAX / 64)
}

/// How many of `n` entries share a slot with an earlier one, on average.
pub(crate) fn chained(n: u64, slots: u64) -> u64 {
    let (n, slots) = (n as f64, slots as f64);
    let taken = slots * (1.0 - (-n / slots).exp());
    (n - taken).max(0.0) as u64
}

/// Entries of a bucket of Valkey's table.
const BUCKET: u64 = 7;

/// Bytes of a bucket.
const BUCKET_BYTES: u64 = 64;

/// Bytes of the buckets of a table of `n` entries as Valkey 8.1 has it, which
/// doubles when it is full; those included that hang on full ones.
pub(crate) fn buckets(n: u64, allocator: Allocator) -> u64 {
    if n == 0 {
        return 0;
    }
    let mut count = 1u64;
    while count * BUCKET < n && count < 1 << 56 {
        count *= 2;
    }
    allocator
        .size(count.saturating_mul(BUCKET_BYTES))
        .saturating_add(overflow(n, count).saturating_mul(BUCKET_BYTES))
}

/// Buckets that hang on full ones, expected where hashes are random: a bucket
/// of more than seven keeps six and has another for six more, or seven.
fn overflow(n: u64, count: u64) -> u64 {
    let mean = n as f64 / count as f64;
    // Poisson: the chance of k entries in a bucket.
    let mut chance = (-mean).exp();
    let mut expected = 0.0;
    for k in 1..=40u32 {
        chance *= mean / f64::from(k);
        if k > 7 {
            expected += chance * f64::from((k - 7).div_ceil(6));
        }
    }
    (expected * count as f64).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_as_servers_told() {
        // Buckets of sets on Valkey 8.1, without what hangs on them.
        for (n, count) in [
            (129, 32),
            (200, 32),
            (300, 64),
            (511, 128),
            (513, 128),
            (1000, 256),
            (5000, 1024),
        ] {
            let bytes = buckets(n, Allocator::System);
            let main = count * BUCKET_BYTES;
            assert!(bytes >= main && bytes < main + main / 3, "{n}: {bytes}");
        }
        assert_eq!(
            (slots(0), slots(129), slots(512), slots(513)),
            (4, 256, 512, 1024)
        );
        // 1000 members in 1024 slots: Valkey 8.0 has 350 to 362 entries.
        assert!((340..370).contains(&chained(1000, 1024)));
    }
}
