//! What `register_function` does with its arguments.

use super::outcome::RunErrorKind;
use super::run::{Key, LONG_LITERAL, MOST_REMEMBERED, Run};
use super::value::{Arguments, Value};
use crate::verify::function::is_name;

/// More flags than anybody has to give; a longer list is not read.
const MANY_FLAGS: u64 = 64;

impl Run<'_> {
    /// Reads the arguments of `register_function`; `Err(None)` when they are not known.
    pub(super) fn register(&mut self, arguments: Arguments) -> Result<(), Option<RunErrorKind>> {
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
        if !is_name(&name) {
            return Err(Some(RunErrorKind::FunctionName(name)));
        }
        if self.functions.len() == MOST_REMEMBERED {
            return Err(None);
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
