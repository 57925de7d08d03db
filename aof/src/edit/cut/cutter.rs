//! The pass that finds the point of a cut and collects what is told of it.

use crate::ahead::Passed;
use crate::command::Command;
use crate::edit::error::Error;
use crate::edit::find::{Problem, torn_annotation};
use crate::edit::plan::Spot;
use crate::edit::routine::{Policy, Routines};
use crate::edit::survey::Survey;
use crate::edit::target::Matching;
use crate::error::ErrorKind;
use crate::name::Name;
use crate::set::Set;
use crate::transaction::Place;
use crate::walk::{FileEnd, Item, Run, Skimmer, Stands, Unit, Visitor};

/// What the point is known by.
#[derive(Clone, Debug)]
pub(super) enum Aim<'a> {
    /// Before this one of the matches.
    Match { matching: &'a Matching, nth: u64 },
    /// In this file at this offset.
    Offset { file: usize, offset: u64 },
    /// Before the first later annotation.
    Time(i64),
    /// It was found before.
    Known(Point),
}

/// Where the log is cut.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub file: usize,
    pub offset: u64,
    /// Where it would be if it need not be between two units: more than
    /// `offset` if it was moved.
    pub asked: u64,
    /// It was moved to a MULTI.
    pub transaction: bool,
    /// It was moved to before commands that had been seen already.
    pub late: bool,
}

/// `#TS` annotations right before a unit.
#[derive(Clone, Copy, Debug)]
struct Lines {
    begin: u64,
    count: u64,
    /// The time before them.
    time: Option<i64>,
}

pub(super) struct Cutter<'a> {
    set: &'a Set,
    pub aim: Aim<'a>,
    pub survey: Survey<'a>,
    pub point: Option<Point>,
    /// Why the offset asked for is no point.
    pub failure: Option<Error>,
    pub matches: u64,
    pub commands: u64,
    /// What is wrong before the point, and behind it.
    pub before: Vec<Problem>,
    pub behind: Vec<Problem>,
    /// Where times are asked for: of the first annotation, and the latest.
    pub first_time: Option<i64>,
    pub last_time: Option<i64>,
    run: Option<Lines>,
    /// As it was at the MULTI at hand.
    multi_run: Option<Lines>,
}

impl<'a> Cutter<'a> {
    pub fn new(set: &'a Set, aim: Aim<'a>, now_ms: i64) -> Cutter<'a> {
        let (point, matching) = match &aim {
            Aim::Known(point) => (Some(point.clone()), None),
            Aim::Match { matching, .. } => (None, Some(*matching)),
            Aim::Offset { .. } | Aim::Time(_) => (None, None),
        };
        let policy = Policy {
            matching,
            now_ms: Some(now_ms),
            ..Policy::default()
        };
        Cutter {
            set,
            aim,
            survey: Survey::new(set, policy),
            point,
            failure: None,
            matches: 0,
            commands: 0,
            before: Vec::new(),
            behind: Vec::new(),
            first_time: None,
            last_time: None,
            run: None,
            multi_run: None,
        }
    }

    /// Whether the point is at this unit or inside of it: the byte asked for.
    #[inline(always)]
    fn hit(&mut self, unit: &Unit<'_>) -> Option<u64> {
        match &self.aim {
            Aim::Match { matching, nth } => {
                if !matching.finds(unit) {
                    return None;
                }
                self.matches += 1;
                (self.matches == *nth).then_some(unit.begin)
            }
            Aim::Offset { file, offset } => {
                let here = self.point.is_none() && unit.file == *file;
                // An offset before the first unit is inside the RDB file.
                let holds = (unit.begin..unit.end).contains(offset);
                (here && holds).then_some(*offset)
            }
            Aim::Time(wanted) => match unit.item {
                Item::Annotation(line) => {
                    let time = line.timestamp()?;
                    self.first_time.get_or_insert(time);
                    self.last_time = self.last_time.max(Some(time));
                    (time > *wanted && self.point.is_none()).then_some(unit.begin)
                }
                _ => None,
            },
            Aim::Known(_) => None,
        }
    }

    #[cold]
    fn set_point(&mut self, unit: &Unit<'_>, asked: u64) {
        let mut offset = unit.cut_at();
        let inside = unit.transaction.is_some_and(|begin| begin != unit.begin);
        let run = if inside { self.multi_run } else { self.run };
        if let Some(run) = run.filter(|_| !matches!(self.aim, Aim::Offset { .. })) {
            offset = run.begin;
            self.survey.keeping.back_to(run.time, run.count);
        }
        self.point = Some(Point {
            file: unit.file,
            offset,
            asked,
            transaction: inside,
            late: inside,
        });
        // What goes is counted.
        self.survey.skim_until(0);
    }

    #[inline(always)]
    fn follow_annotations(&mut self, unit: &Unit<'_>, time: Option<i64>) {
        match unit.item {
            Item::Annotation(line) => {
                if unit.place != Place::Alone {
                    return;
                }
                if !line.is_timestamp() {
                    self.run = None;
                    return;
                }
                let begin = unit.begin;
                let run = self.run.get_or_insert(Lines {
                    begin,
                    count: 0,
                    time,
                });
                run.count += 1;
            }
            _ if unit.place == Place::Opens => self.multi_run = self.run.take(),
            _ => self.run = None,
        }
    }

    /// An offset that no unit of the file holds.
    fn offset_at_end(&mut self, file: usize, offset: u64, end: &FileEnd) {
        let spot = |offset| Spot::of(self.set, file, offset, end.time);
        if offset < end.preamble {
            self.failure = Some(Error::InsideRdb {
                at: spot(offset),
                end: end.preamble,
                base_time: self.survey.keeping.base_time(),
            });
            return;
        }
        let unit = match &end.error {
            None => end.end,
            // It is one piece, which does not end.
            Some(error) if matches!(error.kind(), ErrorKind::Preamble(_)) => 0,
            Some(error) => error.token_offset(),
        };
        let torn = end.error.as_ref().is_some_and(crate::Error::is_truncation);
        if offset > unit && !torn {
            self.failure = Some(match Problem::of(self.set, file, end) {
                Some(problem) if end.error.is_some() => problem.error(),
                _ => Error::BeyondEnd {
                    at: spot(offset),
                    length: end.end,
                },
            });
            return;
        }
        self.point = Some(Point {
            file,
            offset: end.open.or(torn_annotation(end)).unwrap_or(unit),
            asked: offset,
            transaction: end.open.is_some(),
            late: end.open.is_some(),
        });
    }
}

impl Visitor for Cutter<'_> {
    fn file(&mut self, index: usize) {
        (self.run, self.multi_run) = (None, None);
        let point = match &self.aim {
            Aim::Offset { file, offset } => Some((*file, *offset)),
            _ => self.point.as_ref().map(|point| (point.file, point.offset)),
        };
        self.survey.skim_until(match point {
            Some((file, offset)) if index == file => offset,
            Some((file, _)) if index > file => 0,
            _ => u64::MAX,
        });
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        if self.point.as_ref().is_none_or(|point| index <= point.file) {
            self.survey.preamble(event);
        }
    }

    #[inline(always)]
    fn unit(&mut self, unit: &Unit<'_>) {
        self.commands += u64::from(unit.item.command().is_some());
        if let Some(asked) = self.hit(unit) {
            self.set_point(unit, asked);
        }
        match &self.point {
            Some(point) if (unit.file, unit.begin) >= (point.file, point.offset) => {
                self.survey.goes(unit);
            }
            _ => {
                let time = self.survey.keeping.time();
                self.survey.stays(unit);
                self.follow_annotations(unit, time);
            }
        }
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        if let Aim::Offset { file, offset } = self.aim
            && file == index
            && self.point.is_none()
        {
            self.offset_at_end(file, offset, end);
        }
        if let Some(problem) = Problem::of(self.set, index, end) {
            match self.point {
                Some(_) => self.behind.push(problem),
                None => self.before.push(problem),
            }
        }
    }
}

impl<'a> Skimmer for Cutter<'a> {
    type Ahead = Routines<'a>;

    fn ahead(&self) -> Option<Routines<'a>> {
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
        self.commands += run.commands;
        self.survey.skimmed(run);
        self.run = None;
    }
}
