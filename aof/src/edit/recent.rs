//! The last few commands that stay: where they stand, to be read again if they
//! come to be shown.

use std::io::{self, Read};

use crate::command::Command;
use crate::edit::excerpt::Excerpt;
use crate::edit::survey::name;
use crate::scan;
use crate::set::Set;
use crate::source::Source;
use crate::transaction;
use crate::walk::{Item, Unit};

/// Commands remembered; a power of two, for each command of a log passes here.
const HELD: usize = 8;

/// Bytes read of a command that is shown.
const PREFIX: u64 = 256;

/// What is in force for commands that follow each other.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scene {
    pub file: usize,
    pub db: u64,
    pub time: Option<i64>,
    pub transaction: Option<u64>,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// Where commands begin and end, the last of them at `commands - 1`.
    spans: [(u64, u64); HELD],
    commands: u64,
    /// For how many of them it was told what is in force.
    told: u64,
    /// What is in force, and from which command on.
    scenes: [(u64, Scene); HELD],
    changes: usize,
}

/// A command to be shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    begin: u64,
    end: u64,
    scene: Scene,
}

impl Recent {
    /// The next command; what is in force there is told later.
    #[inline(always)]
    pub fn push(&mut self, begin: u64, end: u64) {
        if let Some(span) = self.spans.get_mut(self.commands as usize % HELD) {
            *span = (begin, end);
        }
        self.commands += 1;
    }

    /// How many commands came since the last [`scene`](Self::scene).
    #[inline(always)]
    pub fn pending(&self) -> u64 {
        self.commands - self.told
    }

    /// What was in force for those commands.
    #[inline(always)]
    pub fn scene(&mut self, scene: Scene) {
        if let Some(change) = self.scenes.get_mut(self.changes % HELD) {
            *change = (self.told, scene);
        }
        self.changes += 1;
        self.told = self.commands;
    }

    /// Where the last command begins and ends.
    pub fn last_span(&self) -> Option<(u64, u64)> {
        let last = self.commands.checked_sub(1)?;
        self.spans.get(last as usize % HELD).copied()
    }

    /// The last `wanted` commands, `HELD` at most.
    pub fn last(&self, wanted: u64) -> Vec<Shown> {
        let first = self.commands.saturating_sub(wanted.min(HELD as u64));
        let shown = |index: u64| {
            // Each change is of one command at least, so that those of the
            // commands that are held are held, too.
            let older = self.scenes.iter().take(self.changes);
            let scene = older.filter(|(from, _)| *from <= index);
            let (begin, end) = *self.spans.get(index as usize % HELD)?;
            Some(Shown {
                begin,
                end,
                scene: scene.max_by_key(|(from, _)| *from)?.1,
            })
        };
        (first..self.commands).filter_map(shown).collect()
    }
}

impl Shown {
    /// The name of its file.
    pub fn file<'s>(&self, set: &'s Set) -> &'s [u8] {
        name(set, self.scene.file)
    }

    /// Reads it again.
    pub fn excerpt(&self, set: &Set, source: &dyn Source) -> io::Result<Excerpt> {
        let file = self.file(set);
        let mut raw = Vec::new();
        let bytes = (self.end - self.begin).min(PREFIX);
        let opened = source.open_at(file, self.begin)?;
        opened.take(bytes).read_to_end(&mut raw)?;
        let line = scan::line(&raw, true).and_then(|used| raw.get(..used));
        let (count, _) = scan::loose_number(line.unwrap_or_default());
        let Scene {
            file: index,
            db,
            time,
            transaction,
        } = self.scene;
        // As C's `atoi`: the low 32 bits.
        let command = Command::beginning(&raw, (count as i32).cast_unsigned());
        let unit = Unit {
            item: Item::Command(command),
            file: index,
            begin: self.begin,
            end: self.end,
            db,
            time,
            // Neither is shown.
            place: transaction::Place::Alone,
            settled: db,
            transaction,
            name: None,
        };
        Ok(Excerpt::of(&unit, file))
    }
}
