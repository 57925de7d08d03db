//! What an operator should know of a plan beyond its figures.

use std::fmt;

use rdbkit_rdb::redact::plain;

use crate::edit::plan::Spot;
use crate::words::counted;

/// One thing to know. [`fmt::Display`] gives a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Note {
    /// The point was inside a command or a transaction and was moved back.
    Moved {
        /// Where it was asked for.
        from: Spot,
        /// Where it is now.
        to: Spot,
        /// Whether because of a transaction, which is kept or lost as a whole.
        transaction: bool,
    },
    /// Other commands match, too.
    OtherMatches {
        /// All that match.
        total: u64,
        /// The one that was taken, counted from 1.
        taken: u64,
    },
    /// Damage behind the point, which goes.
    DamageBehind {
        /// Where.
        at: Spot,
        /// What is wrong there.
        what: String,
    },
    /// The cut is inside a base of commands, which may be a snapshot and no history.
    InsideBase {
        /// The name of the base.
        file: Vec<u8>,
    },
    /// An annotation at the end of a file without its LF goes.
    TornAnnotation {
        /// Where.
        at: Spot,
    },
    /// Times are in whole seconds: what was asked for may have happened anywhere in this one.
    LastSecond {
        /// The last time that stays.
        time: i64,
    },
    /// A cut to a time in a log whose clock went back: what goes has commands
    /// that were written at the time asked for, or before it.
    ClockWentBack {
        /// What was asked for: Unix seconds.
        wanted: i64,
        /// The earliest time of what goes: Unix seconds.
        first: i64,
    },
    /// The whole log is older than the time asked for: nothing goes.
    AllBefore {
        /// The last time in it.
        time: i64,
    },
    /// `endoffset` of a file that changes does not stay in the manifest.
    EndOffsetDropped {
        /// The name of the file.
        file: Vec<u8>,
    },
    /// Files that a rewrite replaced do not stay in the manifest; they are never loaded.
    HistoryDropped {
        /// How many.
        files: usize,
    },
    /// Nothing but the base stays.
    OnlyBase,
    /// A file of the new log is empty; servers take it and append to it.
    EmptyFile {
        /// Its name.
        file: Vec<u8>,
    },
    /// Commands that go were part of transactions of which others stay.
    SplitTransactions {
        /// How many transactions.
        transactions: u64,
    },
    /// Transactions of which no command is left: they go.
    EmptiedTransactions {
        /// How many.
        transactions: u64,
    },
    /// A SELECT was put in, so that what follows works on its database as before.
    SelectInserted {
        /// Before which old byte.
        at: Spot,
        /// Which database.
        db: u64,
    },
    /// Files that are loaded after one that loses commands to damage: they were written on top of data
    /// that is missing now.
    BuiltOnMissing {
        /// The name of the file that lost commands.
        file: Vec<u8>,
        /// How many files are loaded after it.
        later: usize,
    },
    /// A listed increment is not there and was left out.
    MissingIncrement {
        /// Its name.
        file: Vec<u8>,
    },
    /// Behind a damaged place the database may be another one: a SELECT may be among the damaged bytes.
    DatabaseUncertain {
        /// From where on.
        from: Spot,
        /// The database assumed.
        db: u64,
        /// How many commands up to the next SELECT.
        commands: u64,
    },
    /// Behind the end that a repair gives a file there seem to be more commands: leaving out damage
    /// would keep them.
    MoreBehind {
        /// Where they begin.
        at: Spot,
    },
    /// Too many damaged places in one file: what follows the last of them goes.
    TooMuchDamage {
        /// The last one.
        at: Spot,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Moved {
                from,
                to,
                transaction: true,
            } => write!(
                f,
                "{from} is inside a transaction, which is kept or lost as a whole: the point is its MULTI at {to}"
            ),
            Note::Moved { from, to, .. } => write!(
                f,
                "{from} is inside a command: the point is its beginning at {to}"
            ),
            Note::OtherMatches { total, taken } => {
                write!(f, "{total} commands match; this is number {taken} of them")
            }
            Note::DamageBehind { at, what } => {
                write!(
                    f,
                    "there is damage behind the point, which goes: {what} at {at}"
                )
            }
            Note::InsideBase { file } => write!(
                f,
                "the point is inside the base {}: if a rewrite made it, what is before the point is a part of the \
                 data set and no state it ever was in",
                plain(file)
            ),
            Note::TornAnnotation { at } => {
                write!(f, "the annotation at {at} is torn and goes")
            }
            Note::LastSecond { time } => write!(
                f,
                "times are recorded in whole seconds: all of second {time} stays"
            ),
            Note::ClockWentBack { wanted, first } => write!(
                f,
                "the clock went back: the point is before the first time after second {wanted}, and commands behind it of \
                 second {first} and later go, too"
            ),
            Note::AllBefore { time } => {
                write!(f, "the last time in the log is {time}: nothing is later")
            }
            Note::EndOffsetDropped { file } => write!(
                f,
                "endoffset of {} leaves the manifest, for it is no longer true",
                plain(file)
            ),
            Note::HistoryDropped { files } => write!(
                f,
                "{} a rewrite has replaced; servers never load what is listed so",
                counted(
                    *files as u64,
                    "file leaves the manifest that",
                    "files leave the manifest that"
                )
            ),
            Note::OnlyBase => f.write_str("nothing but the base stays"),
            Note::EmptyFile { file } => write!(
                f,
                "{} is empty now; servers take it and append to it",
                plain(file)
            ),
            Note::SplitTransactions { transactions } => write!(
                f,
                "{}, but not all",
                counted(
                    *transactions,
                    "transaction loses some of its commands",
                    "transactions lose some of their commands"
                )
            ),
            Note::EmptiedTransactions { transactions } => write!(
                f,
                "{} with MULTI, EXEC and any SELECT",
                counted(
                    *transactions,
                    "transaction loses all of its commands and goes",
                    "transactions lose all of their commands and go"
                )
            ),
            Note::SelectInserted { at, db } => write!(
                f,
                "a SELECT {db} is put in at {at}, so that what follows works on its database as before"
            ),
            Note::BuiltOnMissing { file, later } => write!(
                f,
                "{} loses commands, and {} on top of them",
                plain(file),
                counted(
                    *later as u64,
                    "file that is loaded after it was written",
                    "files that are loaded after it were written"
                )
            ),
            Note::MissingIncrement { file } => write!(
                f,
                "{} is not there: its commands are lost, and later files were written on top of them",
                plain(file)
            ),
            Note::DatabaseUncertain { from, db, commands } => write!(
                f,
                "{} from {from} on: on database {db} if no SELECT was among the damaged bytes",
                counted(*commands, "command", "commands")
            ),
            Note::MoreBehind { at } => write!(
                f,
                "at {at} there seem to be commands again; leaving out the damage before it would keep them"
            ),
            Note::TooMuchDamage { at } => write!(
                f,
                "too many damaged places: the rest of the file from {at} on goes"
            ),
        }
    }
}
