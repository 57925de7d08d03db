//! What a file says beside its keys.

use super::meter::length;
use crate::digest::Writer;
use crate::event::{Event, Part};
use crate::text::{Scratch, Str};
use crate::verify::Server;
use crate::wire::{Dialect, Opcode, ValueType};

/// AUX fields kept, and bytes of each name and value.
const AUX: usize = 256;
const AUX_BYTES: usize = 1024;

/// Names of function libraries kept.
const LIBRARIES: usize = 1000;

/// Who wrote a file, and what there is in it that is no key.
///
/// # Limits
///
/// The first 256 AUX fields, cut at 1 KiB each; the names of the first 1000
/// libraries.
#[derive(Clone, Debug, Default)]
pub struct FileFacts {
    /// Dialect and version of the header.
    pub format: Option<(Dialect, u32)>,
    /// AUX fields in the order of the file.
    pub aux: Vec<(Vec<u8>, Vec<u8>)>,
    /// Function libraries.
    pub functions: u64,
    /// Their names, where they have one.
    pub libraries: Vec<Vec<u8>>,
    /// Bytes of their sources.
    pub function_bytes: u64,
    /// Records of modules that belong to no key.
    pub module_aux: u64,
    /// Slot migrations that were under way.
    pub slot_imports: u64,
    /// Keys and expiries that all databases are said to have (RESIZEDB).
    pub hints: Option<(u64, u64)>,
    /// The highest version that anything in the file came with.
    pub version_used: u32,
    writer: Writer,
}

impl FileFacts {
    /// The server that wrote the file: by its AUX fields, or the first one that
    /// wrote its version.
    #[must_use]
    pub fn server(&self) -> Server {
        self.writer.server()
    }

    /// The value of an AUX field, the last one if it is there twice.
    #[must_use]
    pub fn aux(&self, name: &str) -> Option<&[u8]> {
        let mut fields = self.aux.iter().rev();
        let found = fields.find(|(n, _)| n.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| value.as_slice())
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        self.writer.event(event);
        match *event {
            Part::Header {
                dialect, version, ..
            } => self.format = Some((dialect, version)),
            Part::Aux { name, value } if self.aux.len() < AUX => {
                let field = (short(name), short(value));
                self.aux.push(field);
            }
            Part::Function(source) => self.function(source, None),
            Part::FunctionPreGa { name, code } => self.function(code, Some(short(name))),
            Part::ModuleAux { .. } => {
                self.module_aux += 1;
                self.uses(Opcode::MODULE_AUX);
            }
            Part::SlotImport { .. } => {
                self.slot_imports += 1;
                self.uses(Opcode::SLOT_IMPORT);
            }
            Part::SlotInfo { .. } => self.uses(Opcode::SLOT_INFO),
            Part::ResizeDb { keys, expires } => {
                let (k, e) = self.hints.unwrap_or_default();
                self.hints = Some((k.saturating_add(keys), e.saturating_add(expires)));
            }
            _ => {}
        }
    }

    fn function(&mut self, source: Str<'_>, name: Option<Vec<u8>>) {
        self.functions += 1;
        self.function_bytes += length(source);
        self.uses(Opcode::FUNCTION2);
        let mut scratch = Scratch::default();
        let name = name.or_else(|| library(source.bytes(&mut scratch).ok()?));
        self.libraries
            .extend(name.filter(|_| self.libraries.len() < LIBRARIES));
    }

    fn uses(&mut self, opcode: Opcode) {
        if let Some((dialect, _)) = self.format {
            self.version_used = self.version_used.max(opcode.since(dialect));
        }
    }

    pub(super) fn uses_type(&mut self, kind: ValueType, dialect: Dialect) {
        self.version_used = self.version_used.max(kind.since(dialect));
    }

    pub(super) fn merge(&mut self, other: FileFacts) {
        if self.format.is_none() {
            (self.format, self.writer) = (other.format, other.writer);
        }
        let room = AUX.saturating_sub(self.aux.len());
        self.aux.extend(other.aux.into_iter().take(room));
        let room = LIBRARIES.saturating_sub(self.libraries.len());
        self.libraries
            .extend(other.libraries.into_iter().take(room));
        self.functions += other.functions;
        self.function_bytes += other.function_bytes;
        self.module_aux += other.module_aux;
        self.slot_imports += other.slot_imports;
        self.version_used = self.version_used.max(other.version_used);
        self.hints = match (self.hints, other.hints) {
            (Some((a, b)), Some((c, d))) => Some((a.saturating_add(c), b.saturating_add(d))),
            (hints, None) | (None, hints) => hints,
        };
    }
}

/// The front of a text about the file.
fn short(text: Str<'_>) -> Vec<u8> {
    let mut bytes = text.to_vec().unwrap_or_default();
    bytes.truncate(AUX_BYTES);
    bytes
}

/// The name on the first line: `#!lua name=mylib`.
fn library(source: &[u8]) -> Option<Vec<u8>> {
    let line = source.split(|b| *b == b'\n').next()?;
    let words = line.split(u8::is_ascii_whitespace);
    let name = words
        .filter_map(|word| word.strip_prefix(b"name="))
        .next()?;
    Some(name.get(..AUX_BYTES).unwrap_or(name).to_vec())
}
