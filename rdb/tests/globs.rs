//! Patterns match what servers say they match in `KEYS`.

#![allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;

use rdbkit_rdb::glob;
use serde_json::Value;

/// Bytes, written as the characters with their numbers.
fn bytes(text: &str) -> Vec<u8> {
    text.chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect()
}

#[test]
fn globs_match_as_servers_do() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/golden/globs.json");
    let told: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let keys = told["keys"].as_array().unwrap();
    let keys: Vec<_> = keys.iter().map(|k| bytes(k.as_str().unwrap())).collect();
    let patterns = told["patterns"].as_object().unwrap();
    assert_eq!(told["servers"].as_array().unwrap().len(), 2);
    assert_eq!((keys.len(), patterns.len()), (100, 600));

    let mut hits = 0;
    for (pattern, theirs) in patterns {
        let theirs = u128::from_str_radix(theirs.as_str().unwrap(), 16).unwrap();
        for (i, key) in keys.iter().enumerate() {
            let expected = theirs >> i & 1 == 1;
            let (pattern, key) = (bytes(pattern), key.as_slice());
            assert_eq!(
                glob::matches(&pattern, key),
                expected,
                "{} {}",
                pattern.escape_ascii(),
                key.escape_ascii()
            );
            hits += u32::from(expected);
        }
    }
    assert!(hits > 1500, "the patterns hardly match anything: {hits}");
}
