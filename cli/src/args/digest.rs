//! `rdbkit digest`.

use std::path::PathBuf;

use clap::Args;
use rdbkit_rdb::verify::Server;

use super::Size;

const EXAMPLES: &str = "\
Examples:
  rdbkit digest dump.rdb
  test \"$(rdbkit digest --skip-expired dump.rdb | cut -c-40)\" = \"$(redis-cli debug digest)\"
  rdbkit digest --for redis:8.0 old.rdb new.rdb
  rdbkit digest --per-key --json dump.rdb | jq -r 'select(.key == \"a\").digest'
  rdbkit digest /var/lib/redis/appendonlydir
  rdbkit digest --base-only appendonlydir

Exit code: 0 every file has a digest, 1 one is damaged, has values of modules,
whose digest only the module can compute, or commands that only a server can
replay, 2 a file could not be read, is neither an RDB file nor a log, or a limit
was hit. Without a digest there is a reason on stderr, and none on stdout. To
know whether a server would load the file, use rdbkit check.";

/// `rdbkit digest`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct DigestArgs {
    /// RDB files, append-only files, manifests, folders with a manifest; "-" is
    /// standard input
    #[arg(required = true, value_name = "PATH")]
    pub files: Vec<PathBuf>,

    /// Also each database: what DEBUG DIGEST would say if there were no other
    #[arg(long)]
    pub per_db: bool,

    /// Also each key: what DEBUG DIGEST-VALUE says of it; of RDB files only
    #[arg(long)]
    pub per_key: bool,

    /// Leave out keys and hash fields that have expired by now, as a server
    /// does that loads the file [default: everything in the file counts]
    #[arg(long)]
    pub skip_expired: bool,

    /// Server whose digest to compute, such as redis:7.0 or valkey:9.1; they
    /// differ in scores and expiring hash fields [default: the one that wrote
    /// the file]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Of logs, only the base: without increments, or without the commands
    /// behind the RDB file at the front
    #[arg(long)]
    pub base_only: bool,

    /// Databases the server is configured for: it does not obey a SELECT beyond
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub databases: u64,

    /// Memory for the keys that the commands of a log change; more is an error
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub max_memory: Size,

    /// One JSON object per file on one line, and before it one per key
    #[arg(long)]
    pub json: bool,
}
