//! The pass that takes out commands and collects what is told of it.

use crate::ahead::Passed;
use crate::command::Command;
use crate::edit::assemble::{self, Gap};
use crate::edit::error::Error;
use crate::edit::excerpt::Excerpt;
use crate::edit::find::Problem;
use crate::edit::note::Note;
use crate::edit::plan::Spot;
use crate::edit::routine::{Policy, Routines};
use crate::edit::shorten::{Loss, loss};
use crate::edit::survey::{self, Survey};
use crate::edit::target::Matching;
use crate::name::{Control, Name};
use crate::set::Set;
use crate::transaction::Place;
use crate::walk::{FileEnd, Run, Skimmer, Stands, Unit, Visitor};
use rdbkit_rdb::redact::plain;

/// Matches that are told where one was expected.
const FIRST: usize = 10;

/// Notes on single places.
const NOTES: usize = 100;

#[derive(Debug)]
pub(super) enum Aim<'a> {
    /// These, or only one of them.
    Match {
        matching: &'a Matching,
        nth: Option<u64>,
    },
    /// The one in this file that holds this byte.
    Offset { file: usize, offset: u64 },
}

impl Aim<'_> {
    pub fn nth(&self) -> Option<u64> {
        match self {
            Aim::Match { nth, .. } => *nth,
            Aim::Offset { .. } => None,
        }
    }
}

/// The transaction at hand.
#[derive(Debug, Default)]
struct Open {
    begin: u64,
    /// It goes as a whole.
    goes: bool,
    /// How many gaps of the file are before it.
    gaps: usize,
    selects: u64,
    /// Commands of it that stay, but SELECT.
    stay: u64,
    lost: u64,
}

pub(super) struct Dropper<'a> {
    set: &'a Set,
    pub aim: Aim<'a>,
    keys: &'a [Vec<u8>],
    pub survey: Survey<'a>,
    /// What goes of each file.
    pub gaps: Vec<Vec<Gap>>,
    pub matches: u64,
    pub commands: u64,
    /// The first matches.
    pub first: Vec<Excerpt>,
    pub failure: Option<Error>,
    /// The first match that is none because it sets the scene for others.
    pub spared: Option<Error>,
    pub problems: Vec<Problem>,
    pub notes: Vec<Note>,
    /// Transactions that lose some commands.
    pub split: u64,
    /// Transactions that lose all commands, and go.
    pub emptied: u64,
    open: Option<Open>,
}

/// Whether a command sets the scene for others, and stays.
fn sets_scene(command: &Command<'_>) -> bool {
    Control::of(command.name()) != Control::None
}

/// Whether a command is one to be taken out.
pub(super) fn matches(matching: &Matching, keys: &[Vec<u8>], unit: &Unit<'_>) -> bool {
    matching.finds(unit)
        && unit.item.command().is_some_and(|c| !sets_scene(&c))
        && (keys.is_empty() || loss(&unit.item, keys) != Loss::Nothing)
}

/// Why a command that sets the scene for others stays.
pub(super) fn why_not(name: &[u8]) -> &'static str {
    if name.eq_ignore_ascii_case(b"SELECT") {
        "commands behind it would work on another database; take out those commands"
    } else {
        "the other half of the transaction would be left; to take out all of one, name the offset of its MULTI"
    }
}

impl<'a> Dropper<'a> {
    pub fn new(set: &'a Set, aim: Aim<'a>, keys: &'a [Vec<u8>], now_ms: i64) -> Dropper<'a> {
        let matching = match &aim {
            Aim::Match { matching, .. } => Some(*matching),
            Aim::Offset { .. } => None,
        };
        let policy = Policy {
            matching,
            now_ms: Some(now_ms),
            ..Policy::default()
        };
        Dropper {
            set,
            aim,
            keys,
            survey: Survey::new(set, policy),
            gaps: Vec::new(),
            matches: 0,
            commands: 0,
            first: Vec::new(),
            failure: None,
            spared: None,
            problems: Vec::new(),
            notes: Vec::new(),
            split: 0,
            emptied: 0,
            open: None,
        }
    }

    pub fn spot(&self, file: usize, offset: u64) -> Spot {
        Spot::of(self.set, file, offset, self.survey.keeping.time())
    }

    /// Whether the unit, or a part of it, is to go.
    #[inline]
    fn hit(&mut self, unit: &Unit<'_>) -> bool {
        match &self.aim {
            Aim::Match { matching, nth } => {
                if !matches(matching, self.keys, unit) {
                    if matching.finds(unit) && self.spared.is_none() {
                        self.spared = self.spare(unit);
                    }
                    return false;
                }
                self.matches += 1;
                if self.first.len() < FIRST {
                    let name = survey::name(self.set, unit.file);
                    self.first.push(Excerpt::of(unit, name));
                }
                nth.is_none_or(|nth| nth == self.matches)
            }
            Aim::Offset { file, offset } => {
                let here = unit.file == *file && (unit.begin..unit.end).contains(offset);
                here && self.hit_at(unit, *offset)
            }
        }
    }

    /// Why a unit that matches is not taken out: it sets the scene for others.
    #[cold]
    fn spare(&self, unit: &Unit<'_>) -> Option<Error> {
        let command = unit.item.command().filter(sets_scene)?;
        Some(self.context(&command.name().to_ascii_uppercase(), unit))
    }

    fn context(&self, name: &[u8], unit: &Unit<'_>) -> Error {
        Error::Context {
            name: plain(name).to_string(),
            at: Some(self.spot(unit.file, unit.begin)),
            why: why_not(name),
        }
    }

    #[cold]
    fn hit_at(&mut self, unit: &Unit<'_>, offset: u64) -> bool {
        self.matches += 1;
        self.survey.skim_until(u64::MAX);
        let asked = self.spot(unit.file, offset);
        let Some(command) = unit.item.command() else {
            self.failure = Some(Error::NoCommand { at: asked });
            return false;
        };
        let name = command.name().to_ascii_uppercase();
        if name == b"SELECT" || unit.place == Place::Closes {
            self.failure = Some(self.context(&name, unit));
            return false;
        }
        if !self.keys.is_empty() && loss(&unit.item, self.keys) == Loss::Nothing {
            // None of the keys: nothing matches.
            self.failure = Some(Error::NothingMatches {
                commands: 1,
                files: 1,
                unread: Vec::new(),
            });
            return false;
        }
        if offset != unit.begin {
            self.notes.push(Note::Moved {
                from: asked,
                to: self.spot(unit.file, unit.begin),
                transaction: false,
            });
        }
        true
    }

    fn gap(&mut self, begin: u64, end: u64, insert: Vec<u8>) {
        let Some(gaps) = self.gaps.last_mut() else {
            return;
        };
        if let Some(last) = gaps.last_mut()
            && last.range.end == begin
            && last.insert.is_empty()
            && insert.is_empty()
        {
            last.range.end = end;
            return;
        }
        gaps.push(Gap {
            range: begin..end,
            insert,
        });
    }

    /// Takes out a unit, or some of its keys.
    #[cold]
    fn take(&mut self, unit: &Unit<'_>) {
        let lost = match self.keys {
            [] => Loss::All,
            keys => loss(&unit.item, keys),
        };
        match lost {
            Loss::All => {
                self.survey.goes(unit);
                self.gap(unit.begin, unit.end, Vec::new());
                if let Some(open) = &mut self.open {
                    open.lost += 1;
                }
            }
            Loss::Some(left) => {
                self.survey.shortens(unit, self.keys);
                self.gap(unit.begin, unit.end, left);
                if let Some(open) = &mut self.open {
                    open.stay += 1;
                }
            }
            Loss::Refused(why) => {
                let command = Excerpt::of(unit, survey::name(self.set, unit.file));
                let command = Box::new(command);
                self.failure
                    .get_or_insert(Error::CannotShorten { command, why });
            }
            Loss::Nothing => self.survey.stays(unit),
        }
    }

    #[inline(never)]
    fn opens(&mut self, unit: &Unit<'_>) {
        let hit = self.hit(unit);
        let goes = hit && matches!(self.aim, Aim::Offset { .. });
        self.open = Some(Open {
            begin: unit.begin,
            goes,
            gaps: self.gaps.last().map_or(0, Vec::len),
            ..Open::default()
        });
        if goes {
            self.survey.goes(unit);
        } else {
            self.survey.stays(unit);
        }
    }

    /// At EXEC: a transaction that goes, or has lost all its commands, leaves
    /// the database it selected.
    #[inline(never)]
    fn closes(&mut self, unit: &Unit<'_>) {
        let open = self.open.take().unwrap_or_default();
        let emptied = open.lost > 0 && open.stay == 0;
        if !open.goes && !emptied {
            self.split += u64::from(open.lost > 0);
            self.survey.stays(unit);
            return;
        }
        if open.goes {
            self.survey.goes(unit);
        } else {
            self.emptied += 1;
            self.survey.gone.transaction(unit.db, open.selects);
            self.survey.keeping.less(1 + open.selects);
        }
        if let Some(gaps) = self.gaps.last_mut() {
            gaps.truncate(open.gaps);
        }
        let mut insert = Vec::new();
        if unit.db != unit.settled {
            insert = assemble::select(unit.db);
            if self.notes.len() < NOTES {
                let at = self.spot(unit.file, unit.end);
                self.notes.push(Note::SelectInserted { at, db: unit.db });
            }
        }
        self.gap(open.begin, unit.end, insert);
    }
}

impl Visitor for Dropper<'_> {
    fn file(&mut self, index: usize) {
        self.gaps.push(Vec::new());
        self.open = None;
        self.survey.skim_until(match self.aim {
            Aim::Offset { file, offset } if file == index => offset,
            _ => u64::MAX,
        });
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        let _ = index;
        self.survey.preamble(event);
    }

    #[inline]
    fn unit(&mut self, unit: &Unit<'_>) {
        self.commands += u64::from(unit.item.command().is_some());
        match unit.place {
            Place::Opens => return self.opens(unit),
            Place::Closes => {
                // EXEC alone never goes: at most that is an error.
                self.hit(unit);
                return self.closes(unit);
            }
            _ => {}
        }
        if self.open.as_ref().is_some_and(|open| open.goes) {
            self.survey.goes(unit);
            return;
        }
        if self.hit(unit) {
            self.take(unit);
            return;
        }
        self.survey.stays(unit);
        if let Some(open) = &mut self.open
            && let Some(command) = unit.item.command()
        {
            if crate::selects(&command).is_some() {
                open.selects += 1;
            } else {
                open.stay += 1;
            }
        }
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        if let Aim::Offset { file, offset } = self.aim
            && file == index
            && offset < end.preamble
        {
            self.failure = Some(Error::InsideRdb {
                at: self.spot(file, offset),
                end: end.preamble,
                base_time: self.survey.keeping.base_time(),
            });
        }
        self.problems.extend(Problem::of(self.set, index, end));
    }
}

impl<'a> Skimmer for Dropper<'a> {
    type Ahead = Routines<'a>;

    fn ahead(&self) -> Option<Routines<'a>> {
        Some(self.survey.ahead())
    }

    fn until(&self) -> u64 {
        // Of a transaction that goes nothing stays.
        if self.open.as_ref().is_some_and(|open| open.goes) {
            0
        } else {
            self.survey.until()
        }
    }

    fn passes(&mut self, passed: &Passed) {
        self.survey.passes(passed);
    }

    #[inline(always)]
    fn skims(&mut self, command: &Command<'_>, name: Name, stands: &Stands) -> bool {
        let goes = self.open.as_ref().is_some_and(|open| open.goes);
        !goes && self.survey.skims(command, name, stands)
    }

    #[inline(always)]
    fn pending(&self) -> u64 {
        self.survey.pending()
    }

    #[inline(always)]
    fn skimmed(&mut self, run: &Run) {
        self.commands += run.commands;
        self.survey.skimmed(run);
        if let Some(open) = &mut self.open {
            open.stay += run.commands;
        }
    }
}
