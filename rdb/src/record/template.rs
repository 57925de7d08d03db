//! Hash templates: lists of field names that hashes of the file share.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::ErrorKind;
use crate::event::{Part, Role};

/// The names of one template, as they stand in the file: `STR field*fields`.
///
/// Undecoded, because a name in memory takes many times the byte or two it may
/// take in a file.
#[derive(Debug)]
pub(crate) struct Template {
    pub fields: u64,
    pub names: Box<[u8]>,
}

/// The templates of a file, shared by its records.
///
/// Shared and growing, not copied: templates may stand between keys, and a
/// copy for each record that is kept would take quadratic memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Templates(Arc<RwLock<HashMap<u64, Arc<Template>>>>);

impl Templates {
    pub fn get(&self, id: u64) -> Option<Arc<Template>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&id).cloned()
    }

    fn insert(&self, id: u64, template: Template) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Arc::new(template));
    }
}

/// Keeps the templates that come by among a file's tokens.
///
/// # Limits
///
/// As many bytes of names as one owned record may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Collector {
    templates: Option<Templates>,
    /// Id, number of fields, and fields still to come.
    open: Option<(u64, u64, u64)>,
    names: Vec<u8>,
    /// Bytes of all names.
    held: u64,
}

impl Collector {
    /// Takes `token`, which stands in the file as `bytes`.
    #[inline]
    pub fn token<S>(&mut self, token: &Part<S>, bytes: &[u8], limit: u64) -> Result<(), ErrorKind> {
        match *token {
            Part::Template { id, fields } => {
                self.open = Some((id, fields, fields));
                self.names.clear();
                Ok(())
            }
            Part::Item {
                role: Role::TemplateField,
                ..
            } => self.name(bytes, limit),
            _ => Ok(()),
        }
    }

    fn name(&mut self, bytes: &[u8], limit: u64) -> Result<(), ErrorKind> {
        let Some((id, fields, left)) = self.open else {
            return Ok(());
        };
        self.held += bytes.len() as u64;
        if self.held > limit {
            let (what, asked) = ("names of hash templates", self.held);
            return Err(ErrorKind::Limit { what, asked, limit });
        }
        self.names.extend_from_slice(bytes);
        self.open = match left {
            0 | 1 => {
                let names = std::mem::take(&mut self.names).into();
                self.templates
                    .get_or_insert_default()
                    .insert(id, Template { fields, names });
                None
            }
            _ => Some((id, fields, left - 1)),
        };
        Ok(())
    }

    pub fn templates(&self) -> Option<Templates> {
        self.templates.clone()
    }
}
