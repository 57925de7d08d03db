//! Something kept for each command of the table that comes by.

use crate::command::Command;
use crate::commands::{self, Spec};

/// Few commands make up a log: names are looked up in a small table of those
/// seen last before the table of all commands is asked.
#[derive(Debug)]
pub(super) struct Frequent<T> {
    kept: Vec<(&'static Spec, T)>,
    /// By length and last byte of a name: the name as it was spelled, and its
    /// place above.
    seen: [Seen; SEEN],
}

const SEEN: usize = 64;

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    name: [u8; 16],
    /// 0 where nothing was seen.
    length: usize,
    at: usize,
}

impl<T> Frequent<T> {
    pub fn new() -> Frequent<T> {
        Frequent {
            kept: Vec::new(),
            seen: [Seen::default(); SEEN],
        }
    }

    /// What is kept for the command, made where it comes for the first time;
    /// `None` if the table does not know it. `name` is its name.
    #[inline]
    pub fn of(
        &mut self,
        command: &Command<'_>,
        name: &[u8],
        make: impl FnOnce(&'static Spec) -> T,
    ) -> Option<(&'static Spec, &mut T)> {
        let last = name.last().copied().unwrap_or(0) & 0x1f;
        let place = (usize::from(last) + name.len() * 7) % SEEN;
        let mut at = None;
        if let Some(seen) = self.seen.get(place)
            && seen.length > 0
            && seen.name.get(..seen.length) == Some(name)
        {
            at = Some(seen.at);
        }
        let at = match at {
            Some(at) => at,
            None => self.look_up(place, command, name, make)?,
        };
        self.kept.get_mut(at).map(|(spec, kept)| (*spec, kept))
    }

    #[inline(never)]
    fn look_up(
        &mut self,
        place: usize,
        command: &Command<'_>,
        name: &[u8],
        make: impl FnOnce(&'static Spec) -> T,
    ) -> Option<usize> {
        let spec = commands::spec(command)?;
        let found = self.kept.iter().position(|(s, _)| std::ptr::eq(*s, spec));
        let at = found.unwrap_or(self.kept.len());
        if found.is_none() {
            self.kept.push((spec, make(spec)));
        }
        // What has subcommands is not told by its name.
        if spec.name().len() == name.len()
            && !spec.is_container()
            && let Some(seen) = self.seen.get_mut(place)
            && let Some(held) = seen.name.get_mut(..name.len())
        {
            held.copy_from_slice(name);
            (seen.length, seen.at) = (name.len(), at);
        }
        Some(at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Spec, &T)> {
        self.kept.iter().map(|(spec, kept)| (*spec, kept))
    }
}
