//! Expressions of Lua 5.1, and what is known of their values.

use super::error::SyntaxErrorKind;
use super::lexer::Kind;
use super::parser::{Parsed, Parser};
use super::value::{Arguments, Span, Value};

/// List items the compiler collects in registers before it stores them in a table.
const LIST_ITEMS: usize = 50;
/// Binding power of `not`, `#` and the unary minus.
const UNARY: u8 = 8;

/// An expression that may still become the target of an assignment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expression {
    Value(Value),
    /// A call: any number of values, the first as far as known.
    Call(Value),
    /// `...`
    Vararg,
    Local(usize),
    Upvalue,
    Global(Span),
    Index {
        base: Value,
        key: Value,
    },
}

impl Expression {
    pub(super) fn is_assignable(&self) -> bool {
        matches!(
            self,
            Self::Local(_) | Self::Upvalue | Self::Global(_) | Self::Index { .. }
        )
    }

    fn is_open(&self) -> bool {
        matches!(self, Self::Call(_) | Self::Vararg)
    }
}

/// What a binary operator does to its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Arithmetic,
    Concat,
    Equality,
    Order,
    And,
    Or,
}

/// A binary operator with its binding power to the left and to the right.
fn operator(kind: Kind) -> Option<(Operator, u8, u8)> {
    Some(match kind {
        Kind::Char(b'+' | b'-') => (Operator::Arithmetic, 6, 6),
        Kind::Char(b'*' | b'/' | b'%') => (Operator::Arithmetic, 7, 7),
        Kind::Char(b'^') => (Operator::Arithmetic, 10, 9),
        Kind::Concat => (Operator::Concat, 5, 4),
        Kind::Equal | Kind::NotEqual => (Operator::Equality, 3, 3),
        Kind::LessEqual | Kind::GreaterEqual | Kind::Char(b'<' | b'>') => (Operator::Order, 3, 3),
        Kind::And => (Operator::And, 2, 2),
        Kind::Or => (Operator::Or, 1, 1),
        _ => return None,
    })
}

impl Parser<'_> {
    /// An expression of which one value is used.
    pub(super) fn expression(&mut self) -> Parsed<Value> {
        let expression = self.subexpression(0)?;
        Ok(self.discharge(expression))
    }

    /// One or more expressions, each given to `each`; tells whether the last can stand for more values.
    pub(super) fn expression_list(&mut self, mut each: impl FnMut(usize, Value)) -> Parsed<bool> {
        let mut count = 0;
        loop {
            let expression = self.subexpression(0)?;
            let open = expression.is_open();
            let value = self.discharge(expression);
            each(count, value);
            if !self.accept(Kind::Char(b','))? {
                self.scope.release(count);
                return Ok(open);
            }
            self.scope.hold(1);
            count += 1;
        }
    }

    /// The value of an expression: here variables are read and fields fetched.
    pub(super) fn discharge(&mut self, expression: Expression) -> Value {
        let line = self.line();
        match expression {
            Expression::Value(value) => value,
            Expression::Call(value) => self.run.seen(value),
            // The main function is called without arguments.
            Expression::Vararg => self.run.seen(Value::Nil),
            Expression::Local(index) => self.run.seen(self.scope.value(index)),
            Expression::Upvalue => Value::Unknown,
            Expression::Global(name) => {
                let name = self.text(name);
                self.run.read_global(line, name)
            }
            Expression::Index { base, key } => self.run.read_index(line, base, key),
        }
    }

    /// An expression up to the first operator that binds no tighter than `limit`.
    fn subexpression(&mut self, limit: u8) -> Parsed<Expression> {
        self.enter_level()?;
        let mut left = self.operand()?;
        while let Some((operator, left_power, right_power)) = operator(self.token.kind) {
            if left_power <= limit {
                break;
            }
            left = self.operation(left, operator, right_power)?;
        }
        self.leave_level();
        Ok(left)
    }

    /// The rest of a binary operation, its operator being the current token.
    fn operation(&mut self, left: Expression, operator: Operator, power: u8) -> Parsed<Expression> {
        self.advance()?;
        let line = self.line();
        let left = self.discharge(left);
        // The right side of `and` and `or` is evaluated always, never or perhaps.
        let needed = match operator {
            Operator::And => left.truth(),
            Operator::Or => left.truth().map(|truth| !truth),
            _ => Some(true),
        };
        match needed {
            Some(true) => {}
            Some(false) => self.run.skip(),
            None => self.run.condition(),
        }
        self.scope.hold(1);
        let right = self.subexpression(power)?;
        let right = self.discharge(right);
        self.scope.release(1);
        match needed {
            Some(true) => {}
            Some(false) => self.run.unskip(),
            None => self.run.uncondition(),
        }
        Ok(Expression::Value(match (operator, needed) {
            (Operator::Arithmetic, _) => self.run.arithmetic(line, left, right),
            (Operator::Concat, _) => self.run.concatenate(line, left, right),
            (Operator::Order, _) => self.run.compare(line, left, right),
            (Operator::Equality, _) | (_, None) => Value::Unknown,
            (Operator::And | Operator::Or, Some(true)) => right,
            (Operator::And | Operator::Or, Some(false)) => left,
        }))
    }

    fn operand(&mut self) -> Parsed<Expression> {
        match self.token.kind {
            Kind::Not | Kind::Char(b'-' | b'#') => self.unary(),
            Kind::Function => {
                self.advance()?;
                self.function_body(false)?;
                Ok(Expression::Value(Value::Function))
            }
            Kind::Char(b'{') => self.table().map(Expression::Value),
            Kind::Number => {
                let number = small_integer(self.text(self.span()));
                self.literal(Value::Number(number))
            }
            Kind::Quoted | Kind::Long => self.literal(Value::String(self.span())),
            Kind::Nil => self.literal(Value::Nil),
            Kind::True => self.literal(Value::Boolean(true)),
            Kind::False => self.literal(Value::Boolean(false)),
            Kind::Dots => {
                if !self.scope.is_vararg() {
                    return self.error(SyntaxErrorKind::VarargOutside);
                }
                self.advance()?;
                Ok(Expression::Vararg)
            }
            _ => self.primary(),
        }
    }

    fn unary(&mut self) -> Parsed<Expression> {
        let kind = self.token.kind;
        self.advance()?;
        let line = self.line();
        let operand = self.subexpression(UNARY)?;
        let value = self.discharge(operand);
        Ok(Expression::Value(match kind {
            Kind::Not => value
                .truth()
                .map_or(Value::Unknown, |truth| Value::Boolean(!truth)),
            Kind::Char(b'#') => self.run.length(line, value),
            _ => self.run.arithmetic(line, value, value),
        }))
    }

    fn span(&self) -> Span {
        Span {
            start: self.token.start,
            end: self.token.end,
        }
    }

    fn literal(&mut self, value: Value) -> Parsed<Expression> {
        self.advance()?;
        Ok(Expression::Value(value))
    }

    /// A name or parenthesis with the fields, calls and methods behind it.
    pub(super) fn primary(&mut self) -> Parsed<Expression> {
        let mut expression = match self.token.kind {
            Kind::Name => {
                let name = self.name()?;
                self.variable(name)?
            }
            Kind::Char(b'(') => {
                self.advance()?;
                // In parentheses a variable is no target and a call has one value.
                let value = self.expression()?;
                self.expect(Kind::Char(b')'), "')'")?;
                Expression::Value(value)
            }
            _ => return self.error(SyntaxErrorKind::UnexpectedSymbol),
        };
        loop {
            expression = match self.token.kind {
                Kind::Char(b'.') => {
                    let base = self.discharge(expression);
                    self.advance()?;
                    Expression::Index {
                        base,
                        key: Value::String(self.name()?),
                    }
                }
                Kind::Char(b'[') => {
                    let base = self.discharge(expression);
                    Expression::Index {
                        base,
                        key: self.bracketed_key()?,
                    }
                }
                Kind::Char(b':') => {
                    let receiver = self.discharge(expression);
                    self.advance()?;
                    let line = self.line();
                    let key = Value::String(self.name()?);
                    let method = self.run.read_index(line, receiver, key);
                    let arguments = self.arguments(2)?.with_receiver(receiver);
                    Expression::Call(self.run.call(line, method, arguments))
                }
                Kind::Char(b'(' | b'{') | Kind::Quoted | Kind::Long => {
                    let line = self.line();
                    let function = self.discharge(expression);
                    let arguments = self.arguments(1)?;
                    Expression::Call(self.run.call(line, function, arguments))
                }
                _ => return Ok(expression),
            };
        }
    }

    /// `[expression]`
    fn bracketed_key(&mut self) -> Parsed<Value> {
        self.advance()?;
        self.scope.hold(1);
        let key = self.expression()?;
        self.scope.release(1);
        self.expect(Kind::Char(b']'), "']'")?;
        Ok(key)
    }

    /// The arguments of a call that already holds `held` registers.
    fn arguments(&mut self, held: usize) -> Parsed<Arguments> {
        let mut arguments = Arguments::NONE;
        self.scope.hold(held);
        match self.token.kind {
            Kind::Char(b'(') => {
                if self.on_new_line() {
                    return self.error(SyntaxErrorKind::AmbiguousCall);
                }
                self.advance()?;
                if self.token.kind != Kind::Char(b')') {
                    arguments.open = self.expression_list(|_, value| arguments.push(value))?;
                }
                self.expect(Kind::Char(b')'), "')'")?;
            }
            Kind::Char(b'{') => arguments.push(self.table()?),
            Kind::Quoted | Kind::Long => {
                arguments.push(Value::String(self.span()));
                self.advance()?;
            }
            _ => return self.error(SyntaxErrorKind::Expected("function arguments")),
        }
        self.scope.release(held);
        Ok(arguments)
    }

    /// A table constructor.
    fn table(&mut self) -> Parsed<Value> {
        let line = self.line();
        let table = self.run.new_table(line);
        let mut items = 0usize;
        let mut last_open = false;
        self.scope.hold(1);
        self.expect(Kind::Char(b'{'), "'{'")?;
        while self.token.kind != Kind::Char(b'}') {
            let line = self.line();
            let named = match self.token.kind {
                Kind::Name => self.look_ahead()? == Kind::Char(b'='),
                Kind::Char(b'[') => true,
                _ => false,
            };
            last_open = false;
            if named {
                self.record_field(table, items > 0)?;
            } else {
                let expression = self.subexpression(0)?;
                last_open = expression.is_open();
                let value = self.discharge(expression);
                items += 1;
                let key = Value::Number(u64::try_from(items).ok());
                self.run.write_index(line, table, key, value);
                if items <= LIST_ITEMS {
                    self.scope.hold(1);
                }
            }
            if !self.accept(Kind::Char(b','))? && !self.accept(Kind::Char(b';'))? {
                break;
            }
        }
        if last_open {
            // More values may follow the last one.
            self.run
                .write_index(self.line(), table, Value::Text, Value::Unknown);
        }
        self.scope.release(1 + items.min(LIST_ITEMS));
        self.expect(Kind::Char(b'}'), "'}'")?;
        Ok(table)
    }

    /// `name = expression` or `[expression] = expression`
    fn record_field(&mut self, table: Value, behind_items: bool) -> Parsed<()> {
        let line = self.line();
        let key = if self.token.kind == Kind::Name {
            Value::String(self.name()?)
        } else {
            self.bracketed_key()?
        };
        self.expect(Kind::Char(b'='), "'='")?;
        self.scope.hold(2);
        let value = self.expression()?;
        self.scope.release(2);
        self.run.write_index(line, table, key, value);
        if behind_items && matches!(key, Value::Number(_)) {
            // List items are stored in batches, so one before this field may overwrite it.
            self.run
                .write_index(line, table, Value::Text, Value::Unknown);
        }
        Ok(())
    }
}

/// The value of a decimal numeral that a double and its text represent alike.
fn small_integer(numeral: &[u8]) -> Option<u64> {
    let short = numeral.len() <= 14 && numeral.iter().all(u8::is_ascii_digit);
    let digits = std::str::from_utf8(numeral).ok().filter(|_| short)?;
    digits.parse().ok()
}
