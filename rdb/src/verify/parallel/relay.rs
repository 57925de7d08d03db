//! Threads that take turns at an input, and judge what they took.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{Builder, scope};

use crate::decoder::Decoder;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::region::{Region, Regions, Spare, decode};
use crate::verify::verifier::{Partial, Setting, Verifier};

/// Regions that may be judged before one in front of them: what they had to
/// say is held.
pub(super) const MOST_EARLY: u64 = 64;

/// Who takes turns. They are hired for each stretch of whole keys anew, and keep what
/// they have.
pub(super) struct Crew<'o> {
    threads: usize,
    members: Vec<Member<'o>>,
}

/// What one thread works with.
struct Member<'o> {
    verifier: Verifier<'o>,
    /// Memory of regions it has judged.
    spares: Vec<Spare>,
}

impl<'o> Crew<'o> {
    /// As many `threads`, the caller's among them.
    pub fn new(threads: usize) -> Crew<'o> {
        Crew {
            threads,
            members: Vec::new(),
        }
    }

    /// Judges whole keys from the front of `source`, in regions of `size` bytes, until
    /// something else comes. Both verifier and source then stand in front of that.
    ///
    /// # Errors
    ///
    /// What should have been found wrong when a region was cut off.
    ///
    /// # Panics
    ///
    /// If a thread does, with what it said.
    pub fn judge<'a>(
        &mut self,
        source: &mut (impl Regions<'a> + Send + ?Sized),
        verifier: &mut Verifier<'o>,
        size: usize,
    ) -> Result<()> {
        while self.members.len() < self.threads {
            self.members.push(Member {
                verifier: verifier.for_parts(),
                spares: Vec::new(),
            });
        }
        let Some((own, mut others)) = self.members.split_first_mut() else {
            return Ok(());
        };
        let relay = Relay {
            limits: *source.position().limits(),
            size,
            input: Mutex::new(Input {
                setting: verifier.setting(),
                source,
                begun: 0,
                over: false,
            }),
            sums: Mutex::new(Sums {
                verifier,
                added: 0,
                early: BTreeMap::new(),
                error: None,
                broken: false,
            }),
            added: Condvar::new(),
        };
        // Nobody is hired where there is nothing to be judged, or not much.
        if let Some(first) = relay.take(own) {
            if unpoisoned(relay.input.lock()).over {
                others = &mut [];
            }
            scope(|scope| {
                let run = |member| relay.guarded(|| relay.run(member));
                let hire = |member| Builder::new().spawn_scoped(scope, move || run(member));
                let hired: Vec<_> = others.iter_mut().map_while(|m| hire(m).ok()).collect();
                relay.guarded(|| {
                    relay.judge(first, own);
                    relay.run(own);
                });
                for member in hired {
                    if let Err(panic) = member.join() {
                        resume_unwind(panic);
                    }
                }
            });
        }
        match unpoisoned(relay.sums.into_inner()).error {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Lets the threads go; the keys they have seen come to `verifier`.
    pub fn dismiss(self, verifier: &mut Verifier<'o>) {
        for member in self.members {
            verifier.join_keys(member.verifier.into_keys());
        }
    }
}

/// What the threads of a crew share.
struct Relay<'r, 'o, S: ?Sized> {
    limits: Limits,
    /// Bytes of a region.
    size: usize,
    input: Mutex<Input<'r, S>>,
    sums: Mutex<Sums<'r, 'o>>,
    /// A region was added up, or none will be.
    added: Condvar,
}

/// What goes from one thread to the next.
struct Input<'r, S: ?Sized> {
    source: &'r mut S,
    setting: Setting,
    /// Regions taken.
    begun: u64,
    /// Something else than a key follows, or what stopped the others.
    over: bool,
}

/// What comes of the regions, in their order.
struct Sums<'r, 'o> {
    verifier: &'r mut Verifier<'o>,
    /// Regions added up.
    added: u64,
    /// Judged before those in front of them.
    early: BTreeMap<u64, Result<Partial>>,
    error: Option<Error>,
    /// A thread panicked: what is missing never comes.
    broken: bool,
}

/// A region to be judged.
struct Job<'a> {
    number: u64,
    region: Region<'a>,
    setting: Setting,
}

impl<'a, 'o, S: Regions<'a> + Send + ?Sized> Relay<'_, 'o, S> {
    /// Takes regions and judges them, until there is none.
    ///
    /// One more than is judged is taken as soon as nobody else reads, so that there is
    /// something to do while somebody does.
    fn run(&self, member: &mut Member<'o>) {
        let mut next = None;
        loop {
            let job = match next.take().or_else(|| self.take(member)) {
                Some(job) => job,
                None => return,
            };
            if let Ok(mut input) = self.input.try_lock() {
                next = input.take(self.size, &mut member.spares);
            }
            self.judge(job, member);
        }
    }

    /// Takes the next region off the input. To read it is the member's own work: what
    /// it has to judge is then in its processor's cache.
    fn take(&self, member: &mut Member<'o>) -> Option<Job<'a>> {
        // Of a source that has panicked nobody reads on.
        self.input.lock().ok()?.take(self.size, &mut member.spares)
    }

    /// Judges a region, and adds it up.
    fn judge(&self, job: Job<'a>, member: &mut Member<'o>) {
        let number = job.number;
        let part = job.judge(&self.limits, member);
        let mut sums = unpoisoned(self.sums.lock());
        while number > sums.added + MOST_EARLY && !sums.broken {
            sums = unpoisoned(self.added.wait(sums));
        }
        if sums.put(number, part) {
            self.added.notify_all();
        }
        if sums.error.is_some() {
            drop(sums);
            unpoisoned(self.input.lock()).over = true;
        }
    }

    /// Does some `work`. If that panics the others are told, who wait for it.
    fn guarded(&self, work: impl FnOnce()) {
        // What it leaves behind nobody looks at.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            unpoisoned(self.input.lock()).over = true;
            unpoisoned(self.sums.lock()).broken = true;
            self.added.notify_all();
            resume_unwind(panic);
        }
    }
}

impl<'a, S: Regions<'a> + ?Sized> Input<'_, S> {
    fn take(&mut self, size: usize, spares: &mut Vec<Spare>) -> Option<Job<'a>> {
        if self.over {
            return None;
        }
        let mut spare = spares.pop().unwrap_or_default();
        let Some(region) = self.source.cut(size, &mut spare) else {
            spares.push(spare);
            self.over = true;
            return None;
        };
        let (number, setting) = (self.begun, self.setting);
        self.begun += 1;
        self.setting.types_seen |= region.types;
        self.over = region.last;
        Some(Job {
            number,
            region,
            setting,
        })
    }
}

impl Sums<'_, '_> {
    /// Adds a region up, if all in front of it were; whether it was.
    fn put(&mut self, number: u64, part: Result<Partial>) -> bool {
        let before = self.added;
        self.early.insert(number, part);
        while let Some(part) = self.early.remove(&self.added) {
            self.added += 1;
            match part {
                Ok(part) if self.error.is_none() => self.verifier.absorb(part),
                Ok(_) => {}
                Err(error) => self.error = self.error.take().or(Some(error)),
            }
        }
        self.added > before
    }
}

impl Job<'_> {
    /// What the region comes to. Its memory is the member's again.
    fn judge(self, limits: &Limits, member: &mut Member<'_>) -> Result<Partial> {
        let Job {
            region, setting, ..
        } = self;
        let Member { verifier, spares } = member;
        let records = region.records();
        let mut decoder = Decoder::resume(region.from, *limits);
        verifier.begin_part(&setting);
        let outcome = match decode(&mut decoder, records, &region.runs, verifier) {
            Ok(used) if used == records.len() && decoder.at_record_boundary() => Ok(()),
            Ok(_) => Err(decoder.error_here(ErrorKind::Truncated)),
            Err(error) => Err(error),
        };
        debug_assert!(outcome.is_ok(), "no whole keys: {outcome:?}");
        let part = verifier.end_part();
        spares.push(region.into_spare());
        outcome.map(|()| part)
    }
}

/// What a lock holds, whatever came of the thread that had it: [`Relay::guarded`] tells.
fn unpoisoned<T>(held: std::result::Result<T, PoisonError<T>>) -> T {
    held.unwrap_or_else(PoisonError::into_inner)
}
