//! Judging a file with several threads.
//!
//! ```text
//! caller   read, hash, find where keys end ──> region ──> queue ──> judge   crew
//!             ^                                             │         │
//!             └── buffers, and in their order: parts <──────┴─────────┘
//! ```
//!
//! The caller looks for the ends of keys without judging them, which is a quarter
//! of the work on the smallest keys and next to nothing on large ones, and cuts
//! regions of whole keys off the input. The crew decodes them again and judges;
//! where it does not keep up, so does the caller. Whatever is no key (databases,
//! AUX fields, functions, the end, damage) is left to the one verifier of the
//! whole file, once all before it has been added up: there is one way to say each
//! thing, and the report is the same as with one thread.
//!
//! # Limits
//!
//! For each thread but the caller's two regions that wait and one that is judged,
//! 1 MiB each; one more for the caller, and the window. The logs of keys take a
//! MiB for each thread before they hold any.

mod crew;
#[cfg(test)]
mod tests;

use std::thread::scope;

use crate::error::Result;
use crate::region::Regions;
use crate::verify::threads;
use crate::verify::verifier::Verifier;
use crew::Crew;

/// How the work is dealt out.
#[derive(Clone, Copy, Debug)]
struct Deal {
    /// Bytes of a region: large enough that handing one over vanishes beside
    /// judging it, small enough to stay in a shared cache.
    region: usize,
    /// Bytes at the front that are judged alone: most files are not worth a
    /// thread.
    alone: u64,
}

const DEAL: Deal = match cfg!(fuzzing) {
    false => Deal {
        region: 1 << 20,
        alone: 4 << 20,
    },
    // Small enough for the files of a fuzzer.
    true => Deal {
        region: 64,
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
    source: &mut (impl Regions<'a> + ?Sized),
    verifier: &mut Verifier<'_>,
    threads: usize,
) -> Result<()> {
    read_by(source, verifier, threads, DEAL)
}

fn read_by<'a>(
    source: &mut (impl Regions<'a> + ?Sized),
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
    let limits = *source.position().limits();
    scope(|scope| {
        let mut crew = Crew::new(scope, threads, deal.region, limits);
        let result = read_together(source, verifier, &mut crew, deal);
        crew.dismiss(verifier);
        result
    })
}

/// Hands out what can be, and judges the rest alone.
fn read_together<'s, 'a: 's, 'o: 's>(
    source: &mut (impl Regions<'a> + ?Sized),
    verifier: &mut Verifier<'o>,
    crew: &mut Crew<'s, '_, 'a, 'o>,
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
        hand_out(source, verifier, crew, deal.region);
        if let Some(error) = crew.take_error() {
            return Err(error);
        }
        // Keys too large for a region, or with other records among them: to
        // look for regions in vain costs as much as it could save.
        let end = source.position().offset();
        pause = match end - begin >= deal.region as u64 {
            true => 0,
            false => (2 * pause).clamp(deal.region as u64, LONGEST_PAUSE),
        };
        alone_until = end + pause;
    }
}

/// Hands out regions of whole keys until something else comes, and adds them
/// up. Both verifier and source then stand in front of that.
fn hand_out<'s, 'a: 's, 'o: 's>(
    source: &mut (impl Regions<'a> + ?Sized),
    verifier: &mut Verifier<'o>,
    crew: &mut Crew<'s, '_, 'a, 'o>,
    size: usize,
) {
    let mut setting = verifier.setting();
    loop {
        let mut runs = crew.runs();
        let frame = source.frame(size, &mut runs);
        if frame.len > 0 {
            let mut region = source.cut(frame.len, || crew.buffer());
            region.runs = runs;
            crew.judge(region, setting, verifier);
            setting.types_seen |= frame.types;
        }
        if frame.len == 0 || frame.last {
            return crew.wait(verifier);
        }
    }
}
