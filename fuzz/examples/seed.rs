//! Fills `fuzz/corpus/TARGET/` from `testdata/`: whole files, and the blobs
//! and strings in them.
//!
//! ```sh
//! cargo run --manifest-path fuzz/Cargo.toml --example seed
//! ```

use std::hash::{DefaultHasher, Hasher};
use std::path::Path;
use std::{fs, io};

use rdbkit_rdb::{Packing, Part, Role, Scratch, SliceReader, Str};

#[allow(dead_code)]
#[path = "../../rdb/tests/faces/inputs.rs"]
mod inputs;

/// Larger seeds slow every mutation down and show nothing new.
const LARGEST_FILE: usize = 16 << 10;
const LARGEST_BLOB: usize = 2 << 10;

fn main() -> io::Result<()> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let add = |target: &str, seed: &[u8]| {
        let folder = corpus.join(target);
        fs::create_dir_all(&folder)?;
        // Named by content, so that filling twice changes nothing.
        let mut hasher = DefaultHasher::new();
        hasher.write(seed);
        fs::write(folder.join(format!("seed-{:016x}", hasher.finish())), seed)
    };
    let mut before = Vec::new();
    for input in inputs::all() {
        let file = &input.bytes;
        if before.len() + file.len() <= LARGEST_FILE {
            let cut = (before.len() as u16).to_le_bytes();
            add("diff", &[&cut[..], &before, file].concat())?;
        }
        before.clone_from(file);
        if file.len() <= LARGEST_FILE {
            add("events", file)?;
            add("salvage", file)?;
            add("verify", &[&[8, 7, 255, 1, 7, 64], &file[..]].concat())?;
            add("faces", &[&[5, 16, 255, 1, 7, 64], &file[..]].concat())?;
        }
        let mut scratch = Scratch::default();
        let mut reader = SliceReader::new(file).check_checksum(false);
        while let Ok(Some(event)) = reader.next_event() {
            let (role, text) = match event {
                Part::Item { role, text } => (role, text),
                Part::Score(score) => {
                    add("score", score.to_string().as_bytes())?;
                    continue;
                }
                _ => continue,
            };
            if let Str::Lzf { data, len } = text
                && data.len() <= LARGEST_BLOB
                && let Ok(len) = u16::try_from(len)
            {
                add("lzf", &[&len.to_le_bytes(), data].concat())?;
            }
            let target = match role {
                Role::Packed(Packing::SetIntset | Packing::HashZipmap) => "intset_zipmap",
                Role::Packed(Packing::StreamNode) => "stream_node",
                Role::Packed(
                    Packing::ListZiplist | Packing::ZsetZiplist | Packing::HashZiplist,
                ) => "ziplist",
                Role::Packed(_) => "listpack",
                _ => continue,
            };
            match text.bytes(&mut scratch) {
                Ok(blob) if blob.len() <= LARGEST_BLOB => add(target, blob)?,
                _ => {}
            }
        }
    }
    logs(&add)?;
    for text in [
        "1.5",
        "-inf",
        "nan",
        "0x1.8p-3",
        " +.5e-7x",
        "17976931348623157e292",
    ] {
        add("score", text.as_bytes())?;
    }
    // Entropy has no natural seed: one that makes every kind of decision.
    let entropy: Vec<u8> = (0..=255).map(|i: u8| i.wrapping_mul(151)).collect();
    add("grown", &[&[5, 16, 255, 1, 7, 64], &entropy[..]].concat())
}

/// Logs and manifests under `testdata/`.
fn logs(add: &impl Fn(&str, &[u8]) -> io::Result<()>) -> io::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata");
    let mut folders = vec![root.join("aof"), root.join("damaged")];
    let mut found = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let bytes = fs::read(&path)?;
            if bytes.len() > LARGEST_FILE {
                continue;
            }
            if name.ends_with(".manifest") {
                found += 1;
                add("aof_manifest", &bytes)?;
            } else if name.ends_with(".aof") {
                found += 1;
                for target in ["aof_digest", "aof_events", "aof_walk"] {
                    add(target, &bytes)?;
                }
                add("aof_faces", &[&[1, 3, 50, 255], &bytes[..]].concat())?;
                add(
                    "aof_verify",
                    &[&[0, 200, 0, 3, 50, 255], &bytes[..]].concat(),
                )?;
                // Each kind of edit, on one file and on two.
                for choice in [0, 9, 18, 3, 10, 19, 26, 4, 5, 6, 7] {
                    add("aof_edit", &[&[choice, 200, 0, 77, 1], &bytes[..]].concat())?;
                }
            }
        }
    }
    assert!(found > 0, "no log under {}", root.display());
    Ok(())
}
