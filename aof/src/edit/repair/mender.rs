//! The pass that finds out what of a file must go.

use std::ops::Range;

use crate::ahead::Passed;
use crate::command::Command;
use crate::edit::assemble;
use crate::edit::plan::Harm;
use crate::edit::repair::resync::{Known, is_of_module, known};
use crate::edit::routine::Routines;
use crate::edit::survey::Survey;
use crate::edit::target::Repair;
use crate::name::Name;
use crate::scan::Quirks;
use crate::walk::{Item, Run, Skimmer, Stands, Unit, Visitor};

/// Bytes that go, and why.
#[derive(Clone, Debug)]
pub(super) struct Hole {
    pub range: Range<u64>,
    pub harm: Harm,
    pub insert: Vec<u8>,
    /// The database in force at its beginning.
    pub db: u64,
}

/// The transaction at hand.
#[derive(Clone, Debug)]
struct Open {
    begin: u64,
    /// The database in force at its MULTI.
    db: u64,
    /// Some of it goes.
    broken: bool,
    /// The last damaged bytes in it: where they end, and the database there.
    /// Its EXEC may have been among them.
    damaged: Option<(u64, u64)>,
}

/// The command before the one at hand.
#[derive(Clone, Copy, Debug)]
struct Last {
    begin: u64,
    end: u64,
    /// Bytes behind an argument are not CRLF: a length is wrong.
    odd: bool,
}

/// A stretch behind damage in which the database is not certain.
#[derive(Clone, Debug)]
pub(super) struct Uncertain {
    pub range: Range<u64>,
    pub db: u64,
    /// Commands in it that stay; counted last.
    pub commands: u64,
}

pub(super) struct Mender<'a, 's> {
    survey: &'a mut Survey<'s>,
    /// Damage in the middle is left out.
    skip: bool,
    /// Commands of modules.
    modules: &'a [String],
    pub holes: Vec<Hole>,
    pub uncertain: Vec<Uncertain>,
    open: Option<Open>,
    /// Behind damage outside of transactions: where it ends, and the database
    /// there. A MULTI may have been among it.
    lost_multi: Option<(u64, u64)>,
    last: Option<Last>,
    /// Where an annotation without LF begins, and ends.
    torn: Option<(u64, u64)>,
    /// Where the last annotation begins and ends that is no time.
    remark: Option<(u64, u64)>,
}

impl<'a, 's> Mender<'a, 's> {
    /// For one file.
    pub fn new(survey: &'a mut Survey<'s>, allowed: &'a Repair) -> Mender<'a, 's> {
        Mender {
            survey,
            skip: allowed.skip_damage,
            modules: &allowed.module_commands,
            holes: Vec::new(),
            uncertain: Vec::new(),
            open: None,
            lost_multi: None,
            last: None,
            torn: None,
            remark: None,
        }
    }

    /// Where the damage at `unit` begins: at the command before it, if that one
    /// is what was damaged.
    pub fn damaged_from(&self, unit: u64, first: Option<u8>) -> u64 {
        match self.before(unit) {
            Some(last) if last.odd || first == Some(b'$') => last.begin,
            _ => unit,
        }
    }

    /// Where the command right before `unit` begins.
    pub fn command_before(&self, unit: u64) -> Option<u64> {
        self.before(unit).map(|last| last.begin)
    }

    fn before(&self, unit: u64) -> Option<Last> {
        self.last.filter(|last| last.end == unit)
    }

    /// Damaged bytes that are left out; `db` is in force there.
    pub fn damage(&mut self, range: Range<u64>, why: String, db: u64) {
        let end = range.end;
        // The command before it may be left out already.
        self.holes.retain(|hole| hole.range.start < range.start);
        self.hole(range, Harm::Bytes(why), db);
        match &mut self.open {
            Some(open) => {
                open.broken = true;
                open.damaged = Some((end, db));
            }
            None => _ = self.lost_multi.get_or_insert((end, db)),
        }
        self.lost_select(end, db);
        self.last = None;
    }

    /// From `from` on another database may be meant than the one in force, `db`.
    fn lost_select(&mut self, from: u64, db: u64) {
        self.certain(from);
        self.uncertain.push(Uncertain {
            range: from..u64::MAX,
            db,
            commands: 0,
        });
    }

    /// From `from` on the database is known.
    fn certain(&mut self, from: u64) {
        if let Some(last) = self.uncertain.last_mut() {
            last.range.end = last.range.end.min(from);
        }
    }

    /// The file ends at `at`, or before: all up to `length` goes.
    pub fn cut(&mut self, at: u64, length: u64, harm: Harm, db: u64) {
        let (at, db) = match self.open.take() {
            Some(open) => (open.begin, open.db),
            None => (at, db),
        };
        self.holes.retain(|hole| hole.range.start < at);
        self.uncertain.retain(|stretch| stretch.range.start < at);
        if at < length {
            self.hole(at..length, harm, db);
        }
    }

    /// The file has been read to its end: whether a transaction is open there.
    pub fn ends_open(&mut self) -> bool {
        self.lost_exec();
        self.open.is_some()
    }

    /// An annotation without LF that ends the file at `end` goes.
    pub fn cut_torn_annotation(&mut self, end: u64) {
        let begin = self.whole_before(end);
        if begin < end {
            self.hole(begin..end, Harm::TornAnnotation, 0);
        }
    }

    /// `at`, or the beginning of the annotation without LF that ends there.
    pub fn whole_before(&self, at: u64) -> u64 {
        let torn = self.torn.filter(|torn| torn.1 == at);
        torn.map_or(at, |torn| torn.0)
    }

    /// `at`, or the beginning of the annotation that ends right before damage
    /// there: a command whose `*` has become a `#` looks like one.
    pub fn remark_before(&self, at: u64) -> u64 {
        let remark = self.remark.filter(|remark| remark.1 == at);
        remark.map_or(at, |remark| remark.0)
    }

    fn hole(&mut self, range: Range<u64>, harm: Harm, db: u64) {
        self.holes.push(Hole {
            range,
            harm,
            insert: Vec::new(),
            db,
        });
    }

    /// What is not yet left out of `range` is; behind it `db` is in force as it
    /// would have been.
    fn fill(&mut self, range: Range<u64>, before: u64, db: u64) {
        let first = self
            .holes
            .partition_point(|hole| hole.range.end <= range.start);
        let inside = self.holes.split_off(first);
        let mut at = range.start;
        for hole in inside {
            if at < hole.range.start {
                self.hole(at..hole.range.start, Harm::BrokenTransaction, before);
            }
            at = hole.range.end;
            self.holes.push(hole);
        }
        if at < range.end {
            self.hole(at..range.end, Harm::BrokenTransaction, before);
        }
        if before != db
            && let Some(last) = self.holes.last_mut()
        {
            last.insert = assemble::select(db);
        }
    }

    /// A transaction with damage goes on where none can: its EXEC was damaged.
    fn lost_exec(&mut self) {
        if let Some(open) = &self.open
            && let Some((end, db)) = open.damaged
        {
            let (begin, before) = (open.begin, open.db);
            self.open = None;
            self.fill_up_to(begin..end, before, db);
        }
    }

    /// As [`fill`](Self::fill), with holes behind the range, too.
    fn fill_up_to(&mut self, range: Range<u64>, before: u64, db: u64) {
        let behind = self
            .holes
            .partition_point(|hole| hole.range.start < range.end);
        let behind = self.holes.split_off(behind);
        self.fill(range, before, db);
        self.holes.extend(behind);
    }

    fn multi(&mut self, unit: &Unit<'_>) {
        self.lost_multi = None;
        self.lost_exec();
        if self.open.is_some() {
            self.hole(unit.begin..unit.end, Harm::Vain, unit.db);
            return;
        }
        self.open = Some(Open {
            begin: unit.begin,
            db: unit.db,
            broken: false,
            damaged: None,
        });
    }

    fn exec(&mut self, unit: &Unit<'_>) {
        match (self.open.take(), self.lost_multi.take()) {
            (Some(open), _) => {
                if open.broken {
                    self.fill(open.begin..unit.end, open.db, unit.db);
                }
            }
            (None, Some((begin, db))) => self.fill(begin..unit.end, db, unit.db),
            (None, None) => self.hole(unit.begin..unit.end, Harm::Vain, unit.db),
        }
    }

    /// What servers refuse to run.
    fn refused(&mut self, unit: &Unit<'_>) -> Option<Harm> {
        let command = unit.item.command()?;
        let abridged = matches!(unit.item, Item::Abridged(_));
        match known(&command) {
            Known::No if !is_of_module(command.name(), self.modules) => Some(Harm::UnknownCommand),
            Known::WrongArity if !abridged => Some(Harm::WrongArity),
            // One that selects does not come here.
            Known::Yes if command.is(b"SELECT") => Some(Harm::VainSelect),
            _ => None,
        }
    }
}

impl Visitor for Mender<'_, '_> {
    fn preamble(&mut self, _: usize, event: &rdbkit_rdb::Event<'_>) {
        self.survey.preamble(event);
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        self.survey.stays(unit);
        let command = match unit.item {
            Item::Command(command) | Item::Abridged(command) => command,
            Item::Annotation(line) => {
                self.last = None;
                if !line.is_complete() {
                    let begin = self.whole_before(unit.begin);
                    self.torn = Some((begin, unit.end));
                } else if line.timestamp().is_none() {
                    self.remark = Some((unit.begin, unit.end));
                }
                if self.skip && line.is_complete() && line.is_damaged() {
                    // It may have been anything.
                    self.hole(unit.begin..unit.end, Harm::DamagedAnnotation, unit.db);
                    return;
                }
                // There are none inside transactions: what was damaged before
                // is no MULTI of an EXEC behind it, nor the other way round.
                self.lost_exec();
                self.lost_multi = None;
                return;
            }
        };
        self.last = None;
        if command.is(b"MULTI") {
            return self.multi(unit);
        }
        if command.is(b"EXEC") {
            return self.exec(unit);
        }
        if crate::selects(&command).is_some() {
            self.certain(unit.begin);
            return;
        }
        self.last = Some(Last {
            begin: unit.begin,
            end: unit.end,
            odd: command.quirks().contains(Quirks::TERMINATOR),
        });
        if self.skip
            && let Some(harm) = self.refused(unit)
        {
            // Of one word that no server knows: an EXEC, perhaps, that was damaged.
            if harm == Harm::VainSelect {
                self.lost_select(unit.end, unit.db);
            }
            let may_be_exec = harm == Harm::UnknownCommand && command.len() == 1;
            self.hole(unit.begin..unit.end, harm, unit.db);
            if let Some(open) = &mut self.open {
                open.broken = true;
                if may_be_exec {
                    open.damaged = Some((unit.end, unit.db));
                }
            }
        }
    }
}

impl<'s> Skimmer for Mender<'_, 's> {
    type Ahead = Routines<'s>;

    fn ahead(&self) -> Option<Routines<'s>> {
        Some(self.survey.ahead())
    }

    fn until(&self) -> u64 {
        self.survey.until()
    }

    fn passes(&mut self, passed: &Passed) {
        self.survey.passes(passed);
    }

    #[inline(always)]
    fn skims(&mut self, command: &Command<'_>, name: Name, stands: &Stands) -> bool {
        self.survey.skims(command, name, stands)
    }

    #[inline(always)]
    fn pending(&self) -> u64 {
        self.survey.pending()
    }

    #[inline(always)]
    fn skimmed(&mut self, run: &Run) {
        self.survey.skimmed(run);
        self.last = self.survey.last_span().map(|(begin, end)| Last {
            begin,
            end,
            odd: false,
        });
    }
}
