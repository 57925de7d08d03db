//! Planning a repair: a log that servers load, and as little lost as possible.

use std::{fmt, io};

use crate::ahead::Threads;
use crate::edit::assemble::{self, Edit, Gap};
use crate::edit::error::Error;
use crate::edit::note::Note;
use crate::edit::options::Options;
use crate::edit::plan::{Action, Fate, Harm, Plan, Spot};
use crate::edit::routine::Policy;
use crate::edit::survey::{self, Survey};
use crate::edit::target::Repair;
use crate::error::ErrorKind;
use crate::manifest::FileKind;
use crate::set::Set;
use crate::source::Source;
use crate::walk::{self, FileEnd};

mod mender;
pub(super) mod resync;
mod review;

use mender::{Hole, Mender, Uncertain};
use resync::Behind;
pub(in crate::edit) use review::TOLD;

/// Damaged places of one file that are left out.
const PLACES: u32 = 1000;

/// Notes on single places.
const NOTES: usize = 100;

/// Plans to make a log loadable.
///
/// Each file ends where it is whole: a torn command, a transaction without
/// `EXEC`, zero bytes and a torn annotation at its end go. An `EXEC` without
/// `MULTI` and a `MULTI` inside a transaction go; they do nothing, but the check
/// tools refuse them. With [`Repair::skip_damage`] damage in the middle is left
/// out, and what servers refuse to run; a transaction that loses a command goes
/// as a whole, for it was all or nothing.
///
/// # Errors
///
/// [`Error`]; among them a base that is not there or damaged as an RDB file.
/// Nothing is ever mended because a file could not be read.
///
/// # Limits
///
/// Reads the log once, and once more if there is anything to repair. Of one
/// file a thousand damaged places are left out; the rest of it goes. A command
/// of more than 64 MiB right behind damage is not recognised as one.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::edit::{self, Options, Repair};
/// use rdbkit_aof::{Memory, Set};
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$3\r\nDE");
/// let plan = edit::repair(&Set::single(b"a.aof"), &files, &Repair::default(), &Options::at(0))?;
/// assert_eq!(plan.damage[0].harm.to_string(), "the file ends inside a command");
/// let new = plan.output.build(&files)?;
/// assert_eq!(new.get(b"a.aof"), Some(&b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n"[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn repair(
    set: &Set,
    source: &dyn Source,
    allowed: &Repair,
    options: &Options,
) -> Result<Plan, Error> {
    let policy = Policy {
        matching: None,
        now_ms: Some(options.now_ms),
        modules: Some(&allowed.module_commands),
    };
    let mut survey = Survey::new(set, policy);
    let mut notes = Vec::new();
    let mut mended = Vec::new();
    let mut time = None;
    for index in 0..set.files().len() {
        let file = File {
            set,
            threads: options.threads,
            source,
            allowed,
            index,
            time,
        };
        let done = file.mend(&mut survey, &mut notes)?;
        time = done.time;
        mended.push(done);
    }
    let edits: Vec<Edit> = mended.iter().map(Mended::edit).collect();
    let assembled = assemble::assemble(set, &edits, &mut notes);
    if !allowed.allow_empty {
        something_left(set, &mended)?;
    }
    built_on_missing(set, &mended, &mut notes);
    let mut damage = Vec::new();
    if mended.iter().any(|done| !done.holes.is_empty()) {
        survey = Survey::new(set, policy);
        damage = review::review(set, source, &assembled.0, &mut mended, &mut survey);
    }
    uncertain(set, &mended, &mut notes);
    Ok(Plan {
        damage,
        ..Plan::new(Action::Repair, assembled, survey, source, notes)?
    })
}

/// What was found out of one file.
#[derive(Debug, Default)]
struct Mended {
    length: u64,
    missing: bool,
    holes: Vec<Hole>,
    uncertain: Vec<Uncertain>,
    time: Option<i64>,
}

impl Mended {
    fn edit(&self) -> Edit {
        let gap = |hole: &Hole| Gap {
            range: hole.range.clone(),
            insert: hole.insert.clone(),
        };
        Edit {
            length: self.length,
            gaps: self.holes.iter().map(gap).collect(),
            left: self.missing.then_some(Fate::Missing),
        }
    }
}

/// One file to be mended.
struct File<'a> {
    set: &'a Set,
    threads: Threads,
    source: &'a dyn Source,
    allowed: &'a Repair,
    index: usize,
    time: Option<i64>,
}

impl File<'_> {
    fn name(&self) -> &[u8] {
        survey::name(self.set, self.index)
    }

    fn spot(&self, offset: u64, time: Option<i64>) -> Spot {
        Spot::of(self.set, self.index, offset, time)
    }

    fn unreadable(&self, error: &dyn fmt::Display) -> Error {
        Error::Unreadable {
            file: self.name().to_vec(),
            what: error.to_string(),
        }
    }

    fn mend(&self, survey: &mut Survey<'_>, notes: &mut Vec<Note>) -> Result<Mended, Error> {
        let mut mender = Mender::new(survey, self.allowed);
        let mut end = walk::skim_file(
            self.index,
            self.name(),
            self.time,
            self.source,
            self.threads,
            &mut mender,
        );
        let mut places = 0;
        while let Some(error) = end.error.take() {
            match error.kind() {
                ErrorKind::Io(source)
                    if source.kind() == io::ErrorKind::NotFound && end.end == 0 =>
                {
                    return self.missing(notes);
                }
                ErrorKind::Io(source) => return Err(self.unreadable(source)),
                ErrorKind::Preamble(source) if source.is_io() => {
                    return Err(self.unreadable(source));
                }
                ErrorKind::Preamble(source) => {
                    return Err(Error::DamagedRdb {
                        at: self.spot(source.offset(), None),
                        what: source.to_string(),
                    });
                }
                _ => {}
            }
            places += 1;
            match self.damaged(&mut mender, &end, &error, places, notes)? {
                Some(next) => end = next,
                None => return self.done(mender, &end, true),
            }
        }
        self.done(mender, &end, false)
    }

    /// What to do at damage: where the file goes on, or that it ends here.
    fn damaged(
        &self,
        mender: &mut Mender<'_, '_>,
        end: &FileEnd,
        error: &crate::Error,
        places: u32,
        notes: &mut Vec<Note>,
    ) -> Result<Option<FileEnd>, Error> {
        let db = end.state.selected.next();
        let first = match error.kind() {
            ErrorKind::BadStart(byte) => Some(*byte),
            _ => None,
        };
        let begin = mender.damaged_from(error.token_offset(), first);
        let open = |offset| {
            let opened = self.source.open_at(self.name(), offset);
            opened.map_err(|error| self.unreadable(&error))
        };
        let from = match error.kind() {
            ErrorKind::BadStart(_) => mender.command_before(begin).unwrap_or(begin),
            _ => begin,
        };
        let behind = resync::behind(
            open(from)?,
            from,
            begin,
            error,
            &self.allowed.module_commands,
        );
        let (begin, behind) = behind.map_err(|error| self.unreadable(&error))?;
        // Of an annotation above 1023 bytes the rest is the damage.
        let begin = mender.remark_before(mender.whole_before(begin));
        let length = assemble::length(self.source, self.name()).map_err(|e| self.unreadable(&e))?;
        let why = error.kind().to_string();
        if let Behind::Unit(next) = behind {
            if self.allowed.skip_damage && places <= PLACES {
                mender.damage(begin..next, why, db);
                let bytes = open(next)?;
                let next = walk::skim_from(self.index, next, end.state.clone(), bytes, mender);
                return Ok(Some(next));
            }
            let at = self.spot(next, end.time);
            notes.push(if self.allowed.skip_damage {
                let at = self.spot(begin, end.time);
                Note::TooMuchDamage { at }
            } else {
                Note::MoreBehind { at }
            });
        }
        let harm = match behind {
            Behind::Zeros => Harm::ZeroBytes,
            _ if error.is_truncation() => Harm::Torn,
            _ => Harm::Rest(why),
        };
        mender.cut(begin, length, harm, db);
        Ok(None)
    }

    /// The file was read to its end, or is `cut` already.
    fn done(&self, mut mender: Mender<'_, '_>, end: &FileEnd, cut: bool) -> Result<Mended, Error> {
        let mut length = end.end;
        if cut {
            length = assemble::length(self.source, self.name()).map_err(|e| self.unreadable(&e))?;
        } else if mender.ends_open() {
            mender.cut(end.end, end.end, Harm::OpenTransaction, 0);
        } else {
            mender.cut_torn_annotation(end.end);
        }
        Ok(Mended {
            length,
            missing: false,
            holes: mender.holes,
            uncertain: mender.uncertain,
            time: end.time,
        })
    }

    fn missing(&self, notes: &mut Vec<Note>) -> Result<Mended, Error> {
        let file = self.name().to_vec();
        let entry = self.set.files().get(self.index);
        if entry.is_none_or(|entry| entry.kind != FileKind::Increment) {
            return Err(Error::MissingBase { file });
        }
        if !self.allowed.allow_missing {
            return Err(Error::MissingIncrement { file });
        }
        notes.push(Note::MissingIncrement { file });
        Ok(Mended {
            missing: true,
            time: self.time,
            ..Mended::default()
        })
    }
}

/// Whether anything of the log could be read: else it may well be none.
fn something_left(set: &Set, mended: &[Mended]) -> Result<(), Error> {
    if set.files().is_empty() {
        return Err(Error::NoFiles);
    }
    let removed = |hole: &Hole| hole.range.end - hole.range.start;
    let gone = |done: &Mended| done.holes.iter().map(removed).sum::<u64>() == done.length;
    if !mended.iter().all(gone) {
        return Ok(());
    }
    let all = mended.iter().enumerate();
    let mut firsts = all.filter_map(|(file, done)| Some((file, done.holes.first()?)));
    let unread = |harm: &Harm| matches!(harm, Harm::Bytes(_) | Harm::Rest(_) | Harm::ZeroBytes);
    match firsts.find(|(_, hole)| hole.range.start == 0 && unread(&hole.harm)) {
        Some((file, hole)) => Err(Error::NothingReadable {
            at: Spot::of(set, file, 0, None),
            what: match &hole.harm {
                Harm::Bytes(why) | Harm::Rest(why) => why.clone(),
                other => other.to_string(),
            },
        }),
        None => Ok(()),
    }
}

/// Says where commands that stay may be meant for another database.
fn uncertain(set: &Set, mended: &[Mended], notes: &mut Vec<Note>) {
    let all = mended.iter().enumerate();
    let all = all.flat_map(|(file, done)| done.uncertain.iter().map(move |s| (file, done, s)));
    let some = all.filter(|(.., stretch)| stretch.commands > 0);
    notes.extend(
        some.take(NOTES)
            .map(|(file, done, stretch)| Note::DatabaseUncertain {
                from: Spot::of(set, file, stretch.range.start, done.time),
                db: stretch.db,
                commands: stretch.commands,
            }),
    );
}

/// Says which files were written on top of commands that are lost.
fn built_on_missing(set: &Set, mended: &[Mended], notes: &mut Vec<Note>) {
    for (index, done) in mended.iter().enumerate() {
        let later = mended
            .iter()
            .skip(index + 1)
            .filter(|later| !later.missing)
            .count();
        let lost = |hole: &Hole| {
            let vain = [Harm::Vain, Harm::TornAnnotation, Harm::DamagedAnnotation];
            !vain.contains(&hole.harm)
        };
        if later > 0 && done.holes.iter().any(lost) {
            notes.push(Note::BuiltOnMissing {
                file: survey::name(set, index).to_vec(),
                later,
            });
        }
    }
}
