//! What a backup has to be, beyond loading: what can be typed.

use std::path::PathBuf;

use clap::Args;

use crate::policy::{Age, AtLeast, KeyValue, Percent};

/// Demands of `rdbkit check`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Policy (each demand that is not met is a line and exit code 1)")]
pub struct PolicyArgs {
    /// Not older than this, such as 25h or 7d: by the time the file says it was
    /// written at, not by that of the file system. Of a folder, the newest
    #[arg(long, value_name = "DURATION")]
    pub max_age: Option<Age>,

    /// At least so many keys
    #[arg(long, value_name = "N")]
    pub min_keys: Option<u64>,

    /// So many keys, or as near to it as --tolerance says
    #[arg(long, value_name = "N")]
    pub expect_keys: Option<u64>,

    /// How far from --expect-keys, such as 5%
    #[arg(long, value_name = "PERCENT", requires = "expect_keys")]
    pub tolerance: Option<Percent>,

    /// A key that has to be there, in any database; may be given several times
    #[arg(long, value_name = "KEY")]
    pub require_key: Vec<String>,

    /// Keys like this, and how many: 'user:*>=1000'; without a number, one. May be
    /// given several times
    #[arg(long, value_name = "GLOB>=N")]
    pub require_prefix: Vec<AtLeast>,

    /// A string with this value, told by its SHA-256 (64 digits), or any key by its
    /// digest (40 digits, as digest --per-key tells it). May be given several times
    #[arg(long, value_name = "KEY=HEX")]
    pub require_value: Vec<KeyValue>,

    /// Keys and bytes may not be fewer than those of --against by more than this
    #[arg(long, value_name = "PERCENT", requires = "against")]
    pub max_shrink: Option<Percent>,

    /// An older backup, for --max-shrink
    #[arg(long, value_name = "FILE", requires = "max_shrink")]
    pub against: Option<PathBuf>,

    /// The SHA-256 of the file as it is stored has to be this, or what FILE.sha256
    /// beside it says
    #[arg(long, value_name = "HEX", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub sha256: Option<String>,

    /// Take demands from a TOML file too, such as max-age = "25h" or
    /// require-key = ["a", "b"]; what is typed goes before
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}
