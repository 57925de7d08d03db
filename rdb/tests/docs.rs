//! The documentation lists what the code does.

#![allow(missing_docs, clippy::unwrap_used)]

use std::path::Path;

use rdbkit_rdb::verify::Code;

#[test]
fn every_finding_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verification.md");
    let text = std::fs::read_to_string(path).unwrap();
    for code in Code::ALL {
        let (name, severity) = (code.name(), code.severity().name());
        let line = format!("| `{name}` | {severity} | {} |", code.summary());
        assert!(text.contains(&line), "docs/verification.md lacks: {line}");
    }
}
