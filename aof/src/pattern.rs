//! Patterns for commands, as people type them: `FLUSHALL`, `DEL user:*`.

use std::fmt;
use std::str::FromStr;

use rdbkit_rdb::glob;

use crate::command::Command;
use crate::commands;
use crate::words;

/// Words separated by blanks, quoted as in a server's configuration file: the
/// first is a glob for the command's name in either case, the others are globs
/// for its arguments ([`glob`] has the dialect).
///
/// Words match the arguments at their places, and a command may have more
/// arguments than there are words. The word at the first of several keys may
/// match any of them, and the words behind it what follows that key: `DEL
/// user:*` matches `DEL a user:1`, and `MSET a 1` matches `MSET b 2 a 1`.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::{Command, Pattern};
///
/// let pattern: Pattern = "del user:*".parse()?;
/// let raw = b"*3\r\n$3\r\nDEL\r\n$1\r\na\r\n$6\r\nuser:1\r\n";
/// let command = Command::parse(raw).expect("a command");
/// assert!(pattern.matches(&command));
/// # Ok::<(), rdbkit_aof::BadPattern>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    name: Vec<u8>,
    args: Vec<Vec<u8>>,
}

/// A pattern that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// No word.
    #[error("an empty pattern; write a command's name, such as FLUSHALL or \"DEL user:*\"")]
    Empty,
    /// A quote without its end, or text right behind one.
    #[error("unbalanced quotes in {0:?}")]
    Quotes(String),
}

impl FromStr for Pattern {
    type Err = BadPattern;

    fn from_str(text: &str) -> Result<Pattern, BadPattern> {
        let split = words::split(text.as_bytes()).filter(|split| !split.glued);
        let Some(split) = split else {
            return Err(BadPattern::Quotes(text.to_owned()));
        };
        let mut words = split.words.into_iter();
        Ok(Pattern {
            text: text.to_owned(),
            name: words.next().ok_or(BadPattern::Empty)?,
            args: words.collect(),
        })
    }
}

/// As it was typed.
impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Pattern {
    /// The name, where it is one of those that set the scene for the commands
    /// behind them: `SELECT`, `MULTI` or `EXEC`.
    pub(crate) fn context(&self) -> Option<&'static str> {
        let names = ["SELECT", "MULTI", "EXEC"];
        let mut names = names.into_iter();
        names.find(|name| self.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// Whether the command matches.
    #[inline]
    #[must_use]
    pub fn matches(&self, command: &Command<'_>) -> bool {
        let name = command.name();
        let first = name.first();
        first.is_none_or(|first| self.may_match_first(*first)) && self.matches_all(command, name)
    }

    /// Whether names that begin so may match: most commands differ in their first
    /// letter, which tells that at once.
    #[inline(always)]
    pub(crate) fn may_match_first(&self, first: u8) -> bool {
        let wanted = self.name.first();
        wanted.is_none_or(|wanted| !wanted.is_ascii_alphabetic() || (wanted ^ first) & !0x20 == 0)
    }

    /// Whether commands of this name may match.
    pub(crate) fn may_match(&self, name: &[u8]) -> bool {
        glob::matches_ignore_case(&self.name, name)
    }

    /// Whether there are no words behind the name.
    pub(crate) fn is_name_alone(&self) -> bool {
        self.args.is_empty()
    }

    /// Whether the words behind the name match the arguments from `at` on.
    #[inline]
    pub(crate) fn fits(&self, command: &Command<'_>, at: usize) -> bool {
        fit(&self.args, command, at)
    }

    #[inline(never)]
    fn matches_all(&self, command: &Command<'_>, name: &[u8]) -> bool {
        glob::matches_ignore_case(&self.name, name)
            && (self.args.is_empty() || self.places(command).next().is_some())
    }

    /// Where the words behind the name match: the place of the first argument
    /// they match, for each way they do. Of a pattern of a name alone there is none.
    pub fn places<'c>(&'c self, command: &Command<'c>) -> impl Iterator<Item = usize> + use<'c> {
        let command = *command;
        // The keys of a command with one of them, or with none, are arguments
        // like others; of one with a list of keys each may be meant.
        let keys = commands::spec(&command).map(|spec| spec.keys(&command));
        let first = keys.clone().and_then(|mut keys| keys.next());
        let listed = first == Some(1) && !self.args.is_empty();
        let others = keys.into_iter().flatten().skip(1).filter(move |_| listed);
        let args = self.args.as_slice();
        std::iter::once(1)
            .chain(others)
            .filter(move |&at| !args.is_empty() && fit(args, &command, at))
    }
}

/// Whether `globs` match the arguments from `at` on.
fn fit(globs: &[Vec<u8>], command: &Command<'_>, at: usize) -> bool {
    let mut args = command.args().skip(at);
    globs
        .iter()
        .all(|wanted| args.next().is_some_and(|arg| glob::matches(wanted, arg)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(line: &str) -> Vec<u8> {
        let args: Vec<&str> = line.split(' ').collect();
        let mut raw = format!("*{}\r\n", args.len()).into_bytes();
        for arg in args {
            raw.extend(format!("${}\r\n{arg}\r\n", arg.len()).bytes());
        }
        raw
    }

    fn matches(pattern: &str, line: &str) -> bool {
        let raw = raw(line);
        let pattern: Pattern = pattern.parse().unwrap();
        pattern.matches(&Command::parse(&raw).unwrap())
    }

    #[test]
    fn names_in_either_case_arguments_as_they_are() {
        assert!(matches("flush*", "FLUSHALL ASYNC") && matches("FLUSHALL async", "flushall async"));
        assert!(!matches("FLUSHALL async", "FLUSHALL ASYNC") && !matches("FLUSH", "FLUSHALL"));
        assert!(matches("SET user:* ?", "set user:1 x PXAT 17"));
        assert!(!matches("SET x", "SET user:1 x") && !matches("SET a b c", "SET a b"));
        assert!(matches("* user:1", "HSET user:1 f v"));
        assert!(matches("xgroup create s", "XGROUP create s g $"));
    }

    #[test]
    fn one_of_several_keys_will_do() {
        assert!(matches("DEL user:*", "DEL a b user:1") && !matches("DEL user:*", "DEL a b"));
        assert!(matches("MSET a 1", "MSET b 2 a 1") && !matches("MSET a 2", "MSET b 2 a 1"));
        assert!(!matches("MSET 1", "MSET a 1") && !matches("MSET 2", "MSET b 2 a 1"));
        // Source and destination are keys both.
        assert!(matches("RENAME b", "RENAME a b"));
        let raw = raw("UNLINK a1 b a2");
        let pattern: Pattern = "UNLINK a?".parse().unwrap();
        let command = Command::parse(&raw).unwrap();
        assert_eq!(pattern.places(&command).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn quotes_hold_blanks_and_bytes() {
        let raw = b"*2\r\n$3\r\nDEL\r\n$3\r\na \x00\r\n";
        let command = Command::parse(raw).unwrap();
        let pattern: Pattern = r#""DEL" "a \x00""#.parse().unwrap();
        assert!(pattern.matches(&command));
        assert_eq!(pattern.to_string(), r#""DEL" "a \x00""#);
        assert_eq!("  ".parse::<Pattern>(), Err(BadPattern::Empty));
        for bad in [r#"DEL "a"#, r#"DEL "a"b"#] {
            assert_eq!(
                bad.parse::<Pattern>(),
                Err(BadPattern::Quotes(bad.to_owned()))
            );
        }
    }
}
