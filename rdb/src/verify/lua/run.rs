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
use std::fmt;

use super::super::function::Product;
use super::lexer::string_value;
use super::value::{Arguments, Span, Value};

/// How the run of a library ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// It runs to its end and has registered these functions, in this order. There may be none.
    Certain(Vec<Vec<u8>>),
    /// It raises an error.
    Fails(RunError),
    /// Only running it would tell.
    Maybe(Doubt),
}

/// An error that running the library certainly raises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct RunError {
    /// Line counted from 1 at the start of the checked bytes.
    pub line: u32,
    /// What fails there.
    pub kind: RunErrorKind,
}

/// Errors that running a library can raise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunErrorKind {
    /// An assignment to a global, or to a table of the server: both are read-only.
    ReadOnly,
    /// A global, or a field of the server's table, that does not exist while a library loads.
    NoSuchGlobal(Vec<u8>),
    /// An operation on a value of the wrong type.
    Type(&'static str),
    /// Wrong arguments for `register_function` or `log`.
    Arguments(&'static str),
    /// A function name with other bytes than letters, digits and underscores, or without any.
    FunctionName(Vec<u8>),
    /// The library registers the same name twice.
    DuplicateFunction(Vec<u8>),
}

impl fmt::Display for RunErrorKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadOnly => out.write_str("attempt to modify a read-only table"),
            Self::NoSuchGlobal(name) => {
                write!(
                    out,
                    "'{}' does not exist while a library loads",
                    name.escape_ascii()
                )
            }
            Self::Type(what) => write!(out, "attempt to {what}"),
            Self::Arguments(what) => out.write_str(what),
            Self::FunctionName(name) => {
                write!(out, "'{}' is not a function name", name.escape_ascii())
            }
            Self::DuplicateFunction(name) => {
                write!(
                    out,
                    "function '{}' is registered twice",
                    name.escape_ascii()
                )
            }
        }
    }
}

/// Why the run of a library is not foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct Doubt {
    /// Line counted from 1 at the start of the checked bytes.
    pub line: u32,
    /// What stands there.
    pub kind: DoubtKind,
}

/// Kinds of code whose effect is not foreseen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DoubtKind {
    /// A call of anything but the server's own functions.
    Call,
    /// A loop.
    Loop,
    /// Something that depends on a condition.
    Condition,
    /// An operation on a value that is not known.
    Value,
    /// A registration whose arguments are not known.
    Arguments,
    /// Writing to the log, which Valkey 9.1 does not survive at this point.
    Log,
}

impl fmt::Display for DoubtKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Call => "calls a function while loading",
            Self::Loop => "runs a loop while loading",
            Self::Condition => "the effect depends on a condition",
            Self::Value => "operates on a value that is not known",
            Self::Arguments => "registers a function with arguments that are not known",
            Self::Log => "writes to the log while loading",
        })
    }
}

/// Literals longer than this are not looked into where a variable could name the same one again and again.
const LONG_LITERAL: usize = 256;
/// More flags than anybody has to give; a longer list is not read.
const MANY_FLAGS: u64 = 64;

/// A key of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    String(Vec<u8>),
    Integer(u64),
}

/// A table the library made.
#[derive(Default)]
struct Table {
    /// Ordered, so that the first of several errors is always the same one.
    fields: BTreeMap<Key, Value>,
    /// It may also hold what `fields` does not tell.
    vague: bool,
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
    tables: Vec<Table>,
    functions: Vec<Vec<u8>>,
    registered: HashSet<Vec<u8>>,
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

    fn string(&self, span: Span) -> Vec<u8> {
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

    pub(super) fn new_table(&mut self) -> Value {
        if !self.live() {
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

    /// Reads the arguments of `register_function`; `Err(None)` when they are not known.
    fn register(&mut self, arguments: Arguments) -> Result<(), Option<RunErrorKind>> {
        let wrong = |what| Err(Some(RunErrorKind::Arguments(what)));
        let name = match arguments {
            Arguments { open: true, .. } => return Err(None),
            Arguments {
                count: 1, first, ..
            } => self.named_arguments(first)?,
            Arguments {
                count: 2,
                first,
                second,
                ..
            } => {
                let name = self.text(first, "the function name must be a string")?;
                match second {
                    Value::Unknown => return Err(None),
                    callback if callback.is_function() => name,
                    _ => return wrong("the second argument must be a function"),
                }
            }
            _ => return wrong("wrong number of arguments to register_function"),
        };
        if !super::super::function::is_name(&name) {
            return Err(Some(RunErrorKind::FunctionName(name)));
        }
        // Inside one library the comparison is exact; between libraries it ignores case.
        if !self.registered.insert(name.clone()) {
            return Err(Some(RunErrorKind::DuplicateFunction(name)));
        }
        self.functions.push(name);
        Ok(())
    }

    /// The name in a table of named arguments whose other fields are right.
    fn named_arguments(&self, value: Value) -> Result<Vec<u8>, Option<RunErrorKind>> {
        let wrong = |what| Err(Some(RunErrorKind::Arguments(what)));
        let table = match value {
            Value::Unknown => return Err(None),
            Value::Table(index) => self
                .tables
                .get(index)
                .filter(|table| !table.vague)
                .ok_or(None)?,
            _ => return wrong("a single argument must be a table"),
        };
        let (mut name, mut callback) = (None, false);
        let (mut description, mut flags) = (false, false);
        // An error that is certain beats any doubt about the other arguments.
        let mut doubtful = false;
        for (key, &value) in &table.fields {
            let key = match key {
                _ if matches!(value, Value::Nil) => continue,
                Key::String(key) => c_string(key).to_ascii_lowercase(),
                Key::Integer(_) if matches!(value, Value::Unknown) => b"".to_vec(),
                Key::Integer(_) => return wrong("unknown named argument"),
            };
            // The same argument in two spellings: which one wins depends on the order inside the server's table.
            let repeated = match (key.as_slice(), value) {
                (_, Value::Unknown) => true,
                (b"function_name", _) => match self.text(value, "function_name must be a string") {
                    Ok(text) => name.replace(text).is_some(),
                    Err(None) => true,
                    error => return error,
                },
                (b"description", _) if value.is_string() || matches!(value, Value::Number(_)) => {
                    std::mem::replace(&mut description, true)
                }
                (b"description", _) => return wrong("description must be a string"),
                (b"callback", _) if value.is_function() => std::mem::replace(&mut callback, true),
                (b"callback", _) => return wrong("callback must be a function"),
                (b"flags", _) => match self.flags(value) {
                    Ok(()) => std::mem::replace(&mut flags, true),
                    Err(None) => true,
                    Err(error) => return Err(error),
                },
                _ => return wrong("unknown named argument"),
            };
            doubtful |= repeated;
        }
        if doubtful {
            return Err(None);
        }
        match name {
            Some(name) if callback => Ok(name),
            Some(_) => wrong("a callback argument is missing"),
            None => wrong("a function_name argument is missing"),
        }
    }

    fn flags(&self, value: Value) -> Result<(), Option<RunErrorKind>> {
        let Value::Table(index) = value else {
            return Err(Some(RunErrorKind::Arguments("flags must be a table")));
        };
        let table = self
            .tables
            .get(index)
            .filter(|table| !table.vague)
            .ok_or(None)?;
        for position in 1..=MANY_FLAGS {
            match table.fields.get(&Key::Integer(position)) {
                None | Some(Value::Nil) => return Ok(()),
                Some(Value::Unknown | Value::Text) => return Err(None),
                Some(Value::String(span)) if span.end - span.start > LONG_LITERAL => {
                    return Err(None);
                }
                Some(Value::String(span)) if is_flag(c_string(&self.string(*span))) => {}
                Some(_) => return Err(Some(RunErrorKind::Arguments("unknown flag given"))),
            }
        }
        Err(None)
    }

    /// The bytes of a string argument; numbers are converted.
    fn text(&self, value: Value, wrong: &'static str) -> Result<Vec<u8>, Option<RunErrorKind>> {
        match value {
            Value::String(span) => Ok(self.string(span)),
            Value::Number(Some(number)) => Ok(number.to_string().into_bytes()),
            Value::Unknown | Value::Text | Value::Number(None) => Err(None),
            _ => Err(Some(RunErrorKind::Arguments(wrong))),
        }
    }
}

/// The part of a string that C code sees.
fn c_string(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}

fn is_flag(flag: &[u8]) -> bool {
    const FLAGS: [&[u8]; 5] = [
        b"no-writes",
        b"allow-oom",
        b"allow-stale",
        b"no-cluster",
        b"allow-cross-slot-keys",
    ];
    FLAGS.iter().any(|known| known.eq_ignore_ascii_case(flag))
}
