//! Several threads come to the plan of one, whatever the log and the pieces.

use std::fs;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::Options;
use crate::edit::{self, At, Cut, Matching, Pick, Removal, Repair, What, Which};
use crate::set::Set;
use crate::source::Memory;

const NOW: i64 = 1_763_718_000_000;

fn command(args: &[&str]) -> Vec<u8> {
    let mut raw = format!("*{}\r\n", args.len());
    for arg in args {
        raw += &format!("${}\r\n{arg}\r\n", arg.len());
    }
    raw.into_bytes()
}

#[derive(Clone, Debug)]
enum Asked {
    Cut(Cut),
    Drop(Removal),
    Repair(Repair),
}

/// The plan of several threads, which has to be that of one.
fn same(log: &[u8], asked: &Asked, count: usize, piece: u64) -> String {
    let mut files = Memory::default();
    files.insert(b"a.aof", log);
    let set = Set::single(b"a.aof");
    let plan = |options: Options| match asked {
        Asked::Cut(cut) => format!("{:?}", edit::cut(&set, &files, cut, &options)),
        Asked::Drop(removal) => format!("{:?}", edit::drop(&set, &files, removal, &options)),
        Asked::Repair(allowed) => format!("{:?}", edit::repair(&set, &files, allowed, &options)),
    };
    let one = plan(Options::at(NOW));
    let several = plan(Options::at(NOW).with_pieces(count, piece));
    assert_eq!(
        one, several,
        "{asked:?}: {count} threads, pieces of {piece}"
    );
    one
}

fn matching(pattern: &str) -> Matching {
    Matching {
        pattern: pattern.parse().unwrap(),
        db: None,
    }
}

fn before(pattern: &str, pick: Pick) -> Asked {
    Asked::Cut(Cut::Before {
        matching: matching(pattern),
        pick,
    })
}

fn removal(pattern: &str, which: Which) -> Asked {
    Asked::Drop(Removal {
        what: What::Matching {
            matching: matching(pattern),
            which,
        },
        keys: Vec::new(),
    })
}

#[test]
fn what_stands_around_is_shown_from_the_middle_of_a_piece() {
    let mut log = Vec::new();
    for n in 0..1000 {
        log.extend(command(&["SET", &format!("key:{n}"), "value"]));
        if n == 700 {
            log.extend(command(&["FLUSHALL"]));
        }
    }
    for asked in [
        before("FLUSHALL", Pick::FIRST),
        removal("FLUSHALL", Which::Only),
        removal("SET key:7?1", Which::All),
        before("SET key:7*", Pick::Last),
    ] {
        let plan = same(&log, &asked, 2, 1000);
        assert!(plan.starts_with("Ok"), "{plan}");
    }
    let plan = same(&log, &before("FLUSHALL", Pick::FIRST), 2, 1000);
    assert!(
        plan.contains("SET key:696") && plan.contains("SET key:700"),
        "{plan}"
    );
}

#[test]
fn a_key_that_has_expired_is_followed_by_one_alone() {
    let set = command(&["SET", "some:key", "value"]);
    let other = command(&["SET", "other:key", "value"]).repeat(100);
    let past = command(&["PEXPIREAT", "some:key", "1500000000000"]);
    let log = [&set, &other, &past, &other, &set, &other, &past, &other].map(Vec::as_slice);
    let log = [&log.concat()[..], &command(&["FLUSHALL"])].concat();
    let plan = same(&log, &before("FLUSHALL", Pick::FIRST), 3, 300);
    assert!(plan.contains("expired: 1,"), "{plan}");
}

#[test]
fn logs_of_servers() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some(Path::new("aof").as_os_str()) {
                let log = fs::read(&path).unwrap();
                for asked in [
                    before("SET *", Pick::Last),
                    removal("* key*", Which::All),
                    Asked::Repair(Repair::default()),
                ] {
                    same(&log, &asked, 2, 100);
                }
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files}");
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    let words = |words: &[&str]| Just(command(words));
    let odd: &[&[u8]] = &[
        b"#TS:1700000000\r\n",
        b"#TS:1700000009\r\n",
        b"#\n",
        b"*1\n$4\nPING\n",
        b"*2\r\n$3\r\nDEL\r\n$1\r\nk??",
        b"*0\r\n",
        b"garbage\r\n",
    ];
    prop_oneof![
        8 => words(&["SET", "k", "v"]),
        4 => "[a-c*$\r\n]{0,30}".prop_map(|value| command(&["set", "key", &value])),
        4 => "[a-c]".prop_map(|key| command(&["INCR", &key])),
        1 => words(&["PEXPIREAT", "a", "1500000000000"]),
        1 => words(&["PEXPIREAT", "b", "4102444800000"]),
        1 => words(&["DEL", "x", "a", "c"]),
        1 => words(&["RENAME", "a", "b"]),
        1 => words(&["MULTI"]),
        1 => words(&["EXEC"]),
        1 => words(&["SELECT", "3"]),
        1 => words(&["SELECT", "77"]),
        1 => words(&["SET", "k"]),
        1 => words(&["XGROUP", "CREATE", "k", "g", "0"]),
        1 => words(&["NOSUCH", "x"]),
        1 => words(&["FT.ADD", "x"]),
        1 => Just(command(&["SET", "r", &"*1\r\n$8\r\nFLUSHALL\r\n".repeat(3)])),
        1 => proptest::sample::select(odd).prop_map(<[u8]>::to_vec),
    ]
}

fn asked(log_size: u64) -> impl Strategy<Value = Asked> {
    let pattern =
        || proptest::sample::select(&["SET", "SET k", "* a", "DEL c", "INCR ?", "XGROUP *"][..]);
    let nth = |n| Pick::Nth(NonZeroU64::new(n).unwrap_or(NonZeroU64::MIN));
    let pick = move || prop_oneof![(1u64..5).prop_map(nth), Just(Pick::Last)];
    let which = prop_oneof![
        Just(Which::All),
        Just(Which::Only),
        pick().prop_map(Which::One)
    ];
    let at = move || (0..log_size + 3).prop_map(|offset| At { file: None, offset });
    let keys = proptest::collection::vec("[a-c]".prop_map(String::into_bytes), 0..2);
    let repair = (any::<bool>(), any::<bool>());
    prop_oneof![
        4 => (pattern(), pick()).prop_map(|(pattern, pick)| before(pattern, pick)),
        2 => at().prop_map(|at| Asked::Cut(Cut::At(at))),
        1 => (1_699_999_999i64..1_700_000_010).prop_map(|time| Asked::Cut(Cut::Until(time))),
        4 => (pattern(), which, keys).prop_map(|(pattern, which, keys)| {
            let what = What::Matching { matching: matching(pattern), which };
            Asked::Drop(Removal { what, keys })
        }),
        2 => at().prop_map(|at| Asked::Drop(Removal { what: What::At(at), keys: Vec::new() })),
        4 => repair.prop_map(|(skip_damage, module)| Asked::Repair(Repair {
            skip_damage,
            module_commands: module.then(|| "ft.*".to_owned()).into_iter().collect(),
            ..Repair::default()
        })),
    ]
}

fn case() -> impl Strategy<Value = (Vec<u8>, Asked)> {
    let units = proptest::collection::vec(unit(), 0..80);
    (units, 0usize..12).prop_flat_map(|(units, lost)| {
        let mut log = units.concat();
        log.truncate(log.len() - lost.min(log.len()));
        let size = log.len() as u64;
        (Just(log), asked(size))
    })
}

proptest! {
    #[test]
    fn any_log((log, asked) in case(), count in 2usize..4, piece in 16u64..200) {
        same(&log, &asked, count, piece);
    }
}
