//! What is known, without running it, about a value the main function of a library computes.

/// Where a string literal stands in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// A value as far as it is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// Anything.
    Unknown,
    Nil,
    Boolean(bool),
    /// A number; known exactly when it is a small integer.
    Number(Option<u64>),
    /// A string literal.
    String(Span),
    /// Some string.
    Text,
    /// A function of the library itself.
    Function,
    /// A table made by the library, by its index.
    Table(usize),
    /// The table `redis` (or `server`) which the server gives to libraries while they load.
    Api,
    /// `redis.register_function`
    Register,
    /// `redis.log`
    Log,
}

impl Value {
    /// What the value counts as in a condition, if known.
    pub(super) fn truth(self) -> Option<bool> {
        match self {
            Value::Unknown => None,
            Value::Nil | Value::Boolean(false) => Some(false),
            _ => Some(true),
        }
    }

    pub(super) fn is_function(self) -> bool {
        matches!(self, Value::Function | Value::Register | Value::Log)
    }

    pub(super) fn is_string(self) -> bool {
        matches!(self, Value::String(_) | Value::Text)
    }
}

/// Arguments of a call as far as they matter here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments {
    pub(super) count: usize,
    /// The last one is a call or `...`, which can stand for any number of values.
    pub(super) open: bool,
    pub(super) first: Value,
    pub(super) second: Value,
}

impl Arguments {
    pub(super) const NONE: Arguments = Arguments {
        count: 0,
        open: false,
        first: Value::Nil,
        second: Value::Nil,
    };

    pub(super) fn push(&mut self, value: Value) {
        match self.count {
            0 => self.first = value,
            1 => self.second = value,
            _ => {}
        }
        self.count += 1;
    }

    /// The same with an object in front, as `object:method()` passes it.
    pub(super) fn with_receiver(self, receiver: Value) -> Self {
        Arguments {
            count: self.count + 1,
            open: self.open,
            first: receiver,
            second: self.first,
        }
    }
}
