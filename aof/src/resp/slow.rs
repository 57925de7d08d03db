//! What the strict scan does not take: odd forms, long commands, ends of windows.

use crate::error::{ErrorKind, Result};
use crate::resp::{Decoder, Seen, State, Step, Token, command_lines};
use crate::scan::{self, Quirks};

/// Longest argument there can be: nothing addresses more.
const MAX_LENGTH: i64 = 1 << 47;

impl Decoder {
    #[inline(never)]
    pub(super) fn slow_step(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        match self.state {
            State::Unit => match window.first() {
                None if eof => Ok(Step::Done),
                None => Ok(Step::NeedMore { at_least: 1 }),
                Some(b'#') => match scan::line(window, eof) {
                    Some(used) => Ok(self.token(used, 0, Token::Annotation)),
                    None => Ok(more(window)),
                },
                Some(b'*') => self.command(window, eof),
                Some(&byte) => Err(self.fail(ErrorKind::BadStart(byte), 0, 0)),
            },
            State::Argument { left: 0 } => {
                self.state = State::Unit;
                Ok(self.token(0, 0, Token::End))
            }
            State::Argument { left } => match self.length(window, eof, 0, 0)? {
                Some((length, used, quirks)) => {
                    let left = left - 1;
                    self.state = State::Data { length, left };
                    Ok(self.token(used, 1, Token::Argument { length, quirks }))
                }
                None => Ok(more(window)),
            },
            State::Data { length, left } => self.data(window, eof, length, left),
            State::Failed => Ok(Step::Done),
        }
    }

    /// A command from its `*` on, whatever its form.
    fn command(&mut self, window: &[u8], eof: bool) -> Result<Step> {
        if self.seen.at == 0 {
            let Some(used) = scan::line(window, eof) else {
                return Ok(more(window));
            };
            let line = window.get(..used).unwrap_or_default();
            let (stated, mut quirks) = scan::loose_number(line);
            let torn = is_torn(line, eof);
            // A lone `*` that ends the file, or is followed by zero bytes to
            // its end, counts as torn.
            if torn && matches!(line.get(1), None | Some(0)) {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            // As C's `atoi`: the low 32 bits.
            let count = stated as i32;
            if i64::from(count) != stated {
                quirks |= Quirks::LOOSE_NUMBER;
            }
            if count < 1 {
                return Err(self.fail(ErrorKind::BadCount(count), 0, 0));
            }
            if torn {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            let args = count.cast_unsigned();
            self.seen = Seen {
                at: used,
                left: args,
                args,
                quirks,
            };
        }
        while self.seen.left > 0 {
            let Seen { at, left, args, .. } = self.seen;
            let lines = 1 + 2 * u64::from(args - left);
            let rest = window.get(at..).unwrap_or_default();
            let Some((length, used, quirks)) = self.length(rest, eof, at, lines)? else {
                return Ok(Step::NeedMore {
                    at_least: window.len().max(at) + 1,
                });
            };
            let start = at + used;
            let end = (start as u64).saturating_add(length).saturating_add(2);
            if end > self.limits.command as u64 {
                return Ok(self.begin(window));
            }
            // In range: not above the limit, which is a usize.
            let end = end as usize;
            let Some(close) = window.get(end - 2..end) else {
                if eof {
                    return Err(self.fail(ErrorKind::Truncated, start, lines + 1));
                }
                return Ok(Step::NeedMore { at_least: end });
            };
            self.seen.quirks |= quirks | terminator(close);
            self.seen.at = end;
            self.seen.left -= 1;
        }
        let Seen {
            at, args, quirks, ..
        } = std::mem::take(&mut self.seen);
        Ok(self.token(at, command_lines(args), Token::Command { args, quirks }))
    }

    /// The first line of a command that is too long to be one token.
    #[cold]
    fn begin(&mut self, window: &[u8]) -> Step {
        let args = std::mem::take(&mut self.seen).args;
        // The line was whole when it was first seen.
        let used = scan::line(window, true).unwrap_or(0);
        let (_, quirks) = scan::loose_number(window.get(..used).unwrap_or_default());
        self.state = State::Argument { left: args };
        self.token(used, 1, Token::Begin { args, quirks })
    }

    /// The `$` line at the front of `rest`, which is `at` bytes and `lines` lines
    /// into the unit at hand: length, bytes of the line, oddities. `None` if more
    /// bytes must be seen.
    #[inline]
    fn length(
        &mut self,
        rest: &[u8],
        eof: bool,
        at: usize,
        lines: u64,
    ) -> Result<Option<(u64, usize, Quirks)>> {
        if let Some((length, used)) = scan::number(rest, 0, b'$')
            && (length as u64) < MAX_LENGTH as u64
        {
            return Ok(Some((length as u64, used, Quirks::NONE)));
        }
        match rest.first() {
            None if eof => return Err(self.fail(ErrorKind::Truncated, at, lines)),
            None => return Ok(None),
            Some(b'$') => {}
            Some(&byte) => return Err(self.fail(ErrorKind::BadArgument(byte), at, lines)),
        }
        let Some(used) = scan::line(rest, eof) else {
            return Ok(None);
        };
        let line = rest.get(..used).unwrap_or_default();
        let (length, quirks) = scan::loose_number(line);
        if !(0..MAX_LENGTH).contains(&length) {
            return Err(self.fail(ErrorKind::BadLength(length), at, lines));
        }
        if is_torn(line, eof) {
            return Err(self.fail(ErrorKind::Truncated, at, lines));
        }
        Ok(Some((length.cast_unsigned(), used, quirks)))
    }

    /// The next bytes of an argument of a long command.
    fn data(&mut self, window: &[u8], eof: bool, length: u64, left: u32) -> Result<Step> {
        let take = usize::try_from(length).map_or(self.limits.chunk, |n| n.min(self.limits.chunk));
        let last = take as u64 == length;
        let used = if last { take.saturating_add(2) } else { take };
        if window.len() < used {
            if eof {
                return Err(self.fail(ErrorKind::Truncated, 0, 0));
            }
            return Ok(Step::NeedMore { at_least: used });
        }
        let quirks = if last {
            self.state = State::Argument { left };
            terminator(window.get(take..used).unwrap_or_default())
        } else {
            let length = length - take as u64;
            self.state = State::Data { length, left };
            Quirks::NONE
        };
        let token = Token::Chunk {
            length: take,
            last,
            quirks,
        };
        Ok(self.token(used, u64::from(last), token))
    }
}

fn more(window: &[u8]) -> Step {
    Step::NeedMore {
        at_least: window.len() + 1,
    }
}

/// Whether the input ends inside a line.
fn is_torn(line: &[u8], eof: bool) -> bool {
    eof && line.last() != Some(&b'\n') && line.len() < scan::MAX_LINE
}

fn terminator(close: &[u8]) -> Quirks {
    if close == b"\r\n" {
        Quirks::NONE
    } else {
        Quirks::TERMINATOR
    }
}
