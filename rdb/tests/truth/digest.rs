//! The digests that servers gave: of their own files, and of those of others.

use std::cell::Cell;
use std::collections::BTreeMap;

use rdbkit_rdb::digest::{self, Dataset, Outcome, Rules};
use rdbkit_rdb::verify::Server;
use rdbkit_rdb::{Record, SliceReader};

use crate::fixture::Json;
use crate::told::{Result, array, bytes};
use crate::{every_fixture, saved_at};

/// What the servers left of it when they were asked.
fn dataset(rdb: &[u8], rules: Rules) -> Result<Dataset> {
    let mut dataset = Dataset::new(rules);
    for record in SliceReader::new(rdb).records() {
        let _ = dataset.add(&record?)?;
    }
    Ok(dataset)
}

fn compare(rdb: &[u8], rules: Rules, said: &Json) -> Result<()> {
    let found = dataset(rdb, rules)?.digest();
    let found = found.ok_or("a key without digest")?.to_string();
    match found == *said {
        true => Ok(()),
        false => Err(format!("{found}, but {} said {said}", rules.server()).into()),
    }
}

/// `Redis server v=8.0.6 ..`, `Redis 8.0.6`.
fn server(line: &Json) -> Result<Server> {
    let line = line.as_str().ok_or("nobody said it")?;
    let product = match line.contains("alkey") {
        true => "valkey",
        false => "redis",
    };
    let mut words = line.split([' ', '=']);
    let version = words.find(|w| w.starts_with(|c: char| c.is_ascii_digit()));
    Ok(format!("{product}:{}", version.ok_or("no version")?).parse()?)
}

#[test]
fn digests_of_those_who_wrote() {
    let compared = Cell::new(0);
    every_fixture(|fixture| {
        let truth = fixture.truth();
        let Some(said) = truth.get("digest") else {
            return Ok(());
        };
        let by = server(truth.get("digest_by").unwrap_or(&truth["server"]))?;
        let rules = Rules::of(by).at(saved_at(&truth)).without_expired();
        let rdb = fixture.rdb();
        compared.set(compared.get() + 1);
        compare(&rdb, rules, said)?;
        match truth["dbs"].as_object() {
            Some(databases) => values(&rdb, rules, &told_values(databases)),
            None => Ok(()),
        }
    });
    println!("{} digests", compared.get());
    assert!(compared.get() > 100, "only {}", compared.get());
}

/// `testdata/digests.jsonl`
fn recorded() -> Vec<Json> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/digests.jsonl");
    let text = std::fs::read_to_string(path).expect("digests can be read");
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<serde_json::Result<_>>().expect("JSON")
}

#[test]
fn digests_of_those_who_loaded() {
    let mut said: BTreeMap<String, Vec<Json>> = BTreeMap::new();
    for line in recorded() {
        if let Some(file) = line["file"].as_str() {
            said.entry(file.to_owned()).or_default().push(line);
        }
    }
    let (compared, keys) = (Cell::new(0), Cell::new(0));
    every_fixture(|fixture| {
        for line in said.get(&fixture.name).into_iter().flatten() {
            let now = line["asked_at_ms"].as_i64().ok_or("no time")?;
            let rules = Rules::of(server(&line["by"])?).at(now).without_expired();
            let rdb = fixture.rdb();
            compare(&rdb, rules, &line["digest"])?;
            compared.set(compared.get() + 1);
            if let Some(list) = line.get("values") {
                let list = array(list)?;
                values(&rdb, rules, list)?;
                keys.set(keys.get() + list.len());
            }
        }
        Ok(())
    });
    println!("{} digests, {} of keys", compared.get(), keys.get());
    let recorded: usize = said.values().map(Vec::len).sum();
    assert_eq!(
        compared.get(),
        recorded,
        "a file of which a server spoke is not there"
    );
    assert!(recorded > 500 && keys.get() > 500, "only {recorded}");
}

/// `[db, key, digest]` of each key of a truth that has them.
fn told_values(databases: &serde_json::Map<String, Json>) -> Vec<Json> {
    let mut list = Vec::new();
    for (db, told) in databases {
        let keys = told["keys"].as_array().into_iter().flatten();
        let db: u64 = db.parse().expect("a number");
        list.extend(keys.filter_map(|key| {
            let digest = key.get("digest")?;
            Some(serde_json::json!([db, key["key"], digest]))
        }));
    }
    list
}

/// Compares the digests of single values, if the server told any: then it told
/// all.
fn values(rdb: &[u8], rules: Rules, said: &[Json]) -> Result<()> {
    if said.is_empty() {
        return Ok(());
    }
    let mut left: Vec<&Json> = said.iter().collect();
    for record in SliceReader::new(rdb).records() {
        let record: Record<'_> = record?;
        let Outcome::Known(digest) = digest::of_value(&record, &rules)? else {
            continue;
        };
        let name = bytes(&record.key.to_vec()?);
        let at = format!("db {} key {name}: {digest}", record.db);
        let same = |said: &&Json| said[0] == record.db && said[1] == name;
        let said = left.iter().position(same).map(|i| left.swap_remove(i));
        let said = said.ok_or_else(|| format!("{at}, not there"))?;
        if said[2] != digest.to_string() {
            return Err(format!("{at}, {} said {}", rules.server(), said[2]).into());
        }
    }
    match left.first() {
        None => Ok(()),
        Some(said) => Err(format!("{said} is not in the file").into()),
    }
}

#[test]
fn scores_count_as_servers_write_them() {
    let (mut compared, mut failed) = (0, Vec::new());
    for line in recorded() {
        let Some(scores) = line["scores"].as_array() else {
            continue;
        };
        let mut file = b"REDIS0009\x05\x01z".to_vec();
        file.push(u8::try_from(scores.len()).expect("a few"));
        for (member, score) in scores.iter().enumerate() {
            let bits = u64::from_str_radix(score.as_str().expect("hex"), 16).expect("hex");
            file.extend_from_slice(&[0xc0, u8::try_from(member).expect("a few")]);
            file.extend_from_slice(&bits.to_le_bytes());
        }
        file.extend_from_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
        let rules = Rules::of(server(&line["by"]).expect("a server"));
        let said = serde_json::json!([[0, "z", line["digest"]]]);
        let said = said.as_array().expect("an array");
        if let Err(why) = values(&file, rules, said) {
            failed.push(format!("{}: {why}", line["scores"]));
        }
        compared += scores.len();
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(compared > 5000, "only {compared}");
}

/// When servers were asked about the damaged files.
const DAMAGED_ASKED_AT: i64 = 1_795_212_000_000;

/// Where a server loads a damaged file, it has either its digest or, where the
/// server does not look inside packed values, none.
#[test]
fn damaged_files_never_have_a_wrong_digest() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/damaged/");
    let verdicts = std::fs::read_to_string(format!("{folder}verdicts.jsonl")).expect("verdicts");
    let (mut compared, mut none, mut failed) = (0, 0, Vec::new());
    for line in verdicts.lines() {
        let line: Json = serde_json::from_str(line).expect("JSON");
        let file = line["file"].as_str().expect("a file");
        let rdb = std::fs::read(format!("{folder}{file}")).expect("a damaged file");
        for (by, who) in [("redis-8.0.6", "redis:8.0"), ("valkey-9.1.2", "valkey:9.1")] {
            let verdict = &line["servers"][by];
            let Some(said) = verdict.get("digest").filter(|_| verdict["loads"] == true) else {
                continue;
            };
            let rules = Rules::of(who.parse().expect("a server"));
            let rules = rules.at(DAMAGED_ASKED_AT).without_expired();
            match dataset(&rdb, rules).map(|d| d.digest().expect("no module").to_string()) {
                Ok(found) if found == *said => compared += 1,
                Ok(found) => failed.push(format!("{file}: {found}, {by} said {said}")),
                Err(_) => none += 1,
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(
        compared > 200 && none < 10,
        "{compared} equal, {none} damaged"
    );
}
