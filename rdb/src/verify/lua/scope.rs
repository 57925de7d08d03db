//! Functions, local variables and upvalues of a chunk, with the compiler's limits on them.

use std::collections::HashMap;

use super::error::SyntaxErrorKind;
use super::value::Value;

/// Local variables alive at once in one function, those the compiler makes for loops included.
const MAX_ACTIVE: usize = 200;
/// Local variables one function can declare in total.
const MAX_DECLARED: usize = 32_767;
/// Outer variables one function can use.
const MAX_UPVALUES: usize = 60;
/// Registers of one function, less a margin for the temporaries that are not counted here.
const SAFE_REGISTERS: usize = 240;

/// What a name stands for.
pub(super) enum Resolved {
    /// A local of the function being compiled: its index for [`Scope::value`].
    Local(usize),
    /// A local of an enclosing function.
    Upvalue,
    Global,
}

/// One active local variable.
struct Variable {
    /// Never reused, so that upvalues of a variable that is gone cannot be mistaken for another one.
    id: u32,
    /// Index of the name, `None` for those of loops which the source cannot name.
    name: Option<usize>,
    function: usize,
    value: Value,
}

/// A function whose body is being compiled.
struct Function {
    vararg: bool,
    /// Number of active variables of the enclosing functions.
    base: usize,
    declared: usize,
    upvalues: Vec<u32>,
    /// Enclosing loops inside this function.
    loops: u32,
    /// Registers that hold intermediate values, counted generously.
    temporaries: usize,
}

/// The stack of functions and their variables. Looking a name up costs the same however many there are.
pub(super) struct Scope<'a> {
    names: HashMap<&'a [u8], usize>,
    /// For each name the active variables it stands for, innermost last.
    visible: Vec<Vec<usize>>,
    active: Vec<Variable>,
    functions: Vec<Function>,
    next_id: u32,
    near_limit: bool,
}

impl<'a> Scope<'a> {
    /// The main function of a chunk, which is a vararg function without parameters.
    pub(super) fn new() -> Self {
        let mut scope = Scope {
            names: HashMap::new(),
            visible: Vec::new(),
            active: Vec::new(),
            functions: Vec::new(),
            next_id: 0,
            near_limit: false,
        };
        scope.enter_function();
        scope.set_vararg();
        scope
    }

    pub(super) fn enter_function(&mut self) {
        let base = self.active.len();
        self.functions.push(Function {
            vararg: false,
            base,
            declared: 0,
            upvalues: Vec::new(),
            loops: 0,
            temporaries: 0,
        });
    }

    pub(super) fn leave_function(&mut self) {
        if let Some(function) = self.functions.pop() {
            self.leave_block(function.base);
        }
    }

    /// Marks the start of a block; the answer goes to [`Scope::leave_block`].
    pub(super) fn enter_block(&self) -> usize {
        self.active.len()
    }

    pub(super) fn leave_block(&mut self, mark: usize) {
        while self.active.len() > mark {
            if let Some(name) = self.active.pop().and_then(|variable| variable.name)
                && let Some(shadowed) = self.visible.get_mut(name)
            {
                shadowed.pop();
            }
        }
    }

    pub(super) fn set_vararg(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.vararg = true;
        }
    }

    pub(super) fn is_vararg(&self) -> bool {
        self.functions
            .last()
            .is_some_and(|function| function.vararg)
    }

    pub(super) fn enter_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops += 1;
        }
    }

    pub(super) fn leave_loop(&mut self) {
        if let Some(function) = self.functions.last_mut() {
            function.loops = function.loops.saturating_sub(1);
        }
    }

    pub(super) fn in_loop(&self) -> bool {
        self.functions
            .last()
            .is_some_and(|function| function.loops > 0)
    }

    /// Counts a declaration while `pending` earlier ones of the same statement are not active yet.
    ///
    /// # Errors
    /// [`SyntaxErrorKind::TooMany`] local variables.
    pub(super) fn declare(&mut self, pending: usize) -> Result<(), SyntaxErrorKind> {
        let active = self.active.len();
        let Some(function) = self.functions.last_mut() else {
            return Ok(());
        };
        function.declared += 1;
        if active - function.base + pending + 1 > MAX_ACTIVE {
            return Err(SyntaxErrorKind::TooMany {
                what: "local variables",
                limit: 200,
            });
        }
        if function.declared > MAX_DECLARED {
            return Err(SyntaxErrorKind::TooMany {
                what: "declarations",
                limit: 32_767,
            });
        }
        Ok(())
    }

    /// Makes a declared variable visible.
    pub(super) fn activate(&mut self, name: Option<&'a [u8]>, value: Value) {
        let name = name.map(|name| {
            let index = *self.names.entry(name).or_insert(self.visible.len());
            if index == self.visible.len() {
                self.visible.push(Vec::new());
            }
            index
        });
        if let Some(shadowed) = name.and_then(|name| self.visible.get_mut(name)) {
            shadowed.push(self.active.len());
        }
        let function = self.functions.len();
        self.active.push(Variable {
            id: self.next_id,
            name,
            function,
            value,
        });
        self.next_id = self.next_id.wrapping_add(1);
        self.hold(0);
    }

    /// Finds what a name stands for; an outer variable becomes an upvalue of every function in between.
    ///
    /// # Errors
    /// [`SyntaxErrorKind::TooMany`] upvalues.
    pub(super) fn resolve(&mut self, name: &[u8]) -> Result<Resolved, SyntaxErrorKind> {
        let visible = self
            .names
            .get(name)
            .and_then(|&name| self.visible.get(name));
        let Some(&index) = visible.and_then(|shadowed| shadowed.last()) else {
            return Ok(Resolved::Global);
        };
        let Some(variable) = self.active.get(index) else {
            return Ok(Resolved::Global);
        };
        if variable.function == self.functions.len() {
            return Ok(Resolved::Local(index));
        }
        for function in self.functions.iter_mut().skip(variable.function).rev() {
            // A function has a variable only if all those around it, up to the owner, have it too.
            if function.upvalues.contains(&variable.id) {
                break;
            }
            if function.upvalues.len() == MAX_UPVALUES {
                return Err(SyntaxErrorKind::TooMany {
                    what: "upvalues",
                    limit: 60,
                });
            }
            function.upvalues.push(variable.id);
        }
        Ok(Resolved::Upvalue)
    }

    pub(super) fn value(&self, index: usize) -> Value {
        self.active
            .get(index)
            .map_or(Value::Unknown, |variable| variable.value)
    }

    pub(super) fn set_value(&mut self, index: usize, value: Value) {
        if let Some(variable) = self.active.get_mut(index) {
            variable.value = value;
        }
    }

    /// Reserves registers for intermediate values of the current function.
    pub(super) fn hold(&mut self, registers: usize) {
        let active = self.active.len();
        if let Some(function) = self.functions.last_mut() {
            function.temporaries += registers;
            self.near_limit |= active - function.base + function.temporaries > SAFE_REGISTERS;
        }
    }

    pub(super) fn release(&mut self, registers: usize) {
        if let Some(function) = self.functions.last_mut() {
            function.temporaries = function.temporaries.saturating_sub(registers);
        }
    }

    /// Whether some function may have needed more registers than the compiler has.
    pub(super) fn near_limit(&self) -> bool {
        self.near_limit
    }
}
