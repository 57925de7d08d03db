//! What is asked for.

use std::num::NonZeroU64;

use crate::pattern::Pattern;

/// Where a log is to be cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before one of the commands that match.
    Before {
        /// Which commands are meant.
        matching: Matching,
        /// Which of them.
        pick: Pick,
    },
    /// At an offset: on the boundary of two commands it keeps exactly what is
    /// before it.
    At(At),
    /// Before the first `#TS` annotation of a later time than this: Unix seconds.
    Until(i64),
}

/// Commands, by what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matching {
    /// What they look like.
    pub pattern: Pattern,
    /// The database they work on; any if `None`.
    pub db: Option<u64>,
}

/// One of several matches, counted over all files in the order they are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// This one, counted from 1.
    Nth(NonZeroU64),
    /// The last one.
    Last,
}

impl Pick {
    /// The first one.
    pub const FIRST: Pick = Pick::Nth(NonZeroU64::MIN);
}

/// A byte of one of the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At {
    /// The name of the file. It may be left out where only one file of the log
    /// holds commands.
    pub file: Option<Vec<u8>>,
    /// Which byte, from 0.
    pub offset: u64,
}

/// What is to be taken out of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Which commands.
    pub what: What,
    /// If any are given, commands match only if they have one of these keys,
    /// and lose these keys alone; they go as a whole when none is left.
    pub keys: Vec<Vec<u8>>,
}

/// Commands to be taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Those that match. `SELECT`, `MULTI` and `EXEC` are no matches for a
    /// pattern with wildcards in its name, and refused where they are named:
    /// what they do to others is kept, and a transaction that has lost all its
    /// commands goes by itself.
    Matching {
        /// Which commands are meant.
        matching: Matching,
        /// How many of them.
        which: Which,
    },
    /// The command that holds this byte; at a `MULTI`, its whole transaction.
    At(At),
}

/// How many of the commands that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The only one: that there are several is an error.
    Only,
    /// One of them.
    One(Pick),
    /// All of them.
    All,
}

/// How far a repair may go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repair {
    /// Leave out damage in the middle of a file, and what servers refuse to
    /// run, and go on behind it. Otherwise a file ends at its first damage.
    pub skip_damage: bool,
    /// Leave increments that are not there out of the manifest.
    pub allow_missing: bool,
    /// Go on where no command could be read: the result is an empty log.
    pub allow_empty: bool,
    /// Commands of modules that stay with [`skip_damage`](Self::skip_damage): globs
    /// such as `json.*`, in either case. Names with a dot always do.
    pub module_commands: Vec<String>,
}
