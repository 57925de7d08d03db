//! Hash templates: names in order, one value for each.

use crate::text::Str;
use crate::verify::finding::Code;
use crate::verify::value::{MAX_TEMPLATES, ValueJudge};
use crate::wire::ValueType;

impl ValueJudge {
    pub(super) fn template_name(&mut self, text: Str<'_>, at: u64) {
        let name = match text.bytes(&mut self.scratch) {
            Ok(name) => name.to_vec(),
            Err(e) => return self.fault(Code::BadLzf, at, e.to_string()),
        };
        let key = |n: &Vec<u8>| (n.len(), n.clone());
        if self
            .last_name
            .as_ref()
            .is_some_and(|last| key(last) >= key(&name))
        {
            let message = "template fields are not in order of length and bytes";
            self.fault(Code::BadTemplate, at, message);
        }
        self.last_name = Some(name);
    }

    /// A template is defined; its names follow.
    pub fn template(&mut self, id: u64, fields: u64, at: u64) {
        self.last_name = None;
        if self.templates.len() < MAX_TEMPLATES && self.templates.insert(id, fields).is_some() {
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
            Some(id) => match self.templates.get(&id) {
                Some(fields) => Some(*fields),
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
