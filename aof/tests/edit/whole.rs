//! The rules that the result of an edit holds, checked strictly.

use rdbkit_aof::edit::{self, Fate, Plan, Repair};
use rdbkit_aof::walk::{self, Item, Unit, Visitor};
use rdbkit_aof::{Event, Manifest, Memory, Place, Set, SliceReader, Source};

/// One command of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub raw: Vec<u8>,
    pub db: u64,
    pub file: Vec<u8>,
    pub place: Place,
}

struct Lines {
    names: Vec<Vec<u8>>,
    lines: Vec<Line>,
}

impl Lines {
    fn of(set: &Set) -> Lines {
        Lines {
            names: set.files().iter().map(|f| f.name.clone()).collect(),
            lines: Vec::new(),
        }
    }
}

impl Visitor for Lines {
    fn unit(&mut self, unit: &Unit<'_>) {
        match unit.item {
            Item::Command(command) => self.lines.push(Line {
                raw: command.as_raw().to_vec(),
                db: unit.db,
                file: self.names[unit.file].clone(),
                place: unit.place,
            }),
            Item::Abridged(_) => panic!("too long for a test"),
            // Pieces of a long one have no line end but at its end.
            Item::Annotation(_) => {}
        }
    }
}

/// The commands of a log that must be without fault.
pub fn strict(set: &Set, files: &dyn Source) -> Vec<Line> {
    let mut lines = Lines::of(set);
    for end in walk::walk(set, files, &mut lines) {
        assert!(end.error.is_none(), "{:?}", end.error);
        assert_eq!((end.open, end.safe), (None, end.end));
    }
    lines.lines
}

/// The commands of a log as far as it can be read.
pub fn loose(set: &Set, files: &dyn Source) -> Vec<Line> {
    let mut lines = Lines::of(set);
    walk::walk(set, files, &mut lines);
    lines.lines
}

/// What commands do, without those that only set the scene.
pub fn effects(lines: &[Line]) -> Vec<(u64, &[u8])> {
    let scene = |line: &&Line| {
        let command = rdbkit_aof::Command::parse(&line.raw).unwrap();
        !command.is(b"SELECT") && !command.is(b"MULTI") && !command.is(b"EXEC")
    };
    let lines = lines.iter().filter(scene);
    lines.map(|line| (line.db, line.raw.as_slice())).collect()
}

/// Builds the result and checks what holds of any; gives its commands.
pub fn result(set: &Set, old: &Memory, plan: &Plan) -> (Memory, Vec<Line>) {
    let new = plan.output.build(old).unwrap();
    let new_set = plan.output.set();
    if let Some((name, manifest)) = &plan.output.manifest {
        let text = new.get(name).unwrap();
        let parsed = Manifest::parse(text).unwrap_or_default();
        assert_eq!(parsed.to_string().as_bytes(), text);
        assert_eq!(parsed.loaded().count(), manifest.entries.len());
    }
    let outputs = new.list().unwrap().unwrap().len();
    assert_eq!(
        outputs,
        new_set.files().len() + usize::from(plan.output.manifest.is_some())
    );
    assert!(outputs > 0);
    for (file, change) in plan.output.files.iter().map(|file| {
        let change = plan.files.iter().find(|c| c.name == file.name).unwrap();
        (file, change)
    }) {
        assert_eq!(file.len(), change.kept + change.inserted);
        if let (Some((_, manifest)), Fate::Changed) = (&plan.output.manifest, change.fate) {
            let entry = manifest.entries.iter().find(|e| e.name == file.name);
            assert_eq!(entry.unwrap().end_offset, None);
        }
        let old_len = old.get(&file.name).unwrap().len() as u64;
        assert_eq!(old_len, change.kept + change.removed);
    }
    let lines = strict(&new_set, &new);
    assert_eq!(
        plan.kept.commands,
        lines.len() as u64 - inserted_selects(plan)
    );
    assert_eq!(
        plan.changed(),
        set.files()
            .iter()
            .any(|f| old.get(&f.name) != new.get(&f.name))
    );
    (new, lines)
}

fn inserted_selects(plan: &Plan) -> u64 {
    let pieces = plan.output.files.iter().flat_map(|file| &file.pieces);
    pieces
        .map(|piece| match piece {
            edit::Piece::Bytes(bytes) => {
                let mut reader = SliceReader::new(bytes);
                let mut count = 0;
                while let Some(event) = reader.next_event().unwrap() {
                    count += u64::from(matches!(event, Event::Command(c) if c.is(b"SELECT")));
                }
                count
            }
            edit::Piece::Copy { .. } => 0,
        })
        .sum()
}

/// What holds of any cut.
pub fn cut(set: &Set, old: &Memory, plan: &Plan) {
    let (new, lines) = result(set, old, plan);
    let all = loose(set, old);
    // What stays is a beginning of what was there.
    assert_eq!(lines[..], all[..lines.len()]);
    assert_eq!(effects(&lines)[..], effects(&all)[..effects(&lines).len()]);
    for file in &plan.output.files {
        let new = new.get(&file.name).unwrap();
        assert!(old.get(&file.name).unwrap().starts_with(new));
    }
    let Some(point) = &plan.point else { return };
    let last = plan.output.files.last().unwrap();
    assert_eq!((&last.name, last.len()), (&point.file, point.offset));
}

/// What holds when commands were taken out; gives those that stay.
pub fn dropped(set: &Set, old: &Memory, plan: &Plan) -> Vec<Line> {
    let (_, lines) = result(set, old, plan);
    let all = loose(set, old);
    // No transaction is left without a command.
    for pair in lines.windows(2) {
        let empty = pair[0].place == Place::Opens && pair[1].place == Place::Closes;
        assert!(
            !empty
                || all
                    .windows(2)
                    .any(|p| p[0].raw == pair[0].raw && p[1].place == Place::Closes)
        );
    }
    // All that stays stood there, on the same database, in this order.
    let mut rest = effects(&all).into_iter();
    for line in effects(&lines) {
        if plan.gone.shortened == 0 {
            assert!(rest.any(|old| old == line), "{line:?}");
        }
    }
    assert_eq!(plan.kept.commands + plan.gone.commands, all.len() as u64);
    lines
}

/// What holds of any repair; gives the new files.
pub fn repaired(set: &Set, old: &Memory, allowed: &Repair, plan: &Plan) -> Memory {
    let (new, lines) = result(set, old, plan);
    // Without a fault nothing changes; what stays stood there, on the same
    // database. Behind damage that is left out nobody knows better.
    if !allowed.skip_damage {
        let all = loose(set, old);
        let mut rest = effects(&all).into_iter();
        for line in effects(&lines) {
            assert!(rest.any(|old| old == line), "{line:?}");
        }
    }
    // Once is enough.
    let again = edit::repair(&plan.output.set(), &new, allowed, &edit::Options::at(50)).unwrap();
    assert!(!again.changed(), "{:?}", again.damage);
    new
}
