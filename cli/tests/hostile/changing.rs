//! Files that change while they are read. No file is mapped into memory, so one that
//! is cut short ends early, and no signal comes of it.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::thread::sleep;
use std::time::Duration;

use crate::large::sparse;
use crate::{END, HEADER, MEMORY, Place, Said, length};

const SIZE: u64 = 8 << 30;

/// Runs it on a file of 8 GiB that is changed when it has begun.
fn while_read(args: &[&str], change: impl Fn(&std::fs::File)) -> Said {
    let place = Place::new();
    let front = [HEADER, b"\0\x01k", &length(SIZE)].concat();
    sparse(&place, "dump.rdb", &front, SIZE, END);
    let running = place.begin(args);
    sleep(Duration::from_millis(100));
    let file = OpenOptions::new().write(true).open(place.at("dump.rdb"));
    change(&file.unwrap());
    let said = running.end();
    assert!(said.peak < MEMORY, "{args:?}: {} MiB", said.peak);
    assert!(!place.at("new").exists(), "{args:?}: {said:?}");
    said
}

#[test]
fn a_file_that_is_cut_short() {
    for args in [
        &["check", "dump.rdb"][..],
        &["check", "--threads", "1", "dump.rdb"],
        &["keys", "dump.rdb"],
        &["stats", "dump.rdb"],
        &["diff", "dump.rdb", "other.rdb"],
        &["diff", "other.rdb", "dump.rdb"],
    ] {
        let said = while_read(args, |file| file.set_len(1 << 20).unwrap());
        assert!(said.code > 0, "{args:?}: {said:?}");
        let told = [said.out.as_str(), &said.err].concat();
        let ends = ["file ends", "unexpected end", "cut short"];
        let ends = ends.iter().any(|end| told.contains(end));
        assert!(ends, "{args:?}: {told}");
    }
}

#[test]
fn a_file_whose_end_is_written_over() {
    let end = HEADER.len() as u64 + 3 + 9 + SIZE;
    let said = while_read(&["check", "dump.rdb"], |file| {
        file.write_all_at(&[0xee], end).unwrap();
    });
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("[unknown-type]"), "{said:?}");
}
