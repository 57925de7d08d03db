//! Hash templates: names in order, one value for each.

use std::cmp::Ordering;

use crate::error::ErrorKind;
use crate::event::{Event, Part, Role};
use crate::lzf::{Inflate, WINDOW};
use crate::text::Str;
use crate::verify::finding::Code;
use crate::verify::long::{Text, flowing, order};
use crate::verify::value::{MAX_TEMPLATES, ValueJudge};
use crate::wire::ValueType;

/// The name of a field: as it is, or, where that is large, as it stands in the file.
#[derive(Debug)]
pub(super) struct Name {
    bytes: Vec<u8>,
    /// Bytes it decompresses to.
    full: Option<u64>,
}

impl Name {
    fn text(&self) -> Text<'_> {
        let held = Text::Held(&self.bytes);
        match self.full {
            // It was found sound before.
            Some(full) => Inflate::new(&self.bytes, full, WINDOW)
                .map_or(held, |text| Text::Flowing(text, full)),
            None => held,
        }
    }
}

impl ValueJudge {
    pub(super) fn template_name(&mut self, text: Str<'_>, at: u64) {
        let name = match (flowing(text, self.held_most), text) {
            (Ok(Some(_)), Str::Lzf { data, len }) => Ok((data, Some(len))),
            (Err(e), _) => Err(ErrorKind::Lzf(e)),
            _ => text.bytes(&mut self.scratch).map(|name| (name, None)),
        };
        let name = match name {
            Ok((bytes, full)) => Name {
                bytes: bytes.to_vec(),
                full,
            },
            Err(e) => return self.fault(Code::BadLzf, at, e.to_string()),
        };
        if self
            .last_name
            .as_ref()
            .is_some_and(|last| order(last.text(), name.text()) != Ordering::Less)
        {
            let message = "template fields are not in order of length and bytes";
            self.fault(Code::BadTemplate, at, message);
        }
        self.last_name = Some(name);
    }

    /// The names of a template, from its first token on, for one who may yet not
    /// take it: see [`know_template`](Self::know_template).
    pub fn names(&mut self, event: &Event<'_>, at: u64) {
        match *event {
            Part::Template { .. } => self.last_name = None,
            Part::Item {
                role: Role::TemplateField,
                text,
            } => self.template_name(text, at),
            _ => {}
        }
    }

    /// Remembers a template; `false` if there is one of that number.
    pub fn know_template(&mut self, id: u64, fields: u64) -> bool {
        self.templates.len() >= MAX_TEMPLATES || self.templates.insert(id, fields).is_none()
    }

    /// How many fields the template of that number has, if there is one.
    pub fn fields_of_template(&self, id: u64) -> Option<u64> {
        self.templates.get(&id).copied()
    }

    /// Takes back that there is such a template.
    pub fn forget_template(&mut self, id: u64) {
        self.templates.remove(&id);
    }

    /// A template is defined; its names follow.
    pub fn template(&mut self, id: u64, fields: u64, at: u64) {
        self.last_name = None;
        if !self.know_template(id, fields) {
            self.fault(
                Code::BadTemplate,
                at,
                format!("hash template {id} is defined twice"),
            );
        }
    }

    pub(super) fn template_values(&mut self, first: Option<i64>, elements: u64, at: u64) {
        let carried = self.kind == ValueType::HASH_TMPL_LP;
        let id = first.and_then(|id| u64::try_from(id).ok());
        let fields = match id {
            _ if carried => None,
            Some(id) => match self.fields_of_template(id) {
                Some(fields) => Some(fields),
                None => {
                    let message = format!("hash refers to template {id}, which is not there");
                    return self.fault(Code::BadTemplate, at, message);
                }
            },
            None => {
                return self.fault(
                    Code::BadTemplate,
                    at,
                    "template values without a template id",
                );
            }
        };
        if fields.is_some_and(|fields| elements != fields.saturating_add(1)) {
            self.fault(
                Code::BadTemplate,
                at,
                "not one value for each field of the template",
            );
        }
    }
}
