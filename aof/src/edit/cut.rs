//! Planning a cut: everything from one point on goes.

use std::io;

use crate::edit::assemble::{self, Edit, Gap};
use crate::edit::error::Error;
use crate::edit::find::{self, Problem};
use crate::edit::note::Note;
use crate::edit::options::Options;
use crate::edit::plan::{Action, Fate, Plan, Spot};
use crate::edit::survey;
use crate::edit::target::{Cut, Pick};
use crate::manifest::FileKind;
use crate::set::Set;
use crate::source::Source;
use crate::walk::{self, FileEnd};

mod cutter;

use cutter::{Aim, Cutter, Point};

/// Plans to cut a log: what is before the point stays as it is, and everything
/// from there on goes, with all later files.
///
/// A transaction stays or goes as a whole. Before a command, and to a time,
/// `#TS` annotations right before the point go with it, so that both ways to
/// the same state give the same bytes; at an offset what is before it stays
/// exactly. A file that is cut to nothing stays as an empty one: a server
/// appends to it, and does not come to reuse the name of another.
///
/// # Errors
///
/// [`Error`]; among them damage before the point. Damage behind it does not
/// matter, for it goes: that is a [`Note::DamageBehind`].
///
/// # Limits
///
/// Reads the log once; twice to cut before the last match, or inside a
/// transaction. A few commands before the point are read again. Memory is bounded, whatever the log.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::edit::{self, Cut, Matching, Options, Pick};
/// use rdbkit_aof::{Memory, Set};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*1\r\n$8\r\nFLUSHALL\r\n");
/// let matching = Matching { pattern: "FLUSHALL".parse()?, db: None };
/// let target = Cut::Before { matching, pick: Pick::FIRST };
/// let plan = edit::cut(&Set::single(b"a.aof"), &files, &target, &Options::at(0))?;
/// assert_eq!((plan.kept.commands, plan.gone.commands), (1, 1));
/// let new = plan.output.build(&files)?;
/// assert_eq!(new.get(b"a.aof"), Some(&b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn cut(set: &Set, source: &dyn Source, target: &Cut, options: &Options) -> Result<Plan, Error> {
    let aim = match target {
        Cut::Before { matching, pick } => {
            let nth = match pick {
                Pick::Nth(nth) => nth.get(),
                Pick::Last => find::count(set, source, options.threads, matching, |_| true).max(1),
            };
            Aim::Match { matching, nth }
        }
        Cut::At(at) => Aim::Offset {
            file: find::file(set, source, at)?,
            offset: at.offset,
        },
        Cut::Until(time) => Aim::Time(*time),
    };
    let mut cutter = Cutter::new(set, aim, options.now_ms);
    let ends = walk::skim(set, source, options.threads, &mut cutter);
    let mut notes = judge(set, source, &mut cutter, &ends)?;
    if let Some(point) = cutter.point.clone().filter(|point| point.late) {
        // Commands of the transaction were taken for staying: once more, knowing.
        let mut knowing = Cutter::new(set, Aim::Known(point), options.now_ms);
        walk::skim(set, source, options.threads, &mut knowing);
        cutter.survey = knowing.survey;
    }
    let edits = edits(set, source, &cutter, &ends, &mut notes)?;
    let (output, files, manifest_changed) = assemble::assemble(set, &edits, &mut notes);
    let (gone, kept, around) = cutter.survey.finish(source)?;
    if let (Cut::Until(wanted), Some((first, _))) = (target, gone.times)
        && first <= *wanted
    {
        let wanted = *wanted;
        notes.retain(|note| !matches!(note, Note::LastSecond { .. }));
        notes.push(Note::ClockWentBack { wanted, first });
    }
    Ok(Plan {
        action: Action::Cut,
        output,
        files,
        point: cutter
            .point
            .map(|point| Spot::of(set, point.file, point.offset, kept.time)),
        gone,
        kept,
        around,
        damage: Vec::new(),
        notes,
        manifest_changed,
    })
}

/// Whether there is a point, and a good one; what is to be said of it.
fn judge(
    set: &Set,
    source: &dyn Source,
    cutter: &mut Cutter<'_>,
    ends: &[FileEnd],
) -> Result<Vec<Note>, Error> {
    let mut notes = Vec::new();
    if let Aim::Offset { file, offset } = cutter.aim
        && ends.get(file).is_some_and(|end| end.error.is_some())
    {
        // Damage hides where the file ends.
        let length = length(set, source, file)?;
        if offset > length {
            let at = spot(set, file, offset);
            return Err(Error::BeyondEnd { at, length });
        }
    }
    if let Some(failure) = cutter.failure.take() {
        return Err(failure);
    }
    match &cutter.aim {
        Aim::Match { nth, .. } => match cutter.point {
            None => return Err(no_match(set, cutter, *nth)),
            Some(_) if cutter.matches > 1 => notes.push(Note::OtherMatches {
                total: cutter.matches,
                taken: *nth,
            }),
            Some(_) => {}
        },
        Aim::Time(wanted) => notes.push(judge_time(cutter, *wanted)?),
        Aim::Offset { .. } | Aim::Known(_) => {}
    }
    if let Some(problem) = cutter.before.first() {
        return Err(problem.clone().error());
    }
    if let Some(point) = &cutter.point {
        about(set, cutter, point, ends, &mut notes)?;
    }
    let behind = cutter.behind.iter();
    notes.extend(behind.map(|problem| Note::DamageBehind {
        at: problem.at.clone(),
        what: problem.what.clone(),
    }));
    Ok(notes)
}

fn no_match(set: &Set, cutter: &Cutter<'_>, wanted: u64) -> Error {
    if let Some(refused) = Problem::refused(&cutter.before) {
        return refused;
    }
    let unread = Problem::unread(&cutter.before);
    if cutter.matches == 0 {
        return Error::NothingMatches {
            commands: cutter.commands,
            files: set.files().len(),
            unread,
        };
    }
    Error::TooFewMatches {
        matches: cutter.matches,
        wanted,
        unread,
    }
}

fn judge_time(cutter: &Cutter<'_>, wanted: i64) -> Result<Note, Error> {
    let base_time = cutter.survey.keeping.base_time();
    if let Some(earliest) = base_time.filter(|time| *time > wanted) {
        return Err(Error::BeforeBase { wanted, earliest });
    }
    match cutter.last_time {
        None => Err(Error::NoTimes { base_time }),
        Some(time) if cutter.point.is_none() => Ok(Note::AllBefore { time }),
        Some(_) => Ok(Note::LastSecond { time: wanted }),
    }
}

fn about(
    set: &Set,
    cutter: &Cutter<'_>,
    point: &Point,
    ends: &[FileEnd],
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    let here = spot(set, point.file, point.offset);
    let earlier = ends.get(..point.file).unwrap_or_default();
    let empty = earlier.iter().all(|end| end.end == 0);
    if point.offset == 0 && empty {
        return Err(match (&cutter.aim, cutter.first_time) {
            (Aim::Time(wanted), Some(earliest)) => Error::BeforeBase {
                wanted: *wanted,
                earliest,
            },
            _ => Error::NothingBefore { at: here },
        });
    }
    let moved = point.asked != point.offset && matches!(cutter.aim, Aim::Offset { .. });
    if moved || point.transaction {
        notes.push(Note::Moved {
            from: spot(set, point.file, point.asked),
            to: here,
            transaction: point.transaction,
        });
    }
    let base = |index: usize| {
        let entry = set.files().get(index);
        entry.is_some_and(|entry| entry.kind == FileKind::Base)
    };
    let name = survey::name(set, point.file);
    if base(point.file) && name.ends_with(b".base.aof") && point.offset > 0 {
        notes.push(Note::InsideBase {
            file: name.to_vec(),
        });
    }
    if point.offset == 0 && (0..point.file).all(base) {
        notes.push(Note::OnlyBase);
    }
    Ok(())
}

/// What becomes of each file.
fn edits(
    set: &Set,
    source: &dyn Source,
    cutter: &Cutter<'_>,
    ends: &[FileEnd],
    notes: &mut Vec<Note>,
) -> Result<Vec<Edit>, Error> {
    let mut edits = Vec::with_capacity(ends.len());
    for (index, end) in ends.iter().enumerate() {
        let length = match &end.error {
            None => end.end,
            Some(_) => length(set, source, index)?,
        };
        let mut edit = Edit {
            length,
            ..Edit::default()
        };
        let mut cut = length;
        match &cutter.point {
            Some(point) if index > point.file => edit.left = Some(Fate::Left),
            Some(point) if index == point.file => cut = point.offset,
            _ => {}
        }
        if let Some(torn) = find::torn_annotation(end).filter(|torn| *torn < cut)
            && edit.left.is_none()
        {
            cut = torn;
            let at = spot(set, index, torn);
            notes.push(Note::TornAnnotation { at });
        }
        if cut < length && edit.left.is_none() {
            edit.gaps.push(Gap {
                range: cut..length,
                insert: Vec::new(),
            });
        }
        edits.push(edit);
    }
    Ok(edits)
}

fn spot(set: &Set, file: usize, offset: u64) -> Spot {
    Spot::of(set, file, offset, None)
}

fn length(set: &Set, source: &dyn Source, file: usize) -> Result<u64, Error> {
    let name = survey::name(set, file);
    assemble::length(source, name).map_err(|error: io::Error| Error::Unreadable {
        file: name.to_vec(),
        what: error.to_string(),
    })
}
