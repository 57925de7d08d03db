//! What can be typed to hide data in reports.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// Options of every command.
#[derive(Args, Debug)]
pub struct RedactArgs {
    /// Hide keys, values, members and arguments of commands in all that is printed,
    /// as `<hidden>` or, with hash, as a short hash by which reports can be compared
    #[arg(
        long,
        global = true,
        value_name = "HOW",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "hide",
        help_heading = "Reports for others"
    )]
    pub redact: Option<Redact>,

    /// Key the hashes of --redact=hash with what this file holds, so that nobody
    /// without it can tell whether a name that he guesses is right
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help_heading = "Reports for others"
    )]
    pub redact_salt_file: Option<PathBuf>,
}

/// What stands for data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Redact {
    /// `<hidden>`
    Hide,
    /// The first 16 digits of a SHA-256, as <0123456789abcdef>
    Hash,
}
