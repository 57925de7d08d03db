//! Counting in the judge's place, where several threads read.

use rdbkit_rdb::verify::Server;

use crate::ahead::{Counted, Counter, Follow, Passed};
use crate::command::Command;
use crate::name::{Name, Table};
use crate::verify::judge::Judge;
use crate::verify::known;
use crate::verify::names::{Class, Found};

/// Tells which commands a server runs whatever came before them.
#[derive(Debug)]
pub(super) struct Counting {
    table: Table<Found>,
    server: Server,
}

impl Counter for Counting {
    /// How often each name came.
    type Sum = Vec<(Vec<u8>, u64)>;

    fn begin(&mut self) {}

    #[inline(always)]
    fn counts(&mut self, command: &Command<'_>) -> Counted {
        let found = Name::of(command).and_then(|name| self.table.find(name));
        let Some(entry) = found.filter(|entry| entry.takes(command.len())) else {
            return Counted::Perhaps;
        };
        match entry.kept.class {
            Class::Plain => {
                entry.kept.commands += 1;
                Counted::Yes
            }
            Class::Multi => Counted::Begins,
            Class::Exec => Counted::Ends,
            Class::Select | Class::Other => Counted::No,
        }
    }

    #[cold]
    fn learns(&mut self, command: &Command<'_>) -> Counted {
        let (class, least, most) = known::class_of(command, self.server);
        let found = Found { class, commands: 0 };
        self.table.learn(command, least, most, found);
        match self.counts(command) {
            Counted::Perhaps => Counted::No,
            counted => counted,
        }
    }

    fn sum(&mut self) -> Self::Sum {
        let mut counts = Vec::new();
        for entry in self.table.iter_mut() {
            let commands = std::mem::take(&mut entry.kept.commands);
            if commands > 0 {
                counts.push((entry.name().to_ascii_lowercase(), commands));
            }
        }
        counts
    }
}

impl Follow for Judge<'_> {
    type Counter = Counting;

    fn counter(&self) -> Option<Counting> {
        Some(Counting {
            table: Table::new(),
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
        self.pass(passed);
    }

    fn add(&mut self, sum: Vec<(Vec<u8>, u64)>) {
        self.add_names(&sum);
    }
}

#[cfg(test)]
mod tests;
