//! Finding what is meant: commands by pattern, files by name.

use std::io::{self, Read};

use crate::ahead::{Passed, Threads};
use crate::command::Command;
use crate::edit::error::Error;
use crate::edit::plan::Spot;
use crate::edit::routine::{Policy, Routines};
use crate::edit::target::{At, Matching};
use crate::error::ErrorKind;
use crate::name::Name;
use crate::reader::is_preamble;
use crate::set::Set;
use crate::source::Source;
use crate::walk::{self, FileEnd, Run, Skimmer, Stands, Unit, Visitor};

impl Matching {
    /// Whether the unit is a command that is meant.
    #[inline]
    pub(super) fn finds(&self, unit: &Unit<'_>) -> bool {
        unit.name
            .is_none_or(|name| self.pattern.may_match_first(name.first()))
            && self.db.is_none_or(|db| db == unit.db)
            && unit
                .item
                .command()
                .is_some_and(|c| self.pattern.matches(&c))
    }
}

/// How many units of a log match, of those that `wanted` says yes to.
pub(super) fn count(
    set: &Set,
    source: &dyn Source,
    threads: Threads,
    matching: &Matching,
    wanted: impl Fn(&Unit<'_>) -> bool,
) -> u64 {
    let mut matches = Matches {
        matching,
        routines: Routines::new(Policy {
            matching: Some(matching),
            ..Policy::default()
        }),
        passed: 0,
        wanted,
        found: 0,
    };
    walk::skim(set, source, threads, &mut matches);
    matches.found
}

struct Matches<'m, F> {
    matching: &'m Matching,
    routines: Routines<'m>,
    /// Commands passed over that nobody was told of.
    passed: u64,
    wanted: F,
    found: u64,
}

impl<F: Fn(&Unit<'_>) -> bool> Visitor for Matches<'_, F> {
    fn unit(&mut self, unit: &Unit<'_>) {
        self.found += u64::from(self.matching.finds(unit) && (self.wanted)(unit));
        if let Some(name) = unit.name
            && self.routines.is_new(name)
            && let Some(command) = unit.item.command()
        {
            self.routines.learn(&command);
        }
    }
}

impl<'m, F: Fn(&Unit<'_>) -> bool> Skimmer for Matches<'m, F> {
    type Ahead = Routines<'m>;

    fn ahead(&self) -> Option<Routines<'m>> {
        Some(self.routines.afresh())
    }

    fn until(&self) -> u64 {
        u64::MAX
    }

    fn passes(&mut self, passed: &Passed) {
        self.passed += passed.commands;
    }

    #[inline(always)]
    fn skims(&mut self, command: &Command<'_>, name: Name, _: &Stands) -> bool {
        let passed = self.routines.takes(command, name, |_| false);
        self.passed += u64::from(passed);
        passed
    }

    #[inline(always)]
    fn pending(&self) -> u64 {
        self.passed
    }

    fn skimmed(&mut self, _: &Run) {
        self.passed = 0;
    }
}

/// Which file of the set is meant.
pub(super) fn file(set: &Set, source: &dyn Source, at: &At) -> Result<usize, Error> {
    let names = || set.files().iter().map(|file| file.name.clone()).collect();
    if let Some(name) = &at.file {
        let found = set.files().iter().position(|file| file.name == *name);
        return found.ok_or_else(|| Error::NoSuchFile {
            name: name.clone(),
            files: names(),
        });
    }
    let mut candidates = Vec::new();
    for (index, file) in set.files().iter().enumerate() {
        let mut head = Vec::new();
        let opened = source.open(&file.name);
        // What cannot be opened cannot be told from a log.
        _ = opened.and_then(|bytes| bytes.take(9).read_to_end(&mut head));
        if set.files().len() == 1 || !is_preamble(&head) {
            candidates.push(index);
        }
    }
    match candidates[..] {
        [one] => Ok(one),
        [] => Err(Error::WhichFile { files: names() }),
        _ => Err(Error::WhichFile {
            files: candidates
                .iter()
                .filter_map(|index| set.files().get(*index))
                .map(|file| file.name.clone())
                .collect(),
        }),
    }
}

/// Where the annotation begins that ends a file without LF.
pub(super) fn torn_annotation(end: &FileEnd) -> Option<u64> {
    let torn = end.error.is_none() && end.open.is_none() && end.safe < end.end;
    torn.then_some(end.safe)
}

/// What kind of problem it is: what may help depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// A repair may mend it.
    Log,
    /// The RDB file at the front is damaged.
    Rdb,
    /// The operating system refused.
    System,
}

impl Cause {
    fn of(kind: &ErrorKind) -> Cause {
        match kind {
            // A repair can do without a file.
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::NotFound => Cause::Log,
            ErrorKind::Io(_) => Cause::System,
            ErrorKind::Preamble(error) if error.is_io() => Cause::System,
            ErrorKind::Preamble(_) => Cause::Rdb,
            _ => Cause::Log,
        }
    }
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub at: Spot,
    pub what: String,
    cause: Cause,
    /// The file could not be read on from there.
    pub unread: bool,
}

impl Problem {
    /// Of file `index`, which ended so.
    pub fn of(set: &Set, index: usize, end: &FileEnd) -> Option<Problem> {
        let spot = |offset| Spot::of(set, index, offset, end.time);
        if let Some(error) = &end.error {
            return Some(Problem {
                at: spot(error.token_offset()),
                what: match error.kind() {
                    ErrorKind::Preamble(error) => error.to_string(),
                    kind => kind.to_string(),
                },
                cause: Cause::of(error.kind()),
                unread: true,
            });
        }
        end.open.map(|begin| Problem {
            at: spot(begin),
            what: "a transaction without its EXEC".to_owned(),
            cause: Cause::Log,
            unread: false,
        })
    }

    /// Where files could not be read on.
    pub fn unread(problems: &[Problem]) -> Vec<Spot> {
        let unread = problems.iter().filter(|problem| problem.unread);
        unread.map(|problem| problem.at.clone()).collect()
    }

    /// What the operating system refused: nothing is known of such a file, not
    /// even that it is damaged.
    pub fn refused(problems: &[Problem]) -> Option<Error> {
        let refused = problems.iter().find(|p| p.cause == Cause::System);
        refused.map(|problem| problem.clone().error())
    }

    pub fn error(self) -> Error {
        let Problem { at, what, .. } = self;
        match self.cause {
            Cause::Log => Error::Damaged { at, what },
            Cause::Rdb => Error::DamagedRdb { at, what },
            Cause::System => Error::Unreadable {
                file: at.file,
                what,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{self, Cut, Pick, Removal, What, Which};

    struct Refusing;

    impl Source for Refusing {
        fn open(&self, _: &[u8]) -> io::Result<Box<dyn Read + Send + '_>> {
            Err(io::ErrorKind::PermissionDenied.into())
        }

        fn list(&self) -> io::Result<Option<Vec<crate::Listed>>> {
            Ok(None)
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_taken_for_damage() {
        let set = Set::single(b"a.aof");
        let matching = Matching {
            pattern: "FLUSHALL".parse().unwrap(),
            db: None,
        };
        let removal = Removal {
            what: What::Matching {
                matching: matching.clone(),
                which: Which::Only,
            },
            keys: Vec::new(),
        };
        let cut = Cut::Before {
            matching,
            pick: Pick::FIRST,
        };
        for error in [
            edit::drop(&set, &Refusing, &removal, &edit::Options::at(0)).unwrap_err(),
            edit::cut(&set, &Refusing, &cut, &edit::Options::at(0)).unwrap_err(),
        ] {
            assert!(matches!(error, Error::Unreadable { .. }), "{error}");
        }
    }
}
