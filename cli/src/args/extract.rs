//! `rdbkit extract`: what can be typed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rdbkit_rdb::verify::Server;
use rdbkit_rdb::write::Format;

use super::FilterArgs;

const EXAMPLES: &str = "\
Examples:
  rdbkit extract dump.rdb -o users.rdb --key 'user:*'
  rdbkit extract dump.rdb -o live.rdb --expiry alive --not-key 'cache:*'
  rdbkit extract dump.rdb -o old.rdb --for redis:7.2
  ssh host cat dump.rdb | rdbkit extract - -o - -n 3 | rdbkit check -

Values are copied byte for byte; nothing is decoded or encoded anew. The source
is read once and checked as far as that goes: use rdbkit check on the result.

Exit code: 0 done, 1 no key matched (the new file has none), or the source is
damaged, or the version asked for has no words for a key, 2 a file could not be
read or written, or the conditions exclude each other. With damage and trouble
there is no new file.";

/// `rdbkit extract`.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub struct ExtractArgs {
    /// RDB file to take keys from; "-" is standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// The new file; "-" is standard output
    #[arg(short, long, value_name = "NEW")]
    pub output: PathBuf,

    /// Leave out what is not keys
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub without: Vec<Without>,

    /// RDB version of the new file, such as 11; from 80 on it is Valkey's.
    /// Refused if a key that is to be kept cannot be said in it [default: that
    /// of the source]
    #[arg(long, value_name = "N", conflicts_with = "server")]
    pub to_version: Option<Format>,

    /// Server that shall read the new file, such as redis:7.2 or valkey:9.1:
    /// chooses the version. Refused if something that is to be kept is unknown to
    /// that server
    #[arg(long = "for", value_name = "SERVER")]
    pub server: Option<Server>,

    /// Replace the new file if it is there already; never the source
    #[arg(short, long)]
    pub force: bool,

    /// Do not tell how much was written
    #[arg(short, long)]
    pub quiet: bool,

    /// Tell what was written as one JSON object on one line of standard output;
    /// the new file has to be another
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub filter: FilterArgs,
}

/// What a file holds beside keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Without {
    /// Who wrote the file, when, and the like
    Aux,
    /// Function libraries
    Functions,
    /// Data of modules that belongs to no key
    Modules,
}
