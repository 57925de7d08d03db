//! Which commands of a log are wanted.

use rdbkit_rdb::glob;

use crate::command::Command;
use crate::commands;
use crate::pattern::Pattern;
use crate::search::reach;
use crate::walk::Unit;

/// What a command and its place must be; what is not set is not asked.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Memory, Set, search::Filter, walk::{self, Unit, Visitor}};
///
/// struct Matches(Filter, Vec<u64>);
/// impl Visitor for Matches {
///     fn unit(&mut self, unit: &Unit<'_>) {
///         if self.0.matches(unit) {
///             self.1.push(unit.begin);
///         }
///     }
/// }
///
/// let mut files = Memory::default();
/// files.insert(b"a.aof", b"*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*1\r\n$8\r\nFLUSHALL\r\n");
/// let filter = Filter { patterns: vec!["flushall".parse()?], ..Filter::default() };
/// let mut matches = Matches(filter, Vec::new());
/// walk::walk_with(&Set::single(b"a.aof"), &files, Default::default(), &mut matches);
/// assert_eq!(matches.1, [21]);
/// # Ok::<(), rdbkit_aof::BadPattern>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these matches; none asks nothing.
    pub patterns: Vec<Pattern>,
    /// One of the command's keys matches one of these globs; none asks nothing.
    /// Commands that name no key, such as `FLUSHALL`, do not match.
    pub keys: Vec<Vec<u8>>,
    /// It works on this database. `FLUSHALL` works on all, `SWAPDB` on two,
    /// `MOVE` and `COPY` on that of their second key too.
    pub db: Option<u64>,
    /// The last `#TS` before it is this Unix second or later. What stands before
    /// the first `#TS` is of no known time, and does not match.
    pub since: Option<i64>,
    /// The last `#TS` before it is this Unix second or earlier, or there is none.
    pub until: Option<i64>,
    /// It stands in this one of [`Set::files`](crate::Set::files).
    pub file: Option<usize>,
    /// It begins at this offset of its file or behind it.
    pub from: Option<u64>,
    /// It begins before this offset of its file.
    pub to: Option<u64>,
    /// It may change data: writes by the command table, scripts, and what the
    /// table does not know. `SELECT`, `MULTI` and `EXEC` do not.
    pub writes: bool,
}

impl Filter {
    /// Whether the unit is a command that is wanted.
    #[inline]
    #[must_use]
    pub fn matches(&self, unit: &Unit<'_>) -> bool {
        let Some(command) = unit.item.command() else {
            return false;
        };
        (self.patterns.is_empty() || self.patterns.iter().any(|p| p.matches(&command)))
            && self.matches_all(&command, unit)
    }

    #[inline(never)]
    fn matches_all(&self, command: &Command<'_>, unit: &Unit<'_>) -> bool {
        self.stands_right(unit)
            && self.touches_right(command, unit.db)
            && (!self.writes || may_write(command))
    }

    /// Whether the times of a log decide what matches.
    #[must_use]
    pub fn asks_time(&self) -> bool {
        self.since.is_some() || self.until.is_some()
    }

    fn stands_right(&self, unit: &Unit<'_>) -> bool {
        self.file.is_none_or(|file| file == unit.file)
            && self.from.is_none_or(|from| unit.begin >= from)
            && self.to.is_none_or(|to| unit.begin < to)
            && self
                .since
                .is_none_or(|since| unit.time.is_some_and(|t| t >= since))
            && self
                .until
                .is_none_or(|until| unit.time.is_none_or(|t| t <= until))
    }

    /// Keys and database.
    fn touches_right(&self, command: &Command<'_>, selected: u64) -> bool {
        if self.keys.is_empty() {
            return self
                .db
                .is_none_or(|db| reach::reach(command).includes(selected, db));
        }
        let Some(spec) = commands::spec(command) else {
            return false;
        };
        reach::keys(spec, command, selected).any(|(at, db)| {
            self.db.is_none_or(|wanted| wanted == db)
                && command
                    .arg(at)
                    .is_some_and(|key| self.keys.iter().any(|wanted| glob::matches(wanted, key)))
        })
    }
}

fn may_write(command: &Command<'_>) -> bool {
    commands::spec(command).is_none_or(|spec| spec.is_write() || reach::runs_script(spec))
}

#[cfg(test)]
mod tests;
