use proptest::prelude::*;
use rdbkit_aof::edit::{self, Damage, Error, Fate, Harm, Note, Plan, Repair};
use rdbkit_aof::{Memory, Set};

use crate::logs::{files, log, plain, set};
use crate::whole::{self, loose};

const SKIP: Repair = Repair {
    skip_damage: true,
    allow_missing: false,
    allow_empty: false,
    module_commands: Vec::new(),
};

/// Repairs a log of these files; gives the plan and the new files.
fn repair(files: &[Vec<u8>], allowed: Repair) -> Result<(Plan, Vec<Vec<u8>>), Error> {
    let (set, memory) = set(files);
    let plan = edit::repair(&set, &memory, &allowed, &edit::Options::at(50))?;
    let new = whole::repaired(&set, &memory, &allowed, &plan);
    let bytes = plan.output.files.iter();
    let bytes = bytes
        .map(|file| new.get(&file.name).unwrap().to_vec())
        .collect();
    Ok((plan, bytes))
}

/// Repairs one file, which must come out as `wanted`; gives what was wrong.
fn mends(bytes: &[u8], allowed: Repair, wanted: &[&str]) -> Vec<Harm> {
    let (plan, new) = repair(&[bytes.to_vec()], allowed).unwrap();
    assert_eq!(
        new[0].escape_ascii().to_string(),
        log(wanted).escape_ascii().to_string()
    );
    plan.damage.into_iter().map(|damage| damage.harm).collect()
}

fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn a_whole_log_stays() {
    let lines = [
        "#TS:1", "SELECT 1", "MULTI", "SET a 1", "EXEC", "NOSUCH x", "DEL",
    ];
    let (plan, new) = repair(&[log(&lines)], Repair::default()).unwrap();
    assert!(!plan.changed() && plan.damage.is_empty() && plan.notes.is_empty());
    assert_eq!((new, plan.kept.commands), (vec![log(&lines)], 6));
}

#[test]
fn files_end_where_they_are_whole() {
    let whole = log(&["SET a 1"]);
    let torn = |tail: &[u8]| mends(&join(&[&whole, tail]), Repair::default(), &["SET a 1"]);
    assert_eq!(torn(b"*2\r\n$3\r\nDE"), [Harm::Torn]);
    assert_eq!(torn(b"*"), [Harm::Torn]);
    assert_eq!(torn(&[0; 9]), [Harm::ZeroBytes]);
    assert_eq!(torn(b"#TS:12"), [Harm::TornAnnotation]);
    assert_eq!(
        torn(&log(&["MULTI", "SELECT 3", "SET b 1"])),
        [Harm::OpenTransaction]
    );
    assert_eq!(
        torn(&join(&[&log(&["MULTI", "SET b 1"]), b"*3\r\n"])),
        [Harm::Torn]
    );
    assert_eq!(
        torn(b"garbage"),
        [Harm::Rest(
            "a command must begin with '*', not with 'g'".to_owned()
        )]
    );
    // A command whose length was wrong is damaged itself.
    let harm = torn(b"*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\nxyz\r\n");
    assert!(matches!(harm[..], [Harm::Rest(_)]));
}

#[test]
fn no_piece_of_a_long_annotation_ends_a_file() {
    let whole = log(&["SET a 1"]);
    let long = format!("#{}", "x".repeat(1100)).into_bytes();
    let pieces = format!("#{}#yy", "x".repeat(1022)).into_bytes();
    for tail in [long, pieces] {
        for allowed in [Repair::default(), SKIP] {
            let bytes = join(&[&whole, &tail]);
            assert_eq!(mends(&bytes, allowed, &["SET a 1"]).len(), 1);
        }
        let bytes = join(&[&whole, &tail, b"\r\n", &log(&["SET b 1", "SET c 1"])]);
        let (_, new) = repair(&[bytes], SKIP).unwrap();
        assert!(new[0].ends_with(&log(&["SET b 1", "SET c 1"])));
    }
}

#[test]
fn what_goes_is_told() {
    let bytes = join(&[&log(&["SET a 1", "MULTI", "SET b 1", "SET c 1"]), b"*3\r\n"]);
    let (plan, _) = repair(&[bytes], Repair::default()).unwrap();
    let [
        Damage {
            commands,
            text,
            range,
            ..
        },
    ] = &plan.damage[..]
    else {
        panic!("{:?}", plan.damage);
    };
    assert_eq!(
        (*commands, text.as_deref(), range.clone()),
        (3, Some("MULTI"), 27..100)
    );
    assert_eq!(
        (plan.gone.commands, plan.gone.keys, plan.gone.transactions),
        (3, 2, 1)
    );
    let around = &plan.around[0];
    assert_eq!(
        (around.before[0].text.as_str(), around.gone.len()),
        ("SET a 1", 3)
    );
}

#[test]
fn later_files_are_warned_of() {
    let torn = join(&[&log(&["SET a 1"]), b"*2\r\n"]);
    let files = [torn.clone(), log(&["SET b 1"]), torn];
    let (plan, new) = repair(&files, Repair::default()).unwrap();
    assert_eq!(
        new,
        [log(&["SET a 1"]), log(&["SET b 1"]), log(&["SET a 1"])]
    );
    let file = b"a.1.base.aof".to_vec();
    assert!(
        plan.notes
            .contains(&Note::BuiltOnMissing { file, later: 2 })
    );
}

#[test]
fn damage_in_the_middle_is_left_out_on_request() {
    let good = log(&["SET a 1"]);
    let tail = log(&["SET b 1", "SET c 1"]);
    let value = "*1\r\n$8\r\nFLUSHALL\r\n*1\r\n$8\r\nFLUSHALL\r\n";
    let set = format!(
        "*3\r\n$3\r\nSET\r\n$1\r\nv\r\n${}\r\n{value}\r\n",
        value.len()
    )
    .into_bytes();
    let damaged = |at: usize, byte: u8| {
        let mut bytes = set.clone();
        bytes[at] = byte;
        bytes
    };
    // Nothing inside of the value comes to be run.
    for bytes in [
        damaged(0, b'x'),  // *
        damaged(1, b'4'),  // the count is too large
        damaged(4, b'\0'), // $
        damaged(13, b'?'), // $ of the key
        damaged(20, b'!'), // $ of the value
        damaged(2, b'x'),  // CR: servers take it
    ] {
        let log = join(&[&good, &bytes, &tail]);
        let odd = bytes[2] == b'x';
        let (plan, new) = repair(std::slice::from_ref(&log), SKIP).unwrap();
        if odd {
            assert!(!plan.changed());
            continue;
        }
        assert_eq!(new[0], join(&[&good, &tail]), "{}", bytes.escape_ascii());
        assert!(matches!(
            plan.damage[..],
            [Damage {
                harm: Harm::Bytes(_),
                ..
            }]
        ));
        let (plan, new) = repair(&[log], Repair::default()).unwrap();
        assert_eq!(new[0], good);
        assert!(
            matches!(plan.notes[..], [Note::MoreBehind { .. }]),
            "{:?}",
            plan.notes
        );
    }
}

#[test]
fn wrong_lengths_and_garbage() {
    let tail = ["SET b 1", "SET c 1"];
    for wrong in [
        &b"*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$2\r\nhello\r\n"[..],
        b"*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$7\r\nhello\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nv\r\n$40\r\nhello\r\n",
        b"*2\r\n$3\r\nSET\r\n$1\r\nv\r\n$5\r\nhello\r\n",
        b"*0\r\n",
        b"garbage *1\r\n $5\r\n",
        &[0; 5000],
    ] {
        let bytes = join(&[&log(&["SET a 1"]), wrong, &log(&tail)]);
        let (plan, new) = repair(&[bytes], SKIP).unwrap();
        let wanted = log(&["SET a 1", "SET b 1", "SET c 1"]);
        assert_eq!(new[0], wanted, "{}", wrong.escape_ascii());
        assert_eq!(plan.damage.len(), 1);
    }
}

#[test]
fn a_key_that_ends_like_an_annotation_is_none() {
    let bytes = join(&[
        b"*2\r\n$3\r\nDEL\r\n$\xeb\r\nset#TS:8\r\n",
        &log(&["SET a 1"]),
    ]);
    mends(&bytes, SKIP, &["SET a 1"]);
    // The damaged length leads to the line.
    let bytes = join(&[
        b"*3\r\n$6\xbe\xdf\x12PUSHX\r\n$9\r\nlist#TS:8\r\n$2\r\n\x01\x02\r\n",
        &log(&["SET a 1"]),
    ]);
    mends(&bytes, SKIP, &["SET a 1"]);
}

#[test]
fn what_servers_refuse_is_left_out_on_request() {
    let lines = [
        "SET a 1",
        "NOSUCH x",
        "SET b",
        "JSON.SET a . 1",
        "EXEC",
        "SET c 1",
    ];
    let harm = mends(
        &log(&lines),
        SKIP,
        &["SET a 1", "JSON.SET a . 1", "SET c 1"],
    );
    assert_eq!(harm, [Harm::UnknownCommand, Harm::WrongArity, Harm::Vain]);
    // Servers from 7.0 on do not start with a subcommand they do not know.
    let lines = ["SET a 1", "XGROUP DESxROY s g", "SET c 1"];
    let harm = mends(&log(&lines), SKIP, &["SET a 1", "SET c 1"]);
    assert_eq!(harm, [Harm::UnknownCommand]);
    // Where that was a damaged one, the next commands may be meant for elsewhere.
    let lines = ["SELECT 1", "SELECT x", "SET c 1"];
    let harm = mends(&log(&lines), SKIP, &["SELECT 1", "SET c 1"]);
    assert_eq!(harm, [Harm::VainSelect]);
    let (plan, _) = repair(&[log(&lines)], SKIP).unwrap();
    let told = |note: &Note| {
        matches!(
            note,
            Note::DatabaseUncertain {
                db: 1,
                commands: 1,
                ..
            }
        )
    };
    assert!(plan.notes.iter().any(told), "{:?}", plan.notes);
    let lines = ["MULTI", "MULTI", "SET b", "EXEC"];
    let harm = mends(&log(&lines), Repair::default(), &["MULTI", "SET b", "EXEC"]);
    assert_eq!(harm, [Harm::Vain]);
}

#[test]
fn transactions_are_kept_whole_or_go() {
    let head = log(&["SET a 1", "MULTI", "SELECT 4", "SET b 1"]);
    let tail = log(&["SET c 1", "EXEC", "SET d 1", "SET e 1"]);
    let harm = mends(
        &join(&[&head, b"*3\r\n$3\r\nxx", &tail]),
        SKIP,
        &["SET a 1", "SELECT 4", "SET d 1", "SET e 1"],
    );
    assert!(matches!(
        harm[..],
        [
            Harm::BrokenTransaction,
            Harm::Bytes(_),
            Harm::BrokenTransaction
        ]
    ));
    // Its MULTI was damaged.
    let tail = log(&["SELECT 4", "SET b 1", "EXEC", "SET c 1", "SET d 1"]);
    mends(
        &join(&[&log(&["SET a 1"]), b"*1\r\n$5\r\nMU\r\n", &tail]),
        SKIP,
        &["SET a 1", "SELECT 4", "SET c 1", "SET d 1"],
    );
    // Its EXEC was: the next MULTI tells, or an annotation, or the end.
    for next in [
        &["MULTI", "SET c 1", "EXEC"][..],
        &["#TS:9", "SET c 1", "SET d 1"],
        &["SET c 1", "SET d 1"],
    ] {
        let bytes = join(&[&head, b"*1\r\n$4\r\nEX\r\n", &log(next)]);
        mends(&bytes, SKIP, &[&["SET a 1", "SELECT 4"], next].concat());
    }
    // It was, and is a command of another name now: the next transaction is whole.
    let lines = ["SET a 1", "MULTI", "SET b 1", "EX@C", "SET c 1"];
    let next = ["MULTI", "SET d 1", "EXEC"];
    mends(
        &log(&[&lines[..], &next].concat()),
        SKIP,
        &[&["SET a 1", "SET c 1"][..], &next].concat(),
    );
    // A command no server knows breaks one, too.
    mends(
        &log(&["SET a 1", "MULTI", "NOSUCH", "SET b 1", "EXEC"]),
        SKIP,
        &["SET a 1"],
    );
}

#[test]
fn an_uncertain_database_is_told() {
    let bytes = join(&[
        &log(&["SELECT 1", "SET a 1"]),
        b"*2\r\n$6\r\nSEL\r\n",
        &log(&["SET b 1", "SET c 1", "SELECT 2"]),
    ]);
    let (plan, _) = repair(&[bytes], SKIP).unwrap();
    let told = |note: &Note| {
        matches!(
            note,
            Note::DatabaseUncertain {
                db: 1,
                commands: 2,
                ..
            }
        )
    };
    assert!(plan.notes.iter().any(told), "{:?}", plan.notes);
    // What goes works on no database.
    let bytes = join(&[
        &log(&["SELECT 1", "SET a 1"]),
        b"*2\r\n$6\r\nSEL\r\n",
        &log(&["SET b 1", "NOSUCH x", "MULTI", "NOSUCH", "SET x 1", "EXEC"]),
        &log(&["#TS:8", "SET c 1", "SELECT 2", "SET d 1"]),
    ]);
    let (plan, _) = repair(&[bytes], SKIP).unwrap();
    assert!(plan.notes.iter().any(told), "{:?}", plan.notes);
}

#[test]
fn a_torn_value_is_not_searched_lightly() {
    // The value of the torn command holds commands, which must not be run.
    let inner = log(&["FLUSHALL"; 50]);
    let head = format!("*3\r\n$3\r\nSET\r\n$1\r\nv\r\n${}\r\n", 5000).into_bytes();
    let bytes = join(&[&log(&["SET a 1"]), &head, &inner, b"*1\r\n$8\r\nFLU"]);
    assert_eq!(mends(&bytes, SKIP, &["SET a 1"]), [Harm::Torn]);
    // A long way of whole commands is another thing.
    let head = format!("*3\r\n$3\r\nSET\r\n$1\r\nv\r\n${}\r\nx\r\n", 500_000).into_bytes();
    let lines = ["INCR a"; 200];
    let harm = mends(&join(&[&head, &log(&lines)]), SKIP, &lines);
    assert!(matches!(harm[..], [Harm::Bytes(_)]));
}

#[test]
fn damaged_annotations_go_on_request() {
    let (head, tail) = (log(&["SET a 1", "#TS:5"]), log(&["#a remark", "SET b 1"]));
    for bad in [&b"#TS:9\r\x07x\n"[..], b"#TS:\r\n", b"#\xff\xfe\r\n"] {
        let bytes = join(&[&head, bad, &tail]);
        let harm = mends(&bytes, SKIP, &["SET a 1", "#TS:5", "#a remark", "SET b 1"]);
        assert_eq!(harm, [Harm::DamagedAnnotation]);
        // They do no harm: what servers load as it is stays as it is.
        let (plan, _) = repair(&[bytes], Repair::default()).unwrap();
        assert!(!plan.changed());
    }
    // A command whose '*' has become a '#' is damage from there on.
    let bytes = join(&[
        &log(&["SET a 1"]),
        b"#2\r\n$3\r\nDEL\r\n$1\r\na\r\n",
        &log(&["SET b 1", "SET c 1"]),
    ]);
    mends(&bytes, SKIP, &["SET a 1", "SET b 1", "SET c 1"]);
    mends(&bytes, Repair::default(), &["SET a 1"]);
}

#[test]
fn what_may_be_no_log_is_not_emptied() {
    let repaired = |bytes: &[u8], allowed: &Repair| repair(&[bytes.to_vec()], allowed.clone());
    for bytes in [
        &b"some text\nof somebody\n"[..],
        &[0; 100],
        b"$3\r\n*1\r\n",
        b"*x\r\n",
    ] {
        for allowed in [Repair::default(), SKIP] {
            let refused = repaired(bytes, &allowed).unwrap_err();
            assert!(
                matches!(refused, Error::NothingReadable { .. }),
                "{refused}"
            );
            let allow_empty = true;
            let (plan, new) = repaired(
                bytes,
                &Repair {
                    allow_empty,
                    ..allowed
                },
            )
            .unwrap();
            assert!(new[0].is_empty() && plan.damage.len() == 1);
        }
    }
    // Of a log that has just begun its first command is torn; an empty one is one.
    for bytes in [&b""[..], b"*2\r\n$6\r\nSEL", b"*1\r\n$5\r\nMULTI\r\n"] {
        assert!(repaired(bytes, &Repair::default()).unwrap().1[0].is_empty());
    }
    // Other files of the log are what it is known by.
    let files = [log(&["SET a 1"]), b"some text".to_vec()];
    assert_eq!(
        repair(&files, Repair::default()).unwrap().1,
        [log(&["SET a 1"]), vec![]]
    );
}

#[test]
fn a_manifest_that_names_no_file_is_no_log_to_repair() {
    let mut memory = Memory::default();
    memory.insert(b"a.manifest", b"# nothing\n");
    let set = Set::open(&memory, b"a.manifest").unwrap();
    let refused =
        edit::repair(&set, &memory, &Repair::default(), &edit::Options::at(0)).unwrap_err();
    assert_eq!(refused, Error::NoFiles);
}

#[test]
fn what_is_whole_between_damaged_commands_stays() {
    let damaged = b"*3\r\n$3\r\nSET\r\n?1\r\nv\r\n$5\r\nhello\r\n";
    let bytes = join(&[
        &log(&["SET a 1"]),
        b"*0\r\n",
        &log(&["SET b 1"]),
        damaged,
        &log(&["SET c 1", "SET d 1"]),
    ]);
    mends(&bytes, SKIP, &["SET a 1", "SET b 1", "SET c 1", "SET d 1"]);
}

#[test]
fn an_annotation_ends_what_a_lost_multi_may_cost() {
    // An EXEC whose MULTI is among damaged bytes: behind an annotation it is of
    // a transaction that began later.
    let bytes = |mark: &'static str| {
        join(&[
            b"*0\r\n",
            &log(&["SET a 1", mark, "SET b 1"]),
            b"*0\r\n",
            &log(&["SET c 1", "EXEC", "SET d 1", "SET e 1"]),
        ])
    };
    mends(
        &bytes("#TS:9"),
        SKIP,
        &["SET a 1", "#TS:9", "SET b 1", "SET d 1", "SET e 1"],
    );
    mends(&bytes("SET x 1"), SKIP, &["SET d 1", "SET e 1"]);
}

#[test]
fn commands_of_modules_stay_where_they_are_known() {
    let lines = ["SET a 1", "JSON.SET a . 1", "MODSET x", "NOSUCH x"];
    let allowed = Repair {
        module_commands: vec!["MOD*".to_owned()],
        ..SKIP
    };
    let harm = mends(&log(&lines), allowed.clone(), &lines[..3]);
    assert_eq!(harm, [Harm::UnknownCommand]);
    // Behind damage they are recognised.
    let bytes = join(&[
        &log(&["SET a 1"]),
        b"*0\r\n",
        &log(&["modset x", "MODSET y"]),
    ]);
    mends(&bytes, allowed, &["SET a 1", "modset x", "MODSET y"]);
}

#[test]
fn missing_files() {
    let (set, mut memory) = set(&[log(&["SET a 1"]), log(&["SET b 1"]), log(&["SET c 1"])]);
    let mut without = Memory::default();
    for name in [&b"a.1.base.aof"[..], b"a.2.incr.aof", b"a.manifest"] {
        without.insert(name, memory.get(name).unwrap());
    }
    let error = edit::repair(&set, &without, &SKIP, &edit::Options::at(0)).unwrap_err();
    assert_eq!(
        error,
        Error::MissingIncrement {
            file: b"a.1.incr.aof".to_vec()
        }
    );
    let allowed = Repair {
        allow_missing: true,
        ..Repair::default()
    };
    let plan = edit::repair(&set, &without, &allowed, &edit::Options::at(0)).unwrap();
    assert!(plan.changed() && plan.files[1].fate == Fate::Missing);
    assert_eq!(plan.output.set().files().len(), 2);
    assert_eq!((plan.kept.commands, plan.notes.len()), (2, 1));
    memory.insert(b"a.1.base.aof", &b"REDIS0011"[..]);
    let error = edit::repair(&set, &memory, &SKIP, &edit::Options::at(0)).unwrap_err();
    assert!(matches!(error, Error::DamagedRdb { .. }));
    let error =
        edit::repair(&Set::single(b"x"), &memory, &SKIP, &edit::Options::at(0)).unwrap_err();
    assert!(matches!(error, Error::MissingBase { .. }));
}

/// A line with zeros behind its number is one that servers read, to its end.
#[test]
fn a_name_behind_an_odd_line_is_found() {
    let odd = b"*1\r\n$4\r\0\0\0\0\0\0\0\0\r\nEXEC\r\n";
    let file = [&log(&["MULTI", "SET a 1"])[..], odd, &log(&["SET b 1"])].concat();
    let (plan, new) = repair(std::slice::from_ref(&file), Repair::default()).unwrap();
    assert!(!plan.changed());
    assert_eq!(new, [file]);
}

/// Where a file is damaged, and how.
fn damages() -> impl Strategy<Value = Vec<(usize, usize, u8, u8)>> {
    proptest::collection::vec(
        (any::<usize>(), any::<usize>(), any::<u8>(), any::<u8>()),
        1..4,
    )
}

fn damage(files: &mut [Vec<u8>], damages: &[(usize, usize, u8, u8)]) {
    let count = files.len();
    for (which, place, kind, byte) in damages {
        let file = &mut files[which % count];
        if file.is_empty() {
            continue;
        }
        let place = place % file.len();
        match kind % 5 {
            0 => file.truncate(place),
            1 => file[place] = *byte,
            2 => _ = file.remove(place),
            3 => file.extend(vec![0; usize::from(*byte)]),
            _ => {
                let end = file.len().min(place + usize::from(*byte));
                file[place..end].fill(0);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_out_is_whole(files in files(), damages in damages(), skip: bool) {
        let mut files = files;
        damage(&mut files, &damages);
        let allowed = Repair { skip_damage: skip, allow_empty: true, ..Repair::default() };
        match repair(&files, allowed) {
            Ok((plan, new)) => {
                prop_assert_eq!(plan.changed(), new != files);
                prop_assert_eq!(plan.damage.is_empty(), !plan.changed());
            }
            Err(error) => prop_assert!(matches!(error, Error::DamagedRdb { .. }), "{error}"),
        }
    }

    #[test]
    fn one_byte_costs_two_commands_at_most(
        units in proptest::collection::vec(plain(), 1..20),
        place: usize,
        // A length that grows may swallow any number of commands and be a
        // command all the same, which nobody can tell.
        byte in any::<u8>().prop_filter("no digit", |byte| !byte.is_ascii_digit()),
    ) {
        // Three commands to the end are demanded where it ends too early.
        let tail = log(&["SET w 1", "SET x 1", "SET y 1", "SET z 1"]);
        let good = [units.concat(), tail].concat();
        let mut bad = good.clone();
        let place = place % units.concat().len();
        bad[place] = byte;
        let (set, old) = set(&[good]);
        let all = loose(&set, &old);
        let (_, new) = repair(&[bad], SKIP).unwrap();
        let (set, new) = crate::logs::set(&new);
        let new = loose(&set, &new);
        let mut rest = all.iter();
        let found = new.iter().filter(|line| rest.clone().any(|old| {
            let same = old.raw == line.raw;
            if same { rest.find(|o| o.raw == line.raw); }
            same
        })).count();
        prop_assert!(found + 2 >= all.len(), "{} of {}", found, all.len());
    }
}
