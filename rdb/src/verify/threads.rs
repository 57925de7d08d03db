//! How many threads there are to be had.

use std::num::NonZero;
use std::thread;

/// Threads beyond these would wait: they read and find where keys end one after the
/// other.
const MOST: usize = 16;

/// As many as were `asked` for, or where that is 0, as there are processors for
/// this process: what a control group allows is taken into account.
pub(crate) fn available(asked: usize) -> usize {
    let threads = match asked {
        0 => thread::available_parallelism().map_or(1, NonZero::get),
        asked => asked,
    };
    threads.min(MOST)
}
