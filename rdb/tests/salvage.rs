//! Of a file that loads, salvage loses nothing, whatever wrote it.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a test

#[allow(dead_code)] // shared with others
#[path = "faces/inputs.rs"]
mod inputs;

use rdbkit_rdb::salvage;
use rdbkit_rdb::verify::{self, Options, Verdict};

#[test]
fn files_that_load_stay_whole() {
    let mut whole = 0;
    for input in inputs::all() {
        let (new, report) = match salvage::bytes(&input.bytes, &salvage::Options::default()) {
            Ok(salvaged) => salvaged,
            Err(_) => continue,
        };
        let options = Options {
            server: Some(report.server),
            ..Options::default()
        };
        let before = verify::slice(&input.bytes, &options);
        if before.verdict() != Verdict::Loads {
            continue;
        }
        let after = verify::slice(&new, &options);
        assert_eq!(after.verdict(), Verdict::Loads, "{}", input.name);
        let keys = before.total().keys;
        assert_eq!(
            (keys, keys),
            (after.total().keys, report.keys),
            "{}",
            input.name
        );
        whole += 1;
    }
    assert!(whole > 200, "only {whole} files that load");
}
