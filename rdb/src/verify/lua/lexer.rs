//! Tokens of Lua 5.1, as the server's own compiler cuts them.
//!
//! Everything is judged by bytes in the C locale: letters are `A-Za-z`, a byte above 127 is a token of its own
//! that no rule of the grammar accepts, and a NUL byte is ordinary data (with one quirk, see [`Lexer::take_one_of`]).

use super::error::{SyntaxError, SyntaxErrorKind};
use super::literal::is_number;

/// What a token is. Single characters without a meaning of their own are [`Kind::Char`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    And,
    Break,
    Do,
    Else,
    ElseIf,
    End,
    False,
    For,
    Function,
    If,
    In,
    Local,
    Nil,
    Not,
    Or,
    Repeat,
    Return,
    Then,
    True,
    Until,
    While,
    /// `..`
    Concat,
    /// `...`
    Dots,
    Equal,
    GreaterEqual,
    LessEqual,
    NotEqual,
    Number,
    Name,
    /// A quoted string; the span includes the quotes.
    Quoted,
    /// A string in long brackets; the span includes the brackets.
    Long,
    Char(u8),
    Eof,
}

/// A token and the bytes of the source it was cut from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Cuts a source into tokens, one per call of [`Lexer::token`].
pub(super) struct Lexer<'a> {
    source: &'a [u8],
    position: usize,
    /// Line of the byte at `position`, counted from 1: after a token it is the line the token ends on.
    line: u32,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Lexer {
            source,
            position: 0,
            line: 1,
        }
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }

    /// The bytes of a token.
    pub(super) fn text(&self, start: usize, end: usize) -> &'a [u8] {
        self.source.get(start..end).unwrap_or_default()
    }

    fn current(&self) -> Option<u8> {
        self.source.get(self.position).copied()
    }

    fn error(&self, kind: SyntaxErrorKind) -> SyntaxError {
        SyntaxError {
            line: self.line,
            offset: self.position,
            kind,
        }
    }

    /// Skips `\n`, `\r`, `\r\n` or `\n\r` as one end of line.
    fn newline(&mut self) {
        let first = self.current();
        self.position += 1;
        if matches!(self.current(), Some(b'\n' | b'\r')) && self.current() != first {
            self.position += 1;
        }
        self.line = self.line.saturating_add(1);
    }

    /// Takes the current byte when it is one of `set`, or when it is NUL: the C code looks it up with `strchr`,
    /// which also finds the terminator of the set.
    fn take_one_of(&mut self, set: &[u8]) -> bool {
        let found = self
            .current()
            .is_some_and(|byte| byte == 0 || set.contains(&byte));
        self.position += usize::from(found);
        found
    }

    /// Cuts the next token.
    ///
    /// # Errors
    /// What the compiler reports while cutting: unfinished or badly delimited strings and comments, an escape
    /// above 255, a malformed number.
    pub(super) fn token(&mut self) -> Result<Token, SyntaxError> {
        loop {
            let start = self.position;
            let Some(byte) = self.current() else {
                return Ok(Token {
                    kind: Kind::Eof,
                    start,
                    end: start,
                });
            };
            let kind = match byte {
                b'\n' | b'\r' => {
                    self.newline();
                    continue;
                }
                b' ' | b'\t' | 0x0b | 0x0c => {
                    self.position += 1;
                    continue;
                }
                b'-' => {
                    self.position += 1;
                    if self.current() != Some(b'-') {
                        Kind::Char(b'-')
                    } else {
                        self.position += 1;
                        self.comment()?;
                        continue;
                    }
                }
                b'[' => match self.long_opening() {
                    Opening::Level(level) => {
                        self.long_bracket(level, SyntaxErrorKind::UnfinishedLongString)?;
                        Kind::Long
                    }
                    Opening::Bracket => Kind::Char(b'['),
                    Opening::Broken => return Err(self.error(SyntaxErrorKind::LongDelimiter)),
                },
                b'=' => self.with_equals(b'=', Kind::Equal),
                b'<' => self.with_equals(b'<', Kind::LessEqual),
                b'>' => self.with_equals(b'>', Kind::GreaterEqual),
                b'~' => self.with_equals(b'~', Kind::NotEqual),
                b'"' | b'\'' => {
                    self.quoted(byte)?;
                    Kind::Quoted
                }
                b'.' => {
                    self.position += 1;
                    if self.take_one_of(b".") {
                        if self.take_one_of(b".") {
                            Kind::Dots
                        } else {
                            Kind::Concat
                        }
                    } else if self.current().is_some_and(|next| next.is_ascii_digit()) {
                        self.number(start)?;
                        Kind::Number
                    } else {
                        Kind::Char(b'.')
                    }
                }
                b'0'..=b'9' => {
                    self.number(start)?;
                    Kind::Number
                }
                b'A'..=b'Z' | b'a'..=b'z' | b'_' => {
                    while self.current().is_some_and(is_word) {
                        self.position += 1;
                    }
                    keyword(self.text(start, self.position)).unwrap_or(Kind::Name)
                }
                other => {
                    self.position += 1;
                    Kind::Char(other)
                }
            };
            return Ok(Token {
                kind,
                start,
                end: self.position,
            });
        }
    }

    fn with_equals(&mut self, byte: u8, double: Kind) -> Kind {
        self.position += 1;
        if self.current() == Some(b'=') {
            self.position += 1;
            double
        } else {
            Kind::Char(byte)
        }
    }

    /// Skips a comment, standing behind its two dashes.
    fn comment(&mut self) -> Result<(), SyntaxError> {
        if self.current() == Some(b'[')
            && let Opening::Level(level) = self.long_opening()
        {
            return self.long_bracket(level, SyntaxErrorKind::UnfinishedLongComment);
        }
        while self
            .current()
            .is_some_and(|byte| byte != b'\n' && byte != b'\r')
        {
            self.position += 1;
        }
        Ok(())
    }

    /// Reads `[`, `[[` or `[==[` up to but without the second bracket.
    fn long_opening(&mut self) -> Opening {
        match self.separator(b'[') {
            (level, true) => Opening::Level(level),
            (0, false) => Opening::Bracket,
            (_, false) => Opening::Broken,
        }
    }

    /// Takes `bracket` and the equals signs behind it: how many, and whether the same bracket follows.
    fn separator(&mut self, bracket: u8) -> (usize, bool) {
        self.position += 1;
        let signs = self.position;
        while self.current() == Some(b'=') {
            self.position += 1;
        }
        (self.position - signs, self.current() == Some(bracket))
    }

    /// Skips the body of a long bracket, standing on its second opening bracket.
    fn long_bracket(
        &mut self,
        level: usize,
        unfinished: SyntaxErrorKind,
    ) -> Result<(), SyntaxError> {
        self.position += 1;
        loop {
            match self.current() {
                None => return Err(self.error(unfinished)),
                Some(b'[') => {
                    // The compiler is built to refuse what Lua 5.0 took as a nested string.
                    if self.separator(b'[') == (level, true) {
                        self.position += 1;
                        if level == 0 {
                            return Err(self.error(SyntaxErrorKind::NestedLongBracket));
                        }
                    }
                }
                Some(b']') => {
                    if self.separator(b']') == (level, true) {
                        self.position += 1;
                        return Ok(());
                    }
                }
                Some(b'\n' | b'\r') => self.newline(),
                Some(_) => self.position += 1,
            }
        }
    }

    fn quoted(&mut self, delimiter: u8) -> Result<(), SyntaxError> {
        self.position += 1;
        loop {
            match self.current() {
                None | Some(b'\n' | b'\r') => {
                    return Err(self.error(SyntaxErrorKind::UnfinishedString));
                }
                Some(b'\\') => {
                    self.position += 1;
                    match self.current() {
                        None => {}
                        Some(b'\n' | b'\r') => self.newline(),
                        Some(b'0'..=b'9') => {
                            let code = self.decimal_escape();
                            if code > 255 {
                                return Err(self.error(SyntaxErrorKind::EscapeTooLarge));
                            }
                        }
                        Some(_) => self.position += 1,
                    }
                }
                Some(byte) => {
                    self.position += 1;
                    if byte == delimiter {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Reads the one to three digits of an escape.
    fn decimal_escape(&mut self) -> u32 {
        let mut value = 0;
        for _ in 0..3 {
            let Some(digit @ b'0'..=b'9') = self.current() else {
                break;
            };
            value = value * 10 + u32::from(digit - b'0');
            self.position += 1;
        }
        value
    }

    fn number(&mut self, start: usize) -> Result<(), SyntaxError> {
        while self
            .current()
            .is_some_and(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            self.position += 1;
        }
        if self.take_one_of(b"Ee") {
            self.take_one_of(b"+-");
        }
        while self.current().is_some_and(is_word) {
            self.position += 1;
        }
        let text = self.text(start, self.position);
        // The text is converted as a C string: what stands behind a NUL taken above is not looked at.
        let text = text.split(|&byte| byte == 0).next().unwrap_or_default();
        if is_number(text) {
            Ok(())
        } else {
            Err(self.error(SyntaxErrorKind::MalformedNumber))
        }
    }
}

enum Opening {
    /// A long bracket with so many equals signs.
    Level(usize),
    /// A bracket and nothing more.
    Bracket,
    /// Equals signs without the second bracket.
    Broken,
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn keyword(word: &[u8]) -> Option<Kind> {
    Some(match word {
        b"and" => Kind::And,
        b"break" => Kind::Break,
        b"do" => Kind::Do,
        b"else" => Kind::Else,
        b"elseif" => Kind::ElseIf,
        b"end" => Kind::End,
        b"false" => Kind::False,
        b"for" => Kind::For,
        b"function" => Kind::Function,
        b"if" => Kind::If,
        b"in" => Kind::In,
        b"local" => Kind::Local,
        b"nil" => Kind::Nil,
        b"not" => Kind::Not,
        b"or" => Kind::Or,
        b"repeat" => Kind::Repeat,
        b"return" => Kind::Return,
        b"then" => Kind::Then,
        b"true" => Kind::True,
        b"until" => Kind::Until,
        b"while" => Kind::While,
        _ => return None,
    })
}
