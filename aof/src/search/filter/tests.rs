use super::*;
use crate::search::sample::{Each, see};

const FIRST: &[&str] = &[
    "SELECT 0",
    "SET a 1",
    "#TS:100",
    "MSET b 1 user:1 2",
    "MULTI",
    "SELECT 3",
    "DEL user:1 user:2",
    "EXEC",
    "#TS:200",
    "COPY a z DB 5",
    "MOVE a 7",
    "SWAPDB 8 9",
    "FLUSHALL ASYNC",
];
const SECOND: &[&str] = &["#TS:300", "MOD.SET a 1", "EVAL x 0"];

/// The names of the commands that match, `file` before them.
fn matching(filter: &Filter) -> String {
    let mut names = Vec::new();
    let mut each = Each(|unit: &Unit<'_>| {
        if filter.matches(unit) {
            let command = unit.item.command().unwrap();
            let name = command.name().escape_ascii().to_string();
            names.push(format!("{}{name}", unit.file));
        }
    });
    see(&[FIRST, SECOND], &mut each);
    names.join(" ")
}

#[test]
fn no_question_matches_every_command() {
    assert_eq!(
        matching(&Filter::default()).split(' ').count(),
        11 + 2,
        "and no annotation"
    );
}

#[test]
fn patterns_and_keys_and_writes() {
    let all = Filter::default();
    let patterns = vec!["flush*".parse().unwrap(), "SET a".parse().unwrap()];
    let filter = Filter {
        patterns,
        ..all.clone()
    };
    assert_eq!(matching(&filter), "0SET 0FLUSHALL");
    let keys = vec![b"user:*".to_vec(), b"z".to_vec()];
    let filter = Filter {
        keys,
        ..all.clone()
    };
    assert_eq!(matching(&filter), "0MSET 0DEL 0COPY");
    let filter = Filter {
        writes: true,
        file: Some(1),
        ..all.clone()
    };
    assert_eq!(matching(&filter), "1MOD.SET 1EVAL");
    let filter = Filter {
        writes: true,
        ..all
    };
    assert!(!matching(&filter).contains("SELECT") && !matching(&filter).contains("MULTI"));
}

#[test]
fn databases_are_those_a_command_works_on() {
    let of = |db| {
        matching(&Filter {
            db: Some(db),
            ..Filter::default()
        })
    };
    assert_eq!(of(5), "0COPY 0FLUSHALL");
    assert_eq!(of(7), "0MOVE 0FLUSHALL");
    assert_eq!(of(8), "0SWAPDB 0FLUSHALL");
    assert_eq!(of(3), "0DEL 0EXEC 0COPY 0MOVE 0FLUSHALL");
    assert_eq!(of(99), "0FLUSHALL");
    // Of a key, the database it is in.
    let key = |key: &[u8], db| {
        matching(&Filter {
            keys: vec![key.to_vec()],
            db: Some(db),
            ..Filter::default()
        })
    };
    assert_eq!(
        (key(b"z", 5), key(b"z", 3)),
        ("0COPY".into(), String::new())
    );
    assert_eq!(key(b"a", 7), "0MOVE");
}

#[test]
fn times_and_places() {
    let of = |since, until| {
        matching(&Filter {
            since,
            until,
            ..Filter::default()
        })
    };
    assert_eq!(of(None, Some(99)), "0SELECT 0SET");
    assert_eq!(of(Some(100), Some(100)), "0MSET 0MULTI 0SELECT 0DEL 0EXEC");
    assert_eq!(of(Some(201), None), "1MOD.SET 1EVAL");
    let filter = Filter {
        file: Some(0),
        from: Some(1),
        to: Some(24),
        ..Filter::default()
    };
    assert_eq!(matching(&filter), "0SET");
    assert!(!filter.asks_time());
}
