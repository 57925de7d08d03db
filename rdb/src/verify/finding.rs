//! What a verifier has to say about a file, as plain data.

use std::fmt;

use crate::error::ErrorKind;
use crate::event::Packing;
use crate::redact;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The server loads the file; the operator should know this.
    Warning,
    /// Only running the server can tell.
    Undecided,
    /// The server refuses the file; the rest of it could still be read.
    Refused,
    /// The server refuses the file, and nothing behind this place can be read.
    Fatal,
}

impl Severity {
    /// The lower-case name used in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Undecided => "undecided",
            Severity::Refused => "refused",
            Severity::Fatal => "fatal",
        }
    }
}

macro_rules! codes {
    ($($variant:ident $name:literal $severity:ident $doc:literal)*) => {
        /// What kind of finding it is. Names are stable; new ones may come.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $(#[doc = $doc] $variant,)* }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];

            /// The stable name used in reports, such as `duplicate-key`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name,)* }
            }

            /// How much a finding of this kind weighs.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Code::$variant => Severity::$severity,)* }
            }

            /// One sentence on what it means.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self { $(Code::$variant => $doc,)* }
            }
        }
    };
}

codes! {
    Truncated "truncated" Fatal "The file ends inside a record."
    NotRdb "not-rdb" Fatal "The file does not begin with REDIS or VALKEY."
    BadVersion "bad-version" Fatal "The version digits of the header are no number above zero."
    Unsupported "unsupported" Fatal "A layout that exists but cannot be read without more knowledge than the file holds."
    UnknownType "unknown-type" Fatal "A byte that is neither an opcode nor a value type."
    BadLength "bad-length" Fatal "A length that no version writes."
    BadString "bad-string" Fatal "A string encoding that does not exist."
    BadScore "bad-score" Fatal "A text score that is no number."
    BadQuicklistNode "bad-quicklist-node" Fatal "A quicklist node of unknown kind."
    BadStreamKey "bad-stream-key" Fatal "A stream node whose key is not an ID."
    BadModuleData "bad-module-data" Fatal "Module data that breaks the grammar of module items."
    BadRecord "bad-record" Fatal "A record that breaks the rules of its layout."
    Checksum "checksum" Refused "The bytes of the file do not match its checksum."
    VersionUnsupported "version-unsupported" Refused "The server does not read this version of the format."
    TypeUnsupported "type-unsupported" Refused "The server does not know this value type or opcode."
    DatabaseLimit "database-limit" Refused "A database number the server is not configured for."
    DuplicateKey "duplicate-key" Refused "The same key twice in one database; servers panic on it."
    DuplicateElement "duplicate-element" Refused "The same member or field twice in one value."
    NanScore "nan-score" Refused "A score that is not a number."
    BadLzf "bad-lzf" Refused "Compressed data that does not decompress to the stated length."
    BadPacked "bad-packed" Refused "A packed blob (listpack, ziplist, intset, zipmap) fails its integrity check."
    BadExpiry "bad-expiry" Refused "A field expiry out of range."
    BadStream "bad-stream" Refused "A stream contradicts itself: nodes, groups, consumers or pending entries."
    BadTemplate "bad-template" Refused "A hash template is redefined or its fields are out of order."
    BadSlot "bad-slot" Refused "A cluster slot or a migration record out of range."
    FunctionRefused "function-refused" Refused "A function library the server cannot load."
    ModuleMissing "module-missing" Refused "Data of a module that the server does not have."
    FunctionUndecided "function-undecided" Undecided "Only running the function library can tell whether it loads."
    ChecksumOff "checksum-off" Warning "The file was saved without a checksum: damage may go unseen."
    TrailingBytes "trailing-bytes" Warning "Bytes behind the end of the file; servers ignore them."
    EmptyKey "empty-key" Warning "A key without elements; servers skip it."
    LaxLength "lax-length" Warning "A string encoding where a length belongs; servers take its low bits for the length."
    LaxVersion "lax-version" Warning "A version that is not all digits; servers read what digits there are."
    HugeHint "huge-hint" Warning "A size hint for which servers reserve tens of gigabytes of memory; they die where there is less."
    VersionMismatch "version-mismatch" Warning "The file holds what its version does not have; servers of that version refuse it."
    NewerRefuses "newer-refuses" Warning "Newer servers of the same product refuse this."
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Code {
    /// The code of a decoding error; `None` where the file is not to blame.
    #[must_use]
    pub fn of(kind: &ErrorKind) -> Option<Code> {
        Some(match kind {
            ErrorKind::Io(_) | ErrorKind::Limit { .. } => return None,
            ErrorKind::Truncated => Code::Truncated,
            ErrorKind::BadMagic(_) => Code::NotRdb,
            ErrorKind::BadVersion(_) => Code::BadVersion,
            ErrorKind::Unsupported(_) => Code::Unsupported,
            ErrorKind::UnknownType(_) => Code::UnknownType,
            ErrorKind::BadLength(_) => Code::BadLength,
            ErrorKind::BadStringEncoding(_) => Code::BadString,
            ErrorKind::Lzf(_) => Code::BadLzf,
            ErrorKind::BadScore => Code::BadScore,
            ErrorKind::BadQuicklistNode(_) => Code::BadQuicklistNode,
            ErrorKind::BadStreamKey(_) => Code::BadStreamKey,
            ErrorKind::BadModuleItem(_) | ErrorKind::BadModuleAux(_) => Code::BadModuleData,
            ErrorKind::BadRecord(_) => Code::BadRecord,
            ErrorKind::Packed(_) => Code::BadPacked,
            ErrorKind::Checksum { .. } => Code::Checksum,
        })
    }
}

/// One thing a verifier found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of finding.
    pub code: Code,
    /// How much it weighs; [`Code::severity`], unless the judged server differs.
    pub severity: Severity,
    /// Offset of the opcode, key or element to blame, from the start of the input.
    pub offset: u64,
    /// The database it is in, where it is in one.
    pub db: Option<u64>,
    /// The key it belongs to, cut at [`Finding::MAX_KEY`] bytes.
    pub key: Option<Vec<u8>>,
    /// What exactly, in words.
    pub message: String,
}

impl Finding {
    /// Longest key kept in a finding, in bytes.
    pub const MAX_KEY: usize = 1024;
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at offset {}", self.message, self.offset)?;
        if let Some(db) = self.db {
            write!(f, ", database {db}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", key \"{}\"", redact::escaped(key))?;
        }
        Ok(())
    }
}

impl Packing {
    /// What the blob is called in findings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Packing::ListZiplist => "list ziplist",
            Packing::ListListpack => "list listpack",
            Packing::SetIntset => "set intset",
            Packing::SetListpack => "set listpack",
            Packing::ZsetZiplist => "sorted-set ziplist",
            Packing::ZsetListpack => "sorted-set listpack",
            Packing::HashZipmap => "hash zipmap",
            Packing::HashZiplist => "hash ziplist",
            Packing::HashListpack => "hash listpack",
            Packing::HashListpackEx => "hash listpack with expiries",
            Packing::StreamNode => "stream node",
            Packing::TemplateValues => "template values",
            Packing::TemplateNames => "template names",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_kebab() {
        let mut names: Vec<_> = Code::ALL.iter().map(|c| c.name()).collect();
        assert!(
            names
                .iter()
                .all(|n| n.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'))
        );
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }
}
