//! However the input is cut into reads, and whatever was done to it, a stream
//! gives the events, the error and the offsets that memory gives.

#![allow(missing_docs)]

use std::io::Read;

use proptest::collection::vec;
use proptest::prelude::*;
use rdbkit_aof::{Error, Event, Limits, SliceReader, StreamReader};

/// Gives reads of the sizes in turn.
struct Cut<'a> {
    data: &'a [u8],
    sizes: &'a [usize],
    turn: usize,
}

impl Read for Cut<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let size = self.sizes[self.turn % self.sizes.len()].min(out.len());
        self.turn += 1;
        self.data.read(&mut out[..size])
    }
}

fn told(error: &Error) -> String {
    let (at, unit, line) = (error.offset(), error.token_offset(), error.line());
    format!("{error} {at} {unit} {line}")
}

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
        let limits = Limits { command: 1024, chunk };
        let mut whole = Vec::new();
        let mut slice = SliceReader::at(&log, 0, limits);
        loop {
            match slice.next_event() {
                Ok(Some(event)) => whole.push(format!("{} {event:?}", slice.token_offset())),
                Ok(None) => break,
                Err(error) => {
                    whole.push(told(&error));
                    break;
                }
            }
        }
        let source = Cut { data: &log, sizes: &sizes, turn: 0 };
        let mut stream = StreamReader::with_limits(source, 16, limits);
        let mut streamed = Vec::new();
        loop {
            match stream.next_event() {
                Ok(Some(event)) => {
                    let event = format!("{event:?}");
                    streamed.push(format!("{} {event}", stream.token_offset()));
                }
                Ok(None) => break,
                Err(error) => {
                    streamed.push(told(&error));
                    break;
                }
            }
        }
        prop_assert_eq!(&streamed, &whole);
        prop_assert!(stream.capacity() <= 2 * (chunk.max(1024) + 1023 + 2));

        let source = Cut { data: &log, sizes: &sizes, turn: 0 };
        let mut stream = StreamReader::with_limits(source, 16, limits);
        let mut driven = Vec::new();
        let mut sink = |event: Event<'_>, at: u64| driven.push(format!("{at} {event:?}"));
        if let Err(error) = stream.drive(&mut sink) {
            driven.push(told(&error));
        }
        prop_assert_eq!(&driven, &whole);
    }
}
