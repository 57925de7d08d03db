//! What is to be done, and what an operator must know of it.

use std::fmt;
use std::ops::Range;

use rdbkit_rdb::redact::plain;
use rdbkit_rdb::verify::Server;

use crate::edit::assemble::Assembled;
use crate::edit::error::Error;
use crate::edit::excerpt::Excerpt;
use crate::edit::note::Note;
use crate::edit::output::Output;
use crate::edit::repair::TOLD;
use crate::edit::survey::{self, Survey};
use crate::set::Set;
use crate::source::Source;

/// A log edited on paper: nothing was written.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What was asked for.
    pub action: Action,
    /// The new log.
    pub output: Output,
    /// What becomes of each file the old log loads, in that order.
    pub files: Vec<FileChange>,
    /// Of a cut: where.
    pub point: Option<Spot>,
    /// What goes.
    pub gone: Tally,
    /// What stays.
    pub kept: Kept,
    /// What stood where something goes: of a cut one, of others the first few.
    pub around: Vec<Around>,
    /// Of a repair: what was wrong, and what becomes of it; the first thousand.
    pub damage: Vec<Damage>,
    /// What else is to be known.
    pub notes: Vec<Note>,
    pub(super) manifest_changed: bool,
}

impl Plan {
    /// A plan of what was assembled from `source` and surveyed; of a point and
    /// of damage it says nothing yet.
    pub(super) fn new(
        action: Action,
        (output, files, manifest_changed): Assembled,
        survey: Survey<'_>,
        source: &dyn Source,
        notes: Vec<Note>,
    ) -> Result<Plan, Error> {
        let (gone, kept, around) = survey.finish(source)?;
        Ok(Plan {
            action,
            output,
            files,
            point: None,
            gone,
            kept,
            around,
            damage: Vec::new(),
            notes,
            manifest_changed,
        })
    }

    /// Whether the new log differs from the old one in any byte or file.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.manifest_changed || self.files.iter().any(|file| file.fate != Fate::Same)
    }

    /// Of a repair, the first damage that is more than the torn end of the last file:
    /// what goes with it may be any number of commands, and nobody could read them.
    ///
    /// A torn end is what a server cuts off by itself, or zero bytes that a power failure
    /// left; commands that do nothing when they are loaded count as little. Where there
    /// is more damage than is told, what is not told may be anything.
    #[must_use]
    pub fn more_than_torn(&self) -> Option<&Damage> {
        let last = self.files.last().map(|file| &file.name);
        let behind = |damage: &Damage| {
            let in_file =
                |note: &Note| matches!(note, Note::MoreBehind { at } if at.file == damage.file);
            self.notes.iter().any(in_file)
        };
        let found = self.damage.iter().find(|damage| match damage.harm {
            Harm::Vain | Harm::VainSelect => false,
            Harm::Torn | Harm::OpenTransaction | Harm::TornAnnotation | Harm::ZeroBytes => {
                Some(&damage.file) != last || behind(damage)
            }
            _ => true,
        });
        let all_told = self.damage.len() < TOLD;
        found.or_else(|| self.damage.last().filter(|_| !all_told))
    }
}

/// What kind of edit a plan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// By [`cut`](crate::edit::cut()).
    Cut,
    /// By [`drop`](crate::edit::drop()).
    Drop,
    /// By [`repair`](crate::edit::repair()).
    Repair,
}

/// `cut`, `drop` or `repair`.
impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Cut => "cut",
            Action::Drop => "drop",
            Action::Repair => "repair",
        })
    }
}

/// What becomes of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Its name.
    pub name: Vec<u8>,
    /// What becomes of it.
    pub fate: Fate,
    /// Bytes of it that stay.
    pub kept: u64,
    /// Bytes of it that go.
    pub removed: u64,
    /// Bytes put in that it did not have.
    pub inserted: u64,
}

/// What becomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It stays as it is.
    Same,
    /// It loses bytes.
    Changed,
    /// It is no part of the new log.
    Left,
    /// It was no part of the old log but in name: the file is not there.
    Missing,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The name of the file.
    pub file: Vec<u8>,
    /// Which byte.
    pub offset: u64,
    /// The last `#TS` time before it: Unix seconds.
    pub time: Option<i64>,
}

impl Spot {
    /// In file `file` of the set.
    pub(super) fn of(set: &Set, file: usize, offset: u64, time: Option<i64>) -> Spot {
        Spot {
            file: survey::name(set, file).to_vec(),
            offset,
            time,
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", plain(&self.file), self.offset)
    }
}

/// Commands, counted. Of damaged bytes nothing is counted here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Commands, `SELECT`, `MULTI` and `EXEC` among them.
    pub commands: u64,
    /// Transactions.
    pub transactions: u64,
    /// Commands that lost some of their keys and stay; not counted above.
    pub shortened: u64,
    /// Commands by name in upper case, most frequent first.
    pub names: Vec<(String, u64)>,
    /// Different keys they name. With [`keys_exact`](Self::keys_exact) false it
    /// is an estimate that is off by some percent at worst.
    pub keys: u64,
    /// Whether the number of keys is exact: so up to 65536 of them.
    pub keys_exact: bool,
    /// The first of these keys, each with its database: twenty at most, and of
    /// a long key its first 256 bytes.
    pub first_keys: Vec<(u64, Vec<u8>)>,
    /// Databases they work on with the number of commands, in order.
    pub databases: Vec<(u64, u64)>,
    /// The first and the last `#TS` time in force: Unix seconds.
    pub times: Option<(i64, i64)>,
}

/// What stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Commands, `SELECT`, `MULTI` and `EXEC` among them.
    pub commands: u64,
    /// The last `#TS` time: Unix seconds.
    pub time: Option<i64>,
    /// When the RDB file at the front was written: Unix seconds.
    pub base_time: Option<i64>,
    /// Keys whose expiry has passed: they are gone as soon as a server has
    /// loaded the result. With [`expired_exact`](Self::expired_exact) false it
    /// is an estimate that is off by some percent at worst. Expiries of single fields and of
    /// what scripts and `COPY` made do not count.
    pub expired: u64,
    /// Whether no estimating was needed.
    pub expired_exact: bool,
    /// What a server must be to load it.
    pub needs: Needs,
}

/// The oldest servers that load something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Of Redis; `None` if no release the command table knows does.
    pub redis: Option<Server>,
    /// Of Valkey.
    pub valkey: Option<Server>,
    /// Whether there are annotations, which only servers from 7.0 on pass over.
    pub annotations: bool,
    /// Names no server of the table knows, of modules perhaps; the first few.
    pub unknown: Vec<String>,
}

/// What stands around something that goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The last few that stay before it.
    pub before: Vec<Excerpt>,
    /// The first few that go.
    pub gone: Vec<Excerpt>,
    /// The first few that stay behind it; of a cut there are none.
    pub after: Vec<Excerpt>,
}

/// Something wrong in a log, and what a repair does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The name of the file.
    pub file: Vec<u8>,
    /// Which of its bytes go.
    pub range: Range<u64>,
    /// What is wrong.
    pub harm: Harm,
    /// How many commands that could be read go with it.
    pub commands: u64,
    /// The text of the command, where it could be read.
    pub text: Option<String>,
}

/// What is wrong with bytes that a repair leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Harm {
    /// The file ends inside a command.
    Torn,
    /// The file ends inside a transaction.
    OpenTransaction,
    /// The file ends inside an annotation: the next command would be glued to it.
    TornAnnotation,
    /// An annotation that says no time and is no text: servers pass over it.
    DamagedAnnotation,
    /// Zero bytes up to the end of the file, as after a power failure.
    ZeroBytes,
    /// Bytes that are no command: why.
    Bytes(String),
    /// What follows bytes that are no command, up to the end of the file.
    Rest(String),
    /// A transaction that has lost some of its commands to damage.
    BrokenTransaction,
    /// A command no server knows.
    UnknownCommand,
    /// A command with too few or too many arguments.
    WrongArity,
    /// A `SELECT` of no database: servers stay where they are.
    VainSelect,
    /// An `EXEC` without `MULTI`, or a `MULTI` inside a transaction: servers
    /// pass over it, the check tools refuse it.
    Vain,
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Harm::Torn => f.write_str("the file ends inside a command"),
            Harm::OpenTransaction => f.write_str("the file ends inside a transaction"),
            Harm::TornAnnotation => f.write_str("the file ends inside an annotation"),
            Harm::DamagedAnnotation => f.write_str("a damaged annotation"),
            Harm::ZeroBytes => f.write_str("zero bytes up to the end of the file"),
            Harm::Bytes(why) => f.write_str(why),
            Harm::Rest(why) => write!(f, "{why}; all behind it goes, too"),
            Harm::BrokenTransaction => f.write_str("a transaction of which commands are damaged"),
            Harm::UnknownCommand => f.write_str("a command no server knows"),
            Harm::WrongArity => f.write_str("a command with a wrong number of arguments"),
            Harm::VainSelect => f.write_str("a SELECT of no database"),
            Harm::Vain => f.write_str("a MULTI inside a transaction, or an EXEC outside of one"),
        }
    }
}
