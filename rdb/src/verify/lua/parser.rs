//! The state of the parser: the current token, the nesting, and the names in scope.

use super::error::{SyntaxError, SyntaxErrorKind};
use super::expression::Expression;
use super::lexer::{Kind, Lexer, Token};
use super::run::Run;
use super::scope::{Resolved, Scope};
use super::value::Span;

/// Blocks and expressions that may be open at once, the main block included.
pub(super) const MAX_LEVELS: usize = 200;

pub(super) type Parsed<T> = Result<T, SyntaxError>;

/// The parser: one token current, at most one read ahead.
pub(super) struct Parser<'a> {
    lexer: Lexer<'a>,
    pub(super) token: Token,
    ahead: Option<Token>,
    /// Line on which the token before the current one ended.
    last_line: u32,
    pub(super) levels: usize,
    /// Tokens read so far.
    pub(super) tokens: usize,
    pub(super) scope: Scope<'a>,
    pub(super) run: Run<'a>,
}

impl<'a> Parser<'a> {
    /// `levels` is how many are open before the main block: none when a server compiles.
    pub(super) fn new(source: &'a [u8], run: Run<'a>, levels: usize) -> Self {
        Parser {
            lexer: Lexer::new(source),
            token: Token {
                kind: Kind::Eof,
                start: 0,
                end: 0,
            },
            ahead: None,
            last_line: 1,
            levels,
            tokens: 0,
            scope: Scope::new(),
            run,
        }
    }

    /// Parses the whole source.
    pub(super) fn chunk(&mut self) -> Parsed<()> {
        self.advance()?;
        self.block()?;
        if self.token.kind == Kind::Eof {
            Ok(())
        } else {
            self.expected("end of file")
        }
    }

    pub(super) fn line(&self) -> u32 {
        self.lexer.line()
    }

    pub(super) fn error<T>(&self, kind: SyntaxErrorKind) -> Parsed<T> {
        Err(SyntaxError {
            line: self.line(),
            offset: self.token.start,
            kind,
        })
    }

    pub(super) fn expected<T>(&self, what: &'static str) -> Parsed<T> {
        self.error(SyntaxErrorKind::Expected(what))
    }

    /// Attaches the current place to an error.
    fn at<T>(&self, result: Result<T, SyntaxErrorKind>) -> Parsed<T> {
        result.or_else(|kind| self.error(kind))
    }

    /// Counts a variable declared while `pending` others of the statement are.
    pub(super) fn declare(&mut self, pending: usize) -> Parsed<()> {
        let declared = self.scope.declare(pending);
        self.at(declared)
    }

    pub(super) fn advance(&mut self) -> Parsed<()> {
        // With a token read ahead this is already the line of that one, as in the compiler: a call split over
        // two lines is then not seen as ambiguous.
        self.last_line = self.lexer.line();
        self.tokens += 1;
        self.token = match self.ahead.take() {
            Some(token) => token,
            None => self.lexer.token()?,
        };
        Ok(())
    }

    /// The kind of the token behind the current one.
    pub(super) fn look_ahead(&mut self) -> Parsed<Kind> {
        let token = self.lexer.token()?;
        self.ahead = Some(token);
        Ok(token.kind)
    }

    pub(super) fn on_new_line(&self) -> bool {
        self.line() != self.last_line
    }

    pub(super) fn accept(&mut self, kind: Kind) -> Parsed<bool> {
        let found = self.token.kind == kind;
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    pub(super) fn expect(&mut self, kind: Kind, what: &'static str) -> Parsed<()> {
        if self.accept(kind)? {
            Ok(())
        } else {
            self.expected(what)
        }
    }

    pub(super) fn name(&mut self) -> Parsed<Span> {
        if self.token.kind != Kind::Name {
            return self.expected("a name");
        }
        let span = Span {
            start: self.token.start,
            end: self.token.end,
        };
        self.advance()?;
        Ok(span)
    }

    pub(super) fn text(&self, span: Span) -> &'a [u8] {
        self.lexer.text(span.start, span.end)
    }

    pub(super) fn enter_level(&mut self) -> Parsed<()> {
        self.levels += 1;
        if self.levels > MAX_LEVELS {
            self.error(SyntaxErrorKind::TooManyLevels)
        } else {
            Ok(())
        }
    }

    pub(super) fn leave_level(&mut self) {
        self.levels -= 1;
    }

    /// What a name stands for.
    pub(super) fn variable(&mut self, name: Span) -> Parsed<Expression> {
        let resolved = self.scope.resolve(self.lexer.text(name.start, name.end));
        Ok(match self.at(resolved)? {
            Resolved::Local(index) => Expression::Local(index),
            Resolved::Upvalue => Expression::Upvalue,
            Resolved::Global => Expression::Global(name),
        })
    }
}
