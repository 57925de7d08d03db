use proptest::prelude::*;

use super::*;
use crate::fs::Folder;
use crate::search::sample::{log, see, visit};
use crate::source::Source;
use crate::{Set, walk};

fn question(key: &str, db: Option<u64>, follow: bool) -> Question {
    Question {
        key: key.as_bytes().to_vec(),
        db,
        follow,
    }
}

/// What is told: `touch name/db`, with a `>` where the key was followed.
fn told(asked: Question, lines: &[&str]) -> Vec<String> {
    let mut told = Vec::new();
    let mut history = History::new(asked, |_, found| {
        let mark = if found.followed { ">" } else { "" };
        let name = found.name.escape_ascii();
        told.push(format!("{mark}{} {name}/{}", found.touch.name(), found.db));
    });
    see(&[lines], &mut history);
    assert_eq!(history.touched() as usize, told.len());
    told
}

#[test]
fn every_way_to_touch_a_key() {
    let lines = [
        "SET k 1",
        "SET other k",
        "MSET a 1 k 2",
        "DEL k k",
        "SUNIONSTORE k a b",
        "SORT a STORE k",
        "GEORADIUS a 1 1 1 m STORE k",
        "BITOP AND d a k",
        "XGROUP CREATE k g $",
        "EVAL return 1 k",
        "RENAME k a",
        "RENAMENX a k",
        "RENAME k k",
        "COPY k a",
        "COPY a k DB 5",
        "MOVE k 3",
        "FLUSHDB",
        "FLUSHALL ASYNC",
        "SWAPDB 0 1",
        "MOD.SET k 1",
        "MOD.SET a 1",
        "EVAL return 0",
    ];
    let all = told(question("k", None, false), &lines);
    let wanted = "key k/0, key k/0, key k/0, key k/0, key k/0, key k/0, key k/0, key k/0, key k/0, \
        renamed-to k/0, renamed-from k/0, renamed-to k/0, renamed-from k/0, copied-to k/0, \
        copied-from k/5, moved-to k/0, moved-from k/3, flushed k/0, flushed k/0, swapped k/0, \
        perhaps k/0";
    assert_eq!(all.join(", "), wanted);
}

#[test]
fn one_database_at_a_time() {
    let lines = [
        "SELECT 1",
        "SET k 1",
        "SELECT 0",
        "SET k 1",
        "FLUSHDB",
        "SELECT 2",
        "FLUSHDB",
        "COPY k k DB 0",
    ];
    let zero = ["key k/0", "flushed k/0", "copied-from k/0"];
    assert_eq!(told(question("k", Some(0), false), &lines), zero);
    assert_eq!(told(question("k", Some(1), false), &lines), ["key k/1"]);
}

#[test]
fn a_key_is_followed() {
    let lines = [
        "SET a 1",
        "RENAME a b",
        "INCR b",
        "RENAME b c",
        "INCR b",
        "MOVE c 3",
        "SELECT 3",
        "INCR c",
        "SELECT 0",
        "INCR c",
        "SET a 2",
    ];
    assert_eq!(
        told(question("a", Some(0), true), &lines),
        [
            "key a/0",
            "renamed-to a/0",
            ">key b/0",
            ">renamed-to b/0",
            ">moved-to c/0",
            ">key c/3",
            "key a/0"
        ]
    );
    let plain = ["key a/0", "renamed-to a/0", "key a/0"];
    assert_eq!(told(question("a", Some(0), false), &lines), plain);
}

#[test]
fn databases_change_places() {
    let lines = [
        "SET k 1",
        "SWAPDB 0 5",
        "INCR k",
        "SELECT 5",
        "INCR k",
        "SWAPDB 5 6",
        "SELECT 6",
        "INCR k",
    ];
    assert_eq!(
        told(question("k", Some(0), false), &lines),
        [
            "key k/0",
            "swapped k/0",
            "key k/0",
            ">key k/5",
            ">swapped k/5",
            ">key k/6"
        ]
    );
}

#[test]
fn what_may_have_touched_it_is_counted() {
    let mut history = History::new(question("k", None, false), |_, _| {});
    let lines = [
        "JSON.SET a $ 1",
        "json.set b $ 1",
        "XGROUP NOSUCH k",
        "XGROUP NOSUCH a",
        "FCALL f 0",
        "FCALL f 1 k",
    ];
    see(&[&lines], &mut history);
    assert_eq!((history.unknown(), history.scripts()), (3, 1));
    assert_eq!(history.unknown_names(), [&b"json.set"[..], b"xgroup"]);
    assert_eq!((history.touched(), history.commands()), (2, 6));
    assert_eq!(history.cut_short(), 0);
}

#[test]
fn following_has_an_end() {
    let lines: Vec<String> = (0..300)
        .flat_map(|n| [format!("RENAME k n{n}"), "SET k 1".to_owned()])
        .collect();
    let mut history = History::new(question("k", Some(0), true), |_, _| {});
    visit(&[log(&lines).into_bytes()], &mut history);
    assert_eq!(history.followed().count(), FOLLOWED - 1);
    assert_eq!(history.not_followed(), 300 - (FOLLOWED as u64 - 1));
}

#[test]
fn the_base_is_looked_at() {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/aof");
    let folder = Folder::new(top.join("redis-8.0-sid/mp-rdbbase"));
    let set = Set::open(&folder, b"appendonly.aof.manifest").unwrap();
    let mut keys = Keys::default();
    walk::walk(&set, &folder as &dyn Source, &mut keys);
    assert!(keys.keys.len() > 3, "{:?}", keys.keys);
    for (db, key) in keys.keys {
        let mut history = History::new(question(&key, Some(db), false), |_, _| {});
        walk::walk(&set, &folder, &mut history);
        let [base] = history.base() else {
            panic!("{key}: {:?}", history.base());
        };
        assert_eq!((base.db, base.file), (db, 0));
        assert!(base.kind.is_some());
        let mut history = History::new(question(&key, Some(db + 100), false), |_, _| {});
        walk::walk(&set, &folder, &mut history);
        assert!(history.base().is_empty());
    }
}

/// The keys of a base, and the database at hand.
#[derive(Default)]
struct Keys {
    db: u64,
    keys: Vec<(u64, String)>,
}

impl Visitor for Keys {
    fn preamble(&mut self, _: usize, event: &rdbkit_rdb::Event<'_>) {
        match event {
            Part::SelectDb(db) => self.db = *db,
            Part::Key { key, .. } => {
                let key = String::from_utf8(key.to_vec().unwrap()).unwrap();
                self.keys.push((self.db, key));
            }
            _ => {}
        }
    }

    fn unit(&mut self, _: &Unit<'_>) {}
}

/// Commands with `@` for keys, and `=` for what only looks like one.
const FORMS: &[&str] = &[
    "SET @ =",
    "set @ = PXAT 5",
    "DEL @ @ @",
    "unlink @",
    "MSET @ = @ =",
    "MSETNX @ =",
    "APPEND @ =",
    "SETRANGE @ 0 =",
    "INCRBY @ 1",
    "RENAME @ @",
    "RENAMENX @ @",
    "COPY @ @",
    "COPY @ @ DB 2 REPLACE",
    "MOVE @ 2",
    "BITOP NOT @ @",
    "BITOP XOR @ @ @ @",
    "PFMERGE @ @ @",
    "PFADD @ =",
    "LPUSH @ = =",
    "LMOVE @ @ LEFT LEFT",
    "RPOPLPUSH @ @",
    "SMOVE @ @ =",
    "SADD @ =",
    "SDIFFSTORE @ @ @",
    "SINTERSTORE @ @",
    "SUNIONSTORE @ @ @ @",
    "SORT @ BY = GET = STORE @",
    "SORT @ STORE @",
    "ZADD @ NX 1 =",
    "ZUNIONSTORE @ 2 @ @ WEIGHTS 1 2",
    "ZINTERSTORE @ 1 @",
    "ZDIFFSTORE @ 2 @ @",
    "ZRANGESTORE @ @ 0 -1",
    "ZMPOP 2 @ @ MIN",
    "GEOSEARCHSTORE @ @ FROMMEMBER = BYRADIUS 1 m",
    "GEORADIUS @ 1 1 1 m STORE @",
    "GEORADIUSBYMEMBER @ = 1 m STOREDIST @",
    "HSET @ = =",
    "HPEXPIREAT @ 5 FIELDS 1 =",
    "XADD @ 1-1 = =",
    "XGROUP CREATE @ = $",
    "XGROUP SETID @ = 5",
    "XCLAIM @ = = 0 1-1",
    "XDEL @ 1-1",
    "EVAL = 2 @ @ =",
    "EVALSHA = 1 @",
    "FCALL = 1 @ =",
    "PERSIST @",
    "PEXPIREAT @ 5",
    "RESTORE @ 0 =",
    "MSETEX 2 @ = @ = PXAT 5",
    "XSETID @ 1-1",
    "GETDEL @",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A walk over all keys of all commands never finds what history misses.
    #[test]
    fn nothing_is_missed(
        lines in prop::collection::vec((0..FORMS.len(), prop::collection::vec(0..4usize, 8), 0..12u8), 1..60)
    ) {
        const NAMES: [&str; 4] = ["k", "a", "b", "k:1"];
        let mut log = Vec::new();
        let mut wanted = Vec::new();
        let mut db = 0;
        for (form, picks, select) in lines {
            if select < 3 {
                db = u64::from(select);
                log.extend(log_of(&format!("SELECT {db}")));
            }
            let mut picks = picks.iter().cycle();
            let mut is_key = false;
            let words: Vec<&str> = FORMS[form].split(' ').map(|word| match word {
                "@" | "=" => {
                    let name = NAMES[*picks.next().unwrap()];
                    is_key |= word == "@" && name == "k";
                    name
                }
                word => word,
            }).collect();
            let line = words.join(" ");
            let raw = log_of(&line);
            // In which databases it touches "k": COPY .. DB 2 and MOVE .. 2 in another, too.
            let first_is_k = words[1] == "k" && FORMS[form].split(' ').nth(1) == Some("@");
            let touched: Vec<u64> = match words[0] {
                "COPY" if line.contains(" DB ") => {
                    first_is_k.then_some(db).into_iter().chain((words[2] == "k").then_some(2)).collect()
                }
                "MOVE" => if first_is_k { vec![db, 2] } else { vec![] },
                _ => if is_key { vec![db] } else { vec![] },
            };
            wanted.extend(touched.into_iter().map(|db| (log.len() as u64, db)));
            log.extend(raw);
        }
        for asked in [None, Some(0), Some(2)] {
            let mut found = Vec::new();
            let mut history = History::new(question("k", asked, false), |unit, f| {
                found.push((unit.begin, f.db));
            });
            visit(&[log.clone()], &mut history);
            prop_assert_eq!(history.unknown(), 0);
            let mut wanted: Vec<_> =
                wanted.iter().copied().filter(|w| asked.is_none_or(|db| db == w.1)).collect();
            wanted.dedup();
            found.dedup();
            prop_assert_eq!(found, wanted);
        }
    }
}

fn log_of(line: &str) -> Vec<u8> {
    crate::search::sample::command(line).into_bytes()
}
