//! What a plan tells of a log, collected while it is read: each command is said
//! to stay or to go.

use crate::command::Command;
use crate::edit::excerpt::Excerpt;
use crate::edit::kept::Keeping;
use crate::edit::plan::{Around, Kept, Tally};
use crate::edit::tally::Count;
use crate::set::Set;
use crate::transaction::Place;
use crate::walk::{Item, Unit};

/// Commands shown before, among and behind what goes.
const SHOWN: usize = 5;

/// Places of which that is shown.
const PLACES: usize = 10;

/// Bytes kept of a command that may come to be shown.
const PREFIX: usize = 256;

/// See the module.
#[derive(Debug)]
pub(super) struct Survey<'a> {
    set: &'a Set,
    pub gone: Count,
    pub keeping: Keeping,
    last: Ring,
    around: Vec<Around>,
    /// The last command goes.
    going: bool,
}

impl<'a> Survey<'a> {
    pub fn new(set: &'a Set, now_ms: i64) -> Survey<'a> {
        Survey {
            set,
            gone: Count::new(),
            keeping: Keeping::new(now_ms, set.manifest().is_some()),
            last: Ring::default(),
            around: Vec::new(),
            going: false,
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
        self.going = false;
        let open = self.around.last().is_some_and(|a| a.after.len() < SHOWN);
        if open {
            let shown = self.excerpt(unit);
            if let Some(around) = self.around.last_mut() {
                around.after.push(shown);
            }
        }
        if self.around.len() < PLACES {
            self.last.push(unit, &command);
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
    }

    fn hole(&mut self, unit: &Unit<'_>) {
        if unit.item.command().is_none() {
            return;
        }
        let new = !std::mem::replace(&mut self.going, true);
        if new && self.around.len() < PLACES {
            self.around.push(Around {
                before: self.last.excerpts(self.set),
                ..Around::default()
            });
        } else if new || self.around.last().is_none_or(|a| !a.after.is_empty()) {
            return;
        }
        let shown = self.excerpt(unit);
        if let Some(around) = self.around.last_mut()
            && around.gone.len() < SHOWN
        {
            around.gone.push(shown);
        }
    }

    /// Something went here of which `gone` could be read; it is counted elsewhere.
    pub fn around_hole(&mut self, gone: Vec<Excerpt>) {
        if let Some(around) = self
            .around
            .last_mut()
            .filter(|a| self.going && a.after.is_empty())
        {
            around.gone.extend(gone);
            around.gone.truncate(SHOWN);
        } else if self.around.len() < PLACES {
            self.around.push(Around {
                before: self.last.excerpts(self.set),
                gone,
                after: Vec::new(),
            });
        }
        self.going = true;
    }

    pub fn finish(self) -> (Tally, Kept, Vec<Around>) {
        (self.gone.finish(), self.keeping.finish(), self.around)
    }
}

/// The name of a file of the set.
pub(super) fn name(set: &Set, file: usize) -> &[u8] {
    set.files().get(file).map_or(&[], |file| &file.name)
}

/// The last few commands, as much of them as may be shown.
#[derive(Debug, Default)]
struct Ring {
    held: [Held; SHOWN],
    next: usize,
}

#[derive(Debug, Default)]
struct Held {
    raw: Vec<u8>,
    args: u32,
    file: usize,
    begin: u64,
    end: u64,
    db: u64,
    time: Option<i64>,
    transaction: Option<u64>,
}

impl Ring {
    #[inline(always)]
    fn push(&mut self, unit: &Unit<'_>, command: &Command<'_>) {
        let raw = command.as_raw();
        if let Some(held) = self.held.get_mut(self.next) {
            held.raw.clear();
            held.raw.extend_from_slice(raw.get(..PREFIX).unwrap_or(raw));
            held.args = u32::try_from(command.len()).unwrap_or(u32::MAX);
            (held.file, held.begin, held.end) = (unit.file, unit.begin, unit.end);
            (held.db, held.time) = (unit.db, unit.time);
            held.transaction = unit.transaction;
        }
        self.next = (self.next + 1) % SHOWN;
    }

    fn excerpts(&self, set: &Set) -> Vec<Excerpt> {
        let (newer, older) = self.held.split_at(self.next);
        let held = older.iter().chain(newer).filter(|held| held.args > 0);
        let excerpt = |held: &Held| {
            let unit = Unit {
                item: Item::Command(Command::beginning(&held.raw, held.args)),
                file: held.file,
                begin: held.begin,
                end: held.end,
                db: held.db,
                time: held.time,
                // Neither is shown.
                place: Place::Alone,
                settled: held.db,
                transaction: held.transaction,
                name: None,
            };
            Excerpt::of(&unit, name(set, held.file))
        };
        held.map(excerpt).collect()
    }
}
