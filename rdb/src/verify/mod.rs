//! Would the server load this file? Judging what the decoder hands over.
//!
//! [`slice()`] and [`stream()`] read a whole file and give a [`Report`]; its
//! [`verdict`](Report::verdict) is for one [`Server`], named in the report.
//! What is found is plain data ([`Finding`]); reading goes on behind whatever
//! leaves the structure intact, so that one report names all of it.
//!
//! What a string decompresses to is held up to 1 MiB. Larger ones, a thousandfold
//! what they are in the file, are hashed and walked while they go by in a window.

mod driver;
mod finding;
mod fingerprint;
pub mod function;
mod groups;
mod keys;
mod long;
pub mod lua;
mod memory;
mod packed;
mod parallel;
mod report;
mod server;
pub(crate) mod threads;
mod value;
mod verifier;

pub use driver::{front, name_key, slice, stream};
pub use finding::{Code, Finding, Severity};
pub(crate) use fingerprint::Hasher;
pub use report::{ChecksumState, Database, Needs, Report, Verdict};
pub use server::{BadServer, Product, Server};
pub(crate) use value::{Fault, ValueJudge};

use crate::limits::Limits;

/// What to judge a file for.
///
/// # Examples
///
/// ```
/// use rdbkit_rdb::verify::{self, Options, Verdict};
///
/// let file = b"REDIS0004\xfe\x00\x00\x01a\xc0\x07\xff";
/// let report = verify::slice(file, &Options::default());
/// assert_eq!(report.verdict(), Verdict::Loads);
///
/// // The server is configured for 16 databases.
/// let file = b"REDIS0004\xfe\x10\x00\x01a\xc0\x07\xff";
/// let report = verify::slice(file, &Options::default());
/// assert_eq!(report.verdict(), Verdict::Refused);
/// assert_eq!(report.findings[0].code.name(), "database-limit");
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// The server to judge for; by default one of the file's own product, see
    /// [`Server::for_file`].
    pub server: Option<Server>,
    /// How many databases the server is configured for; 16 by default, as it is.
    pub databases: u64,
    /// Names of the modules the server has. By default nobody says, and
    /// modules are only listed under [`Report::needs`].
    pub modules: Option<Vec<String>>,
    /// Whether to look for the same key twice; costs about 12 bytes a key.
    pub duplicates: bool,
    /// The time of loading, in Unix milliseconds: keys that expired before it
    /// are dropped by a server and cannot collide. By default no key has.
    pub now_ms: Option<i64>,
    /// Whether the file is the base of an AOF, where servers drop no expired
    /// key. By default its AUX fields say.
    pub base: Option<bool>,
    /// Whether bytes behind the trailer are the caller's: they are then neither
    /// looked at nor reported, as in a hybrid AOF.
    pub allow_rest: bool,
    /// Bounds on memory.
    pub limits: Option<Limits>,
    /// How many findings to keep; more are only counted. 1000 by default.
    pub max_findings: usize,
    /// Threads that judge, the caller's among them; 0 for as many as there are
    /// processors, 1 by default. More than 16 are never used, and more than one
    /// only behind the first 4 MiB of a file. The report is the same for any
    /// number, but for [`Report::index_memory`].
    pub threads: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            server: None,
            databases: 16,
            modules: None,
            duplicates: true,
            now_ms: None,
            base: None,
            allow_rest: false,
            limits: None,
            max_findings: 1000,
            threads: 1,
        }
    }
}
