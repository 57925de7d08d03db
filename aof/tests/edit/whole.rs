//! The rules that the result of an edit holds, checked strictly.

use rdbkit_aof::edit::{Fate, Plan};
use rdbkit_aof::walk::{self, Item, Unit, Visitor};
use rdbkit_aof::{Manifest, Memory, Place, Set, Source};

/// One command of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub raw: Vec<u8>,
    pub db: u64,
    pub file: Vec<u8>,
    pub place: Place,
}

#[derive(Default)]
struct Lines {
    names: Vec<Vec<u8>>,
    lines: Vec<Line>,
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
            Item::Annotation(line) => assert!(line.is_complete()),
        }
    }
}

/// The commands of a log that must be without fault.
pub fn strict(set: &Set, files: &dyn Source) -> Vec<Line> {
    let mut lines = Lines {
        names: set.files().iter().map(|f| f.name.clone()).collect(),
        ..Lines::default()
    };
    for end in walk::walk(set, files, &mut lines) {
        assert!(end.error.is_none(), "{:?}", end.error);
        assert_eq!((end.open, end.safe), (None, end.end));
    }
    lines.lines
}

/// The commands of a log as far as it can be read, torn annotations and all.
pub fn loose(set: &Set, files: &dyn Source) -> Vec<Line> {
    struct Loose(Lines);
    impl Visitor for Loose {
        fn unit(&mut self, unit: &Unit<'_>) {
            if !matches!(unit.item, Item::Annotation(_)) {
                self.0.unit(unit);
            }
        }
    }
    let names = set.files().iter().map(|f| f.name.clone()).collect();
    let mut loose = Loose(Lines {
        names,
        ..Lines::default()
    });
    walk::walk(set, files, &mut loose);
    loose.0.lines
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
            rdbkit_aof::edit::Piece::Bytes(bytes) => {
                let count = bytes.windows(6).filter(|w| *w == b"SELECT").count();
                count as u64
            }
            rdbkit_aof::edit::Piece::Copy { .. } => 0,
        })
        .sum()
}
