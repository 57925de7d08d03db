//! The files under `testdata/`, or under the folder that `RDBKIT_CORPUS` names.

use std::fs;
use std::path::{Path, PathBuf};

use rdbkit_rdb::Checksum;

/// A file and its path, for messages.
pub struct Input {
    pub name: String,
    pub bytes: Vec<u8>,
}

/// Every RDB file, smallest first: `*.rdb`, and `*.hex` with its bytes written out.
///
/// Panics if there is none: a test without input proves nothing.
pub fn all() -> Vec<Input> {
    let root = match std::env::var_os("RDBKIT_CORPUS") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata"),
    };
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = path.display().to_string();
            let bytes = match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => {
                    folders.push(path);
                    continue;
                }
                Some("rdb") => fs::read(&path).unwrap(),
                Some("hex") => from_hex(&fs::read_to_string(&path).unwrap()),
                _ => continue,
            };
            found.push(Input { name, bytes });
        }
    }
    assert!(!found.is_empty(), "no RDB file under {}", root.display());
    found.sort_by(|a, b| (a.bytes.len(), &a.name).cmp(&(b.bytes.len(), &b.name)));
    found
}

/// Those of at most `size` bytes.
pub fn up_to(size: usize) -> Vec<Input> {
    let mut inputs = all();
    inputs.retain(|input| input.bytes.len() <= size);
    assert!(!inputs.is_empty(), "no RDB file of at most {size} bytes");
    inputs
}

/// Bytes in hex, texts in quotes, `crc`, `zerocrc`; `#` begins a comment.
fn from_hex(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for line in text.lines() {
        // Odd parts are texts, which may hold what begins a comment elsewhere.
        for (i, part) in line.split('"').enumerate() {
            if i % 2 == 1 {
                out.extend_from_slice(part.as_bytes());
                continue;
            }
            let (part, comment) = match part.split_once('#') {
                Some((part, _)) => (part, true),
                None => (part, false),
            };
            for word in part.split_ascii_whitespace() {
                match word {
                    "crc" => out.extend(Checksum::of(&out).to_le_bytes()),
                    "zerocrc" => out.extend([0; 8]),
                    _ => out.extend(
                        (0..word.len() / 2)
                            .map(|i| u8::from_str_radix(&word[2 * i..2 * i + 2], 16).unwrap()),
                    ),
                }
            }
            if comment {
                break;
            }
        }
    }
    out
}
