//! Something kept for each command of the table that comes by.

use crate::command::Command;
use crate::commands::{self, Spec};
use crate::name::{HASHES, Name};

/// Few commands make up a log: names are looked up among those seen last before
/// the table of all commands is asked.
#[derive(Debug)]
pub(super) struct Frequent<T> {
    kept: Vec<(&'static Spec, T)>,
    /// By hash of a name: the name as it was spelled, and its place above.
    seen: Box<[(Name, usize)]>,
}

impl<T> Frequent<T> {
    pub fn new() -> Frequent<T> {
        Frequent {
            kept: Vec::new(),
            seen: vec![(Name::default(), 0); HASHES].into_boxed_slice(),
        }
    }

    /// What is kept for the command, made where it comes for the first time;
    /// `None` if the table does not know it. `name` is its name, if that is known.
    #[inline(always)]
    pub fn of(
        &mut self,
        command: &Command<'_>,
        name: Option<Name>,
        make: impl FnOnce(&'static Spec) -> T,
    ) -> Option<(&'static Spec, &mut T)> {
        let seen = name.and_then(|name| {
            let (seen, at) = *self.seen.get(name.hash())?;
            (seen == name).then_some(at)
        });
        let at = match seen {
            Some(at) => at,
            None => self.look_up(command, name, make)?,
        };
        self.kept.get_mut(at).map(|(spec, kept)| (*spec, kept))
    }

    #[inline(never)]
    fn look_up(
        &mut self,
        command: &Command<'_>,
        name: Option<Name>,
        make: impl FnOnce(&'static Spec) -> T,
    ) -> Option<usize> {
        let spec = commands::spec(command)?;
        let found = self.kept.iter().position(|(s, _)| std::ptr::eq(*s, spec));
        let at = found.unwrap_or(self.kept.len());
        if found.is_none() {
            self.kept.push((spec, make(spec)));
        }
        // What has subcommands is not told by its name.
        let alone = !spec.is_container() && !spec.name().contains(&b'|');
        if let Some(name) = name.filter(|_| alone)
            && let Some(seen) = self.seen.get_mut(name.hash())
        {
            *seen = (name, at);
        }
        Some(at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Spec, &T)> {
        self.kept.iter().map(|(spec, kept)| (*spec, kept))
    }
}
