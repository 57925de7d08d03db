//! What belongs to which key, and what is left behind by none.

use super::{Entry, KeyHead, RecordBuf};
use crate::error::{ErrorKind, Result, Stage};
use crate::event::Part;
use crate::limits::Limits;
use crate::record::Record;
use crate::slice::SliceReader;
use crate::stream::StreamReader;
use crate::value::Value;

/// `db key=expire/idle/freq,meta` of a record.
fn line(record: &Record<'_>) -> String {
    let meta = record.meta;
    format!(
        "{} {}={:?}/{:?}/{:?},{}",
        record.db,
        record.key.to_vec().unwrap().escape_ascii(),
        meta.expire_ms,
        meta.idle,
        meta.freq,
        record.key_meta.len(),
    )
}

/// The lines of a file, which must be the same in memory and as a stream.
#[track_caller]
fn lines(file: &[u8]) -> Vec<String> {
    let records = SliceReader::new(file).records();
    let lines: Vec<String> = records.map(|record| line(&record.unwrap())).collect();
    let mut stream = StreamReader::with_limits(file, 16, Limits::default());
    let mut buf = RecordBuf::default();
    let mut streamed = Vec::new();
    while stream.read_record(&mut buf).unwrap() {
        streamed.push(line(&buf.as_record()));
    }
    assert_eq!(lines, streamed);
    lines
}

#[test]
fn attributes_are_for_one_key() {
    let file = [
        &b"REDIS0009"[..],
        b"\xfc\x10\x27\0\0\0\0\0\0", // EXPIRETIME_MS 10000
        b"\xf8\x05",                 // IDLE 5
        b"\x00\x01a\x01x",           // "a"
        b"\x00\x01b\x01x",           // "b": nothing
        b"\xf9\xff",                 // FREQ 255
        b"\xfd\x02\0\0\0",           // EXPIRETIME 2 s
        b"\xfa\x01n\x01v",           // AUX between attribute and key
        b"\xfe\x03",                 // SELECTDB 3
        b"\x00\x01c\x01x",           // "c"
        b"\x00\x01d\x01x",           // "d": nothing
        b"\xfc\x01\0\0\0\0\0\0\0",   // before the end, for nobody
        b"\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    assert_eq!(
        lines(&file),
        [
            "0 a=Some(10000)/Some(5)/None,0",
            "0 b=None/None/None,0",
            "3 c=Some(2000)/None/Some(255),0",
            "3 d=None/None/None,0",
        ]
    );
}

#[test]
fn the_last_attribute_counts_and_minus_one_is_none() {
    let file = [
        &b"REDIS0004"[..],
        b"\xfc\x10\x27\0\0\0\0\0\0",             // 10000 ms
        b"\xfc\xff\xff\xff\xff\xff\xff\xff\xff", // -1 ms: none
        b"\x00\x01a\x01x",
        b"\xfc\xfe\xff\xff\xff\xff\xff\xff\xff", // -2 ms
        b"\x00\x01b\x01x",
        b"\xfd\xff\xff\xff\xff", // -1 s
        b"\x00\x01c\x01x",
        b"\xff",
    ]
    .concat();
    assert_eq!(
        lines(&file),
        [
            "0 a=None/None/None,0",
            "0 b=Some(-2)/None/None,0",
            "0 c=Some(-1000)/None/None,0",
        ]
    );
}

/// KEY_META of two classes: "tags" with a string and an integer, then one with
/// nothing.
const META: &[u8] = b"\xf3\x02\x11\xb2\x06\xb6\x05\x03red\x02\x05\x00\xf9\x7d\xff\x03\x00";

#[test]
fn metadata_stands_before_its_key_as_it_was() {
    let file = [
        &b"REDIS0013"[..],
        META,
        b"\x00\x01a\x01x",
        b"\x00\x01b\x01x", // nothing
        b"\xf3\x00",       // KEY_META of no classes
        b"\x00\x01c\x01x",
        b"\xf3\x00", // for "d", but the next one counts
        META,
        b"\xfc\x05\0\0\0\0\0\0\0",
        b"\x00\x01d\x01x",
        b"\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let len = META.len();
    assert_eq!(
        lines(&file),
        [
            format!("0 a=None/None/None,{len}"),
            "0 b=None/None/None,0".into(),
            "0 c=None/None/None,2".into(),
            format!("0 d=Some(5)/None/None,{len}"),
        ]
    );
    let mut records = SliceReader::new(&file).records();
    assert_eq!(records.next_record().unwrap().unwrap().key_meta, META);
    let mut stream = StreamReader::with_limits(&file[..], 16, Limits::default());
    let mut buf = RecordBuf::default();
    assert!(stream.read_record(&mut buf).unwrap());
    let record = buf.as_record();
    assert_eq!((record.key_meta, record.raw), (META, &b"\x01x"[..]));
}

#[test]
fn the_raw_bytes_and_where_they_stand() {
    // type 1 at 11: key "l", then 2 elements
    let file = b"REDIS0004\xfe\x00\x01\x01l\x02\x01a\xc0\x07\x00\x01s\x01x\xff";
    let mut records = SliceReader::new(file).records();
    let list = records.next_record().unwrap().unwrap();
    assert_eq!((list.offset, list.raw), (11, &b"\x02\x01a\xc0\x07"[..]));
    assert_eq!(list.value_offset, 14);
    let string = records.next_record().unwrap().unwrap();
    assert_eq!((string.offset, string.raw), (19, &b"\x01x"[..]));
    assert!(records.next_record().unwrap().is_none());
    assert_eq!(records.reader().offset(), file.len() as u64);
    assert!(records.into_reader().rest().is_empty());
}

#[test]
fn what_is_not_a_key_is_an_event() {
    let file = b"REDIS0011\xfa\x01n\x01v\xf5\x05#!lua\xfe\x00\x00\x01a\x01x\xff\0\0\0\0\0\0\0\0";
    let mut records = SliceReader::new(file).records();
    let mut seen = Vec::new();
    while let Some(entry) = records.next_entry().unwrap() {
        seen.push(match entry {
            Entry::Record(_) => "record",
            Entry::Event(Part::Header { .. }) => "header",
            Entry::Event(Part::Aux { .. }) => "aux",
            Entry::Event(Part::Function(_)) => "function",
            Entry::Event(Part::SelectDb(_)) => "db",
            Entry::Event(Part::Eof { .. }) => "end",
            Entry::Event(other) => panic!("{other:?}"),
        });
    }
    assert_eq!(seen, ["header", "aux", "function", "db", "record", "end"]);
}

/// A template between two hashes of type 32, of which the second refers to it.
const TEMPLATES: &[u8] = b"REDIS0015\
    \xf2\x00\x02\x02id\x04name\
    \x20\x01a\x00\xc0\x02\x03bob\
    \xf2\x07\x01\x04only\
    \x20\x01b\x07\x01x\
    \xff\0\0\0\0\0\0\0\0";

#[test]
fn templates_may_stand_between_keys() {
    fn fields(record: &Record<'_>) -> Result<Vec<String>> {
        let Value::Hash(mut hash) = record.value()? else {
            panic!("a hash")
        };
        let mut shown = Vec::new();
        while let Some(f) = hash.next()? {
            shown.push(format!(
                "{}={}",
                f.field.escape_ascii(),
                f.value.escape_ascii()
            ));
        }
        Ok(shown)
    }
    let expected = [vec!["id=2", "name=bob"], vec!["only=x"]];
    let records = SliceReader::new(TEMPLATES).records();
    let all: Vec<_> = records.map(|r| fields(&r.unwrap()).unwrap()).collect();
    assert_eq!(all, expected);
    let mut stream = StreamReader::with_limits(TEMPLATES, 16, Limits::default());
    let mut buf = RecordBuf::default();
    for expected in expected {
        assert!(stream.read_record(&mut buf).unwrap());
        assert_eq!(fields(&buf.as_record()).unwrap(), expected);
    }
    assert!(!stream.read_record(&mut buf).unwrap());
}

#[test]
fn template_names_have_a_limit() {
    let limits = Limits {
        max_record: 10,
        ..Limits::in_memory()
    };
    // "id" and "name" take 8 bytes, "only" 5 more
    let mut records = SliceReader::with_limits(TEMPLATES, limits).records();
    assert!(records.next_record().is_ok());
    assert!(records.next_record().unwrap_err().is_limit());
    let mut stream = StreamReader::with_limits(TEMPLATES, 16, limits);
    let mut buf = RecordBuf::default();
    assert!(stream.read_record(&mut buf).unwrap());
    assert!(stream.read_record(&mut buf).unwrap_err().is_limit());
}

#[test]
fn a_record_too_large_is_passed_over() {
    let file = [
        &b"REDIS0004"[..],
        b"\x00\x01a\x01x",
        b"\x00\x01b\x20",
        &[b'x'; 32],
        b"\x00\x01c\x01x\xff",
    ]
    .concat();
    // chunks of 4, so that the large one comes in pieces
    let limits = Limits {
        max_record: 20,
        chunk: 4,
        ..Limits::default()
    };
    let mut stream = StreamReader::with_limits(&file[..], 16, limits);
    let mut buf = RecordBuf::new();
    assert!(stream.read_record(&mut buf).unwrap());
    let error = stream.read_record(&mut buf).unwrap_err();
    assert!(error.is_limit(), "{error}");
    assert!(buf.capacity() <= 40);
    assert!(stream.read_record(&mut buf).unwrap());
    assert_eq!(buf.as_record().key.to_vec().unwrap(), b"c");
    assert!(!stream.read_record(&mut buf).unwrap());

    // a file that ends in the large record is damaged, not large
    let cut = &file[..file.len() - 10];
    let mut stream = StreamReader::with_limits(cut, 16, limits);
    assert!(stream.read_record(&mut buf).unwrap());
    assert!(stream.read_record(&mut buf).unwrap_err().is_truncation());
    assert!(!stream.read_record(&mut buf).unwrap());
}

#[test]
fn a_file_that_ends_in_a_value_gives_no_record() {
    let file = b"REDIS0004\x01\x01l\x02\x01a";
    let mut records = SliceReader::new(file).records();
    assert!(records.next_record().unwrap_err().is_truncation());
    assert!(records.next_record().unwrap().is_none());
    let mut stream = StreamReader::new(&file[..]);
    let mut buf = RecordBuf::default();
    assert!(stream.read_record(&mut buf).unwrap_err().is_truncation());
}

/// "a" under a name of thirty "a", compressed.
const PACKED_NAME: &[u8] =
    b"REDIS0004\x00\x01z\x01x\x00\xc3\x05\x1e\x00a\xe0\x14\x00\x01x\x00\x01b\x01x\xff";

#[test]
fn names_are_decompressed_within_the_limits() {
    let read = |limits: Limits| {
        let mut reader = StreamReader::with_limits(PACKED_NAME, 16, limits);
        let mut head = KeyHead::default();
        assert!(reader.read_head(&mut head).unwrap());
        reader.read_head(&mut head).map(|_| head.key().to_vec())
    };
    assert_eq!(read(Limits::default()).unwrap(), [b'a'; 30]);
    let max_decompressed = 29;
    for limits in [
        Limits {
            max_decompressed,
            ..Limits::default()
        },
        // No longer than one that stands in the file as it is.
        Limits {
            max_piece: 29,
            ..Limits::default()
        },
    ] {
        let error = read(limits).unwrap_err();
        assert!(error.is_limit(), "{error}");
        assert_eq!((error.offset(), error.stage()), (14, Stage::Key));
    }
}

#[test]
fn a_damaged_name_is_where_its_key_is() {
    let mut file = PACKED_NAME.to_vec();
    file[18] = 0xff; // what was a literal run is a copy from before the start
    let mut reader = StreamReader::new(&file[..]);
    let mut head = KeyHead::default();
    assert!(reader.read_head(&mut head).unwrap());
    let error = reader.read_head(&mut head).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Lzf(_)), "{error}");
    assert_eq!((error.offset(), error.stage()), (14, Stage::Key));
}

#[test]
fn keys_before_a_command_that_may_change_them_are_no_answer() {
    let file = [
        &b"VALKEY080\x00\x01a\x01x"[..],
        b"\xf2*1\r\n$8\r\nFLUSHALL\r\n", // UPDATE
        b"\xff\0\0\0\0\0\0\0\0",
    ]
    .concat();
    let unsupported = |error: crate::Error| {
        assert!(matches!(error.kind(), ErrorKind::Unsupported(_)), "{error}");
        assert_eq!(error.offset(), 14);
    };
    let mut stream = StreamReader::new(&file[..]);
    let mut buf = RecordBuf::default();
    assert!(stream.read_record(&mut buf).unwrap());
    unsupported(stream.read_record(&mut buf).unwrap_err());
    let mut stream = StreamReader::new(&file[..]);
    let mut head = KeyHead::default();
    assert!(stream.read_head(&mut head).unwrap());
    unsupported(stream.read_head(&mut head).unwrap_err());
    let mut records = SliceReader::new(&file).records();
    assert!(records.next_record().unwrap().is_some());
    unsupported(records.next_record().unwrap_err());
}
