//! `rdbkit completions` and `rdbkit man`: what can be typed.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  rdbkit completions bash > ~/.local/share/bash-completion/completions/rdbkit
  rdbkit completions zsh > \"${fpath[1]}/_rdbkit\"
  rdbkit completions fish > ~/.config/fish/completions/rdbkit.fish";

/// `rdbkit completions`.
#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: Shell,
}

const MAN_EXAMPLES: &str = "\
Examples:
  rdbkit man | man -l -
  rdbkit man --out /usr/local/share/man/man1";

/// `rdbkit man`.
#[derive(Args, Debug)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// Folder for the pages of all commands, which is made if need be; pages
    /// that are there are replaced [default: the first page to standard output]
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}
