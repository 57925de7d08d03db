//! Counting in the judge's place, where several threads read.

use rdbkit_rdb::verify::Server;

use crate::ahead::{Counted, Counter, Follow, Passed};
use crate::command::Command;
use crate::name::{Name, Table};
use crate::verify::judge::Judge;
use crate::verify::known;
use crate::verify::names::Class;

/// Tells which commands a server runs whatever came before them.
#[derive(Debug)]
pub(super) struct Counting {
    table: Table<Tally>,
    server: Server,
}

/// Of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    kind: Kind,
    commands: u64,
}

/// What becomes of commands of a name.
#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    Counted,
    /// The judge has to see all of them.
    #[default]
    Seen,
    Multi,
    Exec,
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
        match entry.kept.kind {
            Kind::Counted => {
                entry.kept.commands += 1;
                Counted::Yes
            }
            Kind::Seen => Counted::No,
            Kind::Multi => Counted::Begins,
            Kind::Exec => Counted::Ends,
        }
    }

    #[cold]
    fn learns(&mut self, command: &Command<'_>) -> Counted {
        let (class, least, most) = known::class_of(command, self.server);
        let kind = match class {
            Class::Plain => Kind::Counted,
            Class::Multi => Kind::Multi,
            Class::Exec => Kind::Exec,
            Class::Select | Class::Other => Kind::Seen,
        };
        let tally = Tally { kind, commands: 0 };
        self.table.learn(command, least, most, tally);
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
