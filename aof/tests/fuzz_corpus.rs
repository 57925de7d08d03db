//! Replays the kept inputs of the fuzzers: findings, and what reaches far.
#![allow(clippy::unwrap_used, clippy::panic, clippy::disallowed_methods)] // this is a test

#[path = "../../fuzz/bodies/aof.rs"]
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
        // The others are replayed with the `rdb` crate.
        let known = bodies::TARGETS.iter().any(|(target, _)| name == *target);
        let ours = name.to_string_lossy().starts_with("aof_");
        assert_eq!(known, ours, "no target {}", name.display());
    }
}
