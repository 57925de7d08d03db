//! Statements of Lua 5.1, by recursive descent along the compiler's own rules.
//!
//! The recursion is bounded by the compiler's own limit of [`MAX_LEVELS`] nested blocks and expressions.

use super::error::SyntaxErrorKind;
use super::expression::Expression;
use super::lexer::Kind;
use super::outcome::DoubtKind;
use super::parser::{MAX_LEVELS, Parsed, Parser};
use super::value::Value;

impl<'a> Parser<'a> {
    /// Statements up to the end of the block, without a scope of their own.
    pub(super) fn block(&mut self) -> Parsed<()> {
        self.enter_level()?;
        loop {
            if matches!(
                self.token.kind,
                Kind::Else | Kind::ElseIf | Kind::End | Kind::Until | Kind::Eof
            ) {
                break;
            }
            let last = self.statement()?;
            self.accept(Kind::Char(b';'))?;
            if last {
                break;
            }
        }
        self.leave_level();
        Ok(())
    }

    fn scoped_block(&mut self) -> Parsed<()> {
        let mark = self.scope.enter_block();
        self.block()?;
        self.scope.leave_block(mark);
        Ok(())
    }

    /// Parses a statement and tells whether it has to be the last of its block.
    fn statement(&mut self) -> Parsed<bool> {
        match self.token.kind {
            Kind::If => self.if_statement()?,
            Kind::While => {
                self.advance()?;
                self.expression()?;
                self.expect(Kind::Do, "'do'")?;
                self.enter_loop();
                self.scoped_block()?;
                self.leave_loop();
                self.expect(Kind::End, "'end'")?;
            }
            Kind::Do => {
                self.advance()?;
                self.scoped_block()?;
                self.expect(Kind::End, "'end'")?;
            }
            Kind::For => self.for_statement()?,
            Kind::Repeat => {
                self.advance()?;
                self.enter_loop();
                let mark = self.scope.enter_block();
                self.block()?;
                self.expect(Kind::Until, "'until'")?;
                self.expression()?;
                self.scope.leave_block(mark);
                self.leave_loop();
            }
            Kind::Function => self.function_statement()?,
            Kind::Local => {
                self.advance()?;
                if self.accept(Kind::Function)? {
                    self.local_function()?;
                } else {
                    self.local_variables()?;
                }
            }
            Kind::Return => {
                self.return_statement()?;
                return Ok(true);
            }
            Kind::Break => {
                self.advance()?;
                if !self.scope.in_loop() {
                    return self.error(SyntaxErrorKind::BreakOutsideLoop);
                }
                return Ok(true);
            }
            _ => self.expression_statement()?,
        }
        Ok(false)
    }

    /// Starts code that can be executed any number of times.
    fn enter_loop(&mut self) {
        self.run.doubt(self.line(), DoubtKind::Loop);
        self.run.condition();
        self.scope.enter_loop();
    }

    fn leave_loop(&mut self) {
        self.scope.leave_loop();
        self.run.uncondition();
    }

    fn if_statement(&mut self) -> Parsed<()> {
        // How certain it is that the next branch is looked at: conditions and skips to be undone at the end.
        let (mut conditions, mut skips) = (0, 0);
        loop {
            self.advance()?;
            let truth = self.expression()?.truth();
            self.expect(Kind::Then, "'then'")?;
            match truth {
                Some(true) => {}
                Some(false) => self.run.skip(),
                None => self.run.condition(),
            }
            self.scoped_block()?;
            match truth {
                Some(true) => {
                    // Whatever follows belongs to branches not taken.
                    self.run.skip();
                    skips += 1;
                }
                Some(false) => self.run.unskip(),
                // The next branch is as uncertain as this one.
                None => conditions += 1,
            }
            if self.token.kind != Kind::ElseIf {
                break;
            }
        }
        if self.accept(Kind::Else)? {
            self.scoped_block()?;
        }
        for _ in 0..conditions {
            self.run.uncondition();
        }
        for _ in 0..skips {
            self.run.unskip();
        }
        self.expect(Kind::End, "'end'")
    }

    fn for_statement(&mut self) -> Parsed<()> {
        let mark = self.scope.enter_block();
        self.advance()?;
        let first = self.name()?;
        let mut names = vec![first];
        // Three variables the compiler keeps for itself come before the named ones.
        for hidden in 0..3 {
            self.declare(hidden)?;
        }
        self.declare(3)?;
        match self.token.kind {
            Kind::Char(b'=') => {
                self.advance()?;
                self.expression()?;
                self.scope.hold(1);
                self.expect(Kind::Char(b','), "','")?;
                self.expression()?;
                self.scope.hold(1);
                if self.accept(Kind::Char(b','))? {
                    self.expression()?;
                }
                self.scope.release(2);
            }
            Kind::Char(b',') | Kind::In => {
                while self.accept(Kind::Char(b','))? {
                    let name = self.name()?;
                    self.declare(3 + names.len())?;
                    names.push(name);
                }
                self.expect(Kind::In, "'in'")?;
                self.expression_list(|_, _| {})?;
            }
            _ => return self.expected("'=' or 'in'"),
        }
        for _ in 0..3 {
            self.scope.activate(None, Value::Unknown);
        }
        self.expect(Kind::Do, "'do'")?;
        for name in names {
            self.scope.activate(Some(self.text(name)), Value::Unknown);
        }
        self.enter_loop();
        self.scoped_block()?;
        self.leave_loop();
        self.expect(Kind::End, "'end'")?;
        self.scope.leave_block(mark);
        Ok(())
    }

    fn function_statement(&mut self) -> Parsed<()> {
        self.advance()?;
        let line = self.line();
        let name = self.name()?;
        let mut target = self.variable(name)?;
        let mut method = false;
        while !method && matches!(self.token.kind, Kind::Char(b'.' | b':')) {
            method = self.token.kind == Kind::Char(b':');
            let base = self.discharge(target);
            self.advance()?;
            target = Expression::Index {
                base,
                key: Value::String(self.name()?),
            };
        }
        self.function_body(method)?;
        self.store(line, target, Value::Function);
        Ok(())
    }

    fn local_function(&mut self) -> Parsed<()> {
        let name = self.name()?;
        self.declare(0)?;
        self.scope.activate(Some(self.text(name)), Value::Function);
        self.function_body(false)
    }

    fn local_variables(&mut self) -> Parsed<()> {
        let mut names = Vec::new();
        loop {
            let name = self.name()?;
            self.declare(names.len())?;
            names.push(name);
            if !self.accept(Kind::Char(b','))? {
                break;
            }
        }
        let mut values = Vec::new();
        let mut rest = Value::Nil;
        if self.accept(Kind::Char(b'='))? {
            let open = self.expression_list(|_, value| values.push(value))?;
            if open {
                rest = Value::Unknown;
            }
        }
        let mut values = values.into_iter();
        for name in names {
            self.scope
                .activate(Some(self.text(name)), values.next().unwrap_or(rest));
        }
        Ok(())
    }

    fn return_statement(&mut self) -> Parsed<()> {
        self.advance()?;
        let empty = matches!(
            self.token.kind,
            Kind::Else | Kind::ElseIf | Kind::End | Kind::Until | Kind::Eof | Kind::Char(b';')
        );
        if !empty {
            self.expression_list(|_, _| {})?;
        }
        self.run.leave(self.line());
        Ok(())
    }

    fn expression_statement(&mut self) -> Parsed<()> {
        let first = self.primary()?;
        if matches!(first, Expression::Call(_)) {
            return Ok(());
        }
        let mut targets = vec![first];
        loop {
            if !targets.last().is_some_and(|target| target.is_assignable()) {
                return self.error(SyntaxErrorKind::NotAStatement);
            }
            self.scope.hold(2);
            if !self.accept(Kind::Char(b','))? {
                break;
            }
            let target = self.primary()?;
            // The compiler recurses for every target, and so counts them against the levels left.
            if targets.len() > MAX_LEVELS - self.levels {
                return self.error(SyntaxErrorKind::TooMany {
                    what: "variables in an assignment",
                    limit: 200,
                });
            }
            targets.push(target);
        }
        self.expect(Kind::Char(b'='), "'='")?;
        let line = self.line();
        let mut values = Vec::new();
        let open = self.expression_list(|_, value| values.push(value))?;
        let rest = if open { Value::Unknown } else { Value::Nil };
        self.scope.release(2 * targets.len());
        // Stored from the last target to the first.
        for (index, target) in targets.into_iter().enumerate().rev() {
            let value = values.get(index).copied().unwrap_or(rest);
            self.store(line, target, value);
        }
        Ok(())
    }

    /// Assigns to a variable or a field.
    fn store(&mut self, line: u32, target: Expression, value: Value) {
        match target {
            Expression::Local(index) => {
                let value = self.run.assigned(value);
                self.scope.set_value(index, value);
            }
            Expression::Global(_) => self.run.write_global(line),
            Expression::Index { base, key } => self.run.write_index(line, base, key, value),
            Expression::Upvalue
            | Expression::Value(_)
            | Expression::Call(_)
            | Expression::Vararg => {}
        }
    }

    /// A function from its parameter list to its `end`.
    pub(super) fn function_body(&mut self, method: bool) -> Parsed<()> {
        self.run.skip();
        self.scope.enter_function();
        self.expect(Kind::Char(b'('), "'('")?;
        if method {
            self.declare(0)?;
            self.scope.activate(Some(b"self"), Value::Unknown);
        }
        let mut parameters = Vec::new();
        if self.token.kind != Kind::Char(b')') {
            loop {
                match self.token.kind {
                    Kind::Name => {
                        let name = self.name()?;
                        self.declare(parameters.len())?;
                        parameters.push(self.text(name));
                    }
                    Kind::Dots => {
                        self.advance()?;
                        // The compiler still makes the table of Lua 5.0 for the extra arguments.
                        self.declare(parameters.len())?;
                        parameters.push(b"arg");
                        self.scope.set_vararg();
                        break;
                    }
                    _ => return self.expected("a name or '...'"),
                }
                if !self.accept(Kind::Char(b','))? {
                    break;
                }
            }
        }
        for name in parameters {
            self.scope.activate(Some(name), Value::Unknown);
        }
        self.expect(Kind::Char(b')'), "')'")?;
        self.block()?;
        self.expect(Kind::End, "'end'")?;
        self.scope.leave_function();
        self.run.unskip();
        Ok(())
    }
}
