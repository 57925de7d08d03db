//! A table of names, looked up once a command.

use crate::command::Command;
use crate::name::Name;

/// Places in the table: names seen at first keep theirs, none is ever driven out.
pub(crate) const SIZE: usize = 512;

/// Places looked at for one name.
const PROBES: usize = 8;

/// What is kept of one name.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Entry<T> {
    name: Name,
    /// The numbers of arguments that are right.
    least: u32,
    most: u32,
    /// Whatever is kept with it.
    pub kept: T,
}

impl<T> Entry<T> {
    /// Whether a command with so many arguments is one that is meant.
    #[inline(always)]
    pub fn takes(&self, args: usize) -> bool {
        (self.least..=self.most).contains(&(args as u32))
    }

    /// Its name, in the case it was written in.
    pub fn name(&self) -> Vec<u8> {
        self.name.to_vec()
    }
}

/// Names of up to sixteen bytes with something kept for each. What does not fit
/// is not kept: a hostile log fills the table and no more.
#[derive(Debug)]
pub(crate) struct Table<T> {
    entries: Box<[Entry<T>; SIZE]>,
}

impl<T: Copy + Default> Table<T> {
    pub fn new() -> Table<T> {
        Table {
            entries: Box::new([Entry::default(); SIZE]),
        }
    }

    /// What is kept of a name.
    #[inline(always)]
    pub fn find(&mut self, name: Name) -> Option<&mut Entry<T>> {
        let first = name.hash();
        for probe in 0..PROBES {
            let at = (first + probe) % SIZE;
            let found = self.entries.get(at)?.name;
            if found == name {
                return self.entries.get_mut(at);
            }
            if found.is_none() {
                return None;
            }
        }
        None
    }

    /// Keeps a name, from now on to be known with `least..=most` arguments;
    /// nothing where it has a place, or there is none.
    pub fn learn(&mut self, command: &Command<'_>, least: u32, most: u32, kept: T) {
        if let Some(name) = Name::of(command)
            && self.find(name).is_none()
            && let Some(entry) = self.free(name)
        {
            *entry = Entry {
                name,
                least,
                most,
                kept,
            };
        }
    }

    /// Forgets all names.
    pub fn clear(&mut self) {
        self.entries.fill(Entry::default());
    }

    /// All that is kept.
    pub fn iter(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.iter().filter(|entry| !entry.name.is_none())
    }

    /// The same, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry<T>> {
        self.entries
            .iter_mut()
            .filter(|entry| !entry.name.is_none())
    }

    /// A place for a name that has none yet.
    fn free(&mut self, name: Name) -> Option<&mut Entry<T>> {
        let first = name.hash();
        let mut places = (first..first + PROBES).map(|at| at % SIZE);
        let free = |at: &usize| self.entries.get(*at).is_some_and(|e| e.name.is_none());
        let at = places.find(free)?;
        self.entries.get_mut(at)
    }
}
