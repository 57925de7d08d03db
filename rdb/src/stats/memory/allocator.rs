//! How much an allocator hands out when it is asked for some.

/// The allocator a server was built with: it decides how requests are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Allocator {
    /// The jemalloc that comes with the server's sources: sizes in steps of 8
    /// bytes. That of official images and of servers built from source.
    #[default]
    Bundled,
    /// The jemalloc of a distribution: sizes in steps of 16 bytes. That of the
    /// packages of Debian and Ubuntu, where INFO says jemalloc-5.3.0 or older.
    System,
    /// The same from jemalloc 5.3.1 on: whole pages from 16 KiB on.
    SystemPages,
}

/// From here on sizes are large, and may be whole pages.
const LARGE: u64 = 16 << 10;
const PAGE: u64 = 4096;

impl Allocator {
    /// The smallest step between two sizes.
    const fn quantum(self) -> u64 {
        match self {
            Allocator::Bundled => 8,
            Allocator::System | Allocator::SystemPages => 16,
        }
    }

    /// Bytes that are taken for a request: the smallest size class that fits.
    ///
    /// Classes are four to a doubling, and never closer than the quantum.
    ///
    /// # Examples
    ///
    /// ```
    /// use rdbkit_rdb::stats::Allocator;
    ///
    /// assert_eq!(Allocator::Bundled.size(17), 24);
    /// assert_eq!(Allocator::System.size(17), 32);
    /// assert_eq!(Allocator::System.size(5_000), 5_120);
    /// ```
    #[inline]
    #[must_use]
    pub const fn size(self, request: u64) -> u64 {
        if request <= 8 {
            return 8;
        }
        if matches!(self, Allocator::SystemPages) && request > LARGE {
            return match request.checked_next_multiple_of(PAGE) {
                Some(size) => size,
                None => u64::MAX,
            };
        }
        let shift = (request - 1).ilog2().saturating_sub(2);
        let step = 1 << shift;
        let quantum = self.quantum();
        let step = if step < quantum { quantum } else { step };
        match request.checked_next_multiple_of(step) {
            Some(size) => size,
            None => u64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_jemalloc() {
        // As jemalloc's own table has them, for a quantum of 16.
        let classes = [
            8, 16, 32, 48, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768,
            896, 1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120, 6144, 7168, 8192,
            10240, 12288, 14336, 16384, 20480,
        ];
        let mut from = 1;
        for class in classes {
            for request in from..=class {
                assert_eq!(Allocator::System.size(request), class, "{request}");
            }
            from = class + 1;
        }
        for (request, class) in [
            (0, 8),
            (9, 16),
            (17, 24),
            (33, 40),
            (49, 56),
            (57, 64),
            (65, 80),
        ] {
            assert_eq!(Allocator::Bundled.size(request), class, "{request}");
        }
        assert_eq!(Allocator::System.size(u64::MAX), u64::MAX);
        assert_eq!(Allocator::System.size(200_000), 229_376);
        assert_eq!(Allocator::SystemPages.size(200_000), 200_704);
        assert_eq!(Allocator::SystemPages.size(9_000), 10_240);
    }
}
