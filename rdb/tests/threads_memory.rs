//! What several threads take does not grow with the file.

#![cfg(target_os = "linux")]
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;
use std::io::{self, Read};

use rdbkit_rdb::verify::{self, Options};

/// The same bytes again and again.
struct Repeated {
    block: Vec<u8>,
    at: usize,
    left: usize,
}

impl Read for Repeated {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Ok(0);
        }
        let read = (&self.block[self.at..]).read(buf)?;
        self.at += read;
        if self.at == self.block.len() {
            (self.at, self.left) = (0, self.left - 1);
        }
        Ok(read)
    }
}

/// MiB that this process took at most.
fn peak() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<usize>().unwrap() >> 10
}

/// Alone in its file: the peak is one of the process.
#[test]
fn memory_does_not_grow_with_the_file() {
    let mut block = Vec::new();
    for n in 0..1000u32 {
        block.extend(
            [
                &b"\x00\x08"[..],
                format!("{n:08}").as_bytes(),
                b"\x40\x60",
                &[b'v'; 0x60],
            ]
            .concat(),
        );
    }
    let (rounds, threads) = (6000, 4);
    let bytes = block.len() * rounds;
    let keys = Repeated {
        block,
        at: 0,
        left: rounds,
    };
    let source = b"REDIS0012".chain(keys).chain(&b"\xff\0\0\0\0\0\0\0\0"[..]);
    let options = Options {
        duplicates: false,
        threads,
        ..Options::default()
    };
    let before = peak();
    let report = verify::stream(source, &options);
    let grown = peak() - before;
    assert_eq!(report.total().keys, 1000 * rounds as u64);
    assert!(
        bytes >> 20 > 600 && grown < 200,
        "{grown} MiB for {bytes} bytes"
    );
}
