//! One command as people want to see it: where it stands, and its text in short.

use std::fmt;

use rdbkit_rdb::redact::plain;

use crate::brief::{brief, brief_word};
use crate::walk::{Item, Unit};
use crate::words::quoted_as_is;

/// A command or annotation, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The name of its file.
    pub file: Vec<u8>,
    /// Offset of its first byte.
    pub offset: u64,
    /// Offset behind its last byte.
    pub end: u64,
    /// The database it works on.
    pub db: u64,
    /// The last `#TS` time before it: Unix seconds.
    pub time: Option<i64>,
    /// Whether it stands in a transaction, `MULTI` and `EXEC` among it.
    pub in_transaction: bool,
    /// Its text in short, as [`brief`](crate::brief()) has it.
    pub text: String,
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = plain(&self.file);
        write!(f, "{file}:{} db {}: {}", self.offset, self.db, self.text)
    }
}

impl Excerpt {
    /// Of `unit`, as [`walk`](crate::walk::walk) gives it, in the file of that name.
    #[must_use]
    pub fn of(unit: &Unit<'_>, file: &[u8]) -> Excerpt {
        Excerpt {
            file: file.to_vec(),
            offset: unit.begin,
            end: unit.end,
            db: unit.db,
            time: unit.time,
            in_transaction: unit.transaction.is_some(),
            text: text(&unit.item),
        }
    }
}

/// The text of a unit, in short.
pub(super) fn text(item: &Item<'_>) -> String {
    match item {
        Item::Command(command) | Item::Abridged(command) => brief(command),
        Item::Annotation(line) if line.timestamp().is_some() => {
            format!("#{}", quoted_as_is(line.text()))
        }
        Item::Annotation(line) => format!("#{}", brief_word(line.text())),
    }
}
