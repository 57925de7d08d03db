//! A slice, a stream in pieces of any size and a bare decoder say the same of
//! any bytes: the same events, offsets, errors, lengths taken lightly.
//!
//! The checks themselves stand in `compare.rs`.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a test

mod compare;
mod grow;
mod inputs;

use std::collections::BTreeSet;

use compare::faces_agree;
use proptest::prelude::*;
use rdbkit_rdb::{ErrorKind, Limits, SliceReader, StreamReader};

/// Small enough that files of a hundred bytes meet chunks.
const SMALL: Limits = Limits {
    chunk: 64,
    max_piece: 1 << 30,
    max_decompressed: 1 << 30,
    max_record: 1 << 32,
};

/// Small enough that strings are refused.
const TIGHT: Limits = Limits {
    chunk: 24,
    max_piece: 100,
    ..SMALL
};

/// Ways to cut an input: window, sizes of the reads (0: interrupted).
const CUTS: &[(usize, &[u8])] = &[
    (16, &[1]),
    (16, &[0, 255, 3]),
    (16, &[7, 1, 2, 16, 5]),
    (100, &[99, 100, 1]),
    (4096, &[]),
];

/// Compares through every cut, with small limits.
fn thoroughly(bytes: &[u8]) {
    for (window, sizes) in CUTS {
        faces_agree(bytes, SMALL, *window, sizes);
    }
    faces_agree(bytes, TIGHT, 16, &[13]);
}

/// Compares through one cut, a different one for every `turn`.
fn once(bytes: &[u8], turn: usize) {
    let (window, sizes) = CUTS[turn % CUTS.len()];
    let limits = if turn % 3 == 2 { TIGHT } else { SMALL };
    faces_agree(bytes, limits, window, sizes);
}

#[test]
fn every_file_through_every_cut() {
    let mut events = 0;
    for input in inputs::all() {
        println!("{}", input.name);
        let bytes = &input.bytes;
        events += faces_agree(bytes, Limits::default(), 256 << 10, &[]).0;
        faces_agree(bytes, SMALL, 16, &[255, 0, 100]);
        faces_agree(bytes, TIGHT, 16, &[31]);
        if bytes.len() < 4096 {
            thoroughly(bytes);
        }
    }
    assert!(events > 1000, "only {events} events in all files");
}

#[test]
fn small_files_cut_off_at_every_offset() {
    for input in inputs::up_to(1200) {
        println!("{}", input.name);
        for end in 0..input.bytes.len() {
            let bytes = &input.bytes[..end];
            once(bytes, end);
            let (_, error) = faces_agree(bytes, Limits::default(), 16, &[200]);
            // A few inputs are damaged before they are cut off, or go on after their end.
            let whole = SliceReader::new(&input.bytes).find_map(Result::err);
            if whole.is_none() && input.bytes[..end].len() < consumed(&input.bytes) {
                assert!(error.unwrap().starts_with("Truncated"), "at {end}");
            }
        }
    }
}

fn consumed(bytes: &[u8]) -> usize {
    let mut reader = SliceReader::new(bytes);
    while let Ok(Some(_)) = reader.next_event() {}
    reader.offset() as usize
}

#[test]
fn every_bit_of_small_files_flipped() {
    for input in inputs::up_to(600) {
        println!("{}", input.name);
        for bit in 0..8 * input.bytes.len() {
            flip(&input.bytes, bit);
        }
    }
}

#[test]
fn some_bits_of_larger_files_flipped() {
    let inputs = inputs::up_to(24 << 10);
    // A third of the files, and in each about fifty bits that differ from file to file.
    for (i, input) in inputs.iter().enumerate().filter(|(i, _)| i % 3 == 0) {
        println!("{}", input.name);
        let bits = 8 * input.bytes.len();
        for bit in (i % 97..bits).step_by(bits / 48 + 1) {
            flip(&input.bytes, bit);
        }
    }
}

fn flip(bytes: &[u8], bit: usize) {
    let mut bytes = bytes.to_vec();
    bytes[bit / 8] ^= 1 << (bit % 8);
    once(&bytes, bit);
}

#[test]
fn a_length_of_2_to_the_60_allocates_nothing() {
    let lengths = [1 << 60, u64::MAX, 1 << 31, (1 << 30) + 1, 1 << 29];
    for kind in [0, 9, 11, 16] {
        for length in lengths {
            // Magic, type, key "a", 64-bit length.
            let mut file = b"REDIS0012".to_vec();
            file.extend([kind, 1, b'a', 0x81]);
            file.extend(u64::to_be_bytes(length));
            let mut reader = StreamReader::new(&file[..]);
            let error = loop {
                match reader.next_event() {
                    Ok(event) => assert!(event.is_some(), "no error"),
                    Err(error) => break error,
                }
            };
            assert!(matches!(error.kind(), ErrorKind::Truncated), "{error}");
            assert_eq!(error.offset(), 21, "behind the length");
            assert!(reader.capacity() <= 512 << 10, "{}", reader.capacity());
            faces_agree(&file, Limits::default(), 16, &[3]);
            faces_agree(&file, Limits::default(), 256 << 10, &[]);
        }
    }
}

#[test]
fn a_source_that_fails_ends_the_events() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
    }
    let head: &[u8] = b"REDIS0012\xfe\x00\x00\x01";
    let mut reader = StreamReader::new(std::io::Read::chain(head, Failing));
    assert!(reader.next_event().unwrap().is_some(), "header");
    assert!(reader.next_event().unwrap().is_some(), "SELECTDB");
    let error = reader.next_event().unwrap_err();
    assert!(error.is_io());
    assert_eq!(error.offset(), 11);
    assert!(matches!(reader.next_event(), Ok(None)));
}

/// Names of the events in `bytes`.
fn names(bytes: &[u8]) -> BTreeSet<String> {
    SliceReader::with_limits(bytes, SMALL)
        .map_while(Result::ok)
        .map(|event| {
            let text = format!("{event:?}");
            let end = text.find([' ', '(']).unwrap_or(text.len());
            text[..end].to_owned()
        })
        .collect()
}

#[test]
fn the_generator_reaches_every_event_and_many_ends() {
    let mut seen = BTreeSet::new();
    let (mut ended, mut failed) = (0, BTreeSet::new());
    let mut state = 1u64;
    for _ in 0..20_000 {
        let entropy: Vec<u8> = (0..100)
            .map(|_| {
                // Knuth's MMIX: a fixed sequence, the same on every machine.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                (state >> 56) as u8
            })
            .collect();
        let file = grow::file(&entropy);
        seen.append(&mut names(&file));
        match SliceReader::with_limits(&file, SMALL).find_map(Result::err) {
            None => ended += 1,
            Some(error) => {
                let kind = format!("{:?}", error.kind());
                let end = kind.find([' ', '(']).unwrap_or(kind.len());
                failed.insert(kind[..end].to_owned());
            }
        }
    }
    let all = "Header Aux SelectDb ResizeDb SlotInfo ExpireSeconds ExpireMs Idle Freq Function FunctionPreGa \
        ModuleAux KeyMeta MetaClass ModuleSigned ModuleUnsigned ModuleFloat ModuleDouble \
        ModuleString ModuleEnd SlotImport SlotRange Template Update Key Count Item ItemBegin \
        Chunk Score FieldExpiry MinExpiry Container StreamMeta Groups Group Pending Consumers \
        Consumer Owned Nacks Nack Idempotence Producer ProducerEntry IdempotenceTotals Array \
        ArrayIndex ArrayInt ArrayFloat TemplateRef NamesFormat Gcra Module KeyEnd Eof";
    for name in all.split_ascii_whitespace() {
        assert!(seen.contains(name), "never {name}");
    }
    assert!(ended > 2_000, "only {ended} whole files");
    for kind in [
        "Truncated",
        "UnknownType",
        "BadLength",
        "BadStringEncoding",
        "BadScore",
        "BadQuicklistNode",
        "BadStreamKey",
        "BadModuleItem",
        "BadModuleAux",
        "BadRecord",
        "Checksum",
        "Unsupported",
    ] {
        assert!(failed.contains(kind), "never {kind}: {failed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn grown_files(
        entropy in prop::collection::vec(any::<u8>(), 0..400),
        window in 16usize..200,
        sizes in prop::collection::vec(any::<u8>(), 1..20),
        tight: bool,
    ) {
        let limits = if tight { TIGHT } else { SMALL };
        faces_agree(&grow::file(&entropy), limits, window, &sizes);
    }

    #[test]
    fn grown_files_that_are_damaged(
        entropy in prop::collection::vec(any::<u8>(), 0..200),
        at: prop::sample::Index,
        byte: u8,
        cut: Option<prop::sample::Index>,
        sizes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let mut file = grow::file(&entropy);
        let at = at.index(file.len());
        file[at] = byte;
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        faces_agree(&file, SMALL, 16, &sizes);
        faces_agree(&file, TIGHT, 16, &sizes);
    }

    #[test]
    fn random_bodies(
        valkey: bool,
        body in prop::collection::vec(any::<u8>(), 0..120),
        sizes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let magic: &[u8] = if valkey { b"VALKEY081" } else { b"REDIS0015" };
        let file = [magic, &body].concat();
        faces_agree(&file, SMALL, 16, &sizes);
        faces_agree(&file, TIGHT, 16, &sizes);
    }

    #[test]
    fn a_random_value_of_any_type(
        valkey: bool,
        kind in 0u8..34,
        value in prop::collection::vec(prop_oneof![0u8..8, any::<u8>()], 0..80),
        sizes in prop::collection::vec(any::<u8>(), 1..8),
    ) {
        let magic: &[u8] = if valkey { b"VALKEY081" } else { b"REDIS0015" };
        let file = [magic, &[kind, 1, b'k'], &value].concat();
        faces_agree(&file, SMALL, 16, &sizes);
    }
}
