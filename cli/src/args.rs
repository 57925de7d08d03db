//! What can be typed.

mod aof;
mod aof_edit;
mod aof_search;
mod diff;
mod digest;
mod explain;
mod export;
mod extract;
mod filter;
mod get;
mod inspect;
mod keys;
mod mistake;
mod policy;
mod rdb_stats;
mod redact;
mod salvage;
mod setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, value_parser};
use rdbkit_rdb::verify::Server;

pub use aof::AofCommand;
pub use aof_edit::{CutArgs, Destination, DropArgs, RepairArgs};
pub use aof_search::{HistoryArgs, LogArgs, PointsArgs, StatsArgs};
pub use diff::{DiffArgs, Duration};
pub use digest::DigestArgs;
pub use explain::ExplainArgs;
pub use export::{ExportArgs, ExportFormat};
pub use extract::{ExtractArgs, Without};
pub use filter::{ExpiryArg, FilterArgs, Size};
pub use get::GetArgs;
pub use inspect::InspectArgs;
pub use keys::KeysArgs;
pub(crate) use mistake::with_suggestion;
pub use policy::PolicyArgs;
pub use rdb_stats::{AllocatorArg, RdbStatsArgs};
pub use redact::{Redact, RedactArgs};
pub use salvage::SalvageArgs;
pub use setup::{CompletionsArgs, ManArgs};

/// Verify Redis and Valkey persistence files: would the server load them?
///
/// Files may be compressed with gzip, zstd or lz4, whatever their name; "-" is
/// standard input. On a terminal, what takes longer than a second tells on
/// standard error how far it is, unless TERM is "dumb".
#[derive(Debug, Parser)]
#[command(
    name = "rdbkit",
    version,
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    #[command(subcommand)]
    #[allow(missing_docs)]
    pub command: Command,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub redact: RedactArgs,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Verify RDB files and append-only logs: would the server load them?
    ///
    /// Everything a server checks when it loads, of RDB files with full
    /// sanitisation, and what the redis-check tools do not see: duplicate keys,
    /// databases beyond the server's limit, function libraries that do not load,
    /// unknown commands, what a server cuts off a log and what it loses silently.
    Check(CheckArgs),
    /// Look into append-only files, go back in time, take out commands, repair
    #[command(subcommand)]
    Aof(AofCommand),

    /// Digest of the data in RDB files and logs, equal to the server's DEBUG DIGEST
    ///
    /// Two files with the same digest hold the same keys and values, in whatever
    /// order and encoding; a server that holds the data answers DEBUG DIGEST with
    /// it. As in the server, it does not cover when a key expires, functions,
    /// nor the groups of streams. Which server's rules: see --for.
    ///
    /// Of an append-only log it is what a server has that has loaded it. Commands
    /// whose effect can be told without a server are applied; where one cannot,
    /// "replay needed" names it, and there is no digest.
    Digest(DigestArgs),

    /// Which keys differ between two RDB files, and in which parts
    ///
    /// Without a server, in bounded memory, for files of any version and product.
    /// How values are packed and in which order things stand does not matter;
    /// expired keys are keys as long as they are in a file (see --expiry alive).
    Diff(DiffArgs),

    /// Take the keys that match out of an RDB file, as a new RDB file
    ///
    /// The new file loads wherever the source does, or where it was asked to.
    /// Function libraries and texts about the file come along unless --without
    /// says otherwise; the replication position and slot migrations do not.
    Extract(ExtractArgs),

    /// Keys with their values as NDJSON, JSON, CSV, commands or RESTORE commands
    ///
    /// Everything a client could see of the keys that match, in a form that other
    /// programs read or a server takes: exact, binary-safe, in one pass and in
    /// constant memory.
    Export(ExportArgs),

    /// List the keys of an RDB file
    Keys(KeysArgs),

    /// Show the value of a key in an RDB file
    ///
    /// Elements, fields with their expiries, stream entries with groups,
    /// consumers and what is pending. The whole file is read, so a key that is
    /// there twice is shown twice.
    Get(GetArgs),

    /// Tell what an RDB file is made of and what it will take in memory
    ///
    /// Types, encodings, databases, prefixes of names, expiries, the largest
    /// keys, how sizes are spread, what compression saves; as tables, JSON, or a
    /// report in HTML.
    Stats(Box<RdbStatsArgs>),

    /// Write what can still be read of a damaged RDB file into a new one
    ///
    /// Broken records are skipped, and where it is not known where they end, the
    /// next ones are searched for. Each gap is told of: where, how much, between
    /// which keys, why. What is kept is kept byte for byte, and the new file loads.
    Salvage(SalvageArgs),

    /// Explain findings: what they mean, how they come about, what to do
    Explain(ExplainArgs),

    /// Show the bytes of one place of a file, and which fields they are
    ///
    /// Around the place that a report names: a hexdump, with what each field says,
    /// and where and why reading stopped.
    Inspect(InspectArgs),

    /// Print what a shell reads to complete command lines
    Completions(CompletionsArgs),

    /// Print the manual, or write the pages of all commands
    Man(ManArgs),
}

impl Command {
    /// Whether no more is to be told than has to be.
    #[must_use]
    pub const fn is_quiet(&self) -> bool {
        match self {
            Command::Check(args) => args.quiet,
            Command::Diff(args) => args.quiet,
            Command::Extract(args) => args.quiet,
            Command::Export(args) => args.quiet,
            Command::Aof(_)
            | Command::Digest(_)
            | Command::Keys(_)
            | Command::Get(_)
            | Command::Stats(_)
            | Command::Salvage(_)
            | Command::Explain(_)
            | Command::Inspect(_)
            | Command::Completions(_)
            | Command::Man(_) => false,
        }
    }
}

const CHECK_EXAMPLES: &str = "\
Examples:
  rdbkit check dump.rdb
  rdbkit check --json backups/*.rdb | jq -r 'select(.verdict != \"loads\").path'
  rdbkit check /var/lib/redis/appendonlydir
  rdbkit check /var/backups/redis /var/lib/redis
  rdbkit check dump.rdb.gz appendonly.aof.zst
  ssh backup cat dump.rdb.gz | rdbkit check -
  rdbkit check --for valkey:9.1 --databases 32 dump.rdb

Exit code: 0 everything loads, 1 something does not, loads only in part, loses data
(or only running the server could tell) or does not meet the policy, 2 a file could
not be read or a limit was hit.";

/// `rdbkit check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = CHECK_EXAMPLES)]
pub struct CheckArgs {
    /// Files to verify: RDB files, append-only files, manifests; "-" is standard
    /// input. Files may be compressed with gzip, zstd or lz4. Folders: with a
    /// manifest, of backups, or the data folder of a server
    #[arg(required = true, value_name = "PATH")]
    pub files: Vec<PathBuf>,

    /// One JSON object per path on one line; of a folder of backups one per file
    #[arg(long)]
    pub json: bool,

    /// Print nothing; the exit code says it all
    #[arg(short, long, conflicts_with = "json")]
    pub quiet: bool,

    /// Server to judge for, such as redis:7.2 or valkey:9.1 [default: of the
    /// file's own product, the release the rules were compared with; redis:8.0
    /// for a log that does not tell]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Databases the server is configured for
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = value_parser!(u64).range(1..))]
    pub databases: u64,

    /// Module types the server has, such as ReJSON-RL,vectorset; without this
    /// flag the modules a file needs are listed and are no reason to refuse it.
    /// Redis 8 has vectorset built in
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub modules: Option<Vec<String>>,

    /// Commands of modules that the server knows, such as json.*,ft.*; others
    /// that it does not know make it refuse a log
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub module_commands: Vec<String>,

    /// Do not look for the same key twice (saves about 12 bytes of memory a key)
    #[arg(long)]
    pub no_duplicates: bool,

    /// Take RDB files for bases of an AOF, where servers drop no expired key
    /// [default: as the file says]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub base: Option<bool>,

    /// Findings to report per file; more are only counted
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub max_findings: usize,

    /// Write metrics of all that was checked into this file, for the textfile
    /// collector of Prometheus: it changes in one step, and keeps when a backup
    /// was last all right
    #[arg(long, value_name = "FILE")]
    pub prometheus: Option<PathBuf>,

    /// Threads to verify with, 1 to 16; the report is the same for any number
    /// [default: one for each processor; RDB files below 4 MiB take one]
    #[arg(long, value_name = "N", value_parser = value_parser!(u8).range(1..=16))]
    pub threads: Option<u8>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub policy: PolicyArgs,
}

impl CheckArgs {
    /// As verifiers take it: 0 for as many as there are processors.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.threads.map_or(0, usize::from)
    }
}
