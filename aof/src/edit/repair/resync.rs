//! Finding where a log goes on behind damaged bytes.
//!
//! The lengths that a damaged command states come first: where they lead to a
//! command, no byte of a value is mistaken for one. Then the bytes are searched
//! for what can only be a command: whole, as servers write it, of a known name
//! and with a right number of arguments, and followed by another one, by the
//! beginning of one that is damaged itself, or by the end of the file.

use std::collections::HashSet;
use std::io::{self, Read};

use rdbkit_rdb::glob;

use crate::commands::{self, Arity, Release};
use crate::edit::routine::{Args, NEVER};
use crate::error::{Error, ErrorKind};
use crate::limits::Limits;
use crate::resp::{Decoder, Step, Token};
use crate::scan;
use crate::{Annotation, Command, Event};

/// Longest command that is recognised behind damage.
const LONGEST: usize = 64 << 20;

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Commands that must follow each other before a file that ends too early is
/// taken for one with damage in the middle.
const RUN: u32 = 100;

/// What was found behind damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// A command or annotation, at this offset.
    Unit(u64),
    /// Zero bytes up to the end of the file.
    Zeros,
    /// Nothing that can be told to be a command.
    Nothing,
}

/// Looks behind the damage of the unit at `unit`; `bytes` begin there, or at
/// the command before it where there is one. Gives where the damage begins, too:
/// at the command before, if that one had swallowed others. `modules` are globs
/// for commands that are no damage.
pub(super) fn behind(
    bytes: impl Read,
    from: u64,
    unit: u64,
    error: &Error,
    modules: &[String],
) -> io::Result<(u64, Behind)> {
    let mut window = Window {
        source: bytes,
        modules,
        held: Vec::new(),
        from: 0,
        base: from,
        eof: false,
    };
    if let Ok(boundary) = usize::try_from(unit - from)
        && boundary > 0
    {
        if let Some(at) = window.swallowed(boundary)? {
            return Ok((from, Behind::Unit(from + at as u64)));
        }
        window.forward(boundary);
    }
    let found = match error.kind() {
        ErrorKind::BadStart(0) if window.only_zeros()? => Behind::Zeros,
        // What looks like a command may well be in a value that is torn.
        ErrorKind::Truncated => window.search(RUN)?,
        kind => {
            let failed = match kind {
                ErrorKind::BadArgument(_) => window.failed_at(error),
                _ => None,
            };
            let stated = window.stated_end()?;
            match window.first_unit([failed, stated])? {
                Some(at) => Behind::Unit(unit + at as u64),
                None => window.search(2)?,
            }
        }
    };
    Ok((unit, found))
}

/// Whether servers run the command, as far as the table tells.
pub(super) enum Known {
    Yes,
    No,
    WrongArity,
}

pub(super) fn known(command: &Command<'_>) -> Known {
    let Some(spec) = commands::spec(command) else {
        return Known::No;
    };
    if spec.is_container() && command.len() > 1 {
        return Known::No;
    }
    let accepts = |release: &Release| {
        let arity = spec.arity(*release);
        arity.is_some_and(|arity| arity.accepts(command.len()))
    };
    if !spec.is_measured() || Release::ALL.iter().any(accepts) {
        Known::Yes
    } else {
        Known::WrongArity
    }
}

/// The numbers of arguments that some server takes, this command's among them.
pub(super) fn accepted(command: &Command<'_>) -> Option<(u32, u32)> {
    let args = u32::try_from(command.len()).ok()?;
    let spec = commands::spec(command).filter(|spec| spec.is_measured())?;
    let arities = Release::ALL.iter().filter_map(|r| spec.arity(*r));
    let more = arities.filter_map(|arity| match arity {
        Arity::AtLeast(least) if arity.accepts(command.len()) => u32::try_from(least).ok(),
        _ => None,
    });
    Some(more.min().map_or((args, args), |least| (least, u32::MAX)))
}

/// A name as modules give them, or one of those that are known to be of modules.
pub(super) fn is_of_module(name: &[u8], modules: &[String]) -> bool {
    let named = |glob: &String| glob::matches_ignore_case(glob.as_bytes(), name);
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    modules.iter().any(named) || name.len() < 64 && name.contains(&b'.') && name.iter().all(plain)
}

/// What stands at a place.
enum Look {
    /// A unit of so many bytes.
    Unit(usize),
    /// A command that is longer than is looked at.
    Long,
    /// The beginning of one, and the end of the file.
    Torn,
    Nothing,
    More(usize),
    End,
}

struct Window<'m, R> {
    source: R,
    /// Commands of modules.
    modules: &'m [String],
    /// What was read; `from` on is still of use.
    held: Vec<u8>,
    from: usize,
    /// Offset of `held[from]` in the file.
    base: u64,
    eof: bool,
}

impl<R: Read> Window<'_, R> {
    fn bytes(&self) -> &[u8] {
        self.held.get(self.from..).unwrap_or_default()
    }

    /// Makes `length` bytes available, or all there are.
    fn fill(&mut self, length: usize) -> io::Result<()> {
        while self.bytes().len() < length && !self.eof {
            if self.from > self.held.len() / 2 {
                self.held.drain(..self.from);
                self.from = 0;
            }
            let read = (&mut self.source)
                .take(CHUNK as u64)
                .read_to_end(&mut self.held)?;
            self.eof = read == 0;
        }
        Ok(())
    }

    fn forward(&mut self, bytes: usize) {
        self.from += bytes;
        self.base += bytes as u64;
    }

    fn only_zeros(&mut self) -> io::Result<bool> {
        // Read in steps that are kept: there may be a command behind them.
        let mut at = 0;
        loop {
            self.fill(at + CHUNK)?;
            let new = self.bytes().get(at..).unwrap_or_default();
            if new.iter().any(|&byte| byte != 0) {
                return Ok(false);
            }
            at += new.len();
            if new.is_empty() {
                return Ok(true);
            }
            if at > LONGEST {
                // Nothing but zeros so far: they are of no use.
                self.forward(at);
                at = 0;
            }
        }
    }

    fn look(&self, at: usize) -> Look {
        let rest = self.bytes().get(at..).unwrap_or_default();
        let limits = Limits {
            command: LONGEST,
            chunk: LONGEST,
        };
        let mut decoder = Decoder::new(limits);
        match decoder.step(rest, self.eof) {
            Ok(Step::Token { used, token }) => match (token, token.resolve(used, rest)) {
                (Token::Begin { .. }, _) => Look::Long,
                (_, Event::Command(command)) if is_plain(&command, self.modules) => {
                    Look::Unit(used)
                }
                (_, Event::Annotation(line)) if is_time(line) => Look::Unit(used),
                _ => Look::Nothing,
            },
            Ok(Step::NeedMore { at_least }) => Look::More(at_least),
            Ok(Step::Done) => Look::End,
            Err(error) if error.is_truncation() => Look::Torn,
            Err(_) => Look::Nothing,
        }
    }

    /// How many units stand one behind the other from `at` on, up to `wanted`;
    /// all that are wanted where the file ends behind the first one.
    fn units(&mut self, mut at: usize, wanted: u32) -> io::Result<u32> {
        let mut units = 0;
        while units < wanted {
            match self.look(at) {
                Look::Unit(used) => {
                    at += used;
                    units += 1;
                }
                Look::More(more) if at.saturating_add(more) <= 2 * LONGEST => {
                    self.fill(at + more)?;
                }
                Look::End if units > 0 && (units > 2 || wanted < RUN) => return Ok(wanted),
                // Behind a good command the last one may be torn, or long.
                Look::Torn | Look::Long if units > 0 && wanted < RUN => return Ok(wanted),
                // Or it is damaged itself, but begins as one.
                Look::Nothing if units > 0 && wanted < RUN && self.is_head(at) => {
                    return Ok(wanted);
                }
                _ => break,
            }
        }
        Ok(units)
    }

    /// Whether a count and a length stand at `at`.
    fn is_head(&self, at: usize) -> bool {
        let rest = self.bytes().get(at..).unwrap_or_default();
        scan::number(rest, 0, b'*').is_some_and(|(_, at)| scan::number(rest, at, b'$').is_some())
    }

    /// The first of these places where a unit stands.
    fn first_unit(&mut self, places: [Option<usize>; 2]) -> io::Result<Option<usize>> {
        for at in places.into_iter().flatten() {
            // A key may end in #TS:1: a line alone is not enough.
            self.fill(at + 1)?;
            let wanted = match self.bytes().get(at) {
                Some(b'#') => 2,
                _ => 1,
            };
            if self.units(at, wanted)? >= wanted {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Whether the unit that ends at `boundary` holds the beginning of units of
    /// which one reaches over its end: a value that holds commands of its own
    /// ends behind them, one of a wrong length does not.
    fn swallowed(&mut self, boundary: usize) -> io::Result<Option<usize>> {
        if boundary > LONGEST {
            return Ok(None);
        }
        self.fill(boundary)?;
        // What was passed through once leads nowhere the second time, either.
        let mut passed = HashSet::new();
        for begin in 1..boundary {
            if self.bytes().get(begin) != Some(&b'*') {
                continue;
            }
            let mut at = begin;
            while at < boundary && passed.insert(at) {
                match self.look(at) {
                    Look::Unit(used) => at += used,
                    Look::More(more) if more <= LONGEST => self.fill(at + more)?,
                    _ => break,
                }
            }
            if at > boundary {
                return Ok(Some(begin));
            }
        }
        Ok(None)
    }

    /// Where the argument stands that is none: a count that is too large leads
    /// into the next command.
    fn failed_at(&self, error: &Error) -> Option<usize> {
        let at = error.offset().checked_sub(self.base)?;
        usize::try_from(at)
            .ok()
            .filter(|at| (1..=LONGEST).contains(at))
    }

    /// Where the lengths of the unit lead, whatever its `*` and `$` have become.
    fn stated_end(&mut self) -> io::Result<Option<usize>> {
        let Some((count, mut at)) = self.number(0)? else {
            return Ok(None);
        };
        for _ in 0..count {
            let Some((length, start)) = self.number(at)? else {
                return Ok(None);
            };
            at = match start.checked_add(length).and_then(|end| end.checked_add(2)) {
                Some(end) if end <= LONGEST => end,
                _ => return Ok(None),
            };
        }
        Ok((count > 0).then_some(at))
    }

    /// The number on the line at `at`, whose first byte may be any.
    fn number(&mut self, at: usize) -> io::Result<Option<(usize, usize)>> {
        self.fill(at + 32)?;
        let line = self.bytes().get(at..).unwrap_or_default();
        let mut head = [0; 32];
        let length = line.len().min(head.len());
        let Some(((copy, line), first)) = head
            .get_mut(..length)
            .zip(line.get(..length))
            .zip(line.first())
        else {
            return Ok(None);
        };
        copy.copy_from_slice(line);
        if first.is_ascii_digit() {
            return Ok(None);
        }
        if let Some(first) = head.first_mut() {
            *first = b'$';
        }
        let number = scan::number(&head, 0, b'$');
        Ok(number.map(|(value, used)| (value, at + used)))
    }

    fn search(&mut self, wanted: u32) -> io::Result<Behind> {
        // The unit itself is damaged.
        self.fill(1)?;
        let mut before = self.bytes().first().copied();
        self.forward(1.min(self.bytes().len()));
        loop {
            self.fill(1)?;
            let found = self.bytes().iter().position(|&b| matches!(b, b'*' | b'#'));
            let Some(at) = found else {
                let all = self.bytes().len();
                before = self.bytes().last().copied().or(before);
                self.forward(all);
                if self.eof {
                    return Ok(Behind::Nothing);
                }
                continue;
            };
            if let Some(last) = at.checked_sub(1) {
                before = self.bytes().get(last).copied();
            }
            self.forward(at);
            // A key that ends in #TS:1 is no annotation.
            let mark = self.bytes().first().copied();
            let may_begin = mark == Some(b'*') || before == Some(b'\n');
            if may_begin && self.units(0, wanted)? >= wanted {
                return Ok(Behind::Unit(self.base));
            }
            before = mark;
            self.forward(1);
        }
    }
}

/// A command as servers write it, that they run.
fn is_plain(command: &Command<'_>, modules: &[String]) -> bool {
    command.quirks().is_none()
        && match known(command) {
            Known::Yes => true,
            Known::No => is_of_module(command.name(), modules),
            Known::WrongArity => false,
        }
}

fn is_time(line: Annotation<'_>) -> bool {
    line.is_complete() && line.timestamp().is_some()
}

/// With which numbers of arguments, of `any`, servers run a command.
pub(in crate::edit) fn run_by_servers(
    command: &Command<'_>,
    any: Args,
    modules: &[String],
) -> Args {
    if any == NEVER {
        return NEVER;
    }
    match known(command) {
        Known::Yes => {
            accepted(command).map_or(any, |(least, most)| (least.max(any.0), most.min(any.1)))
        }
        Known::No if is_of_module(command.name(), modules) => any,
        Known::No | Known::WrongArity => NEVER,
    }
}
