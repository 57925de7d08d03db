//! What happens when a server runs the main function of a library, as far as that is certain.
//!
//! While a library loads, a server shows it one global, `redis` (Valkey: `server` too, the same table), and in it
//! `register_function`, `log`, the `LOG_` levels and the version. There is no `pairs`, `string`, `error`, `pcall`,
//! `setmetatable` or `redis.call`: reading any of them raises an error, and all of it is read-only. So the
//! statements a working library can execute outside its functions are few, and mostly cannot fail.
//!
//! The parser calls this as it goes. Code inside a function body is not run and not judged. A statement that runs
//! only under a condition, or more than once, is judged with less certainty: what would fail there is a doubt.

use std::collections::{BTreeMap, HashSet};

use super::literal::string_value;
use super::outcome::{Doubt, DoubtKind, Registration, RunError, RunErrorKind};
use super::value::{Arguments, Span, Value};
use crate::verify::function::Product;

/// Literals longer than this are not looked into where a variable could name the same one again and again.
pub(super) const LONG_LITERAL: usize = 256;
/// Tables, fields and functions that are remembered: far more than a library has, and
/// within tens of megabytes. It is in doubt what one with more does.
pub(super) const MOST_REMEMBERED: usize = 1 << 16;

/// A key of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    String(Vec<u8>),
    Integer(u64),
}

/// A table the library made.
#[derive(Default)]
pub(super) struct Table {
    /// Ordered, so that the first of several errors is always the same one.
    pub(super) fields: BTreeMap<Key, Value>,
    /// It may also hold what `fields` does not tell.
    pub(super) vague: bool,
}

/// How the run stands.
enum State {
    Running,
    /// The first doubt, after which only errors that no state can avert are certain.
    Doubtful(Doubt),
    Failed(RunError),
}

/// The run of a library's main function.
pub(super) struct Run<'a> {
    source: &'a [u8],
    product: Product,
    state: State,
    /// Enclosing code that is not executed at all: function bodies and branches not taken.
    skipped: u32,
    /// Enclosing code that is executed never, once or many times.
    conditional: u32,
    /// A `return` was met, or may have been.
    left: bool,
    /// Tables and fields.
    remembered: usize,
    pub(super) tables: Vec<Table>,
    pub(super) functions: Vec<Vec<u8>>,
    pub(super) registered: HashSet<Vec<u8>>,
}

impl<'a> Run<'a> {
    pub(super) fn new(source: &'a [u8], product: Product) -> Self {
        Run {
            source,
            product,
            state: State::Running,
            skipped: 0,
            conditional: 0,
            left: false,
            remembered: 0,
            tables: Vec::new(),
            functions: Vec::new(),
            registered: HashSet::new(),
        }
    }

    pub(super) fn finish(self) -> Registration {
        match self.state {
            State::Running => Registration::Certain(self.functions),
            State::Doubtful(doubt) => Registration::Maybe(doubt),
            State::Failed(error) => Registration::Fails(error),
        }
    }

    pub(super) fn skip(&mut self) {
        self.skipped += 1;
    }

    pub(super) fn unskip(&mut self) {
        self.skipped = self.skipped.saturating_sub(1);
    }

    pub(super) fn condition(&mut self) {
        self.conditional += 1;
    }

    pub(super) fn uncondition(&mut self) {
        self.conditional = self.conditional.saturating_sub(1);
    }

    fn live(&self) -> bool {
        self.skipped == 0 && !self.left && !matches!(self.state, State::Failed(_))
    }

    /// What a variable holds: nothing certain once code of unknown effect has run.
    pub(super) fn seen(&self, value: Value) -> Value {
        if self.live() && matches!(self.state, State::Running) {
            value
        } else {
            Value::Unknown
        }
    }

    /// What a variable holds after an assignment.
    pub(super) fn assigned(&self, value: Value) -> Value {
        if self.conditional > 0 {
            Value::Unknown
        } else {
            value
        }
    }

    pub(super) fn doubt(&mut self, line: u32, kind: DoubtKind) {
        if self.live() && matches!(self.state, State::Running) {
            self.state = State::Doubtful(Doubt { line, kind });
        }
    }

    /// An error that depends on what ran before.
    fn fail(&mut self, line: u32, kind: RunErrorKind) {
        if self.conditional > 0 {
            self.doubt(line, DoubtKind::Condition);
        } else if self.live() && matches!(self.state, State::Running) {
            self.state = State::Failed(RunError { line, kind });
        }
    }

    /// An error that nothing run before can avert.
    fn fail_always(&mut self, line: u32, kind: RunErrorKind) {
        if self.conditional > 0 {
            self.doubt(line, DoubtKind::Condition);
        } else if self.live() {
            self.state = State::Failed(RunError { line, kind });
        }
    }

    /// A `return`: what follows it in the source is not reached, or perhaps not.
    pub(super) fn leave(&mut self, line: u32) {
        if !self.live() {
            return;
        }
        if self.conditional > 0 {
            self.doubt(line, DoubtKind::Condition);
        }
        self.left = true;
    }

    pub(super) fn string(&self, span: Span) -> Vec<u8> {
        string_value(self.source.get(span.start..span.end).unwrap_or_default())
    }

    pub(super) fn read_global(&mut self, line: u32, name: &[u8]) -> Value {
        if !self.live() {
            return Value::Unknown;
        }
        if name == b"redis" || (name == b"server" && self.product == Product::Valkey) {
            return Value::Api;
        }
        self.fail_always(line, RunErrorKind::NoSuchGlobal(name.to_vec()));
        Value::Unknown
    }

    pub(super) fn write_global(&mut self, line: u32) {
        self.fail_always(line, RunErrorKind::ReadOnly);
    }

    /// Whether there is room for one thing more.
    fn remembers(&mut self, line: u32) -> bool {
        if self.remembered == MOST_REMEMBERED {
            self.doubt(line, DoubtKind::Value);
            return false;
        }
        self.remembered += 1;
        true
    }

    pub(super) fn new_table(&mut self, line: u32) -> Value {
        if !self.live() || !self.remembers(line) {
            return Value::Unknown;
        }
        self.tables.push(Table::default());
        Value::Table(self.tables.len() - 1)
    }

    pub(super) fn read_index(&mut self, line: u32, base: Value, key: Value) -> Value {
        if !self.live() {
            return Value::Unknown;
        }
        match base {
            Value::Api => self.read_api(line, key),
            Value::Table(table) => {
                let value = match self.key(key) {
                    Some(key) => match self.tables.get(table) {
                        Some(table) if !table.vague => {
                            table.fields.get(&key).copied().unwrap_or(Value::Nil)
                        }
                        _ => Value::Unknown,
                    },
                    None => Value::Unknown,
                };
                self.seen(value)
            }
            // Strings have the methods of the string library.
            Value::String(_) | Value::Text => Value::Unknown,
            Value::Unknown => self.unknown(line, DoubtKind::Value),
            _ => self.wrong_type(line, "index a value that is no table"),
        }
    }

    fn read_api(&mut self, line: u32, key: Value) -> Value {
        let name = match key {
            Value::String(span) => self.string(span),
            Value::Number(_) => b"(number)".to_vec(),
            Value::Unknown | Value::Text => return self.unknown(line, DoubtKind::Value),
            _ => return self.wrong_type(line, "read a global whose name is no string"),
        };
        match name.as_slice() {
            b"register_function" => Value::Register,
            b"log" => Value::Log,
            b"LOG_DEBUG" => Value::Number(Some(0)),
            b"LOG_VERBOSE" => Value::Number(Some(1)),
            b"LOG_NOTICE" => Value::Number(Some(2)),
            b"LOG_WARNING" => Value::Number(Some(3)),
            b"REDIS_VERSION" => Value::Text,
            b"REDIS_VERSION_NUM" => Value::Number(None),
            b"SERVER_NAME" | b"VALKEY_VERSION" if self.product == Product::Valkey => Value::Text,
            b"VALKEY_VERSION_NUM" if self.product == Product::Valkey => Value::Number(None),
            _ => {
                self.fail(line, RunErrorKind::NoSuchGlobal(name));
                Value::Unknown
            }
        }
    }

    pub(super) fn write_index(&mut self, line: u32, base: Value, key: Value, value: Value) {
        if !self.live() {
            return;
        }
        match base {
            Value::Api => self.fail(line, RunErrorKind::ReadOnly),
            Value::Table(table) => {
                match key {
                    Value::Nil => {
                        return self.fail(line, RunErrorKind::Type("use nil as a table index"));
                    }
                    // It could be nil, or not a number.
                    Value::Unknown | Value::Number(None) => {
                        return self.doubt(line, DoubtKind::Value);
                    }
                    _ => {}
                }
                if !self.remembers(line) {
                    return;
                }
                let key = self.key(key);
                let value = self.assigned(value);
                let vague = self.conditional > 0;
                let Some(table) = self.tables.get_mut(table) else {
                    return;
                };
                match key {
                    Some(key) => {
                        table.vague |= vague;
                        table.fields.insert(key, value);
                    }
                    None => table.vague = true,
                }
            }
            Value::Unknown => self.doubt(line, DoubtKind::Value),
            _ => {
                self.wrong_type(line, "index a value that is no table");
            }
        }
    }

    fn key(&self, key: Value) -> Option<Key> {
        match key {
            Value::String(span) if span.end - span.start <= LONG_LITERAL => {
                Some(Key::String(self.string(span)))
            }
            Value::Number(Some(number)) => Some(Key::Integer(number)),
            _ => None,
        }
    }

    fn unknown(&mut self, line: u32, kind: DoubtKind) -> Value {
        self.doubt(line, kind);
        Value::Unknown
    }

    fn wrong_type(&mut self, line: u32, what: &'static str) -> Value {
        self.fail(line, RunErrorKind::Type(what));
        Value::Unknown
    }

    /// `+ - * / % ^` and the unary minus, which is given its operand twice.
    pub(super) fn arithmetic(&mut self, line: u32, left: Value, right: Value) -> Value {
        match (left, right) {
            (Value::Number(_), Value::Number(_)) => Value::Number(None),
            _ if [left, right]
                .iter()
                .any(|value| value.is_string() || matches!(value, Value::Unknown)) =>
            {
                self.unknown(line, DoubtKind::Value)
            }
            _ => self.wrong_type(line, "calculate with a value that is no number"),
        }
    }

    pub(super) fn concatenate(&mut self, line: u32, left: Value, right: Value) -> Value {
        let joins = |value: Value| value.is_string() || matches!(value, Value::Number(_));
        if joins(left) && joins(right) {
            Value::Text
        } else if matches!(left, Value::Unknown) || matches!(right, Value::Unknown) {
            self.unknown(line, DoubtKind::Value)
        } else {
            self.wrong_type(line, "concatenate a value that is no string")
        }
    }

    /// `< <= > >=`; the other comparisons take any values.
    pub(super) fn compare(&mut self, line: u32, left: Value, right: Value) -> Value {
        match (left, right) {
            (Value::Number(_), Value::Number(_)) => Value::Unknown,
            _ if left.is_string() && right.is_string() => Value::Unknown,
            _ => self.unknown(line, DoubtKind::Value),
        }
    }

    pub(super) fn length(&mut self, line: u32, value: Value) -> Value {
        match value {
            Value::String(_) | Value::Text | Value::Table(_) | Value::Api => Value::Number(None),
            Value::Unknown => self.unknown(line, DoubtKind::Value),
            _ => self.wrong_type(line, "take the length of a value that has none"),
        }
    }

    pub(super) fn call(&mut self, line: u32, function: Value, arguments: Arguments) -> Value {
        if !self.live() {
            return Value::Unknown;
        }
        match function {
            Value::Register => {
                if matches!(self.state, State::Running) {
                    match self.register(arguments) {
                        Ok(()) if self.conditional > 0 => self.doubt(line, DoubtKind::Condition),
                        Ok(()) => {}
                        Err(Some(kind)) => self.fail(line, kind),
                        Err(None) => self.doubt(line, DoubtKind::Arguments),
                    }
                }
                Value::Nil
            }
            Value::Log => {
                match (self.product, arguments) {
                    (_, Arguments { open: true, .. }) => self.doubt(line, DoubtKind::Arguments),
                    (_, Arguments { count: 0 | 1, .. }) => {
                        self.fail(
                            line,
                            RunErrorKind::Arguments("log requires two arguments or more"),
                        );
                    }
                    (
                        Product::Redis,
                        Arguments {
                            first: Value::Number(Some(0..=3)),
                            ..
                        },
                    ) => {}
                    (
                        Product::Redis,
                        Arguments {
                            first: Value::Number(Some(_)),
                            ..
                        },
                    ) => {
                        self.fail(line, RunErrorKind::Arguments("invalid log level"));
                    }
                    (Product::Redis, _) => self.doubt(line, DoubtKind::Arguments),
                    (Product::Valkey, _) => self.doubt(line, DoubtKind::Log),
                }
                Value::Nil
            }
            Value::Unknown | Value::Function => self.unknown(line, DoubtKind::Call),
            _ => self.wrong_type(line, "call a value that is no function"),
        }
    }
}
