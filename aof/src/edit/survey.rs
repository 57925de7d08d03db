//! What a plan tells of a log, collected while it is read: each command is said
//! to stay or to go.

use crate::ahead::Passed;
use crate::command::Command;
use crate::edit::error::Error;
use crate::edit::excerpt::Excerpt;
use crate::edit::kept::Keeping;
use crate::edit::plan::{Around, Kept, Tally};
use crate::edit::recent::{Recent, Scene, Shown};
use crate::edit::routine::{Policy, Routines};
use crate::edit::tally::Count;
use crate::name::Name;
use crate::set::Set;
use crate::source::Source;
use crate::walk::{Run, Stands, Unit};

/// Commands shown before, among and behind what goes.
const SHOWN: usize = 5;

/// Places of which that is shown.
const PLACES: usize = 10;

/// See the module.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    set: &'a Set,
    pub gone: Count,
    pub keeping: Keeping,
    recent: Recent,
    /// What stands before each place is read again at last.
    around: Vec<(Vec<Shown>, Around)>,
    /// The last command goes.
    going: bool,
    /// Commands of which nothing is told but how many there are.
    routines: Routines<'a>,
    /// Commands that end behind this byte are all looked at; `limit`, or 0 while
    /// some are `wanting`.
    until: u64,
    limit: u64,
    /// Behind a place some are still to be shown.
    wanting: bool,
}

impl<'a> Survey<'a> {
    /// Commands of which the `policy` says that they need a look come as units, all
    /// of them.
    pub fn new(set: &'a Set, policy: Policy<'a>) -> Survey<'a> {
        Survey {
            set,
            gone: Count::new(),
            keeping: Keeping::new(policy.now_ms.unwrap_or_default(), set.manifest().is_some()),
            recent: Recent::default(),
            around: Vec::new(),
            going: false,
            routines: Routines::new(policy),
            until: u64::MAX,
            limit: u64::MAX,
            wanting: false,
        }
    }

    /// Commands up to this byte of the file at hand may be passed over.
    pub fn skim_until(&mut self, offset: u64) {
        self.limit = offset;
        self.want(self.wanting);
    }

    fn want(&mut self, wanting: bool) {
        self.wanting = wanting;
        self.until = if wanting { 0 } else { self.limit };
    }

    /// Whether a command that stays is passed over; it is then part of a run.
    #[inline(always)]
    pub fn skims(&mut self, command: &Command<'_>, name: Name, stands: &Stands) -> bool {
        let keeping = &self.keeping;
        let expired = |key: &[u8]| keeping.has_expired(stands.db, key);
        if stands.end > self.until || !self.routines.takes(command, name, expired) {
            return false;
        }
        self.recent.push(stands.begin, stands.end);
        true
    }

    /// For another thread, which passes over commands in this one's place.
    pub fn ahead(&self) -> Routines<'a> {
        self.routines.afresh()
    }

    /// Up to which byte of the file at hand others may do so.
    pub fn until(&self) -> u64 {
        // Each command may concern a key that has expired; which ones those are is
        // known here alone.
        if self.routines.any_expired() {
            0
        } else {
            self.until
        }
    }

    /// Commands that others passed over.
    pub fn passes(&mut self, passed: &Passed) {
        self.recent.push_run(passed);
    }

    /// How many were passed over since [`skimmed`](Self::skimmed) told of some.
    #[inline(always)]
    pub fn pending(&self) -> u64 {
        self.recent.pending()
    }

    /// Commands that were passed over.
    #[inline(always)]
    pub fn skimmed(&mut self, run: &Run) {
        self.keeping.more(run.commands);
        self.going = false;
        let scene = Scene {
            file: run.file,
            db: run.db,
            time: run.time,
            transaction: run.transaction,
        };
        self.recent.scene(scene);
    }

    /// Where the last command that stays begins and ends.
    pub fn last_span(&self) -> Option<(u64, u64)> {
        self.recent.last_span()
    }

    /// Something of an RDB file at the front.
    pub fn preamble(&mut self, event: &rdbkit_rdb::Event<'_>) {
        self.keeping.preamble(event);
        self.look_for_expired();
    }

    fn look_for_expired(&mut self) {
        if self.keeping.any_expired() {
            self.routines.key_has_expired();
        }
    }

    fn excerpt(&self, unit: &Unit<'_>) -> Excerpt {
        Excerpt::of(unit, name(self.set, unit.file))
    }

    /// A command or annotation that stays.
    #[inline(always)]
    pub fn stays(&mut self, unit: &Unit<'_>) {
        self.keeping.unit(unit);
        let Some(command) = unit.item.command() else {
            return;
        };
        self.look_for_expired();
        self.going = false;
        if self.wanting {
            self.shown_behind(unit);
        }
        self.recent.push(unit.begin, unit.end);
        let scene = Scene {
            file: unit.file,
            db: unit.db,
            time: unit.time,
            transaction: unit.transaction,
        };
        self.recent.scene(scene);
        if let Some(name) = unit.name
            && self.routines.is_new(name)
        {
            self.routines.learn(&command);
        }
    }

    #[cold]
    fn shown_behind(&mut self, unit: &Unit<'_>) {
        let shown = self.excerpt(unit);
        if let Some((_, around)) = self.around.last_mut() {
            around.after.push(shown);
            let wanting = around.after.len() < SHOWN;
            self.want(wanting);
        }
    }

    /// A command or annotation that goes.
    #[inline(never)]
    pub fn goes(&mut self, unit: &Unit<'_>) {
        self.gone.unit(unit);
        self.hole(unit);
    }

    /// A command of which these keys go.
    pub fn shortens(&mut self, unit: &Unit<'_>, lost: &[Vec<u8>]) {
        self.gone.shortened(unit, lost);
        self.hole(unit);
        self.keeping.unit(unit);
        self.look_for_expired();
    }

    fn hole(&mut self, unit: &Unit<'_>) {
        if unit.item.command().is_none() {
            return;
        }
        let new = !std::mem::replace(&mut self.going, true);
        if new && self.around.len() < PLACES {
            self.place(Vec::new());
        } else if new || !self.open() {
            return;
        }
        if self
            .around
            .last()
            .is_some_and(|(_, a)| a.gone.len() < SHOWN)
        {
            let shown = self.excerpt(unit);
            if let Some((_, around)) = self.around.last_mut() {
                around.gone.push(shown);
            }
        }
    }

    /// Whether more may go at the last place.
    fn open(&self) -> bool {
        self.around.last().is_some_and(|(_, a)| a.after.is_empty())
    }

    fn place(&mut self, gone: Vec<Excerpt>) {
        let around = Around {
            gone,
            ..Around::default()
        };
        let before = self.recent.last(SHOWN as u64);
        self.around.push((before, around));
        self.want(true);
    }

    /// Something went here of which `gone` could be read; it is counted elsewhere.
    pub fn around_hole(&mut self, gone: Vec<Excerpt>) {
        if self.going && self.open() {
            if let Some((_, around)) = self.around.last_mut() {
                around.gone.extend(gone);
                around.gone.truncate(SHOWN);
            }
        } else if self.around.len() < PLACES {
            self.place(gone);
        }
        self.going = true;
    }

    /// Reads what stands before each place again.
    pub fn finish(self, source: &dyn Source) -> Result<(Tally, Kept, Vec<Around>), Error> {
        let mut all = Vec::with_capacity(self.around.len());
        for (before, mut around) in self.around {
            for shown in before {
                let read = shown.excerpts(self.set, source);
                around
                    .before
                    .extend(read.map_err(|error| Error::Unreadable {
                        file: shown.file(self.set).to_vec(),
                        what: error.to_string(),
                    })?);
            }
            all.push(around);
        }
        Ok((self.gone.finish(), self.keeping.finish(), all))
    }
}

/// The name of a file of the set.
pub(super) fn name(set: &Set, file: usize) -> &[u8] {
    set.files().get(file).map_or(&[], |file| &file.name)
}
