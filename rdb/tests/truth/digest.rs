//! The digests servers gave of their own files.

use rdbkit_rdb::SliceReader;
use rdbkit_rdb::digest::{Dataset, Rules};
use rdbkit_rdb::verify::Server;

use crate::fixture::Json;
use crate::told::Result;
use crate::{every_fixture, saved_at};

#[test]
fn digests_are_the_servers() {
    let compared = std::cell::Cell::new(0);
    every_fixture(|fixture| {
        let truth = fixture.truth();
        let Some(said) = truth["digest"].as_str() else {
            return Ok(());
        };
        let rules = Rules::of(who(&truth)?)
            .at(saved_at(&truth))
            .without_expired();
        let mut dataset = Dataset::new(rules);
        for record in SliceReader::new(&fixture.rdb()).records() {
            let _ = dataset.add(&record?)?;
        }
        let found = dataset.digest().ok_or("a key without digest")?.to_string();
        compared.set(compared.get() + 1);
        match found == said {
            true => Ok(()),
            false => Err(format!("{found}, {} said {said}", who(&truth)?).into()),
        }
    });
    println!("{} digests", compared.get());
    assert!(compared.get() > 100, "only {} digests", compared.get());
}

/// Who gave the digest: `Redis server v=8.0.6 ..`, `Redis 8.0.6`.
fn who(truth: &Json) -> Result<Server> {
    let by = truth.get("digest_by").unwrap_or(&truth["server"]);
    let line = by.as_str().ok_or("nobody said the digest")?;
    let product = match line.contains("alkey") {
        true => "valkey",
        false => "redis",
    };
    let mut words = line.split([' ', '=']);
    let version = words.find(|w| w.starts_with(|c: char| c.is_ascii_digit()));
    Ok(format!("{product}:{}", version.ok_or("no version")?).parse()?)
}
