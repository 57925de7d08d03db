//! Compressed files that become thousands of times what they are.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use lz4_flex::frame::FrameEncoder;

use crate::{END, HEADER, OF_LOG, OF_RDB, Place, command, length, string};

/// Writes data of many megabytes through a compressor, never holding them.
fn pack<W: Write>(mut out: W, front: &[u8], again: &[u8], times: usize, back: &[u8]) -> W {
    out.write_all(front).unwrap();
    for _ in 0..times {
        out.write_all(again).unwrap();
    }
    out.write_all(back).unwrap();
    out
}

/// Frames of zstd with blocks of one byte again and again, by hand: 4 bytes become
/// 128 KiB.
fn zstd(front: &[u8], blocks: usize, back: &[u8]) -> Vec<u8> {
    let raw = |bytes: &[u8]| {
        let header = (bytes.len() as u32) << 3 | 1;
        let magic = &b"\x28\xb5\x2f\xfd\0\x58"[..];
        [magic, &header.to_le_bytes()[..3], bytes].concat()
    };
    let mut packed = raw(front);
    packed.extend(b"\x28\xb5\x2f\xfd\0\x58");
    for n in 1..=blocks {
        let header = (128 << 10) << 3 | 2 | u32::from(n == blocks);
        packed.extend(&header.to_le_bytes()[..3]);
        packed.push(b'a');
    }
    packed.extend(raw(back));
    packed
}

#[test]
fn what_a_file_becomes_takes_no_memory() {
    const PIECE: usize = 128 << 10;
    // 256 MiB of the letter a.
    const TIMES: usize = 2048;
    let place = Place::new();
    let again = vec![b'a'; PIECE];
    // As a value, which only those hold that look at it, and as garbage behind the end.
    let value = [
        HEADER,
        b"\0",
        &string(b"k"),
        &length((PIECE * TIMES) as u64),
    ]
    .concat();
    let behind = [HEADER, END].concat();
    for (front, back) in [(&value[..], END), (&behind, b"")] {
        let gz = GzEncoder::new(Vec::new(), Compression::best());
        let gz = pack(gz, front, &again, TIMES, back).finish().unwrap();
        place.put("bomb.gz", &gz);
        let lz4 = FrameEncoder::new(Vec::new());
        let lz4 = pack(lz4, front, &again, TIMES, back).finish().unwrap();
        place.put("bomb.lz4", &lz4);
        place.put(
            "bomb.zst",
            &zstd(front, TIMES, if back.is_empty() { b"a" } else { back }),
        );
        for name in ["bomb.gz", "bomb.lz4", "bomb.zst"] {
            for line in OF_RDB {
                // These hold a value, or write it out.
                let holds = ["get", "export", "extract", "salvage", "digest", "diff"];
                if !holds.contains(&line[0]) {
                    let said = place.on(name, line);
                    assert!(said.code < 2, "{name} {line:?}: {said:?}");
                }
            }
        }
    }
}

#[test]
fn logs_of_many_commands_take_no_memory() {
    let place = Place::new();
    let again = command(&[b"SET", b"k", b"v"]).repeat(1000);
    let gz = GzEncoder::new(Vec::new(), Compression::best());
    let gz = pack(gz, b"", &again, 3000, b"").finish().unwrap();
    place.put("log.gz", &gz);
    for line in OF_LOG {
        if line[0] == "check" || matches!(line, ["aof", "stats" | "history", ..]) {
            let said = place.on("log.gz", line);
            assert!(said.code < 2, "{line:?}: {said:?}");
        }
    }
}
