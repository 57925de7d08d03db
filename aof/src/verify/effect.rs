//! What a server does with a log because of one finding.

use std::fmt;

use rdbkit_rdb::verify::{Product, Server, Verdict};

/// What a server does with the log because of a finding, from harmless to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// It loads what is there.
    Loads,
    /// It starts; the next start fails, or finds other data.
    BreaksLater,
    /// It starts, with commands lost or run in the wrong place.
    Loses,
    /// It cuts the end of the file off and starts.
    Truncates,
    /// It cuts the end of the file off inside a transaction and starts: what is
    /// written later is queued behind the open MULTI, and gone at the next start.
    LeavesOpen,
    /// It starts and cuts the whole file to no byte: all of it is gone at the next start.
    Empties,
    /// It starts without these files, and may overwrite them.
    Ignores,
    /// Only running it would tell.
    Undecided,
    /// It refuses to start.
    Refuses,
    /// It crashes while it loads.
    Crashes,
    /// It cuts the file, and then refuses to start; the next start finds the data gone.
    Destroys,
}

impl Effect {
    /// All of them.
    pub const ALL: [Effect; 11] = [
        Effect::Loads,
        Effect::BreaksLater,
        Effect::Loses,
        Effect::Truncates,
        Effect::LeavesOpen,
        Effect::Empties,
        Effect::Ignores,
        Effect::Undecided,
        Effect::Refuses,
        Effect::Crashes,
        Effect::Destroys,
    ];

    /// The stable name used in reports, such as `breaks-later`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Effect::Loads => "loads",
            Effect::BreaksLater => "breaks-later",
            Effect::Loses => "loses",
            Effect::Truncates => "truncates",
            Effect::LeavesOpen => "leaves-open",
            Effect::Empties => "empties",
            Effect::Ignores => "ignores",
            Effect::Undecided => "undecided",
            Effect::Refuses => "refuses",
            Effect::Crashes => "crashes",
            Effect::Destroys => "destroys",
        }
    }

    /// What it is for the operator, in a few words.
    #[must_use]
    pub const fn summary(self) -> &'static str {
        match self {
            Effect::Loads => "loads what is there",
            Effect::BreaksLater => "starts, but the next start fails or finds other data",
            Effect::Loses => "starts with commands lost or run in the wrong place",
            Effect::Truncates => "cuts the end of the file off and starts",
            Effect::LeavesOpen => "starts and leaves MULTI open: later writes are lost",
            Effect::Empties => "starts and cuts the file to nothing: all of it is lost",
            Effect::Ignores => {
                "starts EMPTY, without the data of these files, and may overwrite them"
            }
            Effect::Undecided => "only running it would tell",
            Effect::Refuses => "refuses to start",
            Effect::Crashes => "crashes while it loads",
            Effect::Destroys => "cuts the file, then refuses to start",
        }
    }

    /// The verdict on a log that has nothing worse.
    #[must_use]
    pub const fn verdict(self) -> Verdict {
        match self {
            Effect::Loads | Effect::BreaksLater | Effect::Loses => Verdict::Loads,
            Effect::Truncates | Effect::LeavesOpen | Effect::Empties | Effect::Ignores => {
                Verdict::LoadsTruncated
            }
            Effect::Undecided => Verdict::Undecided,
            Effect::Refuses | Effect::Crashes | Effect::Destroys => Verdict::Refused,
        }
    }

    /// Whether the server cuts the file.
    #[must_use]
    pub const fn cuts(self) -> bool {
        matches!(
            self,
            Effect::Truncates | Effect::LeavesOpen | Effect::Empties | Effect::Destroys
        )
    }

    /// What it becomes with `aof-load-truncated no`: nothing is cut, nothing starts.
    pub(super) const fn without_cutting(self) -> Effect {
        if self.cuts() { Effect::Refuses } else { self }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What servers do differently, each in one place.
pub(super) trait Habits {
    /// Knows manifests, and `#` lines in a log.
    fn has_multi_part(self) -> bool;
    /// Compares a command's arguments with its arity before it runs or queues
    /// it, and stops.
    fn checks_arity(self) -> bool;
    /// Cuts a torn file before its open MULTI, and never into the RDB file at
    /// its front.
    fn cuts_with_care(self) -> bool;
    /// Reads a manifest in which a word goes on behind a closing quote.
    fn takes_glued_quotes(self) -> bool;
}

impl Habits for Server {
    fn has_multi_part(self) -> bool {
        self.product == Product::Valkey || self.major >= 7
    }

    fn checks_arity(self) -> bool {
        self.product == Product::Valkey && (self.major, self.minor) >= (8, 1)
    }

    fn cuts_with_care(self) -> bool {
        self.product == Product::Valkey && (self.major, self.minor) >= (9, 1)
    }

    fn takes_glued_quotes(self) -> bool {
        self.product == Product::Valkey && self.major >= 9
    }
}
