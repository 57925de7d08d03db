//! Replays the kept inputs of the fuzzers: findings, and what reaches far.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a test

#[path = "../../fuzz/bodies/rdb.rs"]
mod bodies;

use std::fs;
use std::path::Path;

#[test]
fn kept_inputs_of_every_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus-min");
    for (target, body) in bodies::TARGETS {
        let mut replayed = 0;
        for entry in fs::read_dir(corpus.join(target)).unwrap() {
            let path = entry.unwrap().path();
            println!("{}", path.display());
            body(&fs::read(path).unwrap());
            replayed += 1;
        }
        assert!(replayed > 0, "nothing kept for {target}");
    }
}

#[test]
fn every_kept_folder_has_a_target() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus-min");
    for entry in fs::read_dir(corpus).unwrap() {
        let name = entry.unwrap().file_name();
        // Those of logs are replayed with the `aof` crate.
        if name.to_string_lossy().starts_with("aof_") {
            continue;
        }
        let known = bodies::TARGETS.iter().any(|(target, _)| name == *target);
        assert!(known, "no target {}", name.display());
    }
}
