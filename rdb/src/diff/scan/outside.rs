//! What stands between keys, and where they begin.

use super::{MAX_CHANGES, Open, Outcome, Scanner, State};
use crate::diff::error::DiffError;
use crate::error::Stage;
use crate::event::{Part, Token};
use crate::limits::Limits;
use crate::record::Attribute;
use crate::text::Scratch;

impl Scanner<'_, '_> {
    /// Takes a token that is not inside of anything.
    pub(super) fn outside(
        &mut self,
        window: &[u8],
        bytes: &[u8],
        at: u64,
        token: Token,
    ) -> Outcome {
        match self.attributes.token(&token) {
            Attribute::None => {}
            Attribute::Whole => {
                self.before.get_or_insert(at);
                return Ok(());
            }
            attribute => {
                self.before.get_or_insert(at);
                if attribute == Attribute::MetaFirst {
                    self.key_meta.clear();
                }
                self.key_meta.extend_from_slice(bytes);
                return Ok(());
            }
        }
        let limit = Limits::default().max_record;
        if let Err(kind) = self.collector.token(&token, bytes, limit) {
            return Err(self.failed(kind, at, Stage::Type));
        }
        match token {
            Part::Key { kind, key } => {
                let key = key.resolve(window);
                let meta = self.attributes.take();
                self.keys += 1;
                let asked = self.no_filter || self.asks(kind, key, &meta, at)?;
                match key.bytes(&mut self.scratch) {
                    Ok(name) => {
                        self.name.clear();
                        self.name.extend_from_slice(name);
                    }
                    Err(kind) => return Err(self.failed(kind, at, Stage::Key)),
                }
                self.span.add(bytes, self.prints);
                let start = self.before.take().unwrap_or(at);
                self.state = State::Key(Open {
                    kind,
                    meta,
                    at,
                    start,
                    asked,
                });
            }
            Part::Header { dialect, .. } => self.dialect = dialect,
            Part::SelectDb(db) => self.select(db, at)?,
            Part::Function(source) => {
                let source = source.resolve(window).bytes(&mut self.scratch);
                let added = source.and_then(|source| self.libraries.add(source));
                added.map_err(|kind| self.failed(kind, at, Stage::Functions))?;
            }
            Part::FunctionPreGa { name, code } => {
                let mut other = Scratch::default();
                let name = name.resolve(window).bytes(&mut other);
                let code = code.resolve(window).bytes(&mut self.scratch);
                let added = name.and_then(|name| self.libraries.add_bare(name, code?));
                added.map_err(|kind| self.failed(kind, at, Stage::Functions))?;
            }
            Part::ModuleAux { .. } => {
                self.module_data.update(bytes);
                self.state = State::Module;
            }
            Part::Update(_) => {
                let (side, offset) = (self.side, at);
                return Err(DiffError::Command { side, offset });
            }
            Part::Eof { checksum } => self.stored = checksum,
            // Texts about the file, sizes, migrations: not data.
            _ => {}
        }
        Ok(())
    }

    fn select(&mut self, db: u64, at: u64) -> Outcome {
        if db == self.db {
            return Ok(());
        }
        self.db = db;
        if self.dbs.len() >= MAX_CHANGES {
            let (side, limit) = (self.side, MAX_CHANGES);
            return Err(DiffError::Databases { side, limit });
        }
        self.dbs.push((at, db));
        Ok(())
    }
}
