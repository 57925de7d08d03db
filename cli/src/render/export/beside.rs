//! What JSON and CSV have no words for, counted as commands count it.

use std::collections::BTreeMap;

use rdbkit_rdb::commands::{Loss, Lost};
use rdbkit_rdb::extract::KeyName;
use rdbkit_rdb::pieces::Key;
use rdbkit_rdb::{Event, Part};

/// What stood beside values and keys and was left out.
#[derive(Clone, Debug, Default)]
pub struct Beside(BTreeMap<Loss, Lost>);

impl Beside {
    /// Takes note of a key before its value.
    #[inline]
    pub fn key(&mut self, key: &Key<'_>) {
        if key.has_key_meta {
            self.lose(Loss::KeyMeta, key.db, key.name);
        }
    }

    /// Takes note of what is no key.
    pub fn event(&mut self, event: &Event<'_>) {
        match event {
            Part::ModuleAux { .. } => self.lose(Loss::ModuleAux, 0, b""),
            Part::SlotImport { .. } => self.lose(Loss::SlotImport, 0, b""),
            _ => {}
        }
    }

    #[cold]
    fn lose(&mut self, loss: Loss, db: u64, key: &[u8]) {
        let lost = self.0.entry(loss).or_insert_with(|| Lost {
            count: 0,
            first: KeyName {
                db,
                key: key.to_vec(),
            },
        });
        lost.count += 1;
    }

    /// What was left out, by kind.
    pub fn losses(&self) -> impl Iterator<Item = (Loss, &Lost)> {
        self.0.iter().map(|(loss, lost)| (*loss, lost))
    }
}
