//! Counting in the judge's place, where several threads read.

use rdbkit_rdb::verify::Server;

use crate::ahead::{Counted, Counter, Follow, Passed};
use crate::command::Command;
use crate::name::{Name, Table};
use crate::verify::judge::Judge;
use crate::verify::known;

/// Tells which commands a server runs whatever came before them.
#[derive(Debug)]
pub(super) struct Counting {
    table: Table<Tally>,
    server: Server,
}

/// Of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// The judge has to see all of them.
    seen: bool,
    commands: u64,
}

impl Counter for Counting {
    /// How often each name came.
    type Sum = Vec<(Vec<u8>, u64)>;

    fn begin(&mut self) {}

    #[inline(always)]
    fn counts(&mut self, command: &Command<'_>) -> Counted {
        let found = Name::of(command).and_then(|name| self.table.find(name));
        match found {
            Some(entry) if entry.kept.seen => Counted::No,
            Some(entry) if entry.takes(command.len()) => {
                entry.kept.commands += 1;
                Counted::Yes
            }
            _ => Counted::Perhaps,
        }
    }

    #[cold]
    fn learns(&mut self, command: &Command<'_>) -> bool {
        let plain = known::plain(command, self.server);
        let (least, most) = plain.unwrap_or_default();
        let tally = Tally {
            seen: plain.is_none(),
            commands: 0,
        };
        self.table.learn(command, least, most, tally);
        self.counts(command) == Counted::Yes
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
        self.pass(passed.commands, passed.args);
    }

    fn add(&mut self, sum: Vec<(Vec<u8>, u64)>) {
        self.add_names(&sum);
    }
}

#[cfg(test)]
mod tests;
