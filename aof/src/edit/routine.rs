//! Commands that need no look: nearly all of a log that a plan reads.

use crate::command::Command;
use crate::commands::Spec;
use crate::edit::clock::Clock;
use crate::edit::target::Matching;
use crate::name::{Name, Table};
use crate::words::strtoll;

/// Numbers of arguments, from the first to the second.
pub(super) type Args = (u32, u32);

/// Any number of arguments.
pub(super) const ANY: Args = (1, u32::MAX);

/// No command has so many arguments.
pub(super) const NEVER: Args = (1, 0);

/// What makes a command one that needs a look after all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Care {
    /// The second argument behind its name is a time in so many milliseconds, and
    /// has passed; 0: it is no time.
    pub time: i64,
    /// One of its keys has expired.
    pub keys: Keys,
}

/// Which arguments are the keys to be asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Keys {
    #[default]
    NotAsked,
    /// The one behind the name.
    First,
    /// As many as there are.
    Of(&'static Spec),
}

impl Keys {
    /// All keys of a command.
    pub fn all(spec: &'static Spec) -> Keys {
        if spec.has_one_key() {
            Keys::First
        } else {
            Keys::Of(spec)
        }
    }
}

/// Whether commands of a name may be looked for.
#[derive(Clone, Copy, Debug, Default)]
enum Asked {
    #[default]
    No,
    /// Those of which the arguments behind the name match.
    InOrder,
    /// Each of its keys may match.
    ByKey,
}

#[derive(Clone, Copy, Debug, Default)]
struct Entry {
    care: Care,
    asked: Asked,
}

/// What is known of the names that came by.
#[derive(Debug)]
pub(super) struct Routines<'m> {
    table: Table<Entry>,
    /// Commands that are looked for.
    matching: Option<&'m Matching>,
    now: Clock,
    now_seconds: Clock,
}

impl<'m> Routines<'m> {
    /// Times are compared with `now_ms`, in Unix milliseconds.
    pub fn new(matching: Option<&'m Matching>, now_ms: i64) -> Routines<'m> {
        Routines {
            table: Table::new(),
            matching,
            now: Clock::at(now_ms),
            now_seconds: Clock::at(now_ms.div_euclid(1000)),
        }
    }

    /// Whether a command need only be counted; `expired` says whether a key has expired.
    #[inline(always)]
    pub fn takes(
        &mut self,
        command: &Command<'_>,
        name: Name,
        expired: impl Fn(&[u8]) -> bool,
    ) -> bool {
        let Some(found) = self.table.find(name) else {
            return false;
        };
        if !found.takes(command.len()) {
            return false;
        }
        let Entry { care, asked } = found.kept;
        if care == Care::default() && matches!(asked, Asked::No) {
            return true;
        }
        self.takes_with_care(command, care, asked, expired)
    }

    #[inline(never)]
    fn takes_with_care(
        &self,
        command: &Command<'_>,
        care: Care,
        asked: Asked,
        expired: impl Fn(&[u8]) -> bool,
    ) -> bool {
        if care.time != 0 && self.has_passed(command, care.time) {
            return false;
        }
        let concerned = match care.keys {
            Keys::NotAsked => false,
            Keys::First => command.plain_arg(1).is_some_and(&expired),
            Keys::Of(spec) => {
                let mut keys = spec.keys(command);
                keys.any(|at| command.plain_arg(at).is_some_and(&expired))
            }
        };
        let found = match (asked, self.matching) {
            (Asked::No, _) | (_, None) => false,
            (Asked::InOrder, Some(matching)) => matching.pattern.fits(command, 1),
            (Asked::ByKey, Some(matching)) => matching.pattern.matches(command),
        };
        !concerned && !found
    }

    /// Whether the time that is the second argument behind the name has passed;
    /// `unit` is its unit in milliseconds.
    pub fn has_passed(&self, command: &Command<'_>, unit: i64) -> bool {
        let clock = match unit {
            1000 => self.now_seconds,
            _ => self.now,
        };
        let passed = |text| !clock.is_before(text, |text| strtoll(text).0);
        command.plain_arg(2).is_some_and(passed)
    }

    /// Whether nothing is known of a name.
    #[inline(always)]
    pub fn is_new(&mut self, name: Name) -> bool {
        self.table.find(name).is_none()
    }

    /// Commands of this name, with such numbers of arguments, are to be passed
    /// over with care. `spec` is what the table of commands says of it.
    pub fn learn(
        &mut self,
        command: &Command<'_>,
        spec: Option<&'static Spec>,
        args: Args,
        care: Care,
    ) {
        let ((least, most), asked) = match self.matching.map(|matching| &matching.pattern) {
            Some(pattern) if pattern.may_match(command.name()) => {
                if pattern.is_name_alone() {
                    (NEVER, Asked::No)
                } else if spec.is_none_or(Spec::has_one_key) {
                    (args, Asked::InOrder)
                } else {
                    (args, Asked::ByKey)
                }
            }
            _ => (args, Asked::No),
        };
        self.table
            .learn(command, least, most, Entry { care, asked });
    }

    /// Forgets all names.
    pub fn clear(&mut self) {
        self.table.clear();
    }
}
