//! One command: its bytes, and its arguments when somebody asks.

use std::fmt;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::Limits;
use crate::resp::{Decoder, Step, Token};
use crate::scan::{self, Form, Quirks, Span};

/// A whole command, borrowed from the input.
///
/// ```text
/// "*" count CRLF ("$" length CRLF bytes CRLF) * count
/// ```
///
/// It keeps only its bytes: most commands are passed over, and those looked at
/// are looked at in few arguments.
///
/// # Examples
///
/// ```
/// use rdbkit_aof::Command;
///
/// let command = Command::parse(b"*2\r\n$6\r\nselect\r\n$1\r\n3\r\n")?;
/// assert!(command.is(b"SELECT"));
/// assert_eq!(command.arg(1), Some(&b"3"[..]));
/// # Ok::<(), rdbkit_aof::Error>(())
/// ```
#[derive(Clone, Copy)]
pub struct Command<'a> {
    raw: &'a [u8],
    form: Form,
}

/// What is said of a command follows from its bytes.
impl PartialEq for Command<'_> {
    fn eq(&self, other: &Command<'_>) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Command<'_> {}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Command")
            .field("raw", &self.raw)
            .field("args", &self.form.args)
            .field("quirks", &self.form.quirks)
            .finish()
    }
}

impl<'a> Command<'a> {
    /// `raw` holds a whole command of `args` arguments, as the decoder found it.
    #[inline(always)]
    pub(crate) fn new(raw: &'a [u8], args: u32, quirks: Quirks) -> Command<'a> {
        let name = Span::default();
        Command::of(raw, Form { args, quirks, name })
    }

    /// A whole command whose form is known.
    #[inline(always)]
    pub(crate) fn of(raw: &'a [u8], form: Form) -> Command<'a> {
        Command { raw, form }
    }

    /// What was found out about it.
    #[inline(always)]
    pub(crate) fn form(&self) -> Form {
        self.form
    }

    /// A command of `args` arguments of which `raw` is only the beginning: to be
    /// shown through [`Args::next_part`].
    pub(crate) fn beginning(raw: &'a [u8], args: u32) -> Command<'a> {
        Command::new(raw, args, Quirks::NONE)
    }

    /// Reads bytes that are exactly one command.
    ///
    /// # Errors
    ///
    /// As [`Decoder::step`]; [`ErrorKind::BadStart`] for an annotation, and for
    /// bytes behind the command.
    pub fn parse(raw: &'a [u8]) -> Result<Command<'a>> {
        let mut decoder = Decoder::new(Limits::in_memory());
        match decoder.step(raw, true)? {
            Step::Token {
                used,
                token: Token::Command { args, quirks },
            } => match raw.get(used) {
                None => Ok(Command::new(raw, args, quirks)),
                Some(&byte) => {
                    let (at, line) = (used as u64, decoder.line());
                    Err(Error::new(ErrorKind::BadStart(byte), at, at, line))
                }
            },
            Step::Token { .. } => Err(Error::new(ErrorKind::BadStart(b'#'), 0, 0, 1)),
            Step::NeedMore { .. } | Step::Done => Err(Error::new(ErrorKind::Truncated, 0, 0, 1)),
        }
    }

    /// The bytes as they stand in the file.
    #[must_use]
    pub fn as_raw(&self) -> &'a [u8] {
        self.raw
    }

    /// How many arguments it has, the name among them; at least one.
    #[must_use]
    pub fn len(&self) -> usize {
        self.form.args as usize
    }

    /// Never: a command without arguments is an error of the decoder.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.form.args == 0
    }

    /// What differs from the form servers write.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.form.quirks
    }

    /// The first argument, in the case it was written in.
    #[inline]
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.args().next().unwrap_or_default()
    }

    /// Whether the name is `name`, in whatever case.
    #[inline]
    #[must_use]
    pub fn is(&self, name: &[u8]) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    /// Argument `index`; the name is argument 0. Takes time for each before it.
    #[inline]
    #[must_use]
    pub fn arg(&self, index: usize) -> Option<&'a [u8]> {
        self.args().nth(index)
    }

    /// As [`arg`](Self::arg), faster for commands in the form servers write.
    #[inline]
    pub(crate) fn plain_arg(&self, index: usize) -> Option<&'a [u8]> {
        let plain = || {
            let (_, begin) = scan::number(self.raw, 0, b'*')?;
            let mut span = begin..begin - 2;
            for _ in 0..=index {
                let (length, start) = scan::length_behind(self.raw, span.end)?;
                span = start..start.checked_add(length)?;
            }
            self.raw.get(span)
        };
        let possible = self.form.quirks.is_none() && index < self.len();
        if possible { plain() } else { None }.or_else(|| self.arg(index))
    }

    /// All arguments, from the name on.
    #[inline]
    #[must_use]
    pub fn args(&self) -> Args<'a> {
        let at = match scan::number(self.raw, 0, b'*') {
            Some((_, at)) => at,
            None => scan::line(self.raw, true).unwrap_or(0),
        };
        Args {
            raw: self.raw,
            at,
            left: self.form.args,
        }
    }
}

/// The arguments of a command, see [`Command::args`].
#[derive(Clone, Debug)]
pub struct Args<'a> {
    raw: &'a [u8],
    at: usize,
    left: u32,
}

impl<'a> Iterator for Args<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (length, start) = match scan::number(self.raw, self.at, b'$') {
            Some(found) => found,
            None => loose(self.raw, self.at)?,
        };
        let end = start.checked_add(length)?;
        self.at = end.checked_add(2)?;
        self.raw.get(start..end)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Args<'_> {}

impl<'a> Args<'a> {
    /// What is there of the next argument, and its stated length.
    pub(crate) fn next_part(&mut self) -> Option<(&'a [u8], usize)> {
        self.left = self.left.checked_sub(1)?;
        let (length, start) = match scan::number(self.raw, self.at, b'$') {
            Some(found) => found,
            None => loose(self.raw, self.at).filter(|(_, start)| *start < self.raw.len())?,
        };
        let end = start.checked_add(length)?;
        self.at = end.checked_add(2)?;
        Some((self.raw.get(start..end.min(self.raw.len()))?, length))
    }
}

/// The length on an odd line, or on one near the end of the command.
#[cold]
fn loose(raw: &[u8], at: usize) -> Option<(usize, usize)> {
    let rest = raw.get(at..)?;
    let used = scan::line(rest, true)?;
    let (length, _) = scan::loose_number(rest.get(..used)?);
    Some((usize::try_from(length).ok()?, at + used))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back() {
        let raw = b"*3\r\n$3\r\nSeT\r\n$1\r\nk\r\n$0\r\n\r\n";
        let command = Command::parse(raw).unwrap();
        assert_eq!(command.len(), 3);
        assert_eq!(command.name(), b"SeT");
        assert!(command.is(b"set") && !command.is(b"se"));
        let args: Vec<&[u8]> = command.args().collect();
        assert_eq!(args, [&b"SeT"[..], b"k", b""]);
        assert_eq!(command.args().len(), 3);
        assert_eq!(command.arg(3), None);
        let plain: Vec<_> = (0..4).map(|index| command.plain_arg(index)).collect();
        assert_eq!(plain, [Some(&b"SeT"[..]), Some(b"k"), Some(b""), None]);
        assert_eq!(command.as_raw(), raw);
        assert!(command.quirks().is_none());
    }

    #[test]
    fn odd_forms_give_the_same_arguments() {
        // LF alone, a sign, blanks, any two bytes behind an argument.
        let raw = b"* 2 x\n$+4\nPING??$01\r\na\r\n";
        let command = Command::parse(raw).unwrap();
        let args: Vec<&[u8]> = command.args().collect();
        assert_eq!(args, [&b"PING"[..], b"a"]);
        assert_eq!(command.plain_arg(1), Some(&b"a"[..]));
        let all = Quirks::LOOSE_NUMBER | Quirks::LINE_END | Quirks::TERMINATOR;
        assert_eq!(command.quirks(), all);
    }

    #[test]
    fn only_one_whole_command_is_taken() {
        let kind = |raw: &[u8]| format!("{:?}", Command::parse(raw).unwrap_err().kind());
        assert_eq!(kind(b""), "Truncated");
        assert_eq!(kind(b"#TS:1\r\n"), "BadStart(35)");
        assert_eq!(kind(b"*1\r\n$4\r\nPING\r\n*"), "BadStart(42)");
        assert_eq!(kind(b"*1\r\n$4\r\nPIN"), "Truncated");
    }
}
