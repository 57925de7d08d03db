//! Something kept for each command of the table that comes by.

use crate::commands::Spec;

/// Few commands make up a log, so the last ones asked for are found first.
#[derive(Debug)]
pub(super) struct Frequent<T>(Vec<(&'static Spec, T)>);

impl<T> Frequent<T> {
    pub fn new() -> Frequent<T> {
        Frequent(Vec::new())
    }

    /// What is kept for `spec`, made where it comes for the first time.
    #[inline]
    pub fn of(&mut self, spec: &'static Spec, make: impl FnOnce() -> T) -> Option<&mut T> {
        let found = self.0.iter().position(|(s, _)| std::ptr::eq(*s, spec));
        let at = match found {
            Some(0) => 0,
            Some(at) => {
                self.0.swap(at, at / 2);
                at / 2
            }
            None => {
                self.0.push((spec, make()));
                self.0.len() - 1
            }
        };
        self.0.get_mut(at).map(|(_, kept)| kept)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'static Spec, &T)> {
        self.0.iter().map(|(spec, kept)| (*spec, kept))
    }
}
