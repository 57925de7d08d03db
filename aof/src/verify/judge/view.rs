//! A command as a judge sees it, and words for it.

use rdbkit_rdb::redact::{escaped, plain};

use crate::command::Command;
use crate::commands::lookup;
use crate::verify::finding::Finding;

/// A command as far as it is looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct View<'a> {
    pub name: &'a [u8],
    /// The argument behind the name.
    pub word: Option<&'a [u8]>,
    pub args: u64,
    pub offset: u64,
}

impl<'a> View<'a> {
    pub(super) fn of(command: &Command<'a>, offset: u64) -> View<'a> {
        let mut args = command.args();
        View {
            name: args.next().unwrap_or_default(),
            word: args.next(),
            args: command.len() as u64,
            offset,
        }
    }
}

pub(super) fn cut(name: &[u8]) -> Vec<u8> {
    name.get(..Finding::MAX_NAME).unwrap_or(name).to_vec()
}

/// A name or number as it is shown in a message.
pub(super) fn shown(word: &[u8]) -> String {
    let cut = word.get(..Finding::MAX_NAME).unwrap_or(word);
    if word.is_empty() {
        "\"\"".to_owned()
    } else if lookup(word).is_some() {
        plain(cut).to_string()
    } else {
        escaped(cut).to_string()
    }
}
