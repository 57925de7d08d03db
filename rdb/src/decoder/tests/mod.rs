//! The grammar by example: bytes with a comment for each field, and the events
//! or the error they make.
//!
//! Every case runs three ways: over a slice, through the smallest window, and
//! through the smallest window filled byte by byte.
#![allow(clippy::unwrap_used, clippy::panic)] // this is a test

mod chunks;
mod collections;
mod failures;
mod lax;
mod modules;
mod newest;
mod records;
mod streams;

use std::io::{self, Read};

use crate::{Event, Limits, Packing, Part, Role, SliceReader, Str, StreamReader, ValueType};

/// Joins fields: arrays of bytes and byte strings, one to a line.
macro_rules! bytes {
    ($($field:expr),* $(,)?) => {{
        let mut out: Vec<u8> = Vec::new();
        $(out.extend_from_slice(&$field[..]);)*
        out
    }};
}
use bytes;

const REDIS: &[u8] = b"REDIS0015";
const VALKEY: &[u8] = b"VALKEY081";

/// Length of a magic: offsets in cases count from behind it.
const MAGIC: u64 = 9;

/// A source that gives one byte at a time.
struct OneByOne<'a>(&'a [u8]);

impl Read for OneByOne<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.0.len().min(buf.len()).min(1);
        self.0.read(&mut buf[..n])
    }
}

/// What a reader gave: an event with its offsets and the length it took
/// lightly, or what the error said with its offsets.
#[derive(Debug, PartialEq)]
struct Step {
    event: String,
    offset: u64,
    token: u64,
    lax: Option<u64>,
}

impl Step {
    /// An error's kind and stage.
    fn failed(error: &crate::Error) -> Step {
        Step {
            event: format!("{:?}, {}", error.kind(), error.stage()),
            offset: error.offset(),
            token: error.token_offset(),
            lax: None,
        }
    }
}

/// Everything a reader gives, an error last.
macro_rules! steps {
    ($reader:expr) => {{
        let mut reader = $reader;
        let mut steps = Vec::new();
        loop {
            let event = match reader.next_event() {
                Ok(Some(event)) => format!("{event:?}"),
                Ok(None) => break,
                Err(error) => {
                    steps.push(Step::failed(&error));
                    break;
                }
            };
            let (offset, token) = (reader.offset(), reader.token_offset());
            let lax = reader.decoder().take_lax_length();
            steps.push(Step {
                event,
                offset,
                token,
                lax,
            });
        }
        assert!(
            matches!(reader.next_event(), Ok(None)),
            "goes on after its end"
        );
        steps
    }};
}

/// What all three ways of reading agree on.
fn read(file: &[u8], limits: Limits) -> Vec<Step> {
    let whole = steps!(SliceReader::with_limits(file, limits));
    let windows = steps!(StreamReader::with_limits(file, 16, limits));
    assert_eq!(windows, whole, "through a window");
    let trickle = steps!(StreamReader::with_limits(OneByOne(file), 16, limits));
    assert_eq!(trickle, whole, "byte by byte");
    whole
}

/// Magic, body, end, no checksum.
fn file(magic: &[u8], body: &[u8]) -> Vec<u8> {
    bytes![
        magic,
        body,
        [0xff], // EOF
        [0; 8], // not computed
    ]
}

/// A body of whole records makes exactly these events.
#[track_caller]
fn decodes(magic: &[u8], body: &[u8], expected: &[Event<'_>]) {
    decodes_within(Limits::default(), magic, body, expected);
}

#[track_caller]
fn decodes_within(limits: Limits, magic: &[u8], body: &[u8], expected: &[Event<'_>]) {
    let steps = read(&file(magic, body), limits);
    let found: Vec<&str> = steps.iter().map(|s| s.event.as_str()).collect();
    let [header, found @ .., end] = &found[..] else {
        panic!("no header, no end: {found:?}");
    };
    assert!(header.starts_with("Header"), "{header}");
    let expected: Vec<String> = expected.iter().map(|e| format!("{e:?}")).collect();
    assert_eq!(found, expected, "then {end}");
    assert_eq!(*end, "Eof { checksum: Some(0) }");
}

/// A key "k" of this type makes these events between `Key` and `KeyEnd`.
#[track_caller]
fn decodes_value(magic: &[u8], kind: u8, value: &[u8], expected: &[Event<'_>]) {
    decodes_value_within(Limits::default(), magic, kind, value, expected);
}

#[track_caller]
fn decodes_value_within(
    limits: Limits,
    magic: &[u8],
    kind: u8,
    value: &[u8],
    expected: &[Event<'_>],
) {
    let body = bytes![
        [kind],
        b"\x01k", // key
        value
    ];
    let key = Part::Key {
        kind: ValueType(kind),
        key: Str::Raw(b"k"),
    };
    let expected = [&[key], expected, &[Part::KeyEnd]].concat();
    decodes_within(limits, magic, &body, &expected);
}

/// A body fails: kind and stage of the error, where in the body the primitive
/// begins, and where its token.
#[track_caller]
fn fails(magic: &[u8], body: &[u8], said: &str, offset: u64, token: u64) {
    fails_within(Limits::default(), magic, body, said, offset, token);
}

#[track_caller]
fn fails_within(limits: Limits, magic: &[u8], body: &[u8], said: &str, offset: u64, token: u64) {
    let steps = read(&bytes![magic, body], limits);
    let last = steps.last().unwrap();
    let expected = (said, MAGIC + offset, MAGIC + token);
    assert_eq!((last.event.as_str(), last.offset, last.token), expected);
}

/// A value of a key "k" fails; offsets count from behind the key.
#[track_caller]
fn fails_in_value(magic: &[u8], kind: u8, value: &[u8], said: &str, offset: u64, token: u64) {
    let body = bytes![
        [kind],
        b"\x01k", // key
        value
    ];
    let said = format!("{said}, read-object-value");
    fails(magic, &body, &said, 3 + offset, 3 + token);
}

fn text(role: Role, text: &[u8]) -> Event<'_> {
    let text = Str::Raw(text);
    Part::Item { role, text }
}

fn int(role: Role, n: i32) -> Event<'static> {
    let text = Str::Int(n);
    Part::Item { role, text }
}

fn packed(packing: Packing, blob: &[u8]) -> Event<'_> {
    text(Role::Packed(packing), blob)
}
