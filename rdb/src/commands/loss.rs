//! What commands cannot say.

use std::collections::BTreeMap;

use crate::extract::KeyName;

/// A kind of thing that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Loss {
    /// Keys with values of modules: only `RESTORE` has words for them.
    Module,
    /// Arrays: their commands came after the servers that this was compared with.
    Array,
    /// Rate limiters.
    Gcra,
    /// Hashes with paths.
    PathHash,
    /// Streams, for servers before 5.0.
    Stream,
    /// Metadata of modules on keys.
    KeyMeta,
    /// Expiries of hash fields, for servers that have none.
    FieldExpiry,
    /// Members of sorted sets with a score that is no number.
    NotANumber,
    /// Entries of streams without fields.
    StreamEntry,
    /// Pending entries that are in their stream no more; servers do not let them
    /// be claimed.
    PendingGone,
    /// Pending entries that nobody owns.
    PendingFree,
    /// Streams too long to tell which pending entries are gone: some of them
    /// may have been left out by the server.
    PendingUnsure,
    /// Idempotent producers of streams.
    Idempotence,
    /// Function libraries, for servers that have none.
    Function,
    /// Function libraries as release candidates of 7.0 wrote them.
    FunctionPreGa,
    /// Data of modules that belongs to no key.
    ModuleAux,
    /// Slot migrations that were under way.
    SlotImport,
    /// Keys of databases that the server does not have, see
    /// [`Options::databases`](super::Options::databases).
    Database,
}

/// How often something was left out, and where first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// How many: keys, fields, entries, as the kind says.
    pub count: u64,
    /// The first key that it was part of; its name is empty for what belongs to
    /// no key.
    pub first: KeyName,
}

/// Bytes of a key that are kept to be shown.
const SHOWN: usize = 128;

#[derive(Clone, Debug, Default)]
pub(super) struct Losses(BTreeMap<Loss, Lost>);

impl Losses {
    #[cold]
    pub fn add(&mut self, loss: Loss, db: u64, key: &[u8]) {
        let lost = self.0.entry(loss).or_insert_with(|| Lost {
            count: 0,
            first: KeyName {
                db,
                key: key.iter().take(SHOWN).copied().collect(),
            },
        });
        lost.count += 1;
    }

    pub fn iter(&self) -> impl Iterator<Item = (Loss, &Lost)> {
        self.0.iter().map(|(loss, lost)| (*loss, lost))
    }
}
