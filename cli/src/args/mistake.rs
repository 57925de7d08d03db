//! What somebody may have meant who typed a subcommand that does not exist.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error};

use super::Cli;

/// Adds what may have been meant, where clap has no idea: it takes `lgo` and `log` for
/// quite different, and knows no files.
#[must_use]
pub fn with_suggestion(mut error: Error, args: &[OsString]) -> Error {
    let known = error.get(ContextKind::SuggestedSubcommand).is_some();
    if error.kind() != ErrorKind::InvalidSubcommand || known {
        return error;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand).cloned()
    else {
        return error;
    };
    let root = Cli::command();
    let inner = args.get(1).and_then(|arg| root.find_subcommand(arg));
    let meant = nearest(inner.unwrap_or(&root), &typed);
    if !meant.is_empty() {
        error.insert(
            ContextKind::SuggestedSubcommand,
            ContextValue::Strings(meant),
        );
    } else if inner.is_none() && Path::new(&typed).exists() {
        let tip = format!("to verify that file: rdbkit check {typed}");
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}

/// The subcommands that a slip of a finger makes this of.
fn nearest(command: &Command, typed: &str) -> Vec<String> {
    let names = command.get_subcommands().map(Command::get_name);
    let near = names.filter(|name| strsim::damerau_levenshtein(name, typed) == 1);
    near.map(str::to_owned).collect()
}
