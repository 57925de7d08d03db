//! The documentation lists what the code does.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use rdbkit_aof::verify::{Code, Effect};
use rdbkit_rdb::verify::Server;

fn documentation() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verification.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_finding_is_documented() {
    let text = documentation();
    for code in Code::ALL {
        let (redis, valkey) = (code.effect(Server::REDIS), code.effect(Server::VALKEY));
        let line = format!("| `{code}` | {redis} | {valkey} | {} |", code.summary());
        assert!(text.contains(&line), "docs/verification.md lacks: {line}");
    }
}

#[test]
fn every_effect_is_documented() {
    let text = documentation();
    for effect in Effect::ALL {
        let (verdict, summary) = (effect.verdict().name(), effect.summary());
        let line = format!("| `{effect}` | {verdict} | {summary} |");
        assert!(text.contains(&line), "docs/verification.md lacks: {line}");
    }
}
