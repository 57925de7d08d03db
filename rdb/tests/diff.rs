//! Every file against itself, against its empty shell, and against others.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a test

#[path = "faces/inputs.rs"]
#[allow(dead_code)] // the other tests' part of it
mod inputs;

use std::collections::BTreeMap;

use rdbkit_rdb::SliceReader;
use rdbkit_rdb::diff::{Change, Diff, DiffError, Difference, Summary};

/// Change, type and counts of parts, by database and key.
type Told = BTreeMap<(u64, Vec<u8>), (Change, String, [u64; 3])>;

fn diff(old: &[u8], new: &[u8]) -> Result<(Told, Summary), DiffError> {
    let mut told = Told::new();
    let summary = Diff::new(&old, &new).run(|difference| {
        if let Difference::Key(key) = difference {
            let mut counts = [0; 3];
            if let rdbkit_rdb::diff::ValueDifference::Parts(parts) = key.value {
                let n = parts.counts();
                assert!(parts.deltas().all(|delta| !delta.part().is_empty()));
                counts = [n.added, n.removed, n.changed];
            }
            let what = format!("{} {:?}", key.ttl, std::mem::discriminant(&key.value));
            told.insert((key.db, key.key.to_vec()), (key.change(), what, counts));
        }
        Ok(())
    })?;
    Ok((told, summary))
}

fn mirrored(told: Told) -> Told {
    let turn = |change| match change {
        Change::Added => Change::Removed,
        Change::Removed => Change::Added,
        Change::Changed => Change::Changed,
    };
    told.into_iter()
        .map(|(key, (change, what, [a, b, c]))| (key, (turn(change), what, [b, a, c])))
        .collect()
}

#[test]
fn a_file_is_the_same_as_itself() {
    let empty = b"REDIS0009\xff\0\0\0\0\0\0\0\0";
    let (mut same, mut refused) = (0, 0);
    for input in inputs::all() {
        let reads = SliceReader::new(&input.bytes)
            .records()
            .all(|record| record.is_ok());
        let Ok((told, summary)) = diff(&input.bytes, &input.bytes) else {
            // Commands among the keys are no damage to a reader.
            refused += 1;
            assert!(!reads || input.name.contains("update"), "{}", input.name);
            continue;
        };
        same += 1;
        assert!(reads, "{}", input.name);
        let what = summary.differing() - summary.duplicates_differ;
        assert!(told.is_empty() && what == 0, "{}: {told:?}", input.name);
        let (told, gone) = diff(&input.bytes, empty).unwrap();
        assert!(told.values().all(|(change, ..)| *change == Change::Removed));
        assert_eq!(gone.removed, told.len() as u64, "{}", input.name);
        if summary.duplicates == 0 {
            assert_eq!(gone.removed, gone.old.keys, "{}", input.name);
        }
    }
    assert!(same > 300 && refused > 50, "{same} {refused}");
}

#[test]
fn the_other_way_round_is_the_mirror_image() {
    let inputs = inputs::up_to(20_000);
    let mut compared = 0;
    for pair in inputs.windows(2) {
        let (old, new) = (&pair[0].bytes, &pair[1].bytes);
        let (Ok((there, _)), Ok((back, _))) = (diff(old, new), diff(new, old)) else {
            continue;
        };
        compared += 1;
        assert_eq!(there, mirrored(back), "{} {}", pair[0].name, pair[1].name);
    }
    assert!(compared > 50, "{compared}");
}
