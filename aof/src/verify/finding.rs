//! What a verifier has to say about a log, as plain data.

use std::collections::BTreeMap;
use std::fmt;

use rdbkit_rdb::verify::Server;

use crate::commands::Release;
use crate::error::ErrorKind;
use crate::verify::effect::{Effect, Habits};

macro_rules! codes {
    ($($variant:ident $name:literal $doc:literal)*) => {
        /// What kind of finding it is. Names are stable; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name used in reports, such as `torn-tail`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// One sentence on what it means.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$variant => $doc,)* }
            }
        }
    };
}

codes! {
    BadStart "bad-start" "Neither a command nor an annotation begins here."
    BadCount "bad-count" "A command of no or a negative number of arguments."
    BadArgument "bad-argument" "No `$` where an argument begins."
    BadLength "bad-length" "A length no argument can have; servers die of it."
    NulTail "nul-tail" "Zero bytes up to the end of the file, as after a loss of power."
    RdbRefused "rdb-refused" "The RDB file at the front does not load; its own findings tell why."
    RdbUndecided "rdb-undecided" "Only running the server tells whether the RDB file at the front loads."
    RdbOverData "rdb-over-data" "An RDB file behind files that hold data: a key or function that is in both stops the server."
    RdbInIncrement "rdb-in-increment" "An increment begins with an RDB file; servers load it, none writes it."
    TornTail "torn-tail" "The file ends inside a command."
    TornTransaction "torn-transaction" "The file ends inside a command of an open transaction."
    OpenTransaction "open-transaction" "The file ends between MULTI and EXEC."
    TornBehindRdb "torn-behind-rdb" "The file ends before anything behind its RDB file is whole."
    TornNotLast "torn-not-last" "A file that is not the last one ends too early."
    TornAnnotation "torn-annotation" "The file to be appended to ends in an annotation without line end: the next command is glued to it."
    OldAnnotation "old-annotation" "An annotation; servers before 7.0 know none."
    LongAnnotation "long-annotation" "An annotation of more than 1022 bytes: what follows is read as a line of its own."
    OddAnnotation "odd-annotation" "An annotation, or a place for one, that no server writes."
    TimeBackwards "time-backwards" "A timestamp before one that comes earlier in the log."
    UnknownCommand "unknown-command" "A command the server does not know."
    PerhapsUnknown "perhaps-unknown" "A command that the server may know: it is newer than the releases whose commands are known here."
    MissingSubcommand "missing-subcommand" "A command that is nothing without a subcommand stands alone."
    NoArguments "no-arguments" "A command stands without the arguments it needs; servers were seen to crash of it."
    TooFewArguments "too-few-arguments" "Fewer arguments than the command takes: Redis reads memory that is not the command's."
    TooManyArguments "too-many-arguments" "More arguments than the command takes."
    RiskyCommand "risky-command" "A command that servers may die of, depending on what is in it."
    DiscardInTransaction "discard-in-transaction" "DISCARD between MULTI and EXEC: servers crash at EXEC."
    NestedMulti "nested-multi" "MULTI inside a transaction; servers run it in vain, the check tools refuse it."
    StrayExec "stray-exec" "EXEC without MULTI; servers run it in vain, the check tools refuse it."
    SelectRefused "select-refused" "A SELECT the server does not obey: what follows works on the database before."
    NoWrite "no-write" "A command that changes no data: no server writes it to a log."
    LooseNumber "loose-number" "A number with blanks, a sign or zeros in front; servers take it."
    LineEnd "line-end" "A line that does not end in CRLF right behind its number; servers take it, the check tools refuse it."
    Terminator "terminator" "The two bytes behind an argument are not CRLF; servers skip any two, the check tools refuse them."
    HugeLength "huge-length" "An argument of more than 512 MiB: servers reserve that much memory before they read it."
    ManifestRefused "manifest-refused" "Servers stop at this line of the manifest."
    ManifestUnknown "manifest-unknown" "Servers before 7.0 know no manifest and start without this log."
    NoManifest "no-manifest" "Files of a log without their manifest: servers start empty, overwrite the base and append to the first increment."
    GluedQuotes "glued-quotes" "A word of the manifest goes on behind a closing quote: Valkey 9 reads it, others stop."
    UnknownKey "unknown-key" "A pair of words in the manifest that this release does not know; servers drop it."
    OddSequence "odd-sequence" "A sequence number no server writes."
    SequenceGap "sequence-gap" "A number is missing between increments: a file may be lost."
    OffsetOrder "offset-order" "Replication offsets that run backwards."
    ListedTwice "listed-twice" "The same file is loaded twice."
    HistoryInUse "history-in-use" "A file that is loaded, or is to be written next, is listed as history too: servers delete it."
    MissingFile "missing-file" "A listed file is not there."
    NotAFile "not-a-file" "A listed name is a folder."
    MissingBase "missing-base" "No base, although rewrites have happened: data may be missing."
    EmptyBase "empty-base" "A base of no byte that should be an RDB file: its data are gone."
    TemporaryFile "temporary-file" "A file left by a server that was stopped while writing it; servers ignore it."
    MixedCopy "mixed-copy" "A file beside the manifest is newer than it, or older where a newer one is missing: the folder was copied while a rewrite ended, and manifest and files are of two moments."
    StartsEmpty "starts-empty" "All files the manifest names are empty or none, and files with data lie beside."
    UnlistedFile "unlisted-file" "A file the manifest does not name; servers ignore it."
    ReusedName "reused-name" "A file the manifest does not name, under the name the server appends to next: at the next start its old content is loaded."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Code {
    /// What a server does because of such a finding, in its default configuration.
    #[must_use]
    pub fn effect(self, server: Server) -> Effect {
        let arity = |otherwise| {
            if server.checks_arity() {
                Effect::Refuses
            } else {
                otherwise
            }
        };
        match self {
            Code::BadStart
            | Code::BadCount
            | Code::BadArgument
            | Code::NulTail
            | Code::RdbRefused
            | Code::UnknownCommand
            | Code::ManifestRefused
            | Code::MissingFile
            | Code::NotAFile => Effect::Refuses,
            Code::BadLength | Code::DiscardInTransaction => Effect::Crashes,
            Code::RdbUndecided | Code::RdbOverData | Code::PerhapsUnknown | Code::RiskyCommand => {
                Effect::Undecided
            }
            Code::TornTail | Code::OpenTransaction => Effect::Truncates,
            Code::TornTransaction if server.cuts_with_care() => Effect::Truncates,
            Code::TornTransaction => Effect::LeavesOpen,
            Code::TornBehindRdb if server.cuts_with_care() => Effect::Truncates,
            Code::TornBehindRdb => Effect::Empties,
            Code::TornNotLast => Effect::Destroys,
            Code::OldAnnotation if !server.has_multi_part() => Effect::Refuses,
            Code::ManifestUnknown if !server.has_multi_part() => Effect::Ignores,
            Code::MissingSubcommand | Code::NoArguments => arity(Effect::Crashes),
            Code::TooFewArguments => arity(Effect::Undecided),
            Code::TooManyArguments => arity(Effect::Loads),
            Code::GluedQuotes if !server.takes_glued_quotes() => Effect::Refuses,
            Code::NoManifest | Code::StartsEmpty => Effect::Ignores,
            Code::SelectRefused | Code::EmptyBase => Effect::Loses,
            Code::TornAnnotation | Code::ReusedName | Code::HistoryInUse => Effect::BreaksLater,
            Code::OldAnnotation
            | Code::ManifestUnknown
            | Code::GluedQuotes
            | Code::RdbInIncrement
            | Code::LongAnnotation
            | Code::OddAnnotation
            | Code::TimeBackwards
            | Code::NestedMulti
            | Code::StrayExec
            | Code::NoWrite
            | Code::LooseNumber
            | Code::LineEnd
            | Code::Terminator
            | Code::HugeLength
            | Code::UnknownKey
            | Code::OddSequence
            | Code::SequenceGap
            | Code::OffsetOrder
            | Code::ListedTwice
            | Code::MissingBase
            | Code::TemporaryFile
            | Code::MixedCopy
            | Code::UnlistedFile => Effect::Loads,
        }
    }

    /// Releases that do something else than `effect` because of such a finding,
    /// among those the rules were compared with.
    #[must_use]
    pub fn elsewhere(self, effect: Effect) -> Vec<(Server, Effect)> {
        // The command table and these rules come from the same servers.
        let servers = Release::ALL.map(Release::server);
        servers
            .into_iter()
            .map(|server| (server, self.effect(server)))
            .filter(|(_, other)| *other != effect)
            .collect()
    }

    /// The code of a decoding error that is neither of the disk nor a torn end.
    pub(super) fn of(kind: &ErrorKind) -> Option<Code> {
        Some(match kind {
            ErrorKind::BadStart(_) => Code::BadStart,
            ErrorKind::BadCount(_) => Code::BadCount,
            ErrorKind::BadArgument(_) => Code::BadArgument,
            ErrorKind::BadLength(_) => Code::BadLength,
            ErrorKind::Preamble(_) => Code::RdbRefused,
            ErrorKind::Io(_) | ErrorKind::Truncated => return None,
        })
    }
}

/// One thing a verifier found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding.
    pub code: Code,
    /// What the judged server does because of it, as it is configured. For what
    /// others do ask [`Code::elsewhere`].
    pub effect: Effect,
    /// The file it is in, where it is not found in a [`FileReport`](super::FileReport).
    pub file: Option<Vec<u8>>,
    /// Offset of the command, annotation or byte to blame, from the start of the file.
    pub offset: Option<u64>,
    /// The line, counted as redis-check-aof does: from 1 in each file, three for
    /// a command of one argument, none for an annotation. Of a manifest, its lines.
    pub line: Option<u64>,
    /// The database in force there.
    pub db: Option<u64>,
    /// The name of the command it belongs to, cut at [`Finding::MAX_NAME`] bytes.
    pub command: Option<Vec<u8>>,
    /// What exactly, in words.
    pub message: String,
}

impl Finding {
    /// Longest name kept in a finding, in bytes.
    pub const MAX_NAME: usize = 128;
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " at offset {offset}")?;
        }
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(db) = self.db {
            write!(f, ", database {db}")?;
        }
        Ok(())
    }
}

/// Findings as they come: so many are kept, all are counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    pub kept: Vec<Finding>,
    pub totals: BTreeMap<Code, u64>,
    /// The worst effect, of those not kept too.
    pub worst: Option<Effect>,
}

impl Findings {
    /// Counts a finding; `make` is asked for it only if there is room.
    pub fn add(&mut self, code: Code, effect: Effect, max: usize, make: impl FnOnce() -> Finding) {
        *self.totals.entry(code).or_default() += 1;
        self.worst = self.worst.max(Some(effect));
        if self.kept.len() < max {
            self.kept.push(make());
        }
    }

    /// Adds those that were held back.
    pub fn append(&mut self, other: Findings, max: usize) {
        let room = max.saturating_sub(self.kept.len());
        self.kept.extend(other.kept.into_iter().take(room));
        for (code, n) in other.totals {
            *self.totals.entry(code).or_default() += n;
        }
        self.worst = self.worst.max(other.worst);
    }
}
