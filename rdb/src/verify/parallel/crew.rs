//! Threads that judge regions, and the bringing together of what they say.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender, TrySendError};
use std::sync::{Arc, Mutex};
use std::thread::{self, Builder, Scope, ScopedJoinHandle};

use crate::decoder::{Decoder, Runs};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::region::{Region, decode};
use crate::verify::keys::KeyLog;
use crate::verify::verifier::{Partial, Setting, Verifier};

/// Regions that may wait for each thread.
const WAITING: usize = 2;

/// Regions that may be judged before one in front of them: what they had to
/// say is held.
const MOST_EARLY: u64 = 64;

/// Keys to be judged.
struct Job<'a> {
    number: u64,
    region: Region<'a>,
    setting: Setting,
    limits: Limits,
}

/// Keys that were judged.
struct Done {
    number: u64,
    /// An error should have been found when the region was cut off.
    part: Result<Partial>,
    /// To be used again.
    buffer: Option<Vec<u8>>,
    runs: Runs,
}

/// The threads, and what is under way. They are hired for the first region.
pub(super) struct Crew<'scope, 'env, 'a, 'o> {
    scope: &'scope Scope<'scope, 'env>,
    threads: usize,
    hired: Option<Hired<'scope, 'a, 'o>>,
    buffers: Vec<Vec<u8>>,
    runs: Vec<Runs>,
    /// Bytes of a buffer.
    size: usize,
    limits: Limits,
    /// Regions handed out.
    begun: u64,
    /// Regions added up.
    added: u64,
    /// Judged before those in front of them.
    early: BTreeMap<u64, Result<Partial>>,
    error: Option<Error>,
}

struct Hired<'scope, 'a, 'o> {
    /// Judges in the caller's thread.
    own: Verifier<'o>,
    members: Vec<ScopedJoinHandle<'scope, KeyLog>>,
    queue: SyncSender<Job<'a>>,
    /// What is done, or what a thread panicked with.
    done: Receiver<thread::Result<Done>>,
}

impl<'scope, 'env, 'a: 'scope, 'o: 'scope> Crew<'scope, 'env, 'a, 'o> {
    /// As many `threads`, the caller's among them. Buffers have `size` bytes.
    pub fn new(
        scope: &'scope Scope<'scope, 'env>,
        threads: usize,
        size: usize,
        limits: Limits,
    ) -> Crew<'scope, 'env, 'a, 'o> {
        Crew {
            scope,
            threads,
            hired: None,
            buffers: Vec::new(),
            runs: Vec::new(),
            size,
            limits,
            begun: 0,
            added: 0,
            early: BTreeMap::new(),
            error: None,
        }
    }

    /// A buffer nobody uses.
    pub fn buffer(&mut self) -> Vec<u8> {
        self.buffers.pop().unwrap_or_else(|| vec![0; self.size])
    }

    /// Runs nobody uses, to find others in their place.
    pub fn runs(&mut self) -> Runs {
        self.runs.pop().unwrap_or_default()
    }

    /// What was found wrong while judging.
    pub fn take_error(&mut self) -> Option<Error> {
        self.error.take()
    }

    /// Has a region judged, and adds up what is done.
    pub fn judge(&mut self, region: Region<'a>, setting: Setting, verifier: &mut Verifier<'o>) {
        let hired = self
            .hired
            .get_or_insert_with(|| Hired::new(self.scope, verifier, self.threads));
        let job = Job {
            number: self.begun,
            region,
            setting,
            limits: self.limits,
        };
        self.begun += 1;
        match hired.queue.try_send(job) {
            Ok(()) => {}
            // No thread has time, or none was to be had.
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => {
                let done = job.judge(&mut hired.own);
                self.put(done, verifier);
            }
        }
        self.collect(MOST_EARLY, verifier);
    }

    /// Waits for all that was handed out, and adds it up.
    pub fn wait(&mut self, verifier: &mut Verifier<'o>) {
        self.collect(0, verifier);
    }

    /// Adds up what is done, and waits until no more than `most` are not.
    ///
    /// # Panics
    ///
    /// If a thread did, with what it said.
    fn collect(&mut self, most: u64, verifier: &mut Verifier<'o>) {
        while let Some(hired) = &self.hired {
            let next = if self.begun - self.added > most {
                // Each job comes back, and the threads stay as long as there
                // may be more.
                hired.done.recv().ok()
            } else {
                hired.done.try_recv().ok()
            };
            match next {
                Some(Ok(done)) => self.put(done, verifier),
                Some(Err(panic)) => resume_unwind(panic),
                None => return,
            }
        }
    }

    /// Adds a region up, if all in front of it were.
    fn put(&mut self, done: Done, verifier: &mut Verifier<'o>) {
        self.buffers.extend(done.buffer);
        self.runs.push(done.runs);
        self.early.insert(done.number, done.part);
        while let Some(part) = self.early.remove(&self.added) {
            self.added += 1;
            match part {
                Ok(part) if self.error.is_none() => verifier.absorb(part),
                Ok(_) => {}
                Err(error) => self.error = self.error.take().or(Some(error)),
            }
        }
    }

    /// Lets the threads go; the keys they have seen come to `verifier`.
    pub fn dismiss(self, verifier: &mut Verifier<'o>) {
        let Some(hired) = self.hired else { return };
        drop(hired.queue);
        verifier.join_keys(hired.own.into_keys());
        for member in hired.members {
            match member.join() {
                Ok(keys) => verifier.join_keys(keys),
                Err(panic) => resume_unwind(panic),
            }
        }
    }
}

impl<'scope, 'a: 'scope, 'o: 'scope> Hired<'scope, 'a, 'o> {
    /// One thread less than `threads`, or as many as are to be had.
    fn new(
        scope: &'scope Scope<'scope, '_>,
        verifier: &Verifier<'o>,
        threads: usize,
    ) -> Hired<'scope, 'a, 'o> {
        let (queue, jobs) = mpsc::sync_channel(WAITING * (threads - 1));
        let (sender, done) = mpsc::channel();
        let jobs = Arc::new(Mutex::new(jobs));
        let hire = |_| {
            let (jobs, done) = (Arc::clone(&jobs), sender.clone());
            let own = verifier.for_parts();
            Builder::new().spawn_scoped(scope, move || member(own, &jobs, &done))
        };
        Hired {
            own: verifier.for_parts(),
            members: (1..threads).map_while(|n| hire(n).ok()).collect(),
            queue,
            done,
        }
    }
}

/// A thread of the crew. Gives the keys it has seen.
fn member<'a>(
    mut own: Verifier<'_>,
    jobs: &Mutex<Receiver<Job<'a>>>,
    done: &Sender<thread::Result<Done>>,
) -> KeyLog {
    loop {
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => break,
        };
        let Ok(job) = job else { break };
        // The caller waits for each job: it has to hear of one that panicked,
        // and then uses nothing of ours.
        let result = catch_unwind(AssertUnwindSafe(|| job.judge(&mut own)));
        if done.send(result).is_err() {
            break;
        }
    }
    own.into_keys()
}

impl Job<'_> {
    fn judge(mut self, verifier: &mut Verifier<'_>) -> Done {
        let runs = std::mem::take(&mut self.region.runs);
        let records = self.region.records();
        let mut decoder = Decoder::resume(self.region.from, self.limits);
        verifier.begin_part(&self.setting);
        let outcome = match decode(&mut decoder, records, &runs, verifier) {
            Ok(used) if used == records.len() && decoder.at_record_boundary() => Ok(()),
            Ok(_) => Err(decoder.error_here(ErrorKind::Truncated)),
            Err(error) => Err(error),
        };
        debug_assert!(outcome.is_ok(), "no whole keys: {outcome:?}");
        let part = verifier.end_part();
        Done {
            number: self.number,
            part: outcome.map(|()| part),
            buffer: self.region.into_buffer(),
            runs,
        }
    }
}
