//! A string of 4 GiB, in a file that takes no room on disk.

use std::fs::File;
use std::os::unix::fs::FileExt;

use crate::{END, HEADER, MEMORY, Place, length};

/// A file of zeros between two ends.
pub fn sparse(place: &Place, name: &str, front: &[u8], zeros: u64, behind: &[u8]) {
    let file = File::create(place.at(name)).unwrap();
    file.write_all_at(front, 0).unwrap();
    file.write_all_at(behind, front.len() as u64 + zeros)
        .unwrap();
}

#[test]
fn a_value_of_an_rdb_file() {
    let place = Place::new();
    let front = [HEADER, b"\0\x01k", &length(1 << 32)].concat();
    sparse(&place, "large.rdb", &front, 1 << 32, END);
    for (line, told) in [
        (&["check", "F"][..], "4,294,967,326 bytes"),
        (&["keys", "--long", "F"], "4294967308"),
        (&["stats", "F"], "4,294,967,308"),
    ] {
        let said = place.on("large.rdb", line);
        assert_eq!(said.code, 0, "{said:?}");
        assert!(said.out.contains(told), "{line:?}: {}", said.out);
    }
    // The key cannot be had, which is a limit, and not damage.
    let front = [HEADER, b"\0", &length(1 << 32)].concat();
    sparse(&place, "large.rdb", &front, 1 << 32, END);
    let said = place.on("large.rdb", &["check", "F"]);
    assert_eq!(said.code, 2, "{said:?}");
    assert!(said.err.contains("limit"), "{said:?}");
}

#[test]
fn an_argument_of_a_log() {
    let place = Place::new();
    let front = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4294967296\r\n";
    sparse(
        &place,
        "large.aof",
        front,
        1 << 32,
        b"\r\n*1\r\n$4\r\nPING\r\n",
    );
    let said = place.run(&["check", "large.aof"]);
    assert!(said.out.contains("[huge-length]"), "{said:?}");
    assert!(said.peak < MEMORY, "{} MiB", said.peak);
    let said = place.on("large.aof", &["aof", "stats", "F"]);
    assert_eq!(said.code, 0, "{said:?}");
}
