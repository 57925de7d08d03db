//! Judging a file with several threads.
//!
//! ```text
//! thread 1   take A | judge A ......... | take C | judge C .........
//! thread 2            take B | judge B ......... | take D | judge D
//!            ───────────────────────────────────────────────────────> time
//! ```
//!
//! The threads take turns at the input: one reads, finds where keys end without
//! judging them, and cuts a region of whole keys off; while it judges them, the next
//! one reads on. What a thread judges is in the cache of its own processor then, where
//! one that reads for all others would send each byte from one cache to another.
//!
//! Whatever is no key (databases, AUX fields, functions, the end, damage) is left to
//! the one verifier of the whole file, once all before it has been added up: there is
//! one way to say each thing, and the report is the same as with one thread.
//!
//! # Limits
//!
//! For each thread two regions, and one more for the input: each with 256 KiB, and with
//! 8 bytes for each plain key in it, and 48 for each run of them.

mod relay;
#[cfg(test)]
mod tests;

use crate::error::Result;
use crate::region::Regions;
use crate::verify::threads;
use crate::verify::verifier::Verifier;
use relay::Crew;

/// How the work is dealt out.
#[derive(Clone, Copy, Debug)]
struct Deal {
    /// Bytes of a region: large enough that taking turns vanishes beside judging it,
    /// small enough to stay in the second-level cache.
    region: usize,
    /// Bytes at the front that are judged alone: most files are not worth a
    /// thread.
    alone: u64,
}

const DEAL: Deal = match cfg!(fuzzing) {
    false => Deal {
        region: 256 << 10,
        alone: 4 << 20,
    },
    // Small enough for the files of a fuzzer.
    true => Deal {
        region: 1 << 10,
        alone: 0,
    },
};

/// Most bytes to judge alone where regions turned out short.
const LONGEST_PAUSE: u64 = 16 << 20;

/// Reads a whole RDB file into `verifier`, with so many `threads` in all; 0 for
/// as many as there are processors.
///
/// # Errors
///
/// Why decoding stopped. All before that is judged.
pub(super) fn read<'a>(
    source: &mut (impl Regions<'a> + Send + ?Sized),
    verifier: &mut Verifier<'_>,
    threads: usize,
) -> Result<()> {
    read_by(source, verifier, threads, DEAL)
}

fn read_by<'a>(
    source: &mut (impl Regions<'a> + Send + ?Sized),
    verifier: &mut Verifier<'_>,
    threads: usize,
    deal: Deal,
) -> Result<()> {
    let alone = if threads == 1 { u64::MAX } else { deal.alone };
    while source.position().offset() < alone {
        if !source.drive(verifier)? {
            return Ok(());
        }
    }
    let threads = threads::available(threads);
    if threads == 1 {
        while source.drive(verifier)? {}
        return Ok(());
    }
    let mut crew = Crew::new(threads);
    let result = read_together(source, verifier, &mut crew, threads, deal);
    crew.dismiss(verifier);
    result
}

/// Hands out what can be, and judges the rest alone.
fn read_together<'a, 'o>(
    source: &mut (impl Regions<'a> + Send + ?Sized),
    verifier: &mut Verifier<'o>,
    crew: &mut Crew<'o>,
    threads: usize,
    deal: Deal,
) -> Result<()> {
    let mut alone_until = 0;
    let mut pause = 0;
    loop {
        let go_on = match source.position().offset() < alone_until || verifier.has_templates() {
            true => source.drive(verifier)?,
            false => source.drive_whole_records(verifier)?,
        };
        if !go_on {
            return Ok(());
        }
        let begin = source.position().offset();
        if begin < alone_until || !verifier.can_part() || !source.position().at_record_boundary() {
            continue;
        }
        crew.judge(source, verifier, deal.region)?;
        // Keys too large for a region, or with other records among them: to
        // look for regions in vain, or to hire threads, costs as much as it could save.
        let end = source.position().offset();
        pause = match end - begin >= (threads * deal.region) as u64 {
            true => 0,
            false => (2 * pause).clamp(deal.region as u64, LONGEST_PAUSE),
        };
        alone_until = end + pause;
    }
}
