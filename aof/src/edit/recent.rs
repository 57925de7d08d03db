//! The last few commands that stay: where they stand, to be read again if they
//! come to be shown.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;

use crate::ahead::{Passed, WINDOW};
use crate::command::Command;
use crate::edit::excerpt::Excerpt;
use crate::edit::survey::name;
use crate::limits::Limits;
use crate::reader::StreamReader;
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

/// Commands one behind the other.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    begin: u64,
    end: u64,
    commands: u64,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Recent {
    /// The last of them at `pushed - 1`; most are single commands.
    runs: [Run; HELD],
    pushed: usize,
    commands: u64,
    /// Where the last command of the last run of several begins.
    last: u64,
    /// For how many commands it was told what is in force.
    told: u64,
    /// What is in force, and from which command on.
    scenes: [(u64, Scene); HELD],
    changes: usize,
}

/// Commands to be shown, of a run of which some may not be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    run: Run,
    /// How many: the last ones.
    commands: u64,
    scene: Scene,
}

impl Recent {
    /// The next command; what is in force there is told later.
    #[inline(always)]
    pub fn push(&mut self, begin: u64, end: u64) {
        self.push_any(Run {
            begin,
            end,
            commands: 1,
        });
    }

    /// The next commands, which somebody else has seen.
    pub fn push_run(&mut self, passed: &Passed) {
        self.last = passed.last;
        self.push_any(Run {
            begin: passed.begin,
            end: passed.end,
            commands: passed.commands,
        });
    }

    #[inline(always)]
    fn push_any(&mut self, run: Run) {
        if let Some(place) = self.runs.get_mut(self.pushed % HELD) {
            *place = run;
        }
        self.pushed += 1;
        self.commands += run.commands;
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
        let run = self.runs.get(self.pushed.checked_sub(1)? % HELD)?;
        let begin = if run.commands == 1 {
            run.begin
        } else {
            self.last
        };
        Some((begin, run.end))
    }

    /// The last `wanted` commands, `HELD` at most.
    pub fn last(&self, wanted: u64) -> Vec<Shown> {
        let mut left = wanted.min(HELD as u64);
        let mut behind = self.commands;
        let mut shown = Vec::new();
        for back in 1..=self.pushed.min(HELD) {
            let Some(run) = self.runs.get((self.pushed - back) % HELD).copied() else {
                break;
            };
            if left == 0 {
                break;
            }
            let first = behind - run.commands;
            // Each change is of one run at least, so that those of the runs that
            // are held are held, too.
            let changes = self.scenes.iter().take(self.changes);
            let older = changes.filter(|(from, _)| *from <= first);
            let Some((_, scene)) = older.max_by_key(|(from, _)| *from) else {
                break;
            };
            let commands = run.commands.min(left);
            shown.push(Shown {
                run,
                commands,
                scene: *scene,
            });
            left -= commands;
            behind = first;
        }
        shown.reverse();
        shown
    }
}

impl Shown {
    /// The name of its file.
    pub fn file<'s>(&self, set: &'s Set) -> &'s [u8] {
        name(set, self.scene.file)
    }

    /// Reads them again.
    pub fn excerpts(&self, set: &Set, source: &dyn Source) -> io::Result<Vec<Excerpt>> {
        let file = self.file(set);
        let spans = if self.run.commands == 1 {
            VecDeque::from_iter(Some(self.run.begin..self.run.end))
        } else {
            self.last_spans(source.open_at(file, self.run.begin)?)?
        };
        let excerpts = spans.into_iter();
        let excerpts = excerpts.map(|span| self.excerpt(span, file, source));
        excerpts.collect()
    }

    /// Where the last ones of the run stand, of which `bytes` begins with the first.
    fn last_spans(&self, bytes: impl Read) -> io::Result<VecDeque<Range<u64>>> {
        let Run { begin, end, .. } = self.run;
        let mut reader =
            StreamReader::at(begin, bytes.take(end - begin), WINDOW, Limits::default());
        let mut last = VecDeque::new();
        while reader
            .next_event()
            .map_err(|error| io::Error::other(error.to_string()))?
            .is_some()
        {
            last.push_back(reader.token_offset()..reader.offset());
            if last.len() as u64 > self.commands {
                last.pop_front();
            }
        }
        Ok(last)
    }

    fn excerpt(&self, span: Range<u64>, file: &[u8], source: &dyn Source) -> io::Result<Excerpt> {
        let mut raw = Vec::new();
        let bytes = (span.end - span.start).min(PREFIX);
        let opened = source.open_at(file, span.start)?;
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
            begin: span.start,
            end: span.end,
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
