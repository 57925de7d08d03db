//! How bytes of a file become text: as they are, or hidden.
//!
//! Reports and errors name keys, members, values and arguments, and a report goes where the
//! file must not: to a ticket, a chat, a dashboard. All text that this project makes of data
//! goes through [`escaped`] (or [`hidden`], where text has another form), and all that it
//! makes of other bytes through [`plain`], so that hiding is decided in one place: nothing
//! is hidden until a program calls [`hide_with`], and from then on everything is.
//!
//! What is data: names of keys, fields, members, groups, consumers and function libraries,
//! their values, and arguments of commands. What is none: names of files, types, modules,
//! servers, and of commands that servers know.

use std::fmt;
use std::sync::OnceLock;

/// What stands for data that are hidden, given the data.
pub type Hide = Box<dyn Fn(&[u8]) -> String + Send + Sync>;

static HIDE: OnceLock<Hide> = OnceLock::new();

/// Hides data from now on, in all of the process and for good.
///
/// # Errors
///
/// Gives `hide` back where that was decided before.
pub fn hide_with(hide: Hide) -> Result<(), Hide> {
    HIDE.set(hide)
}

/// What stands for `data`; `None` where nothing is hidden.
#[must_use]
pub fn hidden(data: &[u8]) -> Option<String> {
    HIDE.get().map(|hide| hide(data))
}

/// Data as text, escaped as [`escape_ascii`](slice::escape_ascii) does it; or what stands
/// for them.
///
/// # Examples
///
/// ```
/// assert_eq!(rdbkit_rdb::redact::escaped(b"user:1\xff").to_string(), "user:1\\xff");
/// ```
#[must_use]
pub fn escaped(data: &[u8]) -> Escaped<'_> {
    Escaped(data)
}

/// The first `most` bytes of data as text, with dots where there are more; or what
/// stands for all of them.
#[must_use]
pub fn excerpt(data: &[u8], most: usize) -> String {
    match (hidden(data), data.get(..most)) {
        (Some(hidden), _) => hidden,
        (None, Some(front)) if data.len() > most => format!("{}...", plain(front)),
        (None, _) => plain(data).to_string(),
    }
}

/// Bytes that are no data, as text: names of files and commands.
#[allow(clippy::disallowed_methods)]
pub fn plain(bytes: &[u8]) -> std::slice::EscapeAscii<'_> {
    bytes.escape_ascii()
}

/// See [`escaped`].
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'d>(&'d [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match hidden(self.0) {
            Some(hidden) => f.write_str(&hidden),
            None => plain(self.0).fmt(f),
        }
    }
}
