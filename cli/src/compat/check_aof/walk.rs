//! The commands and annotations of a file, as the tools' main loop takes them.
//!
//! Commands in the form that servers write come from the decoder of
//! `rdbkit-aof`. The rest is read as the C tools read it, one line after the
//! other: what they print depends on which read failed, and they take some
//! commands (of no arguments, of more than 2^31) otherwise than servers do.

use std::io::{self, Write};

use rdbkit_aof::{Command, Decoder, Event, Limits, Step, Token, strtoll};

use super::input::{COMMAND, Input};
use super::part::Part;

/// Room for a line in the tools: 127 bytes, a NUL, and what is read behind it.
const LINE: usize = 128;

/// How near to the end lines are remembered. Longer ones than are seen here
/// stand in commands that are read line by line anyway.
const TAIL: u64 = 1 << 20;

/// Longest argument to the tools, which add two for its CRLF.
const LONGEST: u64 = i64::MAX as u64 - 2;

/// Bytes of an annotation that are read at once.
const ANNOTATION: usize = 1023;

/// Room for one message in the tools, its final NUL included.
const MESSAGE: usize = 1024;

/// How a walk ended.
#[derive(Debug)]
pub(super) enum End {
    /// At the end of the file, or at something that is not as it should be:
    /// then with what the tools print of it, if they do.
    Stopped(Vec<u8>),
    /// At an annotation, whose offset this is, of a later time than this, which
    /// was asked for.
    Newer(u64, i64),
    /// At a `#TS:` line without a time.
    BadTimestamp,
    /// Reading failed.
    Failed(io::Error),
}

/// Walks over one file.
pub(super) struct Walk<'w> {
    pub input: Input<'w>,
    part: &'w Part,
    carried: &'w mut Carried,
    /// Stop at annotations of a later time.
    until: Option<i64>,
    /// Where what was read last began: the offset of messages.
    read_at: u64,
    /// Whether a MULTI is open.
    multi: bool,
    /// Where the last unit ended, or the open MULTI began.
    sane: u64,
    /// Where annotations without line end began, if nothing sane came since.
    torn: Option<u64>,
    /// From here on lines are remembered.
    remember_from: u64,
}

/// What the tools carry from one file to the next.
pub(super) struct Carried {
    /// Lines read, counted from 1: one for each CRLF of a command.
    pub line: u64,
    /// What is in their buffers: of a line without LF, which only the end of a
    /// file makes, they print a byte too much.
    count_line: [u8; LINE],
    length_line: [u8; LINE],
}

/// Why a unit was not read to its end: what the tools print of it, if they do.
type Halt = Option<Vec<u8>>;

impl<'w> Walk<'w> {
    /// Over a file of `size` bytes, 0 if that is not known.
    pub fn new(
        input: Input<'w>,
        size: u64,
        part: &'w Part,
        until: Option<i64>,
        carried: &'w mut Carried,
    ) -> Walk<'w> {
        Walk {
            sane: input.offset(),
            read_at: input.offset(),
            input,
            part,
            until,
            multi: false,
            torn: None,
            remember_from: size.saturating_sub(TAIL),
            carried,
        }
    }

    /// Up to where the tools find the file in order.
    pub fn sane(&self) -> u64 {
        self.sane
    }

    /// Up to where it is in order: nothing is torn, no transaction is open.
    pub fn whole(&self) -> u64 {
        self.torn.unwrap_or(self.sane)
    }

    /// Walks to the end of the file or to what stops the tools.
    pub fn run(&mut self) -> End {
        loop {
            self.commands();
            let begin = self.input.offset();
            let halt = match self.input.peek() {
                None => Err(self
                    .multi
                    .then(|| self.message(b"Reached EOF before reading EXEC for MULTI"))),
                Some(b'#') => match self.annotation(begin) {
                    Some(end) => return end,
                    None => Ok(()),
                },
                Some(b'*') => self.command(),
                Some(_) => Err(Some([b"AOF ", &*self.part.name, b" format error"].concat())),
            };
            if let Some(e) = self.input.take_failure() {
                return End::Failed(e);
            }
            if let Err(halt) = halt {
                return End::Stopped(halt.unwrap_or_default());
            }
        }
    }

    /// The commands that are as servers write them.
    fn commands(&mut self) {
        let limits = Limits {
            command: COMMAND,
            chunk: COMMAND,
        };
        let mut decoder = Decoder::at(self.input.offset(), limits);
        loop {
            let (window, eof) = self.input.window();
            let step = decoder.step(window, eof);
            match step {
                Ok(Step::Token {
                    used,
                    token: token @ Token::Command { args, quirks },
                }) if quirks.is_none() => {
                    let Event::Command(command) = token.resolve(used, window) else {
                        return;
                    };
                    // MULTI and EXEC, and whatever else begins like them.
                    if matches!(command.name().first(), Some(b'M' | b'm' | b'E' | b'e'))
                        && transaction(command.name()).is_some()
                    {
                        return;
                    }
                    if self.multi {
                        let last = command.args().last().map_or(0, <[u8]>::len);
                        let end = self.input.offset() + used as u64;
                        self.read_at = end - last as u64 - 2;
                    }
                    if self.input.offset() >= self.remember_from {
                        self.carried.remember(&command);
                    }
                    self.input.consume(used);
                    self.carried.line += 1 + 2 * u64::from(args);
                    self.torn = None;
                    if !self.multi {
                        self.sane = self.input.offset();
                    }
                }
                Ok(Step::NeedMore { .. }) => {
                    self.input.fill();
                }
                _ => return,
            }
        }
    }

    /// A `#` line. What ends the walk, if it does.
    fn annotation(&mut self, begin: u64) -> Option<End> {
        self.read_at = begin;
        let line = self.input.line(ANNOTATION);
        let complete = line.ends_with(b"\n");
        if let Some(until) = self.until
            && let Some(number) = line.strip_prefix(b"#TS:")
        {
            let (time, used) = strtoll(number);
            if number.get(used) != Some(&b'\r') || !fits(number, used) {
                return Some(End::BadTimestamp);
            }
            if time > until {
                return Some(End::Newer(begin, until));
            }
        }
        if !self.multi {
            self.sane = self.input.offset();
            self.torn = if complete {
                None
            } else {
                Some(self.torn.unwrap_or(begin))
            };
        }
        None
    }

    /// A command, whatever its form.
    fn command(&mut self) -> Result<(), Halt> {
        let count = self.number(b'*')?;
        for index in 0..count {
            let name = self.argument()?;
            if index > 0 {
                continue;
            }
            let (what, unexpected) = match transaction(&name) {
                Some(Transaction::Multi) => ("MULTI", self.multi),
                Some(Transaction::Exec) => ("EXEC", !self.multi),
                None => continue,
            };
            if unexpected {
                let path = self.part.path.as_encoded_bytes();
                let text = [b"Unexpected ", what.as_bytes(), b" in AOF ", path].concat();
                return Err(Some(self.message(&text)));
            }
            self.multi = what == "MULTI";
        }
        if !self.multi {
            self.sane = self.input.offset();
            self.torn = None;
        }
        Ok(())
    }

    /// The number of a line that should begin with `sigil`.
    fn number(&mut self, sigil: u8) -> Result<i64, Halt> {
        self.read_at = self.input.offset();
        let line = self.input.line(LINE - 1);
        if line.is_empty() {
            let text = b"Reached EOF before reading EXEC for MULTI";
            return Err(self.multi.then(|| self.message(text)));
        }
        let buffer = match sigil {
            b'*' => &mut self.carried.count_line,
            _ => &mut self.carried.length_line,
        };
        for (to, from) in buffer.iter_mut().zip(line.iter().chain(&[0])) {
            *to = *from;
        }
        let [first, text @ ..] = *buffer;
        if first != sigil {
            let mut message = [b"Expected prefix '", [sigil].as_slice(), b"', got: '"].concat();
            message.extend([first, b'\'']);
            return Err(Some(self.message(&message)));
        }
        let (number, used) = strtoll(&text);
        let byte = |at| text.get(at).copied().unwrap_or(0);
        self.line_end([byte(used), byte(used + 1)])?;
        Ok(number)
    }

    /// An argument; of its bytes the first six, with NULs behind the last.
    fn argument(&mut self) -> Result<[u8; 6], Halt> {
        let stated = self.number(b'$')?;
        let Some(length) = u64::try_from(stated).ok().filter(|n| *n <= LONGEST) else {
            let text = format!(
                "Expected to read string of {stated} bytes, which is not in the suitable range"
            );
            return Err(Some(self.message(text.as_bytes())));
        };
        self.read_at = self.input.offset();
        let (mut head, mut filled) = ([0; 6], 0);
        let mut read = self.input.pieces(length, |piece| {
            let room = head.iter_mut().skip(filled);
            filled += room.zip(piece).map(|(to, from)| *to = *from).count();
        });
        let mut close = [0; 2];
        read += self.input.pieces(2, |piece| {
            for byte in piece {
                close = [close[1], *byte];
            }
        });
        let bytes = length + 2;
        if read < bytes {
            let text = format!("Expected to read {bytes} bytes, got {read} bytes");
            return Err(Some(self.message(text.as_bytes())));
        }
        self.line_end(close)?;
        Ok(head)
    }

    /// Two bytes that should be CRLF.
    fn line_end(&mut self, close: [u8; 2]) -> Result<(), Halt> {
        if close == *b"\r\n" {
            self.carried.line += 1;
            return Ok(());
        }
        // The tools print a char, which is signed.
        let [first, second] = close.map(|b| i32::from(b.cast_signed()));
        let text = format!("Expected \\r\\n, got: {first:02x}{second:02x}");
        Err(Some(self.message(text.as_bytes())))
    }

    /// `0x` and the offset, and a text as long as the tools have room for.
    fn message(&self, text: &[u8]) -> Vec<u8> {
        let mut message = format!("0x{:16x}: ", self.read_at).into_bytes();
        let text = text.get(..MESSAGE - 1).unwrap_or(text);
        message.extend(text.iter().take_while(|b| **b != 0));
        message
    }
}

impl Carried {
    pub fn new() -> Carried {
        Carried {
            line: 1,
            count_line: [0; LINE],
            length_line: [0; LINE],
        }
    }

    /// The lines of a command as servers write it.
    fn remember(&mut self, command: &Command<'_>) {
        write_line(&mut self.count_line, b'*', command.args().len());
        for argument in command.args() {
            write_line(&mut self.length_line, b'$', argument.len());
        }
    }
}

fn write_line(buffer: &mut [u8; LINE], sigil: u8, number: usize) {
    // The buffer is longer than any number.
    let _ = write!(buffer.as_mut_slice(), "{}{number}\r\n\0", char::from(sigil));
}

/// The commands that open and close a transaction.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transaction {
    Multi,
    Exec,
}

/// By name, which ends at a NUL.
fn transaction(name: &[u8]) -> Option<Transaction> {
    let name = name.split(|b| *b == 0).next().unwrap_or_default();
    if name.eq_ignore_ascii_case(b"MULTI") {
        Some(Transaction::Multi)
    } else if name.eq_ignore_ascii_case(b"EXEC") {
        Some(Transaction::Exec)
    } else {
        None
    }
}

/// Whether the number of `used` bytes that [`strtoll`] found is one of 64 bits.
pub(super) fn fits(text: &[u8], used: usize) -> bool {
    let number = std::str::from_utf8(text.get(..used).unwrap_or_default()).unwrap_or_default();
    let number = number.trim_start_matches(|c| matches!(c, ' ' | '\t'..='\r'));
    used == 0 || number.parse::<i64>().is_ok()
}
