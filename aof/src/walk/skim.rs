//! Passing over commands of which there is nothing to tell but that they are
//! there: nearly all of a log, where it is read for a few.

use std::convert::Infallible;

use crate::ahead::{Counter, Passed};
use crate::command::Command;
use crate::name::Name;
use crate::walk::{FileEnd, Unit, Visitor};

/// A visitor that does not look at every command.
pub(crate) trait Skimmer: Visitor {
    /// Passes over commands in its place, where several threads read.
    type Ahead: Counter<Sum = ()>;

    /// One of those, if there can be.
    fn ahead(&self) -> Option<Self::Ahead>;

    /// Up to which byte of the file at hand others may pass over commands.
    fn until(&self) -> u64;

    /// Others passed over commands that stand one behind the other.
    fn passes(&mut self, passed: &Passed);

    /// Whether a command is passed over: it comes as one of a [`Run`], and not as a
    /// [`Unit`]. It is as servers write it, and must be no `SELECT`, `MULTI` or
    /// `EXEC`.
    fn skims(&mut self, command: &Command<'_>, name: Name, stands: &Stands) -> bool;

    /// How many commands were passed over of which [`skimmed`](Self::skimmed) has
    /// not told.
    fn pending(&self) -> u64;

    /// Commands that were passed over one behind the other, before what comes next.
    fn skimmed(&mut self, run: &Run);
}

/// Where a command stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stands {
    /// As [`Unit::begin`].
    pub begin: u64,
    /// As [`Unit::end`].
    pub end: u64,
    /// As [`Unit::db`].
    pub db: u64,
}

/// Commands with nothing between them, and what is in force for all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// How many there are; at least one.
    pub commands: u64,
    /// As [`Unit::file`].
    pub file: usize,
    /// As [`Unit::db`].
    pub db: u64,
    /// As [`Unit::time`].
    pub time: Option<i64>,
    /// As [`Unit::transaction`].
    pub transaction: Option<u64>,
}

/// A visitor that looks at every command.
pub(super) struct Each<'v, V: ?Sized>(pub &'v mut V);

impl<V: Visitor + ?Sized> Visitor for Each<'_, V> {
    fn file(&mut self, index: usize) {
        self.0.file(index);
    }

    fn preamble(&mut self, index: usize, event: &rdbkit_rdb::Event<'_>) {
        self.0.preamble(index, event);
    }

    #[inline(always)]
    fn unit(&mut self, unit: &Unit<'_>) {
        self.0.unit(unit);
    }

    fn file_end(&mut self, index: usize, end: &FileEnd) {
        self.0.file_end(index, end);
    }

    fn enough(&self) -> bool {
        self.0.enough()
    }
}

impl<V: Visitor + ?Sized> Skimmer for Each<'_, V> {
    type Ahead = Infallible;

    fn ahead(&self) -> Option<Infallible> {
        None
    }

    fn until(&self) -> u64 {
        0
    }

    fn passes(&mut self, _: &Passed) {}

    #[inline(always)]
    fn skims(&mut self, _: &Command<'_>, _: Name, _: &Stands) -> bool {
        false
    }

    #[inline(always)]
    fn pending(&self) -> u64 {
        0
    }

    fn skimmed(&mut self, _: &Run) {}
}
