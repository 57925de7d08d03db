//! Commands that need no look: nearly all of a log that a plan reads.

use crate::ahead::{Counted, Counter};
use crate::command::Command;
use crate::commands::{self, Spec};
use crate::edit::clock::Clock;
use crate::edit::kept;
use crate::edit::repair::resync;
use crate::edit::target::Matching;
use crate::name::{Control, Name, Table};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    /// Neither is anything.
    plain: bool,
    care: Care,
    asked: Asked,
}

/// What makes commands need a look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Policy<'a> {
    /// Commands that are looked for.
    pub matching: Option<&'a Matching>,
    /// Whether times that have passed are looked for, and what concerns keys that
    /// have expired: Unix milliseconds.
    pub now_ms: Option<i64>,
    /// Whether commands that servers refuse are looked for; these commands of
    /// modules are none of them.
    pub modules: Option<&'a [String]>,
}

/// What is known of the names that came by.
#[derive(Debug)]
pub(super) struct Routines<'a> {
    table: Table<Entry>,
    policy: Policy<'a>,
    /// Some keys have expired.
    expired: bool,
    now: Clock,
    now_seconds: Clock,
}

impl<'a> Routines<'a> {
    pub fn new(policy: Policy<'a>) -> Routines<'a> {
        let now = policy.now_ms.unwrap_or_default();
        Routines {
            table: Table::new(),
            policy,
            expired: false,
            now: Clock::at(now),
            now_seconds: Clock::at(now.div_euclid(1000)),
        }
    }

    /// Others with the same policy, that know no name.
    pub fn afresh(&self) -> Routines<'a> {
        Routines {
            expired: self.expired,
            ..Routines::new(self.policy)
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
        if found.kept.plain {
            return true;
        }
        let Entry { care, asked, .. } = found.kept;
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
        let found = match (asked, self.policy.matching) {
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

    /// Whether nothing is known of a name, but that it sets no scene for others.
    #[inline(always)]
    pub fn is_new(&mut self, name: Name) -> bool {
        name.control() == Control::None && self.table.find(name).is_none()
    }

    /// A command of a name of which nothing is known: others may be passed over.
    #[cold]
    pub fn learn(&mut self, command: &Command<'_>) {
        let spec = commands::spec(command);
        let (args, care) = match self.policy.now_ms {
            Some(_) => kept::routine(spec, self.expired),
            None => (ANY, Care::default()),
        };
        let args = match self.policy.modules {
            Some(modules) => resync::run_by_servers(command, args, modules),
            None => args,
        };
        let pattern = self.policy.matching.map(|matching| &matching.pattern);
        let ((least, most), asked) = match pattern {
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
        let entry = Entry {
            plain: care == Care::default() && asked == Asked::No,
            care,
            asked,
        };
        self.table.learn(command, least, most, entry);
    }

    /// A key has expired: what was routine may concern it. Gives whether that is new.
    pub fn key_has_expired(&mut self) -> bool {
        let new = !std::mem::replace(&mut self.expired, true);
        if new {
            self.table.clear();
        }
        new
    }

    /// Whether a key has.
    pub fn any_expired(&self) -> bool {
        self.expired
    }
}

/// Passes over commands where several threads read. The first of each name in a
/// piece is to be seen: what is in the log must be known.
impl Counter for Routines<'_> {
    type Sum = ();

    fn begin(&mut self) {
        self.table.clear();
    }

    #[inline(always)]
    fn counts(&mut self, command: &Command<'_>) -> Counted {
        // Which keys have expired is not known here.
        match Name::of(command) {
            Some(name) if self.takes(command, name, |_| true) => Counted::Yes,
            _ => Counted::Perhaps,
        }
    }

    #[inline(never)]
    fn learns(&mut self, command: &Command<'_>) -> Counted {
        if let Some(name) = Name::of(command)
            && self.is_new(name)
        {
            self.learn(command);
        }
        Counted::No
    }

    fn sum(&mut self) {}
}
