//! Digests of logs: what servers said, and what the obvious model says.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod naive;
mod recorded;

use naive::{DATABASES, Naive};
use proptest::prelude::*;
use rdbkit_aof::digest::{self, Options};
use rdbkit_aof::{Manifest, Memory, Set};
use rdbkit_rdb::SliceReader;
use rdbkit_rdb::digest::{Dataset, Digest, Rules};
use rdbkit_rdb::verify::Server;

/// What is known, digested as an RDB file.
fn expected(naive: &Naive) -> Digest {
    let mut dataset = Dataset::new(Rules::of(Server::REDIS));
    for record in SliceReader::new(&naive.rdb()).records() {
        let _ = dataset.add(&record.unwrap()).unwrap();
    }
    dataset.digest().unwrap()
}

/// A word of few: commands should meet the keys of others.
fn word(letters: &'static str) -> impl Strategy<Value = String> {
    let words: Vec<String> = letters.chars().map(String::from).collect();
    prop::sample::select(words)
}

fn command() -> impl Strategy<Value = String> {
    let key = || word("abcde");
    let item = || word("xyz01");
    let db = || (0..DATABASES).prop_map(|db| db.to_string());
    let one = |name: &'static str| key().prop_map(move |k| format!("{name} {k}"));
    let two =
        |name: &'static str| (key(), item()).prop_map(move |(k, v)| format!("{name} {k} {v}"));
    let three = |name: &'static str| {
        (key(), item(), item()).prop_map(move |(k, v, w)| format!("{name} {k} {v} {w}"))
    };
    let number = -3..4i64;
    prop_oneof![
        3 => two("SET"),
        1 => two("SET").prop_map(|c| c + " KEEPTTL"),
        1 => two("SET").prop_map(|c| c + " NX"),
        2 => one("DEL"),
        1 => (key(), key()).prop_map(|(a, b)| format!("DEL {a} {b}")),
        2 => one("PEXPIREAT").prop_map(|c| c + " 4102444800123"),
        1 => one("PERSIST"),
        1 => (key(), key()).prop_map(|(a, b)| format!("RENAME {a} {b}")),
        1 => (key(), key(), db()).prop_map(|(a, b, db)| format!("COPY {a} {b} DB {db}")),
        1 => (key(), db()).prop_map(|(a, db)| format!("MOVE {a} {db}")),
        1 => (db(), db()).prop_map(|(a, b)| format!("SWAPDB {a} {b}")),
        3 => db().prop_map(|db| format!("SELECT {db}")),
        1 => Just("FLUSHDB".to_owned()),
        2 => two("APPEND"),
        2 => (key(), number.clone()).prop_map(|(k, n)| format!("INCRBY {k} {n}")),
        3 => three("RPUSH"),
        2 => two("LPUSH"),
        1 => one("LPOP"),
        1 => (key(), number.clone(), number.clone()).prop_map(|(k, a, b)| format!("LTRIM {k} {a} {b}")),
        1 => (key(), item()).prop_map(|(k, v)| format!("LREM {k} -1 {v}")),
        3 => three("SADD"),
        2 => two("SREM"),
        3 => three("HSET"),
        2 => two("HDEL"),
        3 => (key(), number, item()).prop_map(|(k, n, m)| format!("ZADD {k} {n} {m}")),
        1 => one("ZPOPMIN"),
        1 => one("SPOP"),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    /// A base made by a server that had some of it, and the rest in increments.
    #[test]
    fn logs_are_what_the_obvious_model_makes_of_them(
        commands in prop::collection::vec(command(), 0..60),
        parts in prop::collection::vec(0..60usize, 2),
    ) {
        let mut cuts: Vec<usize> = parts.iter().map(|at| at % (commands.len() + 1)).collect();
        cuts.sort_unstable();
        let (base, rest) = commands.split_at(cuts[0]);
        let (first, second) = rest.split_at(cuts[1] - cuts[0]);
        let mut naive = Naive::default();
        base.iter().filter(|c| !c.starts_with("SPOP") && !c.starts_with("INCRBY")).for_each(|c| naive.run(c));
        let mut files = Memory::default();
        files.insert(b"base", naive.rdb());
        files.insert(b"one", naive::log(first));
        files.insert(b"two", naive::log(second));
        for part in [first, second] {
            naive.file();
            part.iter().for_each(|command| naive.run(command));
        }
        let manifest = "file base seq 1 type b\nfile one seq 1 type i\nfile two seq 2 type i\n";
        files.insert(b"m", manifest);
        let set = Set::new(b"m", Manifest::parse(manifest.as_bytes()).unwrap());
        let options = Options { databases: DATABASES, ..Options::default() };
        let report = digest::digest(&set, &files, &options).unwrap();
        let obstacles = report.obstacles.as_ref();
        prop_assert_eq!(obstacles.map_or(Some(0), |o| o.keys), Some(naive.lost()));
        prop_assert_eq!(report.dataset.digest(), Some(expected(&naive)));
        if let Some(obstacles) = obstacles {
            let file = &set.files()[obstacles.first.file].name;
            let there = &files.get(file).unwrap()[obstacles.first.offset as usize..];
            let named: &[&[u8]] = &[b"*2\r\n$4\r\nSPOP\r\n", b"*3\r\n$6\r\nINCRBY\r\n"];
            prop_assert!(named.iter().any(|start| there.starts_with(start)));
        }
    }
}
