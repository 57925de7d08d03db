//! Would the server load this log? Judging a file of commands, or a whole log.
//!
//! [`file()`] judges one file, [`single`] and [`single_of`] a log that is one
//! file, [`set()`] a manifest and what it names. What is found is plain data ([`Finding`]), with
//! what the judged server does because of it ([`Effect`]); reading goes on
//! behind whatever leaves the structure intact, and with the next file behind
//! whatever does not.

mod chosen;
mod copied;
mod counting;
mod effect;
mod file;
mod finding;
mod judge;
mod known;
mod long;
mod manifest;
mod names;
mod report;
mod set;

pub use chosen::Chosen;
pub use effect::Effect;
pub use file::file;
pub use finding::{Code, Finding};
pub use report::{Counts, Cut, FileReport, SetReport};
pub use set::{set, single, single_of};

use rdbkit_rdb::verify::Server;

/// What to judge a log for.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::verify::{self, Effect, Options};
///
/// let log: &[u8] = b"*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n*1\r\n$8\r\nFLUSHALL\r\n*2\r\n$3\r\nDEL";
/// let report = verify::file(log, &Options::default());
/// let found: Vec<_> = report.findings.iter().map(|f| (f.code.name(), f.effect)).collect();
/// assert_eq!(found, [("select-refused", Effect::Loses), ("torn-tail", Effect::Truncates)]);
/// assert_eq!(report.verdict().name(), "loads-truncated");
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// The server to judge for; by default the one the log tells of, see
    /// [`Chosen`], or [`Server::REDIS`].
    pub server: Option<Server>,
    /// How many databases the server is configured for; 16 by default, as it is.
    pub databases: u64,
    /// Names of the modules the server has, see
    /// [`rdbkit_rdb::verify::Options::modules`].
    pub modules: Option<Vec<String>>,
    /// Commands of modules that the server knows: globs such as `json.*`, in
    /// either case.
    pub module_commands: Vec<String>,
    /// Whether to look for the same key twice in an RDB file at the front;
    /// costs about 12 bytes a key.
    pub duplicates: bool,
    /// The server's `aof-load-truncated`: whether it cuts a torn end off.
    pub truncate: bool,
    /// How many findings to keep for a file, and for the log beside them; more
    /// are only counted. 1000 by default.
    pub max_findings: usize,
    /// How many threads may read: files of a log, or parts of one that is large;
    /// 0 for as many as there are processors. An RDB file at the front takes those
    /// that other files leave, see [`rdbkit_rdb::verify::Options::threads`].
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: None,
            databases: 16,
            modules: None,
            module_commands: Vec::new(),
            duplicates: true,
            truncate: true,
            max_findings: 1000,
            threads: 0,
        }
    }
}

impl Options {
    /// The same for the RDB file at the front, judged for `server`. Servers
    /// drop no expired key of a base.
    fn rdb(&self, server: Option<Server>) -> rdbkit_rdb::verify::Options {
        rdbkit_rdb::verify::Options {
            server,
            databases: self.databases,
            modules: self.modules.clone(),
            duplicates: self.duplicates,
            base: Some(true),
            max_findings: self.max_findings,
            threads: self.threads,
            ..rdbkit_rdb::verify::Options::default()
        }
    }
}

#[cfg(test)]
mod tests;
