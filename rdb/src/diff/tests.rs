//! Two files, and what is told of them.

mod property;
mod values;

use super::{Change, Delta, Diff, DiffError, Difference, Side, Summary, ValueDifference};
use crate::filter::{Filter, Pattern};
use crate::wire::ObjectKind;

/// A file of version 11 without checksum.
pub(super) fn file(records: &[&[u8]]) -> Vec<u8> {
    let mut file = b"REDIS0011".to_vec();
    records
        .iter()
        .for_each(|record| file.extend_from_slice(record));
    file.extend_from_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    file
}

/// A line for each difference, and the summary.
pub(super) fn told(diff: Diff<'_>) -> (Vec<String>, Summary) {
    let mut lines = Vec::new();
    let summary = diff.run(|difference| {
        lines.push(line(difference));
        Ok(())
    });
    (lines, summary.unwrap())
}

fn line(difference: &Difference<'_>) -> String {
    let key = match difference {
        Difference::Key(key) => key,
        Difference::Duplicate(d) => {
            return format!(
                "{}/{} {}x{}x {}",
                d.db,
                d.key.escape_ascii(),
                d.old,
                d.new,
                d.alike
            );
        }
        Difference::Library(l) => return format!("lib {} {:?}", l.name.escape_ascii(), l.change()),
        Difference::ModuleData => return "module data".to_owned(),
    };
    let mut line = format!(
        "{}/{} {}",
        key.db,
        key.key.escape_ascii(),
        key.change().name()
    );
    if key.ttl {
        line += " ttl";
    }
    if key.metadata {
        line += " metadata";
    }
    match &key.value {
        ValueDifference::Same => {}
        ValueDifference::Type => line += " type",
        ValueDifference::Parts(parts) => {
            for delta in parts.deltas() {
                line += &format!(" {}", show(&delta));
            }
        }
        ValueDifference::Unknown { side, error } => line += &format!(" unknown {side}: {error}"),
    }
    line
}

fn show(delta: &Delta<'_>) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match delta {
        Delta::Text { old, new, at } => format!("{}>{}@{at}", text(old), text(new)),
        Delta::Splice(s) => {
            let list =
                |all: &mut dyn Iterator<Item = &[u8]>| all.map(text).collect::<Vec<_>>().join(",");
            let (old, new) = (list(&mut s.old_elements()), list(&mut s.new_elements()));
            format!("{}:{old}>{}:{new}", s.old_at, s.new_at)
        }
        Delta::Member { member, change } => format!("{}{}", text(member), sign(*change)),
        Delta::Score { member, old, new } => format!("{}:{old:?}>{new:?}", text(member)),
        Delta::Field {
            field, old, new, ..
        } => {
            let state = |state: &Option<super::FieldState<'_>>| match state {
                Some(state) => match state.expire_ms {
                    Some(ms) => format!("{}@{ms}", text(state.value)),
                    None => text(state.value),
                },
                None => "-".to_owned(),
            };
            format!("{}:{}>{}", text(field), state(old), state(new))
        }
        other => format!("{} {}", other.part(), sign(other.change())),
    }
}

fn sign(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed => '~',
    }
}

#[test]
fn the_same_data_in_any_order_and_in_pieces() {
    let (a, b, c) = (
        &b"\x00\x01a\xc0\x07"[..],
        &b"\x02\x01s\x02\x01x\xc0\x05"[..],
        &b"\x00\x01c\x01v"[..],
    );
    let old = file(&[b"\xfe\x00", a, b, b"\xfe\x01", c]);
    // The number as text, the set in another order, database 0 in two pieces.
    let new = file(&[
        b"\xfe\x01",
        c,
        b"\xfe\x00",
        b"\x02\x01s\x02\x015\x01x",
        b"\xfe\x01\xfe\x00\x00\x01a\x017",
    ]);
    let (lines, summary) = told(Diff::new(&old, &new));
    assert_eq!(lines, [""; 0]);
    assert_eq!(
        (summary.same, summary.old.keys, summary.is_same()),
        (3, 3, true)
    );
    // The same key elsewhere is another key.
    let new = file(&[b"\xfe\x02", a, b, c]);
    let (lines, summary) = told(Diff::new(&old, &new));
    assert_eq!(
        lines,
        [
            "0/a removed",
            "0/s removed",
            "1/c removed",
            "2/a added",
            "2/s added",
            "2/c added"
        ]
    );
    assert_eq!(
        (summary.added, summary.removed, summary.differing()),
        (3, 3, 6)
    );
}

#[test]
fn expiries_within_the_tolerance_are_the_same() {
    let key = |ms: u64, name: &[u8; 1]| {
        [b"\xfc", &ms.to_le_bytes()[..], b"\x00\x01", name, b"\x01v"].concat()
    };
    let old = file(&[
        &key(1000, b"a"),
        &key(1000, b"b"),
        b"\x00\x01c\x01v",
        b"\xfd\x02\0\0\0\x00\x01d\x01v",
    ]);
    let new = file(&[
        &key(1400, b"a"),
        &key(1401, b"b"),
        &key(1, b"c"),
        &key(2000, b"d"),
    ]);
    let (lines, summary) = told(Diff::new(&old, &new).ttl_tolerance_ms(400));
    assert_eq!(lines, ["0/b changed ttl", "0/c changed ttl"]);
    assert_eq!(
        (summary.ttl_changed, summary.changed, summary.same),
        (2, 0, 2)
    );
    assert_eq!(told(Diff::new(&old, &new)).1.ttl_changed, 3);
}

#[test]
fn a_key_that_is_there_twice_is_told_of_and_not_compared() {
    let (one, two) = (&b"\x00\x01a\x011"[..], &b"\x00\x01a\x012"[..]);
    let old = file(&[one, two, b"\xfe\x01", one]);
    let new = file(&[one, b"\xfe\x01", two]);
    let (lines, summary) = told(Diff::new(&old, &new));
    assert_eq!(lines, ["0/a 2x1x false", "1/a changed 1>2@0"]);
    assert_eq!((summary.duplicates, summary.duplicates_differ), (1, 1));
    let (lines, summary) = told(Diff::new(&old, &old));
    assert_eq!(lines, ["0/a 2x2x true"]);
    assert!(summary.is_same());
}

#[test]
fn a_filter_asks_for_what_either_file_has() {
    let old = file(&[b"\x00\x01a\x011", b"\x00\x01b\x011", b"\x00\x01c\x011"]);
    let new = file(&[b"\x02\x01a\x01\x01x", b"\x00\x01b\x012", b"\x00\x01c\x012"]);
    let mut filter = Filter::new().object(ObjectKind::Set);
    let (lines, summary) = told(Diff::new(&old, &new).filter(&mut filter));
    assert_eq!(lines, ["0/a changed type"]);
    assert_eq!(
        (summary.type_changed, summary.new.taken, summary.old.taken),
        (1, 1, 0)
    );
    let mut filter = Filter::new()
        .key(Pattern::glob("[bx]"))
        .key(Pattern::glob("y"));
    let (lines, _) = told(Diff::new(&old, &new).filter(&mut filter));
    assert_eq!(lines, ["0/b changed 1>2@0"]);
    assert_eq!(
        (filter.seen(), filter.taken(), filter.unmet().count()),
        (6, 2, 1)
    );
}

#[test]
fn libraries_and_module_data() {
    let library = |code: &[u8]| {
        let source = [b"#!lua name=l\n", code].concat();
        [&[0xf5, source.len() as u8], &source[..]].concat()
    };
    let aux = |n: u8| {
        [
            b"\xf7\x81\xbd\xe7\x2d\xa2\xbb\x1e\xb4\x00\x02\x02\x02",
            &[n][..],
            b"\x00",
        ]
        .concat()
    };
    let old = file(&[&library(b"return 1"), &aux(1)]);
    let (lines, summary) = told(Diff::new(&old, &file(&[&library(b"return 2"), &aux(2)])));
    assert_eq!(lines, ["lib l Changed", "module data"]);
    assert!(!summary.is_same() && summary.differing() == 0);
    let (lines, _) = told(Diff::new(&old, &file(&[&aux(1)])));
    assert_eq!(lines, ["lib l Removed"]);
}

#[test]
fn damage_is_an_error_before_anything_is_told() {
    let good = file(&[b"\x00\x01a\x011"]);
    let run =
        |old: &Vec<u8>, new: &Vec<u8>| Diff::new(old, new).run(|_| panic!("told")).unwrap_err();
    let mut bad = file(&[b"\x00\x01b\x011"]);
    *bad.last_mut().unwrap() = 1;
    for (error, at) in [(run(&bad, &good), Side::Old), (run(&good, &bad), Side::New)] {
        let DiffError::Source { side, error } = error else {
            panic!("{error}");
        };
        assert!(
            side == at && error.to_string().contains("checksum"),
            "{error}"
        );
    }
    let half = good[..good.len() - 12].to_vec();
    assert!(matches!(
        run(&good, &half),
        DiffError::Source {
            side: Side::New,
            ..
        }
    ));
    assert!(matches!(
        run(&Vec::new(), &good),
        DiffError::Source {
            side: Side::Old,
            ..
        }
    ));
}

#[test]
fn little_memory_takes_temporary_room_and_gives_the_same() {
    let mut records = [b"\xfe\x00".to_vec(), b"\xfe\x00".to_vec()];
    for n in 0..200_000u32 {
        for (side, records) in records.iter_mut().enumerate() {
            let value = if n % 10 == 0 { side as u8 } else { 7 };
            records.extend_from_slice(b"\x00\x04");
            records.extend_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
            records.extend_from_slice(&[1, b'0' + value]);
        }
    }
    let [old, new] = records.map(|records| file(&[&records]));
    let (all, in_memory) = told(Diff::new(&old, &new));
    let mut room = Vec::new();
    let (lines, spilled) = told(Diff::new(&old, &new).max_memory(1).temp(&mut room));
    assert_eq!((lines.len(), lines == all), (20_000, true));
    assert_eq!((in_memory.spilled, spilled.changed), (0, 20_000));
    assert!(spilled.spilled > 4_000_000, "{}", spilled.spilled);
    let refused = Diff::new(&old, &new).max_memory(1).run(|_| Ok(()));
    assert!(matches!(refused, Err(DiffError::Memory { .. })));
}

#[test]
fn a_value_too_large_to_look_into_is_told_of() {
    let value = |last: u8| {
        let mut value = vec![b'x'; 400_000];
        value.push(last);
        let len = (value.len() as u32).to_be_bytes();
        [&[0, 1, b'a', 0x80], &len[..], &value].concat()
    };
    let (old, new) = (file(&[&value(1)]), file(&[&value(2)]));
    let (lines, summary) = told(Diff::new(&old, &new).max_memory(1 << 20));
    assert!(
        lines[0].starts_with("0/a changed unknown old: record of 40"),
        "{lines:?}"
    );
    assert_eq!(
        (summary.unknown, summary.changed, summary.is_same()),
        (1, 0, false)
    );
    assert_eq!(told(Diff::new(&old, &new)).1.changed, 1);
    assert_eq!(told(Diff::new(&old, &old).max_memory(1 << 20)).1.same, 1);
}

#[test]
fn a_visitor_can_end_it() {
    let (old, new) = (file(&[b"\x00\x01a\x011", b"\x00\x01b\x011"]), file(&[]));
    let mut seen = 0;
    let ended = Diff::new(&old, &new).run(|_| {
        seen += 1;
        Err(std::io::ErrorKind::BrokenPipe.into())
    });
    assert!(matches!(ended, Err(DiffError::Visitor(_))) && seen == 1);
}

/// A compressed name that fits nowhere is a limit, whoever asks for it first.
#[test]
fn names_are_decompressed_within_the_memory_allowed() {
    let runs = 3_000_u32;
    let mut packed = b"\x00a".to_vec();
    (0..runs).for_each(|_| packed.extend_from_slice(b"\xe0\xff\x00"));
    let (stored, full) = (packed.len() as u16, 1 + 264 * runs);
    let mut record = vec![0, 0xc3, 0x40 | (stored >> 8) as u8, stored as u8, 0x80];
    record.extend_from_slice(&full.to_be_bytes());
    record.extend_from_slice(&packed);
    record.extend_from_slice(b"\x01x");
    let file = file(&[&record]);
    let bytes = &&file[..];
    let summary = Diff::new(bytes, bytes).run(|_| Ok(())).unwrap();
    assert_eq!(summary.same, 1);
    for mut filter in [Filter::new(), Filter::new().key(Pattern::glob("*b"))] {
        let diff = Diff::new(bytes, bytes).max_memory(1 << 20);
        let error = diff.filter(&mut filter).run(|_| Ok(())).unwrap_err();
        let DiffError::Source { error, .. } = error else {
            panic!("{error}");
        };
        assert!(error.is_limit() && error.offset() == 9, "{error}");
    }
}

#[test]
fn two_threads_come_to_the_same() {
    let key = |name: &str, value: u8| {
        let mut record = vec![0, name.len() as u8];
        record.extend_from_slice(name.as_bytes());
        record.extend_from_slice(&[1, value]);
        record
    };
    let keys = |changed: usize| {
        let records: Vec<_> = (0..40_000)
            .map(|n| key(&format!("key:{n:05}"), b'a' + u8::from(n % changed == 0)))
            .collect();
        file(&records.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    let (old, new) = (keys(700), keys(900));
    let told = |threads: usize, filter: &mut Filter| {
        let mut room = Vec::new();
        let diff = Diff::new(&old, &new).max_memory(1).temp(&mut room);
        let (lines, mut summary) = told(diff.filter(filter).threads(threads));
        // How much was left open in which log is up to chance.
        summary.spilled = summary.spilled.min(1);
        let unmet: Vec<String> = filter.unmet().collect();
        (lines, summary, filter.seen(), filter.taken(), unmet)
    };
    let filters: [fn() -> Filter; 3] = [
        Filter::new,
        || Filter::new().key(Pattern::glob("key:*0")).min_size(1 << 20),
        || Filter::new().key(Pattern::glob("none")).without_db(7),
    ];
    for (n, filter) in filters.into_iter().enumerate() {
        let one = told(1, &mut filter());
        assert_eq!(
            (one.2, one.4.is_empty()),
            (80_000 * n.min(1) as u64, n == 0)
        );
        assert_eq!(one.1.spilled, u64::from(n < 2));
        assert_eq!(told(2, &mut filter()), one);
        assert_eq!(told(0, &mut filter()), one);
    }
    // Damage is told of the old file first, whatever comes first.
    let cut = &old[..100];
    for threads in [1, 2] {
        let both = Diff::new(&cut, &cut).threads(threads).run(|_| Ok(()));
        assert!(
            matches!(
                both,
                Err(DiffError::Source {
                    side: Side::Old,
                    ..
                })
            ),
            "{both:?}"
        );
        let second = Diff::new(&old, &cut).threads(threads).run(|_| Ok(()));
        assert!(
            matches!(
                second,
                Err(DiffError::Source {
                    side: Side::New,
                    ..
                })
            ),
            "{second:?}"
        );
    }
}
