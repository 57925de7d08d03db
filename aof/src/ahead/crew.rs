//! The threads that read pieces, whichever comes next, and what they read in the
//! order of the file.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{Builder, Scope};

/// Pieces under way for each thread: one it reads, one that waits to be told, and
/// one more, as threads are not equally fast.
const UNDER_WAY: usize = 3;

/// A piece to be read: which one, and where it is.
type Job = (u64, Range<u64>);

/// Threads that read pieces of the kind `P`.
pub(super) struct Crew<P> {
    threads: usize,
    jobs: Sender<Job>,
    /// `None` where nothing could be read.
    done: Receiver<(u64, Option<P>)>,
}

impl<P: Send> Crew<P> {
    /// One thread for each of `tools`, which reads pieces with `read` and a window
    /// of its own until the crew is dropped.
    pub fn new<'scope, 'env, T: Send + 'scope>(
        scope: &'scope Scope<'scope, 'env>,
        tools: Vec<T>,
        read: impl Fn(Range<u64>, &mut T, &mut Vec<u8>) -> Option<P> + Copy + Send + 'scope,
    ) -> Crew<P>
    where
        P: 'scope,
    {
        let (jobs, waiting) = channel();
        let (told, done) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        let hire = |mut tool: T| {
            let (waiting, told) = (Arc::clone(&waiting), told.clone());
            Builder::new().spawn_scoped(scope, move || {
                let mut window = Vec::new();
                work(&waiting, &told, |range| read(range, &mut tool, &mut window));
            })
        };
        let threads = tools.into_iter().map_while(|tool| hire(tool).ok()).count();
        Crew {
            threads,
            jobs,
            done,
        }
    }

    /// Has pieces read, and gives them in their order, up to the first of which
    /// nothing could be read.
    pub fn run(self, ranges: impl Iterator<Item = Range<u64>>) -> impl Iterator<Item = P> {
        let mut ranges = (0..).zip(ranges);
        let mut under_way = 0;
        let mut early = BTreeMap::new();
        let mut next = 0u64;
        std::iter::from_fn(move || {
            while under_way + early.len() < UNDER_WAY * self.threads
                && let Some(job) = ranges.next()
                && self.jobs.send(job).is_ok()
            {
                under_way += 1;
            }
            while !early.contains_key(&next) && under_way > 0 {
                let (index, piece) = self.done.recv().ok()?;
                early.insert(index, piece);
                under_way -= 1;
            }
            let piece = early.remove(&next)?;
            next += 1;
            piece
        })
    }
}

/// What a thread does.
///
/// # Panics
///
/// If `read` does, once that was told.
fn work<P>(
    waiting: &Mutex<Receiver<Job>>,
    told: &Sender<(u64, Option<P>)>,
    mut read: impl FnMut(Range<u64>) -> Option<P>,
) {
    while let Some((index, range)) = next(waiting) {
        // Somebody waits for each job.
        let piece = catch_unwind(AssertUnwindSafe(|| read(range)));
        let (piece, panic) = match piece {
            Ok(piece) => (piece, None),
            Err(panic) => (None, Some(panic)),
        };
        let heard = told.send((index, piece));
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        // Nobody is there any more where an error was found, or all is to be seen.
        if heard.is_err() {
            return;
        }
    }
}

/// The next job, unless there will be none.
fn next(waiting: &Mutex<Receiver<Job>>) -> Option<Job> {
    waiting.lock().ok()?.recv().ok()
}
