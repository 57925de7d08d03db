//! One row of the command table: arity, and how to find the keys.

use rdbkit_rdb::verify::{Product, Server};

use crate::command::Command;
use crate::commands::{Release, later};
use crate::words::strtoll;

/// What servers know of one command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    pub(super) name: &'static [u8],
    pub(super) write: bool,
    pub(super) container: bool,
    pub(super) arity: [i8; 6],
    pub(super) keys: &'static [KeySpec],
}

/// Where a run of keys begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begin {
    /// At this argument.
    Index(usize),
    /// Behind this word, looked for from argument `from` on; a negative number
    /// counts from the end, and the search goes forward all the same.
    Keyword { word: &'static [u8], from: i32 },
}

/// Which arguments of the run are keys; positions count from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Find {
    /// Each `step`th up to `last`; a negative `last` counts from the end of the
    /// command, or with `limit` 2 from the middle of the rest.
    Range { last: i32, step: usize, limit: u8 },
    /// As many as argument `count` says, each `step`th from `first` on.
    KeyNum {
        count: usize,
        first: usize,
        step: usize,
    },
}

/// One rule for finding keys, as servers give it in `COMMAND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KeySpec {
    pub begin: Begin,
    pub find: Find,
}

/// How many arguments a command takes, its name among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arity {
    /// So many.
    Exactly(usize),
    /// So many or more.
    AtLeast(usize),
}

impl Arity {
    /// Whether a command of `args` arguments, its name among them, is right.
    #[must_use]
    pub const fn accepts(self, args: usize) -> bool {
        match self {
            Arity::Exactly(wanted) => args == wanted,
            Arity::AtLeast(least) => args >= least,
        }
    }
}

impl Spec {
    /// The name in lower case; of a subcommand, as in `xgroup|create`.
    #[must_use]
    pub const fn name(&self) -> &'static [u8] {
        self.name
    }

    /// Whether the command may change data. `MULTI`, `SELECT`, `EVAL` and others
    /// that stand in logs do not do so themselves.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        self.write
    }

    /// Whether the command is nothing without a subcommand. [`spec`](super::spec())
    /// gives such a row only where the subcommand is missing or not known.
    #[must_use]
    pub const fn is_container(&self) -> bool {
        self.container
    }

    /// The arity in a release; `None` if it does not know the command. Redis
    /// 6.0 knows no subcommands, only what they belong to.
    #[must_use]
    pub const fn arity(&self, release: Release) -> Option<Arity> {
        match self.arity[release as usize] {
            0 => None,
            least @ ..0 => Some(Arity::AtLeast(least.unsigned_abs() as usize)),
            wanted => Some(Arity::Exactly(wanted as usize)),
        }
    }

    /// What `server` knows of the command: `None` if it does not know it,
    /// `Some(None)` if it does, with an arity that is not known here.
    #[must_use]
    pub fn known_to(&self, server: Server) -> Option<Option<Arity>> {
        let release = Release::nearest(server);
        let between = later::since(self.name)
            .is_some_and(|since| (release.server()..=server).contains(&since));
        if server.product == Product::Redis && between {
            return Some(release.next().and_then(|next| self.arity(next)));
        }
        self.arity(release).map(Some)
    }

    /// The first release line of a product that is known to have the command,
    /// but none before those at hand: [`Release::Redis60`], [`Release::Valkey80`].
    #[must_use]
    pub fn since(&self, product: Product) -> Option<Server> {
        let mut releases = Release::ALL.into_iter();
        let asked = releases
            .find(|release| release.server().product == product && self.arity(*release).is_some())
            .map(Release::server);
        match later::since(self.name) {
            // An arity that changed says nothing of when the command came.
            Some(since) if product == Product::Redis => Some(asked.map_or(since, |a| a.min(since))),
            _ => asked,
        }
    }

    /// Whether any release at hand knows the command: `false` for those of
    /// later servers, of which arities are not known.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.arity != [0; 6]
    }

    /// Whether the argument behind the name is a key, and no other can be one.
    pub(crate) fn has_one_key(&self) -> bool {
        let first = |rule: &KeySpec| {
            rule.begin == Begin::Index(1) && matches!(rule.find, Find::Range { last: 0, .. })
        };
        matches!(self.keys, [rule] if first(rule)) && self.name != b"sort"
    }

    /// The indexes of the arguments that are keys.
    ///
    /// # Limits
    ///
    /// Memory is constant; what a count in the command says is never believed
    /// beyond its arguments.
    #[must_use]
    pub fn keys<'c>(&'static self, command: &Command<'c>) -> Keys<'c> {
        Keys {
            command: *command,
            rules: self.keys,
            next: 0,
            end: 0,
            step: 1,
            store: self.name == b"sort",
        }
    }
}

/// Indexes of the arguments that are keys, see [`Spec::keys`].
#[derive(Clone, Debug)]
pub struct Keys<'c> {
    command: Command<'c>,
    rules: &'static [KeySpec],
    /// The run at hand.
    next: usize,
    end: usize,
    step: usize,
    /// The destination of SORT is still to come.
    store: bool,
}

impl Iterator for Keys<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.next >= self.end {
            if let Some((rule, rest)) = self.rules.split_first() {
                self.rules = rest;
                if let Some((first, end, step)) = run(rule, &self.command) {
                    (self.next, self.end, self.step) = (first, end, step.max(1));
                }
            } else if self.store {
                self.store = false;
                return sort_destination(&self.command);
            } else {
                return None;
            }
        }
        let key = self.next;
        self.next = key.saturating_add(self.step);
        Some(key)
    }
}

/// First key, end and step of what a rule finds.
fn run(rule: &KeySpec, command: &Command<'_>) -> Option<(usize, usize, usize)> {
    let args = command.len();
    let first = match rule.begin {
        Begin::Index(at) => at,
        Begin::Keyword { word, from } => {
            let from = from_end(from, args)?;
            // The last argument is no keyword: nothing follows it.
            let mut rest = command.args().enumerate().take(args - 1).skip(from);
            rest.find(|(_, arg)| arg.eq_ignore_ascii_case(word))?.0 + 1
        }
    };
    let (first, end, step) = match rule.find {
        Find::Range { last, step, limit } => {
            let last = match usize::try_from(last) {
                Ok(last) => first + last,
                Err(_) if limit > 1 => {
                    let half = args.checked_sub(first)? / usize::from(limit);
                    (first + half).checked_sub(last.unsigned_abs() as usize)?
                }
                Err(_) => from_end(last, args)?,
            };
            (first, last + 1, step)
        }
        Find::KeyNum {
            count,
            first: offset,
            step,
        } => {
            let (count, _) = strtoll(command.arg(first + count)?);
            let count = usize::try_from(count).ok().filter(|&n| n > 0)?;
            let first = first + offset;
            (
                first,
                first
                    .saturating_add((count - 1).saturating_mul(step))
                    .saturating_add(1),
                step,
            )
        }
    };
    Some((first, end.min(args), step))
}

/// An index; a negative one counts from the end.
fn from_end(index: i32, args: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => args.checked_sub(index.unsigned_abs() as usize),
    }
}

/// The key after the last STORE of a SORT: servers have no rule to tell it by,
/// for the words before it may be patterns.
fn sort_destination(command: &Command<'_>) -> Option<usize> {
    let mut found = None;
    let mut args = command.args().enumerate().skip(2);
    while let Some((at, arg)) = args.next() {
        if arg.eq_ignore_ascii_case(b"LIMIT") {
            args.nth(1)?;
        } else if arg.eq_ignore_ascii_case(b"GET") || arg.eq_ignore_ascii_case(b"BY") {
            args.next()?;
        } else if arg.eq_ignore_ascii_case(b"STORE") {
            args.next()?;
            found = Some(at + 1);
        }
    }
    found
}
