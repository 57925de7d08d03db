//! Planning to take out commands: everything else stays.

use crate::edit::assemble::{self, Edit, Gap};
use crate::edit::error::Error;
use crate::edit::find;
use crate::edit::note::Note;
use crate::edit::options::Options;
use crate::edit::plan::{Action, Plan, Spot};
use crate::edit::target::{Pick, Removal, What, Which};
use crate::set::Set;
use crate::source::Source;
use crate::walk::{self, FileEnd};

mod dropper;

use dropper::{Aim, Dropper};

/// Plans to take commands out of a log; what is before and behind them stays as
/// it is.
///
/// `SELECT` stays, and so does what it does to the commands behind it: where a
/// transaction goes as a whole, because it was named by its `MULTI` or because
/// no command is left in it, a `SELECT` of the database in force behind it is
/// put in its place. Annotations stay.
///
/// # Errors
///
/// [`Error`]; among them any damage in the log, for nothing is cut off here.
///
/// # Limits
///
/// Reads the log once; twice to take out the last match. A few commands around
/// what goes are read again. Memory is bounded but
/// for some hundred bytes for each command that goes.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::edit::{self, Matching, Options, Removal, What, Which};
/// use rdbkit_aof::{Memory, Set};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*1\r\n$8\r\nFLUSHALL\r\n*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n");
/// let matching = Matching { pattern: "FLUSHALL".parse()?, db: None };
/// let what = What::Matching { matching, which: Which::Only };
/// let removal = Removal { what, keys: vec![] };
/// let plan = edit::drop(&Set::single(b"a.aof"), &files, &removal, &Options::at(0))?;
/// let new = plan.output.build(&files)?;
/// assert_eq!(new.get(b"a.aof"), Some(&b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn drop(
    set: &Set,
    source: &dyn Source,
    removal: &Removal,
    options: &Options,
) -> Result<Plan, Error> {
    let aim = match &removal.what {
        What::Matching { matching, which } => {
            if let Some(name) = matching.pattern.context() {
                return Err(Error::Context {
                    name: name.to_owned(),
                    at: None,
                    why: dropper::why_not(name.as_bytes()),
                });
            }
            let nth = match which {
                Which::Only | Which::All => None,
                Which::One(Pick::Nth(nth)) => Some(nth.get()),
                Which::One(Pick::Last) => {
                    let wanted =
                        |unit: &walk::Unit<'_>| dropper::matches(matching, &removal.keys, unit);
                    Some(find::count(set, source, options.threads, matching, wanted).max(1))
                }
            };
            Aim::Match { matching, nth }
        }
        What::At(at) => Aim::Offset {
            file: find::file(set, source, at)?,
            offset: at.offset,
        },
    };
    let mut dropper = Dropper::new(set, aim, &removal.keys, options.now_ms);
    let ends = walk::skim(set, source, options.threads, &mut dropper);
    let mut notes = judge(removal, &mut dropper, &ends, set)?;
    let mut edits: Vec<Edit> = dropper
        .gaps
        .into_iter()
        .map(|gaps| Edit {
            gaps,
            ..Edit::default()
        })
        .collect();
    for (index, (edit, end)) in edits.iter_mut().zip(&ends).enumerate() {
        edit.length = end.end;
        if let Some(torn) = find::torn_annotation(end) {
            let at = Spot::of(set, index, torn, end.time);
            notes.push(Note::TornAnnotation { at });
            edit.gaps.push(Gap {
                range: torn..end.end,
                insert: Vec::new(),
            });
        }
    }
    let assembled = assemble::assemble(set, &edits, &mut notes);
    Plan::new(Action::Drop, assembled, dropper.survey, source, notes)
}

/// Whether what goes is what was asked for; what is to be said of it.
fn judge(
    removal: &Removal,
    dropper: &mut Dropper<'_>,
    ends: &[FileEnd],
    set: &Set,
) -> Result<Vec<Note>, Error> {
    if let Some(failure) = dropper.failure.take() {
        return Err(failure);
    }
    if let Some(refused) = find::Problem::refused(&dropper.problems) {
        return Err(refused);
    }
    let mut notes = Vec::new();
    let unread = || find::Problem::unread(&dropper.problems);
    let total = dropper.matches;
    match (&removal.what, dropper.aim.nth()) {
        (What::Matching { .. }, _) if total == 0 => {
            if let Some(spared) = dropper.spared.take() {
                return Err(spared);
            }
            return Err(Error::NothingMatches {
                commands: dropper.commands,
                files: set.files().len(),
                unread: unread(),
            });
        }
        (What::Matching { .. }, Some(wanted)) if wanted > total => {
            return Err(Error::TooFewMatches {
                matches: total,
                wanted,
                unread: unread(),
            });
        }
        (
            What::Matching {
                which: Which::Only, ..
            },
            _,
        ) if total > 1 => {
            return Err(Error::Ambiguous {
                total,
                first: std::mem::take(&mut dropper.first),
            });
        }
        (What::Matching { .. }, Some(taken)) if total > 1 => {
            notes.push(Note::OtherMatches { total, taken });
        }
        _ => {}
    }
    if let Some(problem) = dropper.problems.first() {
        return Err(problem.clone().error());
    }
    if let (Aim::Offset { file, offset }, 0) = (&dropper.aim, total) {
        let length = ends.get(*file).map_or(0, |end| end.end);
        let at = dropper.spot(*file, *offset);
        return Err(Error::BeyondEnd { at, length });
    }
    notes.append(&mut dropper.notes);
    if dropper.emptied > 0 {
        notes.push(Note::EmptiedTransactions {
            transactions: dropper.emptied,
        });
    }
    if dropper.split > 0 {
        notes.push(Note::SplitTransactions {
            transactions: dropper.split,
        });
    }
    Ok(notes)
}
