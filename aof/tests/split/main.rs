//! However the input is cut into reads, and whatever was done to it, a stream
//! gives the events, the error and the offsets that memory gives.

#![allow(missing_docs)]

mod compare;

use proptest::collection::vec;
use proptest::prelude::*;
use rdbkit_aof::Limits;

fn command(args: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

fn unit() -> impl Strategy<Value = Vec<u8>> {
    let arg = prop_oneof![
        4 => vec(any::<u8>(), 0..20),
        1 => vec(any::<u8>(), 500..1500),
        1 => Just(b"MULTI".to_vec()),
    ];
    prop_oneof![
        6 => vec(arg, 1..6).prop_map(|args| command(&args)),
        1 => any::<i32>().prop_map(|time| format!("#TS:{time}\r\n").into_bytes()),
        1 => Just(b"* 1\n$+4x\nPING??".to_vec()),
    ]
}

fn log() -> impl Strategy<Value = Vec<u8>> {
    let bytes = prop_oneof![Just(b'*'), Just(b'$'), Just(b'\n'), Just(b'9'), any::<u8>()];
    (
        vec(unit(), 0..8),
        vec((any::<usize>(), bytes), 0..3),
        any::<usize>(),
    )
        .prop_map(|(units, changes, end)| {
            let mut log = units.concat();
            if !log.is_empty() {
                for (at, byte) in changes {
                    let at = at % log.len();
                    log[at] = byte;
                }
                if end % 3 == 0 {
                    log.truncate(end / 3 % log.len());
                }
            }
            log
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_same(
        log in log(),
        sizes in vec(1usize..2000, 1..5),
        chunk in 16usize..3000,
    ) {
        compare::faces_agree(&log, Limits { command: 1024, chunk }, &sizes);
    }
}
