//! Why there is no plan.

use crate::edit::excerpt::Excerpt;
use crate::edit::plan::Spot;
use crate::words::counted;
use rdbkit_rdb::redact::plain;

/// Why a log cannot be edited as asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No command matches.
    #[error("nothing matches among {} in {}{}", counted(*.commands, "command", "commands"), counted(*.files as u64, "file", "files"), unread_hint(.unread))]
    NothingMatches {
        /// Commands that were looked at.
        commands: u64,
        /// Files that were looked at.
        files: usize,
        /// Where files could not be read on: what is behind was not looked at.
        unread: Vec<Spot>,
    },
    /// Fewer commands match than the number asked for.
    #[error("there {} only {}, not {wanted}{}", if *.matches == 1 { "is" } else { "are" }, counted(*.matches, "match", "matches"), unread_hint(.unread))]
    TooFewMatches {
        /// How many match.
        matches: u64,
        /// Which one was asked for.
        wanted: u64,
        /// Where files could not be read on.
        unread: Vec<Spot>,
    },
    /// Several commands match, and it was not said which.
    #[error("{total} commands match; say which, or all")]
    Ambiguous {
        /// How many.
        total: u64,
        /// The first few of them.
        first: Vec<Excerpt>,
    },
    /// More is damaged than the torn end of the last file, and only that was to be repaired.
    #[error("more than a torn end: {}:{offset}: {what}; {} would go", plain(.file), counted(*.bytes, "byte", "bytes"))]
    MoreThanTorn {
        /// The name of the file.
        file: Vec<u8>,
        /// Where the damage begins.
        offset: u64,
        /// What is wrong there.
        what: String,
        /// How many bytes a repair would take out there.
        bytes: u64,
    },
    /// The log has no file of that name.
    #[error("the log has no file {}; it consists of {}", plain(.name), list(.files))]
    NoSuchFile {
        /// The name.
        name: Vec<u8>,
        /// The files it has.
        files: Vec<Vec<u8>>,
    },
    /// An offset without a file, and several files hold commands.
    #[error("in which file? commands are in {}", list(.files))]
    WhichFile {
        /// The files that hold commands.
        files: Vec<Vec<u8>>,
    },
    /// The offset is behind the end.
    #[error("{at} is behind the end of the file, which has {length} bytes")]
    BeyondEnd {
        /// What was asked for.
        at: Spot,
        /// The length of the file.
        length: u64,
    },
    /// The point is inside an RDB file, which is one piece.
    #[error("{at} is inside an RDB file, which cannot be divided: the earliest point is its end at offset {end}{}", made(.base_time))]
    InsideRdb {
        /// What was asked for.
        at: Spot,
        /// Where the RDB file ends.
        end: u64,
        /// When it was made: Unix seconds.
        base_time: Option<i64>,
    },
    /// The time is before the whole log.
    #[error(
        "the log begins at {earliest}, after {wanted}: the base cannot be divided, and what is before it is not recorded"
    )]
    BeforeBase {
        /// What was asked for: Unix seconds.
        wanted: i64,
        /// The earliest time that can be restored: Unix seconds.
        earliest: i64,
    },
    /// Nothing is before the point.
    #[error("nothing is before {at}: the result would be an empty log")]
    NothingBefore {
        /// The point.
        at: Spot,
    },
    /// The log records no times.
    #[error("the log records no times (aof-timestamp-enabled was off{}): cut before a command or at an offset", made(.base_time))]
    NoTimes {
        /// When the base was made: Unix seconds.
        base_time: Option<i64>,
    },
    /// Damage where all must be whole.
    #[error("{what} at {at}: repair the log first")]
    Damaged {
        /// Where.
        at: Spot,
        /// What is wrong.
        what: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {what}", plain(.file))]
    Unreadable {
        /// Its name.
        file: Vec<u8>,
        /// Why.
        what: String,
    },
    /// A listed increment is not there, and it was not said that it may be left out.
    #[error("{} is not there: its commands are lost", plain(.file))]
    MissingIncrement {
        /// Its name.
        file: Vec<u8>,
    },
    /// The base is not there.
    #[error("the base {} is not there: a log is worth nothing without it", plain(.file))]
    MissingBase {
        /// Its name.
        file: Vec<u8>,
    },
    /// The manifest names no file.
    #[error(
        "the manifest names no file: there is nothing to repair, and servers begin an empty log"
    )]
    NoFiles,
    /// No command could be read, and it was not said that the result may be an empty log.
    #[error("no command could be read, so this may be no log at all: {what} at {at}")]
    NothingReadable {
        /// Where reading ended.
        at: Spot,
        /// Why.
        what: String,
    },
    /// The RDB file at the front is damaged.
    #[error("the RDB file in {} is damaged and cannot be mended here: {what}", plain(&.at.file))]
    DamagedRdb {
        /// Where.
        at: Spot,
        /// What is wrong.
        what: String,
    },
    /// `SELECT`, `MULTI` or `EXEC` cannot be taken out by themselves.
    #[error("{name} cannot be taken out{}: {why}", place(.at))]
    Context {
        /// Which of them.
        name: String,
        /// Where; `None` if a pattern named it.
        at: Option<Spot>,
        /// Why not.
        why: &'static str,
    },
    /// There is no command at the offset.
    #[error("{at} is in an annotation, which is no command")]
    NoCommand {
        /// What was asked for.
        at: Spot,
    },
    /// A command has other keys, too, and cannot lose some of them.
    #[error("{} cannot lose single keys: {why}", .command)]
    CannotShorten {
        /// The command.
        command: Box<Excerpt>,
        /// Why.
        why: &'static str,
    },
}

fn unread_hint(unread: &[Spot]) -> String {
    let Some(first) = unread.first() else {
        return String::new();
    };
    format!("; what is behind the damage at {first} could not be searched")
}

fn list(names: &[Vec<u8>]) -> String {
    let names: Vec<String> = names.iter().map(|n| plain(n).to_string()).collect();
    names.join(", ")
}

fn made(time: &Option<i64>) -> String {
    time.map_or_else(String::new, |time| format!(", made at {time}"))
}

fn place(at: &Option<Spot>) -> String {
    at.as_ref()
        .map_or_else(String::new, |at| format!(" at {at}"))
}
