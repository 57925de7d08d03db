//! Edits of a log made of the bytes: what comes out holds the rules.

#[path = "../../aof/tests/edit/whole.rs"]
mod whole;

use rdbkit_aof::edit::{self, At, Cut, Matching, Pick, Removal, Repair, What, Which};
use rdbkit_aof::{Command, Memory, Set, commands};

/// Expiries are compared with this: a time that numbers of few digits pass.
const NOW_MS: i64 = 5000;

/// What to do, where to divide the log into two files, which command or byte to
/// take; the log.
pub fn edited(data: &[u8]) {
    let Some(([choice, a, b, c, d], log)) = data.split_first_chunk::<5>() else {
        return;
    };
    let (split, place) = (u16::from_le_bytes([*a, *b]), u16::from_le_bytes([*c, *d]));
    let (set, files) = divided(log, (choice & 1 == 1).then_some(split.into()));
    match choice >> 1 & 3 {
        0 => cut(&set, &files, *choice, place.into()),
        1 => dropped(&set, &files, *choice, place.into()),
        kind => {
            let allowed = Repair {
                skip_damage: kind == 3,
                allow_empty: true,
                ..Repair::default()
            };
            if let Ok(plan) = edit::repair(&set, &files, &allowed, &edit::Options::at(NOW_MS)) {
                whole::repaired(&set, &files, &allowed, &plan);
            }
        }
    }
}

/// A log of one file, or one of two with its manifest.
pub fn divided(log: &[u8], split: Option<usize>) -> (Set, Memory) {
    let mut files = Memory::default();
    let Some(split) = split else {
        files.insert(b"a.aof", log);
        return (Set::single(b"a.aof"), files);
    };
    let (base, increment) = log.split_at(split % (log.len() + 1));
    files.insert(b"b", base);
    files.insert(b"i", increment);
    files.insert(
        b"a.manifest",
        "file b seq 1 type b\nfile i seq 1 type i startoffset 1 endoffset 9\n",
    );
    let set = Set::open(&files, b"a.manifest").unwrap();
    (set, files)
}

/// A byte of one of the files.
fn at(set: &Set, files: &Memory, place: usize) -> At {
    let file = &set.files()[place % set.files().len()].name;
    let length = files.get(file).unwrap().len();
    At {
        file: Some(file.clone()),
        offset: (place / 2 % (length + 1)) as u64,
    }
}

/// Commands named as one of the log is.
fn matching(set: &Set, files: &Memory, place: usize) -> Option<(Matching, whole::Line)> {
    let mut lines = whole::loose(set, files);
    if lines.is_empty() {
        return None;
    }
    let line = lines.swap_remove(place % lines.len());
    let name = Command::parse(&line.raw).unwrap().name().to_vec();
    let quoted = format!("\"{}\"", name.escape_ascii());
    let matching = Matching {
        pattern: quoted.parse().ok()?,
        db: (place & 1 == 1).then_some(line.db),
    };
    Some((matching, line))
}

fn cut(set: &Set, files: &Memory, choice: u8, place: usize) {
    let target = match choice >> 3 & 3 {
        0 => Cut::At(at(set, files, place)),
        1 => Cut::Until(place as i64),
        _ => match matching(set, files, place) {
            Some((matching, _)) => Cut::Before {
                matching,
                pick: Pick::Last,
            },
            None => return,
        },
    };
    if let Ok(plan) = edit::cut(set, files, &target, &edit::Options::at(NOW_MS)) {
        whole::cut(set, files, &plan);
    }
}

fn dropped(set: &Set, files: &Memory, choice: u8, place: usize) {
    let kind = choice >> 3 & 3;
    let removal = if kind == 0 {
        Removal {
            what: What::At(at(set, files, place)),
            keys: Vec::new(),
        }
    } else {
        let Some((matching, line)) = matching(set, files, place) else {
            return;
        };
        let command = Command::parse(&line.raw).unwrap();
        let keys = commands::spec(&command).into_iter();
        let keys = keys.flat_map(|spec| spec.keys(&command).take(2));
        let keys = keys.filter_map(|key| Some(command.arg(key)?.to_vec()));
        Removal {
            keys: if kind == 3 {
                keys.collect()
            } else {
                Vec::new()
            },
            what: What::Matching {
                matching,
                which: if kind == 1 {
                    Which::One(Pick::Last)
                } else {
                    Which::All
                },
            },
        }
    };
    if let Ok(plan) = edit::drop(set, files, &removal, &edit::Options::at(NOW_MS)) {
        whole::dropped(set, files, &plan);
    }
}
