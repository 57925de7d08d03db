use proptest::prelude::*;
use rdbkit_aof::edit::{self, At, Error, Matching, Note, Pick, Plan, Removal, What, Which};
use rdbkit_aof::{Command, Memory, Set};

use crate::logs::{files, log, set};
use crate::whole::{self, Line, effects, loose, result};

fn matching(pattern: &str, which: Which, keys: &[&str]) -> Removal {
    let matching = Matching {
        pattern: pattern.parse().unwrap(),
        db: None,
    };
    Removal {
        what: What::Matching { matching, which },
        keys: keys.iter().map(|key| key.as_bytes().to_vec()).collect(),
    }
}

fn only(pattern: &str) -> Removal {
    matching(pattern, Which::Only, &[])
}

fn at(offset: usize) -> Removal {
    let at = At {
        file: None,
        offset: offset as u64,
    };
    Removal {
        what: What::At(at),
        keys: Vec::new(),
    }
}

/// Plans for a log of one file; gives the plan and the file.
fn drop(lines: &[&str], removal: &Removal) -> Result<(Plan, Vec<u8>), Error> {
    let (set, memory) = set(&[log(lines)]);
    let plan = edit::drop(&set, &memory, removal, &edit::Options::at(50))?;
    let (new, _) = result(&set, &memory, &plan);
    Ok((plan, new.get(b"a.aof").unwrap().to_vec()))
}

#[test]
fn one_command_goes() {
    let lines = ["#TS:1", "SET a 1", "SELECT 1", "FLUSHALL", "SET b 1"];
    let (plan, new) = drop(&lines, &only("flush*")).unwrap();
    assert_eq!(new, log(&["#TS:1", "SET a 1", "SELECT 1", "SET b 1"]));
    assert_eq!((plan.gone.commands, plan.kept.commands), (1, 3));
    let around = &plan.around[0];
    assert_eq!(around.before.last().unwrap().text, "SELECT 1");
    assert_eq!(around.gone[0].text, "FLUSHALL");
    assert_eq!(
        (around.after[0].text.as_str(), around.after[0].db),
        ("SET b 1", 1)
    );
    assert_eq!(plan.notes, []);
}

#[test]
fn what_sets_the_scene_is_said_to_stay() {
    let lines = ["SET a 1", "SELECT 1", "MULTI", "SET b 1", "EXEC"];
    for (pattern, name) in [("sel*", "SELECT"), ("m?lti", "MULTI"), ("EX[E]C", "EXEC")] {
        let refused = drop(&lines, &only(pattern)).unwrap_err();
        assert!(
            matches!(&refused, Error::Context { name: n, at: Some(_), .. } if n == name),
            "{pattern}: {refused}"
        );
    }
    // Where others match they are passed over.
    assert_eq!(
        drop(&lines, &only("s*")).unwrap_err().to_string(),
        "2 commands match; say which, or all"
    );
    assert!(matches!(
        drop(&lines, &only("x*")),
        Err(Error::NothingMatches { .. })
    ));
}

#[test]
fn several_matches_must_be_asked_for() {
    let lines = ["DEL a", "SET a 1", "DEL b", "DEL a"];
    let error = drop(&lines, &only("DEL")).unwrap_err();
    let Error::Ambiguous { total, first } = error else {
        panic!("{error}");
    };
    let offsets: Vec<u64> = first.iter().map(|excerpt| excerpt.offset).collect();
    assert_eq!((total, offsets), (3, vec![0, 47, 67]));
    let one = |pick| matching("DEL", Which::One(pick), &[]);
    let (plan, new) = drop(&lines, &one(Pick::Last)).unwrap();
    assert_eq!(new, log(&lines[..3]));
    assert_eq!(plan.notes, [Note::OtherMatches { total: 3, taken: 3 }]);
    assert_eq!(drop(&lines, &one(Pick::FIRST)).unwrap().1, log(&lines[1..]));
    let all = matching("DEL", Which::All, &[]);
    let (plan, new) = drop(&lines, &all).unwrap();
    assert_eq!((new, plan.around.len()), (log(&["SET a 1"]), 2));
    assert!(matches!(
        drop(&lines, &only("GET")),
        Err(Error::NothingMatches { commands: 4, .. })
    ));
    let ninth = one(Pick::Nth(9.try_into().unwrap()));
    assert!(matches!(
        drop(&lines, &ninth),
        Err(Error::TooFewMatches { matches: 3, .. })
    ));
}

#[test]
fn keys_leave_commands() {
    let lines = ["DEL a b", "SET a 1", "UNLINK a", "MSET a 1 c 2", "DEL c"];
    let all = |keys: &[&str]| matching("*", Which::All, keys);
    let (plan, new) = drop(&lines, &all(&["a"])).unwrap();
    assert_eq!(new, log(&["DEL b", "MSET c 2", "DEL c"]));
    assert_eq!(
        (plan.gone.commands, plan.gone.shortened, plan.gone.keys),
        (2, 2, 1)
    );
    assert_eq!(
        drop(&lines, &all(&["a", "b"])).unwrap().1,
        log(&["MSET c 2", "DEL c"])
    );
    let one = matching("DEL", Which::Only, &["b"]);
    assert_eq!(
        drop(&lines, &one).unwrap().1[..log(&["DEL a"]).len()],
        log(&["DEL a"])
    );
    let error = drop(&["RENAME a b"], &all(&["a"])).unwrap_err();
    assert!(matches!(error, Error::CannotShorten { .. }), "{error}");
    assert!(matches!(
        drop(&lines, &all(&["x"])),
        Err(Error::NothingMatches { .. })
    ));
}

#[test]
fn the_scene_stays_set() {
    let lines = ["MULTI", "SELECT 3", "FLUSHDB", "EXEC", "SET a 1"];
    // No command is left in the transaction: it goes, and SELECT stays.
    let (plan, new) = drop(&lines, &only("FLUSHDB")).unwrap();
    assert_eq!(new, log(&["SELECT 3", "SET a 1"]));
    assert!(matches!(
        plan.notes[..],
        [
            Note::SelectInserted { db: 3, .. },
            Note::EmptiedTransactions { transactions: 1 }
        ]
    ));
    assert_eq!((plan.gone.transactions, plan.gone.commands), (1, 4));
    // The same by the offset of its MULTI.
    assert_eq!(drop(&lines, &at(0)).unwrap().1, new);
    let lines = ["SELECT 3", "MULTI", "FLUSHDB", "SET a 1", "EXEC"];
    let (plan, new) = drop(&lines, &only("FLUSHDB")).unwrap();
    assert_eq!(new, log(&["SELECT 3", "MULTI", "SET a 1", "EXEC"]));
    assert_eq!(plan.notes, [Note::SplitTransactions { transactions: 1 }]);
    for name in ["select", "MULTI", "Exec"] {
        assert!(matches!(
            drop(&lines, &only(name)),
            Err(Error::Context { .. })
        ));
    }
    for (offset, name) in [(0, "SELECT"), (log(&lines[..4]).len(), "EXEC")] {
        let error = drop(&lines, &at(offset)).unwrap_err();
        assert!(matches!(error, Error::Context { name: n, .. } if n == name));
    }
    // Wildcards pass over them.
    let all = matching("*", Which::All, &[]);
    assert_eq!(drop(&lines, &all).unwrap().1, log(&["SELECT 3"]));
}

#[test]
fn at_an_offset() {
    let lines = ["SET a 1", "#TS:7", "FLUSHALL"];
    let begin = log(&lines[..2]).len();
    let (plan, new) = drop(&lines, &at(begin)).unwrap();
    assert_eq!((new, plan.notes.len()), (log(&lines[..2]), 0));
    let (plan, _) = drop(&lines, &at(begin + 3)).unwrap();
    assert!(matches!(
        plan.notes[..],
        [Note::Moved {
            transaction: false,
            ..
        }]
    ));
    assert!(matches!(
        drop(&lines, &at(begin - 1)),
        Err(Error::NoCommand { .. })
    ));
    assert!(matches!(
        drop(&lines, &at(500)),
        Err(Error::BeyondEnd { length: 52, .. })
    ));
}

#[test]
fn a_damaged_log_is_left_alone() {
    for damage in [&b"*2\r\n$3\r\nDE"[..], b"\0\0\0", b"*1\r\n$5\r\nMULTI\r\n"] {
        let bytes = [log(&["SET a 1", "FLUSHALL"]), damage.to_vec()].concat();
        let (set, memory) = set(&[bytes]);
        let error =
            edit::drop(&set, &memory, &only("FLUSHALL"), &edit::Options::at(0)).unwrap_err();
        assert!(matches!(error, Error::Damaged { at, .. } if at.offset == 45));
    }
    // A torn annotation tells nothing and goes.
    let (set, memory) = set(&[[log(&["SET a 1", "FLUSHALL"]), b"#TS:1".to_vec()].concat()]);
    let plan = edit::drop(&set, &memory, &only("FLUSHALL"), &edit::Options::at(0)).unwrap();
    let (new, _) = result(&set, &memory, &plan);
    assert_eq!(new.get(b"a.aof"), Some(&log(&["SET a 1"])[..]));
    assert!(matches!(plan.notes[..], [Note::TornAnnotation { .. }]));
}

#[test]
fn long_commands_go_whole() {
    let long = format!("SET a {}", "v".repeat(3 << 20));
    let (plan, new) = drop(&["SET b 1", &long, "SET c 1"], &only("SET a")).unwrap();
    assert_eq!(new, log(&["SET b 1", "SET c 1"]));
    assert!(plan.around[0].gone[0].text.len() < 100);
    let long = format!("DEL a {}", "b".repeat(3 << 20));
    let error = drop(&[&long], &matching("DEL", Which::Only, &["a"])).unwrap_err();
    assert!(matches!(error, Error::CannotShorten { .. }));
}

fn removals() -> impl Strategy<Value = Removal> {
    let patterns = prop_oneof![
        Just("FLUSHALL"),
        Just("DEL"),
        Just("* key:3"),
        Just("*"),
        Just("set")
    ];
    let which = prop_oneof![
        Just(Which::Only),
        Just(Which::All),
        Just(Which::One(Pick::Last))
    ];
    let keys = prop_oneof![3 => Just(&[][..]), 1 => Just(&["key:1", "key:2"][..])];
    let names = prop_oneof![Just("a.aof"), Just("a.1.base.aof"), Just("a.1.incr.aof")];
    prop_oneof![
        3 => (patterns, which, keys).prop_map(|(p, which, keys)| matching(p, which, keys)),
        1 => (names, 0..600u64).prop_map(|(name, offset)| Removal {
            what: What::At(At { file: Some(name.into()), offset }),
            keys: Vec::new(),
        }),
    ]
}

/// What should be left of the commands, by a simple count of its own.
fn left<'l>(old: &'l [Line], removal: &Removal) -> Vec<(u64, &'l [u8])> {
    let What::Matching { matching, which } = &removal.what else {
        unreachable!();
    };
    let all = effects(old);
    let hit = |(_, raw): &(u64, &[u8])| matching.pattern.matches(&Command::parse(raw).unwrap());
    let last = all.iter().rposition(hit);
    let keep = |(index, line): (usize, (u64, &'l [u8]))| {
        let goes = hit(&line) && (*which != Which::One(Pick::Last) || Some(index) == last);
        (!goes).then_some(line)
    };
    all.iter().copied().enumerate().filter_map(keep).collect()
}

fn check(set: &Set, old: &Memory, removal: &Removal, plan: &Plan) {
    let lines = whole::dropped(set, old, plan);
    let all = loose(set, old);
    if removal.keys.is_empty() && matches!(removal.what, What::Matching { .. }) {
        assert_eq!(effects(&lines), left(&all, removal));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_does_not_match_stays(files in files(), removal in removals()) {
        let (set, old) = set(&files);
        if let Ok(plan) = edit::drop(&set, &old, &removal, &edit::Options::at(50)) {
            check(&set, &old, &removal, &plan);
        }
    }

    #[test]
    fn damage_is_refused(files in files(), removal in removals(), which: usize, place: usize, byte: u8) {
        let mut files = files;
        let count = files.len();
        let file = &mut files[which % count];
        if !file.is_empty() {
            let place = place % file.len();
            if byte % 3 == 0 { file.truncate(place) } else { file[place] = byte }
        }
        let (set, old) = set(&files);
        if let Ok(plan) = edit::drop(&set, &old, &removal, &edit::Options::at(50)) {
            check(&set, &old, &removal, &plan);
        }
    }
}
