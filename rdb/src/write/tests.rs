use std::io::Cursor;

use super::*;
use crate::{Event, Part, SliceReader, StreamReader};

fn format(text: &str) -> Format {
    text.parse().unwrap()
}

fn events(file: &[u8]) -> Vec<Event<'_>> {
    SliceReader::new(file)
        .collect::<crate::Result<_>>()
        .unwrap()
}

#[test]
fn an_empty_file_of_each_version() {
    for version in (6..=15).chain(80..=81) {
        let format = format(&version.to_string());
        let file = Writer::new(Vec::new(), format).unwrap().finish().unwrap();
        assert_eq!(file.len(), 18);
        let seen = events(&file);
        assert!(
            matches!(seen[0], Part::Header { version: v, .. } if v == version),
            "{seen:?}"
        );
        assert!(matches!(seen[1], Part::Eof { checksum: Some(c) } if c != 0));
    }
    let old = Format::of_source(Dialect::Redis, 3);
    let file = Writer::new(Vec::new(), old).unwrap().finish().unwrap();
    assert_eq!(file, b"REDIS0003\xff");
    let unchecked = Writer::new(Vec::new(), format("9")).unwrap();
    let file = unchecked.with_checksum(false).finish().unwrap();
    assert_eq!(file, b"REDIS0009\xff\0\0\0\0\0\0\0\0");
}

#[test]
fn sizes_are_filled_in_under_one_checksum() {
    let key = b"\x00\x01k\x01v";
    let mut out = Cursor::new(b"before".to_vec());
    out.seek(SeekFrom::End(0)).unwrap();
    let mut writer = Writer::new(out, format("11")).unwrap();
    for db in [0, 3] {
        writer.select_db(db).unwrap();
        let at = writer.sizes_later().unwrap().unwrap();
        for i in 0..=db {
            writer.raw(key).unwrap();
            writer.count(at, i == 0);
        }
    }
    // The same database again says nothing.
    writer.select_db(3).unwrap();
    let length = writer.bytes();
    let mut out = writer.finish_in_place().unwrap();
    assert_eq!(out.stream_position().unwrap(), 6 + length + 9);
    let file = out.into_inner();
    let sizes: Vec<_> = events(&file[6..])
        .into_iter()
        .filter_map(|e| match e {
            Part::ResizeDb { keys, expires } => Some((keys, expires)),
            _ => None,
        })
        .collect();
    assert_eq!(sizes, [(1, 1), (4, 1)]);
}

#[test]
fn places_left_open_are_an_error() {
    let mut writer = Writer::new(Vec::new(), format("11")).unwrap();
    writer.sizes_later().unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Io(_))));
}

#[test]
fn the_version_is_minded() {
    let refused = |result: Result<()>| match result {
        Err(WriteError::Inexpressible(why)) => why.to_string(),
        other => panic!("{other:?}"),
    };
    let mut writer = Writer::new(Vec::new(), format("6")).unwrap();
    let text = Str::Raw(b"x");
    assert_eq!(
        refused(writer.aux(text, text)),
        "a record AUX needs REDIS version 7"
    );
    assert!(refused(writer.resize_db(1, 1)).contains("RESIZEDB"));
    assert!(refused(writer.select_db(1 << 32)).contains("4 GiB"));

    let file = b"REDIS0012\xf9\x07\x00\x01k\x01v\xff\0\0\0\0\0\0\0\0";
    let record = SliceReader::new(file)
        .records()
        .next_record()
        .unwrap()
        .unwrap();
    let mut writer = Writer::new(Vec::new(), format("8")).unwrap();
    assert_eq!(
        refused(writer.record(&record)),
        "a record FREQ needs REDIS version 9"
    );
    let mut writer = Writer::new(Vec::new(), format("80")).unwrap();
    writer.record(&record).unwrap();
}

#[test]
fn strings_in_every_encoding_come_back() {
    let mut writer = Writer::new(Vec::new(), format("9")).unwrap();
    let long = vec![b'x'; RUN + 1];
    let lzf = Str::Lzf {
        data: &[0x00, b'a', 0xe0, 0x14, 0x00],
        len: 30,
    };
    let numbers = [
        0,
        -1,
        127,
        -128,
        128,
        -129,
        32767,
        32768,
        i32::MIN,
        i32::MAX,
    ];
    let mut texts: Vec<Str<'_>> = numbers.map(Str::Int).to_vec();
    texts.extend([Str::Raw(b""), Str::Raw(&long[..63]), Str::Raw(&long[..64])]);
    texts.extend([
        Str::Raw(&long[..0x3fff]),
        Str::Raw(&long[..0x4000]),
        Str::Raw(&long),
        lzf,
    ]);
    for text in &texts {
        writer.aux(*text, *text).unwrap();
    }
    let file = writer.finish().unwrap();
    let back: Vec<_> = events(&file)
        .into_iter()
        .filter_map(|e| match e {
            Part::Aux { name, value } => Some([name, value]),
            _ => None,
        })
        .collect();
    assert_eq!(back, texts.iter().map(|t| [*t, *t]).collect::<Vec<_>>());
    let mut stream = StreamReader::new(&file[..]);
    while stream.next_event().unwrap().is_some() {}
}
