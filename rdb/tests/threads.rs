//! Several threads on files that are worth them: the report is the same.

#![allow(missing_docs, clippy::unwrap_used)]

use rdbkit_rdb::verify::{self, Options, Report};

/// A file of `len` bytes at least: keys of several types, in two databases, each
/// key of the second half again in the first.
fn file(len: usize) -> Vec<u8> {
    let mut bytes = b"REDIS0012\xfe\x00".to_vec();
    for half in 0..2 {
        let mut n = 0u32;
        let end = (half + 1) * len / 2;
        while bytes.len() < end {
            let name = format!("key:{n:08}");
            let name = name.as_bytes();
            match n % 7 {
                // Milliseconds long ago.
                0 => bytes
                    .extend([&b"\xfc\x01\0\0\0\0\0\0\0\x00\x0c"[..], name, b"\x03abc"].concat()),
                1 => bytes.extend([&b"\x02\x0c"[..], name, b"\x02\x01a\x01b"].concat()),
                2 => bytes.extend([&b"\x02\x0c"[..], name, b"\x02\x01a\x01a"].concat()),
                3 => bytes.extend([&b"\x00\x0c"[..], name, b"\xc0\x07"].concat()),
                4 => bytes
                    .extend([&b"\x14\x0c"[..], name, b"\x09\x09\0\0\0\x01\0\x07\x01\xff"].concat()),
                _ => {
                    bytes.extend([&b"\x00\x0c"[..], name, b"\x40\x60"].concat());
                    bytes.extend([b'v'; 0x60]);
                }
            }
            n += 1;
        }
        if half == 0 {
            // Something between the keys, and a database for a while.
            bytes.extend(b"\xfa\x01a\x01b\xfe\x01\x00\x01x\x01y\xfe\x00");
        }
    }
    bytes.extend(b"\xff\0\0\0\0\0\0\0\0");
    bytes
}

fn told(report: Report) -> String {
    let report = Report {
        index_memory: 0,
        ..report
    };
    format!("{report:?}")
}

fn agree(bytes: &[u8], options: &Options) -> Report {
    let with = |threads| Options {
        threads,
        ..options.clone()
    };
    let streamed = told(verify::stream(bytes, &with(1)));
    let in_memory = told(verify::slice(bytes, &with(1)));
    for threads in [0, 2, 5] {
        assert_eq!(streamed, told(verify::stream(bytes, &with(threads))));
        assert_eq!(in_memory, told(verify::slice(bytes, &with(threads))));
    }
    verify::slice(bytes, &with(3))
}

#[test]
fn the_report_is_the_same_for_any_number() {
    let bytes = file(11 << 20);
    let options = Options {
        now_ms: Some(1 << 40),
        ..Options::default()
    };
    let report = agree(&bytes, &options);
    let count = |code: verify::Code| report.totals.get(&code).copied().unwrap_or_default();
    assert!(
        count(verify::Code::DuplicateKey) > 50_000,
        "{:?}",
        report.totals
    );
    assert!(report.total().keys > 150_000 && report.total().expired > 20_000);
    let few = Options {
        max_findings: 7,
        duplicates: false,
        ..options.clone()
    };
    agree(&bytes, &few);
}

#[test]
fn and_on_damage_wherever_it_is() {
    let bytes = file(7 << 20);
    for percent in [1, 50, 71, 99] {
        let mut bytes = bytes.clone();
        let at = bytes.len() / 100 * percent;
        bytes[at] ^= 0x5a;
        agree(&bytes, &Options::default());
        bytes.truncate(at);
        agree(&bytes, &Options::default());
    }
}
