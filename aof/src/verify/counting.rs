//! Counting in the judge's place, where several threads read.

use rdbkit_rdb::verify::Server;

use crate::ahead::{Counter, Follow, Passed};
use crate::command::Command;
use crate::verify::judge::Judge;
use crate::verify::known;
use crate::verify::names::{Class, Names};

/// Tells which commands a server runs whatever came before them.
#[derive(Debug)]
pub(super) struct Counting {
    names: Names,
    server: Server,
}

impl Counter for Counting {
    /// How often each name came.
    type Sum = Vec<(Vec<u8>, u64)>;

    fn begin(&mut self) {}

    #[inline(always)]
    fn counts(&mut self, command: &Command<'_>) -> bool {
        self.names.see(command) == Some(Class::Plain)
    }

    fn learns(&mut self, command: &Command<'_>) -> bool {
        let Some((least, most)) = known::plain(command, self.server) else {
            return false;
        };
        self.names.learn(command, Class::Plain, least, most);
        self.names.see(command).is_some()
    }

    fn sum(&mut self) -> Self::Sum {
        self.names.take()
    }
}

impl Follow for Judge<'_> {
    type Counter = Counting;

    fn counter(&self) -> Option<Counting> {
        Some(Counting {
            names: Names::new(),
            server: self.server(),
        })
    }

    fn line(&self) -> u64 {
        self.line()
    }

    fn until(&self) -> u64 {
        u64::MAX
    }

    fn pass(&mut self, passed: &Passed) {
        self.pass(passed.commands, passed.args);
    }

    fn add(&mut self, sum: Vec<(Vec<u8>, u64)>) {
        self.add_names(&sum);
    }
}

#[cfg(test)]
mod tests;
