//! The second pass of a repair: the result is read as it will be, and what goes
//! is read as far as it can be.

use std::io::Read;

use crate::database::Selected;
use crate::edit::build::Edited;
use crate::edit::excerpt::Excerpt;
use crate::edit::output::Output;
use crate::edit::plan::Damage;
use crate::edit::repair::Mended;
use crate::edit::repair::mender::Hole;
use crate::edit::survey::{self, Survey};
use crate::set::Set;
use crate::source::Source;
use crate::walk::{self, State, Unit, Visitor};

/// Damages that are told.
pub(in crate::edit) const TOLD: usize = 1000;

/// Commands shown of one hole.
const SHOWN: usize = 5;

/// Tells what goes, and lets `survey` see what goes and what stays.
pub(super) fn review(
    set: &Set,
    source: &dyn Source,
    output: &Output,
    mended: &mut [Mended],
    survey: &mut Survey<'_>,
) -> Vec<Damage> {
    let mut damage = Vec::new();
    let mut shown = Vec::new();
    for (file, done) in mended.iter().enumerate() {
        let mut of_file = Vec::new();
        for hole in &done.holes {
            let lost = lost(set, source, file, hole, survey);
            if damage.len() < TOLD {
                damage.push(Damage {
                    file: survey::name(set, file).to_vec(),
                    range: hole.range.clone(),
                    harm: hole.harm.clone(),
                    commands: lost.commands,
                    text: lost.shown.first().map(|excerpt| excerpt.text.clone()),
                });
                of_file.push(lost.shown);
            }
        }
        shown.push(of_file);
    }
    let names = output.files.iter().map(|file| &file.name);
    let index = |name: &Vec<u8>| set.files().iter().position(|file| file.name == *name);
    let mut result = Reread {
        files: names.filter_map(index).collect(),
        mended,
        shown,
        survey,
        at: Position::default(),
    };
    let edited = Edited {
        output,
        old: source,
    };
    walk::walk(&output.set(), &edited, &mut result);
    damage
}

/// What can be read of a hole.
#[derive(Default)]
struct Lost {
    commands: u64,
    shown: Vec<Excerpt>,
}

fn lost(set: &Set, source: &dyn Source, file: usize, hole: &Hole, survey: &mut Survey<'_>) -> Lost {
    struct Reader<'a, 's> {
        lost: Lost,
        survey: &'a mut Survey<'s>,
        name: &'a [u8],
    }
    impl Visitor for Reader<'_, '_> {
        fn unit(&mut self, unit: &Unit<'_>) {
            if unit.item.command().is_none() {
                return;
            }
            self.lost.commands += 1;
            self.survey.gone.unit(unit);
            if self.lost.shown.len() < SHOWN {
                self.lost.shown.push(Excerpt::of(unit, self.name));
            }
        }
    }
    let name = survey::name(set, file);
    let mut reader = Reader {
        lost: Lost::default(),
        survey,
        name,
    };
    // It was read before; if it cannot be now, nothing is told of it.
    if let Ok(bytes) = source.open_at(name, hole.range.start) {
        let bytes = bytes.take(hole.range.end - hole.range.start);
        let mut state = State::new(hole.range.start, None);
        state.selected = Selected::at(hole.db);
        walk::walk_from(file, hole.range.start, state, bytes, &mut reader);
    }
    reader.lost
}

/// How far a file of the result has been read.
#[derive(Default)]
struct Position {
    /// Its index in the old log.
    file: usize,
    holes: usize,
    removed: u64,
    inserted: u64,
}

/// Reads the result with the offsets of the old log.
struct Reread<'a, 's> {
    /// The old index of each file of the result.
    files: Vec<usize>,
    mended: &'a mut [Mended],
    /// By file and hole.
    shown: Vec<Vec<Vec<Excerpt>>>,
    survey: &'a mut Survey<'s>,
    at: Position,
}

impl Reread<'_, '_> {
    /// The old offset of a new one; `None` for what was put in.
    fn old(&mut self, new: u64) -> Option<u64> {
        while let Some(hole) = self.hole() {
            let begin = hole.range.start - self.at.removed + self.at.inserted;
            if new < begin {
                break;
            }
            if new < begin + hole.insert.len() as u64 {
                return None;
            }
            self.pass();
        }
        Some(new + self.at.removed - self.at.inserted)
    }

    /// The next hole.
    fn hole(&self) -> Option<&Hole> {
        self.mended.get(self.at.file)?.holes.get(self.at.holes)
    }

    /// Counts a command that stays, and stands at `begin` of the old file, where
    /// its database is not certain.
    fn count_uncertain(&mut self, unit: &Unit<'_>, begin: u64) {
        let Some(done) = self.mended.get_mut(self.at.file) else {
            return;
        };
        let stretches = &mut done.uncertain;
        let next = stretches.partition_point(|stretch| stretch.range.start <= begin);
        if let Some(stretch) = next.checked_sub(1).and_then(|at| stretches.get_mut(at))
            && stretch.range.contains(&begin)
            && unit.item.command().is_some()
        {
            stretch.commands += 1;
        }
    }

    fn pass(&mut self) {
        let Some(hole) = self.hole() else { return };
        let (removed, inserted) = (hole.range.end - hole.range.start, hole.insert.len());
        self.at.removed += removed;
        self.at.inserted += inserted as u64;
        let shown = self
            .shown
            .get_mut(self.at.file)
            .and_then(|of| of.get_mut(self.at.holes));
        self.survey
            .around_hole(shown.map(std::mem::take).unwrap_or_default());
        self.at.holes += 1;
    }
}

impl Visitor for Reread<'_, '_> {
    fn file(&mut self, index: usize) {
        self.at = Position {
            file: self.files.get(index).copied().unwrap_or(usize::MAX),
            ..Position::default()
        };
    }

    fn preamble(&mut self, _: usize, event: &rdbkit_rdb::Event<'_>) {
        self.survey.preamble(event);
    }

    fn unit(&mut self, unit: &Unit<'_>) {
        if let Some(begin) = self.old(unit.begin) {
            self.count_uncertain(unit, begin);
            let back = unit.begin - unit.cut_at();
            self.survey.stays(&Unit {
                file: self.at.file,
                begin,
                end: begin + (unit.end - unit.begin),
                transaction: unit.transaction.map(|_| begin.saturating_sub(back)),
                ..*unit
            });
        }
    }

    fn file_end(&mut self, _: usize, _: &walk::FileEnd) {
        while self.hole().is_some() {
            self.pass();
        }
    }
}
