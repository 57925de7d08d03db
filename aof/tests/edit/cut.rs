use proptest::prelude::*;
use rdbkit_aof::Set;
use rdbkit_aof::edit::{self, At, Cut, Error, Fate, Matching, Note, Pick, Plan};
use rdbkit_aof::fs::{Folder, Log};

use crate::logs::{files, log, set};
use crate::whole::{self, loose, result, strict};

fn before(pattern: &str, pick: Pick) -> Cut {
    let matching = Matching {
        pattern: pattern.parse().unwrap(),
        db: None,
    };
    Cut::Before { matching, pick }
}

fn first(pattern: &str) -> Cut {
    before(pattern, Pick::FIRST)
}

fn at(file: Option<&str>, offset: u64) -> Cut {
    Cut::At(At {
        file: file.map(|name| name.as_bytes().to_vec()),
        offset,
    })
}

fn nth(n: u64) -> Pick {
    Pick::Nth(n.try_into().unwrap())
}

/// Cuts, and gives the plan and the new bytes of the files in order.
fn cut(files: &[Vec<u8>], target: &Cut) -> Result<(Plan, Vec<Vec<u8>>), Error> {
    let (set, memory) = set(files);
    let plan = edit::cut(&set, &memory, target, &edit::Options::at(50))?;
    let (new, _) = result(&set, &memory, &plan);
    let bytes = plan.output.files.iter();
    let bytes = bytes.map(|file| new.get(&file.name).unwrap().to_vec());
    let bytes = bytes.collect();
    Ok((plan, bytes))
}

#[test]
fn before_a_command() {
    let lines = [
        "#TS:1", "SET a 1", "SELECT 2", "#TS:2", "DEL a b", "FLUSHALL", "SET c 1",
    ];
    let (plan, new) = cut(&[log(&lines)], &first("DEL b")).unwrap();
    // The annotation of the second that is lost goes with it.
    assert_eq!(new, [log(&lines[..3])]);
    assert_eq!(plan.kept.time, Some(1));
    assert_eq!(plan.gone.commands, 3);
    assert_eq!(plan.gone.databases, [(2, 3)]);
    assert_eq!(plan.gone.times, Some((2, 2)));
    assert_eq!(plan.gone.names[0], ("DEL".to_owned(), 1));
    let key = |name: &str| (2, name.as_bytes().to_vec());
    assert_eq!(plan.gone.first_keys, [key("a"), key("b"), key("c")]);
    assert_eq!((plan.gone.keys, plan.gone.keys_exact), (3, true));
    let around = &plan.around[0];
    let texts =
        |list: &[edit::Excerpt]| -> Vec<String> { list.iter().map(|e| e.text.clone()).collect() };
    assert_eq!(texts(&around.before), ["SET a 1", "SELECT 2"]);
    assert_eq!(texts(&around.gone), ["DEL a b", "FLUSHALL", "SET c 1"]);
    assert_eq!(
        around.gone[0].to_string(),
        "a.aof:65 db 2: DEL a b".replace("65", &around.gone[0].offset.to_string())
    );
    assert_eq!(plan.notes, []);
    assert!(plan.changed());
}

#[test]
fn one_of_several_matches() {
    let lines = ["SET a 1", "SET b 1", "SELECT 3", "SET a 2"];
    let bytes = [log(&lines)];
    let error = cut(&bytes, &first("SET")).unwrap_err();
    assert!(matches!(error, Error::NothingBefore { .. }));
    let (plan, new) = cut(&bytes, &before("SET a", nth(2))).unwrap();
    assert_eq!(new, [log(&lines[..3])]);
    assert_eq!(plan.notes, [Note::OtherMatches { total: 2, taken: 2 }]);
    assert_eq!(cut(&bytes, &before("SET", Pick::Last)).unwrap().1, new);
    let error = cut(&bytes, &before("SET", nth(9))).unwrap_err();
    assert!(matches!(
        error,
        Error::TooFewMatches {
            matches: 3,
            wanted: 9,
            ..
        }
    ));
    let error = cut(&bytes, &before("GET", Pick::Last)).unwrap_err();
    assert!(matches!(
        error,
        Error::NothingMatches {
            commands: 4,
            files: 1,
            ..
        }
    ));
    let matching = Matching {
        pattern: "SET".parse().unwrap(),
        db: Some(3),
    };
    let in_db = Cut::Before {
        matching,
        pick: Pick::FIRST,
    };
    assert_eq!(cut(&bytes, &in_db).unwrap().1, new);
}

#[test]
fn transactions_go_as_a_whole() {
    let lines = [
        "SET a 1", "#TS:7", "MULTI", "SELECT 5", "INCR a", "FLUSHDB", "EXEC", "INCR a",
    ];
    let bytes = [log(&lines)];
    let (plan, new) = cut(&bytes, &first("FLUSHDB")).unwrap();
    assert_eq!(new, [log(&lines[..1])]);
    assert_eq!((plan.kept.commands, plan.gone.commands), (1, 6));
    assert_eq!((plan.gone.transactions, plan.kept.time), (1, None));
    assert!(matches!(
        plan.notes[..],
        [Note::Moved {
            transaction: true,
            ..
        }]
    ));
    assert_eq!(plan.around[0].gone[0].text, "MULTI");
    // At its MULTI there is nothing to move, and the annotation stays.
    let (plan, new) = cut(&bytes, &at(None, log(&lines[..2]).len() as u64)).unwrap();
    assert_eq!((new, plan.notes), (vec![log(&lines[..2])], vec![]));
}

#[test]
fn at_an_offset() {
    let lines = ["SET a 1", "SET b 1"];
    let bytes = [log(&lines)];
    let half = log(&lines[..1]).len() as u64;
    for offset in [half, half + 1, 2 * half - 1] {
        let (plan, new) = cut(&bytes, &at(None, offset)).unwrap();
        assert_eq!(new, [log(&lines[..1])]);
        assert_eq!(plan.notes.len(), usize::from(offset != half));
    }
    assert!(!cut(&bytes, &at(None, 2 * half)).unwrap().0.changed());
    let error = cut(&bytes, &at(None, 2 * half + 1)).unwrap_err();
    assert!(matches!(error, Error::BeyondEnd { length, .. } if length == 2 * half));
    assert!(matches!(
        cut(&bytes, &at(None, 3)),
        Err(Error::NothingBefore { .. })
    ));
    assert!(matches!(
        cut(&bytes, &at(Some("b"), 3)),
        Err(Error::NoSuchFile { .. })
    ));
    let two = [log(&lines), log(&lines)];
    assert!(matches!(
        cut(&two, &at(None, 3)),
        Err(Error::WhichFile { .. })
    ));
    let (plan, new) = cut(&two, &at(Some("a.1.incr.aof"), 0)).unwrap();
    assert_eq!(new, [log(&lines), Vec::new()]);
    assert!(plan.notes.contains(&Note::OnlyBase));
    assert!(plan.notes.contains(&Note::EmptyFile {
        file: b"a.1.incr.aof".to_vec()
    }));
}

#[test]
fn later_files_leave() {
    let files = [
        log(&["SET a 1"]),
        log(&["SET b 1", "FLUSHALL"]),
        log(&["SET c 1"]),
    ];
    let (plan, new) = cut(&files, &first("flushall")).unwrap();
    assert_eq!(new, [log(&["SET a 1"]), log(&["SET b 1"])]);
    let fates: Vec<Fate> = plan.files.iter().map(|file| file.fate).collect();
    assert_eq!(fates, [Fate::Same, Fate::Changed, Fate::Left]);
    assert!(plan.notes.contains(&Note::EndOffsetDropped {
        file: b"a.1.incr.aof".to_vec()
    }));
    assert_eq!(plan.gone.commands, 2);
}

#[test]
fn to_a_time() {
    let files = [
        log(&["#TS:10", "SET a 1"]),
        log(&[
            "#TS:20", "SET b 1", "#TS:30", "SET c 1", "#TS:40", "SET d 1",
        ]),
    ];
    for time in 30..40 {
        let (plan, new) = cut(&files, &Cut::Until(time)).unwrap();
        assert_eq!(new[1], log(&["#TS:20", "SET b 1", "#TS:30", "SET c 1"]));
        assert_eq!(
            (plan.kept.time, plan.gone.times),
            (Some(30), Some((40, 40)))
        );
    }
    assert_eq!(cut(&files, &Cut::Until(19)).unwrap().1[1], b"");
    let (plan, _) = cut(&files, &Cut::Until(40)).unwrap();
    assert_eq!(
        (plan.changed(), &plan.notes[..]),
        (false, &[Note::AllBefore { time: 40 }][..])
    );
    let error = cut(&files, &Cut::Until(9)).unwrap_err();
    assert_eq!(
        error,
        Error::BeforeBase {
            wanted: 9,
            earliest: 10
        }
    );
    let error = cut(&[log(&["SET a 1"])], &Cut::Until(9)).unwrap_err();
    assert_eq!(error, Error::NoTimes { base_time: None });
}

#[test]
fn to_a_time_with_a_clock_that_went_back() {
    let file = b"#TS:100\r\n*1\r\n$4\r\nPING\r\n#TS:110\r\n*1\r\n$4\r\nPING\r\n#TS:90\r\n*1\r\n$4\r\nPING\r\n";
    let cut = |wanted| cut(&[file.to_vec()], &Cut::Until(wanted)).unwrap().0.notes;
    let note = |wanted| [Note::ClockWentBack { wanted, first: 90 }];
    assert_eq!(
        (cut(100), cut(105)),
        (note(100).to_vec(), note(105).to_vec())
    );
    assert_eq!(cut(110), [Note::AllBefore { time: 110 }]);
}

#[test]
fn damage_matters_before_the_point_alone() {
    let torn = |lines: &[&str]| [log(lines), b"*2\r\n$3\r\nDE".to_vec()].concat();
    let files = [
        torn(&["SET a 1", "FLUSHALL", "SET b 1"]),
        torn(&["SET c 1", "FLUSHDB"]),
    ];
    let (plan, new) = cut(&files, &first("FLUSHALL")).unwrap();
    assert_eq!(new, [log(&["SET a 1"])]);
    let behind = plan
        .notes
        .iter()
        .filter(|note| matches!(note, Note::DamageBehind { .. }));
    assert_eq!(behind.count(), 2);
    let error = cut(&files, &first("FLUSHDB")).unwrap_err();
    assert!(matches!(error, Error::Damaged { at, .. } if at.file == b"a.1.base.aof"));
    let error = cut(&files, &first("GET")).unwrap_err();
    assert!(matches!(error, Error::NothingMatches { unread, .. } if unread.len() == 2));
    // Inside what is torn: what is before it is whole.
    let single = [torn(&["SET a 1"])];
    let end = log(&["SET a 1"]).len() as u64;
    let (plan, new) = cut(&single, &at(None, end + 5)).unwrap();
    assert_eq!(new, [log(&["SET a 1"])]);
    assert!(matches!(
        plan.notes[..],
        [Note::Moved { .. }, Note::DamageBehind { .. }]
    ));
    assert!(matches!(
        cut(&single, &at(None, end + 50)),
        Err(Error::BeyondEnd { .. })
    ));
    // A transaction that is open before the point is damage, too.
    let open = [log(&["MULTI", "SET a 1"]), log(&["FLUSHALL"])];
    assert!(matches!(
        cut(&open, &first("FLUSHALL")),
        Err(Error::Damaged { .. })
    ));
}

/// A log that a server wrote.
fn fixture(folder: &str) -> (Set, Folder) {
    let top = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/aof");
    let log = Log::find(format!("{top}/{folder}")).unwrap();
    (log.set().unwrap(), log.folder().clone())
}

#[test]
fn the_base_in_rdb_form_is_one_piece() {
    let (set, folder) = fixture("valkey-9-sid/ts");
    let base = set.files()[0].name.clone();
    let cut = |target: &Cut| edit::cut(&set, &folder, target, &edit::Options::at(0));
    let base = std::str::from_utf8(&base).unwrap();
    let error = cut(&at(Some(base), 20)).unwrap_err();
    let Error::InsideRdb { end, base_time, .. } = error else {
        panic!("{error}");
    };
    let made = base_time.unwrap();
    assert_eq!(
        end,
        std::fs::metadata(folder.file(base.as_bytes()).unwrap())
            .unwrap()
            .len()
    );
    // At its end the base alone stays, and the increment as an empty file.
    let plan = cut(&at(Some(base), end)).unwrap();
    assert_eq!((plan.kept.commands, plan.kept.base_time), (0, base_time));
    let error = cut(&Cut::Until(made - 1)).unwrap_err();
    assert_eq!(
        error,
        Error::BeforeBase {
            wanted: made - 1,
            earliest: made
        }
    );
    // An offset without a file means the one that holds commands.
    let plan = cut(&at(None, 0)).unwrap();
    assert!(plan.notes.contains(&Note::OnlyBase) && plan.gone.commands > 10);
    let new = plan.output.build(&folder).unwrap();
    assert_eq!(strict(&plan.output.set(), &new).len(), 0);
    assert_eq!(plan.kept.needs.redis, None);
    assert_eq!(plan.kept.needs.valkey.unwrap().to_string(), "valkey:9.0");
}

#[test]
fn a_damaged_rdb_file_has_no_point_in_it() {
    let rdb = b"REDIS0004\xfe\x00\x00\x01a\xc0";
    let files = [log(&["SET a 1"]), rdb.to_vec()];
    for offset in [1, 9, 15] {
        let error = cut(&files, &at(Some("a.1.incr.aof"), offset)).unwrap_err();
        assert!(matches!(error, Error::DamagedRdb { .. }), "{error}");
        let error = cut(&files[1..], &at(None, offset)).unwrap_err();
        assert!(matches!(error, Error::DamagedRdb { .. }), "{error}");
    }
    let (_, new) = cut(&files, &at(Some("a.1.incr.aof"), 0)).unwrap();
    assert_eq!(new, [files[0].clone(), Vec::new()]);
}

#[test]
fn a_preamble_is_never_cut() {
    let (set, folder) = fixture("redis-6.0-bullseye/preamble/appendonly.aof");
    let error = edit::cut(&set, &folder, &at(None, 1), &edit::Options::at(0)).unwrap_err();
    let Error::InsideRdb { end, .. } = error else {
        panic!("{error}");
    };
    let plan = edit::cut(&set, &folder, &at(None, end), &edit::Options::at(0)).unwrap();
    assert_eq!(plan.output.files[0].len(), end);
    assert!(plan.changed() && plan.output.manifest.is_none());
    assert_eq!(plan.kept.needs.redis.unwrap().to_string(), "redis:5.0");
    assert!(matches!(
        edit::cut(&set, &folder, &Cut::Until(0), &edit::Options::at(0)),
        Err(Error::BeforeBase { .. })
    ));
}

fn targets() -> impl Strategy<Value = Cut> {
    let patterns = prop_oneof![
        Just("FLUSHALL"),
        Just("DEL"),
        Just("* key:3"),
        Just("EXEC"),
        Just("SELECT")
    ];
    let picks = prop_oneof![Just(Pick::FIRST), Just(nth(2)), Just(Pick::Last)];
    let names = prop_oneof![Just("a.aof"), Just("a.1.base.aof"), Just("a.1.incr.aof")];
    prop_oneof![
        4 => (patterns, picks).prop_map(|(pattern, pick)| before(pattern, pick)),
        2 => (names, 0..600u64).prop_map(|(name, offset)| at(Some(name), offset)),
        1 => (0..200i64).prop_map(Cut::Until),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_before_the_point_stays(files in files(), target in targets()) {
        let (set, old) = set(&files);
        if let Ok(plan) = edit::cut(&set, &old, &target, &edit::Options::at(50)) {
            whole::cut(&set, &old, &plan);
            let all = loose(&set, &old);
            prop_assert_eq!(plan.kept.commands + plan.gone.commands, all.len() as u64);
        }
    }

    #[test]
    fn damage_never_stays(files in files(), target in targets(), which: usize, place: usize, byte: u8) {
        let mut files = files;
        let count = files.len();
        let file = &mut files[which % count];
        if !file.is_empty() {
            let place = place % file.len();
            if byte % 3 == 0 { file.truncate(place) } else { file[place] = byte }
        }
        let (set, old) = set(&files);
        if let Ok(plan) = edit::cut(&set, &old, &target, &edit::Options::at(50)) {
            whole::cut(&set, &old, &plan);
        }
    }
}
