//! What stands between keys, and where they begin.

use super::{Copier, OF_THE_WHOLE, Outcome, State, hold, of_write};
use crate::event::{Part, Token};
use crate::extract::ExtractError;
use crate::record::Attribute;
use crate::text::Str;
use crate::wire::{Opcode, ValueType};

impl Copier<'_> {
    /// Takes a token that is not inside of anything.
    pub(super) fn outside(
        &mut self,
        window: &[u8],
        bytes: &[u8],
        at: u64,
        token: Token,
    ) -> Outcome {
        if self.attributes.token(&token) != Attribute::None {
            self.uses.extend(match token {
                Part::Idle(_) => Some(Opcode::IDLE),
                Part::Freq(_) => Some(Opcode::FREQ),
                Part::KeyMeta(_) => Some(Opcode::KEY_META),
                _ => None,
            });
            return hold(&mut self.before, bytes, self.limit, at);
        }
        match token {
            Part::Key { kind, key } => self.key(kind, key.resolve(window), bytes, at),
            Part::SelectDb(db) => {
                self.db = db;
                self.among_keys = true;
                Ok(())
            }
            Part::Aux { name, .. } => self.aux(name.resolve(window), bytes, at),
            Part::Function(_) if self.keep.functions => {
                self.summary.functions += 1;
                self.record(Opcode::FUNCTION2, bytes, at)
            }
            Part::FunctionPreGa { .. } if self.keep.functions => {
                self.summary.functions += 1;
                self.record(Opcode::FUNCTION_PRE_GA, bytes, at)
            }
            Part::ModuleAux { .. } => {
                let copied = self.keep.module_aux;
                self.state = State::Module { copied };
                match copied {
                    true => self.record(Opcode::MODULE_AUX, bytes, at),
                    false => Ok(()),
                }
            }
            Part::Template { .. } => {
                // Without it, no key that refers to it can be kept either.
                let copied = self.takes(Opcode::HASH_TEMPLATE).is_ok();
                self.state = State::Template { copied };
                if copied { self.copy(bytes, at) } else { Ok(()) }
            }
            Part::SlotImport { .. } => {
                self.summary.imports_left_out += 1;
                Ok(())
            }
            Part::Update(_) => Err(ExtractError::Command(at)),
            Part::Eof { checksum } => {
                self.stored = checksum;
                Ok(())
            }
            // Sizes, of which there are new ones, and what was not asked for.
            _ => Ok(()),
        }
    }

    fn key(&mut self, kind: ValueType, key: Str<'_>, bytes: &[u8], at: u64) -> Outcome {
        self.state = State::Passing;
        if !self.asks_for(kind, key, at)? {
            self.forget();
            return Ok(());
        }
        if self.filter.has_size() {
            self.state = State::Holding { kind, at };
            self.held.extend_from_slice(bytes);
            return Ok(());
        }
        // Counts it; without a condition on size every size will do.
        self.filter.takes_size(0);
        self.begin(kind, bytes, at)?;
        self.state = State::Copying;
        self.copy(bytes, at)
    }

    fn aux(&mut self, name: Str<'_>, bytes: &[u8], at: u64) -> Outcome {
        if !self.keep.aux {
            return Ok(());
        }
        // Names are too short to be compressed.
        let of_the_whole = OF_THE_WHOLE.iter().any(|n| name == Str::Raw(n));
        if of_the_whole || self.takes(Opcode::AUX).is_err() {
            self.summary.aux_left_out += 1;
            return Ok(());
        }
        if self.among_keys {
            return hold(&mut self.aux, bytes, self.limit, at);
        }
        self.copy(bytes, at)
    }

    /// Copies a record that is not a key.
    fn record(&mut self, opcode: Opcode, bytes: &[u8], at: u64) -> Outcome {
        self.takes(opcode).map_err(|why| of_write(why.into(), at))?;
        self.copy(bytes, at)
    }
}
