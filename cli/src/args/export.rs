//! `rdbkit export`: what can be typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rdbkit_rdb::verify::Server;

use super::FilterArgs;

const EXAMPLES: &str = "\
Examples:
  rdbkit export dump.rdb | jq -c 'select(.type == \"hash\")'
  rdbkit export dump.rdb --format csv -k 'user:*' -o users.csv
  rdbkit export dump.rdb --format resp --for redis:6.2 | redis-cli --pipe
  rdbkit export dump.rdb --format restore --replace -n 3 | redis-cli --pipe
  rdbkit export dump.rdb.gz --format json -o dump.json

Bytes that are not UTF-8 are in base64, so that every format can be turned back
into what the file holds. Values of any number of elements pass by in constant
memory; a compressed string is held whole, and restore holds each value so (up to
512 MB). docs/export.md has the formats.

Exit code: 0 done, 1 no key matched, or something could not be expressed and was
left out (it is named), or the file is damaged (what stands before the damage has
been written), 2 a file could not be read or written, or the options exclude each
other. With -o there is no new file after damage, unless --partial says so.";

/// `rdbkit export`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExportArgs {
    /// RDB file; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// What to write
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value = "ndjson"
    )]
    pub format: ExportFormat,

    /// The new file; "-" is standard output
    #[arg(short, long, value_name = "NEW", default_value = "-")]
    pub output: PathBuf,

    /// Also encoding, bytes in the file, idle seconds and use counter of each key
    /// (ndjson and json), as rdbkit get --json has them
    #[arg(long)]
    pub meta: bool,

    /// Server that shall take the commands, such as redis:7.2 or valkey:9.1
    /// (resp and restore) [default: one like that which wrote the file]
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Replace keys and function libraries that the server has already (resp and
    /// restore); without it restore fails on such keys, and resp adds to them
    #[arg(long)]
    pub replace: bool,

    /// Databases that the server has: its configuration's databases. Keys of others
    /// are left out, as they would go to a wrong one (resp and restore)
    /// [default: 16, as servers have]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub databases: Option<u64>,

    /// Elements in one command at most (resp)
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub batch: u32,

    /// Leave out function libraries
    #[arg(long)]
    pub no_functions: bool,

    /// Leave out keys and hash fields that have expired by now, as a server does
    /// that loads the file [default: everything in the file counts]
    #[arg(long)]
    pub skip_expired: bool,

    /// If the file is damaged, keep the new file with what stands before the
    /// damage
    #[arg(long)]
    pub partial: bool,

    /// Replace the new file if it is there already; never the source
    #[arg(long)]
    pub force: bool,

    /// Do not tell how much was written
    #[arg(short, long)]
    pub quiet: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: FilterArgs,
}

/// A format of [`ExportArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// One JSON object a key, one a line
    Ndjson,
    /// One JSON document, with function libraries
    Json,
    /// One row an element
    Csv,
    /// Commands that make the keys, for redis-cli --pipe
    Resp,
    /// RESTORE commands, for redis-cli --pipe: exact, also for module types
    Restore,
}

impl ExportFormat {
    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            ExportFormat::Ndjson => "ndjson",
            ExportFormat::Json => "json",
            ExportFormat::Csv => "csv",
            ExportFormat::Resp => "resp",
            ExportFormat::Restore => "restore",
        }
    }

    /// Whether it is made of commands.
    pub const fn is_commands(self) -> bool {
        matches!(self, ExportFormat::Resp | ExportFormat::Restore)
    }
}
