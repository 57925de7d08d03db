//! What a string is to the value it is part of.

/// What a string is to the value it is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Role {
    /// The value of a string key.
    Value,
    /// An element of a list or array.
    Element,
    /// A member of a set or sorted set.
    Member,
    /// A field of a hash.
    Field,
    /// The value of the field before it.
    FieldValue,
    /// A blob that packs a whole value or one node of it.
    Packed(Packing),
    /// The 16-byte key of a stream node.
    NodeKey,
    /// A field name of a template.
    TemplateField,
    /// A path of a path hash.
    Path,
    /// A string of a module, where it comes in chunks.
    ModuleString,
    /// An argument of a replicated command.
    Argument,
}

impl Role {
    /// Whether a long string in this place comes in chunks: its content means
    /// nothing to the format. The others must be whole to be looked at.
    #[must_use]
    pub const fn comes_in_chunks(self) -> bool {
        matches!(
            self,
            Role::Value | Role::Element | Role::FieldValue | Role::ModuleString
        )
    }
}

/// What a packed blob holds, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
#[non_exhaustive]
pub enum Packing {
    ListZiplist,
    ListListpack,
    SetIntset,
    SetListpack,
    ZsetZiplist,
    ZsetListpack,
    HashZipmap,
    HashZiplist,
    HashListpack,
    /// Triples of field, value, expiry.
    HashListpackEx,
    /// One macro node of a stream.
    StreamNode,
    /// A template id, then one value for each of its fields.
    TemplateValues,
    /// Field names of a template hash that carries them.
    TemplateNames,
}
